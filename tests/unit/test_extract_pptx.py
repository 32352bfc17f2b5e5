"""Presentations (.pptx): nothing that a reader of the slides sees is lost, nothing is read twice."""

from pathlib import Path
from typing import Any

import pytest
from lxml.etree import SubElement

from services.extraction.content import ErrorCode, Facts, Items, Limits, Notice, Page, Reason, Unreadable, Warn
from services.extraction.extractors.pptx import extract_pptx
from tests.support import slide_documents
from tests.support.documents import replace_member, unzip

_SLIDE = "ppt/slides/slide1.xml"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def read(folder: Path, content: bytes, limits: Limits | None = None) -> list[Page | Facts | Notice]:
    source = folder / "source"
    source.write_bytes(content)
    items: Items = extract_pptx(source, limits or Limits())
    return [item for item in items if isinstance(item, Page | Facts | Notice)]


def pages(folder: Path, content: bytes) -> list[Page]:
    return [item for item in read(folder, content) if isinstance(item, Page)]


@pytest.mark.parametrize("deck", [slide_documents.feature_pptx(), slide_documents.strict_pptx()])
def test_every_feature_is_read_exactly_once_in_either_dialect(tmp_path: Path, deck: bytes) -> None:
    text = "\n".join(page.text for page in pages(tmp_path, deck))
    counts = {feature: text.count(marker) for feature, marker in slide_documents.FEATURES.items()}
    assert counts == dict.fromkeys(slide_documents.FEATURES, 1)
    assert not [marker for marker in slide_documents.ABSENT.values() if marker in text]


def test_comments_notes_tables_and_charts_read_as_such(tmp_path: Path) -> None:
    text = pages(tmp_path, slide_documents.feature_pptx())[0].text
    assert text.startswith("# markertitle\n\n")
    assert "[Comment by Bob: markerclassic]" in text
    assert "[Comment by Eve: markermodern]\n\n[Comment by Eve: markerreply]" in text
    assert "| markertable |  |\n| --- | --- |\n| a\\|b | 2 |" in text
    assert "Chart: markerchart\n\n|  | markerseries |\n| --- | --- |\n| markercategory | 25% |" in text
    assert text.endswith("Notes: markernotes")


def test_a_hidden_slide_keeps_its_number_and_its_label_says_so(tmp_path: Path) -> None:
    first, hidden = pages(tmp_path, slide_documents.feature_pptx())
    assert (first.number, first.label) == (1, "markertitle")
    assert (hidden.number, hidden.label, hidden.text) == (2, "Slide 2 (hidden)", "markerhidden")


def test_a_presentation_says_what_it_is_links_to_and_contains(tmp_path: Path) -> None:
    facts = [item for item in read(tmp_path, slide_documents.feature_pptx()) if isinstance(item, Facts)]
    assert (facts[0].title, facts[0].author, facts[0].page_count) == ("A deck", "Ada", 2)
    assert (facts[0].macros, facts[0].signed) == (False, False)
    assert facts[-1].links == ["https://example.org/linked"]
    assert facts[-1].attachments == ["Microsoft_Excel_Sheet1.xlsx", "oleObject1.bin"]
    assert facts[-1].outline == [{"title": "markertitle", "level": 1, "page": 1}]


def test_a_macro_project_is_told(tmp_path: Path) -> None:
    deck = replace_member(slide_documents.titled_pptx("one"), "ppt/vbaProject.bin", b"macros")
    facts = [item for item in read(tmp_path, deck) if isinstance(item, Facts)]
    assert facts[0].macros is True


def test_shapes_are_read_row_by_row_whatever_their_order_in_the_file(tmp_path: Path) -> None:
    inches = {"right": (5.0, 1.0), "below": (1.0, 3.0), "left": (1.0, 1.1), "top": (4.0, 0.2)}
    text = pages(tmp_path, slide_documents.boxes_pptx(inches))[0].text
    assert text.split("\n\n") == ["top", "left", "right", "below"]


def test_a_numbered_list_counts_on_each_level_and_starts_where_it_says(tmp_path: Path) -> None:
    lines = [(0, 3, "three"), (1, 1, "inner"), (1, 1, "inner"), (0, 3, "four"), (0, None, "break"), (0, 1, "one")]
    text = pages(tmp_path, slide_documents.numbered_pptx(lines))[0].text
    assert text == "3. three\n  1. inner\n  2. inner\n4. four\nbreak\n1. one"


def test_raised_and_lowered_numbers_do_not_become_other_numbers(tmp_path: Path) -> None:
    runs = (("10", "0"), ("6", "30000"), (" H", None), ("2", "-25%"), ("O 1", "0%"), ("st", "30%"), (" 7", "0"))

    def write(root: Any) -> None:
        (paragraph,) = (found.getparent().getparent() for found in root.iter("{*}t") if found.text == "one")
        paragraph.clear()
        for text, baseline in runs:
            run = SubElement(paragraph, f"{_DRAWING}r")
            SubElement(run, f"{_DRAWING}rPr", {} if baseline is None else {"baseline": baseline})
            SubElement(run, f"{_DRAWING}t").text = text

    deck = slide_documents.edited(slide_documents.titled_pptx("one"), _SLIDE, write)
    assert pages(tmp_path, deck)[0].text.startswith("# 10⁶ H₂O 1st 7\n")


def test_slides_are_numbered_as_the_presentation_numbers_them(tmp_path: Path) -> None:
    deck = slide_documents.edited(
        slide_documents.titled_pptx("one", "two"),
        "ppt/presentation.xml",
        lambda root: root.set("firstSlideNum", "7"),
    )
    assert [(page.number, page.label) for page in pages(tmp_path, deck)] == [(7, "one"), (8, "two")]


@pytest.mark.parametrize("number", ["99999999", "9" * 5_000])
def test_a_first_number_beyond_reason_costs_no_slide(tmp_path: Path, number: str) -> None:
    deck = slide_documents.edited(
        slide_documents.titled_pptx("one", "two"),
        "ppt/presentation.xml",
        lambda root: root.set("firstSlideNum", number),
    )
    assert [(page.number, page.label) for page in pages(tmp_path, deck)] == [(9_999, "one"), (10_000, "two")]


@pytest.mark.parametrize("part", ["ppt/slides/slide1.xml", "ppt/slides/_rels/slide1.xml.rels"])
@pytest.mark.parametrize("content", [b"<p:sld", b"", None])
def test_a_damaged_or_missing_slide_costs_a_warning_and_not_the_others(
    tmp_path: Path, part: str, content: bytes | None
) -> None:
    deck = slide_documents.titled_pptx("one", "two")
    deck = slide_documents.without(deck, part) if content is None else replace_member(deck, part, content)
    items = read(tmp_path, deck)
    assert items[-2] == Page("# two\n\ntext of two", label="two", number=2)
    lost_nothing = part.endswith(".rels") and content is None
    assert (Notice(Warn.UNREADABLE_PAGES) in items) is not lost_nothing


@pytest.mark.parametrize(
    ("part", "marker"),
    [
        ("ppt/notesSlides/notesSlide1.xml", "markernotes"),
        ("ppt/charts/chart1.xml", "markerchart"),
        ("ppt/diagrams/data1.xml", "markersmart"),
        ("ppt/comments/comment1.xml", "markerclassic"),
    ],
)
def test_a_missing_part_costs_no_more_than_what_it_held(tmp_path: Path, part: str, marker: str) -> None:
    deck = slide_documents.feature_pptx()
    found = next(name for name in unzip(deck) if name.startswith(part.removesuffix("1.xml")))
    items = read(tmp_path, slide_documents.without(deck, found))
    text = next(item.text for item in items if isinstance(item, Page))
    assert marker not in text
    assert "markerbody" in text
    assert Notice(Warn.UNREADABLE_PAGES) in items


def test_a_missing_layout_costs_nothing(tmp_path: Path) -> None:
    deck = slide_documents.without(slide_documents.titled_pptx("one"), "ppt/slideLayouts/slideLayout2.xml")
    assert pages(tmp_path, deck) == [Page("# one\n\ntext of one", label="one", number=1)]


def test_groups_within_reason_are_read_and_an_endless_nesting_costs_only_its_slide(tmp_path: Path) -> None:
    assert "deepest" in pages(tmp_path, slide_documents.nested_pptx(200))[1].text
    items = read(tmp_path, slide_documents.nested_pptx(10_000))
    assert [item.text for item in items if isinstance(item, Page)] == ["# first\n\ntext of first", ""]
    assert Notice(Warn.UNREADABLE_PAGES) in items


def test_a_slide_listed_more_often_than_a_document_may_have_pages_is_refused(tmp_path: Path) -> None:
    deck = slide_documents.repeated_pptx(20)
    assert len(pages(tmp_path, deck)) == 20
    with pytest.raises(Unreadable) as refused:
        read(tmp_path, deck, Limits(hard_pages=19))
    assert refused.value.code is ErrorCode.TOO_MANY_PAGES


def test_a_slide_that_is_its_own_notes_is_read_once_as_each(tmp_path: Path) -> None:
    deck = slide_documents.looping_pptx()
    assert pages(tmp_path, deck)[0].text == "# one\n\ntext of one\n\nNotes: one\ntext of one"


def test_external_relationships_are_told_and_never_followed(tmp_path: Path) -> None:
    deck = slide_documents.external_pptx("file:///etc/passwd")
    items = read(tmp_path, deck)
    assert "root:" not in "".join(item.text for item in items if isinstance(item, Page))
    facts = [item for item in items if isinstance(item, Facts)]
    assert facts[-1].links == ["file:///etc/passwd"]
    assert "passwd" in facts[-1].attachments


def test_a_document_type_refuses_the_presentation(tmp_path: Path) -> None:
    slide = unzip(slide_documents.titled_pptx("one"))[_SLIDE]
    declared = slide.replace(b"<p:sld ", b'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]><p:sld ', 1)
    with pytest.raises(Unreadable) as refused:
        read(tmp_path, replace_member(slide_documents.titled_pptx("one"), _SLIDE, declared))
    assert (refused.value.code, refused.value.reason) == (ErrorCode.CORRUPT, Reason.DOCTYPE)


@pytest.mark.parametrize(
    "content",
    [
        slide_documents.titled_pptx("one")[:2000],
        slide_documents.without(slide_documents.titled_pptx("one"), "ppt/presentation.xml"),
        slide_documents.without(slide_documents.titled_pptx("one"), "_rels/.rels"),
        slide_documents.without(slide_documents.titled_pptx("one", "two"), _SLIDE, "ppt/slides/slide2.xml"),
    ],
)
def test_a_presentation_without_a_readable_slide_is_corrupt(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        read(tmp_path, content)
    assert refused.value.code is ErrorCode.CORRUPT
