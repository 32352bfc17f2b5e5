"""Mail: its headers, the better of its bodies, the messages inside it, and names that must stay names."""

import time
from email.message import EmailMessage
from pathlib import Path

import pytest

from services.extraction.content import ErrorCode, Facts, Limits, Notice, Page, Reason, Unreadable, Warn
from services.extraction.detection import detect
from services.extraction.extractors import registry
from services.extraction.extractors.eml import extract_eml
from tests.support.web_documents import mail, nested_multiparts

registry.load_all()


def items_of(folder: Path, content: bytes | EmailMessage, limits: Limits | None = None) -> list[object]:
    source = folder / "source"
    source.write_bytes(content if isinstance(content, bytes) else content.as_bytes())
    return list(extract_eml(source, limits or Limits()))


def pages_of(folder: Path, content: bytes | EmailMessage) -> list[Page]:
    return [item for item in items_of(folder, content) if isinstance(item, Page)]


def last_facts(folder: Path, content: bytes | EmailMessage) -> Facts:
    return [item for item in items_of(folder, content) if isinstance(item, Facts)][-1]


def test_a_message_begins_with_its_headers(tmp_path: Path) -> None:
    message = mail(
        "First.\n\nSecond.\n", To="b@example.org", Cc="c@example.org", Date="Fri, 02 Jan 2026 03:04:05 +0100"
    )
    facts, page, *_ = items_of(tmp_path, message)
    assert page == Page(
        "From: Ada <ada@example.org>\nTo: b@example.org\nCc: c@example.org\nDate: Fri, 02 Jan 2026 03:04:05 +0100\n"
        "Subject: Hello\n\nFirst.\n\nSecond.",
        label="Hello",
    )
    assert isinstance(facts, Facts)
    assert (facts.title, facts.author) == ("Hello", "Ada <ada@example.org>")
    assert facts.created_at is not None
    assert facts.created_at.isoformat() == "2026-01-02T03:04:05+01:00"


def test_the_plain_body_is_taken_where_it_says_as_much(tmp_path: Path) -> None:
    message = mail("Hello big world")
    message.add_alternative('<p>Hello <b>big</b> <a href="http://example.org/">world</a>', subtype="html")
    (page,) = pages_of(tmp_path, message)
    assert page.text.endswith("\n\nHello big world")


def test_the_rich_body_is_taken_where_it_says_more(tmp_path: Path) -> None:
    message = mail("See the web version")
    message.add_alternative('<h1>Offer</h1><table><tr><th>A<th>B<tr><td>1<td><a href="x">2</a></table>', subtype="html")
    pages = pages_of(tmp_path, message)
    assert pages[1] == Page("# Offer\n\n| A | B |\n| --- | --- |\n| 1 | 2 |", label="Offer")
    assert "web version" not in pages[0].text
    assert last_facts(tmp_path, message).links == ["x"]


def test_attachments_are_listed_by_name_and_stay_unread(tmp_path: Path) -> None:
    message = mail("body")
    message.add_attachment("secret,1\n", subtype="csv", filename="../../ü.csv")
    message.add_attachment("more", filename="note.txt")
    message.add_attachment(b"x", maintype="application", subtype="ms-tnef", filename="winmail.dat")
    message.add_attachment(b"x", maintype="image", subtype="png", disposition="inline")
    (page,) = pages_of(tmp_path, message)
    assert page.text.endswith("Subject: Hello\n\nbody")
    assert last_facts(tmp_path, message).attachments == ["../../ü.csv", "note.txt", "winmail.dat", "image/png"]
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


@pytest.mark.parametrize("kind", ["plain", "html", "enriched", "markdown"])
def test_a_body_that_has_a_name_is_a_body(tmp_path: Path, kind: str) -> None:
    content = f'Subject: Hi\r\nContent-Type: text/{kind}; name="message.{kind}"\r\n\r\nthe body'.encode()
    (page,) = pages_of(tmp_path, content)
    assert page.text.endswith("the body")


def test_named_text_that_is_shown_is_read_and_listed(tmp_path: Path) -> None:
    message = mail("first")
    message.add_attachment("second", filename="note.txt", disposition="inline")
    (page,) = pages_of(tmp_path, message)
    assert page.text.endswith("first\n\nsecond")
    assert last_facts(tmp_path, message).attachments == ["note.txt"]


def test_messages_inside_are_pages_of_their_own(tmp_path: Path) -> None:
    innermost, inner, outer = mail("third", Subject="C"), mail("second", Subject="B"), mail("first", Subject="A")
    inner.add_attachment(innermost)
    outer.add_attachment(inner)
    assert [(page.label, page.text.rpartition("\n")[2]) for page in pages_of(tmp_path, outer)] == [
        ("A", "first"),
        ("B", "second"),
        ("C", "third"),
    ]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (b"=?utf-8?q?Gr=C3=BC=C3=9Fe?= =?utf-8?b?IQ==?=", "Grüße!"),
        (b"=?iso-8859-1?q?Gr=FC=DFe?= you", "Grüße you"),
        ("Grüße".encode(), "Grüße"),
        ("Bücher für München".encode("latin-1"), "Bücher für München"),
        (b"folded\r\n line", "folded line"),
        (b"=?nonsense?q?plain?=", "plain"),
        (b"=?utf-8?b?!!!?= x", "x"),
    ],
)
def test_headers_are_decoded_whatever_their_writer_did(tmp_path: Path, written: bytes, shown: str) -> None:
    facts = items_of(tmp_path, b"Subject: " + written + b"\r\n\r\nbody")[0]
    assert isinstance(facts, Facts)
    assert facts.title is not None
    assert shown in facts.title


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        (b"Content-Type: text/plain; charset=koi8-r", "Привет".encode("koi8-r"), "Привет"),
        (b"Content-Type: text/plain; charset=us-ascii", "Grüße".encode(), "Grüße"),
        (b"Content-Type: text/plain; charset=x-unknown", "Bücher für München".encode("cp1252"), "Bücher für München"),
        (b"Content-Type: text/plain; charset=utf-7", b"Gr+APwA3w-e", "Grüße"),
        (b"Content-Transfer-Encoding: base64", b"R3LDvMOfZQ==!", "Grüße"),
        (b"Content-Transfer-Encoding: quoted-printable", b"Gr=C3=BC=C3=9Fe=", "Grüße"),
        (
            b"Content-Type: text/plain; format=flowed",
            b"one \r\ntwo\r\n> three \r\n-- \r\nA",
            "one two\n> three \n-- \nA",
        ),
        (b"Content-Type: text/plain; format=flowed; delsp=yes", b"on \r\ne", "one"),
        (b"Content-Type: text/html; charset=iso-8859-2", "<p>Łódź".encode("iso-8859-2"), "Łódź"),
        (b"Content-Type: multipart/mixed; boundary=x", b"no parts", "no parts"),
        (b"Content-Type: nonsense", b"words", "words"),
    ],
)
def test_bodies_are_decoded_as_declared_or_as_they_are(tmp_path: Path, headers: bytes, body: bytes, text: str) -> None:
    (page,) = pages_of(tmp_path, headers + b"\r\n\r\n" + body)
    assert page.text == text


@pytest.mark.parametrize(
    ("kind", "signed", "encrypted"),
    [
        (b"multipart/signed; boundary=b", True, None),
        (b"multipart/encrypted; boundary=b", None, True),
        (b"application/pkcs7-mime; smime-type=enveloped-data", None, True),
        (b"application/pkcs7-mime; smime-type=signed-data", True, None),
        (b"text/plain", None, None),
    ],
)
def test_signatures_and_encryption_are_told(
    tmp_path: Path, kind: bytes, signed: bool | None, encrypted: bool | None
) -> None:
    facts = last_facts(tmp_path, b"Subject: s\r\nContent-Type: " + kind + b"\r\n\r\n--b\r\n\r\nx\r\n--b--")
    assert (facts.signed, facts.encrypted) == (signed, encrypted)


def test_a_delivery_report_is_read(tmp_path: Path) -> None:
    report = b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; m\r\n\r\nStatus: 5.1.1\r\n"
    (page,) = pages_of(tmp_path, report)
    assert page.text == "Reporting-MTA: dns; m\n\nStatus: 5.1.1"


def test_endless_nesting_is_refused_and_some_is_read(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as refused:
        items_of(tmp_path, nested_multiparts(5_000))
    assert (refused.value.code, refused.value.reason) == (ErrorCode.CORRUPT, Reason.NESTING)
    assert pages_of(tmp_path, nested_multiparts(50))[0].text.endswith("deep words")


def test_a_crowd_of_parts_ends_with_a_warning(tmp_path: Path) -> None:
    crowd = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 10_000
    began = time.process_time()
    assert Notice(Warn.PARTIAL) not in items_of(tmp_path, crowd, Limits(members=10_001))
    assert Notice(Warn.PARTIAL) in items_of(tmp_path, crowd, Limits(members=100))
    assert time.process_time() - began < 20


@pytest.mark.parametrize(
    "content",
    [
        b"Content-Type: text/plain" + b";" * 1_000_000 + b"\r\n\r\nx",
        b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=" + b"b" * 100_000 + b"\r\n\r\n--b\r\n",
        b"Content-Disposition: attachment; filename*0=a; filename*x=b\r\n\r\nx",
        b"Date: Fri, 99 Jan 99999 99:99:99 +9999\r\n\r\nx",
        b"\0\xff" * 1000,
        b"",
    ],
)
def test_hostile_headers_end_well_and_soon(tmp_path: Path, content: bytes) -> None:
    began = time.process_time()
    items_of(tmp_path, content)
    assert time.process_time() - began < 10


def test_mail_is_known_by_its_name(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"Received: by x\r\nSubject: a\r\n\r\nbody")
    assert detect(source, ".eml").media_type == "message/rfc822"
