"""Find, begin, list, reset and delete conversations."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from libs.clock import now
from services.gateway.auth.models import Principal
from services.gateway.chat.errors import ConversationNotFound
from services.gateway.chat.message_store import MessageStore
from services.gateway.chat.records import Conversation, Message
from services.gateway.chat.store import ConversationStore
from services.gateway.deletions.models import DeletionReceipt
from services.gateway.deletions.service import DeletionService

MAX_SHOWN_MESSAGES = 1000


class ConversationService:
    """What can be done with conversations; a stranger's raises ``ConversationNotFound`` like one that is not there."""

    def __init__(self, store: ConversationStore, messages: MessageStore, deletions: DeletionService) -> None:
        self._store = store
        self._messages = messages
        self._deletions = deletions

    async def default(self, principal: Principal, agent_id: str) -> Conversation:
        """Return the principal's one default conversation with the agent, beginning it if need be.

        Of several callers who all find none, the unique key lets one begin it; the others find that one. A default that
        is being deleted gives up its key first.
        """
        key = _default_key(principal, agent_id)
        while True:
            found = await self._store.find_default(principal, agent_id, key)
            if found is not None:
                return found
            begun = _new(principal, agent_id)
            if await self._store.create(begun, default_key=key):
                return begun
            await self._store.release_default(key)

    async def get(self, principal: Principal, agent_id: str, conversation_id: UUID) -> Conversation:
        """Return a conversation. Raises ``ConversationNotFound``."""
        found = await self._store.find(principal, agent_id, conversation_id)
        if found is None:
            raise ConversationNotFound
        return found

    async def require(self, conversation_id: UUID) -> None:
        """Raise ``ConversationNotFound`` unless it is there still; whose it is has been checked before."""
        if not await self._store.exists(conversation_id):
            raise ConversationNotFound

    async def get_or_default(self, principal: Principal, agent_id: str, conversation_id: UUID | None) -> Conversation:
        """Return the conversation named, or the default one. Raises ``ConversationNotFound``."""
        if conversation_id is None:
            return await self.default(principal, agent_id)
        return await self.get(principal, agent_id, conversation_id)

    async def create(self, principal: Principal, agent_id: str, title: str | None) -> Conversation:
        """Begin a conversation."""
        conversation = _new(principal, agent_id, title)
        await self._store.create(conversation)
        return conversation

    async def list(
        self, principal: Principal, agent_id: str, *, after: UUID | None, limit: int, newest_first: bool
    ) -> tuple[Sequence[Conversation], bool]:
        """List a page of conversations, and whether more follow. Raises ``ConversationNotFound`` for ``after``."""
        behind = await self.get(principal, agent_id, after) if after else None
        found = await self._store.list(principal, agent_id, after=behind, limit=limit + 1, newest_first=newest_first)
        return found[:limit], len(found) > limit

    async def messages(self, conversation: Conversation) -> Sequence[Message]:
        """Return the latest messages of a conversation, oldest first."""
        return await self._messages.list_latest(conversation, MAX_SHOWN_MESSAGES)

    async def reset(self, principal: Principal, agent_id: str, conversation_id: UUID | None) -> DeletionReceipt:
        """Clear a conversation's history and its own files; without a name, the default one's and the shared files.

        Raises ``ConversationNotFound``.
        """
        conversation = await self.get_or_default(principal, agent_id, conversation_id)
        await self._store.forget(conversation.id, now())
        return await self._deletions.clear_conversation(
            principal, agent_id, conversation.id, shared_files=conversation_id is None
        )

    async def delete(self, principal: Principal, agent_id: str, conversation_id: UUID) -> DeletionReceipt:
        """Delete a conversation with its messages and its own files. Raises ``ConversationNotFound``."""
        conversation = await self.get(principal, agent_id, conversation_id)
        return await self._deletions.delete_conversation(principal, agent_id, conversation.id)


def _default_key(principal: Principal, agent_id: str) -> str:
    return f"{principal.app_id}/{agent_id}/{principal.id}"


def _new(principal: Principal, agent_id: str, title: str | None = None) -> Conversation:
    moment = now()
    return Conversation(
        id=uuid4(),
        app_id=principal.app_id,
        agent_id=agent_id,
        owner=principal.id,
        title=title or None,
        created_at=moment,
        updated_at=moment,
    )
