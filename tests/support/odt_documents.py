"""Builder of OpenDocument texts from hand-written XML."""

from collections.abc import Mapping

from tests.support.documents import zipped

_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        **{name: f"{_OASIS}{name}:1.0" for name in ("office", "text", "table", "style", "manifest", "meta")},
        "draw": f"{_OASIS}drawing:1.0",
        "fo": f"{_OASIS}xsl-fo-compatible:1.0",
        "svg": f"{_OASIS}svg-compatible:1.0",
        "xlink": "http://www.w3.org/1999/xlink",
        "dc": "http://purl.org/dc/elements/1.1/",
        "math": "http://www.w3.org/1998/Math/MathML",
    }.items()
)


def member(root: str, content: str) -> bytes:
    """Make a member whose root element, a name with prefix, holds this content."""
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} {NAMESPACES}>{content}</{root}>'.encode()


def odt(body: str, *, styles: str = "", common: str = "", parts: Mapping[str, bytes] | None = None) -> bytes:
    """Make a text with this body and these automatic styles; ``common`` is what ``styles.xml`` holds."""
    content = (
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body>"
    )
    return zipped(
        {
            "mimetype": b"application/vnd.oasis.opendocument.text",
            "content.xml": member("office:document-content", content),
            "styles.xml": member("office:document-styles", common),
            **(parts or {}),
        }
    )


def paragraph(text: str, style: str = "Standard") -> str:
    """Make a paragraph of text or XML."""
    return f'<text:p text:style-name="{style}">{text}</text:p>'


def heading(text: str, level: int = 1) -> str:
    """Make a heading."""
    return f'<text:h text:outline-level="{level}">{text}</text:h>'


def items(*contents: str, attributes: str = "") -> str:
    """Make a list whose items hold this XML."""
    written = "".join(f"<text:list-item>{content}</text:list-item>" for content in contents)
    return f"<text:list {attributes}>{written}</text:list>"


def table(*rows: tuple[str, ...]) -> str:
    """Make a table of cells of text or XML."""
    written = "".join(
        f"<table:table-row>{''.join(f'<table:table-cell>{paragraph(cell)}</table:table-cell>' for cell in row)}"
        "</table:table-row>"
        for row in rows
    )
    return f"<table:table>{written}</table:table>"
