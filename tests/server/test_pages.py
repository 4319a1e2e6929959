"""The dashboard's page, as the server gives it; what the page does is tested in a browser."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from augury.server import frontend
from augury.server.app import create_app

if TYPE_CHECKING:
    from augury.server.parts import Parts

ADDRESSES = (
    "/analytics/models",
    "/analytics/models/gpt-4o",
    "/analytics/models/acme%2Fmodel%3Cscript%3E",
    "/analytics/calls?user_id=anna",
    "/analytics/ask",
)
ALL_SCRIPTS, SHELL = 300_000, 60_000  # bytes, gzipped


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_address_of_the_dashboard_is_the_same_page(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text == client.get(ADDRESSES[0]).text


def test_the_page_says_of_sample_traffic_that_it_is_that(parts: Parts) -> None:
    for sample, told in ((True, "yes"), (False, "no")):
        app = create_app(replace(parts, sample=sample))
        page = TestClient(app, base_url="http://127.0.0.1").get("/analytics/ask").text
        assert ("meta", {"name": "augury-sample", "content": told}) in Elements(page).found


def test_the_page_has_no_inline_script_or_style_and_names_nothing_from_elsewhere(client: TestClient) -> None:
    for tag, attributes in Elements(client.get(ADDRESSES[0]).text).found:
        assert tag != "style"
        assert tag != "script" or attributes.get("src")
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "src"):
            assert (attributes.get(name) or "/").startswith("/")
            assert not (attributes.get(name) or "").startswith("//")


def test_everything_the_page_names_is_there_and_what_is_named_by_its_content_is_kept(client: TestClient) -> None:
    named = [
        a.get("src") or a.get("href") or "" for tag, a in Elements(client.get(ADDRESSES[0]).text).found if tag != "a"
    ]
    files = [address for address in named if address.startswith(("/dashboard/", "/assets/"))]
    assert len(files) >= 4
    for address in files:
        answer = client.get(address)
        assert answer.status_code == 200, address
        kept = "immutable" in answer.headers["cache-control"]
        assert kept == address.startswith("/dashboard/assets/"), address


def test_without_a_built_front_end_the_page_says_what_to_do(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(frontend, "BUILT", tmp_path)
    answer = client.get(ADDRESSES[0])
    assert answer.status_code == 503
    assert "make install" in answer.text


def test_what_a_browser_loads_is_small(client: TestClient) -> None:
    scripts = {
        path.name: as_sent(client, f"/dashboard/assets/{path.name}") for path in frontend.BUILT.glob("assets/*.js")
    }
    assert sum(scripts.values()) <= ALL_SCRIPTS, scripts
    assert sum(size for name, size in scripts.items() if not name.startswith("engine-")) <= SHELL, scripts


def as_sent(client: TestClient, address: str) -> int:
    """How many bytes a browser receives."""
    with client.stream("GET", address, headers={"Accept-Encoding": "gzip, br"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        return sum(map(len, answer.iter_raw()))


@pytest.mark.parametrize("address", ["/openapi.json", "/dashboard/model-feedback.js"])
def test_who_takes_nothing_compressed_gets_the_same_answer_plain(client: TestClient, address: str) -> None:
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    packed = client.get(address)

    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.content == plain.content


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [("gzip", True), ("br;q=1.0, gzip ; q=0.5", True), ("gzip;q=0", False), ("br, gzip;q=0.000, *", False), ("identity", False)],
)  # fmt: skip
def test_gzip_is_for_who_wants_it(client: TestClient, accepted: str, packed: bool) -> None:
    answer = client.get("/openapi.json", headers={"Accept-Encoding": accepted})
    assert ("content-encoding" in answer.headers) is packed


def test_what_was_received_compressed_is_not_gone_on_with_plain(client: TestClient) -> None:
    address = "/dashboard/model-feedback.js"
    packed, plain = (client.get(address, headers={"Accept-Encoding": coding}) for coding in ("gzip", "identity"))
    tag = packed.headers["etag"]
    assert tag == f"W/{plain.headers['etag']}"

    rest = client.get(address, headers={"Accept-Encoding": "gzip", "Range": "bytes=100-", "If-Range": tag})
    assert (rest.status_code, rest.content) == (200, plain.content)
    part = client.get(address, headers={"Accept-Encoding": "identity", "Range": "bytes=100-"})
    assert (part.status_code, part.headers["vary"]) == (206, "Accept-Encoding")
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304


def test_colours_are_named_in_one_file_alone() -> None:
    sources = Path(__file__).parents[2] / "frontend" / "src"
    colour = re.compile(r"#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(", re.IGNORECASE)
    for path in [*sources.rglob("*.svelte"), *sources.rglob("*.css"), *sources.rglob("*.ts")]:
        if (
            path.name not in {"tokens.css", "schema.d.ts"}
            and "test" not in path.name
            and not {"feedback", "signing-in"} & {*path.parts}
        ):
            lines = [line for line in path.read_text().splitlines() if colour.search(line) and "{#" not in line]
            assert lines == [], path
