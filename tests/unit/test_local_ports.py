"""Ports of the local stack: chosen by variables, refused with a sentence that names the way out."""

import socket
from pathlib import Path

import pytest

from deploy.local.ports import LOOPBACK, PORTS, PortProblem, chosen_ports, free_ports, require_free


def test_no_two_parts_share_a_default() -> None:
    assert len(set(chosen_ports({}).values())) == len(PORTS)


def test_a_variable_moves_its_port_and_no_other() -> None:
    assert chosen_ports({"GATEWAY_PORT": "9999"}) == {**chosen_ports({}), "GATEWAY_PORT": 9999}


@pytest.mark.parametrize("text", ["no", "-1", "0", "65536", "80 80"])
def test_what_is_no_port_is_refused_by_name(text: str) -> None:
    with pytest.raises(PortProblem, match=f"MONGO_PORT={text}"):
        chosen_ports({"MONGO_PORT": text})


def test_two_parts_on_one_port_are_refused() -> None:
    with pytest.raises(PortProblem, match=r"STORAGE_PORT and GATEWAY_PORT are both 8080"):
        chosen_ports({"STORAGE_PORT": "8080"})


def test_a_taken_port_is_reported_with_part_number_and_variable() -> None:
    ports = free_ports()
    with socket.create_server((LOOPBACK, ports["STORAGE_PORT"])):
        with pytest.raises(PortProblem, match=rf"Port {ports['STORAGE_PORT']}, wanted by storage,.* STORAGE_PORT="):
            require_free(ports, ["gateway", "storage"])
        require_free(ports, ["gateway"])


def test_a_port_whose_connections_have_just_closed_is_free() -> None:
    ports = free_ports()
    with socket.create_server((LOOPBACK, ports["GATEWAY_PORT"])) as server:
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        accepted.close()  # the side that closes first keeps the address in TIME_WAIT
        client.close()
    require_free(ports, ["gateway"])


def test_free_ports_are_free_distinct_and_out_of_the_way_of_outgoing_connections() -> None:
    ports = free_ports()
    require_free(ports, {port.part for port in PORTS})
    assert len(set(ports.values())) == len(PORTS)
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert max(ports.values()) < first_outgoing
