"""What nobody here wrote: frameworks that know the gateway by its base URL alone, and another gateway as its provider.

Each is installed into an environment of its own, which takes a while: `make ordeal` runs these.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anthropic
import httpx2
import openai
import pytest
from tests.gateway.serving import serving, upstream
from tests.gateway.translation.wire import message_events
from tests.provider import Provider, Turn, answers

from augury.gateway.upstreams import Api, Offer, Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.ordeal

UV = Path(sys.executable).with_name("uv")
WITHIN_S = 300  # a gateway of half a gigabyte takes its time to start
ASK: list[Any] = [{"role": "user", "content": "Hello"}]

AGENT = """
import asyncio, json, sys
from pydantic_ai import Agent

name = sys.argv[1]
agent = Agent(name, instructions="Be brief.")

@agent.tool_plain
def weather(city: str) -> str:
    "The weather of a city."
    return f"sunny in {city}"

async def streamed():
    async with Agent(name).run_stream("Hello") as result:
        return "".join([piece async for piece in result.stream_text(delta=True)])

print(json.dumps([agent.run_sync("What is the weather in Paris?").output, asyncio.run(streamed())]))
"""

CHAIN = """
import json, sys
from langchain.chat_models import init_chat_model

model = init_chat_model(sys.argv[1])
called = model.bind_tools([{"name": "weather", "description": "The weather of a city.", "input_schema": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]).invoke("What is the weather in Paris?")
streamed = "".join(piece.text if isinstance(piece.text, str) else piece.text() for piece in model.stream("Hello"))
print(json.dumps([called.tool_calls[0]["args"], streamed]))
"""


def environment(folder: Path, *packages: str) -> Path:
    """The programs of an environment of its own with these packages."""
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    subprocess.run(
        [UV, "pip", "install", "--quiet", *packages], check=True, env=os.environ | {"VIRTUAL_ENV": str(folder)}
    )
    return folder / "bin"


@pytest.fixture(scope="module")
def agents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment(tmp_path_factory.mktemp("agents") / "env", "pydantic-ai-slim[openai,anthropic]")


@pytest.fixture(scope="module")
def chains(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment(
        tmp_path_factory.mktemp("chains") / "env", "langchain", "langchain-openai", "langchain-anthropic"
    )


def run(programs: Path, script: str, model: str, url: str) -> Any:
    """What a script answers that knows of the gateway what a user would set."""
    set_ = {
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_API_KEY": "any",
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "any",
    }
    done = subprocess.run(
        [programs / "python", "-c", script, model], check=False, capture_output=True, text=True, env=os.environ | set_
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def will_call_a_tool(provider: Provider, model: str) -> None:
    """The next answer calls the tool, and the one after it speaks, although there are tools still."""
    match model:
        case "anthropic:claude-sonnet-4-6":  # which it streams always, since the answer may be long
            use = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Paris"}}
            provider.will(Turn(events=answers.named(message_events([use], "tool_use"))), Turn())
        case "openai-chat:claude-sonnet-4-6":
            provider.will(Turn(), Turn(body=answers.answer("/v1/messages", {"model": "claude-sonnet-4-6"})))
        case _:
            provider.will(Turn(), Turn(body=answers.answer("/v1/chat/completions", {"model": "gpt-4o"})))


@pytest.mark.parametrize(
    "model", ["openai-chat:gpt-4o", "anthropic:claude-sonnet-4-6", "openai-chat:claude-sonnet-4-6", "anthropic:gpt-4o"]
)
def test_an_agent_of_pydantic_ai_uses_tools_and_streams_with_either_model(
    tmp_path: Path, provider: Provider, agents: Path, model: str
) -> None:
    openais = upstream(provider, Api.OPENAI, "gpt-4o")
    anthropics = upstream(provider, Api.ANTHROPIC, "claude-sonnet-4-6")
    with serving(tmp_path, openais, anthropics) as served:
        name = model.partition(":")[2]
        will_call_a_tool(provider, model)
        said = run(agents, AGENT, model, served.url)
        rows = served.rows(3)

    assert said == ["Hello, how can I help?"] * 2
    assert [row["model"] for row in rows] == [name] * 3
    assert all(row["success"] and row["input_tokens"] > 0 for row in rows)
    result = provider.requests[1].body["messages"][-1]
    assert "sunny in Paris" in json.dumps(result)


@pytest.mark.parametrize(
    "model", ["openai:gpt-4o", "anthropic:claude-sonnet-4-6", "openai:claude-sonnet-4-6", "anthropic:gpt-4o"]
)
def test_a_chain_of_langchain_calls_tools_and_streams_with_either_model(
    tmp_path: Path, provider: Provider, chains: Path, model: str
) -> None:
    openais = upstream(provider, Api.OPENAI, "gpt-4o")
    anthropics = upstream(provider, Api.ANTHROPIC, "claude-sonnet-4-6")
    with serving(tmp_path, openais, anthropics) as served:
        said = run(chains, CHAIN, model, served.url)
        rows = served.rows(2)

    assert said == [{"city": "Paris"}, "Hello, how can I help?"]
    assert [row["model"] for row in rows] == [model.partition(":")[2]] * 2
    assert all(row["success"] for row in rows)


@pytest.fixture(scope="module")
def litellm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    """LiteLLM's proxy, which answers by itself."""
    folder = tmp_path_factory.mktemp("litellm")
    programs = environment(folder / "env", "litellm[proxy]")
    key = f"sk-{secrets.token_hex(24)}"
    told = {"model": "openai/gpt-4o", "api_key": "none", "mock_response": "Hello from LiteLLM"}
    settings = {
        "model_list": [{"model_name": "gpt-4o", "litellm_params": told}],
        "general_settings": {"master_key": key},
    }
    (folder / "config.yaml").write_text(json.dumps(settings), encoding="utf-8")  # which is YAML too
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            [programs / "litellm", "--config", folder / "config.yaml", "--host", "127.0.0.1", "--port", str(port)],
            stdout=log, stderr=log, env=os.environ | {"LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(f"{url}/health/liveliness", running, folder / "log")
        yield Upstream(
            name="litellm", api=Api.OPENAI, base_url=f"{url}/v1", provider="litellm", key=key, listed=True,
            offers=(Offer(name="gpt-4o", model="gpt-4o"),), responses=False,
        )  # fmt: skip
    finally:
        running.terminate()
        running.wait(60)


def _wait(url: str, running: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + WITHIN_S
    while True:
        assert running.poll() is None, log.read_text(encoding="utf-8")
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
        try:
            if httpx2.get(url).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.2)


def test_litellms_proxy_is_a_provider_for_clients_of_either_api(tmp_path: Path, litellm: Upstream) -> None:
    with serving(tmp_path, litellm) as served:
        with openai.OpenAI(base_url=served.openai, api_key="any") as chat:
            whole = chat.chat.completions.create(model="gpt-4o", messages=ASK)
            stream = chat.chat.completions.create(model="gpt-4o", messages=ASK, stream=True)
            pieces = [chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices]
            response = chat.responses.create(model="gpt-4o", input="Hello")
        with anthropic.Anthropic(base_url=served.url, api_key="any") as messages:
            message = messages.messages.create(model="gpt-4o", max_tokens=50, messages=ASK)
            with messages.messages.stream(model="gpt-4o", max_tokens=50, messages=ASK) as events:
                streamed = events.get_final_text()
        rows = served.rows(5)

    block: Any = message.content[0]
    said = [whole.choices[0].message.content, "".join(pieces), response.output_text, block.text, streamed]
    assert said == ["Hello from LiteLLM"] * 5
    assert all(row["success"] and row["model"] == "gpt-4o" and row["provider"] == "litellm" for row in rows)
    assert all(row["input_tokens"] > 0 and row["output_tokens"] > 0 for row in rows)


def test_an_error_of_litellms_proxy_reaches_its_caller_as_one_of_his_own_provider(
    tmp_path: Path, litellm: Upstream
) -> None:
    wrong = Upstream(
        name="litellm", api=Api.OPENAI, base_url=litellm.base_url, provider="litellm", key="sk-wrong", listed=True,
        offers=litellm.offers, responses=False,
    )  # fmt: skip
    with serving(tmp_path, wrong) as served:
        with (
            openai.OpenAI(base_url=served.openai, api_key="any", max_retries=0) as chat,
            pytest.raises(openai.APIStatusError),
        ):
            chat.chat.completions.create(model="gpt-4o", messages=ASK)
        with (
            anthropic.Anthropic(base_url=served.url, api_key="any", max_retries=0) as messages,
            pytest.raises(anthropic.APIStatusError),
        ):
            messages.messages.create(model="gpt-4o", max_tokens=50, messages=ASK)
        rows = served.rows(2)

    # Of whichever kind: without a database of its own it calls a wrong key a bad request.
    assert not any(row["success"] for row in rows)
