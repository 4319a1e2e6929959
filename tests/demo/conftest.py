"""The sample traffic as it is on one day, made once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from augury.core.calls import GENERATING, ModelCall
from augury.demo import sample_calls
from augury.models.prices import PriceBook

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)  # a Monday
TODAY = NOW.date()
PRICES = PriceBook()


@pytest.fixture(scope="session")
def calls() -> list[ModelCall]:
    return list(sample_calls(PRICES, now=NOW))


@pytest.fixture(scope="session")
def chats(calls: list[ModelCall]) -> list[ModelCall]:
    return [call for call in calls if call.operation in GENERATING]
