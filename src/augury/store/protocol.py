"""What every engine can do, and the questions that may be asked of it.

A question names a window, filters, and what to group by; the answer is sums of facts, as columns. Whatever a page, the
API, or a command shows is worked out from such sums in `augury.analytics`, so that every engine gives the same figures.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime  # noqa: TC003 - pydantic reads Description when it runs
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from augury.core.calls import GENERATING
from augury.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType
    from typing import Self
    from uuid import UUID

    import numpy as np
    from numpy.typing import NDArray

    from augury.core.calls import ModelCall
    from augury.core.feedback import Feedback, Outcome
    from augury.core.windows import Steps, Window
    from augury.models.prices import PriceBook
    from augury.store.copying import FinalDay
    from augury.store.coverage import Seal
    from augury.store.repricing import Repriceable, Repriced


class Dimension(StrEnum):
    """What facts may be grouped by, each a column; a complexity that nobody told is "", a step is its number."""

    MODEL = "model"
    PROVIDER = "provider"
    TASK_TYPE = "task_type"
    COMPLEXITY = "task_complexity"
    STEP = "step"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which calls count; None means all."""

    model: str | None = None
    provider: str | None = None
    task_type: str | None = None
    complexity: str | None = None
    segment: str | None = None
    operations: tuple[str, ...] | None = GENERATING


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Calls within a window that pass the filters, summed by some dimensions.

    `steps` is needed where Dimension.STEP is among them; with `costs`, COSTS are summed too.
    """

    window: Window
    filters: Filters = field(default_factory=Filters)
    by: tuple[Dimension, ...] = ()
    steps: Steps | None = None
    costs: bool = False


SUMS: tuple[str, ...] = (
    "calls", "successes", "evidence_calls", "evidence_ms_sum", "success_ms_sum", "response_ms_sum", "first_token_ms_sum", "first_token_calls", "tokens_sum", "input_tokens_sum",
    "output_tokens_sum", "timed_output_tokens_sum", "timed_output_ms_sum", "cost_sum", "priced_calls", "costing_calls", "priced_successes",
    "thumbs_up", "thumbs_down",
)  # fmt: skip
"""The facts that add up. `cost_sum` counts units of 1e-10 dollars; the rest calls, milliseconds, or tokens."""

COSTS: tuple[str, ...] = (
    "reported_cost_sum", "reported_calls", "computed_cost_sum", "computed_calls", "priced_thumbs_up",
    "cached_input_tokens_sum", "cache_write_tokens_sum", "reasoning_tokens_sum",
)  # fmt: skip
"""Facts that costs are told by: they add up like SUMS, and are asked for with `Question.costs`.

A cost that is neither reported nor computed is one of which nobody said: a row that another program wrote, or one that
was pruned before sums knew.
"""

DOLLARS = frozenset({"cost_sum", "reported_cost_sum", "computed_cost_sum"})
"""The sums that count units of 1e-10 dollars, as integers of any size."""

LOGARITHMS: tuple[str, ...] = ("success_ln_ms_sum", "success_ln_ms_square_sum", "cost_ln_sum", "cost_ln_square_sum")
"""Sums of logarithms, and of their squares; floats.

Of milliseconds (at least 1) over successful calls, and of dollars over `costing_calls`, those that cost something.
"""

LEAST, MOST = "response_ms_min", "response_ms_max"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Sums of facts: one row per group that has calls.

    Attributes:
        keys: for each dimension asked for, its value in every row: text, or numbers for steps.
        sums: for each of SUMS, LEAST, and MOST, and of COSTS where they were asked for, an array of int64, but for DOLLARS,
            which hold Python's integers; for each of LOGARITHMS one of float64.
        rounded: calls whose rows were pruned were placed by the hour, where the window or a step cuts one.
    """

    keys: dict[Dimension, NDArray[Any]]
    sums: dict[str, NDArray[Any]]
    rounded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """A histogram of response times per group.

    Attributes:
        keys: for each dimension asked for, its value in every group: text, or numbers for steps.
        groups: for each group and bucket, groups ascending, and buckets within a group: the position of the group.
        buckets: the bucket.
        calls: how many calls fall into it.
        rounded: calls whose rows were pruned were placed by the UTC day, where the window cuts one, or left out, where a step
            does.
    """

    keys: dict[Dimension, NDArray[Any]]
    groups: NDArray[np.int64]
    buckets: NDArray[np.int64]
    calls: NDArray[np.int64]
    rounded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationsQuestion:
    """A page of the conversations that calls are of, the dearest first; asked of rows, so that it takes time by their number.

    `after` is the cost (in units of 1e-10 dollars) and the id of the last conversation of the page before.
    """

    window: Window
    filters: Filters = field(default_factory=Filters)
    limit: int = 10
    after: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSums:
    """What the calls of one conversation add up to; costs in units of 1e-10 dollars."""

    conversation_id: str
    calls: int
    successes: int
    tokens: int
    cost: int
    priced_calls: int
    priced_successes: int
    thumbs_up: int
    thumbs_down: int
    priced_thumbs_up: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversations:
    """All conversations in sums, and a page of them; `cost` in units of 1e-10 dollars."""

    conversations: int
    priced: int  # of which a call has a price
    calls: int
    cost: int
    page: list[ConversationSums]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsQuestion:
    """A page of the latest calls, the newest first.

    `before` is the timestamp and id of the last call of the page before. `metadata` are members that calls must have at the
    top of their metadata: this text, this number or truth as JSON writes it, or a list with this text among its items.
    """

    filters: Filters = field(default_factory=lambda: Filters(operations=None))
    window: Window | None = None
    success: bool | None = None
    error_type: str | None = None
    conversation_id: str | None = None
    user_id: UUID | None = None
    message_id: UUID | None = None
    metadata: tuple[tuple[str, str], ...] = ()
    limit: int = 50
    before: tuple[datetime, UUID] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The answer to an SQL query: column names, and rows of plain Python values."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    cut: bool = False  # there were more rows than the limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a store holds."""

    url: str
    calls: int
    first: datetime | None
    last: datetime | None
    size_bytes: int | None
    schema_version: int
    sample: bool  # it holds generated sample traffic, not anybody's real calls
    sealed_days: int = 0  # how many days are kept as sums
    final_days: int = 0  # of them those whose calls were pruned
    overflow: tuple[str, ...] = ()  # columns of which a day had too many values, so that the rarest are summed as OTHER


class Fate(StrEnum):
    """What becomes of a call that is handed to a store."""

    STORED = "stored"
    KNOWN = "known"  # its id was there already
    FINAL = "final"  # refused: the calls of its day were pruned, and their sums stand


NOT_PRUNED = "a day whose calls have not been pruned: its sums are final"
"""What is expected of the timestamp of a call that meets the fate FINAL."""


def too_late(call: ModelCall) -> InvalidValue:
    """Why a call met the fate FINAL."""
    return InvalidValue("timestamp", NOT_PRUNED, call.timestamp.isoformat())


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of a batch: how many calls met each fate."""

    stored: int
    known: int
    final: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What became of a user's calls."""

    calls: int  # deleted
    changed: tuple[date, ...]  # the days they were of
    final: tuple[
        date, ...
    ]  # days whose calls were pruned before: their sums may count the user's, and cannot be changed


class Archive(Protocol):
    """A database as commands and the library use it, whether this process owns it or talks to the server that does.

    Safe to use from several threads. Every method may raise StoreError, or ServerUnreachable.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def append(self, calls: Sequence[ModelCall]) -> list[Fate]:
        """Keep the calls, all that are new and whose day is open to them, or none; the fate of each, in order."""
        ...

    def append_file(self, path: Path) -> Added:
        """Keep the calls of a Parquet file that `augury.capture.files` wrote, all or none."""
        ...

    def rate(self, feedback: Feedback) -> UUID:
        """Rate a call, or take its rating back; the id of the call.

        The call is the message's, or the latest message's of the conversation: of its attempts the last one that
        answered.

        Raises:
            NotFound: there is no such message or conversation.
        """
        ...

    def report(self, outcome: Outcome) -> UUID:
        """Say whether a message did its task; the id of the call, chosen as by `rate`.

        Raises:
            NotFound: there is no such message.
        """
        ...

    def query(self, sql: str, *, limit: int) -> Table:
        """The answer to one read-only statement, of at most `limit` rows.

        Raises:
            QueryRefused: the statement would write, reaches outside the database, or does not run.
        """
        ...

    def export(self, window: Window | None, path: Path) -> int:
        """Write all calls (of the window) to a Parquet file, oldest first; how many."""
        ...

    def prune(self, keep_from: datetime, *, keep_sums_from: datetime | None = None) -> int:
        """Delete the calls before a UTC midnight; how many.

        Their days are final from then on: their sums stand, until `keep_sums_from` passes them too.
        """
        ...

    def forget(self, user_id: UUID) -> Forgotten:
        """Delete a user's calls."""
        ...

    def unsealed(self, before: int) -> list[int]:
        """The open days (days since 1970-01-01) before this one that have calls, in order."""
        ...

    def seal(self, day: int) -> int | None:
        """Keep the sums of a day's calls; of how many, or None where it is sealed, or somebody wrote to it meanwhile."""
        ...

    def repriceable(self, since: int = 0) -> Repriceable:
        """The days from this one on that have calls whose cost was computed or is unknown."""
        ...

    def reprice(self, day: int, prices: PriceBook | None, *, dry_run: bool = False) -> list[Repriced]:
        """Price a day's calls again, by the price of their own date; what became of them, by model and price.

        What was reported is never touched. A cost that was computed once stays where its price is not known any more: a
        file of prices that was left out by mistake must not take costs away. Only calls whose cost or source changes are
        written, and the day is unsealed with them; doing it again changes nothing.

        Args:
            day: days since 1970-01-01.
            prices: what tokens cost; None: a server's own prices, which are the only ones that it takes.
            dry_run: only tell.
        """
        ...

    def describe(self) -> Description:
        """What there is."""
        ...

    def close(self) -> None:
        """Let go of the database. Closing twice is fine."""
        ...


class Reading(Protocol):
    """One moment of a store: what is asked of it fits together."""

    def facts(self, question: Question) -> Facts:
        """The sums of every group that has calls."""
        ...

    def latencies(self, question: Question) -> Latencies:
        """The histogram of response times of every group that has calls."""
        ...

    def conversations(self, question: ConversationsQuestion) -> Conversations:
        """The conversations, the dearest first, as the rows tell that are there."""
        ...

    def failures(self, window: Window, filters: Filters) -> dict[str, int]:
        """How many calls failed with which error type ("" where nobody told), as the rows tell that are there."""
        ...

    def pruned(self, window: Window) -> bool:
        """Whether rows of the window are gone, of which only sums are left."""
        ...


class Store(Archive, Protocol):
    """Keeps calls and feedback, and answers questions about them."""

    def reading(self) -> AbstractContextManager[Reading]:
        """One moment of the store, to ask several questions of."""
        ...

    @property
    def writes(self) -> int:
        """How often this process has written: while it stays the same, so do answers, but for what others write."""
        ...

    def reopen(self) -> None:
        """Open the database anew where its engine has given it up; nothing is done where it answers.

        Raises:
            StoreError: it cannot be opened now.
        """
        ...

    def facts(self, question: Question) -> Facts:
        """The sums of every group that has calls."""
        ...

    def latencies(self, question: Question) -> Latencies:
        """The histogram of response times of every group that has calls."""
        ...

    def calls(self, question: CallsQuestion) -> list[ModelCall]:
        """The latest calls."""
        ...

    def seals(self) -> list[Seal]:
        """The sealed days, in order."""
        ...

    def final_day(self, day: int) -> FinalDay:
        """What is left of a final day (days since 1970-01-01), for another store to keep."""
        ...

    def keep_final_day(self, final: FinalDay) -> bool:
        """Keep a day's sums, which are final from then on; False, and nothing is done, where there is anything of that day."""
        ...

    def mark_as_sample(self) -> None:
        """Note that the calls are generated; `describe` says so from then on."""
        ...

    def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date, keeping the data; the versions before and after."""
        ...
