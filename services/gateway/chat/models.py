"""Turns and conversations as clients see them: the bodies of requests and answers."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from services.gateway.chat.records import Role
from services.gateway.deletions.models import DeletionReceipt
from services.gateway.files.models import AttachQuery, BlankableUuid, FileError
from services.gateway.files.status import ProcessingStatus

MAX_MESSAGE_CHARS = 400_000
MAX_REFERENCES = 1000
MAX_TITLE_CHARS = 200


def _parsed(value: Any) -> Any:
    """Read JSON text, which is what a form field holds; a blank field is no JSON, and never means the default."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ValueError("not valid JSON") from error


def _parsed_unless_blank(value: Any) -> Any:
    """Read JSON text; a blank field asks for nothing, as if it were absent."""
    return None if isinstance(value, str) and not value.strip() else _parsed(value)


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_FileReferences = Annotated[list[UUID], Field(max_length=MAX_REFERENCES)]


class SearchParams(_Request):
    """How documents are searched for an answer."""

    filter: dict[str, Any] | None = Field(
        None,
        description="which earlier files are used, by their `metadata`: equality, `$in`, `$gt`, `$gte`, `$lt`, `$lte`",
    )
    top_k: int | None = Field(
        None, ge=1, le=1000, description="passages retrieved from files too long to be read whole; absent: the agent's"
    )


class TurnRequest(_Request):
    """What is asked. In a form, `file_references` and `search_params` are JSON text."""

    message: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_MESSAGE_CHARS)] = (
        Field(description="the question")
    )
    file_references: Annotated[_FileReferences | None, BeforeValidator(_parsed)] = Field(
        None, description="exactly which earlier files are used; absent: all active ones; `[]`: none"
    )
    search_params: Annotated[SearchParams | None, BeforeValidator(_parsed_unless_blank)] = Field(
        None, description="narrows the files and bounds the passages"
    )
    conversation_id: BlankableUuid = Field(None, description="absent: the caller's default conversation with the agent")


class TurnQuery(AttachQuery):
    """The query of a call."""


class ResetRequest(_Request):
    """Which conversation to reset, in the query or the body."""

    conversation_id: BlankableUuid = Field(
        None, description="absent: the default conversation, together with the files shared by all conversations"
    )


class NewConversation(_Request):
    """A conversation to be."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_TITLE_CHARS)] | None = Field(
        None, description="absent: taken from the first message"
    )


class ConversationQuery(_Request):
    """Which conversations to list."""

    after: UUID | None = Field(None, description="`next` of the page before")
    limit: int = Field(20, ge=1, le=100, description="how many at most")
    order: Literal["asc", "desc"] = Field("desc", description="by time of creation; desc: newest first")


class TurnUsage(BaseModel):
    """What a turn used."""

    agent_name: str = Field(description="the agent that answered")
    agent_type: str = Field(description="agent: answered by the model")
    files_processed: int = Field(
        description="files of this turn whose processing had ended, with or without text; failed ones and those still "
        "being processed are named in `files` and not counted"
    )
    has_memory: bool = Field(description="whether the agent knows the turns before")
    prompt_tokens: int = Field(description="tokens sent, as the model counts them")
    completion_tokens: int = Field(description="tokens answered, as the model counts them")
    model: str = Field(description="the model that answered")


class TurnFile(BaseModel):
    """A file of a turn and what the model saw of it."""

    file_id: UUID | None = Field(description="null for an upload that was not accepted")
    filename: str = Field(description="its name")
    tokens_total: int = Field(0, description="tokens of its whole text, estimated")
    tokens_used: int = Field(0, description="tokens of it in the prompt, estimated")
    pages_used: list[int] = Field(default_factory=list, description="pages of it in the prompt")
    truncated: bool = Field(default=False, description="whether the model saw less than all of its text")
    processing_status: ProcessingStatus = Field(description="how far extraction was when the model was asked")
    error: FileError | None = Field(None, description="why processing_status is error")


class Reference(BaseModel):
    """A passage of the answer that occurs, word for word, in a page the model read."""

    sequence_number: int = Field(description="counts from 1 in the order of the answer")
    file_id: UUID = Field(description="the file")
    name: str = Field(description="its name")
    page: int = Field(description="the page, as the document counts")
    quote: str = Field(description="the words as they stand in the page")
    start_char: int = Field(description="where the quote begins in the page's text")
    end_char: int = Field(description="where it ends")
    url: str = Field(description="unique://content/{file_id}: resolved with an access check when shown")
    source: str = Field(description="the agent that cites")
    source_id: UUID = Field(description="the conversation")


class TurnBody(BaseModel):
    """The answer of a turn."""

    response: str = Field(description="what the model answered")
    conversation_id: UUID = Field(description="the conversation the turn belongs to")
    message_id: UUID = Field(description="the answer, as a message of the conversation")
    usage: TurnUsage = Field(description="what the turn used")
    files: list[TurnFile] = Field(description="every file of the turn, uploads that failed included")
    references: list[Reference] = Field(description="citations, each checked against its page")


class MessageBody(BaseModel):
    """A message of a conversation."""

    message_id: UUID = Field(description="identifies it")
    role: Role = Field(description="who wrote it")
    text: str = Field(description="what was written")
    files: list[TurnFile] = Field(description="user: sent with it; assistant: what the model saw")
    references: list[Reference] = Field(description="citations")
    usage: TurnUsage | None = Field(description="what the answer used; null for the user's messages")
    created_at: datetime = Field(description="when the turn began")
    completed_at: datetime | None = Field(description="when the answer was complete")


class ConversationBody(BaseModel):
    """A conversation."""

    conversation_id: UUID = Field(description="identifies it")
    title: str | None = Field(description="given, or taken from the first message")
    created_at: datetime = Field(description="when it began")
    updated_at: datetime = Field(description="when its last turn ended")
    message_count: int = Field(description="messages in it")


class ConversationDetails(ConversationBody):
    """A conversation with its messages."""

    messages: list[MessageBody] = Field(description="the latest 1000, oldest first")


class ConversationList(BaseModel):
    """A page of conversations."""

    data: list[ConversationBody] = Field(description="in the order asked for")
    has_more: bool = Field(description="whether another page follows")
    next: UUID | None = Field(description="give it as `after` for the next page; null on the last")


class ResetBody(BaseModel):
    """History and files are gone."""

    success: Literal[True] = Field(default=True, description="true")
    message: str = Field("Conversation reset successfully", description="what was done, for people")
    receipt: DeletionReceipt = Field(description="what was destroyed")


class ConversationDeleted(BaseModel):
    """The conversation is gone, with its messages and its own files."""

    success: Literal[True] = Field(default=True, description="true")
    message: str = Field("Conversation deleted successfully", description="what was done, for people")
    conversation_id: UUID = Field(description="what was deleted")
    receipt: DeletionReceipt = Field(description="what was destroyed")
