"""CSV and TSV as Markdown tables."""

import csv
import re
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from services.extraction.content import Limits, Page
from services.extraction.extractors.registry import extracts
from services.extraction.extractors.tables import Row, markdown_table
from services.extraction.text import decode_file, lines_of

_DELIMITERS = ",;\t|"
_SAMPLE_CHARACTERS = 20_000
_HINT = re.compile(r"\s*\"?sep=([,;\t|])\"?\r?\n", re.IGNORECASE)
"""A first line that Excel writes and reads: it names the delimiter and is no row."""
_CELL_OVERHEAD = 3


@extracts("text/csv", suffixes=(".csv",))
def extract_csv(source: Path, limits: Limits) -> Iterator[Page]:
    """One page per block of rows, as a Markdown table that repeats the header."""
    hint = _HINT.match(next(decode_file(source), ""))
    return _tables(source, limits, hint[1] if hint else _delimiter(source), skipped=1 if hint else 0)


@extracts("text/tab-separated-values", suffixes=(".tsv", ".tab"))
def extract_tsv(source: Path, limits: Limits) -> Iterator[Page]:
    """One page per block of rows, as a Markdown table that repeats the header."""
    return _tables(source, limits, "\t")


def _delimiter(source: Path) -> str:
    """Find the delimiter in the first lines (RFC 4180 says comma, spreadsheets in much of Europe say semicolon)."""
    sample = next(decode_file(source), "")[:_SAMPLE_CHARACTERS]
    try:
        return csv.Sniffer().sniff(sample.rpartition("\n")[0] or sample, _DELIMITERS).delimiter
    except csv.Error:
        return max(_DELIMITERS, key=sample.partition("\n")[0].count)


def _tables(source: Path, limits: Limits, delimiter: str, *, skipped: int = 0) -> Iterator[Page]:
    csv.field_size_limit(limits.page_characters)
    lines = (line.replace("\0", "") for line in lines_of(decode_file(source), limits.page_characters))
    rows = (row for row in _rows(islice(lines, skipped, None), delimiter) if any(row))
    header = next(rows, None)
    if header is None:
        return
    block: list[Row] = []
    size, first = _size(header), 2
    for number, row in enumerate(rows, start=2):
        if block and size + _size(row) > limits.block_characters:
            yield _page(header, block, first)
            block, size, first = [], _size(header), number
        block.append(row)
        size += _size(row)
    yield _page(header, block, first)


def _rows(lines: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    """Split lines into cells; from a quote on that is never closed, quotes are letters like others."""
    held: list[str] = []

    def noted() -> Iterator[str]:
        for line in lines:
            held.append(line)
            yield line

    try:
        for row in csv.reader(noted(), delimiter=delimiter):
            held.clear()
            yield row
    except csv.Error:  # a cell longer than a page: what was read for it is read again
        yield from csv.reader(chain(held, lines), delimiter=delimiter, quoting=csv.QUOTE_NONE)


def _size(row: Row) -> int:
    return sum(map(len, row)) + _CELL_OVERHEAD * len(row)


def _page(header: Row, block: list[Row], first: int) -> Page:
    label = f"rows {first}-{first + len(block) - 1}" if block else "row 1"
    return Page(markdown_table([header, *block]), label=label)
