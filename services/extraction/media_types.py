"""The media types that detection can name, as extractors register for them."""

PDF = "application/pdf"
_OOXML = "application/vnd.openxmlformats-officedocument."
WORD = f"{_OOXML}wordprocessingml.document"
EXCEL = f"{_OOXML}spreadsheetml.sheet"
POWERPOINT = f"{_OOXML}presentationml.presentation"
LEGACY_WORD = "application/msword"
LEGACY_EXCEL = "application/vnd.ms-excel"
LEGACY_POWERPOINT = "application/vnd.ms-powerpoint"
_ODF = "application/vnd.oasis.opendocument."
ODF_TEXT = f"{_ODF}text"
ODF_SPREADSHEET = f"{_ODF}spreadsheet"
ODF_PRESENTATION = f"{_ODF}presentation"
EPUB = "application/epub+zip"
RTF = "text/rtf"
HTML = "text/html"
MAIL = "message/rfc822"
PNG, JPEG, GIF, BMP, WEBP, TIFF = (f"image/{kind}" for kind in ("png", "jpeg", "gif", "bmp", "webp", "tiff"))
OFFICE_PACKAGES = frozenset({WORD, EXCEL, POWERPOINT})
ZIPPED = OFFICE_PACKAGES | frozenset({ODF_TEXT, ODF_SPREADSHEET, ODF_PRESENTATION, EPUB})
UNKNOWN = "application/octet-stream"
