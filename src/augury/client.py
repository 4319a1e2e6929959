"""A database that a server owns, over HTTP: what commands and the library may do with it from another process."""

from __future__ import annotations

import json
import logging
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx2

from augury.capture.records import as_record
from augury.errors import AuguryError, InvalidValue, NotFound, QueryRefused, ServerUnreachable
from augury.models.prices import PricesInUse, PriceSource
from augury.store.protocol import Added, Description, Fate, Forgotten, Table
from augury.store.repricing import Repriceable, Repriced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from augury.core.calls import ModelCall
    from augury.core.feedback import Feedback, Outcome
    from augury.core.windows import Window
    from augury.models.prices import PriceBook

_LOG = logging.getLogger("augury")

_CALLS_AT_ONCE = 1_000
_SECONDS = httpx2.Timeout(30.0, connect=3.0)
_LONG_SECONDS = httpx2.Timeout(600.0, connect=3.0)  # an import, an export, or a query takes its time


class RemoteArchive:
    """The archive behind a server's address."""

    def __init__(self, url: str, token: str | None = None) -> None:
        """Nothing is sent yet.

        Args:
            url: the server's address, such as http://127.0.0.1:8765.
            token: a key of the server's, where it wants one; for what needs administration, the token in the note beside its
                database.
        """
        self._url = url.rstrip("/")
        self._token = token
        self._warned = False
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # Proxies of the environment are for the outside world; the server is ours.
        self._http = httpx2.Client(base_url=self._url, headers=headers, timeout=_SECONDS, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The server's address."""
        return self._url

    @property
    def token(self) -> str | None:
        """What opens it."""
        return self._token

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def append(self, calls: Sequence[ModelCall]) -> list[Fate]:
        """Send the calls; the fate of each.

        Raises:
            InvalidValue: the server refused one; those before it are stored.
        """
        fates: list[Fate] = []
        for first in range(0, len(calls), _CALLS_AT_ONCE):
            records = [as_record(call) for call in calls[first : first + _CALLS_AT_ONCE]]
            answer = self._ask("POST", "/api/analytics/models/calls", json={"calls": records})
            if answer["sample"] and not self._warned:
                self._warned = True
                _LOG.warning("%s is a demo: what is recorded there is gone when it starts again", self._url)
            for result in answer["results"]:
                if result["status"] == "refused":
                    raise InvalidValue(result["field"], result["expected"])
                # In the server's journal it is as safe as in the database, and whether it was known is not told.
                fates.append(Fate.STORED if result["status"] == "accepted" else Fate(result["status"]))
        return fates

    def append_file(self, path: Path) -> Added:
        """Send a checked Parquet file."""
        return Added(**self._ask("POST", "/api/admin/import", content=path.read_bytes(), timeout=_LONG_SECONDS))

    def rate(self, feedback: Feedback) -> UUID:
        """Rate a call, or take its rating back; the id of the call."""
        body: dict[str, object] = {"rating": feedback.rating}
        if feedback.message_id is not None:
            body["messageId"] = str(feedback.message_id)
        if feedback.conversation_id is not None:
            body["conversationId"] = feedback.conversation_id
        if feedback.success is not None:
            body["success"] = feedback.success
        return UUID(self._ask("POST", "/api/analytics/models/feedback", json=body)["callId"])

    def report(self, outcome: Outcome) -> UUID:
        """Say whether a message did its task; the id of the call."""
        body = {"messageId": str(outcome.message_id), "success": outcome.success, "reason": outcome.reason}
        return UUID(self._ask("POST", "/api/analytics/models/outcome", json=body)["callId"])

    def query(self, sql: str, *, limit: int) -> Table:
        """The answer to one read-only statement."""
        answer = self._ask("POST", "/api/admin/query", json={"sql": sql, "limit": limit}, timeout=_LONG_SECONDS)
        return Table(columns=tuple(answer["columns"]), rows=[tuple(row) for row in answer["rows"]], cut=answer["cut"])

    def export(self, window: Window | None, path: Path) -> int:
        """Fetch all calls (of the window) as a Parquet file, oldest first; how many."""
        asked = {} if window is None else {"from": window.start.isoformat(), "to": window.end.isoformat()}
        try:
            with self._http.stream("GET", "/api/admin/export", params=asked, timeout=_LONG_SECONDS) as response:
                if response.is_error:
                    response.read()
                    raise _problem(response)
                with path.open("wb") as file:
                    for chunk in response.iter_bytes():
                        file.write(chunk)
                return int(response.headers["x-augury-calls"])
        except httpx2.TransportError as problem:
            raise self._unreachable(problem) from None

    def recommend(self, contexts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The recommendation for each task context, as JSON has it."""
        one = len(contexts) == 1  # asked alone, so that what is wrong with it is named as its caller knows it
        answer = self._ask("POST", "/api/analytics/models/recommend", json=contexts[0] if one else contexts)
        answers: list[dict[str, Any]] = [answer] if one else answer
        return answers

    def overview(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """The analytics, as JSON has them.

        Args:
            asked: the parameters of `GET /api/analytics/models`.

        Raises:
            InvalidValue: one of them is not what it must be.
        """
        answer: dict[str, Any] = self._ask("GET", "/api/analytics/models", params=asked, timeout=_LONG_SECONDS)
        return answer

    def prune(self, keep_from: datetime, *, keep_sums_from: datetime | None = None) -> int:
        """Delete the calls before a UTC midnight, and keep their sums; how many."""
        body = {"keepFrom": keep_from.isoformat(), "keepSumsFrom": keep_sums_from and keep_sums_from.isoformat()}
        return int(self._ask("POST", "/api/admin/prune", json=body, timeout=_LONG_SECONDS)["deleted"])

    def forget(self, user_id: UUID) -> Forgotten:
        """Delete a user's calls."""
        answer = self._ask("POST", "/api/admin/forget", json={"userId": str(user_id)}, timeout=_LONG_SECONDS)
        return Forgotten(
            calls=answer["calls"],
            changed=tuple(map(date.fromisoformat, answer["changed"])),
            final=tuple(map(date.fromisoformat, answer["final"])),
        )

    def unsealed(self, before: int) -> list[int]:
        """The open days before this one that have calls, in order."""
        found: list[int] = self._ask("GET", "/api/admin/unsealed", params={"before": before}, timeout=_LONG_SECONDS)
        return found

    def seal(self, day: int) -> int | None:
        """Keep the sums of a day's calls; of how many, or None where it could not be sealed now."""
        calls: int | None = self._ask("POST", "/api/admin/seal", json={"day": day}, timeout=_LONG_SECONDS)["calls"]
        return calls

    def reread_prices(self) -> PricesInUse:
        """Have the server read its owner's prices anew; which prices it has.

        Raises:
            ServerUnreachable: its file of prices cannot be used.
        """
        return PricesInUse(**self._ask("POST", "/api/admin/prices"))

    def repriceable(self, since: int = 0) -> Repriceable:
        """The days from this one on that have calls whose cost nobody reported."""
        return Repriceable(**self._ask("GET", "/api/admin/repriceable", params={"since": since}, timeout=_LONG_SECONDS))

    def reprice(self, day: int, prices: PriceBook | None = None, *, dry_run: bool = False) -> list[Repriced]:
        """Have a day's calls priced again, by the server's own prices: others are not sent to it."""
        if prices is not None:
            raise ValueError("a server has its own prices")
        body = {"day": day, "dryRun": dry_run}
        return [_repriced(one) for one in self._ask("POST", "/api/admin/reprice", json=body, timeout=_LONG_SECONDS)]

    def describe(self) -> Description:
        """What there is."""
        answer = self._ask("GET", "/api/admin/describe")
        for name in ("first", "last"):
            answer[name] = datetime.fromisoformat(answer[name]) if answer[name] else None
        return Description(**answer | {"overflow": tuple(answer["overflow"])})

    def _ask(self, method: str, path: str, **request: Any) -> Any:
        try:
            response = self._http.request(method, path, **request)
        except httpx2.TransportError as problem:
            raise self._unreachable(problem) from None
        if response.is_error:
            raise _problem(response)
        return response.json()

    def _unreachable(self, problem: Exception) -> ServerUnreachable:
        return ServerUnreachable(
            f"no answer from an Augury server at {self._url} ({type(problem).__name__}); start one with `augury serve`, "
            "or name another with AUGURY_URL"
        )


def _repriced(answer: dict[str, Any]) -> Repriced:
    read = {"source": PriceSource, "since": date.fromisoformat, "before": Decimal, "after": Decimal}
    told: dict[str, Any] = {name: make(answer[name]) for name, make in read.items() if answer[name] is not None}
    return Repriced(**answer | told)


def _problem(response: httpx2.Response) -> AuguryError:
    """The error that a problem document stands for."""
    try:
        document = response.json()
        detail, errors = str(document["detail"]), document.get("errors", [])
    except (json.JSONDecodeError, TypeError, KeyError, UnicodeDecodeError):
        return ServerUnreachable(f"{response.url} answered {response.status_code}; is it an Augury server?")
    if document.get("kind") == "query":
        return QueryRefused(detail)
    if response.status_code == httpx2.codes.NOT_FOUND:
        return NotFound(detail)
    if errors:
        return InvalidValue(errors[0]["field"], errors[0]["expected"], told=errors[0].get("came"))
    return ServerUnreachable(detail)
