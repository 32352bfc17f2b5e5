"""API keys: shown once, stored hashed; they expire, rotate and are revoked without losing what they own."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from libs.clock import now
from libs.mongo.database import Database, MongoSettings, create_indexes, open_database
from services.gateway.auth.errors import ApiKeyExpired, ApiKeyNotFound, InvalidApiKey
from services.gateway.auth.models import DEFAULT_SCOPES
from services.gateway.auth.service import ApiKeyService
from services.gateway.auth.store import ApiKeyStore


@pytest.fixture(scope="module")
async def database(mongo: MongoSettings) -> AsyncIterator[Database]:
    async with open_database(mongo) as database:
        await create_indexes(database)
        yield database


@pytest.fixture
def keys(database: Database) -> ApiKeyService:
    return ApiKeyService(ApiKeyStore(database))


async def test_a_key_speaks_for_one_principal_and_its_secret_is_stored_nowhere(
    keys: ApiKeyService, database: Database
) -> None:
    key, text = await keys.create("demo", "mine", scopes=DEFAULT_SCOPES, agents=["assistant"])
    principal = await keys.verify(text)
    assert (principal.id, principal.app_id) == (f"key:{key.id}", "demo")
    assert principal.may_use("assistant")
    assert not principal.may_use("other")
    stored = await database["api_keys"].find_one({"_id": key.id})
    assert text.split("_", 2)[2] not in str(stored)


async def test_a_wrong_secret_and_an_unknown_prefix_are_refused_alike(keys: ApiKeyService) -> None:
    _, text = await keys.create("demo", "mine", scopes=DEFAULT_SCOPES)
    brand, prefix, secret = text.split("_", 2)
    for wrong in (
        f"{brand}_{prefix}_{secret[:-1]}",
        f"{brand}_ffffffffffff_{secret}",
        "wrong",
        "",
        "satchel__",
        "satchel_\udce9_x",
        "\udce9",
    ):
        with pytest.raises(InvalidApiKey):
            await keys.verify(wrong)


async def test_rotation_keeps_the_principal_and_ends_the_old_secret(keys: ApiKeyService) -> None:
    key, old = await keys.create("demo", "mine", scopes=DEFAULT_SCOPES)
    before = await keys.verify(old)
    _, new = await keys.rotate(key.id)
    assert await keys.verify(new) == before
    with pytest.raises(InvalidApiKey):
        await keys.verify(old)


async def test_a_key_ends_when_it_expires_or_is_revoked(keys: ApiKeyService) -> None:
    expiring, text = await keys.create("demo", "mine", scopes=DEFAULT_SCOPES)
    await keys.expire(expiring.id, now() - timedelta(seconds=1))
    with pytest.raises(ApiKeyExpired):
        await keys.verify(text)
    revoked, text = await keys.create("demo", "mine", scopes=DEFAULT_SCOPES)
    await keys.revoke(revoked.id)
    with pytest.raises(InvalidApiKey):
        await keys.verify(text)


async def test_the_use_of_a_key_is_remembered(keys: ApiKeyService) -> None:
    key, text = await keys.create("used", "mine", scopes=DEFAULT_SCOPES)
    await keys.verify(text)
    [listed] = await keys.list("used")
    assert listed.id == key.id
    assert listed.last_used_at is not None


async def test_changing_an_unknown_key_says_so(keys: ApiKeyService) -> None:
    key, _ = await keys.create("demo", "mine", scopes=DEFAULT_SCOPES)
    unknown = key.id.__class__(int=0)
    with pytest.raises(ApiKeyNotFound):
        await keys.revoke(unknown)
    with pytest.raises(ApiKeyNotFound):
        await keys.rotate(unknown)
