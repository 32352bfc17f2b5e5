"""What a visitor needs once the stack is up: two API keys, and a file that names every address."""

import asyncio
import json
import os
import sys
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from pathlib import Path

import aiohttp

from deploy.local import servers
from deploy.local.credentials import write_private
from deploy.local.process import ROOT
from deploy.local.stack import Stack

APP, AGENT = "demo", "assistant"


class DemoFailed(Exception):
    """The demo keys could not be made; the text is what the command line said."""


@dataclass(frozen=True)
class DemoKeys:
    """The secrets of two keys to the same app and agent, which see nothing of each other's files."""

    api_key: str = field(repr=False)
    other_api_key: str = field(repr=False)


async def demo_keys(stack: Stack) -> DemoKeys:
    """Give the keys of an earlier run while the gateway still knows them, else new ones; raises ``DemoFailed``."""
    path = stack.folder / "demo-keys.json"
    if path.exists():
        keys = DemoKeys(**json.loads(path.read_text()))
        if await _is_known(stack, keys.api_key) and await _is_known(stack, keys.other_api_key):
            return keys
    keys = DemoKeys(*await asyncio.gather(_create_key(stack, "demo"), _create_key(stack, "demo-other")))
    write_private(path, json.dumps(asdict(keys)) + "\n")
    return keys


def write_environment(path: Path, stack: Stack, keys: DemoKeys) -> None:
    """Write every address and secret as ``KEY=value`` lines that a shell can source, all at once."""
    values = {
        "BASE_URL": stack.base_url,
        "APP_ID": APP,
        "AGENT_ID": AGENT,
        "API_KEY": keys.api_key,
        "OTHER_API_KEY": keys.other_api_key,
        "USERNAME": stack.credentials.username,
        "PASSWORD": stack.credentials.password,
        "S3_ENDPOINT": servers.s3_endpoint(stack.ports),
        "S3_ACCESS_KEY": stack.credentials.s3_access_key,
        "S3_SECRET_KEY": stack.credentials.s3_secret_key,
        "S3_BUCKET": servers.BUCKET,
        "MODEL_BASE_URL": stack.model_url,
        "GATEWAY_INTERNAL_URL": stack.internal_url("gateway"),
        "STORAGE_INTERNAL_URL": stack.internal_url("storage"),
        "EXTRACTION_INTERNAL_URL": stack.internal_url("extraction"),
        "AMQP_URL": servers.amqp_url(stack.ports, stack.credentials),
        "MONGO_URL": servers.mongo_url(stack.ports),
        "RUN_PID": str(os.getpid()),
    }
    write_private(path, "".join(f"{name}={value}\n" for name, value in values.items()))


def welcome(stack: Stack, keys: DemoKeys, environment: Path) -> str:
    """Say where everything is."""
    return f"""
Satchel is up.

  playground      {stack.base_url}/#app={APP}&agent={AGENT}&key={keys.api_key}
  API             {stack.base_url}/public/v1/app/{APP}   (documented at {stack.base_url}/docs)
  agent           {AGENT}
  API key         {keys.api_key}
  another key     {keys.other_api_key}
  all addresses   {environment}

  curl -H 'X-API-KEY: {keys.api_key}' -F file=@document.pdf \\
    {stack.base_url}/public/v1/app/{APP}/files/{AGENT}/attach-file

Ctrl-C stops it; the data stays.
"""


async def _is_known(stack: Stack, key: str) -> bool:
    url = f"{stack.base_url}/public/v1/app/{APP}/agents"
    async with aiohttp.ClientSession() as session, session.get(url, headers={"X-API-KEY": key}) as answer:
        return answer.status != HTTPStatus.UNAUTHORIZED


async def _create_key(stack: Stack, name: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.gateway.cli", "keys", "create"),
        *("--app", APP, "--agent", AGENT, "--name", name),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **stack.environment()},
        cwd=ROOT,
    )
    output, errors = await process.communicate()
    if process.returncode:
        raise DemoFailed(f"The demo keys could not be made: {errors.decode(errors='replace').strip()}")
    key: str = json.loads(output)["key"]
    return key
