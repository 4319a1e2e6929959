"""`model: "auto"`: the model that the owner's own calls show to be the better one, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import anthropic
import openai
import pytest
from tests.gateway.serving import serving, upstream
from tests.provider import Turn

from augury.capture.records import read_all
from augury.core.calls import ModelCall
from augury.gateway.upstreams import Api, Offer
from augury.models.prices import PriceBook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.gateway.serving import Served
    from tests.provider import Provider

CODING: Any = [{"role": "user", "content": "Write a Python function that parses a CSV file and fix the bug in my code"}]
ANALYSIS: Any = [{"role": "user", "content": "Analyze the trend in our quarterly revenue and compare both regions"}]
CHAT = "/v1/chat/completions"


def log() -> list[ModelCall]:
    """A log in which gpt-4o is plainly better at coding, and Claude at everything else."""
    now = datetime.now(UTC)
    records = [
        {
            "model": model,
            "task_type": task,
            "task_complexity": complexity,
            "response_time_ms": 1_000 + number,
            "input_tokens": 500,
            "output_tokens": 200,
            "success": number % 10 < (9 if (model == "gpt-4o") == (task == "coding") else 4),
            "timestamp": (now - timedelta(hours=number)).isoformat(),
        }
        for model in ("gpt-4o", "claude-opus-4-8")
        for task in ("coding", "analysis")
        for complexity in ("simple", "medium", "complex")
        for number in range(60)
    ]
    return [call for call in read_all(records, PriceBook()) if isinstance(call, ModelCall)]


@pytest.fixture
def served(provider: Provider, tmp_path: Path) -> Iterator[Served]:
    with serving(
        tmp_path,
        upstream(provider, Api.OPENAI, "gpt-4o", retries=0),
        upstream(provider, Api.ANTHROPIC, "claude-opus-4-8", retries=0),
    ) as running:
        running.store.append(log())
        yield running


def test_coding_goes_to_who_is_better_at_it_and_other_work_elsewhere(served: Served, provider: Provider) -> None:
    with openai.OpenAI(base_url=served.openai, api_key="any") as client:
        coding = client.chat.completions.with_raw_response.create(model="auto:quality", messages=CODING)
        other = client.chat.completions.with_raw_response.create(model="auto:quality", messages=ANALYSIS)
    with anthropic.Anthropic(base_url=served.url, api_key="any") as client_too:
        asked: Any = {"model": "auto", "max_tokens": 100, "messages": CODING}
        message = client_too.messages.create(**asked, extra_headers={"x-augury-priority": "quality"})
        assert message.content[0].text == "Hello, how can I help?"
    assert coding.headers["x-augury-model"] == "gpt-4o"
    assert other.headers["x-augury-model"] == "claude-opus-4-8"
    reason = unquote(coding.headers["x-augury-reason"])
    assert reason.startswith("highest success for simple coding")
    assert "next best: Claude Opus 4.8" in reason
    assert coding.headers["x-augury-selected-by"] == "data"
    assert (coding.headers["x-augury-task-type"], coding.headers["x-augury-priority"]) == ("coding", "quality")
    assert [seen.path for seen in provider.requests] == [CHAT, "/v1/messages", CHAT]
    rows = served.rows(3)
    assert [row["model"] for row in rows] == ["gpt-4o", "claude-opus-4-8", "gpt-4o"]
    assert {(row["selected_by"], row["propensity"]) for row in rows} == {("data", 1.0)}
    assert str(rows[0]["message_id"]) == coding.headers["x-augury-message-id"]


def test_the_next_best_model_stands_in(served: Served, provider: Provider) -> None:
    provider.will(Turn(status=500))
    answer = served.post(CHAT, {"model": "auto:quality", "messages": CODING})
    assert answer.status_code == 200
    assert answer.headers["x-augury-instead-of"] == "gpt-4o"
    assert [(row["model"], row["attempt"], row["success"]) for row in served.rows(2)] == [
        ("gpt-4o", 1, False),
        ("claude-opus-4-8", 2, True),
    ]


def test_a_conversation_stays_where_its_cache_is_warm(served: Served, provider: Provider) -> None:
    usage = {"input_tokens": 50_000, "output_tokens": 10}
    text = [{"type": "text", "text": "Yes"}]
    body = {"id": "m", "type": "message", "role": "assistant", "model": "claude-opus-4-8", "content": text}
    answer = Turn(body=body | {"stop_reason": "end_turn", "stop_sequence": None, "usage": usage})
    provider.will(answer, answer)
    first = served.post(CHAT, {"model": "auto:quality", "messages": ANALYSIS}, x_augury_conversation_id="c")
    assert first.headers["x-augury-model"] == "claude-opus-4-8"
    served.rows(1)
    told = [*ANALYSIS, {"role": "assistant", "content": "Yes"}, *CODING]
    stays = served.post(CHAT, {"model": "auto:speed", "messages": told}, x_augury_conversation_id="c")
    assert stays.headers["x-augury-model"] == "claude-opus-4-8"
    assert "stays with Claude Opus 4.8" in stays.headers["x-augury-reason"]
    served.rows(2)
    moves = served.post(CHAT, {"model": "auto:quality", "messages": told}, x_augury_conversation_id="c")
    assert moves.headers["x-augury-model"] == "gpt-4o"


def test_no_model_is_asked_for_what_it_lacks(provider: Provider, tmp_path: Path) -> None:
    poor = Offer(name="house", model="house", max_input=1_000, tools=False, images=False, json_schema=False)
    picture: Any = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    schema = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    with serving(tmp_path, upstream(provider, Api.OPENAI, offers=(poor,), listed=True)) as served:
        assert served.post(CHAT, {"model": "auto", "messages": CODING}).headers["x-augury-selected-by"] == "rules"
        for more, why in (
            ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "does not call tools"),
            ({"messages": [{"role": "user", "content": [picture]}]}, "does not read images"),
            ({"response_format": schema}, "does not keep to a JSON schema"),
            ({"messages": [{"role": "user", "content": "word " * 2_000}]}, "takes 1k tokens of input"),
        ):
            refused = served.post(CHAT, {"model": "auto", "messages": CODING} | more)
            assert refused.status_code == 400
            assert why in refused.json()["error"]["message"]
    assert len(provider.requests) == 1


def test_a_priority_that_is_none_is_refused(served: Served) -> None:
    for asked, header in (("auto:best", None), ("auto", "best")):
        named = {} if header is None else {"x_augury_priority": header}
        refused = served.post(CHAT, {"model": asked, "messages": CODING}, **named)
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "model")
    assert served.post("/v1/embeddings", {"model": "auto", "input": "x"}).status_code == 400
