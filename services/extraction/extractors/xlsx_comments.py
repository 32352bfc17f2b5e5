"""Comments on cells: notes (ECMA-376 part 1, §18.7) and the threads of today's Excel ([MS-XLSX] §2.6.205)."""

from services.extraction.extractors.cell_addresses import parse_address
from services.extraction.extractors.ooxml_package import Package
from services.extraction.extractors.sheets import Comments, comment
from services.extraction.extractors.xlsx_cells import rich_text
from services.extraction.extractors.xml_parts import local_name, whole_number

_THREAD = "tc="
"""How the author of a note begins that only repeats a thread for older programs."""


def people(package: Package, workbook: str) -> dict[str, str]:
    """Return the names of those who wrote in threads, by their id."""
    parts = package.related(workbook, "person")
    return {person.get("id"): person.get("displayName", "") for part in parts for person in package.parse(part)}


def sheet_comments(package: Package, sheet: str, names: dict[str, str]) -> Comments:
    """Return a sheet's comments: threads in full, and the notes that are not copies of them."""
    comments: dict[int, dict[int, str]] = {}
    threads = package.related(sheet, "threadedComment")
    for part in threads:
        for element in package.iterate(part, "threadedComment"):
            text = " ".join(child.text or "" for child in element if local_name(child) == "text")
            _add(comments, element.get("ref", ""), comment(names.get(element.get("personId"), ""), text))
    for part in package.related(sheet, "comments"):
        authors: list[str] = []
        for element in package.iterate(part, "author", "comment"):
            if local_name(element) == "author":
                authors.append(element.text or "")
                continue
            author = _author(authors, element.get("authorId", ""))
            if not (threads and author.startswith(_THREAD)):
                text = "".join(rich_text(child) for child in element if local_name(child) == "text")
                _add(comments, element.get("ref", ""), comment(author, text.removeprefix(f"{author}:")))
    return comments


def _author(authors: list[str], position: str) -> str:
    index = whole_number(position, len(authors))
    return authors[index] if index < len(authors) else ""


def _add(comments: dict[int, dict[int, str]], reference: str, text: str) -> None:
    if found := parse_address(reference):
        row, column = found
        cells = comments.setdefault(row, {})
        cells[column] = f"{cells[column]} {text}" if column in cells else text
