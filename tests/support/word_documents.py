"""Builder of Word documents from hand-written XML: only the parts a test names, exactly as it writes them."""

from collections.abc import Mapping

from tests.support.documents import zipped

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "w14": "http://schemas.microsoft.com/office/word/2010/wordml",
        "w15": "http://schemas.microsoft.com/office/word/2012/wordml",
        "r": _OFFICE,
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
        "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
        "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
        "v": "urn:schemas-microsoft-com:vml",
        "o": "urn:schemas-microsoft-com:office:office",
    }.items()
)
_STRICT_NAMES = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "http://purl.oclc.org/ooxml/wordprocessingml/main",
    _OFFICE: _STRICT,
}
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_CONTENT_TYPES = {
    "document": f"{_WORD}.document.main",
    **{kind: f"{_WORD}.{kind}" for kind in ("styles", "numbering", "footnotes", "endnotes", "comments")},
    **{kind: f"{_WORD}.{kind}" for kind in ("header", "footer", "commentsExtended")},
    "chart": "application/vnd.openxmlformats-officedocument.drawingml.chart",
    "diagramData": "application/vnd.openxmlformats-officedocument.drawingml.diagramData",
}
_DEFAULT_TYPES = {
    "xml": "application/xml",
    "rels": "application/vnd.openxmlformats-package.relationships+xml",
    "html": "text/html",
    "txt": "text/plain",
    "bin": "application/vnd.openxmlformats-officedocument.oleObject",
}

STYLES = "".join(
    f'<w:style w:type="paragraph" w:styleId="Heading{level}"><w:name w:val="heading {level}"/></w:style>'
    for level in range(1, 4)
)
"""Built-in headings of three levels."""


def part(root: str, content: str) -> bytes:
    """Make a part whose root element, a name with prefix, holds this content."""
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} {_NAMESPACES}>{content}</{root}>'.encode()


def paragraph(*runs: str, properties: str = "") -> str:
    """Make a paragraph of runs that are XML."""
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(runs)}</w:p>"


def run(text: str, properties: str = "") -> str:
    """Make a run of text."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def heading(text: str, level: int = 1) -> str:
    """Make a heading."""
    return paragraph(run(text), properties=f'<w:pStyle w:val="Heading{level}"/>')


def listed(text: str, instance: int, level: int = 0) -> str:
    """Make a paragraph in a list."""
    numbering = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{instance}"/></w:numPr>'
    return paragraph(run(text), properties=numbering)


def table(*rows: str) -> str:
    """Make a table of rows that are XML."""
    return f"<w:tbl><w:tblPr/>{''.join(rows)}</w:tbl>"


def row(*cells: str) -> str:
    """Make a table row of cells that are XML."""
    return f"<w:tr>{''.join(cells)}</w:tr>"


def cell(content: str, properties: str = "") -> str:
    """Make a table cell."""
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content}</w:tc>"


def complex_field(code: str, result: str) -> str:
    """Make a field of marks and runs, as Word writes it."""
    begin, separate, end = (f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end"))
    return f"{begin}<w:r><w:instrText>{code}</w:instrText></w:r>{separate}{result}{end}"


def numbering(*levels: tuple[str, str], overrides: str = "") -> str:
    """Make a numbering part with one list of these formats and texts; instance 2 restarts as ``overrides`` say."""
    written = "".join(
        f'<w:lvl w:ilvl="{index}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for index, (kind, text) in enumerate(levels)
    )
    instances = "".join(
        f'<w:num w:numId="{instance}"><w:abstractNumId w:val="0"/>{extra}</w:num>'
        for instance, extra in ((1, ""), (2, overrides))
    )
    return f'<w:abstractNum w:abstractNumId="0">{written}</w:abstractNum>{instances}'


def docx(
    body: str,
    parts: Mapping[str, bytes] | None = None,
    links: Mapping[str, tuple[str, str]] | None = None,
    *,
    strict: bool = False,
) -> bytes:
    """Make a document with this body.

    ``parts`` are further members by their path below ``word/``; each gets a relationship whose id is the file's stem
    and whose kind is that without digits (``header1.xml`` is a ``header``). ``links`` are relationships besides these,
    id → kind and target; a target with a colon is external.
    """
    members = {"styles.xml": part("w:styles", STYLES)} | dict(parts or {})
    stems = {name: name.rpartition("/")[2].partition(".")[0] for name in members}
    related = {stem: (stem.rstrip("0123456789"), name) for name, stem in stems.items()} | dict(links or {})
    kinds = {"document.xml": "document"} | {name: stem.rstrip("0123456789") for name, stem in stems.items()}
    package = {
        "[Content_Types].xml": _content_types(kinds),
        "_rels/.rels": _relationships({"rId1": ("officeDocument", "word/document.xml")}),
        "word/document.xml": part("w:document", f"<w:body>{body}</w:body>"),
        "word/_rels/document.xml.rels": _relationships(related),
        **{f"word/{name}": content for name, content in members.items()},
    }
    return zipped({name: _strict(content) for name, content in package.items()} if strict else package)


def _content_types(kinds: Mapping[str, str]) -> bytes:
    overrides = "".join(
        f'<Override PartName="/word/{name}" ContentType="{_CONTENT_TYPES[kind]}+xml"/>'
        for name, kind in kinds.items()
        if kind in _CONTENT_TYPES
    )
    defaults = "".join(
        f'<Default Extension="{extension}" ContentType="{content_type}"/>'
        for extension, content_type in _DEFAULT_TYPES.items()
    )
    return f'<Types xmlns="{_PACKAGE}/content-types">{defaults}{overrides}</Types>'.encode()


def _relationships(related: Mapping[str, tuple[str, str]]) -> bytes:
    entries = "".join(
        f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{target}"{_mode(target)}/>'
        for key, (kind, target) in related.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{entries}</Relationships>'.encode()


def _mode(target: str) -> str:
    return ' TargetMode="External"' if ":" in target else ""


def _strict(content: bytes) -> bytes:
    for transitional, strict in _STRICT_NAMES.items():
        content = content.replace(transitional.encode(), strict.encode())
    return content
