"""What a ZIP's directory and the beginnings of its parts tell before anything is unpacked."""

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from services.extraction.archives import check_archive, open_archive, refuse_doctype
from services.extraction.content import ErrorCode, Limits, Reason, Unreadable
from tests.support import documents

Refusal = tuple[ErrorCode, Reason | None]


def written(folder: Path, content: bytes) -> Path:
    source = folder / "source"
    source.write_bytes(content)
    return source


def refusal_of_archive(source: Path, limits: Limits) -> Refusal:
    with pytest.raises(Unreadable) as refused:
        check_archive(source, limits)
    return refused.value.code, refused.value.reason


@pytest.mark.parametrize(
    ("content", "limits", "reason"),
    [
        (documents.bomb_docx(5), Limits(unpacked_bytes=4_000_000), Reason.ARCHIVE_SIZE),
        (documents.bomb_docx(20), Limits(ratio=100), Reason.ARCHIVE_RATIO),
        (documents.crowded_docx(50), Limits(members=50), Reason.ARCHIVE_MEMBERS),
    ],
)
def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(
    tmp_path: Path, content: bytes, limits: Limits, reason: Reason
) -> None:
    assert refusal_of_archive(written(tmp_path, content), limits) == (ErrorCode.TOO_LARGE_UNCOMPRESSED, reason)


def test_an_honest_archive_passes(tmp_path: Path) -> None:
    source = written(tmp_path, documents.report_docx())
    check_archive(source, Limits())
    refuse_doctype(source)


def test_a_small_archive_may_pack_as_well_as_it_likes(tmp_path: Path) -> None:
    check_archive(written(tmp_path, documents.zipped({"empty.xml": b" " * 900_000})), Limits(ratio=2))


def test_an_archive_with_a_password_is_encrypted(tmp_path: Path) -> None:
    content = bytearray(documents.zipped({"a": b"x"}))
    content[content.index(b"PK\1\2") + 8] |= 1
    assert refusal_of_archive(written(tmp_path, bytes(content)), Limits()) == (ErrorCode.ENCRYPTED, None)


def overlapping_zip(copies: int, disks: bytes = bytes(4)) -> bytes:
    """Make a ZIP whose members are all the same bytes: the directory names one member so many times."""
    single = documents.zipped({"member": b"x" * 1000})
    start = single.index(b"PK\1\2")
    end = single.index(b"PK\5\6")
    directory = single[start:end] * copies
    return (
        single[:start]
        + directory
        + struct.pack("<4s4sHHIIH", b"PK\5\6", disks, copies & 0xFFFF, copies & 0xFFFF, len(directory), start, 0)
    )


def with_record_for_large_archives(archive: bytes) -> bytes:
    """Move a directory's size and place to such a record; the ordinary one names a directory of five bytes."""
    end = archive.rindex(b"PK\5\6")
    members, size, start = struct.unpack_from("<HII", archive, end + 10)
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, members, members, size, start)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    return archive[:end] + record + locator + struct.pack("<4s4sHHIIH", b"PK\5\6", bytes(4), 1, 1, 5, start, 0)


def test_members_that_share_bytes_make_an_archive_corrupt(tmp_path: Path) -> None:
    check_archive(written(tmp_path, overlapping_zip(1)), Limits())
    assert refusal_of_archive(written(tmp_path, overlapping_zip(2)), Limits()) == (ErrorCode.CORRUPT, None)


@pytest.mark.parametrize("end", ["plain", "another end record within", "record for large archives"])
def test_a_huge_directory_is_refused_without_being_listed(tmp_path: Path, end: str) -> None:
    content = overlapping_zip(400_000, disks=b"PK\5\6" if end.startswith("another") else bytes(4))
    source = written(tmp_path, with_record_for_large_archives(content) if end.startswith("record") else content)
    tracemalloc.start()
    refused = refusal_of_archive(source, Limits())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused == (ErrorCode.TOO_LARGE_UNCOMPRESSED, Reason.ARCHIVE_MEMBERS)
    assert peak < 1 << 20


def test_a_directory_found_by_the_record_for_large_archives_is_read(tmp_path: Path) -> None:
    check_archive(written(tmp_path, with_record_for_large_archives(overlapping_zip(1))), Limits())


def test_members_may_be_larger_than_a_directory(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as target:
        target.writestr("stored", bytes(17 << 20))
    with open_archive(written(tmp_path, content.getvalue())) as archive:
        assert len(archive.read("stored")) == 17 << 20


def test_a_member_that_is_longer_than_declared_is_not_read_further(tmp_path: Path) -> None:
    content = bytearray(documents.zipped({"word/document.xml": b" " * 100_000}))
    for signature, size_at in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        struct.pack_into("<I", content, content.index(signature) + size_at, 10)
    with zipfile.ZipFile(io.BytesIO(content)) as archive, pytest.raises(zipfile.BadZipFile):
        archive.read("word/document.xml")
    with pytest.raises(Unreadable) as refused:
        refuse_doctype(written(tmp_path, bytes(content)))
    assert refused.value.code is ErrorCode.CORRUPT


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-32-le", "cp037"])
@pytest.mark.parametrize("before", ["", "\n  ", "<!-- <a> -->", '<?xml-stylesheet href="?"?>\n<!--x-->' * 100])
def test_a_doctype_is_found_in_any_encoding(tmp_path: Path, encoding: str, before: str) -> None:
    part = f'<?xml version="1.0" encoding="{encoding}"?>{before}<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'.encode(
        encoding
    )
    source = written(tmp_path, documents.replace_member(documents.report_docx(), "word/styles.xml", part))
    with pytest.raises(Unreadable) as refused:
        refuse_doctype(source)
    assert (refused.value.code, refused.value.reason) == (ErrorCode.CORRUPT, Reason.DOCTYPE)


@pytest.mark.parametrize("before", [b"<!--" + b"x" * 100_000 + b"-->", b"<?x ?>" + b" " * 100_000, b" " * 8191])
def test_a_doctype_cannot_hide_behind_a_long_prolog(tmp_path: Path, before: bytes) -> None:
    part = before + b"<!DOCTYPE x><x/>"
    source = written(tmp_path, documents.replace_member(documents.report_docx(), "word/styles.xml", part))
    with pytest.raises(Unreadable) as refused:
        refuse_doctype(source)
    assert refused.value.reason is Reason.DOCTYPE


@pytest.mark.parametrize("text", ["about <!DOCTYPE html>", "<!-- <!DOCTYPE x> -->"])
def test_the_word_doctype_in_a_text_or_comment_is_no_doctype(tmp_path: Path, text: str) -> None:
    part = f"{'' if text.startswith('a') else text}<x><![CDATA[{text}]]></x>".encode()
    refuse_doctype(written(tmp_path, documents.replace_member(documents.report_docx(), "word/styles.xml", part)))
