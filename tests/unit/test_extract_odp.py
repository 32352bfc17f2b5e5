"""OpenDocument presentations (.odp)."""

from pathlib import Path

import pytest

from services.extraction.content import ErrorCode, Facts, Limits, Page, Unreadable
from services.extraction.extractors.odp import extract_odp
from tests.support.documents import replace_member
from tests.support.odp_documents import box, nested_odp, odp, page, paragraph, part, title


def read(folder: Path, content: bytes, limits: Limits | None = None) -> list[Page | Facts]:
    source = folder / "source"
    source.write_bytes(content)
    return [item for item in extract_odp(source, limits or Limits()) if isinstance(item, Page | Facts)]


def texts(folder: Path, content: bytes) -> list[str]:
    return [item.text for item in read(folder, content) if isinstance(item, Page)]


def test_slides_have_titles_first_then_rows_then_comments_then_notes(tmp_path: Path) -> None:
    comment = "<office:annotation><dc:creator>Bob</dc:creator><text:p>a remark</text:p></office:annotation>"
    spoken = box(paragraph("spoken"), attributes='presentation:class="notes"')
    notes = f"<presentation:notes>{spoken}</presentation:notes>"
    below = box(paragraph("below"), attributes='svg:x="1cm" svg:y="9cm"')
    right = box(paragraph("right"), attributes='svg:x="4in" svg:y="50mm"')
    left = box(paragraph("left"), attributes='svg:x="1cm" svg:y="5.1cm"')
    items = read(tmp_path, odp(page(comment, below, right, left, title("A title"), notes)))
    blocks = ["# A title", "left", "right", "below", "[Comment by Bob: a remark]", "Notes: spoken"]
    assert items[1] == Page("\n\n".join(blocks), label="A title", number=1)


def test_a_hidden_slide_keeps_its_number_and_its_label_says_so(tmp_path: Path) -> None:
    hidden = 'draw:style-name="dp2"'
    deck = odp(page(title("one")), page(title("two"), attributes=hidden), page(attributes=hidden))
    found = [(item.number, item.label) for item in read(tmp_path, deck) if isinstance(item, Page)]
    assert found == [(1, "one"), (2, "two (hidden)"), (3, "Slide 3 (hidden)")]


def test_a_presentation_says_what_it_is_and_links_to(tmp_path: Path) -> None:
    link = paragraph(
        '<text:a xlink:href="https://example.org/">there</text:a><text:a xlink:href="#page2">inside</text:a>'
    )
    embedded = '<draw:frame><draw:object-ole xlink:href="./Object 7"/></draw:frame>'
    facts = [item for item in read(tmp_path, odp(page(title("one"), box(link), embedded))) if isinstance(item, Facts)]
    assert (facts[0].title, facts[0].author, facts[0].macros) == ("A deck", "Ada", False)
    assert facts[0].created_at is not None
    assert facts[-1].page_count == 1
    assert (facts[-1].links, facts[-1].attachments) == (["https://example.org/"], ["Object 7"])
    assert facts[-1].outline == [{"title": "one", "level": 1, "page": 1}]


def test_lists_keep_their_numbers_bullets_and_levels(tmp_path: Path) -> None:
    inner = f"<text:list><text:list-item>{paragraph('inner')}</text:list-item></text:list>"
    items = (
        f"<text:list-header>{paragraph('head')}</text:list-header><text:list-item>{paragraph('first')}{inner}"
        f'</text:list-item><text:list-item text:start-value="5">{paragraph("fifth")}</text:list-item>'
    )
    assert texts(tmp_path, odp(page(box(f'<text:list text:style-name="N">{items}</text:list>')))) == [
        "head\n1. first\n  - inner\n5. fifth"
    ]


def test_tables_groups_shapes_and_descriptions_are_read(tmp_path: Path) -> None:
    row = (
        '<table:table-row><table:table-cell table:number-columns-spanned="2"><text:p>a|b</text:p></table:table-cell>'
        "<table:covered-table-cell/></table:table-row>"
    )
    cell = '<table:table-cell table:number-columns-repeated="2"><text:p>x</text:p></table:table-cell>'
    repeated = f"<table:table-row>{cell}</table:table-row>"
    table = (
        f"<draw:frame><table:table>{row}{repeated}</table:table><draw:image xlink:href='Pictures/p.svm'/></draw:frame>"
    )
    group = f"<draw:g>{box(paragraph('grouped'))}<draw:custom-shape>{paragraph('drawn')}</draw:custom-shape></draw:g>"
    picture = "<draw:frame><draw:image xlink:href='Pictures/p.png'/><svg:desc>a cat</svg:desc></draw:frame>"
    assert texts(tmp_path, odp(page(table, group, picture))) == [
        "grouped\n\ndrawn\n\n| a\\|b |  |\n| --- | --- |\n| x | x |\n\n[Picture: a cat]"
    ]


def test_a_chart_reads_as_the_table_it_shows(tmp_path: Path) -> None:
    cells = "".join(f"<table:table-cell><text:p>{text}</text:p></table:table-cell>" for text in ("East", "3"))
    chart = (
        "<office:body><office:chart><chart:chart><chart:title><text:p>Sales</text:p></chart:title><chart:plot-area/>"
        f"<table:table><table:table-row>{cells}</table:table-row></table:table></chart:chart></office:chart></office:body>"
    )
    slide = page('<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame>')
    deck = odp(slide, members={"Object 1/content.xml": part("document-content", chart)})
    assert texts(tmp_path, deck) == ["Chart: Sales\n\n| East | 3 |\n| --- | --- |"]


def test_a_footer_is_given_once_and_page_numbers_never(tmp_path: Path) -> None:
    declared = '<presentation:footer-decl presentation:name="f">Confidential</presentation:footer-decl>'
    slide = page(
        box(paragraph("<text:page-number>1</text:page-number>text")), attributes='presentation:use-footer-name="f"'
    )
    assert texts(tmp_path, odp(declared, slide, slide)) == ["text\n\nConfidential", "text"]


def test_spaces_tabs_and_breaks_are_kept_within_reason(tmp_path: Path) -> None:
    text = paragraph('a<text:s text:c="3"/>b<text:tab/>c<text:line-break/>d<text:s text:c="999999999"/>e')
    (found,) = texts(tmp_path, odp(page(box(text))))
    assert found.startswith("a   b\tc\nd ")
    assert len(found) < 2_000


def test_numbers_of_thousands_of_digits_cost_nothing(tmp_path: Path) -> None:
    most = "9" * 5_000
    table = (
        f'<draw:frame><table:table><table:table-row table:number-rows-repeated="{most}">'
        f'<table:table-cell table:number-columns-repeated="{most}"/></table:table-row></table:table></draw:frame>'
    )
    item = f'<text:list><text:list-item text:start-value="{most}">{paragraph("item")}</text:list-item></text:list>'
    (found,) = texts(tmp_path, odp(page(box(item), box(paragraph(f'a<text:s text:c="{most}"/>b')), table)))
    assert "item" in found
    assert len(found) < 1_000_000


def test_cells_beyond_those_that_are_read_are_cut_whether_repeated_or_not(tmp_path: Path) -> None:
    cell = f"<table:table-cell>{paragraph('x')}</table:table-cell>"
    full = f'<table:table-row><table:table-cell table:number-columns-repeated="99999"/>{cell}</table:table-row>'
    more = f"<table:table-row>{cell * 50}</table:table-row>" * 2
    slide = page(f"<draw:frame><table:table>{full}{more}</table:table></draw:frame>")
    assert texts(tmp_path, odp(slide))[0].count("x") == 1


def test_a_table_that_repeats_without_end_is_cut(tmp_path: Path) -> None:
    cell = '<table:table-cell table:number-columns-repeated="9999999999"/>'
    table = f"<draw:frame><table:table><table:table-row>{cell}</table:table-row></table:table></draw:frame>"
    (found,) = texts(tmp_path, odp(page(table)))
    assert len(found) < 1_000_000


def test_groups_within_reason_are_read_and_an_endless_nesting_is_corrupt(tmp_path: Path) -> None:
    assert texts(tmp_path, nested_odp(200)) == ["deepest"]
    with pytest.raises(Unreadable) as refused:
        read(tmp_path, nested_odp(10_000))
    assert refused.value.code is ErrorCode.CORRUPT


def test_an_encrypted_presentation_is_encrypted(tmp_path: Path) -> None:
    entry = '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>'
    with pytest.raises(Unreadable) as refused:
        read(tmp_path, odp(page(), manifest=entry))
    assert refused.value.code is ErrorCode.ENCRYPTED


def test_more_slides_than_a_document_may_have_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as refused:
        read(tmp_path, odp(*[page()] * 4), Limits(hard_pages=3))
    assert refused.value.code is ErrorCode.TOO_MANY_PAGES


@pytest.mark.parametrize("content", [b"<office:document-content", b"", b'<!DOCTYPE x [<!ENTITY x "y">]><x>&x;</x>'])
def test_a_damaged_presentation_is_corrupt(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        read(tmp_path, replace_member(odp(page()), "content.xml", content))
    assert refused.value.code is ErrorCode.CORRUPT


def test_slides_before_the_damage_are_kept(tmp_path: Path) -> None:
    deck = odp(page(title("one")), page("<broken"))
    source = tmp_path / "source"
    source.write_bytes(deck)
    items = extract_odp(source, Limits())
    assert [next(items), next(items)][1] == Page("# one", label="one", number=1)
    with pytest.raises(Unreadable):
        list(items)
