"""Run one benchmark: ``python -m tests.bench upload``; without a name, all of them."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping

from tests.bench import fairness, hostile, isolation, latency, ocr, pdf_text, sheet_speed, upload_throughput
from tests.bench.markers import run as markers

BENCHMARKS: Mapping[str, Callable[[], Awaitable[int]]] = {
    "fairness": fairness.main,
    "hostile": hostile.main,
    "isolation": isolation.main,
    "latency": latency.main,
    "markers": markers.main,
    "ocr": ocr.main,
    "pdf_text": pdf_text.main,
    "sheet_speed": sheet_speed.main,
    "upload": upload_throughput.main,
}
"""By the name given on the command line; each prints what it saw and gives the process's exit status."""


async def main(names: list[str]) -> int:
    """Run what was named, one after the other; fail if one failed."""
    if unknown := set(names) - set(BENCHMARKS):
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(sorted(BENCHMARKS))}")
    return max([await BENCHMARKS[name]() for name in names or sorted(BENCHMARKS)])


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
