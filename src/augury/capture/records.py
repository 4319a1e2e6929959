"""One record becomes one call: checked, named, priced, and given an id."""

from __future__ import annotations

import json
import logging
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from augury.core.calls import COLUMNS, NO_USER, CostSource, ModelCall
from augury.core.ids import derived_id, epoch_us, fingerprint
from augury.core.rules import IDENTITY, RULE, check
from augury.core.tasks import TaskType
from augury.errors import InvalidValue
from augury.models import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    from augury.capture.taskrules import TaskRules
    from augury.models.prices import PriceBook

_LOG = logging.getLogger("augury.calls")

_LOGGED = (
    "id", "model", "provider", "task_type", "task_complexity", "response_time_ms", "tokens_used", "cost_usd", "success",
    "error_type", "operation",
)  # fmt: skip
_LINES = 10  # calls of one request that are worth a line each in the log

DEFAULT_OPERATION = "chat"
EMBEDDINGS = "embeddings"  # an operation that writes no tokens


class RecordReader:
    """Reads the records of one request or one stream, so that twins among them are told apart.

    A record has the fields of `model_performance_metrics`, in snake_case or camelCase. Only `model` and `response_time_ms`
    are required; a missing `timestamp` is now.
    """

    def __init__(self, prices: PriceBook | None, rules: TaskRules | None = None) -> None:
        """`prices` of None leaves costs that nobody reported to whoever stores the call.

        `rules` are the owner's, for a record without a task type whose metadata says where it comes from.
        """
        self._prices = prices
        self._rules = rules
        self._twins: Counter[str] = Counter()

    def read(self, record: Mapping[str, object], *, now: datetime | None = None) -> ModelCall:
        """The call that the record describes.

        Raises:
            InvalidValue: a field breaks its rule; the error names it.
        """
        now = now or datetime.now(UTC)
        values = check(record, now=now)
        values["timestamp"] = values["timestamp"] or now
        if names.is_unnamed(values["model"]):
            raise InvalidValue("model", "the name of a model", values["model"])
        if values["response_time_ms"] is None:
            raise InvalidValue("response_time_ms", RULE["response_time_ms"].expected)
        identity = identity_of(values) if values["id"] is None else None
        self._classify(values)
        _settle(values)
        self._price(values)
        if identity is not None:  # last, so that a record that was refused is nobody's twin
            values["id"] = derived_id(values["timestamp"], identity, self._twins[identity])
            self._twins[identity] += 1
        return ModelCall(**values)

    def _classify(self, values: dict[str, Any]) -> None:
        if self._rules is None or values["task_type"] is not None:
            return
        if rule := self._rules.of_metadata(values["metadata"]):
            values["task_type"] = rule.task_type
            values["task_complexity"] = values["task_complexity"] or rule.complexity

    def _price(self, values: dict[str, Any]) -> None:
        cost, source = values["cost_usd"], values["cost_source"]
        if cost is not None:
            values["cost_source"] = source or CostSource.REPORTED
            return
        if self._prices is not None and source != CostSource.UNKNOWN:
            cost = _computed(values, self._prices)
        values["cost_usd"] = cost
        values["cost_source"] = CostSource.UNKNOWN if cost is None else CostSource.COMPUTED


def _computed(values: Mapping[str, Any], prices: PriceBook) -> Decimal | None:
    """The price of the call's tokens; None where the price or the tokens are unknown."""
    operation, given, taken = values["operation"], values["input_tokens"], values["output_tokens"]
    if given is None or (taken is None and operation != EMBEDDINGS):
        return None
    return prices.cost(
        model=values["model"],
        provider=values["provider"],
        service_tier=values["service_tier"],
        at=values["timestamp"],
        input_tokens=given,
        output_tokens=taken or 0,
        cached_input_tokens=values["cached_input_tokens"],
        cache_write_tokens=values["cache_write_tokens"],
        cache_write_1h_tokens=values["cache_write_1h_tokens"],
    )


def _settle(values: dict[str, Any]) -> None:
    """Fill in what follows from the rest. Its twin by column is in `augury.capture.files`."""
    named = names.resolve(values["model"], values["provider"])
    values["model_version"] = values["model_version"] or values["model"]
    values["model"], values["provider"] = named.model, named.provider
    values["task_type"] = values["task_type"] or TaskType.OTHER
    values["operation"] = values["operation"] or DEFAULT_OPERATION
    values["user_id"] = values["user_id"] or NO_USER
    values["attempt"] = values["attempt"] or 1
    if values["success"] is None:
        values["success"] = values["error_type"] is None and values["error_message"] is None
    if values["success"] and values["error_type"] is not None:
        raise InvalidValue("error_type", "none on a call that succeeded", str(values["error_type"]))
    if values["cache_write_tokens"] is None:
        values["cache_write_tokens"] = values["cache_write_1h_tokens"]
    if (
        not values["success"] and values["tokens_used"] is None
    ):  # what is unknown of a failed call is no more than is told
        if values["input_tokens"] is None:
            values["input_tokens"] = (values["cached_input_tokens"] or 0) + (values["cache_write_tokens"] or 0)
        if values["output_tokens"] is None:
            values["output_tokens"] = values["reasoning_tokens"] or 0
    given, taken = values["input_tokens"], values["output_tokens"]
    if (given is not None and taken is not None) or values["tokens_used"] is None:
        values["tokens_used"] = (given or 0) + (taken or 0)


def identity_of(values: Mapping[str, Any]) -> str:
    """The fingerprint of what a record says about itself: the same for twins, and by column the same as by record."""
    return fingerprint("\x1f".join(_identity_text(values[field]) for field in IDENTITY))


def _identity_text(value: object) -> str:
    if value is None:
        return ""
    return str(epoch_us(value)) if isinstance(value, datetime) else str(value)


def read_all(
    records: Iterable[object], prices: PriceBook | None, *, now: datetime | None = None, rules: TaskRules | None = None
) -> list[ModelCall | InvalidValue]:
    """An answer for each record, in order: its call, or what is wrong with it. One bad record never costs the good ones.

    What could not even be read as JSON may stand among the records as the error that it is.
    """
    reader = RecordReader(prices, rules)
    answers: list[ModelCall | InvalidValue] = []
    for record in records:
        if not isinstance(record, dict):
            wrong = record if isinstance(record, InvalidValue) else InvalidValue("record", "a JSON object", record)
            answers.append(wrong)
            continue
        try:
            answers.append(reader.read(record, now=now))
        except InvalidValue as problem:
            answers.append(problem.with_traceback(None))  # which would keep the records, and the answers themselves
    return answers


def as_record(call: ModelCall) -> dict[str, object]:
    """The call as a record of JSON values that reads back as the same call.

    What is None is left out, and so is a cost that is unknown here: who reads the record may know the price.
    """
    record: dict[str, object] = {}
    for column, value in zip(COLUMNS, call, strict=True):
        if value is None or value is CostSource.UNKNOWN:
            continue
        if column == "metadata":
            record[column] = json.loads(str(value))
        elif isinstance(value, datetime):
            record[column] = value.isoformat().replace("+00:00", "Z")
        else:
            record[column] = value if isinstance(value, bool | int | float) else str(value)
    return record


def log_lines(calls: Sequence[ModelCall]) -> None:
    """A line for each call, or, where many came together, one for all of them: lines would cost more than recording."""
    if len(calls) <= _LINES:
        for call in calls:
            log_line(call)
        return
    average = sum(call.response_time_ms for call in calls) / len(calls)
    _LOG.info(
        "[PerformanceTracking] Logged metrics: %d calls, %.0fms on average",
        len(calls),
        average,
        extra={"about": {"calls": len(calls), "avg_response_time_ms": round(average)}},
    )


def log_line(call: ModelCall) -> None:
    """The seed's line in the log: what was recorded, never what was said; as JSON its figures are members of the line."""
    if not _LOG.isEnabledFor(logging.INFO):
        return
    _LOG.info(
        "[PerformanceTracking] Logged metrics: %dms, %s, %s",
        call.response_time_ms,
        call.task_type,
        call.task_complexity or "unknown complexity",
        extra={"about": {name: value for name in _LOGGED if (value := getattr(call, name)) is not None}},
    )
