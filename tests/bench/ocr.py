"""How right and how costly OCR is: ``CORPUS=… make bench ARGS=ocr``.

Every page of ``$CORPUS/scans`` has its exact text beside it; turned, skewed, inverted and coarser ones are made of the
same pages here. Accuracy is 1 - Levenshtein distance / length, white space collapsed and quotes made alike. Ours reads
through the sandbox, a child per document; processor time and memory are the child's own. Peers read the same files, one
after the other, in a process each: Tesseract as it comes, in English, and kreuzberg's.
"""

import asyncio
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import mean

import kreuzberg
import pypdfium2
import tesserocr
from PIL import Image, ImageOps
from rapidfuzz.distance import Levenshtein

from services.extraction.content import Limits
from services.extraction.ocr.tesseract import data_folder
from services.extraction.protocol import SOURCE_NAME, PageReport
from services.extraction.sandbox import Sandbox
from services.extraction.settings import SandboxSettings

_DPI = 200
_SECONDS = 120.0
_MIB = 1 << 20
_QUOTES = str.maketrans("\u201c\u201d\u201e«»\u2018\u2019\u201a`\u00b4", "\"\"\"\"\"'''''")
LEAST = {"noisy200": 0.99, "fax150": 0.96}
"""Character accuracy that every page of a kind must reach."""
OURS = "ours"


@dataclass(frozen=True)
class Reading:
    """What one reader made of one document, and what that took."""

    text: str
    cpu_seconds: float
    peak_bytes: int


Variant = Callable[[Image.Image], Image.Image]
VARIANTS: Mapping[str, Variant] = {
    "turned 90": partial(Image.Image.transpose, method=Image.Transpose.ROTATE_90),
    "turned 180": partial(Image.Image.transpose, method=Image.Transpose.ROTATE_180),
    "turned 270": partial(Image.Image.transpose, method=Image.Transpose.ROTATE_270),
    "skewed -10": lambda page: _skewed(page, -10),
    "skewed -5": lambda page: _skewed(page, -5),
    "skewed 5": lambda page: _skewed(page, 5),
    "skewed 10": lambda page: _skewed(page, 10),
    "skewed 15": lambda page: _skewed(page, 15),
    "inverted": ImageOps.invert,
    "half size": partial(Image.Image.reduce, factor=2),
}


async def main() -> int:
    """Measure everything, print two tables; fail when a page is below its target."""
    folder = Path(os.environ.get("CORPUS", "")) / "scans"
    scans = sorted(folder.glob("*.pdf"))
    if not scans:
        sys.exit("no scans in $CORPUS/scans")
    print("| page | reader | accuracy | processor s | MiB |\n|---|---|---|---|---|")
    ours = {scan.stem: await _compared(scan) for scan in scans}
    print("\n| page | variant | accuracy | processor s | MiB |\n|---|---|---|---|---|")
    for scan in scans:
        if "noisy" in scan.stem:
            await _print_variants(scan)
    print(f"\nours: mean accuracy {mean(ours.values()):.4f}")
    return int(any(score < LEAST[name.partition("__")[2]] for name, score in ours.items()))


async def _compared(scan: Path) -> float:
    """Print every reader's line for a scan and give our accuracy."""
    truth = scan.with_suffix(".txt").read_text()
    readings = {OURS: await _read_confined(scan)}
    readings |= {name: _alone(name, scan) for name in PEERS}
    scores = {name: _print(scan.stem, name, reading, truth) for name, reading in readings.items()}
    return scores[OURS]


async def _print_variants(scan: Path) -> None:
    truth = scan.with_suffix(".txt").read_text()
    with tempfile.TemporaryDirectory() as folder:
        for name, change in VARIANTS.items():
            picture = Path(folder, "picture.png")
            change(rendered(scan)).save(picture)
            _print(scan.stem, name, await _read_confined(picture), truth)


def _print(page: str, what: str, reading: Reading, truth: str) -> float:
    accuracy: float = 1 - Levenshtein.distance(_plain(reading.text), _plain(truth)) / len(_plain(truth))
    print(
        f"| {page} | {what} | {accuracy:.4f} | {reading.cpu_seconds:.2f} | {reading.peak_bytes / _MIB:.0f} |",
        flush=True,
    )
    return accuracy


def _plain(text: str) -> str:
    return " ".join(text.translate(_QUOTES).split())


async def _read_confined(document: Path) -> Reading:
    """Read as the service does: a private folder, a confined child, its reports checked."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(document, Path(folder, SOURCE_NAME))
        sandbox = Sandbox(SandboxSettings(), slots=1)
        await sandbox.start()
        try:
            async with sandbox.open(Path(folder), suffix=document.suffix, limits=Limits(), seconds=_SECONDS) as reading:
                texts = [report.text async for report in reading.reports() if isinstance(report, PageReport)]
                await reading.verdict()
                ended = await reading._exit_report()
        finally:
            await sandbox.aclose()
    if ended is None:
        raise ChildProcessError(document)
    return Reading("\n".join(texts), ended.cpu_seconds, ended.peak_bytes)


def _alone(reader: str, document: Path) -> Reading:
    """Read with a peer in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_measured, reader, document).result()


def _measured(reader: str, document: Path) -> Reading:
    before = resource.getrusage(resource.RUSAGE_SELF)
    text = PEERS[reader](document)
    after = resource.getrusage(resource.RUSAGE_SELF)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Reading(text, seconds, after.ru_maxrss * 1024)


def read_bare(document: Path) -> str:
    """Read with Tesseract as it comes, in English."""
    with tesserocr.PyTessBaseAPI(path=f"{data_folder()}/", lang="eng") as engine:
        engine.SetImage(rendered(document))
        return str(engine.GetUTF8Text())


def read_kreuzberg(document: Path) -> str:
    """Read with kreuzberg's Tesseract, forced to OCR, in English."""
    ocr = kreuzberg.OcrConfig(backend="tesseract", language="eng")
    return str(
        kreuzberg.extract_file_sync(document, config=kreuzberg.ExtractionConfig(ocr=ocr, force_ocr=True)).content
    )


PEERS: Mapping[str, Callable[[Path], str]] = {"tesserocr, eng": read_bare, "kreuzberg": read_kreuzberg}


def rendered(document: Path) -> Image.Image:
    """Draw the first page as a scanner would see it."""
    with pypdfium2.PdfDocument(document) as opened:
        page: Image.Image = opened[0].render(scale=_DPI / 72, grayscale=True).to_pil()
    return page


def _skewed(page: Image.Image, angle: int) -> Image.Image:
    return page.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
