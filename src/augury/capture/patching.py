"""The one place that puts functions of ours before those of others, and takes them away again.

Of the official clients that is the method that every request goes through, whichever of their methods was called, and of the HTTP
client below them the one that sends: once for each attempt. What is put there runs the original exactly once, hands on what it
was given and what it gives, and adds no failure of its own.
"""

from __future__ import annotations

import copy
import functools
import importlib.util
import re
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from threading import RLock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from augury.capture import harmless, recorder
from augury.capture.context import last_answered
from augury.capture.dialects import is_call
from augury.capture.exchange import MESSAGE_HEADER, Exchange
from augury.capture.hosts import provider_at, takes_stream_options
from augury.capture.sse import splitter_for
from augury.capture.streams import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from augury.capture.exchange import Attempt

_CLIENTS = {"openai._base_client": "openai", "anthropic._base_client": "anthropic"}
_BASES = ("SyncAPIClient", "AsyncAPIClient")
_WRAPPED_BY_OTHERS = {"openai": ("OpenAI", "AsyncOpenAI"), "anthropic": ("Anthropic", "AsyncAnthropic")}

_STORED = re.compile(r"/responses/([^/?]+)(?:/cancel)?(?:\?.*)?$")
_MOST_IN_BACKGROUND = 1_000
_MOST_GATEWAYS = 100

_PORTS = {"http": 80, "https": 443}

_MISSING = object()

_exchange: ContextVar[Exchange | None] = ContextVar("augury_exchange", default=None)
_gateways: set[str] = set()  # where gateways of ours have answered
_latest: tuple[Any, str, str, str] = (None, "", "", "")  # a client's address, its host, where that is, and in words
_background: dict[str, Attempt] = {}  # by the answer's id: calls of which the provider has not told the end yet


@dataclass(frozen=True, slots=True)
class _Patch:
    """A function of ours in the place of another."""

    owner: type
    name: str
    original: object  # what stood in the class itself, `_MISSING` where it was inherited
    ours: object


class _Patches:
    """All that are there, and whether they do anything."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.on = False
        self.stream_usage: bool | None = None
        self._done: list[_Patch] = []
        self._ours: dict[int, object] = {}  # by identity: wrappers of others pass for what they wrap

    def put(self, owner: type, name: str, make: Callable[[Any], Any]) -> None:
        """Put what is made of the original in its place."""
        with self.lock:
            found = getattr(owner, name)
            if self.has(found):
                return
            ours = make(found)
            self._done.append(_Patch(owner, name, owner.__dict__.get(name, _MISSING), ours))
            self._ours[id(ours)] = ours
            setattr(owner, name, ours)

    def has(self, function: object) -> bool:
        """Whether it is one of ours."""
        return id(function) in self._ours

    def take_away(self) -> None:
        """Restore what was there; where others came after us theirs stays, and ours below it does nothing any more."""
        with self.lock:
            for patch in reversed(self._done):
                if patch.owner.__dict__.get(patch.name) is not patch.ours:
                    continue
                if patch.original is _MISSING:
                    delattr(patch.owner, patch.name)
                else:
                    setattr(patch.owner, patch.name, patch.original)
            self._done.clear()
            self._ours.clear()


_patches = _Patches()


def instrument(*, stream_usage: bool | None = None) -> None:
    """Record the calls of the official `openai` and `anthropic` clients from here on, sync and async; again, nothing changes.

    Clients that exist already are observed too, and packages that are imported later. What the application gets stays what
    it was. Nothing is raised.

    Args:
        stream_usage: ask for the usage of streamed chat completions, which OpenAI tells only then, and keep the extra chunk
            from the application. By default where it is known to be understood (api.openai.com); True for every server.
    """
    with _patches.lock:
        _patches.on, _patches.stream_usage = True, stream_usage
        for module in _CLIENTS:
            if module in sys.modules:
                harmless.do(_put, sys.modules[module])
        if not any(isinstance(finder, _WhenImported) for finder in sys.meta_path):
            sys.meta_path.insert(0, _WhenImported())


def uninstrument() -> None:
    """Take away what `instrument` has put before the clients: every function is again the one it was."""
    with _patches.lock:
        _patches.on = False
        sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _WhenImported)]
        _patches.take_away()
        _background.clear()
        _gateways.clear()


def _put(module: ModuleType) -> None:
    package = _CLIENTS[module.__name__]
    outer = sys.modules.get(package)
    for base, derived in zip(_BASES, _WRAPPED_BY_OTHERS[package], strict=True):
        make = _async_request if base.startswith("Async") else _sync_request
        kind = getattr(module, base)
        _patches.put(kind, "request", functools.partial(make, package))
        client = getattr(outer, derived, None)  # others wrap it there, around what they found before us
        if client is not None and "request" in client.__dict__:
            _patches.put(client, "request", functools.partial(make, package))


# ── every request of a client ────────────────────────────────────────────────────────────────────────────────────────


def _sync_request(package: str, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def request(self: Any, *args: Any, **named: Any) -> Any:
        observed, args, named = _begun(package, self, args, named)
        if observed is None:
            return original(self, *args, **named)
        with observed:
            return observed.got(original(self, *args, **named))

    return request


def _async_request(package: str, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    async def request(self: Any, *args: Any, **named: Any) -> Any:
        observed, args, named = _begun(package, self, args, named)
        if observed is None:
            return await original(self, *args, **named)
        with observed:
            return observed.got(await original(self, *args, **named))

    return request


class _Observed:
    """A call while its client's method runs."""

    __slots__ = ("_exchange", "_token")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __enter__(self) -> None:
        self._token = _exchange.set(self._exchange)

    def __exit__(self, *_: object) -> None:
        _exchange.reset(self._token)
        harmless.do(self._exchange.left)

    def got(self, result: Any) -> Any:
        """What the method gives, as it is."""
        return result


class _Polled:
    """A question after an answer in the background."""

    __slots__ = ("_attempt", "_id")

    def __init__(self, answer_id: str, attempt: Attempt) -> None:
        self._id, self._attempt = answer_id, attempt

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    def got(self, result: Any) -> Any:
        """What the method gives, looked at where it is the answer itself."""
        harmless.do(self._look, result)
        return result

    def _look(self, result: Any) -> None:
        if getattr(result, "id", None) == self._id and self._attempt.asked_again(result):
            _background.pop(self._id, None)


_Given = tuple["_Observed | _Polled | None", tuple[Any, ...], dict[str, Any]]


def _begun(package: str, client: Any, args: tuple[Any, ...], named: dict[str, Any]) -> _Given:
    """The call that begins, if it is one, and the arguments with its mark in them."""
    if not _patches.on:
        return None, args, named
    try:
        options = args[1] if len(args) > 1 else named["options"]
        if options.method.lower() != "post" or not is_call(options.url):
            return _asked_again(options.url), args, named
        headers = _mapping(options.headers)
        outer = _exchange.get()
        if outer is not None and headers.get(MESSAGE_HEADER) == outer.mark:  # it is observed further out
            return None, args, named
        if "litellm" in sys.modules and _is_litellms():
            return None, args, named
        exchange, marked = _exchange_of(package, client, options, headers)
        _cover(type(client._client))  # noqa: SLF001 - the clients have no public name for it
    except Exception as problem:  # noqa: BLE001 - observing must never break the observed
        recorder.note(problem)
        return None, args, named
    if len(args) > 1:
        return _Observed(exchange), (args[0], marked, *args[2:]), named
    return _Observed(exchange), args, {**named, "options": marked}


def _is_litellms() -> bool:
    """Whether LiteLLM tells another of our doors of this call."""
    from augury.capture.litellm import is_told  # noqa: PLC0415 - who has no LiteLLM loads nothing of it

    return is_told()


def _exchange_of(package: str, client: Any, options: Any, headers: Mapping[str, Any]) -> tuple[Exchange, Any]:
    path, (host, origin, address) = options.url, _place(client.base_url)
    body, more = _mapping(options.json_data), _mapping(options.extra_json)
    gateway = origin in _gateways or is_within(address, recorder.destination())
    exchange = Exchange(
        path=path, body={**body, **more} if more else body, provider=provider_at(host, package), gateway=gateway
    )
    marked = copy.copy(options)
    marked.headers = {**headers, **exchange.headers()}
    if _wants_usage(path, host, body, more):
        exchange.drops_usage = True
        asked = _mapping(more.get("stream_options", body.get("stream_options"))) | {"include_usage": True}
        if "stream_options" in more:
            marked.extra_json = {**more, "stream_options": asked}
        else:
            marked.json_data = {**body, "stream_options": asked}
    last_answered.set(exchange)
    return exchange, marked


def _wants_usage(path: str, host: str, body: Mapping[str, Any], more: Mapping[str, Any]) -> bool:
    """Whether to ask for the usage of a stream, since nobody else does."""
    if not path.endswith("/completions") or more.get("stream", body.get("stream")) is not True:
        return False
    if _mapping(more.get("stream_options", body.get("stream_options"))).get("include_usage"):
        return False
    return takes_stream_options(host) if _patches.stream_usage is None else _patches.stream_usage


def _place(url: Any) -> tuple[str, str, str]:
    """The host of a client's address, its origin, and all of it: to see that it is the one seen last takes less time."""
    global _latest  # noqa: PLW0603 - one assignment, of what belongs together
    latest, host, origin, address = _latest
    if url is not latest:
        address = str(url)
        host, origin = url.host, _origin_of(address)
        _latest = url, host, origin, address
    return host, origin, address


@functools.lru_cache(maxsize=_MOST_GATEWAYS)
def is_within(address: str, server: str) -> bool:
    """Whether an address is of the server that calls go to, and not of what else is on its host."""
    origin = _origin_of(server)
    if not origin or origin != _origin_of(address):
        return False
    return urlsplit(address).path.startswith(f"{urlsplit(server).path.rstrip('/')}/")


@functools.lru_cache(maxsize=_MOST_GATEWAYS)
def _origin_of(address: str) -> str:
    """Where a server is, this machine by one of its names; empty where it is none."""
    try:
        parts = urlsplit(address)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return ""
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
    return f"{parts.scheme}://{host}:{port}" if host and port else ""


def _mapping(value: object) -> dict[str, Any]:
    if type(value) is dict:
        return value
    if value is None:
        return {}
    return dict(value) if isinstance(value, Mapping) else {}


def _asked_again(path: str) -> _Polled | None:
    found = _STORED.search(path) if _background else None
    attempt = _background.get(found.group(1)) if found else None
    return None if found is None or attempt is None else _Polled(found.group(1), attempt)


# ── every attempt ────────────────────────────────────────────────────────────────────────────────────────────────────


def _cover(client: Any) -> None:
    """Stand before the method with which this kind of HTTP client sends."""
    if not _patches.has(client.send):
        owner = next(kind for kind in client.__mro__ if "send" in kind.__dict__)
        _patches.put(owner, "send", _async_send if hasattr(client, "aclose") else _sync_send)


def _sync_send(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def send(self: Any, request: Any, *args: Any, **named: Any) -> Any:
        exchange = _sending(request)
        if exchange is None:
            return original(self, request, *args, **named)
        attempt = exchange.attempt()
        try:
            response = original(self, request, *args, **named)
        except BaseException as error:
            harmless.do(attempt.failed, error)
            raise
        finally:
            exchange.sending = False
        harmless.do(_answered, exchange, attempt, response)
        return response

    return send


def _async_send(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    async def send(self: Any, request: Any, *args: Any, **named: Any) -> Any:
        exchange = _sending(request)
        if exchange is None:
            return await original(self, request, *args, **named)
        attempt = exchange.attempt()
        try:
            response = await original(self, request, *args, **named)
        except BaseException as error:
            harmless.do(attempt.failed, error)
            raise
        finally:
            exchange.sending = False
        harmless.do(_answered, exchange, attempt, response)
        return response

    return send


def _sending(request: Any) -> Exchange | None:
    """The call that this request is an attempt at, unless it is none, or is seen further out."""
    exchange = _exchange.get()
    if exchange is None or exchange.sending or request.headers.get(MESSAGE_HEADER) != exchange.mark:
        return None
    exchange.sending = True
    return exchange


def _answered(exchange: Exchange, attempt: Attempt, response: Any) -> None:
    if (message := response.headers.get(MESSAGE_HEADER)) is not None:
        attempt.recorded_as(message)
        if len(_gateways) < _MOST_GATEWAYS:
            _gateways.add(_origin_of(str(response.request.url)))
    whole = _content(response)
    splitter = None
    if whole is None or not whole.startswith(b"{"):  # else it is JSON, as most are
        splitter = splitter_for(response.headers.get("content-type", ""))
    if whole is None or (splitter is not None and exchange.drops_usage):
        watch(response, attempt, drop_usage=exchange.drops_usage)
    elif splitter is not None and response.is_success:
        for event in splitter.feed(whole):
            attempt.event(event)
        attempt.over()
    elif (answer_id := attempt.answer(response.status_code, whole)) is not None:
        _background[answer_id] = attempt
        while len(_background) > _MOST_IN_BACKGROUND:
            del _background[next(iter(_background))]


def _content(response: Any) -> bytes | None:
    """The body of an answer that has been read; None of one that is to be streamed."""
    # Not from its `__dict__`: once that is asked for, CPython takes longer for each of its attributes.
    content = getattr(response, "_content", None)
    return content if isinstance(content, bytes) else None


# ── packages that are imported later ─────────────────────────────────────────────────────────────────────────────────


class _WhenImported(MetaPathFinder):
    """Finds the clients' modules as they are found without it, and observes them when they have been loaded."""

    def __init__(self) -> None:
        self._looking = False

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - as finders are asked
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """The module's own, with a step after it."""
        if fullname not in _CLIENTS or self._looking:
            return None
        self._looking = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._looking = False
        if spec is not None and spec.loader is not None:
            spec.loader = _Then(spec.loader)
        return spec


class _Then(Loader):
    """A loader, and then us."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the module's own loader does."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """As the module's own loader does; then put what is ours before it."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        if _patches.on:
            harmless.do(_put, module)
