"""RTF: everything that its documents can hold text in, a marker word in each."""

from collections.abc import Callable, Mapping
from pathlib import Path

import kreuzberg
from striprtf import striprtf

from tests.support.web_documents import rtf

SUFFIX = ".rtf"

FEATURES: Mapping[str, str] = {
    "heading": "# HEADINGWORD",
    "paragraph": "PARAGRAPHWORD",
    "list number": "2. NUMBERWORD",
    "nested item": "  - NESTEDITEM",
    "table": "CELLONE | CELLTWO",
    "nested table": "INNERWORD",
    "footnote": "FOOTNOTEWORD",
    "endnote": "ENDNOTEWORD",
    "comment": "COMMENTWORD",
    "comment's author": "AUTHORWORD",
    "header": "HEADERWORD",
    "footer": "FOOTERWORD",
    "field result": "RESULTWORD",
    "link target": "https://target.example/",
    "text box": "BOXWORD",
    "old text box": "ANCIENTWORD",
    "alt text": "ALTWORD",
    "WordArt": "ARTWORD",
    "object's name": "Excel.Sheet.12",
    "object's text": "OBJECTWORD",
    "hidden": "HIDDENWORD",
    "inserted": "INSERTEDWORD",
    "Unicode": "ÜNICODEWORD",
    "code page": "Слово",
    "double bytes": "日本",
    "beyond U+FFFF": "😀",
    "equation": "EQUATIONWORD",
    "after binary data": "BINARYWORD",
}

ABSENT: Mapping[str, str] = {
    "deleted text": "DELETEDWORD",
    "field code": "MERGEFIELD",
    "style names": "Kop",
    "index entries": "INDEXWORD",
    "information": "REMARKWORD",
    "picture data": "89504e47",
    "fallback copies": "FALLBACKWORD",
    "binary data": "DATAWORD",
}

_BODY = (
    r"{\header HEADERWORD\par}{\footer FOOTERWORD\par}\pard\s1 HEADINGWORD\par\pard PARAGRAPHWORD\par"
    r"\pard{\listtext 2.\tab}\ilvl0 NUMBERWORD\par{\listtext\'b7\tab}\ilvl1 NESTEDITEM\par\pard\plain "
    r"\trowd\cellx1000\cellx2000\pard\intbl CELLONE\cell CELLTWO\cell\row"
    r"\trowd\cellx1000\cellx2000\pard\intbl a\cell\pard\intbl\itap2 INNERWORD\nestcell"
    r"{\*\nesttableprops\trowd\nestrow}{\nonesttables\par FALLBACKWORD}\pard\intbl b\cell\row\pard "
    r"NOTED{\super\chftn{\footnote\pard\chftn  FOOTNOTEWORD}} {\footnote\ftnalt ENDNOTEWORD} "
    r"c{\*\atnid AW}{\*\atnauthor AUTHORWORD}\chatn{\*\annotation COMMENTWORD}\par "
    r"{\field{\*\fldinst MERGEFIELD x}{\fldrslt RESULTWORD}} {\xe INDEXWORD}"
    r'{\field{\*\fldinst HYPERLINK "https://target.example/"}{\fldrslt here}}\par '
    r"{\shp{\*\shpinst{\sp{\sn gtextUNICODE}{\sv ARTWORD}}{\shptxt BOXWORD\par}}{\shprslt FALLBACKWORD}}"
    r"{\*\do{\dptxbx{\dptxbxtext ANCIENTWORD\par}}}"
    r"{\object{\*\objclass Excel.Sheet.12}{\*\objdata 0105}{\result OBJECTWORD}}\par "
    r"{\revised INSERTEDWORD} {\deleted DELETEDWORD} ÜNICODEWORD {\f1\'d1\'eb\'ee\'e2\'ee} "
    r"{\f2\'93\'fa\'96\'7b} \u-10179?\u-8704? {\mmath{\*\moMath{\mr EQUATIONWORD}}} "
    r"{\pict\bin8 DATAWORD}BINARYWORD "
    r"{\*\shppict{\pict{\*\picprop{\sp{\sn wzDescription}{\sv ALTWORD}}}\pngblip 89504e47}}"
    r"{\nonshppict{\pict 89504e47}}"
    r"{\v HIDDENWORD}\par"
)


def document() -> bytes:
    """Make a document with every feature."""
    return rtf(_BODY, r"{\info{\title T}{\doccomm REMARKWORD}}")


def _striprtf(source: Path) -> str:
    """Read with striprtf, its bars and tabs spaced as others space them: words are compared, not spaces."""
    read: Callable[..., str] = striprtf.rtf_to_text
    return read(source.read_text("latin-1"), errors="replace").replace("|", " | ").replace("\t", " ")


_MARKDOWN = kreuzberg.ExtractionConfig(output_format="markdown")

PEERS: Mapping[str, Callable[[Path], str]] = {
    "striprtf": _striprtf,
    "kreuzberg": lambda source: str(kreuzberg.extract_file_sync(source, config=_MARKDOWN).content),
}
