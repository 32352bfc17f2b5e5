"""Builders of web pages, rich text, mail and books: small honest ones, and hostile ones."""

from collections.abc import Mapping
from email.message import EmailMessage
from types import MappingProxyType
from urllib.parse import unquote

from tests.support.documents import zipped


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


CONTAINER = b"""<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""


def epub(
    parts: Mapping[str, bytes | None], members: Mapping[str, bytes] = MappingProxyType({}), *, metadata: str = ""
) -> bytes:
    """Make a book whose spine lists these parts; one that is None is listed and missing.

    Among ``members``, ``nav`` and ``ncx`` are the tables of contents, ``encryption`` is the list of encrypted members.
    """
    kinds = {"nav": ("nav.xhtml", "application/xhtml+xml"), "ncx": ("toc.ncx", "application/x-dtbncx+xml")}
    manifest = [(f"i{number}", name, "application/xhtml+xml", "") for number, name in enumerate(parts)]
    manifest += [(kind, *kinds[kind], kind if kind == "nav" else "") for kind in members if kind in kinds]
    items = "".join(
        f'<item id="{name}" href="{path}" media-type="{kind}" properties="{properties}"/>'
        for name, path, kind, properties in manifest
    )
    spine = "".join(f'<itemref idref="i{number}"/>' for number in range(len(parts)))
    package = (
        f'<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<metadata>{metadata}</metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    files = {unquote(name): content for name, content in parts.items() if content is not None}
    files |= {kinds[kind][0]: content for kind, content in members.items() if kind in kinds}
    return zipped(
        {
            "mimetype": b"application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "OEBPS/content.opf": package.encode(),
            **({"META-INF/encryption.xml": members["encryption"]} if "encryption" in members else {}),
            **{f"OEBPS/{name}": content for name, content in files.items()},
        }
    )
