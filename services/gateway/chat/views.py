"""Show conversations and messages to clients."""

from collections.abc import Sequence

from services.gateway.chat.models import ConversationBody, ConversationDetails, ConversationList, MessageBody
from services.gateway.chat.records import Conversation, Message


def conversation_body(conversation: Conversation) -> ConversationBody:
    """Show a conversation in a list."""
    return ConversationBody(**_fields(conversation))


def conversation_details(conversation: Conversation, messages: Sequence[Message]) -> ConversationDetails:
    """Show a conversation with its messages."""
    return ConversationDetails(**_fields(conversation), messages=[_message(message) for message in messages])


def conversation_list(conversations: Sequence[Conversation], *, has_more: bool) -> ConversationList:
    """Show a page of conversations."""
    return ConversationList(
        data=[conversation_body(conversation) for conversation in conversations],
        has_more=has_more,
        next=conversations[-1].id if has_more else None,
    )


def _fields(conversation: Conversation) -> dict[str, object]:
    return {
        "conversation_id": conversation.id,
        "title": conversation.title,
        "created_at": conversation.created_at,
        "updated_at": conversation.updated_at,
        "message_count": conversation.message_count,
    }


def _message(message: Message) -> MessageBody:
    fields = message.model_dump(include=set(MessageBody.model_fields))
    return MessageBody.model_validate({**fields, "message_id": message.id})
