"""Word: everything that its documents can hold text in, a marker word in each."""

from collections.abc import Callable, Mapping
from pathlib import Path

import docx as python_docx
import docx2python
import docx2txt
import kreuzberg
import mammoth
import markitdown

from tests.support.word_documents import (
    cell,
    complex_field,
    docx,
    heading,
    listed,
    numbering,
    paragraph,
    part,
    row,
    run,
    table,
)

SUFFIX = ".docx"

FEATURES: Mapping[str, str] = {
    "heading": "HEADINGWORD",
    "table": "CELLWORD",
    "merged": "MERGEDWORD",
    "nested": "NESTEDWORD",
    "footnote": "FOOTNOTEWORD",
    "endnote": "ENDNOTEWORD",
    "inserted": "INSERTEDWORD",
    "moved": "MOVEDWORD",
    "control": "CONTROLWORD",
    "row control": "ROWWORD",
    "form list": "CHOSENWORD",
    "text box": "TEXTBOXWORD",
    "VML box": "VMLWORD",
    "comment": "COMMENTWORD",
    "reply": "REPLYWORD",
    "header": "HEADERWORD",
    "footer": "FOOTERWORD",
    "field": "RESULTWORD",
    "link": "https://linkword.example/",
    "field link": "https://fieldword.example/",
    "diagram": "DIAGRAMWORD",
    "chart": "CHARTWORD",
    "chart value": "4711.25",
    "equation": "EQUATIONWORD",
    "symbol": "→",
    "soft hyphen": "SOFTHYPHENWORD",
    "ruby": "RUBYWORD",
    "HTML part": "CHUNKWORD",
    "list number": "2.1 NUMBEREDWORD",
    "alt text": "PICTUREWORD",
    "WordArt": "WORDARTWORD",
    "object": "oleObject1.bin",
}
ABSENT: Mapping[str, str] = {
    "deleted": "DELETEDWORD",
    "moved away": "MOVEDAWAYWORD",
    "field code": "CODEWORD",
    "separator": "SEPARATORWORD",
}


def document() -> bytes:
    """Make the document that holds every marker."""
    parts = {
        "footnotes.xml": part("w:footnotes", _note("footnote", "FOOTNOTEWORD")),
        "endnotes.xml": part("w:endnotes", _note("endnote", "ENDNOTEWORD")),
        "comments.xml": part("w:comments", _comment(1, "COMMENTWORD") + _comment(2, "REPLYWORD")),
        "header1.xml": part("w:hdr", paragraph(run("HEADERWORD"))),
        "footer1.xml": part("w:ftr", paragraph(run("FOOTERWORD"))),
        "numbering.xml": part("w:numbering", numbering(("decimal", "%1"), ("decimal", "%1.%2"))),
        "charts/chart1.xml": part("c:chartSpace", _CHART),
        "diagrams/diagramData1.xml": part("dgm:dataModel", _DIAGRAM),
        "aFChunk1.html": b"<html><body><p>CHUNKWORD</p></body></html>",
        "embeddings/oleObject1.bin": b"\0",
    }
    return docx("".join(_BODY), parts, {"link": ("hyperlink", "https://linkword.example/")})


_DATE = "2026-01-02T03:04:05Z"


def _note(kind: str, word: str) -> str:
    separator = f'<w:{kind} w:type="separator" w:id="-1">{paragraph(run("SEPARATORWORD"))}</w:{kind}>'
    return f'{separator}<w:{kind} w:id="2">{paragraph(run(word))}</w:{kind}>'


def _comment(number: int, word: str) -> str:
    return (
        f'<w:comment w:id="{number}" w:author="Ada" w:initials="A" w:date="{_DATE}">{paragraph(run(word))}</w:comment>'
    )


def _commented(number: int, text: str) -> str:
    begin, end = (f'<w:commentRange{edge} w:id="{number}"/>' for edge in ("Start", "End"))
    return f'{begin}{text}{end}<w:r><w:commentReference w:id="{number}"/></w:r>'


def _drawing(graphic: str, description: str = "") -> str:
    return (
        f'<w:drawing><wp:inline><wp:docPr id="1" name="x" descr="{description}"/>'
        f'<a:graphic><a:graphicData uri="x">{graphic}</a:graphicData></a:graphic></wp:inline></w:drawing>'
    )


_BOX = f"<w:txbxContent>{paragraph(run('TEXTBOXWORD'))}</w:txbxContent>"
_CHART = (
    "<c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>CHARTWORD</a:t></a:r></a:p></c:rich></c:tx></c:title>"
    "<c:plotArea><c:barChart><c:ser><c:tx><c:v>Sales</c:v></c:tx>"
    "<c:cat><c:strRef><c:strCache><c:pt idx='0'><c:v>North</c:v></c:pt></c:strCache></c:strRef></c:cat>"
    "<c:val><c:numRef><c:numCache><c:pt idx='0'><c:v>4711.25</c:v></c:pt></c:numCache></c:numRef></c:val>"
    "</c:ser></c:barChart></c:plotArea></c:chart>"
)
_DIAGRAM = (
    "<dgm:ptLst><dgm:pt modelId='1'><dgm:t><a:p><a:r><a:t>DIAGRAMWORD</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst>"
)
_DIAGRAM_REFERENCE = '<dgm:relIds r:dm="diagramData1"/>'
_CHART_REFERENCE = '<c:chart r:id="chart1"/>'
_FORM_LIST = (
    '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:ddList><w:listEntry w:val="CHOSENWORD"/></w:ddList></w:ffData>'
    '</w:fldChar></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
)
_SHAPE = f"<wps:wsp><wps:txbx>{_BOX}</wps:txbx></wps:wsp>"
_TEXT_BOX = (
    f'<w:r><mc:AlternateContent><mc:Choice Requires="wps">{_drawing(_SHAPE)}</mc:Choice>'
    f"<mc:Fallback><w:pict><v:shape><v:textbox>{_BOX}</v:textbox></v:shape></w:pict></mc:Fallback>"
    "</mc:AlternateContent></w:r>"
)
_SECTION = (
    '<w:sectPr><w:headerReference w:type="default" r:id="header1"/>'
    '<w:footerReference w:type="default" r:id="footer1"/></w:sectPr>'
)
_BODY = (
    heading("HEADINGWORD"),
    table(
        row(cell(paragraph(run("MERGEDWORD")), '<w:gridSpan w:val="2"/>')),
        row(
            cell(paragraph(run("CELLWORD"))),
            cell(table(row(cell(paragraph(run("NESTEDWORD"))), cell(paragraph()))) + paragraph()),
        ),
        f"<w:sdt><w:sdtContent>{row(cell(paragraph(run('ROWWORD'))), cell(paragraph()))}</w:sdtContent></w:sdt>",
    ),
    paragraph(run("a"), '<w:r><w:footnoteReference w:id="2"/></w:r>', '<w:r><w:endnoteReference w:id="2"/></w:r>'),
    paragraph(
        f'<w:ins w:id="5" w:author="x">{run("INSERTEDWORD")}</w:ins>',
        '<w:del w:id="6" w:author="x"><w:r><w:delText>DELETEDWORD</w:delText></w:r></w:del>',
        f'<w:moveTo w:id="7" w:author="x">{run("MOVEDWORD")}</w:moveTo>',
        f'<w:moveFrom w:id="8" w:author="x">{run("MOVEDAWAYWORD")}</w:moveFrom>',
    ),
    f"<w:sdt><w:sdtContent>{paragraph(run('CONTROLWORD'))}</w:sdtContent></w:sdt>",
    paragraph(_FORM_LIST),
    paragraph(_TEXT_BOX),
    paragraph(
        f"<w:r><w:pict><v:shape><v:textbox><w:txbxContent>{paragraph(run('VMLWORD'))}</w:txbxContent></v:textbox>"
        "</v:shape></w:pict></w:r>"
    ),
    paragraph(_commented(1, run("b")), _commented(2, run("e"))),
    paragraph(complex_field("QUOTE CODEWORD", run("RESULTWORD"))),
    paragraph(f'<w:hyperlink r:id="link">{run("c")}</w:hyperlink>'),
    paragraph(complex_field('HYPERLINK "https://fieldword.example/"', run("d"))),
    paragraph(f"<w:r>{_drawing(_DIAGRAM_REFERENCE)}</w:r>"),
    paragraph(f"<w:r>{_drawing(_CHART_REFERENCE)}</w:r>"),
    paragraph("<m:oMath><m:r><m:t>EQUATIONWORD</m:t></m:r></m:oMath>"),
    paragraph('<w:r><w:sym w:font="Wingdings" w:char="F0E0"/></w:r>'),
    paragraph("<w:r><w:t>SOFT</w:t><w:softHyphen/><w:t>HYPHENWORD</w:t></w:r>"),
    paragraph(f"<w:r><w:ruby><w:rt>{run('reading')}</w:rt><w:rubyBase>{run('RUBYWORD')}</w:rubyBase></w:ruby></w:r>"),
    '<w:altChunk r:id="aFChunk1"/>',
    *(listed(text, 1, level) for text, level in (("one", 0), ("two", 0), ("NUMBEREDWORD", 1))),
    paragraph(f"<w:r>{_drawing('<pic:pic/>', 'PICTUREWORD')}</w:r>"),
    paragraph('<w:r><w:pict><v:shape><v:textpath string="WORDARTWORD"/></v:shape></w:pict></w:r>'),
    paragraph('<w:r><w:object><o:OLEObject ProgID="Package" r:id="oleObject1"/></w:object></w:r>'),
    _SECTION,
)


def _python_docx(source: Path) -> str:
    return "\n".join(paragraph.text for paragraph in python_docx.Document(str(source)).paragraphs)


def _mammoth(source: Path) -> str:
    with source.open("rb") as file:
        return str(mammoth.extract_raw_text(file).value)


def _docx2python(source: Path) -> str:
    with docx2python.docx2python(source) as read:
        return f"{read.text}\n{read.comments}"


PEERS: Mapping[str, Callable[[Path], str]] = {
    "python-docx paragraphs": _python_docx,
    "docx2txt": lambda source: str(docx2txt.process(str(source))),
    "mammoth": _mammoth,
    "docx2python": _docx2python,
    "kreuzberg": lambda source: str(kreuzberg.extract_file_sync(str(source)).content),
    "markitdown": lambda source: str(markitdown.MarkItDown().convert(str(source)).text_content),
}
