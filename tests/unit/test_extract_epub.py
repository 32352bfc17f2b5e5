"""Books: reading order, the names the table of contents gives, and archives that lie about their parts."""

from pathlib import Path

import pytest

from services.extraction.content import ErrorCode, Facts, Limits, Notice, Page, Unreadable, Warn
from services.extraction.detection import detect
from services.extraction.extractors.epub import extract_epub
from tests.support.documents import replace_member, zipped
from tests.support.web_documents import CONTAINER, epub

NAV = b"""<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>
<nav epub:type="landmarks"><ol><li><a href="b.xhtml">No</a></li></ol></nav>
<nav epub:type="toc"><ol><li><a href="a.xhtml">First</a><ol><li><a href="b%20c.xhtml#x">Second</a></li></ol></li>
<li><a href="gone.xhtml">Gone</a></li></ol></nav></body></html>"""
NCX = b"""<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://www.daisy.org/z3986/2005/ncx-2005-1.dtd">
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>First</text></navLabel>
<content src="a.xhtml"/><navPoint><navLabel><text>Second</text></navLabel><content src="b%20c.xhtml#x"/></navPoint>
</navPoint></navMap></ncx>"""
PARTS = {"a.xhtml": b"<html><head><title/></head><body>one</body></html>", "b%20c.xhtml": b"<h2>Own</h2><p>two"}


def items_of(folder: Path, content: bytes) -> list[object]:
    source = folder / "source"
    source.write_bytes(content)
    return list(extract_epub(source, Limits()))


def pages_of(folder: Path, content: bytes) -> list[Page]:
    return [item for item in items_of(folder, content) if isinstance(item, Page)]


def last_facts(folder: Path, content: bytes) -> Facts:
    return [item for item in items_of(folder, content) if isinstance(item, Facts)][-1]


@pytest.mark.parametrize("contents", [{"nav": NAV}, {"ncx": NCX}])
def test_parts_are_read_in_their_order_and_named_by_the_table_of_contents(
    tmp_path: Path, contents: dict[str, bytes]
) -> None:
    book = epub(PARTS, contents)
    assert pages_of(tmp_path, book) == [Page("one", label="First"), Page("## Own\n\ntwo", label="Own")]
    assert last_facts(tmp_path, book).outline == [
        {"title": "First", "level": 1, "page": 1},
        {"title": "Second", "level": 2, "page": 2},
    ]


def test_headings_are_the_outline_of_a_book_without_contents(tmp_path: Path) -> None:
    facts = last_facts(tmp_path, epub({"a.xhtml": b"<h1>A</h1>", "b.xhtml": b"x<h2>B</h2>"}))
    assert facts.outline == [{"title": "A", "level": 1, "page": 1}, {"title": "B", "level": 2, "page": 3}]


def test_a_book_says_what_it_is(tmp_path: Path) -> None:
    metadata = (
        "<dc:title>Bread</dc:title><dc:creator>Ada</dc:creator><dc:creator>Bo</dc:creator>"
        "<dc:language>de-AT</dc:language><dc:date>2026-02</dc:date>"
    )
    facts = items_of(tmp_path, epub(PARTS, metadata=metadata))[0]
    assert isinstance(facts, Facts)
    assert (facts.title, facts.author, facts.language) == ("Bread", "Ada, Bo", "de")
    assert facts.created_at is not None
    assert facts.created_at.isoformat() == "2026-02-01T00:00:00+00:00"


def test_only_links_that_leave_the_book_are_listed(tmp_path: Path) -> None:
    book = epub({"a.xhtml": b'<a href="b.xhtml">b</a><a href="https://example.org/">c</a>'})
    assert last_facts(tmp_path, book).links == ["https://example.org/"]


def test_a_missing_part_costs_only_itself(tmp_path: Path) -> None:
    items = items_of(tmp_path, epub({"a.xhtml": None, "b.xhtml": b"two"}))
    assert Page("two") in items
    assert Notice(Warn.UNREADABLE_PAGES) in items


def test_a_part_that_is_listed_again_is_read_once(tmp_path: Path) -> None:
    book = epub({"a.xhtml": b"one"})
    package = b"".join(
        [
            b'<package><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest><spine>',
            b'<itemref idref="a"/>' * 1_000,
            b'<itemref idref="none"/></spine></package>',
        ]
    )
    assert pages_of(tmp_path, replace_member(book, "OEBPS/content.opf", package)) == [Page("one")]


@pytest.mark.parametrize("name", ["../../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "http://localhost/x"])
def test_names_that_lead_out_of_the_book_lead_nowhere(tmp_path: Path, name: str) -> None:
    assert pages_of(tmp_path, epub({name: None, "a.xhtml": b"one"})) == [Page("one")]


def encryption(algorithm: str, member: str) -> bytes:
    return f"""<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><EncryptedData>
        <EncryptionMethod Algorithm="{algorithm}"/><CipherData><CipherReference URI="{member}"/></CipherData>
        </EncryptedData></encryption>""".encode()


def test_locked_text_is_encrypted_and_obfuscated_fonts_are_not(tmp_path: Path) -> None:
    locked = encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "OEBPS/a.xhtml")
    with pytest.raises(Unreadable) as refused:
        items_of(tmp_path, epub(PARTS, {"encryption": locked}))
    assert refused.value.code is ErrorCode.ENCRYPTED
    fonts = encryption("http://www.idpf.org/2008/embedding", "OEBPS/font.otf")
    assert len(pages_of(tmp_path, epub(PARTS, {"encryption": fonts}))) == 2


@pytest.mark.parametrize(
    "content",
    [
        zipped({"mimetype": b"application/epub+zip"}),
        zipped({"META-INF/container.xml": CONTAINER}),
        zipped({"META-INF/container.xml": b"<container"}),
        replace_member(epub(PARTS), "OEBPS/content.opf", b"<a>" * 10_000),
        replace_member(epub(PARTS), "META-INF/encryption.xml", b"garbage"),
        epub(PARTS)[:400],
    ],
)
def test_a_book_without_a_readable_package_is_corrupt(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        items_of(tmp_path, content)
    assert refused.value.code is ErrorCode.CORRUPT


def test_declared_entities_are_not_obeyed(tmp_path: Path) -> None:
    laughs = b'<!DOCTYPE p [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    opf = laughs + b"<package><metadata><title>&b;&c;!</title></metadata><manifest/><spine/></package>"
    facts = items_of(tmp_path, replace_member(epub(PARTS), "OEBPS/content.opf", opf))[0]
    assert facts == Facts(title="&b;&c;!")


def test_a_damaged_table_of_contents_costs_no_text(tmp_path: Path) -> None:
    assert [page.text for page in pages_of(tmp_path, epub(PARTS, {"ncx": b"<ncx"}))] == ["one", "## Own\n\ntwo"]


def test_a_book_is_known_by_its_content(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(epub(PARTS))
    assert detect(source, ".epub").media_type == "application/epub+zip"
