"""Metadata on its way through HTTP headers."""

import pytest

from libs.objects.metadata import metadata_headers, read_metadata


def test_any_text_survives_the_headers() -> None:
    metadata = {"filename": "Übersicht  中文 100%\r\n.pdf ", "app_id": "a-1", "sha256": "ab"}
    headers = metadata_headers(metadata)
    assert "".join(headers.values()).isascii()
    assert all(" " not in value for value in headers.values())
    assert read_metadata({"Content-Type": "text/plain"} | {name.title(): value for name, value in headers.items()}) == (
        metadata
    )


def test_an_empty_value_is_left_out() -> None:
    assert metadata_headers({"conversation_id": ""}) == {}


@pytest.mark.parametrize("name", ["", "Upper", "with-hyphen", "with space", "_x", "x__y"])
def test_a_name_that_would_not_come_back_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="snake_case"):
        metadata_headers({name: "value"})


def test_more_than_s3_takes_is_refused() -> None:
    with pytest.raises(ValueError, match="2048"):
        metadata_headers({"filename": "中" * 255})
