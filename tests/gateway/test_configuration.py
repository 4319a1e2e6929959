from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from augury.core.tasks import Priority
from augury.errors import SettingsError
from augury.gateway.configuration import read, refuse_itself
from augury.gateway.upstreams import Api

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "sk-very-secret"


def written(folder: Path, text: str) -> Path:
    path = folder / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_the_providers_are_those_whose_keys_are_in_the_environment() -> None:
    assert read(None, {}).upstreams == ()
    both = read(
        None, {"OPENAI_API_KEY": SECRET, "ANTHROPIC_API_KEY": SECRET, "OPENAI_BASE_URL": "http://127.0.0.1:1/v1/"}
    )
    openai, anthropic = both.upstreams
    assert (openai.api, openai.url("/v1/chat/completions")) == (Api.OPENAI, "http://127.0.0.1:1/v1/chat/completions")
    assert anthropic.url("/v1/messages", "beta=true") == "https://api.anthropic.com/v1/messages?beta=true"
    assert "gpt-4o" in {offer.model for offer in openai.offers}
    assert anthropic.credentials() == {"x-api-key": SECRET}


def test_a_key_is_never_shown() -> None:
    assert SECRET not in repr(read(None, {"OPENAI_API_KEY": SECRET}))


def test_a_file_says_who_offers_what(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\n")
    told = read(
        written(
            tmp_path,
            f"""
            deadline_s = 30
            [providers.openai]
            key = {{ env = "MY_KEY" }}
            models = ["gpt-4o", "gpt-4o-mini"]
            headers = {{ OpenAI-Organization = "org-1" }}
            retries = 0
            [providers.house]
            base_url = "http://127.0.0.1:11434/v1"
            models = [{{ name = "llama3.3", tools = false, input = 8192 }}]
            aliases = {{ fast = "llama3.3" }}
            [providers.claude]
            api = "anthropic"
            base_url = "https://claude.example/v1"
            provider = "anthropic"
            key = {{ file = "{tmp_path / "key"}" }}
            [auto]
            models = ["gpt-4o", "llama3.3"]
            priority = "quality"
            [fallbacks]
            gpt-4o = ["gpt-4o-mini"]
            """,
        ),
        {"MY_KEY": SECRET},
    )
    openai, house, claude = told.upstreams
    assert (openai.key, openai.retries, dict(openai.headers)) == (SECRET, 0, {"openai-organization": "org-1"})
    assert (house.key, house.offers[0].tools, house.offers[0].max_input) == (None, False, 8192)
    assert (claude.base_url, claude.key) == ("https://claude.example", SECRET)
    assert told.auto_models == frozenset({"gpt-4o", "llama-3.3"})
    assert told.auto_priority is Priority.QUALITY
    assert told.fallbacks["gpt-4o"] == ("gpt-4o-mini",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "there is no provider"),
        ("[providers.openai", "not valid TOML"),
        ("provider = 1", "'provider' is not known"),
        ("[providers.house]", "base_url"),
        ("[providers.openai]\nbase_url = 'api.openai.com'", "an address such as"),
        ("[providers.openai]\nbase_url = 'https://me:secret@host/v1'", "without a query or a password"),
        ("[providers.openai]\n", "OPENAI_API_KEY is empty or not set"),
        (f"[providers.openai]\nkey = '{SECRET}'", "never the key itself"),
        ("[providers.openai]\nkey = { file = '/nowhere' }", "/nowhere cannot be read"),
        ("[providers.openai]\nkeys = 'mine'", "'mine'"),
        ("[providers.openai]\nkeys = 'caller'\nretries = 1000", "from 0 to 10"),
        ("[providers.openai]\nkeys = 'caller'\napi = 'soap'", "one of openai, anthropic"),
        ("[providers.openai]\nkeys = 'caller'\nmodels = ['auto']", "no name of a model"),
        ("[fallbacks]\ngpt-4o = ['llama3.3']\n[providers.openai]\nkeys = 'caller'", "offered by no provider"),
    ],
)
def test_what_cannot_work_is_said_and_no_key_is_shown(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as told:
        read(written(tmp_path, text), {})
    assert says in str(told.value)
    assert SECRET not in str(told.value)


def test_the_server_is_not_its_own_provider() -> None:
    told = read(None, {"OPENAI_BASE_URL": "http://localhost:8765/v1"})
    refuse_itself(told, 8766)
    with pytest.raises(SettingsError, match="OPENAI_BASE_URL"):
        refuse_itself(told, 8765)
