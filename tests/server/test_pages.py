from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from augury.models.prices import PriceBook
from augury.server.app import create_app
from augury.server.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from httpx2 import Response

    from augury.store.protocol import Store

PAGE = "/analytics/models"
NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "نموذج-\N{RIGHT-TO-LEFT OVERRIDE}evil",
    "🧙🔮",
    "W" * 200,
]


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(response.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def one(self, tag: str, **wanted: str) -> dict[str, str | None]:
        (found,) = [a for a in self.all(tag) if wanted.items() <= a.items()]
        return found


@pytest.fixture
def serve(store: Store) -> Iterator[Callable[..., TestClient]]:
    apps = []

    def client(*, sample: bool = False) -> TestClient:
        parts = Parts(store=store, prices=PriceBook.from_file(None), sample=sample, now=lambda: NOW)
        apps.append(create_app(parts))
        return TestClient(apps[-1], base_url="http://127.0.0.1:8765", headers=BROWSER)

    yield client
    for app in apps:
        app.state.ingest.close()


@pytest.fixture
def client(serve: Callable[..., TestClient]) -> TestClient:
    return serve()


def record(client: TestClient, *calls: dict[str, Any]) -> None:
    usual = {"model": "gpt-4o", "task_type": "coding", "response_time_ms": 1_200, "timestamp": NOW.isoformat()}
    answer = client.post("/api/analytics/models/calls", json=[usual | call for call in calls])
    assert answer.json()["stored"] == len(calls), answer.text


def test_an_empty_database_shows_three_ways_to_begin_with_the_servers_own_address(client: TestClient, url: str) -> None:
    page = Page(client.get(PAGE))
    assert 'augury.configure(url="http://127.0.0.1:8765")' in page.text
    assert "http://127.0.0.1:8765/api/analytics/models/calls" in page.text
    assert "augury import FILE" in page.text
    assert urlsplit(url).path.rpartition("/")[2] in page.text


def test_the_empty_pages_curl_body_is_a_record_that_the_api_takes(client: TestClient) -> None:
    text = Page(client.get(PAGE)).text
    body = text[text.index("-d '") + 4 : text.index("}' ") + 1]
    answer = client.post("/api/analytics/models/calls", content=body, headers={"Content-Type": "application/json"})
    assert answer.json()["stored"] == 1, answer.text


def test_a_database_whose_calls_are_all_filtered_out_says_so_and_leads_back(client: TestClient) -> None:
    record(client, {"timestamp": (NOW - timedelta(days=300)).isoformat()})
    page = Page(client.get(PAGE))
    assert "The database holds 1 call," in page.text
    (back,) = [a["href"] for a in page.all("a") if a.get("class") == "button"]
    assert back
    assert "GPT-4o" in Page(client.get(back)).text


def test_the_page_needs_no_script_no_inline_style_and_nothing_from_elsewhere(client: TestClient) -> None:
    record(client, {}, {"user_rating": 1}, {"success": False})
    for query in ("", "?group_by=model", "?days=nonsense"):
        page = Page(client.get(PAGE + query))
        assert not page.all("script")
        assert not page.all("style")
        for _, attributes in page.elements:
            assert "style" not in attributes
            assert not [name for name in attributes if name.startswith("on")]
            for name in ("href", "src", "action"):
                assert (attributes.get(name) or "/").startswith(("/", "#"))


def test_hostile_names_are_shown_and_do_nothing(client: TestClient) -> None:
    record(client, *({"model": name, "provider": name[:60], "error_message": name} for name in HOSTILE))
    for query in ("", "?group_by=model", "?group_by=provider", "?group_by=time"):
        page = Page(client.get(PAGE + query))
        assert not page.all("script")
        assert {a["src"] for a in page.all("img")} == {"/assets/icon.svg"}
        assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
        assert "49" not in page.text
        assert "W" * 200 in page.text.upper()
        assert "نموذج" in page.text


def test_hostile_filters_come_back_as_text(client: TestClient) -> None:
    record(client, {})
    for name in ("model", "segment", "task_type", "<b>"):
        page = Page(client.get(PAGE, params={name: '"><script>alert(1)</script>'}))
        assert not page.all("script")


def test_sample_traffic_is_called_so_on_every_page(serve: Callable[..., TestClient]) -> None:
    client = serve(sample=True)
    record(client, {})
    for query in ("", "?days=0"):
        assert "nobody's real calls" in Page(client.get(PAGE + query)).text
    assert "nobody's real calls" not in Page(serve(sample=False).get(PAGE)).text


def test_filters_keep_their_values(client: TestClient) -> None:
    record(client, {"task_complexity": "simple", "segment": "beta"})
    query = {
        "days": "90",
        "task_type": "coding",
        "model": "openai/gpt-4o",
        "provider": "openai",
        "complexity": "simple",
        "segment": "beta",
        "group_by": "provider",
        "interval": "week",
        "timezone": "Europe/Berlin",
    }
    response = client.get(PAGE, params=query)
    page = Page(response)
    assert response.status_code == 200
    for name in ("model", "provider", "segment", "timezone"):
        assert page.one("input", name=name)["value"] == query[name]
    chosen = [a["value"] for a in page.all("option") if "selected" in a]
    assert chosen == ["90", "coding", "provider", "week", "simple"]
    (json_link,) = [a["href"] for a in page.all("a") if (a["href"] or "").startswith("/api/")]
    assert json_link
    assert client.get(json_link).json()["summary"]["totalCalls"] == 1


def test_a_period_of_no_usual_length_keeps_its_value_too(client: TestClient) -> None:
    page = Page(client.get(PAGE, params={"days": "17"}))
    assert page.one("option", value="17").keys() == {"value", "selected"}


def test_fields_left_empty_ask_nothing_of_the_page_while_the_api_stays_strict(client: TestClient) -> None:
    empty = "?days=&model=&task_type=&provider=&complexity=&segment=&group_by=&interval=&timezone=&from=&to="
    record(client, {})
    assert client.get(PAGE + empty).status_code == 200
    assert client.get("/api/analytics/models" + empty).status_code == 422


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("days=0", "days", "1 or more"),
        ("days=soon", "days", "a whole number"),
        ("task_type=poetry", "task_type", "function_calling"),
        ("group_by=mood", "group_by", "provider"),
        ("timezone=Mars", "timezone", "Europe/Berlin"),
        ("days=3&from=2026-01-01", "days", "nothing beside from and to"),
        ("from=2026-03-02&to=2026-03-01", "to", "a time after"),
        ("days=3660&interval=hour", "interval", "at most 10000 points"),
        ("mood=good", "mood", "a parameter of this address"),
        ("model=" + "x" * 201, "model", "200 characters"),
    ],
)
def test_a_bad_parameter_is_a_page_that_says_what_is_allowed(
    client: TestClient, query: str, field: str, said: str
) -> None:
    response = client.get(f"{PAGE}?{query}")
    assert response.status_code == 422
    assert response.headers["content-type"].startswith("text/html")
    page = Page(response)
    refusal = page.text[page.text.rindex("This cannot be asked") : page.text.index("Ask without")]
    assert field in refusal
    assert said in refusal
    (way_out,) = [a["href"] for a in page.all("a") if a.get("class") == "button"]
    assert way_out
    assert client.get(way_out).status_code == 200


def test_a_program_that_wants_json_gets_the_apis_problem_document(client: TestClient) -> None:
    for query in ("?days=0", "?from=2026-03-02&to=2026-03-01"):
        response = client.get(PAGE + query, headers={"Accept": "application/json"})
        api = client.get("/api/analytics/models" + query)
        assert (response.status_code, response.json()) == (422, api.json())


def test_few_calls_are_dimmed_and_said(client: TestClient) -> None:
    record(client, *({"model": "gpt-4o"} for _ in range(5)), *({"model": "o3"} for _ in range(4)))
    page = Page(client.get(PAGE))
    assert "only 4 calls" in page.text
    assert "only 5 calls" not in page.text
    assert [a for a in page.all("tr") if a.get("class") == "small"]


def test_what_is_not_known_is_a_dash_and_never_a_zero(client: TestClient) -> None:
    record(client, {"model": "homemade"})
    page = Page(client.get(PAGE))
    assert "nothing rated yet" in page.text
    assert "no price known" in page.text
    assert "$0" not in page.text
    assert {"class": "unknown", "title": "not known"} in page.all("span")


def test_a_group_that_was_asked_for_comes_first_and_splits_the_charts(client: TestClient) -> None:
    record(client, {"model": "gpt-4o"}, {"model": "o3"}, {"task_type": "analysis"})
    page = Page(client.get(PAGE, params={"group_by": "model"}))
    assert [a["id"] for a in page.all("h2")] == ["summary", "best", "by-model", "trends", "by-task_type", "by-provider"]
    assert len([a for a in page.all("h3") if "id" in a]) == 2
    page = Page(client.get(PAGE, params={"group_by": "time"}))
    assert [a["id"] for a in page.all("h2")][:3] == ["summary", "best", "by-time"]


@pytest.mark.parametrize(("days", "interval"), [(1, "day"), (1, "hour"), (7, "day"), (90, "day"), (3650, "day")])
def test_a_chart_breaks_where_there_were_no_calls(client: TestClient, days: int, interval: str) -> None:
    hours = (1, 2, 3, 50, 51, 24 * 80)
    record(client, *({"timestamp": (NOW - timedelta(hours=h)).isoformat()} for h in hours))
    query = {"days": str(days), "interval": interval}
    points = client.get("/api/analytics/models", params=query).json()["trends"]
    busy = [bool(point["totalCalls"]) for point in points]
    runs = sum(now and not before for before, now in zip([False, *busy], busy, strict=False))
    page = Page(client.get(PAGE, params=query))
    bars = page.one("path", **{"class": "bars"})["d"] or ""
    assert bars.count("M") == sum(busy)
    for line in [a["d"] or "" for a in page.all("path") if a.get("class") == "line"]:
        assert line.count("M") == runs
        assert line.count("L") == sum(busy) - runs


def test_tables_and_fields_say_what_they_are(client: TestClient) -> None:
    record(client, {})
    page = Page(client.get(PAGE))
    assert len(page.all("table")) == len(page.all("caption")) == 4
    assert all(a.get("scope") in {"col", "row", "colgroup"} for a in page.all("th"))
    labelled = {a["for"] for a in page.all("label")}
    assert labelled == {a["id"] for tag in ("input", "select") for a in page.all(tag)}
    assert {tag for tag, _ in page.elements} >= {"main", "header", "nav", "footer", "h1"}
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))


def test_the_icon_and_the_styles_are_served(client: TestClient) -> None:
    assert client.get("/assets/icon.svg").headers["content-type"] == "image/svg+xml"
    for name in ("tome", "augury"):
        assert client.get(f"/assets/{name}.css").headers["content-type"].startswith("text/css")
