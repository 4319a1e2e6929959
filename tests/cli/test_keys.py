"""`augury keys`, and a server that others reach."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from tests.servers import Answer, serving

import augury as library
from augury.access.keyring import KeyRing
from augury.errors import SettingsError
from augury.server.run import gate_of
from augury.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Augury


@pytest.fixture(autouse=True)
def _unconfigured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AUGURY_DATA_DIR", str(tmp_path / "application"))
    yield
    monkeypatch.undo()
    library.configure()


def test_a_key_is_made_shown_once_listed_and_taken_back(augury: Augury) -> None:
    made = augury("keys", "create", "--name", "shop", "--scope", "feedback", "--origin", "https://shop.example.org/")
    secret = made.stdout.strip()
    assert secret.startswith("augury_")
    assert secret not in made.stderr
    assert "only time" in made.stderr

    keys = KeyRing(augury.folder / "data")
    keys.create(name="team", scopes=["read"], database="postgresql://me:s3cret@db.example/calls")
    listed = augury.json("keys", "list")
    assert listed[0] | {"id": "", "created": ""} == {
        "id": "", "name": "shop", "scopes": ["feedback"], "origins": ["https://shop.example.org"], "database": None,
        "created": "", "lastUsed": None,
    }  # fmt: skip
    assert listed[1]["database"] == "postgresql://me@db.example/calls"
    assert "shop" in augury("keys", "revoke", listed[0]["id"]).stderr
    assert [key.name for key in keys.all()] == ["team"]


def test_what_a_key_cannot_be_is_said(augury: Augury) -> None:
    page = ("--scope", "admin", "--origin", "https://a.example")
    assert "feedback alone" in augury("keys", "create", "--name", "x", *page, code=1).stderr


def test_without_a_key_a_server_that_others_reach_does_not_start(augury: Augury, tmp_path: Path) -> None:
    said = augury("serve", "--port", "0", code=1, AUGURY_HOST="0.0.0.0").stderr
    assert "augury keys create --name me --scope admin" in said
    for variable, value in (
        ("AUGURY_HOST", "192.168.1.5"),
        ("AUGURY_HOST", "::"),
        ("AUGURY_HOSTS", "a.example"),
        ("AUGURY_REQUIRE_KEY", "yes"),
    ):
        settings = Settings.read({variable: value, "AUGURY_DATA_DIR": str(tmp_path)})
        with pytest.raises(SettingsError, match="needs a key"):
            gate_of(settings)
    assert not gate_of(Settings.read({"AUGURY_HOSTS": "localhost", "AUGURY_DATA_DIR": str(tmp_path)})).required
    for variable, value in (
        ("AUGURY_HOSTS", "https://a.example"),
        ("AUGURY_HOSTS", "a.example:80"),
        ("AUGURY_REQUIRE_KEY", "maybe"),
    ):
        with pytest.raises(SettingsError, match=variable):
            Settings.read({variable: value})


def raw(address: str, request: str) -> str:
    """What is answered to a request that no library would send."""
    place = urlsplit(address)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=60) as connection:
        connection.sendall(request.replace("\n", "\r\n").encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b"")).decode("latin-1")


def test_an_open_server_lets_keys_in_and_nobody_else(augury: Augury) -> None:
    data, other = augury.folder / "data", augury.folder / "other.duckdb"
    theirs = augury(
        "keys", "create", "--name", "theirs", "--scope", "ingest,read", "--database", "other.duckdb"
    ).stdout.strip()
    keys = KeyRing(data)
    _, admin = keys.create(name="me", scopes=["admin"])
    with serving(augury.folder, "--host", "0.0.0.0", AUGURY_DATA_DIR=str(data)) as server:
        near = f"http://127.0.0.1:{urlsplit(server.address).port}"
        assert ask(near, "/api/analytics/models").status == 401
        assert ask(near, "/api/analytics/models", admin).status == 200
        assert ask(near, "/healthz").status == 200
        _, late = keys.create(name="late", scopes=["read"])  # made while the server runs
        assert ask(near, "/api/analytics/models", late).status == 200

        # The library, with a key of another project: its calls go there, and commands find them through the server.
        library.configure(url=near, api_key=theirs)
        with library.track(model="gpt-4o", task_type="coding", message_id="m-1") as call:
            pass
        assert call.recorded
        library.feedback(message_id="m-1", rating=1)
        assert library.flush()
        assert library.recommend(task_type="coding").source == "rules"
        library.configure(url=near, api_key="augury_wrong")
        with library.track(model="gpt-4o") as call:
            pass
        assert not library.flush(timeout=0.5)  # it waits for a better key
        assert ask(near, "/api/analytics/models", theirs).body["summary"]["thumbsUp"] == 1
        assert ask(near, "/api/analytics/models", admin).body["summary"]["totalCalls"] == 0
        (row,) = augury.json("sql", "SELECT count(*) AS calls FROM model_performance_metrics", "--database", str(other))
        assert row == {"calls": 1}
        assert all(keys.last_use(key) for key in keys.all())

        _smuggle(near, admin)
        keys.revoke("late")
        assert ask(near, "/api/analytics/models", late).status == 401
    for secret in (admin, theirs, late, "augury_wrong"):
        assert secret not in "".join(server.said)
    assert not other.with_name("other.duckdb.server.json").exists()  # its note is taken back, in order


def _smuggle(near: str, secret: str) -> None:
    host = urlsplit(near).netloc
    head = f"Host: {host}\nConnection: close\n"
    for request in (
        f"GET /api/admin/describe HTTP/1.1\n{head}X-Api-Key : {secret}\n\n",
        f"GET /api/admin/describe HTTP/1.1\n{head}X-Api-Key: x\n X-Api-Key: {secret}\n\n",
        f"GET /api/admin/describe HTTP/1.1\n{head}Host: {host}\nX-Api-Key: {secret}\n\n",
        f"GET /api/admin/describe HTTP/1.1\n{head}x-api-key: {secret}\nX-API-KEY: x\n\n",
        f"GET http://evil.example/api/admin/describe HTTP/1.1\n{head}X-Api-Key: {secret}x\n\n",
        f"GET /healthz HTTP/1.1\n{head}Content-Length: 3\nTransfer-Encoding: chunked\n\n0\n\nGET /api/admin/describe HTTP/1.1\n{head}\n",
    ):
        answer = raw(near, request)
        assert "schema" not in answer, request
        assert answer == "" or answer.split(" ")[1] in {"400", "401", "404"} or "/healthz" in request, answer


def ask(near: str, path: str, secret: str | None = None) -> Answer:
    with closing(HTTPConnection(urlsplit(near).netloc, timeout=60)) as connection:
        connection.request("GET", path, headers={"x-api-key": secret} if secret else {})
        response = connection.getresponse()
        body: Any = json.loads(response.read())
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, body)


def test_the_library_shows_no_key_that_would_be_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AUGURY_KEY", "augury_secret\nx: y")
    library.configure(url="http://127.0.0.1:9")
    with library.track(model="gpt-4o") as call:
        pass
    assert not call.recorded
    assert "augury_secret" not in caplog.text
    with pytest.raises(SettingsError):
        library.configure(api_key="augury_secrét")
