"""Carries out deletion orders, whether their command arrived or was lost.

An order is a mark, ``deletion``, on every file and conversation it covers; the mark alone hides them from all reads.
Carrying it out may be repeated, interrupted and done by several replicas at once: each step removes what is still
there, in an order in which whatever leads to the rest goes last.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from libs.amqp.delivery import Delivery
from libs.amqp.publisher import Publisher
from libs.clock import now
from libs.contracts.messages import DeleteFiles, FilesDeleted
from libs.contracts.records import DeletionOrder, FileRecord
from libs.logs import REQUEST_ID
from libs.objects.store import ObjectStore
from services.storage.deletion_store import DeletionStore
from services.storage.metrics import DELETIONS

_BATCH = 200
"""Files per round trip: bounds memory, and what a crash makes us repeat."""

_OBJECTS_AT_ONCE = 8


class DeletionService:
    """Destroys what an order covers, writes the receipt and says so."""

    def __init__(self, *, store: DeletionStore, objects: ObjectStore, publisher: Publisher) -> None:
        self._store = store
        self._objects = objects
        self._publisher = publisher

    async def handle(self, delivery: Delivery) -> None:
        """Consume ``DeleteFiles``. The command is acknowledged once nothing of the order is left."""
        if not isinstance(delivery.message, DeleteFiles):
            raise TypeError(f"{type(delivery.message).__name__} is no command for storage")
        await self.carry_out(delivery.message.deletion_id)

    async def carry_out(self, order_id: UUID) -> None:
        """Destroy everything that carries the order, complete its receipt, publish ``FilesDeleted``.

        An order that covers nothing, or nothing any more, is only announced. An outage is raised and loses nothing.
        """
        destroyed = 0
        while files := await self._store.list_files(order_id, _BATCH):
            await self._destroy_files(files)
            destroyed += len(files)
        for conversation_id, order in await self._store.list_conversations(order_id):
            await self._store.put_receipt(order)
            await self._store.bury_conversation(order, conversation_id, now())
            await self._store.remove_conversation(order, conversation_id)
            destroyed += 1
        await self._complete(order_id, changed=destroyed > 0)

    async def _destroy_files(self, files: Sequence[FileRecord]) -> None:
        """Object, pages, extraction, record: at every point a crash leaves a record that leads back here."""
        order = _order_of(files)
        ids = [file.id for file in files]
        await self._store.put_receipt(order)
        await self._store.bury_files(order, files, now())
        for start in range(0, len(ids), _OBJECTS_AT_ONCE):
            await asyncio.gather(*(self._objects.delete(str(key)) for key in ids[start : start + _OBJECTS_AT_ONCE]))
        await self._store.remove_texts(ids)
        await self._store.remove_files(ids)

    async def _complete(self, order_id: UUID, *, changed: bool) -> None:
        receipt = await self._store.find_receipt(order_id)
        if receipt is not None and (changed or receipt.completed_at is None):
            first = await self._store.complete(order_id, now())
            DELETIONS.labels(receipt.kind).inc(int(first))
        await self._publisher.publish(FilesDeleted(deletion_id=order_id), correlation_id=REQUEST_ID.get())


def _order_of(files: Sequence[FileRecord]) -> DeletionOrder:
    """Give the order all these files carry; they were found by its id."""
    order = files[0].deletion
    if order is None:
        raise ValueError("these files carry no order")
    return order
