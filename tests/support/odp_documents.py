"""Builders of OpenDocument presentations, written by hand so that a test shows what is in them."""

from collections.abc import Mapping

from tests.support.documents import zipped

_NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"), ("draw", "drawing"), ("text", "text"), ("table", "table"), ("style", "style"),
        ("presentation", "presentation"), ("svg", "svg-compatible"), ("chart", "chart"), ("meta", "meta"),
        ("manifest", "manifest"),
    )
)  # fmt: skip
_HEAD = f'{_NAMESPACES} xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"'
STYLES = (
    '<style:style style:name="dp1" style:family="drawing-page"><style:drawing-page-properties/></style:style>'
    '<style:style style:name="dp2" style:family="drawing-page">'
    '<style:drawing-page-properties presentation:visibility="hidden"/></style:style>'
    '<text:list-style style:name="N"><text:list-level-style-number text:level="1" style:num-format="1"/>'
    '<text:list-level-style-bullet text:level="2" text:bullet-char="-"/></text:list-style>'
)
META = (
    "<dc:title>A deck</dc:title><dc:creator>Ada</dc:creator>"
    "<meta:creation-date>2026-01-02T03:04:05</meta:creation-date>"
)


def odp(*slides: str, members: Mapping[str, bytes] | None = None, manifest: str = "") -> bytes:
    """Make a presentation of these slides, each the content of a ``draw:page`` (see ``page``)."""
    body = f"<office:body><office:presentation>{''.join(slides)}</office:presentation></office:body>"
    return zipped(
        {
            "mimetype": b"application/vnd.oasis.opendocument.presentation",
            "content.xml": part(
                "document-content", f"<office:automatic-styles>{STYLES}</office:automatic-styles>{body}"
            ),
            "meta.xml": part("document-meta", f"<office:meta>{META}</office:meta>"),
            "META-INF/manifest.xml": f"<manifest:manifest {_NAMESPACES}>{manifest}</manifest:manifest>".encode(),
            **(members or {}),
        }
    )


def part(name: str, content: str) -> bytes:
    """Make an XML part with every namespace declared."""
    return f"<office:{name} {_HEAD}>{content}</office:{name}>".encode()


def page(*shapes: str, attributes: str = 'draw:style-name="dp1"') -> str:
    """Make a slide of these shapes."""
    return f'<draw:page draw:name="page" {attributes}>{"".join(shapes)}</draw:page>'


def box(content: str, *, attributes: str = 'svg:x="1cm" svg:y="5cm"') -> str:
    """Make a text box; ``content`` is paragraphs and lists."""
    return f"<draw:frame {attributes}><draw:text-box>{content}</draw:text-box></draw:frame>"


def title(text: str) -> str:
    """Make the title of a slide, at the bottom, where it is read first nevertheless."""
    return box(f"<text:p>{text}</text:p>", attributes='presentation:class="title" svg:x="1cm" svg:y="18cm"')


def paragraph(text: str) -> str:
    """Make a paragraph."""
    return f"<text:p>{text}</text:p>"


def nested_odp(depth: int) -> bytes:
    """Make a presentation whose only slide is a group in a group, so many times; the last one has text."""
    return odp(page("<draw:g>" * depth, box(paragraph("deepest")), "</draw:g>" * depth))
