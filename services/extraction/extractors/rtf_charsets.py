"""Encodings that RTF names by number (RTF 1.9.1, "Character Set" and "Font Table")."""

from services.extraction.text import codec_of

_ANSI = "cp1252"
_DOCUMENT_CHARSETS = {b"ansi": _ANSI, b"mac": "mac-roman", b"pc": "cp437", b"pca": "cp850"}

_FONT_CHARSETS = {
    0: _ANSI,
    2: _ANSI,  # symbols: no encoding at all; their letters are better than nothing
    77: "mac-roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gb18030",
    136: "big5hkscs",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
    255: "cp850",
}
"""Codecs by ``fcharset``; 1, the default charset, is the document's own."""


class Encodings:
    """The encodings that one document declares, for itself and for its fonts."""

    def __init__(self) -> None:
        self.of_document = _ANSI
        self.default_font = 0
        self.named_font = 0
        """The font that was named last; in the font table, the one that is being described."""
        self._fonts: dict[int, str | None] = {}

    def of_font(self, font: int) -> str | None:
        """Name the codec of text in a font; None where it is the document's."""
        return self._fonts.get(font)

    def declare(self, word: bytes, number: int | None) -> bool:
        """Take a control word that declares an encoding; False for any other."""
        if word in _DOCUMENT_CHARSETS:
            self.of_document = _DOCUMENT_CHARSETS[word]
        elif word == b"ansicpg":
            self.of_document = _page_codec(number or 0) or self.of_document
        elif word == b"deff":
            self.default_font = number or 0
        elif word == b"fcharset":
            self._fonts[self.named_font] = _FONT_CHARSETS.get(number or 0)
        elif word == b"cpg":
            self._fonts[self.named_font] = _page_codec(number or 0)
        else:
            return False
        return True


def _page_codec(code_page: int) -> str | None:
    return codec_of({65001: "utf-8", 10000: "mac-roman"}.get(code_page, f"cp{code_page}"))
