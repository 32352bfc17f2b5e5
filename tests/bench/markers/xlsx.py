"""Excel: everything that its workbooks can hold text in, a marker word in each; numbers as their cells show them."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import kreuzberg
import markitdown
import openpyxl
import python_calamine
import xlsxwriter

from tests.support.documents import PNG, replace_member, unzip
from tests.support.sheet_documents import relationships, xlsx

SUFFIX = ".xlsx"

FEATURES: Mapping[str, str] = {
    "cell": "CELLWORD",
    "rich text": "RICHWORD",
    "merged": "MERGEDWORD",
    "percent": "27.3%",
    "thousands": "7,431,508.50",
    "currency": "€ 61.70",
    "negative": "(835.20)",
    "date": "09.07.2031",
    "time": "13:47",
    "duration": "31:52",
    "fraction": "5 3/8",
    "exponent": "6.02E+23",
    "condition": "94 points",
    "text format": "Dear ADDRESSEEWORD",
    "error": "#DIV/0!",
    "formula alone": "=UNKNOWNFUNCTION(A1)",
    "hidden": "HIDDENWORD",
    "very hidden": "VERYWORD",
    "note": "NOTEWORD",
    "author": "AUTHORWORD",
    "thread": "THREADWORD",
    "text box": "TEXTBOXWORD",
    "alt text": "PICTUREWORD",
    "chart title": "CHARTWORD",
    "axis": "AXISWORD",
    "series": "SERIESWORD",
    "chart sheet": "ALONEWORD",
    "link": "https://linkword.example/",
    "embedded": "EMBEDDEDWORD.docx",
}

ABSENT: Mapping[str, str] = {"copy of the thread": "COPYWORD", "header": "HEADERWORD", "hint": "PHONETICWORD"}

_THREADS = "http://schemas.microsoft.com/office/2017/10/relationships"
_NUMBERS = (
    (0.273, "0.0%"),
    (7431508.5, "#,##0.00"),
    (61.7, "[$€-407] #,##0.00"),
    (-835.2, "#,##0.00;[Red](#,##0.00)"),
    (48038, "dd.mm.yyyy"),
    (0.574305556, "hh:mm"),
    (1.327777778, "[h]:mm"),
    (5.375, "# ?/?"),
    (6.02214e23, "0.00E+00"),
    (94, '[>90]0" points";0" few"'),
)


def document() -> bytes:
    """Make the workbook that holds every marker."""
    content = xlsx(_fill)
    listing = unzip(content)["xl/worksheets/_rels/sheet1.xml.rels"].decode()
    thread = f'<Relationship Id="thread" Type="{_THREADS}/threadedComment" Target="../threadedComments/one.xml"/>'
    strings = unzip(content)["xl/sharedStrings.xml"].decode()
    hint = "<t>CELLWORD</t><rPh sb='0' eb='1'><t>PHONETICWORD</t></rPh>"
    words = '<threadedComment ref="A2" personId="{1}"><text>THREADWORD</text></threadedComment>'
    for name, part in {
        "xl/worksheets/_rels/sheet1.xml.rels": listing.replace("</Relationships>", f"{thread}</Relationships>"),
        "xl/sharedStrings.xml": strings.replace("<t>CELLWORD</t>", hint),
        "xl/threadedComments/one.xml": f"<ThreadedComments>{words}</ThreadedComments>",
        "xl/embeddings/EMBEDDEDWORD.docx": relationships(),
    }.items():
        content = replace_member(content, name, part.encode())
    return content


def _fill(workbook: xlsxwriter.Workbook) -> None:
    sheet = workbook.add_worksheet("Main")
    bold = workbook.add_format({"bold": True})
    sheet.write_row("A1", ["CELLWORD", "second"])
    sheet.write_rich_string("A2", "RICH", bold, "WORD")
    sheet.merge_range("A3:B3", "MERGEDWORD")
    for row, (value, code) in enumerate(_NUMBERS, start=3):
        sheet.write_number(row, 0, value, workbook.add_format({"num_format": code}))
    sheet.write("A20", "ADDRESSEEWORD", workbook.add_format({"num_format": '0;0;0;"Dear "@'}))
    sheet.write_formula("A21", "=1/0", None, "#DIV/0!")
    sheet.write_formula("A22", "=UNKNOWNFUNCTION(A1)", None, "")
    sheet.write_url("A23", "https://linkword.example/", string="shown")
    sheet.write_comment("A2", "COPYWORD", {"author": "tc={1}"})
    sheet.write_comment("A3", "NOTEWORD", {"author": "AUTHORWORD"})
    sheet.set_header("HEADERWORD")
    sheet.insert_textbox("D2", "TEXTBOXWORD")
    sheet.insert_image("D9", "picture.png", {"image_data": _picture(), "description": "PICTUREWORD"})
    sheet.insert_chart("D12", _chart(workbook, "CHARTWORD", "SERIESWORD", "AXISWORD"))
    workbook.add_chartsheet("Alone").set_chart(_chart(workbook, "ALONEWORD", "other", "other axis"))
    hidden, very_hidden = workbook.add_worksheet("Hidden"), workbook.add_worksheet("Very")
    hidden.write("A1", "HIDDENWORD")
    hidden.hide()
    very_hidden.write("A1", "VERYWORD")
    very_hidden.very_hidden()


def _chart(workbook: xlsxwriter.Workbook, title: str, series: str, axis: str) -> xlsxwriter.chart.Chart:
    chart = workbook.add_chart({"type": "column"})
    chart.add_series({"name": series, "values": "=Main!$A$4:$A$6"})
    chart.set_title({"name": title})
    chart.set_x_axis({"name": axis})
    return chart


def _picture() -> io.BytesIO:
    return io.BytesIO(PNG)


def _openpyxl(source: Path) -> str:
    """Give everything that openpyxl knows of a cell, which is more than its users usually ask for."""
    workbook = openpyxl.load_workbook(source, data_only=True)
    cells = [cell for sheet in workbook.worksheets for row in sheet.iter_rows() for cell in row]
    values = [str(cell.value) for cell in cells if cell.value is not None]
    comments = [f"{cell.comment.author}: {cell.comment.text}" for cell in cells if cell.comment]
    links = [str(cell.hyperlink.target) for cell in cells if cell.hyperlink]
    return "\n".join([*values, *comments, *links])


def _calamine(source: Path) -> str:
    workbook = python_calamine.CalamineWorkbook.from_path(source)
    rows = (row for name in workbook.sheet_names for row in workbook.get_sheet_by_name(name).to_python())
    return "\n".join(str(value) for row in rows for value in row)


PEERS: Mapping[str, Callable[[Path], str]] = {
    "openpyxl": _openpyxl,
    "calamine": _calamine,
    "markitdown": lambda source: str(markitdown.MarkItDown().convert(source).text_content),
    "kreuzberg": lambda source: str(kreuzberg.extract_file_sync(source).content),
}
"""What others make of the same document."""
