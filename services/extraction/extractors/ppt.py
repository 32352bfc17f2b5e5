"""PowerPoint 97 to 2003 (.ppt): LibreOffice makes an OpenDocument presentation of it, whose slides are read.

Not a PDF, in which titles, notes, hidden slides, tables and comments would be lost or mere text. Without LibreOffice
the text records themselves are read.
"""

import struct
from pathlib import Path

from services.extraction.content import ErrorCode, Facts, Items, Limits, Notice, Unreadable, Warn
from services.extraction.converter import ConversionFailed, convert
from services.extraction.extractors.legacy_office import LIBREOFFICE, facts_of, open_container, stream
from services.extraction.extractors.odp import extract_odp
from services.extraction.extractors.ppt_records import read_slides
from services.extraction.extractors.registry import extracts
from services.extraction.media_types import LEGACY_POWERPOINT

_CURRENT_USER = struct.Struct("<12xII")
"""Start of the stream "Current User": ``headerToken`` and ``offsetToCurrentEdit`` ([MS-PPT] 2.3.2)."""

_ENCRYPTED_TOKEN = 0xF3D1C4DF
_ENCRYPTED_STREAM = "EncryptedSummary"


@extracts(LEGACY_POWERPOINT, engine=LIBREOFFICE, needs_processes=True, heavy=True)
def extract_ppt(source: Path, limits: Limits) -> Items:
    """One page per slide; what the container says of the document comes last and prevails."""
    _refuse_encrypted(source)
    try:
        converted = convert(source, "odp", input_filter="MS PowerPoint 97")
    except ConversionFailed:
        yield Facts(engine="satchel")
        yield Notice(Warn.FALLBACK_ENGINE)
        yield from _read_records(source)
    else:
        yield from extract_odp(converted, limits)
    yield from facts_of(source)


def _refuse_encrypted(source: Path) -> None:
    with open_container(source) as ole:
        token, _ = _CURRENT_USER.unpack_from(stream(ole, "Current User"))
        if token == _ENCRYPTED_TOKEN or ole.exists(_ENCRYPTED_STREAM):
            raise Unreadable(ErrorCode.ENCRYPTED)


def _read_records(source: Path) -> Items:
    with open_container(source) as ole:
        _, current_edit = _CURRENT_USER.unpack_from(stream(ole, "Current User"))
        yield from read_slides(stream(ole, "PowerPoint Document"), current_edit)
