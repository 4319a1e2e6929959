"""`/metrics`: what Prometheus reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families
from tests.capture.otlp.building import chat, request, span

from augury.server.metering import MOST_SERIES

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

CALLS = "/api/analytics/models/calls"


def figures(client: TestClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample, by its name and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def labelled(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def test_calls_are_counted_by_the_names_of_opentelemetry(client: TestClient) -> None:
    record = {
        "model": "gpt-4o", "responseTimeMs": 1_500, "inputTokens": 100, "outputTokens": 20, "timeToFirstTokenMs": 300,
        "id": "0195e8a0-0000-7000-8000-000000000000",
    }  # fmt: skip
    failed = {"model": "gpt-4o", "responseTimeMs": 10, "errorType": "timeout"}
    client.post(CALLS, json=[record, failed])
    client.post(CALLS, json=record)  # known, and not counted again

    found = figures(client)

    gpt = {
        "gen_ai_operation_name": "chat",
        "gen_ai_provider_name": "openai",
        "gen_ai_request_model": "gpt-4o",
    }
    duration = "gen_ai_client_operation_duration_seconds"
    assert found[labelled(f"{duration}_count", **gpt, error_type="")] == 1
    assert found[labelled(f"{duration}_sum", **gpt, error_type="")] == 1.5
    assert found[labelled(f"{duration}_bucket", **gpt, error_type="", le="1.28")] == 0
    assert found[labelled(f"{duration}_bucket", **gpt, error_type="", le="2.56")] == 1
    assert found[labelled(f"{duration}_count", **gpt, error_type="timeout")] == 1
    assert found[labelled("gen_ai_client_operation_time_to_first_chunk_seconds_sum", **gpt)] == 0.3
    given, made = ({**gpt, "gen_ai_token_type": kind} for kind in ("input", "output"))
    assert found[labelled("gen_ai_client_token_usage_sum", **given)] == 100
    assert found[labelled("gen_ai_client_token_usage_bucket", **made, le="64.0")] == 2
    assert found[labelled("augury_calls_total", status="stored")] == 2
    assert found[labelled("augury_calls_total", status="known")] == 1


def test_refusals_spans_and_requests_are_counted(client: TestClient) -> None:
    client.post(CALLS, json=[{"model": "gpt-4o", "responseTimeMs": -1}, {"model": "gpt-4o", "no field": 1}])
    spans = [span(chat()), span({"gen_ai.operation.name": "invoke_agent"})]
    client.post("/v1/traces", content=request(*spans), headers={"Content-Type": "application/x-protobuf"})
    client.get("/nowhere")

    found = figures(client)

    assert found[labelled("augury_calls_refused_total", field="response_time_ms")] == 1
    assert found[labelled("augury_calls_refused_total", field="other")] == 1
    assert found[labelled("augury_spans_total", kind="call")] == 1
    assert found[labelled("augury_spans_total", kind="other")] == 1
    assert found[labelled("augury_requests_total", method="POST", route=CALLS, status="422")] == 1
    assert found[labelled("augury_requests_total", method="POST", route="/v1/traces", status="200")] == 1
    assert found[labelled("augury_requests_total", method="GET", route="(other)", status="404")] == 1
    for name in ("journal_calls", "journal_bytes", "dead_letters", "database_away", "evaluations_waiting"):
        assert found[labelled(f"augury_{name}")] == 0


def test_however_many_models_there_are_the_series_are_bounded(client: TestClient) -> None:
    many = [{"model": f"model-{number}", "responseTimeMs": 5} for number in range(MOST_SERIES + 50)]
    client.post(CALLS, json=many)

    found = figures(client)

    counts = {key: value for key, value in found.items() if key[0] == "gen_ai_client_operation_duration_seconds_count"}
    assert len(counts) == MOST_SERIES + 1
    assert sum(counts.values()) == MOST_SERIES + 50


def test_openmetrics_is_spoken_where_it_is_asked_for(client: TestClient) -> None:
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
