"""What exactly made a document unreadable, where the parser's own error tells more than the extractor did."""

import zlib

from lxml import etree

from services.extraction.content import Reason

_XML_REASONS = {
    "Excessive depth": Reason.NESTING,
    "entity": Reason.DOCTYPE,
}
"""Words of libxml2's messages; its numbers for these are shared with other errors."""


def reason_of(error: BaseException) -> Reason | None:
    """Look through an error and what it was raised from; None when none of it says more."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    return next(filter(None, map(_reason, causes)), None)


def _reason(error: BaseException) -> Reason | None:
    if isinstance(error, RecursionError):
        return Reason.NESTING
    if isinstance(error, etree.XMLSyntaxError):
        return next((reason for words, reason in _XML_REASONS.items() if words in str(error)), None)
    if isinstance(error, EOFError) or (isinstance(error, zlib.error) and "incomplete" in str(error)):
        return Reason.CUT_OFF
    return None
