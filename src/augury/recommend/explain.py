"""Why a model was chosen, in a sentence that a person can check against the figures beside it.

A superlative is said only where the product believes it: the model has the best estimate of all, and is more probably the
best than not. A figure is raw, over all calls, unless the sentence says otherwise; where raw figures speak for another
model, the sentence says why they do not decide (see `contrasts`).
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from augury.core.scores import wilson_interval
from augury.core.tasks import Priority
from augury.recommend.contrasts import contrasts, is_few
from augury.recommend.phrases import chance, counted, dollars, level_name, percent, seconds, times, work_name
from augury.recommend.tradeoffs import gives_up, strengths

if TYPE_CHECKING:
    from augury.analytics.answers import Metrics, Recommendation
    from augury.recommend.standing import Asked, Standing

_CLOSE = 0.6  # a probability below which the choice is called close
_LIKELY = 0.5  # from which on it is more probably the best than not
_EQUAL = 0.01  # probabilities, and estimates in proportion, that are as good as equal
_MUCH = 1.15  # a factor that is worth saying
_LESS = 0.95  # of its average: then the time to an answer needs a word of its own
_MORE = 1.2  # of what average and success would make it: likewise
_NEARLY = 1.1  # a factor within which two figures tell the same
_POINTS = 0.5  # of percent
_MOST = 2  # models of which it is said why their raw figures do not decide
_HALF = 0.5
_SOME_TOKENS = 2.0  # an answer that takes fewer tells that nobody counted them
_EACH = "per useful answer"
_ANSWERED = "to a useful answer"


class _Rank(Enum):
    """What may be claimed of a choice."""

    ONLY = auto()  # there was nothing to choose from
    BEST = auto()
    AMONG = auto()  # another may well be better
    SAFER = auto()  # another seems better, on few calls


def by_data(asked: Asked, standings: list[Standing], left_out: str = "", background: str = "") -> str:
    """The reason for a choice by data.

    Args:
        asked: what the choice is for.
        standings: of all candidates, the choice first, then as they are ranked.
        left_out: which models were no candidates, and why, where that is worth a word.
        background: what is to be known of the calls, such as that they are old.
    """
    best, others = standings[0], standings[1:]
    rival = _rival(asked.priority, best, others)
    rank = _rank(asked, best, others, rival)
    claim = _claim(asked, rank, best, others)
    parts = [f"{claim}: {_proof(asked, best, others, unit='each' if _EACH in claim else _EACH)}"]
    parts.append(_unlike(asked, best, others, rival))
    if asked.priority is Priority.BALANCED and others:
        sides = [strengths(best, others) if rank is not _Rank.SAFER else "", gives_up(best, others)]
        parts += [f"{side}{_at_the_mix(asked, best, others)}" if _ANSWERED in side else side for side in sides]
    against = contrasts(asked, best, others, rival)[: _MOST if rank is _Rank.BEST else 1]
    parts += against
    if rival is not None:
        parts.append(_may_be_better(asked, best, rival))
    elif others:
        parts.append(_beside(asked, best, others, said=bool(against)))
    parts += [left_out, _unrated(asked.priority, best.metrics, alone=not others), background]
    return "; ".join(part for part in parts if part)


def describe(recommendation: Recommendation) -> str:
    """The recommendation in one line, for a terminal."""
    if recommendation.probability_best is None:
        sure = "by rules"
    elif not recommendation.alternatives:
        sure = "the only candidate"
    else:
        sure = f"{chance(recommendation.probability_best)} sure"
    return f"{recommendation.display_name} ({sure}): {recommendation.reason}"


# What may be claimed.


def _measure(priority: Priority, one: Standing) -> float | None:
    """The estimate that a priority is about, more being better; None where there is no single one."""
    seen = one.metrics
    match priority:
        case Priority.SPEED:
            return 1.0 / max(seen.estimated_time_to_answer, 1e-9)
        case Priority.COST:
            paid = one.tokens if seen.estimated_cost_per_answer is None else seen.estimated_cost_per_answer
            return 1.0 / max(paid, 1e-15)
        case Priority.QUALITY:
            liked = seen.estimated_satisfaction_rate
            return seen.estimated_success_rate if liked is None else (seen.estimated_success_rate + liked) / 2.0
        case Priority.BALANCED:
            return None


def _rival(priority: Priority, best: Standing, others: list[Standing]) -> Standing | None:
    """Who is more probably the best, or else has the better estimate."""
    if not others:
        return None
    likeliest = max(others, key=lambda one: one.probability)
    if likeliest.probability > best.probability + _EQUAL:
        return likeliest
    own = _measure(priority, best)
    if own is None:
        return None
    if priority is Priority.COST:  # dollars and tokens cannot be compared
        others = [one for one in others if _priced(one) == _priced(best)]
    measured = [(value, one) for one in others if (value := _measure(priority, one)) is not None]
    value, better = max(measured, key=lambda pair: pair[0], default=(0.0, None))
    return better if value > own * (1.0 + _EQUAL) else None


def _rank(asked: Asked, best: Standing, others: list[Standing], rival: Standing | None) -> _Rank:
    if not others:
        return _Rank.ONLY
    if rival is not None:
        return _Rank.SAFER if is_few(best, rival) or _less_tried(asked, best, rival) else _Rank.AMONG
    return _Rank.BEST if best.probability >= _LIKELY else _Rank.AMONG


def _claim(asked: Asked, rank: _Rank, best: Standing, others: list[Standing]) -> str:
    work = work_name(asked.task, asked.complexity)
    if rank is _Rank.ONLY:
        return f"the only candidate for {work}"
    if rank is _Rank.SAFER:
        return f"the safer choice for {work}"
    among = rank is _Rank.AMONG
    match asked.priority:
        case Priority.SPEED:
            return f"{'among the ' if among else ''}fastest for {work}"
        case Priority.QUALITY:
            return f"{'among those of ' if among else ''}{_quality(best, others)} for {work}"
        case Priority.COST if not _priced(best) and any(_priced(other) for other in others):
            return f"{'perhaps' if among else 'probably'} cheapest for {work}, judging by its tokens, as its price is not known"
        case Priority.COST if not _cost_known(best):
            return f"one of {len(others) + 1} for {work}, as neither prices nor tokens are known"
        case Priority.COST if not _priced(best):
            fewest = "among those of fewest tokens" if among else "fewest tokens"
            return f"{fewest} per useful answer for {work}, as no prices are known"
        case Priority.COST:
            return f"{'among the ' if among else ''}cheapest per useful answer for {work}"
        case Priority.BALANCED if among:
            return f"among the best overall for {work}"
        case Priority.BALANCED:
            score = round(best.metrics.quality_score)
            if all(round(other.metrics.quality_score) <= score for other in others):
                return f"best overall performance for {work} (quality score: {score})"
            return f"best balance for {work}"


def _priced(one: Standing) -> bool:
    return one.metrics.estimated_cost_per_answer is not None


def _cost_known(best: Standing) -> bool:
    """Whether there are prices, or at least tokens to stand for them."""
    return _priced(best) or best.tokens >= _SOME_TOKENS


def _quality(best: Standing, others: list[Standing]) -> str:
    """What the quality consists in that it leads in."""
    own = best.metrics
    if own.estimated_satisfaction_rate is None:
        return "highest success"
    if own.rated == 0:
        return "highest quality expected"
    liked = own.satisfaction_rate or 0.0
    first_in_both = all(
        its.estimated_success_rate <= own.estimated_success_rate + _POINTS
        and (its.estimated_satisfaction_rate or 0.0) <= own.estimated_satisfaction_rate + _POINTS
        and round(its.success_rate) <= round(own.success_rate)
        and round(its.satisfaction_rate or 0.0) <= round(liked)
        for its in (other.metrics for other in others)
    )
    return "highest success and satisfaction" if first_in_both else "best success and satisfaction together"


# What proves it.


def _proof(asked: Asked, best: Standing, others: list[Standing], *, unit: str) -> str:
    own = best.metrics
    match asked.priority:
        case Priority.SPEED:
            return f"{seconds(own.estimated_time_to_answer)} to a useful answer{_average(asked, best, others)}; {_success(asked, best)}{_disliked(own)}"
        case Priority.COST if own.estimated_cost_per_answer is not None:
            return f"{dollars(own.estimated_cost_per_answer)} {unit}; {_success(asked, best)}{_disliked(own)}"
        case Priority.COST if _cost_known(best):
            return f"{best.tokens:,.0f} tokens {unit}; {_success(asked, best)}{_disliked(own)}"
        case _:
            rated = (
                ""
                if own.satisfaction_rate is None
                else f", {percent(own.satisfaction_rate)} of {own.rated:,} ratings up"
            )
            return f"{_success(asked, best)}{rated}, {seconds(own.avg_response_time)} on average"


def _success(asked: Asked, best: Standing) -> str:
    """How many of its calls succeeded; of a complexity also how many are expected to."""
    own = best.metrics
    said = f"{percent(own.success_rate)} of {counted(own.sample_size, 'call')} succeeded"
    if best.tells_counted:
        said = (
            f"{percent(best.counted_rate)} of the {counted(best.counted, 'call')} that count succeeded "
            f"({best.excused:,} failed through no fault of the model)"
        )
    if asked.complexity is None:
        return said
    return f"{percent(own.estimated_success_rate)} expected to succeed ({said} at any complexity)"


def _disliked(own: Metrics) -> str:
    """That most who rated its answers disliked them, where the priority does not ask what they thought."""
    if own.satisfaction_rate is None:
        return ""
    _, at_most = wilson_interval(round(own.satisfaction_rate * own.rated / 100.0), own.rated)
    if at_most >= _HALF:
        return ""
    share = f"only {percent(own.satisfaction_rate)}" if own.satisfaction_rate else "none"
    return f", but {share} of {own.rated:,} ratings up"


def _average(asked: Asked, best: Standing, others: list[Standing]) -> str:
    """The plain average, where the time to an answer would seem too short or too long beside it."""
    if _as_expected(asked, best):
        return ""
    own = best.metrics
    average = f"{seconds(own.avg_response_time)} on average"
    if mix := _at_the_mix(asked, best, others):
        return f"{mix}, recent calls counting more ({average})"
    if own.estimated_time_to_answer <= _NEARLY * _per_success(best.lately_ms, best.lately):
        return f", recent calls counting more ({average})"
    return f" ({average}, but of calls too few or too uneven to count on that)"


def _at_the_mix(asked: Asked, best: Standing, others: list[Standing]) -> str:
    """That a time to an answer is at another mix of complexities than the average beside it."""
    own = best.metrics
    sooner = own.estimated_time_to_answer < _per_success(own.avg_response_time, best.counted_rate)
    mixed = sooner or len(frozenset().union(*(one.seen for one in [best, *others]))) > 1
    return " at the task's mix of complexities" if mixed and not _as_expected(asked, best) else ""


def _as_expected(asked: Asked, best: Standing) -> bool:
    """Whether the time to an answer is about what the average beside it would make one expect."""
    own = best.metrics
    plain = _per_success(own.avg_response_time, best.counted_rate)
    most, least = _MORE * plain, _LESS * own.avg_response_time
    return asked.complexity is not None or least <= own.estimated_time_to_answer <= most


def _per_success(milliseconds: float, rate: float) -> float:
    return milliseconds * 100.0 / rate if rate > 0 else milliseconds


def _unrated(priority: Priority, own: Metrics, *, alone: bool) -> str:
    if own.rated > 0 or priority not in (Priority.QUALITY, Priority.BALANCED):
        return ""
    if own.estimated_satisfaction_rate is not None:
        return "not rated yet"
    return "nothing rated yet" if alone else "nothing rated yet, so success decides"


# How the others stand beside it.


def _less_tried(asked: Asked, best: Standing, rival: Standing) -> bool:
    """Whether only the one of them has been seen on tasks of the complexity asked for."""
    return asked.complexity is not None and asked.complexity in best.seen - rival.seen


def _unlike(asked: Asked, best: Standing, others: list[Standing], rival: Standing | None) -> str:
    """That the choice was seen on other tasks than those it is chosen for, or than who is next was seen on."""
    if asked.complexity is not None:
        if asked.complexity in best.seen or not any(asked.complexity in other.seen for other in others):
            return ""
        return f"it has hardly been seen on {level_name(asked.complexity)}"
    next_ = rival or (others[0] if others else None)
    if next_ is None or not best.seen or not next_.seen or best.seen & next_.seen:
        return ""
    return f"it and {next_.name} are not known to have been tried on tasks of the same complexity"


def _may_be_better(asked: Asked, best: Standing, rival: Standing) -> str:
    """What speaks for a model that was not chosen: its estimate where that is the better one, and how sure that is."""
    priority, its = asked.priority, rival.metrics
    what, figure = "better", ""
    ours, theirs = _measure(priority, best), _measure(priority, rival)
    timed_or_paid = priority is Priority.SPEED or (priority is Priority.COST and _priced(best) == _priced(rival))
    if timed_or_paid and ours is not None and theirs is not None and theirs < ours:
        pass  # more probably the best, but not by its estimate: no figure speaks for it
    elif priority is Priority.SPEED:
        what, figure = "faster", seconds(its.estimated_time_to_answer)
    elif priority is Priority.QUALITY and its.estimated_success_rate > best.metrics.estimated_success_rate + _POINTS:
        figure = f"{percent(its.estimated_success_rate)} success expected"
    elif priority is Priority.COST and its.estimated_cost_per_answer is not None:
        what, figure = "cheaper", dollars(its.estimated_cost_per_answer)
    elif priority is Priority.COST:
        what, figure = "content with fewer tokens", f"{rival.tokens:,.0f}"
    figures = ", ".join(part for part in (figure, f"{chance(rival.probability)} sure to be the best") if part)
    if is_few(best, rival):
        return f"{rival.name} may be {what} ({figures}), but has only {counted(rival.counted, 'call')}"
    if _less_tried(asked, best, rival):
        return (
            f"{rival.name} may be {what} ({figures}), but has hardly been seen on {level_name(asked.complexity or '')}"
        )
    return f"close: {rival.name} may be {what} ({figures}; this one {chance(best.probability)})"


def _beside(asked: Asked, best: Standing, others: list[Standing], *, said: bool) -> str:
    """How sure the choice is, or what sets it apart from the next best, where that is worth a word."""
    if best.probability < _CLOSE:
        second = max(others, key=lambda one: one.probability)
        return f"close: the best with {chance(best.probability)} probability, {second.name} with {chance(second.probability)}"
    second = others[0]
    own, its = best.metrics, second.metrics
    if asked.priority is Priority.SPEED:
        factor = its.estimated_time_to_answer / max(own.estimated_time_to_answer, 1e-9)
        much = factor >= _MUCH and best.solid and second.solid
        return f"{times(factor)} faster than {second.name} ({seconds(its.estimated_time_to_answer)})" if much else ""
    if asked.priority is Priority.COST:
        if own.estimated_cost_per_answer == 0:
            return _free_too(best, others)
        if own.estimated_cost_per_answer and its.estimated_cost_per_answer:
            factor = its.estimated_cost_per_answer / own.estimated_cost_per_answer
            much = factor >= _MUCH and best.solid and second.solid
            price = dollars(its.estimated_cost_per_answer)
            return f"{second.name} costs {times(factor)} as much ({price})" if much else ""
        return ""
    if said:
        return ""
    expected = "" if asked.complexity is None else f" ({percent(its.estimated_success_rate)} expected to succeed)"
    return f"next best: {second.name}{expected}"


def _free_too(best: Standing, others: list[Standing]) -> str:
    """What sets a model that costs nothing apart from the others that do not either."""
    free = [other for other in others if other.metrics.estimated_cost_per_answer == 0]
    if not free:
        return ""
    other = max(free, key=lambda one: one.metrics.estimated_success_rate)
    own, its = percent(best.metrics.estimated_success_rate), percent(other.metrics.estimated_success_rate)
    return f"{other.name} is free too, with {its} expected to succeed, against {own}"
