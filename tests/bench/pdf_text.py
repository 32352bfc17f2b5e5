"""How complete and how fast PDFs' text is read: ``CORPUS=… make bench ARGS=pdf_text``.

Every PDF of ``$CORPUS/text`` has its exact text beside it. Similarity is the normalised Indel ratio of the texts with
ligatures resolved and white space collapsed. Throughput is pages a second over all files by two processes: ours with a
child per document, confined, its frames read and checked; bare pdfium once with a process per document and once in
processes that live on, as no service could let them. Rounds alternate, the best of each counts.
"""

import asyncio
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import kreuzberg
import pypdfium2
from pypdf import PdfReader
from rapidfuzz.distance import Indel

from services.extraction.content import Limits
from services.extraction.protocol import SOURCE_NAME, PageReport
from services.extraction.sandbox import Sandbox
from services.extraction.settings import SandboxSettings

PROCESSES = 2
ROUNDS = 3
COPIES = 4
"""How often each file is read in a round, so that a round takes a second."""
TARGET_MEAN, TARGET_WORST, TARGET_RATIO = 0.995, 0.97, 0.8
_SECONDS = 60.0


def read_pdfium(path: Path) -> str:
    """Read as little as pdfium alone must do."""
    with pypdfium2.PdfDocument(path) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def read_pypdf(path: Path) -> str:
    """Read with pypdf."""
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


def read_kreuzberg(path: Path) -> str:
    """Read with kreuzberg as it is configured by default."""
    return str(kreuzberg.extract_file_sync(path).content)


PEERS: Mapping[str, Callable[[Path], str]] = {
    "pdfium, process per document": read_pdfium,
    "pdfium, lasting processes": read_pdfium,
    "pypdf": read_pypdf,
    "kreuzberg": read_kreuzberg,
}
_ONE_EACH = "pdfium, process per document"
OURS = "ours"


@dataclass
class Seen:
    """What was seen of one library."""

    similarities: list[float] = field(default_factory=list)
    pages_per_second: float = 0.0


async def main() -> int:
    """Measure, print, and fail when a target is missed."""
    files = sorted((Path(os.environ["CORPUS"]) / "text").glob("*.pdf"))
    truths = [normal(path.with_suffix(".txt").read_text("utf-8")) for path in files]
    pages = sum(len(pypdfium2.PdfDocument(path)) for path in files) * COPIES
    seen = {name: Seen() for name in (OURS, *PEERS)}
    with tempfile.TemporaryDirectory() as folder:
        sandbox = Sandbox(SandboxSettings(), slots=PROCESSES)
        await sandbox.start()
        try:
            for _ in range(ROUNDS):
                for name, found in seen.items():
                    started = time.perf_counter()
                    texts = await read_all(name, sandbox, files * COPIES, Path(folder))
                    found.pages_per_second = max(found.pages_per_second, pages / (time.perf_counter() - started))
                    found.similarities = [
                        Indel.normalized_similarity(normal(text), truth)
                        for text, truth in zip(texts, truths, strict=False)
                    ]
        finally:
            await sandbox.aclose()
    return report(seen)


async def read_all(name: str, sandbox: Sandbox, files: list[Path], folder: Path) -> list[str]:
    """Read all files with one library in ``PROCESSES`` processes, and have their texts here."""
    if name == OURS:
        return await asyncio.gather(*(read_ours(sandbox, path, folder) for path in files))
    tasks = 1 if name == _ONE_EACH else None
    with multiprocessing.get_context("fork").Pool(PROCESSES, maxtasksperchild=tasks) as pool:
        return pool.map(PEERS[name], files, chunksize=1)


async def read_ours(sandbox: Sandbox, path: Path, folder: Path) -> str:
    """Read as the service does: a private folder, a confined child, its reports checked."""
    job = Path(tempfile.mkdtemp(dir=folder))
    shutil.copyfile(path, job / SOURCE_NAME)
    async with sandbox.open(job, suffix=".pdf", limits=Limits(), seconds=_SECONDS) as reading:
        texts = [report.text async for report in reading.reports() if isinstance(report, PageReport)]
        await reading.verdict()
    return "\n".join(texts)


def normal(text: str) -> str:
    """Resolve ligatures and the like, collapse white space."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def report(seen: Mapping[str, Seen]) -> int:
    """Print the table; non-zero when ours misses a target."""
    reference = seen[_ONE_EACH].pages_per_second
    print(
        "| library | similarity, mean / worst | pages/s | to pdfium, process per document |",
        "|---|---|---|---|",
        sep="\n",
    )
    for name, found in seen.items():
        mean, worst = sum(found.similarities) / len(found.similarities), min(found.similarities)
        ratio = found.pages_per_second / reference
        print(f"| {name} | {mean:.4f} / {worst:.4f} | {found.pages_per_second:.0f} | {ratio:.2f} |")
    ours = seen[OURS]
    exact = sum(ours.similarities) / len(ours.similarities) >= TARGET_MEAN and min(ours.similarities) >= TARGET_WORST
    return int(not exact or ours.pages_per_second < TARGET_RATIO * reference)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
