"""Markdown tables (GitHub's dialect), which people and models both read."""

from collections.abc import Sequence

Row = Sequence[str]


def markdown_table(rows: Sequence[Row]) -> str:
    """Format rows, the first of which is the header; short rows are filled with empty cells."""
    width = max((len(row) for row in rows), default=0)
    if not width:
        return ""
    header, *body = ([*map(_cell, row), *[""] * (width - len(row))] for row in rows)
    lines = [_line(header), _line(["---"] * width), *map(_line, body)]
    return "\n".join(lines)


def _line(cells: Row) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Keep a cell on one line and its bars from ending it."""
    return " ".join(text.split()).replace("|", "\\|")
