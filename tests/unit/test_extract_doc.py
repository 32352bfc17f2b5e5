"""Legacy Word documents (.doc), through LibreOffice and without it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.extraction.content import ErrorCode, Facts, Item, Limits, Notice, Page, Unreadable, Warn
from services.extraction.converter import ConversionFailed
from services.extraction.extractors import doc
from services.extraction.extractors.doc import extract_doc
from services.extraction.protocol import Begun, FactsReport
from services.extraction.sandbox import Sandbox
from services.extraction.settings import SandboxSettings
from tests.support.legacy_documents import encrypted_doc, report_doc, scrambled, with_text
from tests.support.sandboxed import read_in_sandbox


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(SandboxSettings(), slots=1)
    await sandbox.start()
    yield sandbox
    await sandbox.aclose()


def written(folder: Path, content: bytes) -> Path:
    source = folder / "source"
    source.write_bytes(content)
    return source


@pytest.fixture
def without_libreoffice(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> Path:
        raise ConversionFailed

    monkeypatch.setattr(doc, "convert", refuse)


def refusal(source: Path) -> ErrorCode:
    with pytest.raises(Unreadable) as refused:
        list(extract_doc(source, Limits()))
    return refused.value.code


async def test_a_document_is_read_in_the_sandbox_page_by_page(sandbox: Sandbox, tmp_path: Path) -> None:
    outcome = await read_in_sandbox(sandbox, tmp_path, report_doc(), ".doc", seconds=60)
    assert outcome.code is None
    first, second = outcome.texts
    for words in ("Results", "Revenue rose; Привет 中文", "kept inserted", "concealed", "cell"):
        assert words in first
    assert "deleted" not in first
    assert "[Comment by Bob: a remark]" in first
    assert "second page" in second
    assert outcome.heavy
    assert not outcome.left_alive


async def test_a_document_says_what_it_is_and_who_read_it(sandbox: Sandbox, tmp_path: Path) -> None:
    outcome = await read_in_sandbox(sandbox, tmp_path, report_doc(), ".doc", seconds=60)
    begun = outcome.reports[0]
    assert isinstance(begun, Begun)
    assert begun.engine == "libreoffice"
    assert begun.engine_version
    assert begun.engine_version[0].isdecimal()
    facts = [report for report in outcome.reports if isinstance(report, FactsReport)]
    assert [fact.title for fact in facts if fact.title][-1] == "A report"
    assert [fact.author for fact in facts if fact.author][-1] == "Ada"
    assert [fact.macros for fact in facts if fact.macros is not None][-1] is False


@pytest.mark.parametrize(("stream", "start"), [("WordDocument", 600), ("1Table", 0)])
async def test_noise_in_a_document_ends_in_text_or_a_code_and_leaves_no_program(
    sandbox: Sandbox, tmp_path: Path, stream: str, start: int
) -> None:
    outcome = await read_in_sandbox(sandbox, tmp_path, scrambled(report_doc(), stream, start), ".doc", seconds=60)
    assert outcome.code is not None or outcome.texts
    assert outcome.code is not ErrorCode.TIMEOUT
    assert not outcome.left_alive


@pytest.mark.usefixtures("without_libreoffice")
def test_without_libreoffice_every_piece_of_text_is_read_with_a_warning(tmp_path: Path) -> None:
    items = list(extract_doc(written(tmp_path, report_doc()), Limits()))
    text = "".join(item.text for item in items if isinstance(item, Page))
    for words in (
        "Results",
        "Revenue rose; Привет 中文",
        "inserted",
        "cell",
        "second page",
        "running header",
        "a remark",
    ):
        assert words in text
    assert Facts(engine="satchel") in items
    assert Notice(Warn.FALLBACK_ENGINE) in items


@pytest.mark.usefixtures("without_libreoffice")
def test_fields_show_their_results_only(tmp_path: Path) -> None:
    field = "\x13PAGE \x13x\x15\x147\x15"
    source = written(tmp_path, with_text(report_doc(), "Revenue rose", field))
    text = "".join(item.text for item in extract_doc(source, Limits()) if isinstance(item, Page))
    assert "7; Привет 中文" in text
    assert "PAGE" not in text


@pytest.mark.usefixtures("without_libreoffice")
@pytest.mark.parametrize(("stream", "start"), [("WordDocument", 34), ("1Table", 0), ("1Table", 2_000)])
def test_noise_without_libreoffice_ends_in_text_or_corrupt(tmp_path: Path, stream: str, start: int) -> None:
    source = written(tmp_path, scrambled(report_doc(), stream, start))
    codes: set[ErrorCode | None] = {None}
    found: list[Item] = []
    try:
        found += extract_doc(source, Limits())
    except Unreadable as error:
        codes = {error.code}
    assert codes == {ErrorCode.CORRUPT} or any(isinstance(item, Page) for item in found)


def test_a_document_with_a_password_is_encrypted(tmp_path: Path) -> None:
    assert refusal(written(tmp_path, encrypted_doc())) is ErrorCode.ENCRYPTED


@pytest.mark.parametrize(
    "content",
    [
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"garbage" * 500,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        report_doc()[:3_000],
        scrambled(report_doc(), "WordDocument", 0),
    ],
)
def test_what_has_only_the_beginning_of_a_document_is_corrupt(tmp_path: Path, content: bytes) -> None:
    assert refusal(written(tmp_path, content)) is ErrorCode.CORRUPT


def test_the_date_of_the_conversion_is_not_the_documents(tmp_path: Path) -> None:
    items = list(extract_doc(written(tmp_path, report_doc()), Limits()))
    created = {item.created_at.year for item in items if isinstance(item, Facts) and item.created_at}
    assert created == {2013}
