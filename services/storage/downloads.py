"""Decides whether a link still holds and what it leads to."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from libs.clock import now
from libs.contracts.records import FileRecord, FileState
from libs.links.disposition import content_disposition
from libs.links.media_types import served_type
from libs.links.tokens import LinkExpired, LinkForged, LinkRevoked, LinkSigner, LinkTargetDeleted
from libs.objects.store import ObjectMissing, ObjectReader, ObjectStore
from services.storage.store import FileStore

_SHORTEST_REDIRECT = timedelta(seconds=1)


@dataclass(frozen=True)
class Download:
    """A file that may be downloaded now, by this link, until ``expires_at``."""

    file: FileRecord
    expires_at: datetime

    @property
    def key(self) -> str:
        """The object's key."""
        return str(self.file.id)

    @property
    def content_type(self) -> str:
        """A media type no browser runs."""
        return served_type(self.file.media_type)

    @property
    def disposition(self) -> str:
        """``Content-Disposition``: always an attachment, under the name the user gave."""
        return content_disposition(self.file.filename)

    @property
    def modified_at(self) -> datetime:
        """When the bytes arrived; they never change afterwards. HTTP knows whole seconds."""
        return (self.file.uploaded_at or self.file.created_at).astimezone(UTC).replace(microsecond=0)


class DownloadService:
    """Links in, files out. Every check is made anew for each request, so a deletion works at once."""

    def __init__(
        self, *, files: FileStore, objects: ObjectStore, signer: LinkSigner, redirect_lifetime: timedelta
    ) -> None:
        self._files = files
        self._objects = objects
        self._signer = signer
        self._redirect_lifetime = redirect_lifetime

    async def resolve(self, token: str) -> Download:
        """Give the file behind a link; raises ``LinkForged``, ``LinkTargetDeleted``, ``LinkRevoked``, ``LinkExpired``.

        Deleted comes first: a link into a deleted file says so even when it has expired as well. A file that is still
        being received never had a link.
        """
        claims = self._signer.verify(token)
        file, moment = await self._files.find(claims.file_id), now()
        if file is not None and file.state is FileState.RECEIVING:
            raise LinkForged
        if file is None or file.state is FileState.DELETING or _overdue(file.retain_until, moment):
            raise LinkTargetDeleted
        if claims.epoch != file.link_epoch:
            raise LinkRevoked
        if _overdue(claims.expires_at, moment):
            raise LinkExpired
        return Download(file, claims.expires_at)

    @property
    def redirects(self) -> bool:
        """Whether clients reach the object store, so that links can lead there."""
        return self._objects.public

    def redirect_url(self, download: Download) -> str:
        """Presign a GET that outlives neither the link nor ``redirect_lifetime``."""
        left = max(download.expires_at - now(), _SHORTEST_REDIRECT)
        return self._objects.sign_get(
            download.key,
            expires=min(left, self._redirect_lifetime),
            filename_header=download.disposition,
            content_type=download.content_type,
        )

    def open(self, download: Download, start: int, end: int) -> AbstractAsyncContextManager[ObjectReader]:
        """Open the bytes from ``start`` up to, not including, ``end``; raises ``ObjectMissing``."""
        return self._objects.open_object(download.key, start=start, end=end)

    async def require_object(self, download: Download) -> None:
        """Raise ``ObjectMissing`` where a GET would."""
        if await self._objects.find(download.key) is None:
            raise ObjectMissing


def _overdue(limit: datetime | None, moment: datetime) -> bool:
    return limit is not None and limit <= moment
