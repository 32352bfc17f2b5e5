"""How pdfium hands out text: asked once for its length, once for the text, in UTF-16 with a terminator."""

import ctypes
from collections.abc import Callable
from typing import Any

_LONGEST_BYTES = 400_000
"""Of one string: a form field may hold a page of text, a title never does. Longer ones are not read."""
_UNIT_BYTES = 2


def wide_string(function: Callable[..., int], *arguments: Any) -> str:
    """Call ``function(*arguments, buffer, bytes)`` and give what it wrote; halves of surrogate pairs become U+FFFD."""
    size = function(*arguments, None, 0)
    if not _UNIT_BYTES < size <= _LONGEST_BYTES:
        return ""
    buffer = (ctypes.c_ushort * (size // _UNIT_BYTES))()
    function(*arguments, buffer, size)
    return bytes(buffer).decode("utf-16-le", "replace").partition("\0")[0]


def byte_string(function: Callable[..., int], *arguments: Any) -> str:
    """Do the same for functions that write bytes, such as addresses, which should be ASCII."""
    size = function(*arguments, None, 0)
    if not 1 < size <= _LONGEST_BYTES:
        return ""
    buffer = ctypes.create_string_buffer(size)
    function(*arguments, buffer, size)
    return buffer.value.decode("utf-8", "replace")
