"""LibreOffice as a converter."""

from pathlib import Path

import pytest

from services.extraction import converter
from services.extraction.converter import ConversionFailed, convert
from tests.support.documents import report_docx
from tests.support.sandboxed import alive_in

_FILTER = "MS Word 2007 XML"


def written(folder: Path, content: bytes) -> Path:
    source = folder / "source"
    source.write_bytes(content)
    return source


def test_a_document_is_converted_beside_itself_with_a_first_profile(tmp_path: Path) -> None:
    converted = convert(written(tmp_path, report_docx()), "pdf", input_filter=_FILTER)
    assert converted.parent.parent == tmp_path
    assert converted.read_bytes().startswith(b"%PDF-")
    assert not alive_in(tmp_path)


def test_libreoffice_obeys_the_profile(tmp_path: Path) -> None:
    """LibreOffice writes back what it knows of a profile; a setting it did not know would be gone."""
    convert(written(tmp_path, report_docx()), "pdf", input_filter=_FILTER)
    profile = (tmp_path / "office/profile/user/registrymodifications.xcu").read_text()
    assert "FirstRun" in profile
    for path, name in converter._SETTINGS:
        assert f'"/org.openoffice.{path}"><prop oor:name="{name}"' in profile


def test_content_that_the_named_filter_does_not_read_fails(tmp_path: Path) -> None:
    with pytest.raises(ConversionFailed):
        convert(written(tmp_path, b"<html>not a Word document</html>"), "pdf", input_filter="MS Word 97")


def test_a_conversion_out_of_time_fails_and_leaves_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converter, "_SECONDS", 0.05)
    with pytest.raises(ConversionFailed):
        convert(written(tmp_path, report_docx()), "pdf", input_filter=_FILTER)
    assert not alive_in(tmp_path)


def test_an_absent_libreoffice_fails_and_has_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert converter.version()[0].isdecimal()
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert converter.version() == "absent"
    with pytest.raises(ConversionFailed):
        convert(written(tmp_path, report_docx()), "pdf", input_filter=_FILTER)
