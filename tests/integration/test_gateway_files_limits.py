"""Counts, quotas, rates and the pages that tell them."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from libs.amqp.settings import AmqpSettings
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings
from tests.support.amqp import empty_broker
from tests.support.gateway import OTHER_AGENT, SMALL_BYTES, gateway_settings, running_gateway

TEXT = b"0123456789" * 100


@pytest.fixture
async def servers_for_gateway(
    mongo: MongoSettings, s3: S3Settings, amqp: AmqpSettings
) -> AsyncIterator[tuple[MongoSettings, S3Settings, AmqpSettings]]:
    """Give the three servers that every gateway of this module, each with limits of its own, stands on."""
    async with empty_broker(amqp):
        yield mongo, s3, amqp


ThreeServers = tuple[MongoSettings, S3Settings, AmqpSettings]


async def test_a_conversation_takes_as_many_files_as_it_may(servers_for_gateway: ThreeServers) -> None:
    settings = gateway_settings(*servers_for_gateway, max_files_per_conversation=2)
    async with running_gateway(settings) as gateway, gateway.caller() as api:
        answers = [await api.attach(f"{number}.txt", TEXT) for number in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 413]
        assert answers[2].code == "too_many_files"
        assert len(await api.listed()) == 2
        await api.request("DELETE", f"{api.files}/detach-file/{answers[0].body['file_id']}")
        assert (await api.attach("again.txt", TEXT)).status == 200
        async with gateway.caller(OTHER_AGENT) as elsewhere:
            assert (await elsewhere.attach("there.txt", TEXT)).status == 200
        assert await gateway.leftovers() == []


async def test_uploads_at_the_same_time_never_pass_a_limit_together(servers_for_gateway: ThreeServers) -> None:
    settings = gateway_settings(*servers_for_gateway, max_files_per_conversation=3, quota_bytes=10_000)
    async with running_gateway(settings) as gateway, gateway.caller() as api:
        answers = await asyncio.gather(*(api.attach(f"{number}.txt", TEXT) for number in range(8)))
        assert {answer.status for answer in answers} <= {200, 413}
        assert len(await api.listed()) <= 3
        assert sum(answer.status == 200 for answer in answers) == len(await api.listed())
        while len(await api.listed()) < 3:
            assert (await api.attach("more.txt", TEXT)).status == 200
        assert (await api.attach("more.txt", TEXT)).code == "too_many_files"


async def test_a_quota_holds_over_all_agents_and_ends_an_upload_in_the_middle(
    servers_for_gateway: ThreeServers,
) -> None:
    settings = gateway_settings(*servers_for_gateway, quota_bytes=2_500)
    async with running_gateway(settings) as gateway, gateway.caller() as api:
        assert (await api.attach("1.txt", TEXT)).status == 200
        assert (await api.attach("2.txt", TEXT)).status == 200
        over = await api.attach("3.txt", TEXT)
        assert (over.status, over.code) == (413, "quota_exceeded")
        assert (await api.attach("4.txt", TEXT[:500])).status == 200
        full = await api.attach("5.txt", b"1")
        assert (full.status, full.code) == (413, "quota_exceeded")
        usage = (await api.request("GET", f"{api.root}/usage")).body
        assert (usage["bytes_used"], usage["quota_bytes"], usage["files"]) == (2_500, 2_500, 3)
        assert await gateway.leftovers() == []


async def test_usage_adds_up_the_tokens_of_turns(servers_for_gateway: ThreeServers) -> None:
    async with running_gateway(gateway_settings(*servers_for_gateway)) as gateway, gateway.caller() as api:
        principal = await gateway.context.keys.verify(api.headers["X-API-KEY"])
        assert (await api.request("GET", f"{api.root}/usage")).body["tokens"]["total"] == 0
        await asyncio.gather(*(gateway.context.usage.add_tokens(principal, 10, 3) for _ in range(5)))
        usage = (await api.request("GET", f"{api.root}/usage")).body
        assert usage["tokens"] == {"prompt": 50, "completion": 15, "total": 65}
        assert (usage["files"], usage["bytes_used"], usage["quota_bytes"]) == (0, 0, 0)


async def test_limits_are_published_as_they_are_set(servers_for_gateway: ThreeServers) -> None:
    settings = gateway_settings(*servers_for_gateway, max_files_per_request=7, requests_per_minute=1000)
    async with running_gateway(settings) as gateway, gateway.caller() as api:
        limits = (await api.request("GET", f"{api.root}/limits")).body
        assert limits["max_upload_size"] == SMALL_BYTES
        assert (limits["max_files_per_request"], limits["max_files_per_conversation"]) == (7, 0)
        assert (limits["requests_per_minute"], limits["quota_bytes"]) == (1000, 0)
        assert limits["max_tokens"] == int(0.8 * settings.model.context_tokens)
        assert limits["extensions"][".pdf"] == {
            "accepted": True,
            "extracted": True,
            "how": "text of each page, by OCR where a page has none",
            "mime_types": ["application/pdf"],
        }
        assert all(kind["accepted"] and kind["extracted"] for kind in limits["extensions"].values())


async def test_a_key_makes_as_many_requests_as_it_may_on_all_replicas_together(
    servers_for_gateway: ThreeServers,
) -> None:
    settings = gateway_settings(*servers_for_gateway, requests_per_minute=4)
    async with running_gateway(settings) as one, running_gateway(settings) as two, one.caller() as api:
        elsewhere = api.root.replace(one.base_url, two.base_url)
        answers = [await api.request("GET", f"{root}/limits") for root in (api.root, elsewhere) * 3]
        assert [answer.status for answer in answers] == [200] * 4 + [429] * 2
        assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["3", "2", "1", "0", "0", "0"]
        first, refused = answers[0], answers[4]
        assert first.headers["X-RateLimit-Limit"] == "4"
        assert first.headers["RateLimit-Policy"] == '"key";q=4;w=60'
        assert first.headers["RateLimit"].startswith('"key";r=3;t=')
        assert refused.code == "rate_limited"
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert refused.headers["X-RateLimit-Reset"] == refused.headers["Retry-After"]
        async with one.caller() as other:
            assert (await other.request("GET", f"{other.root}/limits")).status == 200


async def test_many_requests_at_once_are_counted_exactly(servers_for_gateway: ThreeServers) -> None:
    settings = gateway_settings(*servers_for_gateway, requests_per_minute=10)
    async with running_gateway(settings) as gateway, gateway.caller() as api:
        answers = await asyncio.gather(*(api.request("GET", f"{api.root}/limits") for _ in range(25)))
        assert sum(answer.status == 200 for answer in answers) == 10


async def test_without_a_limit_nothing_is_counted_and_no_header_says_so(servers_for_gateway: ThreeServers) -> None:
    async with running_gateway(gateway_settings(*servers_for_gateway)) as gateway, gateway.caller() as api:
        answer = await api.request("GET", f"{api.root}/limits")
        assert not any("ratelimit" in name.lower() for name in answer.headers)
        principal = await gateway.context.keys.verify(api.headers["X-API-KEY"])
        assert await gateway.database["rate_windows"].find_one({"_id": principal.id}) is None
