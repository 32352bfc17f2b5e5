"""``python -m services.gateway.cli``: administration from a shell. A key's secret is printed once and never again."""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from libs.clock import now
from libs.durations import Duration
from libs.errors import AppError
from libs.mongo.database import OUTAGES, Database, MongoSettings, create_indexes, open_database
from services.gateway.agents.service import AgentService
from services.gateway.agents.store import AgentStore
from services.gateway.auth.models import DEFAULT_SCOPES, ApiKey, Scope
from services.gateway.auth.service import ApiKeyService
from services.gateway.auth.store import ApiKeyStore

Command = Callable[[Database, argparse.Namespace], Awaitable[Any]]


async def create_key(database: Database, args: argparse.Namespace) -> Any:
    """Make a key for an app; without ``--agent`` it may talk to all of the app's agents."""
    agents = AgentService(AgentStore(database))
    for agent_id in args.agent or ():
        await agents.get(args.app, agent_id)
    key, text = await _keys(database).create(
        args.app,
        args.name,
        scopes=args.scope or DEFAULT_SCOPES,
        agents=args.agent,
        expires_at=now() + args.expires_in if args.expires_in else None,
    )
    return {**_described(key), "key": text}


async def list_keys(database: Database, args: argparse.Namespace) -> Any:
    """List an app's keys, without their secrets."""
    return [_described(key) for key in await _keys(database).list(args.app)]


async def rotate_key(database: Database, args: argparse.Namespace) -> Any:
    """Give a key a new secret; what it owns stays its own."""
    key, text = await _keys(database).rotate(args.id)
    return {**_described(key), "key": text}


async def expire_key(database: Database, args: argparse.Namespace) -> Any:
    """Let a key end some time from now."""
    return _described(await _keys(database).expire(args.id, now() + args.expires_in))


async def revoke_key(database: Database, args: argparse.Namespace) -> Any:
    """End a key at once."""
    return _described(await _keys(database).revoke(args.id))


async def apply_agents(database: Database, args: argparse.Namespace) -> Any:
    """Declare the apps and agents of a file."""
    await AgentService(AgentStore(database)).declare(args.file)
    return {"applied": str(args.file)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command against the database of ``MONGO_URL``; print its result as JSON. Returns the exit status."""
    args = _parser().parse_args(arguments)
    try:
        print(json.dumps(asyncio.run(_run(args.command, args)), default=str, indent=2))  # noqa: T201 - a shell command
    except AppError as error:
        return _fail(f"{error.code}: {error}")
    except OUTAGES as error:
        return _fail(f"The database does not answer: {error}")
    except ValidationError as error:
        return _fail(f"Is MONGO_URL set? {error}")
    return 0


async def _run(command: Command, args: argparse.Namespace) -> Any:
    async with open_database(MongoSettings()) as database:
        await create_indexes(database)
        return await command(database, args)


def _fail(message: str) -> int:
    print(message, file=sys.stderr)  # noqa: T201 - a shell command
    return 1


def _keys(database: Database) -> ApiKeyService:
    return ApiKeyService(ApiKeyStore(database))


def _described(key: ApiKey) -> dict[str, Any]:
    return key.model_dump(mode="json", exclude={"hash"})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.gateway.cli", description=__doc__)
    nouns = parser.add_subparsers(required=True, metavar="NOUN")
    keys = nouns.add_parser("keys", help="API keys").add_subparsers(required=True, metavar="VERB")
    create = _verb(keys, "create", create_key)
    create.add_argument("--app", required=True, help="id of the app")
    create.add_argument("--name", required=True, help="what the key is for")
    create.add_argument("--agent", action="append", help="an agent it may talk to; repeatable; default: all")
    create.add_argument("--scope", action="append", type=Scope, help="repeatable; default: " + " ".join(DEFAULT_SCOPES))
    create.add_argument("--expires-in", type=_duration, help="lifetime in seconds or ISO 8601, as in P30D")
    _verb(keys, "list", list_keys).add_argument("--app", required=True, help="id of the app")
    _verb(keys, "rotate", rotate_key).add_argument("id", type=UUID)
    expire = _verb(keys, "expire", expire_key)
    expire.add_argument("id", type=UUID)
    expire.add_argument("--expires-in", type=_duration, required=True, help="seconds or ISO 8601, as in P30D")
    _verb(keys, "revoke", revoke_key).add_argument("id", type=UUID)
    agents = nouns.add_parser("agents", help="apps and agents").add_subparsers(required=True, metavar="VERB")
    _verb(agents, "apply", apply_agents).add_argument("file", type=Path)
    return parser


def _verb(nouns: Any, name: str, command: Command) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = nouns.add_parser(name, help=(command.__doc__ or "").strip())
    parser.set_defaults(command=command)
    return parser


def _duration(text: str) -> timedelta:
    return TypeAdapter(Duration).validate_python(text)


if __name__ == "__main__":
    sys.exit(main())
