"""What runs in the child: confine itself, detect, check, extract, report. Everything here may be taken over or killed.

Caps are applied here, where cutting is cheap, and once more by the reader of the reports, who trusts none of this.
"""

import dataclasses
import os
import traceback
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NoReturn

from services.extraction import confinement, syscall_filter
from services.extraction.archives import check_archive, refuse_doctype
from services.extraction.causes import reason_of
from services.extraction.content import ErrorCode, Facts, Heavy, Item, Limits, Notice, Page, Unreadable, Warn
from services.extraction.detection import detect
from services.extraction.extractors import registry
from services.extraction.media_types import OFFICE_PACKAGES, ZIPPED
from services.extraction.protocol import (
    SOURCE_NAME,
    Begun,
    Ended,
    FactsReport,
    HeavyReport,
    InForce,
    OutlineEntry,
    PageReport,
    Report,
    Task,
    WarningReport,
    encode,
)
from services.extraction.text import LANGUAGE_SAMPLE_CHARACTERS, clean, detect_language

_REPORTS = 3
_LONGEST_NAME = 500
_MOST_ENTRIES = 1_000
_DEEPEST_LEVEL = 100
"""What an outline may say; documents nest deeper, which is no reason to lose them."""
_DIAGNOSIS_CHARACTERS = 10_000

Send = Callable[[Report], None]


def work(reports: int, task: Task, in_force: InForce) -> NoReturn:
    """Confine this process, read the document, end the process. ``reports`` is the pipe to write frames to."""
    try:
        _confine(reports, task, in_force)
        _send(_read(Path(SOURCE_NAME), task, _send, in_force))
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


def _confine(reports: int, task: Task, in_force: InForce) -> None:
    """Take every layer that is in force; one that the kernel now denies ends the child instead of being left out."""
    os.setpgid(0, 0)
    os.chdir(task.folder)
    os.dup2(reports, _REPORTS)  # before anything is opened, which could take that number
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(_REPORTS):
        os.dup2(null, standard)
    os.closerange(_REPORTS + 1, os.sysconf("SC_OPEN_MAX"))
    os.nice(task.niceness)
    confinement.limit_resources(task, own_user=in_force.own_user)
    layers = (
        (in_force.mount_namespace, confinement.hide_shared_folders),
        (in_force.own_user, partial(confinement.become_nobody, task.slot)),
        (True, confinement.drop_capabilities),
        (True, confinement.die_with_parent),
        (in_force.landlock, partial(confinement.restrict_files, sockets_in_tmp=not in_force.mount_namespace)),
        (in_force.syscall_filter, syscall_filter.refuse_kernel_interfaces),
    )
    _take(layers)


def _confine_to_this_process(in_force: InForce) -> None:
    """Take away what only converters need: processes, programs, sockets. Here too a denied layer ends the reading."""
    layers = (
        (in_force.landlock and not in_force.mount_namespace, confinement.restrict_files),
        (in_force.syscall_filter, syscall_filter.refuse_new_processes),
    )
    _take(layers)


def _take(layers: Iterable[tuple[bool, confinement.Attempt]]) -> None:
    for wanted, layer in layers:
        if wanted and not layer():
            raise PermissionError(layer)


def _read(source: Path, task: Task, send: Send, in_force: InForce) -> Ended:
    """Detect, check and extract, sending reports as they come; the returned one is the last."""
    try:
        detected = detect(source, task.suffix, task.declared_type)
        found = registry.find(detected.media_type)
        if detected.mismatch:
            send(WarningReport(warning=Warn.TYPE_MISMATCH))
        if found is None:
            send(Begun(media_type=detected.media_type))
            return Ended()
        send(Begun(media_type=detected.media_type, engine=found.engine, engine_version=found.engine_version))
        if found.heavy:
            send(HeavyReport())
        if not found.needs_processes:
            _confine_to_this_process(in_force)
        _check(source, detected.media_type, task.limits)
        for report in reports_of(found.extract(source, task.limits), task.limits):
            send(report)
    except Unreadable as error:
        return Ended(error=error.code, reason=error.reason or reason_of(error))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a parser may fail in any way; the service logs the traceback
        return Ended(error=ErrorCode.CORRUPT, reason=reason_of(error), diagnosis=_diagnosis())
    return Ended()


def _check(source: Path, media_type: str, limits: Limits) -> None:
    """Look at what costs little before a parser sees the document."""
    if media_type in ZIPPED:
        check_archive(source, limits)
    if media_type in OFFICE_PACKAGES:
        refuse_doctype(source)


def reports_of(items: Iterator[Item], limits: Limits) -> Iterator[Report]:
    """Turn what an extractor yields into reports within the limits.

    Each warning, and that the document is heavy, is said once, the language last.
    """
    warned: set[Warn] = set()
    heavy = False
    sample = ""
    for item in _cut(items, limits):
        if isinstance(item, Facts):
            yield _facts(item)
        elif isinstance(item, Page):
            sample = sample if len(sample) > LANGUAGE_SAMPLE_CHARACTERS else f"{sample} {item.text}"
            yield _page(item)
        elif isinstance(item, Heavy):
            if not heavy:
                yield HeavyReport()
            heavy = True
        elif item.warning not in warned:
            warned.add(item.warning)
            yield WarningReport(warning=item.warning)
    if language := detect_language(sample):
        yield FactsReport(language=language)


def _cut(items: Iterator[Item], limits: Limits) -> Iterator[Item]:
    """Clean and number the pages, end them where a limit is reached, and say so."""
    pages, characters, number = 0, 0, 0
    for item in items:
        if not isinstance(item, Page):
            yield item
            continue
        if pages == limits.pages or characters == limits.characters:
            yield Notice(Warn.TRUNCATED_PAGES if pages == limits.pages else Warn.TRUNCATED_TEXT)
            return
        text = clean(item.text)
        most = min(limits.page_characters, limits.characters - characters)
        number = item.number or number + 1
        yield dataclasses.replace(item, text=text[:most], number=number)
        pages, characters = pages + 1, characters + min(len(text), most)
        if len(text) > most:
            yield Notice(Warn.TRUNCATED_TEXT)


def _page(page: Page) -> PageReport:
    label = _short(page.label)
    return PageReport(number=page.number or 1, label=label, text=page.text, ocr=page.ocr, quality=page.quality)


def _facts(facts: Facts) -> FactsReport:
    values = {field.name: getattr(facts, field.name) for field in dataclasses.fields(facts)}
    values |= {name: _short(values[name]) for name in ("title", "author", "language")}
    values |= {
        name: [_short(entry) or "" for entry in values[name][:_MOST_ENTRIES]] for name in ("links", "attachments")
    }
    values["outline"] = [
        OutlineEntry(title=_short(entry["title"]) or "", level=_outline_level(entry["level"]), page=entry["page"])
        for entry in facts.outline[:_MOST_ENTRIES]
    ]
    version = registry.engine_version(facts.engine) if facts.engine else None
    return FactsReport(**values, engine_version=version)


def _outline_level(level: int) -> int:
    return min(max(level, 1), _DEEPEST_LEVEL)


def _short(name: str | None) -> str | None:
    return " ".join(clean(name).split())[:_LONGEST_NAME] or None if name else None
