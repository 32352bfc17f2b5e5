"""How fast spreadsheets are read: one generated sheet of 50,000 rows of 10 columns, each reader in its own process."""

import multiprocessing
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import openpyxl
import python_calamine
import xlsxwriter

from services.extraction.content import Limits, Page
from services.extraction.extractors.xlsx import extract_xlsx

_ROWS = 50_000
_KIBIBYTE = 1024
_FORMATS = ("0", "@", "yyyy-mm-dd", "#,##0.00", "0.0%")


def _satchel(source: Path) -> int:
    """Read to pages of Markdown with numbers as shown."""
    return sum(len(item.text) for item in extract_xlsx(source, Limits()) if isinstance(item, Page))


def _openpyxl(source: Path) -> int:
    """Read to values, in openpyxl's streaming mode."""
    sheet = openpyxl.load_workbook(source, read_only=True, data_only=True).worksheets[0]
    return sum(len(str(value)) for row in sheet.iter_rows(values_only=True) for value in row)


def _calamine(source: Path) -> int:
    """Read to values."""
    workbook = python_calamine.CalamineWorkbook.from_path(source)
    return sum(len(str(value)) for row in workbook.get_sheet_by_index(0).to_python() for value in row)


_READERS: Mapping[str, Callable[[Path], int]] = {
    "Satchel": _satchel,
    "openpyxl, read-only": _openpyxl,
    "calamine": _calamine,
}


async def main() -> int:
    """Print seconds, the ratio to ours and peak memory of each reader."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "sheet.xlsx"
        _write(source)
        ours = None
        for name, reader in _READERS.items():
            seconds, megabytes, characters = _measured(reader, source)
            ours = ours or seconds
            print(f"{name:20} {seconds:6.2f} s  {seconds / ours:5.2f}  {megabytes:4} MiB  {characters:,} characters")
    return 0


def _measured(reader: Callable[[Path], int], source: Path) -> tuple[float, int, int]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_timed, reader, source).result()


def _timed(reader: Callable[[Path], int], source: Path) -> tuple[float, int, int]:
    begun = time.process_time()
    characters = reader(source)
    seconds = time.process_time() - begun
    return seconds, _peak_mebibytes(), characters


def _peak_mebibytes() -> int:
    """Return this process's own peak; ``getrusage`` would give the parent's where that is higher."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // _KIBIBYTE


def _write(target: Path) -> None:
    with xlsxwriter.Workbook(target, {"constant_memory": True}) as workbook:
        formats = [workbook.add_format({"num_format": code}) for code in _FORMATS]
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, [f"Column {column}" for column in range(10)])
        for row in range(1, _ROWS):
            values = [row, f"name {row % 5_000}", 45_000 + row % 365, row * 1.37, row % 100 / 100]
            for column, value in enumerate(values):
                sheet.write(row, column, value, formats[column])
            sheet.write_row(row, len(values), [row * column / 7 for column in range(5)])
