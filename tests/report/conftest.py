"""Reports on the small world, and on calls whose names are meant to do harm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from augury.models.prices import PriceBook
from augury.report.document import Document, read
from augury.server.app import create_app
from augury.server.parts import Parts
from augury.store.protocol import Description

if TYPE_CHECKING:
    from datetime import datetime

    from augury.store.protocol import Store

ASKED = "/api/analytics/models?days=90&timezone=Europe/Berlin"


@pytest.fixture(scope="session")
def body(world_store: Store, now: datetime) -> Any:
    """What the API answers of the small world."""
    parts = Parts(store=world_store, prices=PriceBook(), sample=False, now=lambda: now)
    return TestClient(create_app(parts), base_url="http://127.0.0.1").get(ASKED).json()


@pytest.fixture(scope="session")
def document(body: Any, now: datetime) -> Document:
    """The report on it."""
    return Document(answer=read(body), made=now, only={})


@pytest.fixture
def empty(now: datetime) -> Document:
    """The report on a database without a call."""
    nothing: dict[str, Any] = {
        "byModel": [], "byModelAndTaskType": [], "byTaskType": [], "byProvider": [], "trends": [], "recommendations": [], "bestByTask": [],
        "sample": False, "notes": [], "period": {"from": "2026-03-01T00:00:00Z", "to": "2026-03-31T00:00:00Z", "timezone": "UTC", "interval": "day"},
        "summary": {
            "totalCalls": 0, "avgResponseTime": 0, "minResponseTime": 0, "maxResponseTime": 0, "medianResponseTime": 0,
            "p95ResponseTime": 0, "p99ResponseTime": 0, "avgTimeToFirstToken": None, "successRate": None, "thumbsUp": 0,
            "thumbsDown": 0, "satisfactionRate": None, "avgTokens": 0, "totalTokens": 0, "inputTokens": 0,
            "outputTokens": 0, "tokensPerSecond": None, "totalCost": None, "costPerCall": None, "costPerSuccess": None,
            "unpricedCalls": 0, "qualityScore": None, "speedScore": None, "confidence": 0,
            "successRateInterval": None, "satisfactionRateInterval": None,
        },
    }  # fmt: skip
    return Document(answer=read(nothing), made=now, only={}, held=held(0))


def held(calls: int, when: datetime | None = None) -> Description:
    """What a database holds."""
    return Description(
        url="duckdb:///calls.duckdb",
        calls=calls,
        first=when,
        last=when,
        size_bytes=None,
        schema_version=1,
        sample=False,
    )
