"""A stranger's file never comes as a type that a browser would run."""

import pytest

from libs.links.media_types import served_type

OPAQUE = "application/octet-stream"


@pytest.mark.parametrize(
    "media_type",
    [
        "text/html",
        "TEXT/HTML",
        " text/html ; charset=utf-8",
        "image/svg+xml",
        "application/xhtml+xml",
        "text/xml",
        "application/xml",
        "application/atom+xml",
        "text/javascript",
        "application/x-javascript",
        "application/wasm",
        "multipart/x-mixed-replace; boundary=x",
        "message/rfc822",
        "text/css",
        "application/mathml+xml",
        "text/xsl",
    ],
)
def test_active_types_are_served_as_bytes(media_type: str) -> None:
    assert served_type(media_type) == OPAQUE


@pytest.mark.parametrize(
    "media_type",
    ["", "/", "text", "text/", "text/plain\r\nX: y", "te xt/plain", "a/b/c", "text/plain, text/html", "é/x"],
)
def test_malformed_types_are_served_as_bytes(media_type: str) -> None:
    assert served_type(media_type) == OPAQUE


@pytest.mark.parametrize(
    "media_type",
    [
        "application/pdf",
        "text/plain",
        "text/csv",
        "image/png",
        "audio/mpeg",
        "application/json",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.ms-excel",
    ],
)
def test_passive_types_stay(media_type: str) -> None:
    assert served_type(media_type) == media_type


def test_parameters_are_dropped() -> None:
    assert served_type("text/plain; charset=utf-8") == "text/plain"
