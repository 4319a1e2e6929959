"""A gateway on a port of its own, over a database of its own, in this process: asked over HTTP, as clients do."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx2
import uvicorn

from augury.gateway.configuration import Configuration
from augury.gateway.upstreams import Api, Offer, Upstream
from augury.models import resolve
from augury.models.prices import PriceBook
from augury.server.app import create_app
from augury.server.gate import Gate
from augury.server.gathering import Gathering
from augury.server.parts import Parts
from augury.server.run import listening
from augury.store.duckdb import DuckDBStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.provider import Provider

WITHIN_S = 30
TOKEN = "a-token"
_ROWS = "SELECT * FROM model_performance_metrics WHERE message_id IS NOT NULL ORDER BY timestamp, id"


@dataclass
class Served:
    """A running gateway."""

    url: str
    store: DuckDBStore

    @property
    def openai(self) -> str:
        """The base URL of OpenAI's client."""
        return f"{self.url}/v1"

    def rows(self, count: int) -> list[dict[str, Any]]:
        """The calls that came by here, in the order in which they ended, once there are so many."""
        deadline = time.monotonic() + WITHIN_S
        while True:
            table = self.store.query(_ROWS, limit=100)
            rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
            if len(rows) >= count:
                assert len(rows) == count
                return rows
            assert time.monotonic() < deadline, f"{len(rows)} of {count} calls"
            time.sleep(0.02)

    def post(self, path: str, body: object, **headers: str) -> httpx2.Response:
        """Ask once, without any client's help."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx2.post(f"{self.url}{path}", content=content, headers={"content-type": "application/json"} | named)


def upstream(running: Provider, api: Api = Api.OPENAI, *models: str, **other: Any) -> Upstream:
    """The fake provider, as one that speaks this API and offers these models."""
    given: dict[str, Any] = {
        "name": str(api),
        "api": api,
        "provider": str(api),
        "base_url": running.openai if api is Api.OPENAI else running.anthropic,
        "key": "sk-owner",
        "offers": tuple(Offer(name=model, model=resolve(model).model) for model in models),
        "listed": bool(models),
        "connect_s": 5.0,
        "answer_s": 10.0,
    }
    return Upstream(**given | other)


@contextmanager
def serving(folder: Path, *upstreams: Upstream, **more: Any) -> Iterator[Served]:
    """A gateway to these providers, until the end of the block."""
    gate = Gate()
    gate.admit(TOKEN)
    with DuckDBStore(folder / "calls.duckdb") as store, listening("127.0.0.1", 0) as listener:
        parts = Parts(
            store=store,
            prices=PriceBook(),
            gate=gate,
            sample=False,
            now=lambda: datetime.now(UTC),
            gateway=Configuration(upstreams=upstreams, **more),
        )
        server = uvicorn.Server(uvicorn.Config(create_app(parts), http=Gathering, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}", store)
        finally:
            server.should_exit = True
            thread.join(WITHIN_S)
