"""Spreadsheets for tests: honest ones, and such as no program writes. The bytes of old formats are laid out by hand."""

import io
from collections.abc import Callable, Mapping, Sequence
from xml.sax.saxutils import escape

import xlsxwriter

from tests.support.documents import zipped

TRANSITIONAL = "http://schemas.openxmlformats.org"
STRICT = "http://purl.oclc.org/ooxml"
_MAIN = {TRANSITIONAL: f"{TRANSITIONAL}/spreadsheetml/2006/main", STRICT: f"{STRICT}/spreadsheetml/main"}
_RELATIONSHIPS = {
    TRANSITIONAL: f"{TRANSITIONAL}/officeDocument/2006/relationships",
    STRICT: f"{STRICT}/officeDocument/relationships",
}
_QUOTE = {'"': "&quot;"}
_MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
_ODF_NAMES = {name: name for name in ("office", "table", "text", "style", "meta")} | {"draw": "drawing"}
_ODF_PREFIXES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for prefix, name in _ODF_NAMES.items()
)


def xlsx(fill: Callable[[xlsxwriter.Workbook], None], **options: object) -> bytes:
    """Make a workbook with XlsxWriter, which ``fill`` fills."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, options) as workbook:
        fill(workbook)
    return buffer.getvalue()


def raw_xlsx(
    rows: str | bytes,
    *,
    dialect: str = TRANSITIONAL,
    formats: Sequence[str] = (),
    strings: str = "",
    sheet_target: str = "worksheets/sheet1.xml",
    workbook_properties: str = "",
    parts: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """Make a workbook of one sheet, "Sheet1", from the XML of its rows; style 0 has no format, others these."""
    main, kinds = _MAIN[dialect], _RELATIONSHIPS[dialect]
    codes = "".join(f'<numFmt numFmtId="{200 + n}" formatCode="{escape(c, _QUOTE)}"/>' for n, c in enumerate(formats))
    styles = "".join(f'<xf numFmtId="{n}"/>' for n in (0, *range(200, 200 + len(formats))))
    body = rows if isinstance(rows, bytes) else rows.encode()
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{TRANSITIONAL}/package/2006/content-types"/>',
        "_rels/.rels": relationships((f"{kinds}/officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": (
            f'<workbook xmlns="{main}" xmlns:r="{kinds}"><workbookPr {workbook_properties}/>'
            '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": relationships(
            (f"{kinds}/worksheet", sheet_target),
            (f"{kinds}/styles", "styles.xml"),
            (f"{kinds}/sharedStrings", "sharedStrings.xml"),
        ),
        "xl/styles.xml": (
            f'<styleSheet xmlns="{main}"><numFmts>{codes}</numFmts><cellXfs>{styles}</cellXfs></styleSheet>'
        ),
        "xl/sharedStrings.xml": f'<sst xmlns="{main}">{strings}</sst>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>'.encode()
        + body
        + b"</sheetData></worksheet>",
        **(parts or {}),
    }
    return _packed(members)


def relationships(*targets: tuple[str, str]) -> str:
    """Make a list of relationships, ``rId1`` and on, each of a type and a target."""
    entries = "".join(
        f'<Relationship Id="rId{n}" Type="{kind}" Target="{escape(target, _QUOTE)}"'
        f"{' TargetMode=' + chr(34) + 'External' + chr(34) if '://' in target else ''}/>"
        for n, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{TRANSITIONAL}/package/2006/relationships">{entries}</Relationships>'


def relationship_kind(name: str) -> str:
    """Return the full type of a relationship."""
    return f"{_RELATIONSHIPS[TRANSITIONAL]}/{name}"


def ods(
    tables: str, *, styles: str = "", encrypted: bool = False, parts: Mapping[str, str | bytes] | None = None
) -> bytes:
    """Make an OpenDocument spreadsheet from the XML of its tables."""
    entry = "<manifest:encryption-data/>" if encrypted else ""
    return _packed(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": odf_content(f"<office:spreadsheet>{tables}</office:spreadsheet>", styles),
            "META-INF/manifest.xml": (
                f'<manifest:manifest xmlns:manifest="{_MANIFEST}">'
                f'<manifest:file-entry manifest:full-path="content.xml">{entry}</manifest:file-entry>'
                "</manifest:manifest>"
            ),
            **(parts or {}),
        }
    )


def odf_content(body: str, styles: str = "") -> str:
    """Make the XML of a document's content; ``dc``, ``xlink`` and ODF's usual prefixes may be used."""
    return (
        f'<office:document-content {_ODF_PREFIXES} xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:xlink="http://www.w3.org/1999/xlink">'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body>{body}</office:body>"
        "</office:document-content>"
    )


def _packed(members: Mapping[str, str | bytes]) -> bytes:
    return zipped({name: text.encode() if isinstance(text, str) else text for name, text in members.items()})
