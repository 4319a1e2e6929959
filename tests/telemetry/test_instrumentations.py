"""Golden rows: what each instrumentation that people use really sends of the official clients' calls."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.provider import Provider, Turn
from tests.provider.answers import CHAT_ID, MESSAGE_ID
from tests.servers import serving
from tests.telemetry.application import INSTRUMENTATIONS

from augury.core.ids import MESSAGES, as_uuid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers import Server

APPLICATION = Path(__file__).with_name("application.py")
PROMPT = "sorts a list of tuples"

Row = dict[str, Any]


@pytest.fixture(scope="module", name="server")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("telemetry")) as server:
        yield server


@pytest.fixture(scope="module", name="openai_rows")
def of_openai(server: Server) -> dict[str, list[Row]]:
    return observed(server, "openai", Turn(), Turn(), Turn(), Turn(), Turn(status=429), Turn())


@pytest.fixture(scope="module", name="anthropic_rows")
def of_anthropic(server: Server) -> dict[str, list[Row]]:
    return observed(server, "anthropic", Turn(), Turn(), Turn(), Turn(), Turn(status=529))


def observed(server: Server, client: str, *turns: Turn) -> dict[str, list[Row]]:
    """Run the application; the rows that came of it by instrumentation, oldest first."""
    with Provider() as provider:
        provider.will(*(turns * len(INSTRUMENTATIONS[client])))
        ended = subprocess.run(
            [sys.executable, APPLICATION, client, provider.url],
            env=os.environ
            | {
                "OTEL_EXPORTER_OTLP_ENDPOINT": server.address,
                "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
                "OTEL_BSP_SCHEDULE_DELAY": "600000",  # an agent and its calls in one request, however slow the machine is
                "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
                "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_ONLY",
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    rows: dict[str, list[Row]] = {name: [] for name in INSTRUMENTATIONS[client]}
    for row in reversed(server.get("/api/analytics/calls?limit=500").body["calls"]):
        if row["metadata"]["service"] in rows:
            rows[row["metadata"]["service"]].append(row)
    return rows


class Brief(NamedTuple):
    """What is looked at of a row."""

    task: str
    complexity: str | None
    input: int
    output: int | None
    cached: int | None
    ok: bool
    error: str | None = None


def brief(row: Row) -> Brief:
    return Brief(
        row["taskType"], row["taskComplexity"], row["inputTokens"], row["outputTokens"], row["cachedInputTokens"],
        row["success"], row["errorType"],
    )  # fmt: skip


@pytest.mark.parametrize("name", INSTRUMENTATIONS["openai"])
def test_calls_to_openai_become_rows(openai_rows: dict[str, list[Row]], name: str) -> None:
    rows = openai_rows[name]

    cached = None if name == "openai-v2" else 8  # which does not send the count
    assert [brief(row) for row in rows if row["operation"] == "chat"] == [
        Brief("coding", "simple", 19, 10, cached, True),
        Brief("coding", "simple", 19, 10, cached, True),
        Brief(*tools_of(name), 19, 10, cached, True),
        Brief("coding", "simple", 0, 0, None, False, "rate_limit"),
    ]
    whole, streamed, agent, *_ = rows
    assert {row["model"] for row in rows} == {"gpt-4o", "text-embedding-3-small"}
    assert {row["provider"] for row in rows} == {"openai"}
    assert whole["modelVersion"] == "gpt-4o-2024-11-20"
    assert whole["costSource"] == "computed"
    assert whole["messageId"] == str(as_uuid(CHAT_ID, MESSAGES))
    assert whole["metadata"]["finish_reasons"] == ["stop"]
    assert (agent["conversationId"], agent["metadata"]["agent"]) == (f"conversation of {name}", "planner")
    assert (streamed["timeToFirstTokenMs"] is not None) is (name != "openai-v2")
    embedding = next(row for row in rows if row["operation"] == "embeddings")
    assert (embedding["inputTokens"], embedding["taskType"]) == (8, "other")
    assert PROMPT not in str(rows)


def tools_of(name: str) -> tuple[str, str]:
    """What a call with tools is for; openai-v2 does not tell that there were any."""
    return ("coding", "simple") if name == "openai-v2" else ("function_calling", "simple")


@pytest.mark.parametrize("name", INSTRUMENTATIONS["anthropic"])
def test_calls_to_anthropic_become_rows_and_each_once_beside_the_clients_own_spans(
    anthropic_rows: dict[str, list[Row]], name: str
) -> None:
    rows = anthropic_rows[name]

    told = name != "anthropic"  # the client's own spans do not tell of tools
    assert [brief(row) for row in rows] == [
        Brief("coding", "simple", 19, 10, 8, True),
        Brief("coding", "simple", 19, 10, 8, True),
        Brief("function_calling" if told else "coding", "simple", 19, 10, 8, True),
        Brief("coding", "simple", 0, 0, None, False, "overloaded"),
    ]
    whole, streamed, agent, failed = rows
    assert {(row["model"], row["provider"], row["operation"]) for row in rows} == {
        ("claude-opus-4-8", "anthropic", "chat")
    }
    assert whole["serviceTier"] == "standard"
    assert whole["messageId"] == str(as_uuid(MESSAGE_ID, MESSAGES))
    assert streamed["timeToFirstTokenMs"] is not None
    assert failed["errorMessage"] == "529 overloaded_error"
    assert (agent["conversationId"], agent["metadata"]["agent"]) == (f"conversation of {name}", "planner")
    assert PROMPT not in str(rows)
