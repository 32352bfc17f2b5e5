"""Builders of web pages, rich text, mail and books: small honest ones, and hostile ones."""

from email.message import EmailMessage


def html(body: str, head: str = "") -> bytes:
    """Make an HTML document."""
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()


def rtf(body: str, head: str = "") -> bytes:
    r"""Make an RTF document; what is not ASCII is written as ``\u``."""
    written = "".join(letter if letter.isascii() else f"\\u{ord(letter)}?" for letter in body)
    fonts = r"{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}{\f2\fcharset128 C;}}"
    styles = r"{\stylesheet{\ql Normal;}{\s1 heading 1;}{\s2\outlinelevel1 Kop twee;}{\*\cs9 Default;}}"
    return f"{{\\rtf1\\ansi\\ansicpg1252\\deff0{fonts}{styles}{head}{written}}}".encode("ascii")


def mail(body: str, **headers: str) -> EmailMessage:
    """Make a message with a plain body."""
    message = EmailMessage()
    for name, value in {"From": "Ada <ada@example.org>", "Subject": "Hello", **headers}.items():
        message[name] = value
    message.set_content(body)
    return message


def nested_multiparts(depth: int) -> bytes:
    """Make a message of multiparts inside each other so deep."""
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) for level in range(depth)
    )
    return b"Subject: deep\r\n" + opened + b"\r\ndeep words\r\n"
