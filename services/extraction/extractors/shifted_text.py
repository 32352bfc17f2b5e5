"""Raised and lowered numbers: 10 to the 6th must not read as 106."""

_CHARACTERS = "0123456789+-\u2212"
_SHIFTED = {
    "superscript": str.maketrans(_CHARACTERS, "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻"),
    "subscript": str.maketrans(_CHARACTERS, "₀₁₂₃₄₅₆₇₈₉₊₋₋"),
}


def shifted(text: str, position: str) -> str:
    """Return a ``superscript`` or ``subscript`` number in such characters; any other text as it is."""
    table = _SHIFTED.get(position)
    return text.translate(table) if table and not text.strip(_CHARACTERS) else text
