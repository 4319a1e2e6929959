"""Recommendations over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

RECOMMEND = "/api/analytics/models/recommend"


def record(client: TestClient, model: str, calls: int, **fields: Any) -> None:
    """So many calls of a model on coding, an hour ago."""
    call = {"model": model, "task_type": "coding", "response_time_ms": 1000, "input_tokens": 100, "output_tokens": 50}
    batch = [call | {"timestamp": f"2026-03-31T14:{i // 60:02}:{i % 60:02}Z"} | fields for i in range(calls)]
    client.post("/api/analytics/models/calls", json=batch).raise_for_status()


@pytest.fixture
def _known(client: TestClient) -> None:
    record(client, "claude-opus-5-5", 60, response_time_ms=9000, user_rating=1)
    record(client, "gpt-6-luna", 60, response_time_ms=800, user_rating=-1)


@pytest.mark.usefixtures("_known")
def test_the_best_model_differs_by_priority_and_says_why(client: TestClient) -> None:
    def asked(priority: str) -> dict[str, Any]:
        answer: dict[str, Any] = client.get(RECOMMEND, params={"task_type": "coding", "priority": priority}).json()
        return answer

    quality, speed, cost = asked("quality"), asked("speed"), asked("cost")

    assert (quality["model"], speed["model"], cost["model"]) == ("claude-opus-5-5", "gpt-6-luna", "gpt-6-luna")
    assert quality.keys() >= {
        "model", "provider", "confidence", "reason", "metrics", "alternatives", "probabilityBest", "source", "taskType",
        "complexity", "priority",
    }  # fmt: skip
    assert quality["metrics"].keys() >= {
        "avgResponseTime",
        "successRate",
        "satisfactionRate",
        "qualityScore",
        "sampleSize",
    }
    assert (quality["source"], quality["taskType"], quality["priority"]) == ("data", "coding", "quality")
    assert (quality["metrics"]["sampleSize"], quality["metrics"]["satisfactionRate"]) == (60, 100)
    assert [other["model"] for other in quality["alternatives"]] == ["gpt-6-luna"]
    assert "coding" in quality["reason"]
    assert quality["probabilityBest"] > 0.95


def test_without_data_rules_choose_and_say_so(client: TestClient) -> None:
    answer = client.get(RECOMMEND, params={"task_type": "creative"}).json()

    assert (answer["source"], answer["confidence"], answer["probabilityBest"], answer["metrics"]) == (
        "rules",
        0,
        None,
        None,
    )
    assert "no calls on creative tasks yet" in answer["reason"]
    assert answer["model"]


def test_four_calls_are_not_enough_and_five_are(client: TestClient) -> None:
    record(client, "gpt-6-luna", 4)
    few = client.get(RECOMMEND, params={"task_type": "coding"}).json()
    record(client, "gpt-6-luna", 5)
    enough = client.get(RECOMMEND, params={"task_type": "coding"}).json()

    assert few["source"] == "rules"
    assert "4 of 5 calls" in few["reason"]
    assert enough["source"] == "data"


@pytest.mark.usefixtures("_known")
def test_a_prompt_is_classified_and_the_allowed_models_are_kept_to(client: TestClient) -> None:
    body = {"messageContent": "Write a Python function that reverses a list", "allowedModels": ["openai/gpt-6-luna"]}

    answer = client.post(RECOMMEND, json=body | {"priority": "quality"}).json()

    assert (answer["taskType"], answer["model"]) == ("coding", "gpt-6-luna")


@pytest.mark.usefixtures("_known")
def test_a_list_of_contexts_gets_a_list_of_answers(client: TestClient) -> None:
    answers = client.post(
        RECOMMEND, json=[{"taskType": "coding", "priority": "speed"}, {"taskType": "creative"}]
    ).json()

    assert [answer["source"] for answer in answers] == ["data", "rules"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"priority": "luck"}, "priority"),
        ({"taskType": "cooking"}, "taskType"),
        ({"colour": "red"}, "colour"),
        ({"messageContent": 5}, "messageContent"),
    ],
)
def test_a_context_that_is_none_is_422_and_names_the_field(
    client: TestClient, body: dict[str, Any], field: str
) -> None:
    answer = client.post(RECOMMEND, json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("bad", "field", "expected", "came"),
    [
        ({"taskType": "cooking"}, "[2].taskType", "one of general_chat", "'cooking'"),
        ({"colour": "red"}, "[2].colour", "segment, allowedModels, priority", "a name that is not known"),
        ({"messageContent": 5}, "[2].messageContent", "a text", "a number"),
        ({"tools": [None]}, "[2].tools", "names or definitions", "nothing"),
        ({"allowedModels": "gpt-4o"}, "[2].allowedModels", "a list", "a text"),
        ({"attachments": ["a.txt"] * 65}, "[2].attachments", "at most 64", "a longer list"),
    ],
)
def test_of_a_list_of_contexts_the_bad_one_is_named_by_its_place_and_in_words(
    client: TestClient, bad: dict[str, Any], field: str, expected: str, came: str
) -> None:
    answer = client.post(RECOMMEND, json=[{}, {"taskType": "coding"}, bad])
    (error,) = answer.json()["errors"]

    assert answer.status_code == 422
    assert (error["field"], error["came"]) == (field, came)
    assert expected in error["expected"]


def test_a_parameter_that_is_none_is_called_that_with_those_there_are(client: TestClient) -> None:
    (error,) = client.get(f"{RECOMMEND}?message=hello").json()["errors"]

    assert error["field"] == "message"
    assert error["allowed"] == ["task_type", "priority", "complexity"]
    assert "parameter" in error["expected"]
    assert "body" not in error["expected"]


@pytest.mark.parametrize("query", ["task_type=cooking", "priority=luck", "message=hello"])
def test_a_bad_parameter_is_422(client: TestClient, query: str) -> None:
    assert client.get(f"{RECOMMEND}?{query}").status_code == 422


@pytest.mark.usefixtures("_known")
def test_the_overview_has_the_best_model_of_each_task_among_its_calls(client: TestClient) -> None:
    def best(**asked: str) -> list[tuple[str, str]]:
        answer = client.get("/api/analytics/models", params=asked).json()
        return [(one["taskType"], one["model"]) for one in answer["bestByTask"]]

    assert best(model="gpt-6-luna") == [("coding", "gpt-6-luna")]
    assert best(task_type="creative") == []
    assert len(best()) == 1
