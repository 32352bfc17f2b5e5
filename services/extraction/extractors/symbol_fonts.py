"""What the characters of symbol fonts mean: such fonts put pictures at the codes of letters.

Documents give these codes as U+F020 to U+F0FF (ECMA-376 part 1, 17.3.3.30). Sources: Adobe's encoding of Symbol, and
for Wingdings and its kin the characters that Unicode 7 took from them.
"""

# ruff: noqa: RUF001 - characters that look like others are what this table is about

import re
from collections.abc import Mapping

_PRIVATE = re.compile("[\uf020-\uf0ff]")


def _from(start: int, characters: str) -> Mapping[int, str]:
    return {code: character for code, character in enumerate(characters, start) if character != "\0"}


_SYMBOL = {
    **_from(0x20, " !∀#∃%&∋()∗+,−./0123456789:;<=>?"),
    **_from(0x40, "≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_"),
    **_from(0x60, "‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"),
    **_from(0xA0, "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵"),
    **_from(0xC0, "ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓"),
    **_from(0xE0, "◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪\0〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"),
}
_WINGDINGS = {
    **_from(0x20, " ✏✂✁👓🔔📖🕯☎✆✉"),
    **_from(0x36, "⌛⌨"),
    **_from(0x41, "✌👌👍👎☜☞☝☟✋☺😐☹💣☠"),
    **_from(0x51, "✈☼💧❄"),
    **_from(0x58, "✠✡☪☯"),
    **_from(0x6C, "●❍■□\0❑❒⬧⧫◆❖⬥⌧"),
    **_from(0x80, "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿"),
    **_from(0x9E, "·•\0○\0\0◉\0\0▪◻"),
    0xAB: "★",
    **_from(0xD5, "⌫⌦\0➢"),
    **_from(0xDC, "➲\0\0←→↑↓↖↗↙↘\0➔"),
    **_from(0xEF, "⇦⇨⇧⇩"),
    **_from(0xFB, "✗✓☒☑"),
}
_FONTS = {
    "symbol": _SYMBOL,
    "wingdings": _WINGDINGS,
    "wingdings 2": {**_from(0x4F, "✗✓☒☑☒☒"), 0xA3: "☐"},
    "webdings": {0x61: "✓", 0x63: "☐", 0x67: "■", 0x72: "✗"},
}


def symbol(font: str, code: int) -> str:
    """Return what a code of a symbol font shows; for one that is not known, its character in the private use area."""
    return _FONTS.get(font.lower(), {}).get(code & 0xFF) or chr(0xF000 | code & 0xFF)


def resolve_symbols(text: str, font: str) -> str:
    """Replace the private use characters of text in a symbol font."""
    return _PRIVATE.sub(lambda found: symbol(font, ord(found[0])), text)
