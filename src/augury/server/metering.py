"""`/metrics`: what happens here, for Prometheus. Calls by the names of OpenTelemetry's GenAI metrics, the rest by our own.

Counting is adding to integers where calls are answered, a group at a time; families are put together when somebody asks. How many
series there are is bounded: calls of models beyond that are counted as "(other)".
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder

from augury.capture.journal import survey
from augury.core.calls import OTHER, ModelCall
from augury.core.rules import RULE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from prometheus_client.core import Metric
    from prometheus_client.registry import Collector
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from augury.gateway.proxy import Gateway
    from augury.server.ingest import Arrival, Ingest
    from augury.server.otlp import Telemetry

MOST_SERIES = 500
"""Of each family of calls."""

# The boundaries that OpenTelemetry's conventions advise for each of its metrics.
_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_FIRST_SECONDS = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_TOKENS = tuple(float(4**power) for power in range(14))
_LABELS = ("gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model")
_FOR_GOOD = "/api/analytics/models/calls"  # answered before there is a route

routes = APIRouter(tags=["health"])


@routes.get("/metrics", summary="What Prometheus reads", response_class=Response)
def metrics(request: Request) -> Response:
    """Counters and histograms since the server's start, as OpenMetrics or Prometheus text.

    `gen_ai_client_*` are of the calls recorded here; what is older than the server is in the analytics.
    """
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    registry: Collector = request.app.state.meters.registry
    return Response(encode(registry), media_type=content_type)


@dataclass(slots=True)
class _Histogram:
    """Counts by bucket, the last one beyond all boundaries, and the sum."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    sum: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def buckets(self) -> list[tuple[str, float]]:
        """Running totals by upper boundary, as Prometheus has them."""
        total, running = 0, []
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            total += count
            running.append((bound, float(total)))
        return running


class _Family:
    """A histogram for each set of labels."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self.series: dict[tuple[str, ...], _Histogram] = {}

    def add(self, labels: tuple[str, ...], value: float) -> None:
        found = self.series.get(labels)
        if found is None:
            if len(self.series) >= MOST_SERIES:
                labels = (labels[0], OTHER, OTHER, *labels[3:])
            found = self.series.setdefault(labels, _Histogram(self._bounds))
        found.add(value)


class Meters:
    """Counts. Told of requests by the thread that answers them."""

    def __init__(self, ingest: Ingest, telemetry: Telemetry, gateway: Gateway, journal: Path | None) -> None:
        """`journal` is the folder in which dead letters are."""
        self._ingest = ingest
        self._gateway = gateway
        self._telemetry = telemetry
        self._journal = journal
        self._lock = Lock()
        self._durations = _Family(_SECONDS)
        self._firsts = _Family(_FIRST_SECONDS)
        self._tokens = _Family(_TOKENS)
        self._fates: Counter[str] = Counter(dict.fromkeys(("stored", "known", "accepted", "refused"), 0))
        self._refusals: Counter[str] = Counter()
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)
        ingest.settled.append(self.settled)

    def settled(self, group: Sequence[Arrival]) -> None:
        """Count what became of requests."""
        with self._lock:
            for arrival in group:
                if arrival.problem is not None:
                    continue
                for call, status, why in arrival.statuses():
                    self._fates[status] += 1
                    if why is not None:
                        self._refusals[why.field if why.field in RULE else "other"] += 1
                    elif isinstance(call, ModelCall) and status != "known":
                        self._observe(call)

    def _observe(self, call: ModelCall) -> None:
        labels = (call.operation, call.provider, call.model)
        self._durations.add((*labels, call.error_type or ""), call.response_time_ms / 1000)
        if call.time_to_first_token_ms is not None:
            self._firsts.add(labels, call.time_to_first_token_ms / 1000)
        if call.input_tokens is not None:
            self._tokens.add((*labels, "input"), call.input_tokens)
        if call.output_tokens is not None:
            self._tokens.add((*labels, "output"), call.output_tokens)

    # ── what Prometheus asks for ─────────────────────────────────────────────────────────────────────────────────────

    def collect(self) -> Iterator[Metric]:
        """Everything, as it is now."""
        yield from self._of_calls()
        yield from self._of_the_server()

    def _of_calls(self) -> Iterator[Metric]:
        with self._lock:
            for family, name, unit, about, labels in (
                (self._durations, "operation_duration", "seconds", "How long calls took.", ("error_type",)),
                (self._firsts, "operation_time_to_first_chunk", "seconds", "How long the first chunk took.", ()),
                (self._tokens, "token_usage", "", "Tokens of a call.", ("gen_ai_token_type",)),
            ):
                told = HistogramMetricFamily(f"gen_ai_client_{name}", about, labels=(*_LABELS, *labels), unit=unit)
                for values, histogram in family.series.items():
                    told.add_metric(values, histogram.buckets(), histogram.sum)
                yield told
            yield _counter("calls", "Records of calls, by what became of them.", "status", self._fates)
            yield _counter(
                "calls_refused", "Records that were refused, by the field at fault.", "field", self._refusals
            )

    def _of_the_server(self) -> Iterator[Metric]:
        told = CounterMetricFamily("augury_requests", "Requests.", labels=("method", "route", "status"))
        for (method, route, status), count in list(self.requests.items()):
            told.add_metric((method, route, str(status)), count)
        yield told
        yield _counter("spans", "Spans, by what they are.", "kind", self._telemetry.spans)
        yield _counter("evaluations", "Evaluations, by what became of them.", "status", self._telemetry.verdicts)
        yield CounterMetricFamily(
            "augury_gateway_calls_lost",
            "Calls of the gateway that could not be recorded.",
            value=self._gateway.recorder.lost,
        )
        committer = self._ingest.committer
        for name, about, value in (
            ("journal_calls", "Confirmed calls that the database does not have yet.", committer.journaled),
            ("journal_bytes", "The size of the journal.", committer.journaled_bytes),
            ("dead_letters", "Confirmed calls that the database refused for good.", self._dead_letters()),
            ("database_away", "1 while the database cannot be written.", int(committer.away)),
            ("evaluations_waiting", "Evaluations that wait for their calls.", self._telemetry.evaluations.waiting),
        ):
            yield GaugeMetricFamily(f"augury_{name}", about, value=value)

    def _dead_letters(self) -> int:
        try:
            return survey(self._journal).dead_letters if self._journal is not None else 0
        except OSError:
            return 0


def _counter(name: str, about: str, label: str, counts: dict[str, int]) -> CounterMetricFamily:
    told = CounterMetricFamily(f"augury_{name}", about, labels=(label,))
    for value, count in list(counts.items()):
        told.add_metric((value,), count)
    return told


class Counting:
    """Counts requests by their route and status."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app = app
        self._requests = meters.requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._requests[
                    scope["method"] if scope["method"] in _METHODS else OTHER, _route(scope), message["status"]
                ] += 1
            await send(message)

        await self._app(scope, receive, sent)


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def _route(scope: Scope) -> str:
    """The route's own path: there are so many of them, and no more."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else _FOR_GOOD if scope["path"] == _FOR_GOOD else OTHER
