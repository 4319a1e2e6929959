"""OTLP over HTTP: what exporters and collectors send, and what they are told."""

from __future__ import annotations

import gzip
import json
import time
from typing import TYPE_CHECKING, Any, cast

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from tests.capture.otlp.building import chat, json_request, log_request, request, span

from augury.capture.otlp.evaluations import EVENT
from augury.errors import StorageFull, TooBusy
from augury.server.app import create_app
from augury.server.otlp import MAX_TELEMETRY

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from httpx2 import Response

    from augury.server.ingest import Ingest
    from augury.server.parts import Parts

PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}
GZIP = {"Content-Encoding": "gzip"}


def calls(client: TestClient, **wanted: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/analytics/calls", params=wanted).json()["calls"]
    return found


def rejected(answer: Response) -> tuple[int, str]:
    """How many spans were rejected, and why."""
    assert answer.headers["content-type"] == PROTOBUF["Content-Type"]
    told = ExportTraceServiceResponse.FromString(answer.content).partial_success
    return told.rejected_spans, told.error_message


def test_spans_are_kept_and_answered_as_they_came(client: TestClient) -> None:
    sent = [span(chat(gen_ai__response__id=f"chatcmpl-{number}")) for number in range(3)]

    as_protobuf = client.post("/v1/traces", content=request(sent[0]), headers=PROTOBUF)
    as_json = client.post("/v1/traces", content=json.dumps(json_request(sent[1])), headers=JSON)
    packed = client.post("/v1/traces", content=gzip.compress(request(sent[2])), headers=PROTOBUF | GZIP)

    assert [answer.status_code for answer in (as_protobuf, as_json, packed)] == [200, 200, 200]
    assert as_protobuf.content == packed.content == b""  # an ExportTraceServiceResponse without anything to say
    assert (as_json.json(), as_json.headers["content-type"]) == ({}, "application/json")
    assert len(calls(client)) == 3
    rated = client.post("/api/analytics/models/feedback", json={"messageId": "chatcmpl-1", "rating": 1})
    assert rated.status_code == 200


def test_sending_spans_again_keeps_them_once(client: TestClient) -> None:
    body = request(*(span(chat()) for _ in range(5)))

    for _ in range(2):
        assert client.post("/v1/traces", content=body, headers=PROTOBUF).status_code == 200

    assert len(calls(client)) == 5


def test_what_is_no_call_is_taken_and_what_breaks_a_rule_is_told_and_costs_no_other(client: TestClient) -> None:
    body = request(
        span(chat()),
        span({"http.response.status_code": 200}),
        span(chat(augury__task_type="codng")),
        span({"gen_ai.operation.name": "chat"}),
    )

    answer = client.post("/v1/traces", content=body, headers=PROTOBUF)

    assert answer.status_code == 200
    count, said = rejected(answer)
    assert count == 2
    assert "task_type: expected one of general_chat" in said
    assert "model: expected the name of a model" in said
    assert len(calls(client)) == 1
    told = client.post(
        "/v1/traces", content=json.dumps(json_request(span({"gen_ai.operation.name": "chat"}))), headers=JSON
    )
    assert told.json()["partialSuccess"]["rejectedSpans"] == "1"


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/logs"])
@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"garbage", PROTOBUF, 400),
        (b"garbage", JSON, 400),
        (b"garbage", PROTOBUF | GZIP, 400),
        pytest.param(gzip.compress(b"x" * 5000)[:-9], PROTOBUF | GZIP, 400, id="cut short"),  # its bytes tell the time
        (b"x", {"Content-Type": "text/plain"}, 415),
        (b"x", PROTOBUF | {"Content-Encoding": "zstd"}, 415),
        (gzip.compress(bytes(MAX_TELEMETRY + 1)), PROTOBUF | GZIP, 413),
        (gzip.compress(bytes(MAX_TELEMETRY)) + gzip.compress(b"1"), JSON | GZIP, 413),
    ],
)
def test_what_cannot_be_read_is_refused_in_otlps_way(
    client: TestClient, path: str, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = client.post(path, content=content, headers=headers)

    assert answer.status_code == status
    if headers["Content-Type"] == JSON["Content-Type"]:
        assert answer.json().keys() == {"message"}
    else:
        assert answer.headers["content-type"] == PROTOBUF["Content-Type"]
        assert answer.content[:1] == b"\x12"  # a google.rpc.Status with a message


@pytest.mark.parametrize("problem", [TooBusy("full"), StorageFull("the disk is full")])
def test_what_may_be_sent_again_is_503_for_exporters_repeat_nothing_else(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    ingest: Ingest = cast("FastAPI", client.app).state.ingest

    def full(_: object) -> None:
        raise problem

    monkeypatch.setattr(ingest.committer, "submit", full)
    answer = client.post("/v1/traces", content=request(span(chat())), headers=PROTOBUF)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert str(problem).encode() in answer.content


def test_metrics_are_not_taken_and_the_answer_says_what_to_set(client: TestClient) -> None:
    answer = client.post("/v1/metrics", content=b"{}", headers=JSON)

    assert answer.status_code == 404
    assert "OTEL_METRICS_EXPORTER=none" in answer.json()["message"]


def test_gzip_is_read_where_calls_are_taken_and_nowhere_else(client: TestClient) -> None:
    record = gzip.compress(b'{"model": "gpt-4o", "responseTimeMs": 5}')
    rating = gzip.compress(b'{"messageId": "m", "rating": 1}')

    taken = client.post("/api/analytics/models/calls", content=record, headers=JSON | GZIP)
    refused = client.post("/api/analytics/models/feedback", content=rating, headers=JSON | GZIP)

    assert (taken.status_code, taken.json()["stored"]) == (200, 1)
    assert refused.status_code == 415


# ── evaluations ──────────────────────────────────────────────────────────────────────────────────────────────────────


def evaluation(**more: Any) -> bytes:
    attributes = {"gen_ai.evaluation.name": "user_feedback", "gen_ai.evaluation.score.value": 1.0}
    return log_request({"event": EVENT, "attributes": attributes} | more)


def test_an_evaluation_rates_the_call_of_its_answer_or_its_span(client: TestClient) -> None:
    by_answer, by_span, bare = (
        span(chat(gen_ai__response__id="chatcmpl-1")),
        span(chat(gen_ai__response__id="chatcmpl-2")),
        span(chat()),
    )
    client.post("/v1/traces", content=request(by_answer, by_span, bare), headers=PROTOBUF)

    named = {"gen_ai.evaluation.name": "correctness", "gen_ai.evaluation.score.label": "fail"}
    for body in (
        evaluation(span=by_span),
        evaluation(span=bare),
        log_request({"event": EVENT, "attributes": named | {"gen_ai.response.id": "chatcmpl-1"}}),
    ):
        answer = client.post("/v1/logs", content=body, headers=PROTOBUF)
        assert (answer.status_code, answer.content) == (200, b"")

    found = {call["metadata"]["span_id"]: call for call in calls(client)}
    assert found[by_span.span_id]["userRating"] == found[bare.span_id]["userRating"] == 1
    failed = found[by_answer.span_id]
    assert (failed["success"], failed["errorType"], failed["errorMessage"]) == (False, "task", "correctness says so")


def test_an_evaluation_may_come_before_its_call_and_waits_for_it(client: TestClient) -> None:
    later, without_an_answer = span(chat(gen_ai__response__id="chatcmpl-1")), span(chat())

    for body in (evaluation(span=later), evaluation(span=without_an_answer)):
        answer = client.post("/v1/logs", content=body, headers=PROTOBUF)
        told = ExportLogsServiceResponse.FromString(answer.content).partial_success
        assert (told.rejected_log_records, told.error_message) == (
            0,
            "1 evaluations wait for their calls, for ten minutes",
        )
    client.post("/v1/traces", content=request(later, without_an_answer), headers=PROTOBUF)

    until(lambda: [call["userRating"] for call in calls(client)] == [1, 1])
    assert cast("FastAPI", client.app).state.telemetry.evaluations.waiting == 0


def test_an_evaluation_waits_for_a_call_that_comes_another_way(client: TestClient) -> None:
    record = {"model": "gpt-4o", "responseTimeMs": 5, "messageId": "m-1"}
    about = {"gen_ai.evaluation.score.label": "thumbs_down", "gen_ai.response.id": "m-1"}

    client.post("/v1/logs", content=log_request({"event": EVENT, "attributes": about}), headers=PROTOBUF)
    client.post("/api/analytics/models/calls", json=record)

    until(lambda: calls(client)[0]["userRating"] == -1)


def test_an_evaluation_that_says_nothing_is_rejected_with_what_to_do(client: TestClient) -> None:
    body = log_request(
        {"event": EVENT, "attributes": {"gen_ai.evaluation.name": "toxicity", "gen_ai.evaluation.score.value": 1.0}}
    )

    answer = client.post("/v1/logs", content=body, headers=PROTOBUF)

    told = ExportLogsServiceResponse.FromString(answer.content).partial_success
    assert told.rejected_log_records == 1


def test_several_evaluations_of_one_call_count_as_the_worst(client: TestClient) -> None:
    client.post("/v1/traces", content=request(span(chat(gen_ai__response__id="chatcmpl-1"))), headers=PROTOBUF)
    labels = [{"gen_ai.evaluation.score.label": word, "gen_ai.response.id": "chatcmpl-1"} for word in ("fail", "pass")]

    client.post(
        "/v1/logs", content=log_request(*({"event": EVENT, "attributes": label} for label in labels)), headers=PROTOBUF
    )

    assert calls(client)[0]["success"] is False


def until(holds: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_nothing_of_a_prompt_reaches_the_log_or_the_database(parts: Parts, caplog: pytest.LogCaptureFixture) -> None:
    said = "Write about a purple giraffe"
    told = chat(
        gen_ai__input__messages=json.dumps([{"role": "user", "content": said}]),
        gen_ai__output__messages=json.dumps([{"role": "assistant", "content": said}]),
        exception__message=said,
    ) | {"input.value": said, "output.value": said, "error.type": said}
    with caplog.at_level("DEBUG"), TestClient(create_app(parts), base_url="http://127.0.0.1") as client:
        client.post("/v1/traces", content=request(span(told, failed=True, told=said)), headers=PROTOBUF)
        refused = client.post(
            "/v1/traces", content=request(span(told | {"augury.task_type": "poetry"})), headers=PROTOBUF
        )
        assert len(calls(client)) == 1
        assert "giraffe" not in str(calls(client))
    assert "giraffe" not in caplog.text
    assert b"giraffe" not in refused.content
    assert "giraffe" not in str(parts.store.query("SELECT * FROM model_performance_metrics", limit=10))
