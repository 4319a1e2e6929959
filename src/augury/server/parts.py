"""What the application is made of, as routes ask for it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, cast

from fastapi import Depends, Request

from augury.capture.journal import Journal
from augury.capture.rules import OwnerRules
from augury.gateway.configuration import Configuration
from augury.models.prices import PriceBook
from augury.server.gate import Gate
from augury.store.protocol import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The application's parts."""

    store: Store
    prices: PriceBook
    sample: bool  # the store holds generated sample traffic
    now: Callable[[], datetime]
    gateway: Configuration = field(default_factory=Configuration)  # who answers for models
    rules: OwnerRules = field(default_factory=OwnerRules)  # what its owner says of calls by where they come from
    gate: Gate = field(
        default_factory=Gate
    )  # tells callers apart; without keys, and without a token, nobody administers
    journal: Journal | None = None  # where calls wait while the database is away; without one they are refused then


async def _parts(request: Request) -> Parts:
    return cast("Parts", request.app.state.parts)


Given = Annotated[Parts, Depends(_parts)]
