"""How each server is asked whether it is ready: in its own protocol, as a client would."""

import asyncio
import socket

import aio_pika
import aiohttp
import urllib3
from aiormq.exceptions import AMQPError
from minio import Minio
from minio.error import MinioException

from deploy.local.part import Check
from libs.mongo.database import OUTAGES, MongoSettings, open_database, ping

PROBE_SECONDS = 3.0

NOT_YET: tuple[type[Exception], ...] = (
    *(OSError, TimeoutError),
    *(aiohttp.ClientError, AMQPError, MinioException, urllib3.exceptions.HTTPError),
    *OUTAGES,
)
"""What a check raises while its server is still coming up; anything else is a fault of the check."""


def amqp_answers(host: str, port: int, url: str) -> Check:
    """Shake hands with the broker, sign-in included, once its port is open: the driver logs refused connections."""
    listens = port_answers(host, port)

    async def check() -> None:
        await listens()
        connection = await aio_pika.connect(url, timeout=PROBE_SECONDS)
        await connection.close()

    return check


def mongo_answers(settings: MongoSettings) -> Check:
    """Send ``ping``."""

    async def check() -> None:
        async with open_database(settings) as database:
            await ping(database)

    return check


def s3_answers(endpoint: str, access_key: str, secret_key: str, bucket: str) -> Check:
    """Ask for the bucket with credentials, creating it when it is not there."""
    address = endpoint.removeprefix("http://")

    def ask() -> None:
        pool = urllib3.PoolManager(timeout=urllib3.Timeout(PROBE_SECONDS), retries=False)
        client = Minio(address, access_key, secret_key, secure=False, region="us-east-1", http_client=pool)
        if not client.bucket_exists(bucket):
            client.make_bucket(bucket)
        pool.clear()

    return lambda: asyncio.to_thread(ask)


def http_answers(url: str) -> Check:
    """Expect a 2xx answer to GET."""

    async def check() -> None:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PROBE_SECONDS)) as session,
            session.get(url) as answer,
        ):
            answer.raise_for_status()

    return check


def port_answers(host: str, port: int) -> Check:
    """Connect and hang up: for a server whose protocol has nothing to ask."""
    return lambda: asyncio.to_thread(lambda: socket.create_connection((host, port), PROBE_SECONDS).close())
