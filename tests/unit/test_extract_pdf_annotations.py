"""What stands on a PDF's pages besides their content: comments, form fields, links, attached files, XFA."""

from pathlib import Path

import pytest

from services.extraction.content import Facts, Item, Limits, Page
from services.extraction.extractors.pdf import extract_pdf
from tests.support.pdf_documents import annotated, document, form, lines, stream, xfa_form


def read(folder: Path, content: bytes) -> list[Item]:
    source = folder / "source"
    source.write_bytes(content)
    return list(extract_pdf(source, Limits()))


def text(folder: Path, content: bytes) -> str:
    (page,) = (item for item in read(folder, content) if isinstance(item, Page))
    return page.text


def last_facts(items: list[Item]) -> Facts:
    return [item for item in items if isinstance(item, Facts)][-1]


@pytest.mark.parametrize(
    "subtype", ["Text", "Highlight", "Underline", "StrikeOut", "FreeText", "Stamp", "Square", "Ink"]
)
def test_comments_of_every_kind_follow_the_text_with_their_author(tmp_path: Path, subtype: str) -> None:
    note = f"/Subtype /{subtype} /Contents (Is this\\nright?) /T (Ada)"
    assert text(tmp_path, annotated(note, content=lines("words"))) == "words\n\n[Comment by Ada: Is this right?]"


def test_a_comment_without_author_or_text_is_what_it_is(tmp_path: Path) -> None:
    made = annotated("/Subtype /Text /Contents (Really?)", "/Subtype /Text /T (Ada)", content=lines("words"))
    assert text(tmp_path, made) == "words\n\n[Comment: Really?]"


def test_the_window_of_a_comment_does_not_repeat_it(tmp_path: Path) -> None:
    made = annotated(
        "/Subtype /Text /Contents (Once) /Popup 5 0 R", "/Subtype /Popup /Parent 4 0 R /Contents (Once)", content=b""
    )
    assert text(tmp_path, made) == "[Comment: Once]"


def test_fields_say_their_name_and_what_was_filled_in(tmp_path: Path) -> None:
    made = form(
        "/FT /Tx /T (name) /TU (Full name) /V (Ada Lovelace)",
        "/FT /Tx /T (empty)",
        "/FT /Ch /Ff 131072 /T (country) /Opt [[(ch) (Switzerland)] [(de) (Germany)]] /V (ch)",
        "/FT /Btn /T (newsletter) /V /Yes /AS /Yes /AP << /N << /Yes 3 0 R /Off 3 0 R >> >>",
        "/FT /Btn /T (calls) /V /Off /AS /Off /AP << /N << /Yes 3 0 R /Off 3 0 R >> >>",
        "/FT /Btn /Ff 65536 /T (send)",
        content=lines("A form"),
    )
    assert text(tmp_path, made).splitlines() == [
        "A form",
        "",
        "Full name: Ada Lovelace",
        "country: Switzerland",
        "[x] newsletter",
        "[ ] calls",
    ]


def test_of_radio_buttons_the_chosen_one_is_told(tmp_path: Path) -> None:
    buttons = [
        f"/Subtype /Widget /Parent 4 0 R /AS /{state} /AP << /N << /{name} 3 0 R /Off 3 0 R >> >>"
        for name, state in (("red", "Off"), ("blue", "blue"))
    ]
    group = b"<< /FT /Btn /Ff 49152 /T (colour) /V /blue /Kids [5 0 R 6 0 R] >>"
    made = annotated(*buttons, catalog="/AcroForm << /Fields [4 0 R] >>", objects=[group])
    assert text(tmp_path, made) == "colour: blue"


def test_links_are_told_once_and_only_addresses(tmp_path: Path) -> None:
    address = "/Subtype /Link /A << /S /URI /URI (https://example.org/a) >>"
    start = "/Subtype /Link /A << /S /Launch /F (calc.exe) >>"
    script = "/Subtype /Link /A << /S /JavaScript /JS (app.alert\\(1\\)) >>"
    items = read(tmp_path, annotated(address, start, script, address, content=lines("words")))
    assert last_facts(items).links == ["https://example.org/a"]


def test_attached_files_are_named_wherever_they_hang(tmp_path: Path) -> None:
    file = [
        stream(b"secret", "/Type /EmbeddedFile"),
        b"<< /Type /Filespec /F (../../report.xlsx) /EF << /F 4 0 R >> >>",
    ]
    pinned = "/Subtype /FileAttachment /Contents (See this) /FS << /Type /Filespec /F (plan.docx) /EF << /F 4 0 R >> >>"
    names = "/Names << /EmbeddedFiles << /Names [(report) 5 0 R] >> >>"
    items = read(tmp_path, annotated(pinned, catalog=names, objects=file))
    assert last_facts(items).attachments == ["../../report.xlsx", "plan.docx"]
    assert Page("[Comment: See this]") in items


def test_a_dynamic_form_gives_its_words_and_values(tmp_path: Path) -> None:
    template = b"""<template><subform><field name="who"><caption><value><text>Your name</text></value></caption></field>
        <draw><value><exData><body xmlns="http://www.w3.org/1999/xhtml"><p>Read <b>this</b></p></body></exData></value>
        </draw></subform></template>"""
    data = b"""<xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data><form><who>Ada</who><no/></form>
        </xfa:data></xfa:datasets>"""
    items = read(tmp_path, xfa_form({"template": template, "datasets": data}, lines("Please wait...")))
    assert [item.text for item in items if isinstance(item, Page)] == [
        "Please wait...",
        "Your name\nRead this\nwho: Ada",
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"<open>",
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x><y>&a;</y></x>',
        b"<a>" * 50_000,
    ],
)
def test_a_hostile_dynamic_form_costs_only_itself(tmp_path: Path, data: bytes) -> None:
    items = read(tmp_path, xfa_form({"datasets": data}, lines("Please wait...")))
    assert [item.text for item in items if isinstance(item, Page)] == ["Please wait..."]


def test_a_page_with_a_flood_of_annotations_ends(tmp_path: Path) -> None:
    note = "4 0 R " * 100_000
    made = document(lines("words"), page=f"/Annots [{note}]", objects=[b"<< /Subtype /Text /Contents (x) >>"])
    assert text(tmp_path, made).count("[Comment: x]") == 5_000
