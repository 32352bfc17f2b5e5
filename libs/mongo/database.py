"""Open the database and name its collections and indexes.

Motor is past its end of life (2026-05-14); the driver is imported here and in the services' ``store`` modules only, so
that PyMongo's own asyncio API can take its place there. Writes are acknowledged by a majority and journalled, because
an answer of 2xx promises that the record survives a crash.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import ConnectionFailure, ExecutionTimeout, NetworkTimeout, WTimeoutError

from libs.durations import Duration

Document = dict[str, Any]
Database = AsyncIOMotorDatabase[Document]
Collection = AsyncIOMotorCollection[Document]

OUTAGES: tuple[type[Exception], ...] = (ConnectionFailure, NetworkTimeout, ExecutionTimeout, WTimeoutError)
"""What the driver raises when the server is away, slow or changing its primary."""

_OWNED = (("app_id", ASCENDING), ("agent_id", ASCENDING), ("owner", ASCENDING))

INDEXES: Mapping[str, list[IndexModel]] = {
    "files": [
        IndexModel([*_OWNED, ("conversation_id", ASCENDING), ("uploaded_at", ASCENDING), ("_id", ASCENDING)]),
        IndexModel([("state", ASCENDING), ("receive_until", ASCENDING)]),
        IndexModel([("outbox.next_at", ASCENDING)], sparse=True),
        IndexModel([("retain_until", ASCENDING)], sparse=True),
        IndexModel([("dispatched_at", ASCENDING)], sparse=True),
        IndexModel([("deletion.id", ASCENDING)], sparse=True),
        IndexModel([("conversation_id", ASCENDING)]),
    ],
    "extractions": [IndexModel([("status", ASCENDING), ("lease.until", ASCENDING)])],
    "pages": [IndexModel([("_id.file_id", ASCENDING), ("_id.number", ASCENDING)])],
    "conversations": [
        IndexModel([*_OWNED, ("created_at", DESCENDING), ("_id", DESCENDING)]),
        IndexModel([("deletion.id", ASCENDING)], sparse=True),
        IndexModel([("default_key", ASCENDING)], unique=True, sparse=True),
    ],
    "messages": [IndexModel([("conversation_id", ASCENDING), ("created_at", ASCENDING)])],
    "deletions": [IndexModel([("completed_at", ASCENDING), ("requested_at", ASCENDING)])],
    "tombstones": [
        IndexModel([("deletion_id", ASCENDING)]),
        IndexModel([("deleted_at", ASCENDING)], expireAfterSeconds=int(timedelta(days=90).total_seconds())),
    ],
    "api_keys": [IndexModel([("prefix", ASCENDING)], unique=True), IndexModel([("app_id", ASCENDING)])],
    "agents": [IndexModel([("app_id", ASCENDING)])],
    "idempotency": [IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0)],
    "rate_windows": [IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0)],
}
"""Every index of every collection, declared by each service at start; creating one that exists does nothing."""


class MongoSettings(BaseSettings):
    """Where the database is and how long to wait for it."""

    model_config = SettingsConfigDict(env_prefix="MONGO_", frozen=True)

    url: SecretStr = Field(description="MongoDB connection string; a replica set, for retryable writes")
    database: str = Field("satchel", description="database name")
    timeout: Duration = Field(timedelta(seconds=4), description="upper bound for one operation, retries included")


@asynccontextmanager
async def open_database(settings: MongoSettings) -> AsyncIterator[Database]:
    """Connect and yield the database; does not wait for the server, so a process starts while it is away."""
    milliseconds = int(settings.timeout.total_seconds() * 1000)
    client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
        settings.url.get_secret_value(),
        uuidRepresentation="standard",
        tz_aware=True,
        timeoutMS=milliseconds,
        serverSelectionTimeoutMS=milliseconds,
        connectTimeoutMS=min(2000, milliseconds),
        w="majority",
        journal=True,
        appname="satchel",
    )
    try:
        yield client[settings.database]
    finally:
        client.close()


async def create_indexes(database: Database) -> None:
    """Declare every index; safe to repeat and to run from several replicas at once."""
    for collection, indexes in INDEXES.items():
        await database[collection].create_indexes(indexes)


async def ping(database: Database) -> None:
    """Raise one of ``OUTAGES`` when the server does not answer."""
    await database.command("ping")
