"""What may travel and what is refused."""

import json
from uuid import uuid4

import pytest
from pydantic import BaseModel

from libs.amqp.envelope import MAX_BODY_BYTES, BadMessage, Envelope
from libs.amqp.routes import MESSAGES
from libs.clock import now
from libs.contracts import messages as contract
from libs.contracts.messages import ExtractFile, Message
from tests.support.amqp import a_job


def test_a_message_comes_out_as_it_went_in() -> None:
    job = a_job()
    envelope = Envelope.decode(Envelope.wrap(job, correlation_id="req-1").encode())
    assert envelope.unwrap() == job
    assert envelope.correlation_id == "req-1"


def test_every_attempt_has_an_id_of_its_own() -> None:
    job = a_job()
    assert Envelope.wrap(job, correlation_id="").id != Envelope.wrap(job, correlation_id="").id


def test_a_request_id_of_any_length_and_script_survives() -> None:
    request_id = "ж" * 500
    assert Envelope.decode(Envelope.wrap(a_job(), correlation_id=request_id).encode()).correlation_id == request_id


def test_every_message_of_the_contract_has_a_route() -> None:
    abstract = {Message, contract.FileEvent}
    defined = {
        value
        for value in vars(contract).values()
        if isinstance(value, type) and issubclass(value, Message) and value not in abstract
    }
    assert defined == set(MESSAGES.values())


def test_unknown_fields_are_ignored_so_that_senders_may_be_newer() -> None:
    job = a_job()
    body = json.loads(Envelope.wrap(job, correlation_id="").encode())
    body["colour"] = "green"
    body["payload"]["colour"] = "green"
    assert Envelope.decode(json.dumps(body).encode()).unwrap() == job


def _changed(**changes: object) -> bytes:
    body = json.loads(Envelope.wrap(a_job(), correlation_id="r").encode())
    return json.dumps({**body, **changes}).encode()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\x00\xff not json", "not_json"),
        (b"", "not_json"),
        (b"[" * 60_000, "not_json"),
        (b'"a string"', "wrong_shape"),
        (b"{}", "wrong_shape"),
        (_changed(occurred_at="yesterday"), "wrong_shape"),
        (_changed(payload={"file_id": "nobody"}), "wrong_shape"),
        (_changed(payload=[1, 2]), "wrong_shape"),
        (_changed(type="Message"), "unknown_type"),
        (_changed(type="FormatDisk"), "unknown_type"),
        (_changed(version=ExtractFile.version + 1), "newer_version"),
        (_changed(padding="x" * MAX_BODY_BYTES), "too_large"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    with pytest.raises(BadMessage) as refused:
        Envelope.decode(body).unwrap()
    assert refused.value.reason == reason


def test_messages_stay_far_below_the_limit() -> None:
    event = contract.FileProgress(
        file_id=uuid4(), app_id="a" * 200, owner="o" * 200, conversation_id=uuid4(), pages_done=10**6, page_count=10**6
    )
    job = ExtractFile(file_id=uuid4(), sha256="f" * 64, attempt=10**6, requested_at=now())
    messages: list[BaseModel] = [event, job]
    for message in messages:
        assert isinstance(message, Message)
        assert len(Envelope.wrap(message, correlation_id="r" * 200).encode()) < MAX_BODY_BYTES // 32
