"""Link tokens: what is accepted is exactly what was signed."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from libs.errors import Kind
from libs.links.settings import LinkSettings
from libs.links.tokens import LinkClaims, LinkForged, LinkSigner

OLD, NEW = "old:" + "o" * 32, "new:" + "n" * 40
FILE = UUID("550e8400-e29b-41d4-a716-446655440000")
EXPIRY = datetime(2026, 12, 22, 12, 0, 0, 123000, tzinfo=UTC)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

GARBAGE = [
    *("", ".", "old", "old.", "." * 200, "A" * 100_000, "\x00", "../../etc/passwd"),
    *("old." + tail for tail in ("=" * 80, "é" * 80, "A" * 80, "\ud800" + "A" * 79)),
    *(head + "A" * 80 for head in ("öld.", "none.", "old;.")),
]
WEAK_KEYS = [
    *("", "old", "old:", "old:" + "s" * 31, ":" + "s" * 32, "o.d:" + "s" * 32, "k" * 33 + ":" + "s" * 32),
    *(f"{OLD},", f"{OLD},{OLD}", f"{OLD},new:short"),
]


def signer(keys: str = OLD) -> LinkSigner:
    return LinkSigner(LinkSettings(link_keys=keys, public_link_url="https://files.example.org/base/"))


def test_a_token_says_what_was_signed_to_the_millisecond() -> None:
    token = signer().sign(FILE, expires_at=EXPIRY, epoch=7)
    assert signer().verify(token) == LinkClaims(FILE, EXPIRY, 7)


def test_every_millisecond_survives_although_floats_would_not() -> None:
    for millisecond in range(1000):
        expiry = EXPIRY.replace(microsecond=millisecond * 1000)
        assert signer().verify(signer().sign(FILE, expires_at=expiry, epoch=0)).expires_at == expiry


def test_an_expiry_in_another_time_zone_is_the_same_moment() -> None:
    local = EXPIRY.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert signer().sign(FILE, expires_at=local, epoch=0) == signer().sign(FILE, expires_at=EXPIRY, epoch=0)


def test_a_link_is_the_public_address_and_a_token_that_needs_no_quoting() -> None:
    url = signer().url(FILE, expires_at=EXPIRY, epoch=0)
    root, token = url.rsplit("/", 1)
    assert root == "https://files.example.org/base/d"
    assert len(token) == len("old.") + 80
    assert set(token) <= {*ALPHABET, "."}


def test_changing_any_character_to_any_other_makes_it_forged() -> None:
    token = signer().sign(FILE, expires_at=EXPIRY, epoch=0)
    for position, original in enumerate(token):
        for other in ALPHABET + ".":
            if other == original:
                continue
            with pytest.raises(LinkForged):
                signer().verify(token[:position] + other + token[position + 1 :])


def test_every_truncation_and_extension_is_forged() -> None:
    token = signer().sign(FILE, expires_at=EXPIRY, epoch=0)
    for length in range(len(token)):
        with pytest.raises(LinkForged):
            signer().verify(token[:length])
    for extra in ("A", "=", "==", "\n", " ", ".", "%00", "AAAA"):
        with pytest.raises(LinkForged):
            signer().verify(token + extra)


@pytest.mark.parametrize("token", GARBAGE)
def test_garbage_is_forged_and_nothing_else(token: str) -> None:
    with pytest.raises(LinkForged) as caught:
        signer().verify(token)
    assert (caught.value.kind, caught.value.code) == (Kind.NOT_FOUND, "link_not_found")


def test_claims_of_one_token_do_not_pass_with_the_mac_of_another() -> None:
    mine = signer().sign(FILE, expires_at=EXPIRY, epoch=0)
    theirs = signer().sign(uuid4(), expires_at=EXPIRY, epoch=0)
    with pytest.raises(LinkForged):
        signer().verify(theirs[: len("old.") + 37] + mine[len("old.") + 37 :])


def test_the_first_key_signs_and_all_verify_so_keys_rotate() -> None:
    before = signer(OLD).sign(FILE, expires_at=EXPIRY, epoch=0)
    both = signer(f"{NEW},{OLD}")
    after = both.sign(FILE, expires_at=EXPIRY, epoch=0)
    assert after.startswith("new.")
    assert both.verify(before) == both.verify(after)
    assert signer(NEW).verify(after).file_id == FILE
    with pytest.raises(LinkForged):
        signer(NEW).verify(before)


def test_a_token_under_the_same_secret_but_another_key_id_is_forged() -> None:
    secret = "s" * 32
    token = signer(f"one:{secret}").sign(FILE, expires_at=EXPIRY, epoch=0)
    with pytest.raises(LinkForged):
        signer(f"one:{secret},two:{secret}").verify(token.replace("one.", "two."))


@pytest.mark.parametrize("keys", WEAK_KEYS)
def test_weak_or_unreadable_keys_are_refused_at_start(keys: str) -> None:
    with pytest.raises(ValidationError):
        signer(keys)


def test_a_refused_key_is_not_printed() -> None:
    with pytest.raises(ValidationError) as caught:
        signer("old:hunter2")
    assert "hunter2" not in str(caught.value)


def test_secrets_are_measured_in_bytes_and_may_hold_colons() -> None:
    keys = "old:" + "é:" * 11
    assert signer(keys).verify(signer(keys).sign(FILE, expires_at=EXPIRY, epoch=0)).file_id == FILE


def test_no_link_may_outlive_thirty_days() -> None:
    with pytest.raises(ValidationError):
        LinkSettings(link_keys=OLD, public_link_url="http://localhost", link_lifetime=timedelta(days=30, seconds=1))


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINK_KEYS", OLD)
    monkeypatch.setenv("PUBLIC_LINK_URL", "http://localhost:8081")
    monkeypatch.setenv("LINK_LIFETIME", "86400")
    settings = LinkSettings()
    assert settings.link_lifetime == timedelta(days=1)
    assert LinkSigner(settings).url(FILE, expires_at=EXPIRY, epoch=0).startswith("http://localhost:8081/d/old.")
