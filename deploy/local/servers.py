"""The servers underneath: RabbitMQ, SecantusDB, SeaweedFS and the local model, each as a part.

All listen on loopback only. SeaweedFS authenticates its S3 port alone, so its other ports are never for clients.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from deploy.local import checks
from deploy.local.credentials import Credentials
from deploy.local.part import Part
from deploy.local.ports import LOOPBACK
from libs.mongo.database import MongoSettings

RABBITMQ = "/usr/lib/rabbitmq/bin/rabbitmq-server"
"""The package's own script; the wrapper on the path changes user and folder."""
RABBITMQ_CONF = """\
listeners.tcp.default = {host}:{port}
default_user = {user}
default_pass = {password}
loopback_users = none
load_definitions = {definitions}
log.console = true
log.file = false
"""
BUCKET = "satchel"
USER = "satchel"

Ports = Mapping[str, int]


def amqp_url(ports: Ports, credentials: Credentials, vhost: str = "") -> str:
    """Give the broker's address; without ``vhost`` the default virtual host."""
    return f"amqp://{USER}:{credentials.amqp_password}@{LOOPBACK}:{ports['AMQP_PORT']}/{vhost}"


def mongo_url(ports: Ports) -> str:
    """Give the database's address; the replica set's name is SecantusDB's own."""
    return f"mongodb://{LOOPBACK}:{ports['MONGO_PORT']}/?replicaSet=secantus"


def s3_endpoint(ports: Ports) -> str:
    """Give the object store's address."""
    return f"http://{LOOPBACK}:{ports['S3_PORT']}"


def model_url(ports: Ports) -> str:
    """Give the base address of the OpenAI-compatible API."""
    return f"http://{LOOPBACK}:{ports['MODEL_PORT']}/v1"


def epmd(ports: Ports) -> Part:
    """Erlang's name server, in the foreground and of our own: RabbitMQ would leave a daemon behind."""
    port = ports["AMQP_EPMD_PORT"]
    return Part(
        "epmd",
        ("epmd", "-address", LOOPBACK, "-port", str(port)),
        checks.port_answers(LOOPBACK, port),
    )


def rabbitmq(folder: Path, ports: Ports, credentials: Credentials, vhosts: tuple[str, ...] = ()) -> Part:
    """RabbitMQ as a node of its own, with its data in ``folder``; ``vhosts`` exist beside the default one.

    ``RUNNING_UNDER_SYSTEMD`` makes the script become the Erlang VM, so that signals reach the broker itself.
    """
    conf, plugins, definitions = folder / "rabbitmq.conf", folder / "enabled_plugins", folder / "definitions.json"
    settings = RABBITMQ_CONF.format(
        host=LOOPBACK,
        port=ports["AMQP_PORT"],
        user=USER,
        password=credentials.amqp_password,
        definitions=definitions,
    )
    return Part(
        "rabbitmq",
        (RABBITMQ,),
        checks.amqp_answers(LOOPBACK, ports["AMQP_PORT"], amqp_url(ports, credentials)),
        environment={
            "RUNNING_UNDER_SYSTEMD": "true",
            "ERL_CRASH_DUMP": str(folder / "erl_crash.dump"),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(ports["AMQP_EPMD_PORT"]),
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"{USER}@localhost",
            "RABBITMQ_NODE_PORT": str(ports["AMQP_PORT"]),
            "RABBITMQ_DIST_PORT": str(ports["AMQP_DIST_PORT"]),
            "RABBITMQ_MNESIA_BASE": str(folder / "db"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(conf.with_suffix("")),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        },
        needs=frozenset({"epmd"}),
        folders=(folder,),
        files={conf: settings, plugins: "[].\n", definitions: _definitions(credentials, ("/", *vhosts))},
    )


def mongodb(folder: Path, ports: Ports) -> Part:
    """SecantusDB: MongoDB's protocol over WiredTiger, a single-node replica set, every commit on disk."""
    port = str(ports["MONGO_PORT"])
    return Part(
        "mongodb",
        (
            *(_program("secantusd-py"), "--host", LOOPBACK, "--port", port),
            *("--storage-path", str(folder), "--sync-on-commit", "--cache-size", "256M", "--log-level", "WARNING"),
        ),
        checks.mongo_answers(MongoSettings(url=SecretStr(mongo_url(ports)))),
        folders=(folder,),
    )


def objects(folder: Path, ports: Ports, credentials: Credentials) -> Part:
    """SeaweedFS in one process; all its ports are fixed, because its data remembers them."""
    numbers = {
        "s3.port": "S3_PORT",
        "s3.port.grpc": "S3_GRPC_PORT",
        "master.port": "S3_MASTER_PORT",
        "master.port.grpc": "S3_MASTER_GRPC_PORT",
        "volume.port": "S3_VOLUME_PORT",
        "volume.port.grpc": "S3_VOLUME_GRPC_PORT",
        "filer.port": "S3_FILER_PORT",
        "filer.port.grpc": "S3_FILER_GRPC_PORT",
        "admin.port": "S3_ADMIN_PORT",
        "admin.port.grpc": "S3_ADMIN_GRPC_PORT",
    }
    return Part(
        "objects",
        (
            *(_program("weed"), "mini", f"-dir={folder}", f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}"),
            *(f"-{option}={ports[variable]}" for option, variable in numbers.items()),
            *("-s3.port.iceberg=0", "-s3.port.lance=0", "-webdav=false", "-admin.ui=false"),
            *(f"-s3.localSocket={folder / 's3.sock'}", f"-filer.localSocket={folder / 'filer.sock'}"),
            "-master.telemetry=false",
        ),
        checks.s3_answers(s3_endpoint(ports), credentials.s3_access_key, credentials.s3_secret_key, BUCKET),
        environment={
            "AWS_ACCESS_KEY_ID": credentials.s3_access_key,
            "AWS_SECRET_ACCESS_KEY": credentials.s3_secret_key,
            "HOME": str(folder),
        },
        folders=(folder,),
    )


def model(ports: Ports) -> Part:
    """llama.cpp's OpenAI-compatible server with the small model whose weights are a Python package."""
    port = ports["MODEL_PORT"]
    return Part(
        "model",
        (sys.executable, "-m", "deploy.local.model", LOOPBACK, str(port)),
        checks.http_answers(f"http://{LOOPBACK}:{port}/health"),
    )


def _definitions(credentials: Credentials, vhosts: tuple[str, ...]) -> str:
    rights = {"user": USER, "configure": ".*", "write": ".*", "read": ".*"}
    return json.dumps(
        {
            "vhosts": [{"name": vhost} for vhost in vhosts],
            "users": [{"name": USER, "password": credentials.amqp_password, "tags": "administrator", "limits": {}}],
            "permissions": [{**rights, "vhost": vhost} for vhost in vhosts],
        }
    )


def _program(name: str) -> str:
    """Find a program that a wheel installed beside this interpreter."""
    return str(Path(sys.executable).with_name(name))
