"""PDF: pages, what the document says of itself, and damaged documents. No child process here."""

from collections.abc import Sequence
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from services.extraction.content import ErrorCode, Facts, Item, Limits, Notice, Page, Reason, Unreadable, Warn
from services.extraction.extractors.pdf import extract_pdf
from services.extraction.extractors.pdf_facts import parse_date
from tests.support import documents
from tests.support.pdf_documents import COMPOSITE, codes, composite_font, document, lines, stream
from tests.support.samples import assemble, pdf


def read(folder: Path, content: bytes, limits: Limits | None = None) -> list[Item]:
    source = folder / "source"
    source.write_bytes(content)
    return list(extract_pdf(source, limits or Limits()))


def refusal(folder: Path, content: bytes, limits: Limits | None = None) -> ErrorCode:
    with pytest.raises(Unreadable) as refused:
        read(folder, content, limits)
    return refused.value.code


def texts(items: Sequence[Item]) -> list[str]:
    return [item.text for item in items if isinstance(item, Page)]


def facts(items: Sequence[Item]) -> dict[str, object]:
    """Merge all facts as the service does."""
    merged: dict[str, object] = {}
    for item in items:
        if isinstance(item, Facts):
            merged |= {name: getattr(item, name) for name in Facts.__slots__ if getattr(item, name) not in (None, [])}
    return merged


def test_a_pdf_gives_its_pages_and_what_it_says_of_itself(tmp_path: Path) -> None:
    items = read(tmp_path, documents.described_pdf("first words", "second words"))
    assert texts(items) == ["first words", "second words"]
    found = facts(items)
    assert (found["page_count"], found["title"], found["author"]) == (2, "A title", "An author")
    assert found["outline"] == [{"title": "Second", "level": 1, "page": 2}]
    assert str(found["created_at"]) == "2026-01-02 03:04:05+00:00"
    assert (found["encrypted"], found["signed"]) == (False, False)


def test_what_a_pdf_says_of_itself_comes_before_its_pages(tmp_path: Path) -> None:
    items = read(tmp_path, documents.described_pdf("first words"))
    assert items.index(Page("first words")) > max(n for n, item in enumerate(items) if getattr(item, "title", None))


def test_language_signature_and_page_labels_are_told(tmp_path: Path) -> None:
    catalog = "/Lang (de-CH) /PageLabels << /Nums [0 << /S /r >> 1 << /S /D /St 1 >>] >> "
    signature = b"<< /FT /Sig /T (S) /V << /Type /Sig /Filter /Adobe.PPKLite /Contents <00> /ByteRange [0 1 2 3] >> >>"
    made = document(
        lines("one"),
        lines("two"),
        catalog=f"{catalog} /AcroForm << /Fields [4 0 R] /SigFlags 3 >>",
        objects=[signature],
    )
    items = read(tmp_path, made)
    assert (facts(items)["language"], facts(items)["signed"]) == ("de-CH", True)
    assert [item.label for item in items if isinstance(item, Page)] == ["i", "1"]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("D:20260102030405Z", "2026-01-02T03:04:05+00:00"),
        ("D:20260102030405+01'30'", "2026-01-02T03:04:05+01:30"),
        ("D:20260102030405-0800", "2026-01-02T03:04:05-08:00"),
        ("D:2026", "2026-01-01T00:00:00+00:00"),
        ("20260102", "2026-01-02T00:00:00+00:00"),
        ("D:20261399", None),
        ("D:20260102030405+99'99'", None),
        ("yesterday", None),
    ],
)
def test_dates_are_read_as_far_as_they_go(written: str, read_as: str | None) -> None:
    date = parse_date(written)
    assert (date.isoformat() if date else None) == read_as


def test_a_looping_outline_ends(tmp_path: Path) -> None:
    outline = [b"<< /First 5 0 R /Last 5 0 R >>", b"<< /Title (Again) /Parent 4 0 R /Next 5 0 R /First 5 0 R >>"]
    items = read(tmp_path, document(lines("words"), catalog="/Outlines 4 0 R", objects=outline))
    assert facts(items)["outline"] == [{"title": "Again", "level": 1, "page": None}]


def test_half_a_character_in_a_title_does_not_cost_the_document(tmp_path: Path) -> None:
    made = document(lines("words"), objects=[b"<< /Title <feffd83d0041> >>"])
    made = made.replace(b"/Root 1 0 R", b"/Root 1 0 R /Info 4 0 R")
    items = read(tmp_path, made)
    assert facts(items)["title"] == "\ufffdA"
    assert texts(items) == ["words"]


def test_a_pdf_protected_by_an_empty_password_is_read(tmp_path: Path) -> None:
    items = read(tmp_path, documents.encrypted_pdf("secret words", user_password=""))
    assert texts(items) == ["secret words"]
    assert facts(items)["encrypted"] is True


def test_a_pdf_protected_by_a_password_is_encrypted(tmp_path: Path) -> None:
    assert refusal(tmp_path, documents.encrypted_pdf("secret words", user_password="x")) is ErrorCode.ENCRYPTED


def test_a_pdf_that_pdfium_refuses_is_read_by_pypdf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise pdfium.PdfiumError("refused", err_code=3)

    monkeypatch.setattr(pdfium, "PdfDocument", refuse)
    items = read(tmp_path, documents.described_pdf("first words"))
    assert texts(items) == ["first words"]
    assert (facts(items)["engine"], facts(items)["title"]) == ("pypdf", "A title")
    assert {Notice(Warn.FALLBACK_ENGINE), Notice(Warn.METADATA_INCOMPLETE)} <= {
        item for item in items if isinstance(item, Notice)
    }


@pytest.mark.parametrize("content", [b"%PDF-1.7\nnothing", documents.looping_pdf(), pdf("x")[:200]])
def test_a_damaged_pdf_is_corrupt(tmp_path: Path, content: bytes) -> None:
    assert refusal(tmp_path, content) is ErrorCode.CORRUPT


def test_a_pdf_cut_off_in_its_middle_says_so(tmp_path: Path) -> None:
    whole = document(*(lines(f"page {number}") for number in range(20)))
    with pytest.raises(Unreadable) as refused:
        read(tmp_path, whole[: len(whole) // 2])
    assert refused.value.reason is Reason.CUT_OFF


def test_a_page_that_cannot_be_loaded_leaves_the_others(tmp_path: Path) -> None:
    broken = b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [4 0 R 6 0 R] /Count 2 >>", b"null"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 5 0 R /Resources << %s >> >>"
    font = b"/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
    items = read(tmp_path, assemble([*broken, page % font, stream(lines("words", top=50, left=9)), b"null"]))
    assert texts(items) == ["words", ""]
    assert Notice(Warn.UNREADABLE_PAGES) in items


FLOOD = b"BT /F1 9 Tf 40 740 Td " + b"(A)Tj " * 200_001 + b"ET"


def test_a_page_flooded_with_text_leaves_the_others(tmp_path: Path) -> None:
    items = read(tmp_path, document(lines("before"), FLOOD, lines("after")))
    assert texts(items) == ["before", "", "after"]
    assert items.count(Notice(Warn.UNREADABLE_PAGES)) == 1


def test_a_pdf_of_floods_alone_takes_too_much_memory(tmp_path: Path) -> None:
    assert refusal(tmp_path, document(FLOOD)) is ErrorCode.OUT_OF_MEMORY


def test_a_pdf_above_the_hard_limit_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, documents.many_pages_pdf(6), Limits(hard_pages=5)) is ErrorCode.TOO_MANY_PAGES


def test_links_and_attachments_are_told_before_pages_are_cut(tmp_path: Path) -> None:
    items = read(tmp_path, documents.many_pages_pdf(6), Limits(pages=3))
    assert [type(item) for item in items[2:]] == [Page, Page, Page, Facts, Page]


def test_blank_pages_stay_empty_without_ocr(tmp_path: Path) -> None:
    items = read(tmp_path, documents.many_pages_pdf(2))
    assert [item for item in items if not isinstance(item, Facts)] == [Page(""), Page("")]


def test_a_page_is_read_no_further_than_its_limit(tmp_path: Path) -> None:
    made = document(lines(*["A" * 20] * 30))
    (text,) = texts(read(tmp_path, made, Limits(page_characters=100)))
    assert len(text) == 101  # one more than the limit, by which the worker knows that it was passed


def test_ligatures_become_letters_and_words_broken_at_line_ends_whole(tmp_path: Path) -> None:
    font = composite_font({1: "\ufb01", 2: "x"})
    made = document(codes(1, 2) + lines("the exam-", "ple ends here", top=600), resources=COMPOSITE, objects=font)
    assert texts(read(tmp_path, made)) == ["fix\nthe example ends here"]


def test_right_to_left_text_is_in_the_order_it_is_read(tmp_path: Path) -> None:
    hebrew = dict(enumerate("שלום עולם", 1))
    visual = codes(*reversed(hebrew))
    made = document(visual, resources=COMPOSITE, objects=composite_font(hebrew))
    assert texts(read(tmp_path, made)) == ["שלום עולם"]


def test_arabic_presentation_forms_become_letters(tmp_path: Path) -> None:
    forms = dict(enumerate("\ufeb3\ufefc\ufee1", 1))  # seen, lam-alef, meem as they are shaped
    made = document(codes(3, 2, 1), resources=COMPOSITE, objects=composite_font(forms))
    assert texts(read(tmp_path, made)) == ["سلام"]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("turn", ["", "0 1 -1 0 792 0 cm", "-1 0 0 -1 612 792 cm", "0 -1 1 0 -180 792 cm"])
def test_pages_and_text_turned_any_way_read_line_by_line(tmp_path: Path, rotation: int, turn: str) -> None:
    content = turn.encode() + b" " + lines("first line", "second line", "third line")
    made = document(content, page=f"/Rotate {rotation}")
    assert texts(read(tmp_path, made)) == ["first line\nsecond line\nthird line"]


def test_cells_of_a_table_stand_in_the_order_of_their_rows(tmp_path: Path) -> None:
    rows = b"".join(
        lines(cell, top=700 - 20 * row, left=40 + 200 * column)
        for row, cells in enumerate([("Year", "Sum"), ("2025", "10"), ("2026", "12")])
        for column, cell in enumerate(cells)
    )
    (text,) = texts(read(tmp_path, document(rows)))
    assert text.split() == ["Year", "Sum", "2025", "10", "2026", "12"]


def test_layers_that_are_switched_off_and_artefacts_do_not_cost_the_rest(tmp_path: Path) -> None:
    content = b"/Artifact << /Type /Background >> BDC " + lines("DRAFT", top=400) + b"EMC " + lines("words")
    (text,) = texts(read(tmp_path, document(content)))
    assert set(text.split()) == {"DRAFT", "words"}
