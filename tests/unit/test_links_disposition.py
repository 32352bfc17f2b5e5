"""Any file name fits a header, and comes out of it as it went in."""

from email.message import EmailMessage
from urllib.parse import unquote

import pytest

from libs.links.disposition import content_disposition

NAMES = [
    "report.pdf",
    "two words.pdf",
    'quo"ted".pdf',
    "semi;colon; filename=evil.exe",
    "per%20cent%41.pdf",
    "back\\slash.pdf",
    "it's.pdf",
    "تقرير سنوي.pdf",
    "年度报告.docx",
    "отчёт.xlsx",
    "Résumé ü.pdf",
    "🧾 receipt.pdf",
    "à.pdf",
    "a" * 251 + ".pdf",
    "报" * 83 + ".pdf",
]


def parsed(value: str) -> EmailMessage:
    message = EmailMessage()
    message["Content-Disposition"] = value
    return message


def extended(value: str) -> str:
    return unquote(value.rpartition("filename*=UTF-8''")[2], errors="strict")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_comes_out_as_it_went_in(name: str) -> None:
    value = content_disposition(name)
    assert value.isascii()
    if "filename*" in value:
        assert extended(value) == name
    else:
        assert value == f'attachment; filename="{name}"'


@pytest.mark.parametrize("name", NAMES)
def test_another_parser_reads_an_attachment_with_that_name(name: str) -> None:
    header = parsed(content_disposition(name))
    assert header.get_content_disposition() == "attachment"
    if len(name.encode()) < 200:
        assert header.get_filename() in {name, content_disposition(name).split('"')[1]}


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x=1.pdf", "a\nb", "a\x00b", "a\x7fb", "a\x85b", "a\u2028b"])
def test_a_name_cannot_end_the_header(name: str) -> None:
    value = content_disposition(name)
    assert not any(ord(char) < 0x20 or ord(char) > 0x7E for char in value)
    assert not any(ord(char) < 0x20 for char in extended(value))


@pytest.mark.parametrize("name", NAMES)
def test_the_fallback_holds_nothing_that_clients_disagree_about(name: str) -> None:
    fallback = content_disposition(name).split('"')[1]
    assert not set(fallback) & set('"\\;%/')


def test_accents_are_dropped_rather_than_replaced() -> None:
    assert content_disposition("Résumé.pdf").startswith('attachment; filename="Resume.pdf"; ')


@pytest.mark.parametrize("name", ["", "   "])
def test_no_name_becomes_a_plain_one(name: str) -> None:
    assert content_disposition(name) == 'attachment; filename="download"'


def test_a_lone_surrogate_does_not_raise() -> None:
    assert content_disposition("a\udce9.pdf").isascii()


def test_the_kind_can_be_inline() -> None:
    assert content_disposition("a.pdf", kind="inline") == 'inline; filename="a.pdf"'
