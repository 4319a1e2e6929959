"""The analytics API, as its callers meet it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

MODELS = "/api/analytics/models"
CALLS = f"{MODELS}/calls"
FEEDBACK = f"{MODELS}/feedback"
OUTCOME = f"{MODELS}/outcome"

CALL = {
    "model": "gpt-4o-2024-11-20",
    "task_type": "coding",
    "response_time_ms": 2456,
    "input_tokens": 1000,
    "output_tokens": 100,
    "timestamp": "2026-03-30T12:00:00Z",
    "conversation_id": "conv-1",
    "message_id": "chatcmpl-1",
}

MEASURES = {
    "totalCalls", "avgResponseTime", "minResponseTime", "maxResponseTime", "medianResponseTime", "p95ResponseTime",
    "p99ResponseTime", "avgTimeToFirstToken", "successRate", "thumbsUp", "thumbsDown", "satisfactionRate", "avgTokens",
    "totalTokens", "inputTokens", "outputTokens", "tokensPerSecond", "totalCost", "costPerCall", "costPerSuccess",
    "unpricedCalls", "qualityScore", "speedScore", "confidence", "successRateInterval", "satisfactionRateInterval",
}  # fmt: skip


def post(client: TestClient, *records: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = client.post(CALLS, json=list(records)).json()
    return answer


def test_a_call_comes_back_in_every_group_with_every_measure(client: TestClient) -> None:
    post(client, CALL)

    answer = client.get(MODELS, params={"group_by": "model"}).json()

    assert answer["summary"].keys() == MEASURES
    (model,) = answer["byModel"]
    assert model.keys() == MEASURES | {"model", "displayName", "provider", "providers"}
    assert (model["model"], model["displayName"], model["provider"]) == ("gpt-4o", "GPT-4o", "openai")
    assert model["providers"][0].keys() == MEASURES | {"provider"}
    assert answer["byTaskType"][0].keys() == MEASURES | {"taskType"}
    assert answer["byProvider"][0].keys() == MEASURES | {"provider"}
    assert answer["trends"][0].keys() >= MEASURES | {"date"}
    assert answer["groups"] == answer["byModel"]
    assert [(best["taskType"], best["source"]) for best in answer["bestByTask"]] == [("coding", "rules")]
    assert len(answer["trends"]) == 30
    assert sum(point["totalCalls"] for point in answer["trends"]) == answer["summary"]["totalCalls"] == 1
    assert answer["summary"]["totalCost"] == pytest.approx(1000 * 2.5e-6 + 100 * 10e-6, abs=1e-12)
    assert answer["summary"]["minResponseTime"] == answer["summary"]["medianResponseTime"] == 2456


def test_an_empty_database_answers_zeros_and_empty_lists_and_no_rates(client: TestClient) -> None:
    answer = client.get(MODELS).json()

    for name in ("byModel", "byTaskType", "byProvider", "recommendations", "bestByTask"):
        assert answer[name] == []
    summary = answer["summary"]
    assert summary["totalCalls"] == summary["totalTokens"] == summary["totalCost"] == summary["avgResponseTime"] == 0
    assert summary["successRate"] is summary["satisfactionRate"] is summary["qualityScore"] is None


@pytest.mark.parametrize(
    ("query", "name", "allowed"),
    [
        ("days=0", "days", None),
        ("days=many", "days", None),
        ("days=3661", "days", None),
        ("group_by=user", "group_by", "task_type"),
        ("task_type=cooking", "task_type", "function_calling"),
        ("complexity=hard", "complexity", "medium"),
        ("interval=month", "interval", "week"),
        ("timezone=Mars/Olympus", "timezone", None),
        ("from=2026-02-30", "from", None),
        ("from=2026-02-02&to=2026-02-01", "to", None),
        ("to=2026-02-02", "from", None),
        ("days=3&from=2026-02-02", "days", None),
        ("interval=hour&days=3000", "interval", None),
        ("task-type=coding", "task-type", "task_type"),
        ("model=", "model", None),
    ],
)
def test_a_bad_parameter_is_named_and_what_is_allowed_is_listed(
    client: TestClient, query: str, name: str, allowed: str | None
) -> None:
    answer = client.get(f"{MODELS}?{query}")

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == 422
    assert [error["field"] for error in document["errors"]] == [name]
    assert name in document["detail"]
    assert document["errors"][0]["expected"]
    if allowed:
        assert allowed in document["errors"][0]["allowed"]


@pytest.mark.parametrize(
    ("query", "calls"),
    [
        ("model=openai/gpt-4o", 1), ("model=gpt-4o-mini", 0), ("provider=openai", 1), ("provider=anthropic", 0),
        ("task_type=coding", 1), ("task_type=creative", 0), ("days=1", 0), ("days=2", 1), ("from=2026-03-30", 1),
        ("from=2026-03-30&to=2026-03-30", 1), ("from=2026-03-30T12:00:01Z", 0), ("from=2026-03-30T12:00:00%2B00:00", 1),
        ("from=2026-03-30T12:00:00+02:00&to=2026-03-30T15:00:00+02:00", 1), ("segment=pro", 0), ("operation=embeddings", 0),
        ("operation=all", 1), ("days=3650&group_by=model", 1), ("days=3650&group_by=time&interval=week", 1),
    ],
)  # fmt: skip
def test_periods_and_filters_choose_the_calls_that_count(client: TestClient, query: str, calls: int) -> None:
    post(client, CALL)

    answer = client.get(f"{MODELS}?{query}")

    assert answer.status_code == 200, answer.text
    assert answer.json()["summary"]["totalCalls"] == calls


def test_a_batch_answers_for_each_record_and_keeps_the_good_ones(client: TestClient) -> None:
    answer = client.post(
        CALLS,
        json=[
            CALL,
            CALL | {"response_time_ms": -1},
            CALL | {"model": ""},
            CALL | {"task_type": "cooking"},
            CALL | {"user_rating": 2},
            CALL | {"conversation_id": "nul\0"},
            CALL | {"metadata": {"text": "x" * 17_000}},
            CALL | {"surprise": 1},
            CALL | {"timestamp": "2026-03-31T15:36:00Z"},
            "text",
            {"model": "claude-haiku-4-5", "responseTimeMs": 1, "messageId": "m-2"},
        ],
    )

    assert answer.status_code == 200
    document = answer.json()
    assert (document["stored"], document["known"], document["refused"]) == (2, 0, 9)
    assert [result["status"] for result in document["results"]] == ["stored", *["refused"] * 9, "stored"]
    assert [result.get("field") for result in document["results"]] == [
        None, "response_time_ms", "model", "task_type", "user_rating", "conversation_id", "metadata", "surprise", "timestamp",
        "record", None,
    ]  # fmt: skip
    assert "cooking" in document["results"][3]["error"]
    assert "function_calling" in document["results"][3]["error"]


def test_the_same_batch_again_stores_nothing_and_twins_in_it_stay_two(client: TestClient) -> None:
    first = post(client, CALL, CALL)
    again = post(client, CALL, CALL)

    assert first["stored"] == 2
    assert first["results"][0]["id"] != first["results"][1]["id"]
    assert (again["stored"], again["known"]) == (0, 2)
    assert [result["id"] for result in again["results"]] == [result["id"] for result in first["results"]]


def test_a_field_name_that_utf8_cannot_write_costs_only_its_record(client: TestClient) -> None:
    body = b'[{"model":"m","response_time_ms":5},{"\\ud800":"x","model":"m","response_time_ms":5}]'

    answer = client.post(CALLS, content=body, headers={"content-type": "application/json"})

    assert [result["status"] for result in answer.json()["results"]] == ["stored", "refused"]


def test_ndjson_loses_only_its_broken_line(client: TestClient) -> None:
    lines = [json.dumps(CALL | {"message_id": f"m-{i}"}) for i in range(3)]
    lines[1] = lines[1][:-5]

    answer = client.post(CALLS, content="\n".join(lines), headers={"content-type": "application/x-ndjson"})

    assert [result["status"] for result in answer.json()["results"]] == ["stored", "refused", "stored"]


@pytest.mark.parametrize(
    "record",
    [
        pytest.param("[" * 20_000 + "]" * 20_000, id="lists"),
        pytest.param('{"model":' * 20_000 + "1" + "}" * 20_000, id="objects"),
        pytest.param(json.dumps(CALL)[:-1] + ', "metadata":' + '{"a":' * 101 + "1" + "}" * 102, id="metadata"),
    ],
)
def test_ndjson_loses_only_a_record_that_is_too_deep(client: TestClient, record: str) -> None:
    lines = [json.dumps(CALL | {"message_id": f"m-{i}"}) for i in range(2)]

    answer = client.post(
        CALLS, content="\n".join([lines[0], record, lines[1]]), headers={"content-type": "application/x-ndjson"}
    )

    assert answer.status_code == 200
    assert [result["status"] for result in answer.json()["results"]] == ["stored", "refused", "stored"]
    assert "100 levels" in answer.json()["results"][1]["error"]


def test_a_json_batch_that_is_too_deep_to_read_says_so_and_how_to_keep_the_others(client: TestClient) -> None:
    body = f"[{json.dumps(CALL)}, {'[' * 20_000 + ']' * 20_000}]"

    answer = client.post(CALLS, content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 422
    assert "too deep" in answer.json()["detail"]
    assert "NDJSON" in answer.json()["detail"]


def test_metadata_as_deep_as_may_be_comes_back(client: TestClient) -> None:
    deep = {"a": json.loads("[" * 99 + "]" * 99)}

    assert post(client, CALL | {"metadata": deep})["stored"] == 1

    assert client.get("/api/analytics/calls").json()["calls"][0]["metadata"] == deep


def test_a_batch_of_bad_records_alone_is_422(client: TestClient) -> None:
    answer = client.post(CALLS, json={"model": "x"})

    assert answer.status_code == 422
    assert answer.json()["results"][0]["field"] == "response_time_ms"


@pytest.mark.parametrize("body", [b"", b"nonsense", b'{"calls": [', b"\xff"])
def test_a_body_that_is_no_batch_is_refused_whole(client: TestClient, body: bytes) -> None:
    answer = client.post(CALLS, content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body"


def test_a_body_that_is_too_long_is_refused(client: TestClient) -> None:
    answer = client.post(CALLS, content=b" " * (16 * 2**20 + 1))

    assert answer.status_code == 413
    assert "send it in parts" in answer.json()["detail"]


def success_of(client: TestClient) -> tuple[Any, ...]:
    (call,) = client.get("/api/analytics/calls").json()["calls"]
    return call["success"], call["errorType"], call["errorMessage"], call["userRating"]


def test_a_rating_is_given_changed_and_taken_back(client: TestClient) -> None:
    id_ = post(client, CALL)["results"][0]["id"]

    summary: dict[str, Any] = {}
    for rating in (1, -1, 0):
        answer = client.post(FEEDBACK, json={"conversationId": "conv-1", "rating": rating})

        assert answer.json() == {"success": True, "callId": id_, "rating": rating}
        summary = client.get(MODELS).json()["summary"]
        assert (summary["thumbsUp"], summary["thumbsDown"]) == (int(rating == 1), int(rating == -1))
    assert summary["satisfactionRate"] is None


def test_a_message_is_rated_by_the_id_it_was_sent_with_or_the_one_it_got(client: TestClient) -> None:
    id_ = post(client, CALL)["results"][0]["id"]
    stored_as = client.get("/api/analytics/calls").json()["calls"][0]["messageId"]

    for message_id in ("chatcmpl-1", stored_as):
        assert client.post(FEEDBACK, json={"messageId": message_id, "rating": 1}).json()["callId"] == id_


def test_a_late_outcome_replaces_the_calls_success(client: TestClient) -> None:
    post(client, CALL)

    client.post(OUTCOME, json={"messageId": "chatcmpl-1", "success": False, "reason": "tests failed"})
    assert success_of(client) == (False, "task", "tests failed", None)
    assert client.get(MODELS).json()["summary"]["successRate"] == 0

    client.post(FEEDBACK, json={"messageId": "chatcmpl-1", "rating": 1, "success": True})
    assert success_of(client) == (True, None, None, 1)
    assert client.get(MODELS).json()["summary"]["successRate"] == 100


@pytest.mark.parametrize("body", [{"conversationId": "nobody"}, {"messageId": "nothing"}])
def test_feedback_on_what_does_not_exist_is_404(client: TestClient, body: dict[str, str]) -> None:
    answer = client.post(FEEDBACK, json=body | {"rating": 1})

    assert answer.status_code == 404
    assert "there is no" in answer.json()["detail"]


@pytest.mark.parametrize("rating", [2, -2, "good", "1", None, True, 1.0, 0.5, [1], {}])
def test_a_rating_that_is_none_is_422_and_names_the_field(client: TestClient, rating: object) -> None:
    answer = client.post(FEEDBACK, json={"conversationId": "conv-1", "rating": rating})

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["rating"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"conversationId": "conv-1"}, "rating"),
        ({"rating": 1}, "messageId"),
        ({"rating": 1, "conversationId": 5}, "conversationId"),
        ({"rating": 1, "conversationId": "a\0b"}, "conversationId"),
        ({"rating": 1, "conversationId": "c", "success": "yes"}, "success"),
        ({"rating": 1, "conversationId": "c", "stars": 5}, "stars"),
    ],
)
def test_malformed_feedback_is_422_and_names_the_field(client: TestClient, body: dict[str, Any], field: str) -> None:
    answer = client.post(FEEDBACK, json=body)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_calls_are_listed_newest_first_a_page_at_a_time(client: TestClient) -> None:
    post(client, *(CALL | {"message_id": f"m-{i}", "timestamp": f"2026-03-30T12:00:{i:02}Z"} for i in range(7)))

    seen: list[str] = []
    cursor = None
    while True:
        page = client.get("/api/analytics/calls", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        seen += [call["timestamp"] for call in page["calls"]]
        cursor = page["next"]
        if cursor is None:
            break

    assert seen == [f"2026-03-30T12:00:{i:02}Z" for i in reversed(range(7))]


@pytest.mark.parametrize(
    ("query", "calls"),
    [
        ("success=false", 1), ("success=true", 1), ("error_type=timeout", 1), ("conversation_id=conv-1", 1),
        ("user_id=anna", 1), ("message_id=m-2", 1), ("model=gpt-4o", 1), ("days=1", 0), ("limit=1", 1), ("tag=nightly", 1),
        ("metadata=release%3D7", 1), ("metadata=release%3D8", 0), ("metadata=release%3D7&tag=nightly", 1),
    ],
)  # fmt: skip
def test_the_call_log_is_filtered(client: TestClient, query: str, calls: int) -> None:
    failed = {"model": "claude-haiku-4-5", "error_type": "timeout", "message_id": "m-2", "conversation_id": "conv-2"}
    tagged = {"user_id": "anna", "metadata": {"tags": ["nightly"], "release": 7}}
    post(client, CALL | tagged, CALL | failed)

    assert len(client.get(f"/api/analytics/calls?{query}").json()["calls"]) == calls


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "cursor=nonsense", "cursor=AAAA", "success=maybe", "metadata=x", "metadata=%3D1"]
)
def test_a_call_log_parameter_that_is_none_is_422(client: TestClient, query: str) -> None:
    answer = client.get(f"/api/analytics/calls?{query}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


def test_costs_are_told_by_source_model_task_time_and_conversation(client: TestClient) -> None:
    post(
        client,
        CALL,
        CALL | {"cost_usd": 0.5, "message_id": "m-2"},
        CALL | {"model": "my-own", "conversation_id": "two"},
    )

    answer = client.get("/api/analytics/costs", params={"conversations": 1, "group_by": "model"}).json()

    computed = 1000 * 2.5e-6 + 100 * 10e-6
    assert answer["summary"]["totalCost"] == pytest.approx(0.5 + computed, abs=1e-12)
    assert answer["summary"]["costPerThumbsUp"] is None
    assert [(one["source"], one["calls"]) for one in answer["bySource"]] == [
        ("reported", 1), ("computed", 1), ("unknown", 1)
    ]  # fmt: skip
    assert [one["model"] for one in answer["byModel"]] == ["gpt-4o", "my-own"]
    assert (answer["byModel"][1]["totalCost"], answer["byModel"][1]["unpricedCalls"]) == (None, 1)
    assert [(one["model"], one["calls"]) for one in answer["unpriced"]] == [("my-own", 1)]
    assert len(answer["trends"]) == 2 * 30
    conversations = answer["conversations"]
    assert (conversations["total"], conversations["priced"]) == (2, 1)
    assert conversations["costPerConversation"] == answer["summary"]["totalCost"]
    (dearest,) = conversations["dearest"]
    assert (dearest["conversationId"], dearest["totalCalls"]) == ("conv-1", 2)
    rest = client.get("/api/analytics/costs", params={"conversations": 1, "cursor": conversations["next"]}).json()
    assert [one["conversationId"] for one in rest["conversations"]["dearest"]] == ["two"]


def test_costs_of_an_empty_database_are_zeros_and_nulls(client: TestClient) -> None:
    answer = client.get("/api/analytics/costs").json()

    assert answer["summary"]["totalCost"] == answer["conversations"]["total"] == 0
    assert answer["summary"]["costPerCall"] is answer["conversations"]["costPerConversation"] is None
    assert answer["byModel"] == answer["bySource"] == answer["unpriced"] == answer["notes"] == []


@pytest.mark.parametrize("query", ["cursor=AAAA", "cursor=LTIgeA==", "conversations=101", "conversations=-1", "top=3"])
def test_a_parameter_of_costs_that_is_none_is_422(client: TestClient, query: str) -> None:
    answer = client.get(f"/api/analytics/costs?{query}")

    assert answer.status_code == 422
    assert query.split("=", maxsplit=1)[0] in answer.text


@pytest.mark.parametrize("name", ["gpt-4o", "openai/gpt-4o-2024-11-20"])
def test_one_model_is_told_by_any_of_its_names(client: TestClient, name: str) -> None:
    post(client, CALL, CALL | {"message_id": "m-2", "error_type": "timeout"}, CALL | {"model": "claude-haiku-4-5"})

    answer = client.get(f"{MODELS}/{name}").json()

    assert (answer["model"], answer["displayName"], answer["provider"]) == ("gpt-4o", "GPT-4o", "openai")
    assert answer["summary"].keys() == MEASURES
    assert answer["summary"]["totalCalls"] == answer["byTaskType"][0]["totalCalls"] == 2
    assert answer["failures"] == [{"errorType": "timeout", "calls": 1, "share": 100}]
    assert answer["byComplexity"][0].keys() == MEASURES | {"complexity"}
    assert len(answer["trends"]) == 30


def test_a_model_that_never_had_a_call_is_404_and_other_addresses_stay_their_own(client: TestClient) -> None:
    assert client.get(f"{MODELS}/gpt-4o").status_code == 404
    assert client.get(f"{MODELS}/%00").status_code == 422
    assert client.get(f"{MODELS}/gpt-4o?model=x").status_code == 422
    assert client.get(f"{MODELS}/recommend", params={"task_type": "coding"}).status_code == 200
