"""What a document really is: content first, then the name's ending, then the declared type."""

from pathlib import Path

import pytest

from services.extraction.content import ErrorCode, Reason, Unreadable
from services.extraction.detection import detect
from services.extraction.extractors import registry
from services.extraction.media_types import (
    EXCEL,
    HTML,
    LEGACY_EXCEL,
    LEGACY_POWERPOINT,
    LEGACY_WORD,
    MAIL,
    ODF_TEXT,
    PDF,
    POWERPOINT,
    RTF,
    WORD,
)
from tests.support import documents
from tests.support.compound_files import compound_file
from tests.support.samples import pdf

registry.load_all()

MESSAGE = b"MIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n boundary=x\r\n\r\n--x\r\n\r\nbody"
OUTLOOK = "application/vnd.ms-outlook"
HTML_PAGE = b"<html><body>x</body></html>"


@pytest.fixture(autouse=True)
def every_type_has_an_extractor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register one for all, because detection asks; these tests are not about which formats are there."""
    plain = registry.find("text/plain")
    assert plain is not None
    found = dict.fromkeys([WORD, EXCEL, POWERPOINT, LEGACY_WORD, LEGACY_EXCEL, RTF, HTML, MAIL, PDF, ODF_TEXT], plain)
    monkeypatch.setattr(registry, "_BY_MEDIA_TYPE", {**found, **registry._BY_MEDIA_TYPE})


def written(folder: Path, content: bytes) -> Path:
    source = folder / "source"
    source.write_bytes(content)
    return source


def package(main_part: str, folder: str = "word/") -> bytes:
    """Make an Office package that declares a main part of this content type."""
    types = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Default Extension="xml" ContentType="application/xml"/><Override PartName="/x" ContentType="{main_part}"/>'
        "</Types>"
    )
    return documents.zipped({"[Content_Types].xml": types.encode(), f"{folder}document.xml": b"<x/>"})


_OOXML = "application/vnd.openxmlformats-officedocument"


@pytest.mark.parametrize(
    ("content", "suffix", "media_type", "mismatch"),
    [
        (pdf("x"), ".pdf", PDF, False),
        (b"junk\n" + pdf("x"), ".pdf", PDF, False),
        (pdf("x"), ".docx", PDF, True),
        (pdf("x"), ".txt", PDF, False),
        (documents.report_docx(), ".docx", WORD, False),
        (documents.report_docx(), ".txt", WORD, False),
        (documents.report_docx(), ".doc", WORD, True),
        (b"a,b\n1,2\n", ".csv", "text/csv", False),
        (b"a\tb\n", ".tsv", "text/tab-separated-values", False),
        (b"a,b\n1,2\n" * 20, ".log", "text/plain", False),
        (b"# x\n", ".md", "text/markdown", False),
        (b'{"a": 1}', ".json", "application/json", False),
        (b'{"a": 1}', ".txt", "application/json", False),
        (b"import os\n", ".py", "text/plain", False),
        (b"plain words", "", "text/plain", False),
        (HTML_PAGE, ".html", HTML, False),
        (HTML_PAGE, ".txt", "text/plain", False),
        ("Grüße".encode("cp1252"), ".txt", "text/plain", False),
        ("Grüße".encode("utf-16"), ".txt", "text/plain", False),
        (b"x" * ((1 << 20) - 1) + "é".encode(), ".txt", "text/plain", False),
        (documents.PNG, ".png", "image/png", False),
        (documents.PNG, ".jpg", "image/png", True),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", ".svg", "text/plain", False),
        (b"<?xml version='1.0'?><x/>", ".xml", "text/plain", False),
    ],
)
def test_content_decides_the_type_and_the_name_tells_kinds_of_text_apart(
    tmp_path: Path, content: bytes, suffix: str, media_type: str, mismatch: bool
) -> None:
    detected = detect(written(tmp_path, content), suffix)
    assert (detected.media_type, detected.mismatch) == (media_type, mismatch)


@pytest.mark.parametrize(
    ("main_part", "media_type"),
    [
        (f"{_OOXML}.wordprocessingml.template.main+xml", WORD),
        ("application/vnd.ms-word.document.macroEnabled.main+xml", WORD),
        ("application/vnd.ms-word.template.macroEnabledTemplate.main+xml", WORD),
        (f"{_OOXML}.spreadsheetml.sheet.main+xml", EXCEL),
        ("application/vnd.ms-excel.sheet.macroEnabled.main+xml", EXCEL),
        (f"{_OOXML}.presentationml.slideshow.main+xml", POWERPOINT),
        ("application/vnd.ms-powerpoint.template.macroEnabled.main+xml", POWERPOINT),
    ],
)
def test_the_main_part_decides_what_an_office_package_is_whatever_its_folders(
    tmp_path: Path, main_part: str, media_type: str
) -> None:
    assert detect(written(tmp_path, package(main_part)), "").media_type == media_type


@pytest.mark.parametrize("main_part", ["application/vnd.ms-excel.sheet.binary.macroEnabled.main", "text/xml"])
def test_a_package_without_a_known_main_part_is_what_its_folders_say(tmp_path: Path, main_part: str) -> None:
    assert detect(written(tmp_path, package(main_part, "xl/")), "").media_type == EXCEL
    assert detect(written(tmp_path, package(main_part, "visio/")), "").media_type == "application/zip"


@pytest.mark.parametrize("suffix", [".docm", ".dotx", ".dotm"])
def test_variants_with_macros_and_templates_match_their_endings(tmp_path: Path, suffix: str) -> None:
    assert not detect(written(tmp_path, documents.report_docx()), suffix).mismatch


def test_an_opendocument_template_is_an_opendocument(tmp_path: Path) -> None:
    content = documents.zipped({"mimetype": f"{ODF_TEXT}-template".encode(), "content.xml": b"<x/>"})
    assert detect(written(tmp_path, content), ".ott").media_type == ODF_TEXT


@pytest.mark.parametrize("declared", ["image/png", "application/pdf", "text/plain", f"{ODF_TEXT}x", "x" * 5_000, ""])
def test_a_zip_cannot_declare_itself_to_be_anything_else(tmp_path: Path, declared: str) -> None:
    content = documents.zipped({"mimetype": declared.encode(), "content.xml": b"<x/>"})
    assert detect(written(tmp_path, content), "").media_type == "application/zip"


@pytest.mark.parametrize("declared", ["application/epub+zip", "application/vnd.oasis.opendocument.graphics"])
def test_a_zip_may_declare_itself_a_document(tmp_path: Path, declared: str) -> None:
    content = documents.zipped({"mimetype": declared.encode(), "content.xml": b"<x/>"})
    assert detect(written(tmp_path, content), "").media_type == declared


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize(
    ("stream", "media_type"),
    [
        ("WordDocument", LEGACY_WORD),
        ("Workbook", LEGACY_EXCEL),
        ("Book", LEGACY_EXCEL),
        ("PowerPoint Document", LEGACY_POWERPOINT),
        ("__properties_version1.0", OUTLOOK),
        ("Contents", "application/x-ole-storage"),
    ],
)
def test_the_directory_of_an_ole_file_says_what_it_is_wherever_it_lies(
    tmp_path: Path, stream: str, media_type: str, at_end: bool
) -> None:
    content = compound_file({"CompObj": b"", stream: b"x" * 30_000}, directory_at_end=at_end)
    assert detect(written(tmp_path, content), "").media_type == media_type


def test_a_damaged_ole_file_is_tried_as_the_legacy_type_its_name_claims(tmp_path: Path) -> None:
    source = written(tmp_path, compound_file({"WordDocument": b"x"})[:600])
    assert detect(source, ".doc").media_type == LEGACY_WORD


@pytest.mark.parametrize(
    ("content", "suffix", "media_type"),
    [
        (rb"{\rtf1 x}", ".doc", RTF),
        (HTML_PAGE, ".doc", HTML),
        (HTML_PAGE, ".xls", HTML),
        (MESSAGE, ".doc", MAIL),
        (b"a\tb\n1\t2\n", ".xls", "text/plain"),
    ],
)
def test_other_formats_under_the_name_of_a_legacy_document_are_read_with_a_warning(
    tmp_path: Path, content: bytes, suffix: str, media_type: str
) -> None:
    detected = detect(written(tmp_path, content), suffix)
    assert (detected.media_type, detected.mismatch) == (media_type, True)


@pytest.mark.parametrize(
    ("content", "suffix", "media_type"),
    [
        (MESSAGE, ".eml", MAIL),
        (MESSAGE, ".mht", MAIL),
        (MESSAGE, "", MAIL),
        (b"Subject: caf\xe9\nFrom: a@b\n\ncaf\xe9", ".eml", MAIL),
        (b"Subject: x\nFrom: a@b\n\n\xff\x00\xfe binary part", ".eml", MAIL),
        (MESSAGE, ".txt", "text/plain"),
        (b"Title: x\nWords: y\n\nno message", "", "text/plain"),
    ],
)
def test_a_message_is_known_by_its_header(tmp_path: Path, content: bytes, suffix: str, media_type: str) -> None:
    assert detect(written(tmp_path, content), suffix).media_type == media_type


@pytest.mark.parametrize(
    ("content", "suffix", "declared", "media_type", "mismatch"),
    [
        (b"a,b\n1,2\n", "", "text/csv", "text/csv", False),
        (b"# x", "", "text/markdown", "text/markdown", False),
        (b"# x", ".md", "text/csv", "text/markdown", False),
        (b"a,b\n1,2\n", ".csv", LEGACY_EXCEL, "text/csv", False),
        (pdf("x"), "", WORD, PDF, True),
        (pdf("x"), ".final", WORD, PDF, True),
        (pdf("x"), ".pdf", WORD, PDF, False),
        (pdf("x"), "", "application/octet-stream", PDF, False),
        (pdf("x"), "", "text/plain", PDF, False),
    ],
)
def test_the_declared_type_counts_where_the_name_says_nothing(
    tmp_path: Path, content: bytes, *, suffix: str, declared: str, media_type: str, mismatch: bool
) -> None:
    detected = detect(written(tmp_path, content), suffix, declared)
    assert (detected.media_type, detected.mismatch) == (media_type, mismatch)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (pdf("x") + documents.report_docx(), PDF),
        (documents.PNG + documents.report_docx(), "image/png"),
        (b"GIF89a\1\0\1\0\0\0\0;" + documents.zipped({"META-INF/MANIFEST.MF": b"", "A.class": b""}), "image/gif"),
        (b"%PDF-1.4\n<html><script>alert(1)</script></html>", PDF),
        (HTML_PAGE + documents.report_docx(), WORD),
        (compound_file({"WordDocument": b"x"}) + documents.report_docx(), LEGACY_WORD),
    ],
)
def test_a_polyglot_is_what_it_begins_as(tmp_path: Path, content: bytes, media_type: str) -> None:
    assert detect(written(tmp_path, content), "").media_type == media_type


@pytest.mark.parametrize(
    ("content", "suffix", "code", "reason"),
    [
        (compound_file({"EncryptionInfo": b"", "EncryptedPackage": b""}), ".docx", ErrorCode.ENCRYPTED, None),
        (compound_file({"WordDocument": b"x"})[:600], ".docx", ErrorCode.CORRUPT, None),
        (b"\x81\0\3" * 100, ".pdf", ErrorCode.CORRUPT, None),
        (documents.report_docx()[:500], ".docx", ErrorCode.CORRUPT, Reason.CUT_OFF),
        (documents.PNG, ".pdf", ErrorCode.UNSUPPORTED_TYPE, None),
        (b"MZ\x90\0" + bytes(60), ".docx", ErrorCode.UNSUPPORTED_TYPE, None),
        (documents.zipped({"a": b"x"}), ".docx", ErrorCode.UNSUPPORTED_TYPE, None),
    ],
)
def test_content_that_is_not_what_its_name_promises_has_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, content: bytes, suffix: str, code: str, reason: Reason | None
) -> None:
    readable = {name: found for name, found in registry._BY_MEDIA_TYPE.items() if not name.startswith("image/")}
    monkeypatch.setattr(registry, "_BY_MEDIA_TYPE", readable)
    with pytest.raises(Unreadable) as refused:
        detect(written(tmp_path, content), suffix)
    assert (refused.value.code, refused.value.reason) == (code, reason)
