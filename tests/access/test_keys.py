"""Keys: what they are, where they are kept, and who is signed in with them."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from augury.access.keyring import KeyRing
from augury.access.keys import Scope, origin_of
from augury.access.sessions import LASTS_S, Sessions
from augury.errors import InvalidValue, NotFound, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

SHOP = "https://shop.example.org"


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path)


def test_a_key_is_found_by_its_secret_alone(ring: KeyRing) -> None:
    key, secret = ring.create(name="app", scopes=["ingest,read"])

    assert ring.find(secret) == key
    assert key.scopes == {Scope.INGEST, Scope.READ}
    for wrong in (
        "",
        secret[:-1],
        secret + "x",
        secret.upper(),
        f" {secret}",
        secret[:-1] + ("A" if secret[-1] != "A" else "B"),
        key.digest,
        key.id,
        "augury_\udcff",
    ):
        assert ring.find(wrong) is None, wrong


def test_of_a_secret_only_its_digest_is_kept_for_its_user_alone(ring: KeyRing, tmp_path: Path) -> None:
    _, secret = ring.create(name="app", scopes=["admin"])

    assert secret.rsplit("_", 1)[-1] not in (tmp_path / "keys.json").read_text()
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600
    assert secret not in repr(ring.all())
    assert ring.all()[0].digest not in repr(ring.all())


def test_a_key_that_another_process_makes_or_takes_back_is_seen_at_once(ring: KeyRing, tmp_path: Path) -> None:
    running = KeyRing(tmp_path)
    assert running.all() == []
    key, secret = ring.create(name="app", scopes=["read"])
    assert running.find(secret) == key
    ring.revoke("app")
    assert running.find(secret) is None
    with pytest.raises(NotFound):
        ring.revoke("app")


def test_keys_that_are_made_at_once_are_all_kept(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: KeyRing(tmp_path).create(name=f"key {number}", scopes=["read"]), range(16)))

    assert {key.name for key in KeyRing(tmp_path).all()} == {f"key {number}" for number in range(16)}


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"version": 2, "keys": []}', '{"version": 1, "keys": [{"id": 1}]}', "\x00"]
)
def test_a_file_that_is_something_else_opens_nothing(ring: KeyRing, tmp_path: Path, text: str) -> None:
    _, secret = ring.create(name="app", scopes=["admin"])
    (tmp_path / "keys.json").write_text(text)

    with pytest.raises(SettingsError, match=r"keys\.json is not what Augury wrote"):
        ring.find(secret)


def test_a_file_that_others_can_write_is_not_trusted(ring: KeyRing, tmp_path: Path) -> None:
    _, secret = ring.create(name="app", scopes=["admin"])
    (tmp_path / "keys.json").chmod(0o666)
    os.utime(tmp_path / "keys.json", (1, 1))

    with pytest.raises(SettingsError, match="others could have written it"):
        ring.find(secret)


def test_names_are_taken_once_and_can_be_read(ring: KeyRing) -> None:
    ring.create(name=" app ", scopes=["read"])
    for name in ("app", "", " ", "x" * 201, "a\x1b[2Jb", "a\nb"):
        with pytest.raises(InvalidValue, match="name"):
            ring.create(name=name, scopes=["read"])
    for scopes in ([], ["all"], ["read, write"], [","]):
        with pytest.raises(InvalidValue, match="ingest, feedback, read, admin"):
            ring.create(name="other", scopes=scopes)
    assert len(ring.all()) == 1


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        (SHOP, SHOP), ("https://Shop.Example.org:443/", SHOP), ("http://localhost:5173", "http://localhost:5173"),
        ("http://[::1]:80", "http://[::1]"), ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)  # fmt: skip
def test_an_origin_is_written_as_browsers_do(text: str, origin: str) -> None:
    assert origin_of(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        "", "*", "null", "https://*", "https://*.example.org", "shop.example.org", "https://", "file:///x", "https://a/path",
        "https://a?x", "https://a#x", "https://user@a", "https://a:x", "https://a b", "ftp://a", "https://[::1", "https://a\n.b",
    ],
)  # fmt: skip
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="origin"):
        origin_of(text)


def test_only_a_key_that_rates_may_stand_in_a_page(ring: KeyRing) -> None:
    for scopes in (["admin"], ["feedback", "read"], ["ingest"]):
        with pytest.raises(InvalidValue, match="feedback alone"):
            ring.create(name="page", scopes=scopes, origins=[SHOP])
    key, _ = ring.create(name="page", scopes=["feedback"], origins=[SHOP, SHOP + "/"])
    assert key.origins == (SHOP,)


def test_the_last_use_is_noted(ring: KeyRing, tmp_path: Path) -> None:
    key, _ = ring.create(name="app", scopes=["read"])
    assert ring.last_use(key) is None
    ring.note_use(key)
    used = KeyRing(tmp_path).last_use(key)
    assert used is not None
    assert used >= key.created
    ring.revoke(key.id)
    assert ring.last_use(key) is None


def test_a_session_outlives_the_server_and_ends_in_time(ring: KeyRing, tmp_path: Path) -> None:
    key, _ = ring.create(name="me", scopes=["read"])
    now = [1_000.0]
    token = Sessions(tmp_path, now=lambda: now[0]).begin(key)
    later = Sessions(tmp_path, now=lambda: now[0])

    assert later.key_of(token) == key.id
    assert token not in (tmp_path / "sessions.json").read_text()
    assert stat.S_IMODE((tmp_path / "sessions.json").stat().st_mode) == 0o600
    (digest,) = json.loads((tmp_path / "sessions.json").read_text())["sessions"]
    assert later.key_of(digest) is None
    now[0] += LASTS_S
    assert later.key_of(token) is None


def test_signing_out_and_in_again_end_a_session(ring: KeyRing, tmp_path: Path) -> None:
    key, _ = ring.create(name="me", scopes=["read"])
    sessions = Sessions(tmp_path)
    first = sessions.begin(key)
    second = sessions.begin(key, instead_of=first)
    assert (sessions.key_of(first), sessions.key_of(second)) == (None, key.id)
    sessions.end(second)
    assert sessions.key_of(second) is None
    sessions.end("nothing")
    assert sessions.key_of("") is None
