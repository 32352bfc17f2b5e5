"""Legacy presentations (.ppt), through LibreOffice and without it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.extraction.content import ErrorCode, Facts, Limits, Notice, Page, Unreadable, Warn
from services.extraction.converter import ConversionFailed
from services.extraction.extractors import ppt
from services.extraction.extractors.ppt import extract_ppt
from services.extraction.protocol import PageReport
from services.extraction.sandbox import Sandbox
from services.extraction.settings import SandboxSettings
from tests.support.legacy_documents import deck_ppt, encrypted_ppt, patched, scrambled
from tests.support.sandboxed import read_in_sandbox

_STREAM = "PowerPoint Document"


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(SandboxSettings(), slots=1)
    await sandbox.start()
    yield sandbox
    await sandbox.aclose()


@pytest.fixture
def without_libreoffice(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> Path:
        raise ConversionFailed

    monkeypatch.setattr(ppt, "convert", refuse)


def read(folder: Path, content: bytes) -> list[Page | Facts | Notice]:
    source = folder / "source"
    source.write_bytes(content)
    return [item for item in extract_ppt(source, Limits()) if isinstance(item, Page | Facts | Notice)]


async def test_a_presentation_is_read_in_the_sandbox_with_titles_notes_and_hidden_slides(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    outcome = await read_in_sandbox(sandbox, tmp_path, deck_ppt(), ".ppt", seconds=60)
    assert outcome.code is None
    pages = [report for report in outcome.reports if isinstance(report, PageReport)]
    assert [(page.number, page.label) for page in pages] == [(1, "one"), (2, "two (hidden)")]
    assert pages[0].text.startswith("# one\n\n")
    assert "text of one" in pages[0].text
    assert pages[0].text.endswith("Notes: spoken Привет")
    assert outcome.heavy
    assert not outcome.left_alive


async def test_noise_in_a_presentation_ends_in_text_or_a_code_and_leaves_no_program(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    for start in (0, 3_000):
        outcome = await read_in_sandbox(sandbox, tmp_path, scrambled(deck_ppt(), _STREAM, start), ".ppt", seconds=60)
        assert outcome.code is not None or outcome.texts
        assert outcome.code is not ErrorCode.TIMEOUT
        assert not outcome.left_alive


@pytest.mark.usefixtures("without_libreoffice")
def test_without_libreoffice_the_text_records_are_read(tmp_path: Path) -> None:
    items = read(tmp_path, deck_ppt())
    first, second = (item for item in items if isinstance(item, Page))
    assert (first.number, first.text.split("\n\n")[:2]) == (1, ["one", "text of one"])
    assert "Notes: spoken Привет" in first.text
    assert second.label is not None
    assert second.label.endswith("(hidden)")
    assert Facts(engine="satchel") in items
    assert Notice(Warn.FALLBACK_ENGINE) in items


@pytest.mark.usefixtures("without_libreoffice")
@pytest.mark.parametrize("edit", [b"\xff\xff\xff\x7f", b"\x00\x00\x00\x00"])
def test_records_that_lead_nowhere_are_corrupt(tmp_path: Path, edit: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        read(tmp_path, patched(deck_ppt(), "Current User", 16, edit))
    assert refused.value.code is ErrorCode.CORRUPT


@pytest.mark.usefixtures("without_libreoffice")
def test_records_of_noise_are_corrupt_or_empty(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as refused:
        read(tmp_path, scrambled(deck_ppt(), _STREAM, 0))
    assert refused.value.code is ErrorCode.CORRUPT


def test_a_presentation_with_a_password_is_encrypted(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as refused:
        read(tmp_path, encrypted_ppt())
    assert refused.value.code is ErrorCode.ENCRYPTED


def test_a_cut_off_presentation_is_corrupt(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as refused:
        read(tmp_path, deck_ppt()[:3_000])
    assert refused.value.code is ErrorCode.CORRUPT
