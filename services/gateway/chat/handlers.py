"""Chat over HTTP: calls, reset, conversations."""

from aiohttp import web

from libs.errors import AppError
from libs.logs import REQUEST_ID
from libs.web.responses import json_response
from services.gateway.auth.errors import ScopeMissing
from services.gateway.auth.models import Scope
from services.gateway.chat.errors import (
    ConversationNotFound,
    FileInactive,
    MessageTooLong,
    ModelBusy,
    ModelFailed,
    ModelTimeout,
)
from services.gateway.chat.input import FILES_FIELD, read_fields, read_turn, rehearse_turn
from services.gateway.chat.models import (
    ConversationBody,
    ConversationDeleted,
    ConversationDetails,
    ConversationList,
    ConversationQuery,
    NewConversation,
    ResetBody,
    ResetRequest,
    TurnBody,
    TurnQuery,
    TurnRequest,
)
from services.gateway.chat.service import Asked
from services.gateway.chat.views import conversation_body, conversation_details, conversation_list
from services.gateway.context import CONTEXT
from services.gateway.errors import InvalidRequest, UnsupportedBodyType
from services.gateway.files.errors import FileNotFound
from services.gateway.files.routes import UPLOAD_ERRORS
from services.gateway.idempotency.fingerprint import Fingerprint
from services.gateway.idempotency.handlers import answer_once
from services.gateway.requests import path_uuid, read_json, read_query, validate
from services.gateway.routing import FORM, JSON, MULTIPART, PRINCIPAL, PUBLIC_ROOT, Route

_CHAT = f"{PUBLIC_ROOT}/chat/{{agent_id}}"
_CONVERSATIONS = f"{_CHAT}/conversations"
_CONVERSATION = f"{_CONVERSATIONS}/{{conversation_id}}"


async def call(request: web.Request) -> web.Response:
    """``POST /chat/{agent_id}/call`` and ``…/call-with-files``: the same operation, with or without files."""
    context = request.app[CONTEXT]

    async def produce(fingerprint: Fingerprint | None) -> web.Response:
        query = read_query(request, TurnQuery)
        agent = await context.agents.get(request[PRINCIPAL].app_id, _agent_id(request))
        async with read_turn(request, context.uploads, context.settings, fingerprint) as (turn, form):
            if form.received and Scope.FILES_WRITE not in request[PRINCIPAL].scopes:
                raise ScopeMissing("Sending files needs the scope files:write.", scope=Scope.FILES_WRITE.value)
            asked = Asked(
                principal=request[PRINCIPAL],
                agent=agent,
                request=turn,
                wait=query.bounded(context.settings.default_wait, context.settings.max_wait),
                request_id=REQUEST_ID.get(),
                received=form.received,
                failed=form.failed,
            )
            return json_response(await context.turns.run(asked))

    async def rehearse(fingerprint: Fingerprint) -> None:
        await rehearse_turn(request, context.settings, fingerprint)

    return await answer_once(request, produce, rehearse)


async def reset(request: web.Request) -> web.Response:
    """``POST /chat/{agent_id}/reset``."""
    context = request.app[CONTEXT]
    body = validate(ResetRequest, await read_fields(request, context.settings))
    query = read_query(request, ResetRequest)
    named = {one.conversation_id for one in (query, body) if one.conversation_id is not None}
    if len(named) > 1:
        message = "the query and the body name different conversations"
        raise InvalidRequest(errors=[{"field": "conversation_id", "code": "ambiguous", "message": message}])
    receipt = await context.conversations.reset(request[PRINCIPAL], _agent_id(request), next(iter(named), None))
    return json_response(ResetBody(receipt=receipt))


async def create_conversation(request: web.Request) -> web.Response:
    """``POST /chat/{agent_id}/conversations``."""
    new = await read_json(request, NewConversation)
    created = await request.app[CONTEXT].conversations.create(request[PRINCIPAL], _agent_id(request), new.title)
    return json_response(conversation_body(created), status=201)


async def list_conversations(request: web.Request) -> web.Response:
    """``GET /chat/{agent_id}/conversations``."""
    query = read_query(request, ConversationQuery)
    found, has_more = await request.app[CONTEXT].conversations.list(
        request[PRINCIPAL],
        _agent_id(request),
        after=query.after,
        limit=query.limit,
        newest_first=query.order == "desc",
    )
    return json_response(conversation_list(found, has_more=has_more))


async def show_conversation(request: web.Request) -> web.Response:
    """``GET /chat/{agent_id}/conversations/{conversation_id}``."""
    conversations = request.app[CONTEXT].conversations
    conversation_id = path_uuid(request, "conversation_id", ConversationNotFound)
    found = await conversations.get(request[PRINCIPAL], _agent_id(request), conversation_id)
    return json_response(conversation_details(found, await conversations.messages(found)))


async def delete_conversation(request: web.Request) -> web.Response:
    """``DELETE /chat/{agent_id}/conversations/{conversation_id}``."""
    conversation_id = path_uuid(request, "conversation_id", ConversationNotFound)
    receipt = await request.app[CONTEXT].conversations.delete(request[PRINCIPAL], _agent_id(request), conversation_id)
    return json_response(ConversationDeleted(conversation_id=conversation_id, receipt=receipt))


def _agent_id(request: web.Request) -> str:
    return request.match_info["agent_id"]


_TURN_ERRORS: tuple[type[AppError], ...] = (
    ConversationNotFound,
    FileNotFound,
    FileInactive,
    UnsupportedBodyType,
    MessageTooLong,
    *UPLOAD_ERRORS,
    ModelFailed,
    ModelTimeout,
    ModelBusy,
)


def _call_route(name: str, summary: str) -> Route:
    return Route(
        method="POST",
        path=f"{_CHAT}/{name}",
        handler=call,
        summary=summary,
        tag="Chat",
        scope=Scope.CHAT,
        answer=TurnBody,
        query=TurnQuery,
        body={JSON: TurnRequest, FORM: TurnRequest, MULTIPART: TurnRequest},
        files=(FILES_FIELD,),
        errors=_TURN_ERRORS,
    )


ROUTES: tuple[Route, ...] = (
    _call_route("call", "Ask the agent"),
    _call_route("call-with-files", "Ask the agent, sending files along"),
    Route(
        method="POST",
        path=f"{_CHAT}/reset",
        handler=reset,
        summary="Clear a conversation's history and files",
        tag="Chat",
        scope=Scope.CHAT,
        answer=ResetBody,
        query=ResetRequest,
        body={JSON: ResetRequest, FORM: ResetRequest, MULTIPART: ResetRequest},
        body_required=False,
        errors=(ConversationNotFound, UnsupportedBodyType),
    ),
    Route(
        method="POST",
        path=_CONVERSATIONS,
        handler=create_conversation,
        summary="Begin a conversation",
        tag="Conversations",
        scope=Scope.CHAT,
        answer=ConversationBody,
        status=201,
        body={JSON: NewConversation},
        body_required=False,
        errors=(UnsupportedBodyType,),
    ),
    Route(
        method="GET",
        path=_CONVERSATIONS,
        handler=list_conversations,
        summary="List conversations",
        tag="Conversations",
        scope=Scope.CHAT,
        answer=ConversationList,
        query=ConversationQuery,
        errors=(ConversationNotFound,),
    ),
    Route(
        method="GET",
        path=_CONVERSATION,
        handler=show_conversation,
        summary="Show a conversation with its messages and their files",
        tag="Conversations",
        scope=Scope.CHAT,
        answer=ConversationDetails,
        errors=(ConversationNotFound,),
    ),
    Route(
        method="DELETE",
        path=_CONVERSATION,
        handler=delete_conversation,
        summary="Delete a conversation with its messages and files",
        tag="Conversations",
        scope=Scope.CHAT,
        answer=ConversationDeleted,
        errors=(ConversationNotFound,),
    ),
)
