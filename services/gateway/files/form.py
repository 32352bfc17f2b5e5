"""Walk a multipart form: fields are kept, files are stored as they come, in whatever order both arrive.

A request that turns out wrong after some of its files were stored leaves none of them behind.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Self
from uuid import UUID

from aiohttp import web

from libs.errors import AppError
from services.gateway.errors import InvalidRequest, MalformedBody
from services.gateway.files.deadline import upload_deadline
from services.gateway.files.errors import EmptyFile, FileTooLarge, QuotaExceeded, TooManyFiles, UnsupportedFileType
from services.gateway.files.intake import too_large
from services.gateway.files.multipart import FileField, FormLimits, TextField, read_form
from services.gateway.files.names import display_name
from services.gateway.files.upload import ReceivedFile, UploadService
from services.gateway.idempotency.fingerprint import Fingerprint
from services.gateway.routing import PRINCIPAL
from services.gateway.settings import Settings

FORM_OVERHEAD_BYTES = 1 << 20
"""What a form may hold besides its files: fields, part headers, boundaries."""

_MAX_FIELDS = 32

_ABOUT_ONE_FILE = (UnsupportedFileType, FileTooLarge, QuotaExceeded, EmptyFile)
"""Failures after which the rest of the request can still be read."""


@dataclass(frozen=True, kw_only=True)
class FormRules:
    """What a form may hold: the field that carries files, how many and how large, and how long it may take.

    With ``fail_fast`` the first bad file fails the request; without, each file succeeds or fails by itself.
    """

    file_field: str
    max_files: int
    max_upload_size: int
    deadline: timedelta
    idle_timeout: timedelta
    fail_fast: bool = False

    @classmethod
    def one_file(cls, settings: Settings, file_field: str) -> Self:
        """Return the rules of a form around a single file."""
        return cls(
            file_field=file_field,
            max_files=1,
            max_upload_size=settings.limits.max_upload_size,
            deadline=settings.receive_deadline,
            idle_timeout=settings.idle_timeout,
            fail_fast=True,
        )

    @classmethod
    def many_files(cls, settings: Settings, file_field: str) -> Self:
        """Return the rules of a form with as many files as a request may have, each succeeding or failing by itself."""
        most = settings.limits.max_files_per_request
        return replace(cls.one_file(settings, file_field), max_files=most, fail_fast=False)

    @property
    def parser_limits(self) -> FormLimits:
        """What the parser may take; one file more than allowed, so that it is refused by its proper name."""
        return FormLimits(max_parts=self.max_files + 1 + _MAX_FIELDS, idle_timeout=self.idle_timeout)

    @property
    def max_body_bytes(self) -> int:
        """The largest body that can be within the limits."""
        return self.max_files * self.max_upload_size + FORM_OVERHEAD_BYTES


@dataclass(frozen=True)
class FailedFile:
    """A file of the request that was not taken, and why."""

    filename: str
    error: AppError


@dataclass
class ReceivedForm:
    """A form read to its end."""

    fields: dict[str, str] = field(default_factory=dict)
    received: list[ReceivedFile] = field(default_factory=list)
    failed: list[FailedFile] = field(default_factory=list)


@asynccontextmanager
async def receive_form(
    request: web.Request, uploads: UploadService, rules: FormRules, fingerprint: Fingerprint | None = None
) -> AsyncIterator[ReceivedForm]:
    """Read the whole form, storing its files; when the block fails, files it did not complete are discarded.

    Raises ``FileTooLarge`` (before reading, when the body's announced length already says so), ``TooManyFiles``,
    ``InvalidRequest`` for a file in the wrong field, whatever the parser raises, and with ``fail_fast`` a file's error.
    """
    form = ReceivedForm()
    principal, agent_id = request[PRINCIPAL], request.match_info["agent_id"]

    async def take(incoming: FileField) -> None:
        place = _conversation_so_far(form.fields)
        try:
            form.received.append(await uploads.receive(principal, agent_id, incoming, conversation_id=place))
        except AppError as error:
            if rules.fail_fast or not isinstance(error, _ABOUT_ONE_FILE):
                raise
            form.failed.append(FailedFile(display_name(incoming.filename), error))

    try:
        await _walk(request, rules, form.fields, fingerprint, take)
        yield form
    except BaseException:
        await uploads.abandon(form.received)
        raise


async def rehearse_form(request: web.Request, rules: FormRules, fingerprint: Fingerprint) -> None:
    """Read a form into a fingerprint; its files are hashed and stored nowhere."""
    await _walk(request, rules, {}, fingerprint, _ignore)


async def _ignore(_incoming: FileField) -> None:
    """Leave the file to be read over."""


async def _walk(
    request: web.Request,
    rules: FormRules,
    fields: dict[str, str],
    fingerprint: Fingerprint | None,
    take: Callable[[FileField], Awaitable[None]],
) -> None:
    """Read the form to its end into ``fields`` and the fingerprint, handing each file to ``take``."""
    if (request.content_length or 0) > rules.max_body_bytes:
        raise too_large(rules.max_upload_size)
    meter = _Meter(rules, hashing=fingerprint is not None)
    async with upload_deadline(rules.deadline), aclosing(read_form(request, rules.parser_limits)) as parts:
        async for part in parts:
            if isinstance(part, TextField):
                _add_text(fields, part, rules)
                if fingerprint is not None:
                    fingerprint.add_text(part.name, part.value)
            else:
                sha256 = await meter.take(part, take)
                if fingerprint is not None:
                    fingerprint.add_file(part.name, display_name(part.filename), sha256)
    if fingerprint is not None:
        fingerprint.finish()


def _conversation_so_far(fields: Mapping[str, str]) -> UUID | None:
    """Read the conversation if its field came before the file; a wrong one is refused once the form is read."""
    try:
        return UUID(fields.get("conversation_id", ""))
    except ValueError:
        return None


def _add_text(fields: dict[str, str], part: TextField, rules: FormRules) -> None:
    if part.name == rules.file_field:
        raise _wrong_field(part.name, "must be a file: send it with a filename")
    if part.name in fields:
        raise MalformedBody(f"The field {part.name[:64]} comes twice.")
    fields[part.name] = part.value


def _wrong_field(name: str, message: str) -> InvalidRequest:
    return InvalidRequest(errors=[{"field": name[:64], "code": "wrong_field", "message": message}])


class _Meter:
    """Counts files and bytes over the whole form, and hashes each file when a fingerprint wants it."""

    def __init__(self, rules: FormRules, *, hashing: bool) -> None:
        self._rules = rules
        self._hashing = hashing
        self._files = 0
        self._size_bytes = 0

    async def take(self, part: FileField, take: Callable[[FileField], Awaitable[None]]) -> str:
        """Have a file taken, read over what was left of it, and return its hash (or nothing, when not hashing)."""
        if part.name != self._rules.file_field:
            raise _wrong_field(part.name, f"files belong in the field {self._rules.file_field}")
        self._files += 1
        if self._files > self._rules.max_files:
            raise TooManyFiles(f"A request may hold {self._rules.max_files} files.", limit=self._rules.max_files)
        digest = hashlib.sha256()
        chunks = self._metered(part.chunks, digest.update if self._hashing else None)
        await take(replace(part, chunks=chunks))
        async for _ in chunks:
            """Read over it: the next part comes behind."""
        return digest.hexdigest() if self._hashing else ""

    async def _metered(
        self, chunks: AsyncIterator[bytes], update: Callable[[bytes], object] | None
    ) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            self._size_bytes += len(chunk)
            if self._size_bytes > self._rules.max_body_bytes:
                raise too_large(self._rules.max_upload_size)
            if update is not None:
                update(chunk)
            yield chunk
