"""Which of the visible files a turn uses (design §2.7), and the ``filter`` of ``search_params``.

A filter is a JSON object; each key names a field of the files' ``metadata`` (dots lead into nested objects), all must
match. A value is what the field must equal (or, when the field is a list, contain), or an object of operators: ``$in``
with a list, ``$gt $gte $lt $lte`` with a number or a string. It is evaluated here, never handed to the database.
"""

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from services.gateway.errors import InvalidRequest
from services.gateway.files.errors import FileNotFound

_RANGES: Mapping[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
_MISSING = object()


class Selectable(Protocol):
    """What selection needs to know of a file."""

    @property
    def id(self) -> UUID:
        """The file's id."""

    @property
    def active(self) -> bool:
        """Whether turns use it unless told otherwise."""

    @property
    def metadata(self) -> dict[str, Any]:
        """What its owner attached to it."""


F = TypeVar("F", bound=Selectable)


def select(
    files: Sequence[F], references: Collection[UUID] | None, metadata_filter: Mapping[str, Any] | None = None
) -> list[F]:
    """Choose among the files a turn can see.

    ``references`` absent means all active ones; a list means exactly those, active or not; an empty one none. The
    filter narrows what the references chose. Raises ``FileNotFound`` naming the first reference that is not among the
    files and ``InvalidRequest`` for a filter with anything but the operators above.
    """
    matches = compile_filter(metadata_filter or {})
    if references is None:
        chosen = [file for file in files if file.active]
    else:
        known = {file.id for file in files}
        unknown = next((reference for reference in references if reference not in known), None)
        if unknown is not None:
            raise FileNotFound(f"There is no file {unknown} in this conversation.", file_id=str(unknown))
        wanted = set(references)
        chosen = [file for file in files if file.id in wanted]
    return [file for file in chosen if matches(file.metadata)]


def compile_filter(metadata_filter: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], bool]:
    """Validate a filter and return the test it stands for. Raises ``InvalidRequest``."""
    tests = [(path.split("."), _condition(path, wanted)) for path, wanted in metadata_filter.items()]
    return lambda metadata: all(test(_look_up(metadata, path)) for path, test in tests)


def _condition(path: str, wanted: Any) -> Callable[[Any], bool]:
    if path.startswith("$"):
        raise _invalid(path, "a filter names fields; operators stand inside a field's value")
    if not isinstance(wanted, dict) or not any(str(key).startswith("$") for key in wanted):
        return lambda value: _equals(value, wanted)
    tests = [_operator(path, name, operand) for name, operand in wanted.items()]
    return lambda value: all(test(value) for test in tests)


def _operator(path: str, name: str, operand: Any) -> Callable[[Any], bool]:
    if name == "$in":
        if not isinstance(operand, list):
            raise _invalid(path, "$in takes a list")
        return lambda value: any(_equals(value, item) for item in operand)
    compare = _RANGES.get(name)
    if compare is None:
        raise _invalid(path, f"the operators are $in, {', '.join(_RANGES)}")
    if isinstance(operand, bool) or not isinstance(operand, int | float | str):
        raise _invalid(path, f"{name} takes a number or a string")
    return lambda value: _comparable(value, operand) and compare(value, operand)


def _comparable(value: Any, operand: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, str) if isinstance(operand, str) else isinstance(value, int | float)


def _equals(value: Any, wanted: Any) -> bool:
    if isinstance(value, list) and not isinstance(wanted, list):
        return any(_equals(item, wanted) for item in value)
    return value is not _MISSING and isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _look_up(metadata: Any, path: Sequence[str]) -> Any:
    for name in path:
        if not isinstance(metadata, Mapping) or name not in metadata:
            return _MISSING
        metadata = metadata[name]
    return metadata


def _invalid(path: str, message: str) -> InvalidRequest:
    # A lone surrogate of the caller's cannot be sent back.
    shown = path[:128].encode(errors="replace").decode()
    fault = {"field": f"search_params.filter.{shown}", "code": "filter_invalid", "message": message}
    return InvalidRequest(errors=[fault])
