"""The whole answer of `GET /api/analytics/costs`: what calls cost, and what there is for it.

Everything but conversations is read from facts. Conversations are read from rows, and so only of periods with a bounded
number of calls.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from augury.analytics.answers import (
    ConversationCosts,
    Conversations,
    CostMeasures,
    CostPoint,
    Costs,
    ModelCosts,
    ProviderCosts,
    SourceCosts,
    TaskCosts,
    UnpricedModel,
)
from augury.analytics.overview import ROUNDED, busiest, period_of, split_of
from augury.analytics.tally import grouped, per
from augury.analytics.trends import points, too_many
from augury.core.money import dollars
from augury.core.scores import percent
from augury.core.windows import Interval
from augury.errors import InvalidValue
from augury.models.display import display_name
from augury.store.protocol import ConversationsQuestion, Dimension, Question

if TYPE_CHECKING:
    from datetime import datetime

    from augury.analytics.overview import OverviewRequest
    from augury.analytics.tally import Key, Sums
    from augury.store.protocol import ConversationSums, Facts, Reading, Store

MAX_CALLS_READ = 1_000_000
"""The most calls of a period that are looked at one by one."""

TOO_MANY_CALLS = (
    f"More than {MAX_CALLS_READ:,} calls are of this period: take a shorter one, or a filter, to see {{what}}."
)
PRUNED = "Calls of this period were pruned, and {what} are those of the calls that are left."

_UNSAID = (
    "Where the cost of {calls} comes from is not known: nobody said, or their day was pruned before sums knew, which then "
    "know of no cached, cache-write, or reasoning tokens either, nor of thumbs-up that a cost could be shared among."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationsPage:
    """Which conversations are shown: so many, after the last of the page before."""

    limit: int = 10
    after: tuple[int, str] | None = None


NO_CONVERSATIONS = ConversationsPage(limit=0)


def costs(
    store: Store, request: OverviewRequest, page: ConversationsPage = NO_CONVERSATIONS, *, sample: bool = False
) -> Costs:
    """What the calls that were asked for cost, by everything they are shown by.

    Raises:
        InvalidValue: the trend would have too many points.
    """
    with store.reading() as now:
        return _costs(now, request, page, sample=sample)


def _costs(now: Reading, request: OverviewRequest, page: ConversationsPage, *, sample: bool) -> Costs:
    split = split_of(request)
    steps = request.window.steps(request.interval or Interval.DAY)
    by = (Dimension.MODEL, Dimension.PROVIDER, Dimension.TASK_TYPE, Dimension.STEP)
    facts = now.facts(Question(window=request.window, filters=request.filters, by=by, steps=steps, costs=True))
    if request.interval is None and too_many(facts, steps, split):
        return _costs(now, replace(request, interval=Interval.WEEK), page, sample=sample)
    whole = grouped(facts, ()).get(())
    models = _models(facts)
    timed = grouped(facts, (Dimension.STEP,) if split is None else (Dimension.STEP, split))
    calls = {key: group["calls"] for key, group in grouped(facts, (split,)).items()} if split else {}
    notes = [ROUNDED] if facts.rounded else []
    if whole and (unsaid := whole["priced_calls"] - whole["reported_calls"] - whole["computed_calls"]):
        notes.append(_UNSAID.format(calls="one priced call" if unsaid == 1 else f"{unsaid:,} priced calls"))
    conversations = None
    if page.limit:
        if whole and whole["calls"] > MAX_CALLS_READ:
            notes.append(TOO_MANY_CALLS.format(what="conversations"))
        else:
            conversations = _conversations(now, request, page)
            notes += [PRUNED.format(what="conversations")] if now.pruned(request.window) else []
    return Costs(
        period=period_of(request),
        summary=CostMeasures(**_measured(whole)),
        by_source=_by_source(whole),
        by_model=[ModelCosts(**key, **_measured(sums)) for key, sums in models],
        by_task_type=[TaskCosts(task_type=name, **_measured(s)) for (name,), s in _dearest(facts, Dimension.TASK_TYPE)],
        by_provider=[
            ProviderCosts(provider=name, **_measured(s)) for (name,), s in _dearest(facts, Dimension.PROVIDER)
        ],
        trends=[
            CostPoint(**fields, **_measured(timed.get(key)))
            for key, fields in points(steps, split, calls, request.interval)
        ],
        unpriced=_unpriced(models),
        conversations=conversations,
        sample=sample,
        notes=notes,
    )


def _measured(sums: Sums | None) -> dict[str, Any]:
    """The fields of CostMeasures; of no calls without sums."""
    if sums is None:
        counts = dict.fromkeys(
            (
                "total_calls", "priced_calls", "unpriced_calls", "thumbs_up", "thumbs_down", "avg_response_time",
                "total_tokens", "input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens",
                "reasoning_tokens",
            ), 0,
        )  # fmt: skip
        rates = dict.fromkeys(
            ("cost_per_call", "cost_per_success", "cost_per_thumbs_up", "success_rate", "satisfaction_rate",
             "cached_share", "reasoning_share"),
        )  # fmt: skip
        return {"total_cost": dollars(0), **counts, **rates}
    return {
        **_cost(
            sums["cost_sum"],
            sums["calls"],
            sums["priced_calls"],
            sums["priced_successes"],
            sums["priced_thumbs_up"],
        ),
        "success_rate": percent(sums["successes"], sums["calls"]),
        "thumbs_up": sums["thumbs_up"],
        "thumbs_down": sums["thumbs_down"],
        "satisfaction_rate": percent(sums["thumbs_up"], sums["thumbs_up"] + sums["thumbs_down"]),
        "avg_response_time": sums["response_ms_sum"] / sums["calls"],
        "total_tokens": sums["tokens_sum"],
        "input_tokens": sums["input_tokens_sum"],
        "output_tokens": sums["output_tokens_sum"],
        "cached_input_tokens": sums["cached_input_tokens_sum"],
        "cache_write_tokens": sums["cache_write_tokens_sum"],
        "reasoning_tokens": sums["reasoning_tokens_sum"],
        "cached_share": percent(sums["cached_input_tokens_sum"], sums["input_tokens_sum"]),
        "reasoning_share": percent(sums["reasoning_tokens_sum"], sums["output_tokens_sum"]),
    }


def _cost(cost: int, calls: int, priced: int, successes: int, thumbs_up: int) -> dict[str, Any]:
    """What so many calls cost, and each; `successes` and `thumbs_up` are of those that have a price."""
    money = dollars(cost)
    return {
        "total_cost": money if priced else None,
        "cost_per_call": per(float(money), priced),
        "cost_per_success": per(float(money), successes),
        "cost_per_thumbs_up": per(float(money), thumbs_up),
        "total_calls": calls,
        "priced_calls": priced,
        "unpriced_calls": calls - priced,
    }


def _dearest(facts: Facts, by: Dimension) -> list[tuple[Key, Sums]]:
    """The groups, those that cost most first, then those with most calls, then by name."""
    return sorted(grouped(facts, (by,)).items(), key=_worth)


def _worth(item: tuple[Key, Sums]) -> tuple[int, int, Key]:
    key, sums = item
    return -sums["cost_sum"], -sums["calls"], key


def _models(facts: Facts) -> list[tuple[dict[str, Any], Sums]]:
    """Each model's key and sums, the dearest first; its provider is the one that served most of its calls."""
    served = grouped(facts, (Dimension.MODEL, Dimension.PROVIDER))
    providers: dict[str, str] = {}
    for (model, provider), _ in busiest({key: {"total_calls": sums["calls"]} for key, sums in served.items()}):
        providers.setdefault(model, provider)
    return [
        ({"model": model, "display_name": display_name(model), "provider": providers[model]}, sums)
        for (model,), sums in _dearest(facts, Dimension.MODEL)
    ]


def _by_source(whole: Sums | None) -> list[SourceCosts]:
    if whole is None:
        return []
    reported, computed = whole["reported_calls"], whole["computed_calls"]
    rest = whole["cost_sum"] - whole["reported_cost_sum"] - whole["computed_cost_sum"]
    priced_rest = whole["priced_calls"] - reported - computed
    found = [
        SourceCosts(source="reported", calls=reported, total_cost=dollars(whole["reported_cost_sum"])),
        SourceCosts(source="computed", calls=computed, total_cost=dollars(whole["computed_cost_sum"])),
        SourceCosts(
            source="unknown",
            calls=whole["calls"] - reported - computed,
            total_cost=dollars(rest) if priced_rest else None,
        ),
    ]
    return [one for one in found if one.calls]


def _unpriced(models: list[tuple[dict[str, Any], Sums]]) -> list[UnpricedModel]:
    """The models that have calls without a price, most of them first."""
    found = [UnpricedModel(**key, calls=n) for key, sums in models if (n := sums["calls"] - sums["priced_calls"])]
    return sorted(found, key=lambda one: (-one.calls, one.model))


def _conversations(now: Reading, request: OverviewRequest, page: ConversationsPage) -> Conversations:
    found = now.conversations(
        ConversationsQuestion(window=request.window, filters=request.filters, limit=page.limit + 1, after=page.after)
    )
    shown = found.page[: page.limit]
    cost = dollars(found.cost)
    return Conversations(
        total=found.conversations,
        priced=found.priced,
        total_calls=found.calls,
        total_cost=cost if found.priced or not found.conversations else None,
        cost_per_conversation=per(float(cost), found.priced),
        dearest=[_conversation(one) for one in shown],
        next=cursor_after(shown[-1]) if len(found.page) > page.limit else None,
    )


def _conversation(sums: ConversationSums) -> ConversationCosts:
    return ConversationCosts(
        conversation_id=sums.conversation_id,
        **_cost(sums.cost, sums.calls, sums.priced_calls, sums.priced_successes, sums.priced_thumbs_up),
        success_rate=percent(sums.successes, sums.calls),
        thumbs_up=sums.thumbs_up,
        thumbs_down=sums.thumbs_down,
        total_tokens=sums.tokens,
        first=_instant(sums.first),
        last=_instant(sums.last),
    )


def _instant(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


def cursor_after(last: ConversationSums) -> str:
    """Where a page of conversations ends, for who asks for the next."""
    cost = last.cost if last.priced_calls else -1
    return base64.urlsafe_b64encode(f"{cost} {last.conversation_id}".encode()).decode()


def opened(cursor: str) -> tuple[int, str]:
    """The cost and the id that a cursor holds.

    Raises:
        InvalidValue: it is none of ours.
    """
    try:
        cost, _, conversation = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        number = int(cost)
        if not conversation or "\0" in conversation or not -1 <= number < 10**28:
            raise InvalidValue("cursor", "the `next` of an answer", cursor)
    except (ValueError, binascii.Error):
        raise InvalidValue("cursor", "the `next` of an answer", cursor) from None
    return number, conversation
