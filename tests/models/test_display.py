from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.models import display_name


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ("claude-haiku-4-5", "Claude Haiku 4.5"),
        ("claude-sonnet-4", "Claude Sonnet 4"),
        ("claude-opus-4-8-fast", "Claude Opus 4.8 Fast"),
        ("claude-3-5-sonnet", "Claude Sonnet 3.5"),
        ("claude-3-opus", "Claude Opus 3"),
        ("claude-2.1", "Claude 2.1"),
        ("claude-instant-1.2", "Claude Instant 1.2"),
        ("claude-mythos-preview", "Claude Mythos Preview"),
        ("gpt-4o", "GPT-4o"),
        ("gpt-4o-mini", "GPT-4o mini"),
        ("gpt-4o-2024-05-13", "GPT-4o (2024-05-13)"),
        ("gpt-3.5-turbo", "GPT-3.5 Turbo"),
        ("gpt-5.4-mini", "GPT-5.4 mini"),
        ("gpt-6-sol", "GPT-6 Sol"),
        ("gpt-oss-120b", "gpt-oss-120b"),
        ("chatgpt-4o-latest", "ChatGPT-4o"),
        ("o3-mini", "o3-mini"),
        ("ft:gpt-4o-mini:org::id", "GPT-4o mini, fine-tuned (org::id)"),
        ("gemini-2.5-pro", "Gemini 2.5 Pro"),
        ("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite"),
        ("deepseek-r1", "DeepSeek R1"),
        ("deepseek-v3.2", "DeepSeek V3.2"),
        ("deepseek-chat", "DeepSeek Chat"),
        ("llama-3.1-70b-instruct", "Llama 3.1 70B Instruct"),
        ("llama-4-maverick-17b-128e-instruct-fp8", "Llama 4 Maverick 17B 128E Instruct FP8"),
        ("mixtral-8x7b", "Mixtral 8x7B"),
        ("qwen3-235b-a22b", "Qwen3 235B A22B"),
        ("qwen2.5-coder-32b-instruct", "Qwen2.5 Coder 32B Instruct"),
        ("grok-4.1-fast", "Grok 4.1 Fast"),
        ("kimi-k2.5", "Kimi K2.5"),
        ("glm-5.3-flash", "GLM-5.3 Flash"),
        ("command-r-plus", "Command R+"),
        ("unknown", "Unknown model"),
        ("text-embedding-3-small", "text-embedding-3-small"),
        ("acme/assistant", "acme/assistant"),
        ("", ""),
        ("claude-<b>bold</b>", "claude-<b>bold</b>"),
    ],
)
def test_a_model_is_shown_as_its_maker_writes_it(model: str, shown: str) -> None:
    assert display_name(model) == shown


@given(st.one_of(st.text(), st.from_regex(r"(ft:|claude|gpt|gemini|glm|qwen)[-:.a-z0-9]*", fullmatch=True)))
def test_any_text_can_be_shown(model: str) -> None:
    assert bool(display_name(model)) == bool(model)
