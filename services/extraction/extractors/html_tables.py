"""HTML tables: which hold data, and the grid their spans make (HTML 4.9.12)."""

from collections.abc import Callable, Iterator

from selectolax.lexbor import LexborNode

from services.extraction.extractors.html_elements import CELLS, LAID_OUT

_WIDEST_SPAN = 1_000
"""HTML's own limit of ``colspan``."""
_MOST_SPANNED = 100_000
"""Places that spans may take in one table; what a few bytes can claim must not fill the memory."""


def holds_data(table: LexborNode) -> bool:
    """Tell a table of data from one that only lays out a page, as old pages and most mail do (HTML 4.9.1)."""
    if (table.attributes.get("role") or "").lower() in {"presentation", "none"}:
        return False
    if any(node.tag in {"th", "caption"} for node in _own(table)):
        return True
    several_columns = any(sum(cell.tag in CELLS for cell in children(row)) > 1 for row in _rows(table))
    return several_columns and not any(node.tag in LAID_OUT for node in _descendants(table))


def grid(table: LexborNode, text_of: Callable[[LexborNode], str]) -> list[list[str]]:
    """Lay out the cells' texts; a cell that spans several places stands in the first, the others stay empty."""
    lines: list[list[str]] = []
    reserved: dict[int, int] = {}
    """Column to the number of further rows in which a cell above takes it."""
    budget = _MOST_SPANNED
    rows = list(_rows(table))
    for index, row in enumerate(rows):
        line: list[str] = []
        for cell in (child for child in children(row) if child.tag in CELLS):
            _skip_reserved(line, reserved)
            width, height = _span(cell, "colspan", _WIDEST_SPAN), _span(cell, "rowspan", len(rows) - index)
            if (budget := budget - width * height + 1) < 0:
                width = height = 1
            if height > 1:
                reserved.update(dict.fromkeys(range(len(line), len(line) + width), height))
            line += [text_of(cell), *[""] * (width - 1)]
        _skip_reserved(line, reserved)
        reserved = {column: left - 1 for column, left in reserved.items() if left > 1}
        lines.append(line)
    return lines


def children(node: LexborNode) -> Iterator[LexborNode]:
    """Give a node's children, text included."""
    child = node.child
    while child is not None:
        yield child
        child = child.next


def _skip_reserved(line: list[str], reserved: dict[int, int]) -> None:
    while len(line) in reserved:
        line.append("")


def _rows(table: LexborNode) -> Iterator[LexborNode]:
    """Give a table's own rows; a foot that stands before the body comes last, as it is shown."""
    parts = list(children(table))
    for part in [*(p for p in parts if p.tag != "tfoot"), *(p for p in parts if p.tag == "tfoot")]:
        if part.tag == "tr":
            yield part
        elif part.tag in {"thead", "tbody", "tfoot"}:
            yield from (row for row in children(part) if row.tag == "tr")


def _own(table: LexborNode) -> Iterator[LexborNode]:
    """Give a table's caption and cells, those of tables inside it excepted."""
    yield from (child for child in children(table) if child.tag == "caption")
    for row in _rows(table):
        yield from children(row)


def _descendants(node: LexborNode) -> Iterator[LexborNode]:
    descendants = node.traverse()
    next(descendants)  # the node itself
    return descendants


def _span(cell: LexborNode, name: str, most: int) -> int:
    value = (cell.attributes.get(name) or "").strip()
    return min(max(int(value[:9]), 1), most) if value.isascii() and value.isdigit() else 1
