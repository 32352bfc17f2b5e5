"""Which files are taken: the name's ending, and first bytes that do not contradict it."""

import pytest

from services.gateway.files.errors import UnsupportedFileType
from services.gateway.files.sniffing import check_content
from services.gateway.files.types import FILE_TYPES, ending_of, type_by_name

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x20\x00\x00\x00\x20\x08\x00\x00\x00\x00" + bytes(64)
ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x3e\x00\x01\x00\x00\x00" + bytes(100)
MZ = b"MZ\x90\x00" + bytes(100)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4000)
ZIP = b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + bytes(200)


SEEDS_ENDINGS = [
    *(".pdf", ".docx", ".txt", ".json", ".csv", ".xls", ".xlsx", ".ppt", ".pptx", ".htm", ".html"),
    *(".gif", ".png", ".jpg", ".jpeg", ".bmp", ".rtf", ".md", ".doc", ".dotx", ".webp", ".tiff", ".svg"),
]


@pytest.mark.parametrize("ending", SEEDS_ENDINGS)
def test_every_type_of_both_seeds_is_accepted(ending: str) -> None:
    assert type_by_name(f"name{ending}").media_types


@pytest.mark.parametrize(
    ("name", "ending"),
    [("a.pdf.EXE", ".exe"), ("A.PDF", ".pdf"), (".txt", ""), ("README", ""), ("a.", ""), ("ä ö.Md", ".md")],
)
def test_the_last_ending_counts_in_any_case(name: str, ending: str) -> None:
    assert ending_of(name) == ending


@pytest.mark.parametrize("name", ["tool.exe", "README", "a.pdf.exe", "archive.zip", ".pdf", "x.dll"])
def test_other_names_are_refused_and_the_accepted_ones_listed(name: str) -> None:
    with pytest.raises(UnsupportedFileType) as refused:
        type_by_name(name)
    assert ".pdf" in refused.value.extra["accepted"]  # type: ignore[operator] # extra holds anything


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("broken.pdf", b"%PDF-1.7 nothing else"),
        ("late.pdf", b"junk before\n" * 20 + b"%PDF-1.4\n"),
        ("noise.pdf", b"\x00\x01\x02\x03" * 50),
        ("a.docx", ZIP),
        ("encrypted.docx", OLE),
        ("script.txt", b"#!/bin/sh\nrm -rf /\n"),
        ("notes.md", "# Überschrift\n".encode()),
        ("cut.txt", "ä".encode() * 10 + b"\xc3"),
        ("utf16.txt", "hello".encode("utf-16")),
        ("latin.csv", "name;größe\n".encode("latin-1")),
        ("data.json", b'{"a": 1}'),
        ("one.txt", b"a"),
        ("page.html", b"<!doctype html><title>x</title>"),
        ("drawing.xml", b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
        ("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
        ("old.xls", b"<html><table><tr><td>1</td></tr></table></html>"),
        ("old.doc", b"{\\rtf1\\ansi hello}"),
        ("old.doc", OLE),
        ("mail.eml", b"From: a@b.c\nTo: c@d.e\nSubject: x\nMIME-Version: 1.0\n\nhello"),
        ("initials.txt", b"MZ is how Mark Zbikowski signs.\n"),
    ],
)
def test_content_that_does_not_contradict_the_name_passes(name: str, head: bytes) -> None:
    expected = type_by_name(name)
    assert check_content(head, expected) == expected.media_type


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("picture.pdf", PNG),
        ("page.pdf", b"<!doctype html><title>x</title>"),
        ("setup.pdf", MZ),
        ("setup.txt", MZ),
        ("setup.txt", ELF),
        ("setup.docx", ELF),
        ("document.txt", b"%PDF-1.4\n1 0 obj\n"),
        ("archive.txt", ZIP),
        ("picture.csv", PNG),
        ("document.png", b"%PDF-1.4\n"),
        ("vector.png", b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
        ("plain.docx", b"just some words that are no package"),
    ],
)
def test_content_that_contradicts_the_name_is_refused_and_named(name: str, head: bytes) -> None:
    with pytest.raises(UnsupportedFileType) as refused:
        check_content(head, type_by_name(name))
    assert refused.value.extra["found"]


def test_an_image_under_another_images_name_is_stored_as_what_it_is() -> None:
    assert check_content(PNG, type_by_name("photo.jpg")) == "image/png"


def test_every_ending_is_lower_case_and_has_a_media_type() -> None:
    assert all(ending == ending.lower() and kind.media_type for ending, kind in FILE_TYPES.items())
