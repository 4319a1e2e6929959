"""A server as a destination, as it should be and otherwise: what is safe, what is refused, and what is to be brought again."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from augury.capture.sending import ServerDestination, name_of, without_secrets
from augury.errors import AuguryError, InvalidValue, NotFound, ServerUnreachable, SettingsError, StorageFull, TooBusy

if TYPE_CHECKING:
    from collections.abc import Iterator

Answering = Callable[[str, bytes], tuple[int, bytes]]


@contextmanager
def serving(answering: Answering) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A server that answers as it is told; its address, and the headers that came."""
    came: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            came.append(dict(self.headers))
            status, body = answering(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            if status == 0:  # gone in the middle of it
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def batch(path: str, body: bytes) -> tuple[int, bytes]:
    """As Augury answers: of records, bad ones are refused, and more than three are too many at once."""
    assert path.endswith("/api/analytics/models/calls")
    records = [json.loads(line) for line in body.splitlines()]
    if len(records) > 3:
        return 413, b'{"detail": "too long"}'
    results = [
        {"index": index, "status": "refused" if record == "bad" else "stored", "field": "model", "expected": "a name"}
        for index, record in enumerate(records)
    ]
    return 200, json.dumps({"stored": 1, "sample": False, "results": results}).encode()


def test_a_batch_that_is_too_long_is_sent_in_parts_and_each_record_has_its_answer() -> None:
    with serving(batch) as (url, came):
        server = ServerDestination(url + "/prefix/", "a-key")
        records = [b'"bad"' if number in (2, 7) else b'"good"' for number in range(9)]

        answers = server.deliver(records)
        server.rest()

    assert [answer is None for answer in answers] == [number not in (2, 7) for number in range(9)]
    assert answers[2] == "model: expected a name"
    assert came[0]["Authorization"] == "Bearer a-key"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"<html>hello</html>", ServerUnreachable),
        (200, b'{"results": []}', ServerUnreachable),
        (204, b"", ServerUnreachable),
        (401, b'{"detail": "a key is needed"}', ServerUnreachable),
        (404, b"nothing here", ServerUnreachable),
        (422, b"what?", ServerUnreachable),
        (429, b"", TooBusy),
        (500, b"", ServerUnreachable),
        (503, b'{"detail": "wait"}', TooBusy),
        (507, b'{"detail": "full"}', StorageFull),
        (0, b"", ServerUnreachable),
    ],
)
def test_what_no_augury_has_confirmed_is_to_be_brought_again(
    status: int, body: bytes, error: type[AuguryError]
) -> None:
    with serving(lambda *_: (status, body)) as (url, _):
        server = ServerDestination(url)
        for _ in range(2):
            with pytest.raises(error, match=url):
                server.deliver([b"{}", b"{}"])
            with pytest.raises(error):
                server.tell("feedback", {"messageId": "m", "rating": 1})
        server.rest()


def test_what_is_said_is_confirmed_unknown_or_refused() -> None:
    answers = {
        "known": (200, b'{"callId": "x"}'),
        "unknown": (404, b'{"detail": "no message unknown"}'),
        "strange": (422, b'{"detail": "rating: expected less"}'),
    }
    with serving(lambda _, body: answers[json.loads(body)["messageId"]]) as (url, _):
        server = ServerDestination(url)
        server.tell("outcome", {"messageId": "known", "success": True})
        with pytest.raises(NotFound, match="no message unknown"):
            server.tell("feedback", {"messageId": "unknown"})
        with pytest.raises(InvalidValue, match="expected less"):
            server.tell("feedback", {"messageId": "strange"})
        server.rest()


def test_a_server_that_was_away_or_has_closed_the_connection_is_reached_again() -> None:
    closing = iter([False, True, False])

    def answering(path: str, body: bytes) -> tuple[int, bytes]:
        return (0, b"") if next(closing) else batch(path, body)

    with serving(answering) as (url, came):
        server = ServerDestination(url)
        assert server.deliver([b'"a"']) == [None]
        assert server.deliver([b'"b"']) == [None]
        server.rest()
    assert len(came) == 3
    with pytest.raises(ServerUnreachable, match="augury serve"):
        server.deliver([b'"c"'])


@pytest.mark.parametrize("url", ["localhost:8765", "http://", "ftp://127.0.0.1", "http://127.0.0.1:port", ""])
def test_an_address_that_is_none_is_said(url: str) -> None:
    with pytest.raises(SettingsError, match="no address of an Augury server"):
        ServerDestination(url)


def test_a_destinations_name_has_nothing_secret_in_it() -> None:
    assert without_secrets("https://anna:secret@example.com/augury/?key=1") == "https://example.com/augury"
    assert name_of("http://127.0.0.1:8765/", None) == "http://127.0.0.1:8765"
