"""Deleting is two steps: the gateway condemns, which hides everything at once; storage destroys and reports.

The command to storage may be lost: what is condemned carries its order, and storage's reconciler finds it. So a
receipt without ``completed_at`` is a promise already kept as far as anyone can see; ``FilesDeleted`` is awaited for the
sake of a complete receipt only.
"""

import asyncio
import logging
from datetime import timedelta
from uuid import UUID, uuid4

from libs.amqp.publisher import Publisher
from libs.clock import now
from libs.contracts.messages import DeleteFiles
from libs.contracts.records import DeletionOrder, FileRecord, FileState
from libs.errors import DependencyUnavailable
from libs.logs import REQUEST_ID
from services.gateway.auth.models import Principal
from services.gateway.deletions.models import DeletionKind, DeletionReceipt
from services.gateway.deletions.store import DeletionStore
from services.gateway.events.waiters import Waiters
from services.gateway.files.errors import FileNotFound

_log = logging.getLogger(__name__)

_RECEIPT_WAIT = timedelta(seconds=5)
_POLL = timedelta(seconds=1)


class DeletionService:
    """Condemns files and conversations and waits a little for storage's receipt."""

    def __init__(self, store: DeletionStore, publisher: Publisher, waiters: Waiters) -> None:
        self._store = store
        self._publisher = publisher
        self._waiters = waiters

    async def delete_file(self, principal: Principal, agent_id: str, file_id: UUID) -> DeletionReceipt:
        """Delete one file. Raises ``FileNotFound``, also the second time."""
        order = _order(DeletionKind.FILE, principal.id)
        if not await self._store.condemn_file(principal, agent_id, file_id, order):
            raise FileNotFound
        return await self._carried_out(order)

    async def clear_conversation(
        self, principal: Principal, agent_id: str, conversation_id: UUID | None, *, shared_files: bool
    ) -> DeletionReceipt:
        """Delete a conversation's messages and files, and with ``shared_files`` those shared by all conversations.

        The conversation itself stays. ``conversation_id`` may be ``None`` when there is none to clear.
        """
        order = _order(DeletionKind.RESET, principal.id)
        return await self._clear(principal, agent_id, conversation_id, order, shared_files=shared_files)

    async def delete_conversation(self, principal: Principal, agent_id: str, conversation_id: UUID) -> DeletionReceipt:
        """Delete a conversation with its messages and files. The caller has checked that it exists."""
        order = _order(DeletionKind.CONVERSATION, principal.id)
        return await self._clear(principal, agent_id, conversation_id, order, shared_files=False)

    async def discard_upload(self, record: FileRecord, *, even_if_stored: bool = False) -> None:
        """Condemn what a failed upload left. Storage removes it; nobody waits for that.

        An upload that was completed is left alone, unless ``even_if_stored``: its completion was in doubt.
        """
        order = _order(DeletionKind.FAILED_UPLOAD, record.owner)
        states = [FileState.RECEIVING, *([FileState.STORED] if even_if_stored else [])]
        if await self._store.condemn_upload(record.id, order, states=states):
            await self._announce(order)

    async def _clear(
        self,
        principal: Principal,
        agent_id: str,
        conversation_id: UUID | None,
        order: DeletionOrder,
        *,
        shared_files: bool,
    ) -> DeletionReceipt:
        condemned = 0
        if conversation_id is not None:
            condemned += await self._store.condemn_conversation(principal, agent_id, conversation_id, order)
        places: list[UUID | None] = [conversation_id] if conversation_id is not None else []
        if shared_files:
            places.append(None)
        condemned += await self._store.condemn_files(principal, agent_id, places, order)
        if not condemned:
            return DeletionReceipt.of_order(order, completed_at=order.requested_at)
        return await self._carried_out(order)

    async def _carried_out(self, order: DeletionOrder) -> DeletionReceipt:
        """Tell storage and wait for its report, by event or by asking the database, for ``_RECEIPT_WAIT`` at most."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _RECEIPT_WAIT.total_seconds()
        with self._waiters.expect(order.id) as expectation:
            announced = await self._announce(order)
            while announced and (left := deadline - loop.time()) > 0:
                fired = await expectation.wait(min(_POLL, timedelta(seconds=left)))
                record = await self._store.find(order.id)
                if record is not None and record.completed_at is not None:
                    return DeletionReceipt.of_record(record)
                if fired:
                    # Carried out without a record: an order that came with this one had already covered everything.
                    return DeletionReceipt.of_order(order, completed_at=now())
        return DeletionReceipt.of_order(order)

    async def _announce(self, order: DeletionOrder) -> bool:
        """Publish the command; false when the broker is away, in which case the reconciler finds the order."""
        try:
            await self._publisher.publish(DeleteFiles(deletion_id=order.id), correlation_id=REQUEST_ID.get())
        except DependencyUnavailable:
            _log.warning("deletion left to the reconciler", extra={"deletion_id": str(order.id)})
            return False
        return True


def _order(kind: DeletionKind, requested_by: str) -> DeletionOrder:
    return DeletionOrder(id=uuid4(), kind=kind.value, requested_by=requested_by, requested_at=now())
