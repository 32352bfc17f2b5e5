"""What runs in the child: confine itself, detect, check, extract, report. Everything here may be taken over or killed.

Caps are applied here, where cutting is cheap, and once more by the reader of the reports, who trusts none of this.
"""

import dataclasses
import os
import traceback
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from services.extraction import confinement, syscall_filter
from services.extraction.archives import check_archive
from services.extraction.content import ErrorCode, Facts, Item, Limits, Notice, Page, Unreadable, Warn
from services.extraction.detection import detect
from services.extraction.extractors import registry
from services.extraction.protocol import (
    SOURCE_NAME,
    Begun,
    Ended,
    FactsReport,
    OutlineEntry,
    PageReport,
    Report,
    Task,
    WarningReport,
    encode,
)
from services.extraction.text import clean

_NICENESS = 5
_REPORTS = 3
_LONGEST_NAME = 500
_MOST_ENTRIES = 1_000
_DIAGNOSIS_CHARACTERS = 10_000

Send = Callable[[Report], None]


def work(reports: int, task: Task, *, own_user: bool) -> NoReturn:
    """Confine this process, read the document, end the process. ``reports`` is the pipe to write frames to."""
    try:
        _confine(reports, task, own_user=own_user)
        _send(_read(Path(SOURCE_NAME), task, _send))
    except MemoryError:
        _send(Ended(error=ErrorCode.OUT_OF_MEMORY))
    except Exception:  # noqa: BLE001 - the service logs the traceback; here nobody would see it
        _send(Ended(error=ErrorCode.CRASHED, diagnosis=_diagnosis()))
    finally:
        os._exit(0)


def _send(report: Report) -> None:
    frame = memoryview(encode(report))
    while frame:
        frame = frame[os.write(_REPORTS, frame) :]


def _diagnosis() -> str:
    return traceback.format_exc()[-_DIAGNOSIS_CHARACTERS:]


def _confine(reports: int, task: Task, *, own_user: bool) -> None:
    os.setpgid(0, 0)
    os.chdir(task.folder)
    os.dup2(reports, _REPORTS)  # before anything is opened, which could take that number
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(_REPORTS):
        os.dup2(null, standard)
    os.closerange(_REPORTS + 1, os.sysconf("SC_OPEN_MAX"))
    os.nice(_NICENESS)
    if own_user:
        confinement.become_nobody(task.slot)
    confinement.drop_capabilities()
    confinement.die_with_parent()
    confinement.limit_resources(task, own_user=own_user)


def _read(source: Path, task: Task, send: Send) -> Ended:
    """Detect, check and extract, sending reports as they come; the returned one is the last."""
    try:
        detected = detect(source, task.suffix)
        found = registry.find(detected.media_type)
        if detected.mismatch:
            send(WarningReport(warning=Warn.TYPE_MISMATCH))
        if found is None:
            send(Begun(media_type=detected.media_type))
            return Ended()
        send(Begun(media_type=detected.media_type, engine=found.engine, engine_version=found.engine_version))
        if not found.needs_processes:
            syscall_filter.refuse_new_processes()
        if zipfile.is_zipfile(source) and not detected.media_type.startswith("text/"):
            check_archive(source, task.limits)
        for report in reports_of(found.extract(source, task.limits), task.limits):
            send(report)
    except Unreadable as error:
        return Ended(error=error.code)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a parser may fail in any way; the service logs the traceback
        return Ended(error=ErrorCode.CORRUPT, diagnosis=_diagnosis())
    return Ended()


def reports_of(items: Iterator[Item], limits: Limits) -> Iterator[Report]:
    """Turn what an extractor yields into reports within the limits; each warning is given once."""
    warned: set[Warn] = set()
    pages, characters, number = 0, 0, 0
    for item in items:
        if isinstance(item, Facts):
            yield _facts(item)
            continue
        warning = item.warning if isinstance(item, Notice) else None
        if isinstance(item, Page):
            if pages == limits.pages or characters == limits.characters:
                cut = Warn.TRUNCATED_PAGES if pages == limits.pages else Warn.TRUNCATED_TEXT
                yield WarningReport(warning=cut)
                return
            number = item.number or number + 1
            page, cut_short = _page(item, number, min(limits.page_characters, limits.characters - characters))
            pages, characters = pages + 1, characters + len(page.text)
            warning = Warn.TRUNCATED_TEXT if cut_short else None
            yield page
        if warning and warning not in warned:
            warned.add(warning)
            yield WarningReport(warning=warning)


def _page(page: Page, number: int, most: int) -> tuple[PageReport, bool]:
    text = clean(page.text)
    label = _short(page.label)
    report = PageReport(number=number, label=label, text=text[:most], ocr=page.ocr, quality=page.quality)
    return report, len(text) > most


def _facts(facts: Facts) -> FactsReport:
    values = {field.name: getattr(facts, field.name) for field in dataclasses.fields(facts)}
    values |= {name: _short(values[name]) for name in ("title", "author", "language")}
    values |= {
        name: [_short(entry) or "" for entry in values[name][:_MOST_ENTRIES]] for name in ("links", "attachments")
    }
    values["outline"] = [
        OutlineEntry(title=_short(entry["title"]) or "", level=entry["level"], page=entry["page"])
        for entry in facts.outline[:_MOST_ENTRIES]
    ]
    version = registry.engine_version(facts.engine) if facts.engine else None
    return FactsReport(**values, engine_version=version)


def _short(name: str | None) -> str | None:
    return " ".join(clean(name).split())[:_LONGEST_NAME] or None if name else None
