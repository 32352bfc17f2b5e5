"""Lets a request wait for events about the files or deletions it asked for."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from libs.contracts.messages import FileFailed, FileProcessed, FilesDeleted, Message

_KEY_OF: Mapping[type[Message], Any] = {
    FileProcessed: attrgetter("file_id"),
    FileFailed: attrgetter("file_id"),
    FilesDeleted: attrgetter("deletion_id"),
}
"""Events that end a wait, and which wait they end. Progress does not."""


class Expectation:
    """The keys one caller waits for, and which of them have come true since it began to look."""

    def __init__(self, keys: frozenset[UUID]) -> None:
        self._missing = set(keys)
        self._fired: set[UUID] = set()
        self._complete = asyncio.Event()
        if not keys:
            self._complete.set()

    def fire(self, key: UUID) -> None:
        """Take note that ``key`` has come true."""
        self._missing.discard(key)
        self._fired.add(key)
        if not self._missing:
            self._complete.set()

    async def wait(self, timeout: timedelta) -> frozenset[UUID]:  # noqa: ASYNC109 - running out of time is an answer here
        """Return the keys that fired: all of them as soon as they have, else those so far once ``timeout`` passed.

        May be called again. An event can be lost, so a key that did not fire says nothing: ask the database.
        """
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                await self._complete.wait()
        except TimeoutError:
            return frozenset(self._fired)
        return frozenset(self._fired)


class Waiters:
    """Every expectation of this process, by key; holds nothing for keys that nobody expects."""

    def __init__(self) -> None:
        self._by_key: dict[UUID, set[Expectation]] = {}

    @contextmanager
    def expect(self, *keys: UUID) -> Iterator[Expectation]:
        """Expect these keys inside the block. Enter it before asking for the work, or the answer may come first."""
        expectation = Expectation(frozenset(keys))
        for key in keys:
            self._by_key.setdefault(key, set()).add(expectation)
        try:
            yield expectation
        finally:
            for key in set(keys):
                self._forget(key, expectation)

    def receive(self, message: Message) -> None:
        """Wake whoever expects what this event reports; any other event is none of our business."""
        key_of = _KEY_OF.get(type(message))
        if key_of is None:
            return
        key: UUID = key_of(message)
        for expectation in self._by_key.get(key, ()):
            expectation.fire(key)

    def _forget(self, key: UUID, expectation: Expectation) -> None:
        expectations = self._by_key[key]
        expectations.discard(expectation)
        if not expectations:
            del self._by_key[key]
