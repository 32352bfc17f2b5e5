"""Which media type a stranger's file is served as: never one that a browser would run (threats A16)."""

import re

OPAQUE = "application/octet-stream"

_ACTIVE = frozenset(
    {
        "application/ecmascript",
        "application/javascript",
        "application/pkcs7-mime",
        "application/vnd.wap.wmlscriptc",
        "application/wasm",
        "application/x-javascript",
        "application/x-java-applet",
        "application/x-ms-application",
        "application/x-shockwave-flash",
        "application/xml",
        "application/xml-dtd",
        "application/xml-external-parsed-entity",
        "message/rfc822",
        "multipart/related",
        "multipart/x-mixed-replace",
        "text/cache-manifest",
        "text/css",
        "text/ecmascript",
        "text/event-stream",
        "text/html",
        "text/javascript",
        "text/livescript",
        "text/vbscript",
        "text/x-component",
        "text/xml",
        "text/xsl",
    }
)
_ACTIVE_ENDINGS = ("+xml", "+html", "javascript")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")


def served_type(media_type: str) -> str:
    """Return the type without parameters, or ``application/octet-stream`` for an active or malformed one."""
    plain = media_type.partition(";")[0].strip().lower()
    if not _MEDIA_TYPE.fullmatch(plain) or plain in _ACTIVE or plain.endswith(_ACTIVE_ENDINGS):
        return OPAQUE
    return plain
