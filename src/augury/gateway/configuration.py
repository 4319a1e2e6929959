"""What the gateway was told: providers, models, and manners, from one TOML file (`AUGURY_GATEWAY`) and the environment.

`docs/gateway.md` describes the file. Without one, the providers are those whose keys stand in the environment: OPENAI_API_KEY
(and OPENAI_BASE_URL), ANTHROPIC_API_KEY (and ANTHROPIC_BASE_URL). What cannot work is said when the server starts.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from augury.core.tasks import Priority
from augury.errors import SettingsError, shown
from augury.gateway.asked import AUTO
from augury.gateway.upstreams import Api, Offer, Upstream
from augury.models import is_unnamed, resolve
from augury.models.names import canonical_provider
from augury.recommend.catalogue import Catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import StrEnum

_OWN, _CALLERS = "own", "caller"
_TOP = frozenset({"keys", "deadline_s", "body_mib", "providers", AUTO, "fallbacks"})
_PROVIDER = frozenset({
    "api", "base_url", "provider", "key", "keys", "headers", "models", "aliases", "responses", "stream_usage", "connect_s", "answer_s", "retries",
})  # fmt: skip
_OFFER = frozenset({"name", "input", "tools", "images", "json_schema"})
_LONGEST_S = 86_400.0
_LONGEST_NAME = 200
_MOST_KEY = 10_000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A provider whose address everybody knows."""

    api: Api
    base_url: str
    variable: str  # of its key
    models: bool = False  # the catalogue's models of this maker are offered unless told otherwise


_KNOWN: Final[Mapping[str, _Known]] = {
    "openai": _Known(api=Api.OPENAI, base_url="https://api.openai.com/v1", variable="OPENAI_API_KEY", models=True),
    "anthropic": _Known(
        api=Api.ANTHROPIC, base_url="https://api.anthropic.com", variable="ANTHROPIC_API_KEY", models=True
    ),
    "deepseek": _Known(api=Api.OPENAI, base_url="https://api.deepseek.com/v1", variable="DEEPSEEK_API_KEY"),
    "gemini": _Known(
        api=Api.OPENAI,
        base_url="https://generativelanguage.googleapis.com/v1beta/openai",
        variable="GEMINI_API_KEY",
    ),
    "groq": _Known(api=Api.OPENAI, base_url="https://api.groq.com/openai/v1", variable="GROQ_API_KEY"),
    "mistral": _Known(api=Api.OPENAI, base_url="https://api.mistral.ai/v1", variable="MISTRAL_API_KEY"),
    "openrouter": _Known(api=Api.OPENAI, base_url="https://openrouter.ai/api/v1", variable="OPENROUTER_API_KEY"),
    "together": _Known(api=Api.OPENAI, base_url="https://api.together.xyz/v1", variable="TOGETHER_API_KEY"),
    "xai": _Known(api=Api.OPENAI, base_url="https://api.x.ai/v1", variable="XAI_API_KEY"),
}
_BASE_URLS: Final = {"openai": "OPENAI_BASE_URL", "anthropic": "ANTHROPIC_BASE_URL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """All of it, checked."""

    upstreams: tuple[Upstream, ...] = ()
    deadline_s: float = 600.0  # for everything before an answer begins, retries and fallbacks included
    most_body: int = 32 * 2**20  # bytes of a request
    auto_models: frozenset[str] | None = None  # canonical; None: every model offered
    auto_priority: Priority = Priority.BALANCED
    fallbacks: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))  # by canonical model


def read(path: Path | None, environment: Mapping[str, str]) -> Configuration:
    """Read the file, or what the environment tells.

    Raises:
        SettingsError: it cannot work; the sentence says what to correct, and shows no key.
    """
    if path is None:
        return Configuration(upstreams=_from_environment(environment))
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise SettingsError(
            f"AUGURY_GATEWAY: {path} cannot be read ({problem.strerror}); expected a TOML file, check the path"
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(f"AUGURY_GATEWAY: {path} is not UTF-8 text; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as problem:
        raise SettingsError(f"AUGURY_GATEWAY: {path} is not valid TOML ({problem}); correct that line") from None
    return _configuration(document, str(path), environment)


def refuse_itself(configuration: Configuration, port: int) -> None:
    """No provider may be this server: it would call itself for ever.

    Raises:
        SettingsError: one is; most likely a base URL that was meant for the callers is in the server's environment.
    """
    for upstream in configuration.upstreams:
        parts = urlsplit(upstream.base_url)
        if parts.hostname in {"127.0.0.1", "localhost", "::1"} and parts.port == port:
            raise SettingsError(
                f"the gateway's provider {upstream.name} is this server itself ({upstream.base_url}); set its base URL "
                f"({_BASE_URLS.get(upstream.name, 'base_url')}) to the provider's own, or start the server without it"
            )


def _from_environment(environment: Mapping[str, str]) -> tuple[Upstream, ...]:
    found = []
    for name, variable in _BASE_URLS.items():
        key = environment.get(_KNOWN[name].variable, "").strip()
        base_url = environment.get(variable, "").strip()
        if key or base_url:
            entry: dict[str, Any] = {"base_url": base_url} if base_url else {}
            found.append(_upstream(name, entry, variable if base_url else name, environment))
    return tuple(found)


def _configuration(document: dict[str, Any], where: str, environment: Mapping[str, str]) -> Configuration:
    _refuse_unknown(document, _TOP, where)
    keys = _keys(document, where)
    providers = _table(document.get("providers", {}), f"{where}: providers")
    upstreams = tuple(
        _upstream(name, {"keys": keys} | _table(entry, f"{where}: providers.{name}"), f"{where}: providers.{name}", environment)
        for name, entry in providers.items()
    ) or _from_environment(environment)  # fmt: skip
    if not upstreams:
        raise SettingsError(
            f"{where}: there is no provider; add a table such as [providers.openai], or set OPENAI_API_KEY or ANTHROPIC_API_KEY"
        )
    offered = {offer.model for upstream in upstreams for offer in upstream.offers}
    auto = _table(document.get(AUTO, {}), f"{where}: {AUTO}")
    _refuse_unknown(auto, frozenset({"models", "priority"}), f"{where}: {AUTO}")
    models = _names(auto["models"], f"{where}: {AUTO}: models") if "models" in auto else None
    fallbacks = {
        resolve(_name(model, f"{where}: fallbacks")).model: _names(others, f"{where}: fallbacks: {model}")
        for model, others in _table(document.get("fallbacks", {}), f"{where}: fallbacks").items()
    }
    for place, names in (
        (f"{AUTO}: models", models or ()),
        *((f"fallbacks: {name}", of) for name, of in fallbacks.items()),
    ):
        for name in names:
            if resolve(name).model not in offered:
                raise SettingsError(
                    f"{where}: {place}: {shown(name)} is offered by no provider; add it to the `models` of one"
                )
    return Configuration(
        upstreams=upstreams,
        deadline_s=_number(document, "deadline_s", 600.0, where, least=1.0, most=_LONGEST_S),
        most_body=int(_number(document, "body_mib", 32, where, least=1, most=1_024) * 2**20),
        auto_models=None if models is None else frozenset(resolve(name).model for name in models),
        auto_priority=_word(auto, "priority", Priority, Priority.BALANCED, f"{where}: {AUTO}"),
        fallbacks=MappingProxyType(fallbacks),
    )  # fmt: skip


def _upstream(name: str, entry: dict[str, Any], where: str, environment: Mapping[str, str]) -> Upstream:
    _refuse_unknown(entry, _PROVIDER, where)
    known = _KNOWN.get(name)
    api = _word(entry, "api", Api, known.api if known else Api.OPENAI, where)
    base_url = entry.get("base_url", known.base_url if known else None)
    if base_url is None:
        raise SettingsError(f'{where}: `base_url` is missing; expected an address such as "http://127.0.0.1:8000/v1"')
    callers = _keys(entry, where) == _CALLERS
    provider = canonical_provider(_name(entry.get("provider", name), f"{where}: provider"))
    catalogue = Catalogue.bundled()
    listed = entry.get("models")
    offers = (
        tuple(_offers(listed, f"{where}: models"))
        if listed is not None
        else tuple(
            Offer(name=model.name, model=model.name)
            for model in catalogue.models.values()
            if known and known.models and model.provider == name
        )
    )
    aliases = _table(entry.get("aliases", {}), f"{where}: aliases")
    return Upstream(
        name=name,
        api=api,
        base_url=_base_url(base_url, api, where),
        provider=provider,
        key=None if callers else _key(entry, known, where, environment),
        callers_key=callers,
        headers=MappingProxyType({
            _header(key, f"{where}: headers").lower(): _header(value, f"{where}: headers: {key}")
            for key, value in _table(entry.get("headers", {}), f"{where}: headers").items()
        }),
        offers=offers,
        listed=listed is not None,
        aliases=MappingProxyType({
            asked: _name(called, f"{where}: aliases: {asked}") for asked, called in aliases.items()
        }),
        responses=_flag(entry, "responses", where, otherwise=name == "openai"),
        stream_usage=_flag(entry, "stream_usage", where, otherwise=True),
        connect_s=_number(entry, "connect_s", 10.0, where, least=0.1, most=_LONGEST_S),
        answer_s=_number(entry, "answer_s", 600.0, where, least=0.1, most=_LONGEST_S),
        retries=int(_number(entry, "retries", 2, where, least=0, most=10)),
    )  # fmt: skip


def _offers(listed: object, where: str) -> list[Offer]:
    if not isinstance(listed, list) or not listed:
        raise SettingsError(f"{where}: {shown(listed)}; expected a list of names, or of tables with a `name`")
    found = []
    for entry in listed:
        table = entry if isinstance(entry, dict) else {"name": entry}
        _refuse_unknown(table, _OFFER, where)
        name = _name(table.get("name"), where)
        if is_unnamed(name) or name.partition(":")[0] == AUTO:
            raise SettingsError(f"{where}: {shown(name)} is no name of a model")
        found.append(
            Offer(
                name=name,
                model=resolve(name).model,
                max_input=int(_number(table, "input", 0, where, least=1, most=10**9)) if "input" in table else None,
                tools=_flag(table, "tools", where, otherwise=None),
                images=_flag(table, "images", where, otherwise=None),
                json_schema=_flag(table, "json_schema", where, otherwise=None),
            )
        )
    return found


def _key(entry: dict[str, Any], known: _Known | None, where: str, environment: Mapping[str, str]) -> str | None:
    """The provider's key; None where none is needed. Nothing of it is ever shown."""
    source = entry.get("key", None if known is None else {"env": known.variable})
    if source is None:
        return None
    match source:
        case {"env": str(variable), **others} if not others:
            key, told = environment.get(variable, "").strip(), f"the variable {variable}"
            if not key and "base_url" in entry and "key" not in entry:
                return None  # a server of one's own under a known provider's name needs none
        case {"file": str(path), **others} if not others:
            told = f"the file {path}"
            try:
                key = Path(path).expanduser().read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as problem:
                raise SettingsError(f"{where}: key: {told} cannot be read ({type(problem).__name__})") from None
        case _:
            raise SettingsError(
                f'{where}: key: expected where it stands, {{ env = "VARIABLE" }} or {{ file = "PATH" }}, never the key itself'
            )
    if not key:
        raise SettingsError(f"{where}: key: {told} is empty or not set; set it, or remove the provider")
    if len(key) > _MOST_KEY or not key.isascii() or not key.isprintable():
        raise SettingsError(f"{where}: key: {told} holds what cannot be a key; expected one line of plain characters")
    return key


def _base_url(value: object, api: Api, where: str) -> str:
    text = value.strip().rstrip("/") if isinstance(value, str) else ""
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good, parts = False, urlsplit("")
    if not good or parts.query or parts.fragment or parts.username is not None:
        raise SettingsError(
            f"{where}: base_url: expected an address such as https://api.openai.com/v1, without a query or a password"
        )
    return text.removesuffix("/v1") if api is Api.ANTHROPIC else text


def _keys(entry: dict[str, Any], where: str) -> str:
    keys = entry.get("keys", _OWN)
    if keys not in {_OWN, _CALLERS}:
        raise SettingsError(
            f'{where}: keys: {shown(keys)}; expected "{_OWN}", the providers\' keys of this file, or "{_CALLERS}", those that callers send'
        )
    return str(keys)


def _refuse_unknown(entry: dict[str, Any], known: frozenset[str], where: str) -> None:
    unknown = sorted(entry.keys() - known)
    if unknown:
        raise SettingsError(f"{where}: {shown(unknown[0])} is not known; expected {', '.join(sorted(known))}")


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SettingsError(f"{where}: {shown(value)}; expected a table")
    return value


def _name(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_NAME or not value.isprintable():
        raise SettingsError(f"{where}: {shown(value)}; expected a name of 1 to {_LONGEST_NAME} characters")
    return value.strip()


def _names(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise SettingsError(f"{where}: {shown(value)}; expected a list of models")
    return tuple(_name(name, where) for name in value)


def _header(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        raise SettingsError(f"{where}: expected a text of plain characters")  # it may be a secret: not shown
    return value


def _flag(entry: dict[str, Any], name: str, where: str, *, otherwise: Any) -> Any:
    value = entry.get(name, otherwise)
    if value is not otherwise and not isinstance(value, bool):
        raise SettingsError(f"{where}: {name}: {shown(value)}; expected true or false")
    return value


def _number(entry: dict[str, Any], name: str, otherwise: float, where: str, *, least: float, most: float) -> float:
    value = entry.get(name, otherwise)
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        raise SettingsError(f"{where}: {name}: {shown(value)}; expected a number from {least:g} to {most:g}")
    return value


def _word(
    entry: dict[str, Any], name: str, words: Callable[[str], Any] | type[StrEnum], otherwise: Any, where: str
) -> Any:
    value = entry.get(name, otherwise)
    try:
        return words(value)
    except ValueError:
        raise SettingsError(
            f"{where}: {name}: {shown(value)}; expected one of {', '.join(words)}"  # type: ignore[arg-type]
        ) from None
