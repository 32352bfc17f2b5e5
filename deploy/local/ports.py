"""Which port each part listens on, chosen by variables and checked before anything starts.

The defaults lie below Linux's range for outgoing connections (32768), so that no client socket can sit on one.
"""

import random
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"
OWN_RANGE = range(11000, 32000)
"""Where free ports are looked for: above the well-known ones, below those of outgoing connections."""


class PortProblem(Exception):
    """A port cannot be used; the text names port, part and variable."""


@dataclass(frozen=True)
class Port:
    """One listening port: the variable that moves it, its usual number and the part that opens it."""

    variable: str
    default: int
    part: str


PORTS: tuple[Port, ...] = (
    Port("GATEWAY_PORT", 8080, "gateway"),
    Port("GATEWAY_INTERNAL_PORT", 9080, "gateway"),
    Port("STORAGE_PORT", 8081, "storage"),
    Port("STORAGE_INTERNAL_PORT", 9081, "storage"),
    Port("EXTRACTION_INTERNAL_PORT", 9082, "extraction"),
    Port("MODEL_PORT", 8088, "model"),
    Port("MONGO_PORT", 27018, "mongodb"),
    Port("AMQP_PORT", 5673, "rabbitmq"),
    Port("AMQP_DIST_PORT", 25673, "rabbitmq"),
    Port("AMQP_EPMD_PORT", 24369, "epmd"),
    Port("S3_PORT", 8333, "objects"),
    Port("S3_GRPC_PORT", 28333, "objects"),
    Port("S3_MASTER_PORT", 28334, "objects"),
    Port("S3_MASTER_GRPC_PORT", 28335, "objects"),
    Port("S3_VOLUME_PORT", 28336, "objects"),
    Port("S3_VOLUME_GRPC_PORT", 28337, "objects"),
    Port("S3_FILER_PORT", 28338, "objects"),
    Port("S3_FILER_GRPC_PORT", 28339, "objects"),
    Port("S3_ADMIN_PORT", 28340, "objects"),
    Port("S3_ADMIN_GRPC_PORT", 28341, "objects"),
)
"""Only the gateway's, the storage service's and the S3 port are for clients; every one is opened on loopback."""


def chosen_ports(environment: Mapping[str, str]) -> dict[str, int]:
    """Give every port by its variable; raises ``PortProblem`` for a value that is no port or is used twice."""
    chosen: dict[str, int] = {}
    for port in PORTS:
        text = environment.get(port.variable, "") or str(port.default)
        if not text.isdecimal() or not 0 < int(text) < 2**16:
            raise PortProblem(f"{port.variable}={text} is not a port number.")
        if int(text) in chosen.values():
            other = next(name for name, number in chosen.items() if number == int(text))
            raise PortProblem(f"{port.variable} and {other} are both {text}; give one of them another number.")
        chosen[port.variable] = int(text)
    return chosen


def require_free(chosen: Mapping[str, int], parts: Iterable[str]) -> None:
    """Raise ``PortProblem`` naming the first port of these parts that somebody else listens on."""
    wanted = set(parts)
    for port in PORTS:
        number = chosen[port.variable]
        if port.part in wanted and not _is_free(number):
            raise PortProblem(
                f"Port {number}, wanted by {port.part}, is already taken. "
                f"Stop what listens there, or choose another: make run {port.variable}=<port>"
            )


def free_ports() -> dict[str, int]:
    """Give a free number for every variable, for stacks that live beside others; reserved only until used.

    Not the kernel's own choice: that comes from the range in which any outgoing connection may take it meanwhile.
    """
    candidates = random.sample(OWN_RANGE, len(OWN_RANGE))
    free = (number for number in candidates if _is_free(number))
    return {port.variable: number for port, number in zip(PORTS, free, strict=False)}


def _is_free(number: int) -> bool:
    with socket.socket() as probe:
        # Without this, connections of a stack that has just stopped (TIME_WAIT) would count as "taken".
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, number))
        except OSError:
            return False
    return True
