"""Builders of web pages, rich text, mail and books: small honest ones, and hostile ones."""


def html(body: str, head: str = "") -> bytes:
    """Make an HTML document."""
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()


def rtf(body: str, head: str = "") -> bytes:
    r"""Make an RTF document; what is not ASCII is written as ``\u``."""
    written = "".join(letter if letter.isascii() else f"\\u{ord(letter)}?" for letter in body)
    fonts = r"{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}{\f2\fcharset128 C;}}"
    styles = r"{\stylesheet{\ql Normal;}{\s1 heading 1;}{\s2\outlinelevel1 Kop twee;}{\*\cs9 Default;}}"
    return f"{{\\rtf1\\ansi\\ansicpg1252\\deff0{fonts}{styles}{head}{written}}}".encode("ascii")
