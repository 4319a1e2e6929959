from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import expm1, log, sqrt

import numpy as np
import pytest
from pydantic import TypeAdapter

from augury.analytics.answers import Insight, InsightKind
from augury.recommend.evidence import STRATA, Evidence, TaskEvidence, weigh
from augury.recommend.insights import MOST, insights
from augury.store.protocol import LOGARITHMS, SUMS, Dimension, Facts

HAIKU, SONNET, OPUS, GPT = "claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5", "gpt-4o"


@dataclass(frozen=True, kw_only=True)
class Calls:
    """Calls of one model on one kind of task, all of the same age."""

    model: str
    task: str = "coding"
    complexity: str = "simple"
    calls: int = 100
    good: int | None = None  # None: all
    ms: float = 1_000.0  # median of a log-normal
    sigma: float = 0.5
    up: int = 0
    down: int = 0
    dollars: float = 0.0  # a call; 0: no known price
    weight: float = 1.0
    logs: tuple[float, float] | None = None  # sums that were drawn

    def sums(self) -> dict[str, float]:
        good = self.calls if self.good is None else self.good
        mean = log(self.ms)
        sums = dict.fromkeys((*SUMS, *LOGARITHMS), 0.0)
        total_ms = self.calls * self.ms * sqrt(1.0 + expm1(self.sigma**2))
        sums |= {
            "calls": self.calls, "evidence_calls": self.calls, "successes": good, "response_ms_sum": total_ms,
            "evidence_ms_sum": total_ms, "thumbs_up": self.up, "thumbs_down": self.down,
            "cost_sum": self.calls * self.dollars, "priced_calls": self.calls if self.dollars else 0,
            "success_ln_ms_sum": good * mean, "success_ln_ms_square_sum": good * (mean**2 + self.sigma**2),
        }  # fmt: skip
        if self.logs:
            sums["success_ln_ms_sum"], sums["success_ln_ms_square_sum"] = self.logs
        return sums


def world(*groups: Calls) -> Evidence:
    by_task: dict[str, list[Calls]] = defaultdict(list)
    for group in groups:
        by_task[group.task].append(group)
    return {task: _task(own) for task, own in by_task.items()}


def _task(groups: list[Calls]) -> TaskEvidence:
    models = tuple(sorted({group.model for group in groups}))
    shape = (len(models), len(STRATA))
    raw = {name: np.zeros(len(models)) for name in SUMS}
    weighted = {name: np.zeros(shape) for name in (*SUMS, *LOGARITHMS)}
    squares = {name: np.zeros(shape) for name in ("evidence_calls", "rated", "priced_calls")}
    for group in groups:
        row, cell = models.index(group.model), (models.index(group.model), STRATA.index(group.complexity))
        sums = group.sums()
        for name in SUMS:
            raw[name][row] += sums[name]
        for name in (*SUMS, *LOGARITHMS):
            weighted[name][cell] += group.weight * sums[name]
        sums["rated"] = sums["thumbs_up"] + sums["thumbs_down"]
        for name in ("evidence_calls", "rated", "priced_calls"):
            squares[name][cell] += group.weight**2 * sums[name]
    return TaskEvidence(
        models=models, providers=("p",) * len(models), raw=raw, weighted=weighted, squares=squares
    )  # fmt: skip


def said(evidence: Evidence, kind: InsightKind) -> list[Insight]:
    return [one for one in insights(evidence) if one.kind is kind]


def texts(evidence: Evidence, kind: InsightKind) -> list[str]:
    return [one.text for one in said(evidence, kind)]


FASTER = (
    Calls(model=HAIKU, task="coding", ms=1_000), Calls(model=SONNET, task="coding", ms=2_300),
    Calls(model=HAIKU, task="analysis", ms=2_000), Calls(model=SONNET, task="analysis", ms=4_600),
)  # fmt: skip
MORE_SUCCESSFUL = (
    Calls(model=GPT, task="analysis", calls=4_000, good=3_880), Calls(model=SONNET, task="analysis", calls=5_000, good=4_750),
)  # fmt: skip
PREFERRED = (
    Calls(model=SONNET, calls=400, up=89, down=11), Calls(model=GPT, calls=400, up=60, down=40),
    Calls(model=HAIKU, calls=400, up=66, down=34),
)  # fmt: skip
SLOW = (Calls(model=GPT, calls=400, ms=8_200 / sqrt(1.0 + expm1(0.25))),)
UNLIKED = (
    Calls(model=GPT, calls=900, up=67, down=33), Calls(model=GPT, task="analysis", calls=900, up=134, down=66),
)  # fmt: skip
FAILING = (Calls(model=GPT, calls=300, good=210), Calls(model=SONNET, calls=500, good=475))
CHEAPER = (
    Calls(model=HAIKU, calls=900, good=873, dollars=0.002), Calls(model=OPUS, calls=1_000, good=970, dollars=0.006),
)  # fmt: skip
EVERY_KIND = (
    (InsightKind.FASTER, FASTER), (InsightKind.MORE_SUCCESSFUL, MORE_SUCCESSFUL), (InsightKind.PREFERRED, PREFERRED),
    (InsightKind.SLOW_TASK, SLOW), (InsightKind.LOW_SATISFACTION, UNLIKED), (InsightKind.FAILING, FAILING),
    (InsightKind.CHEAPER, CHEAPER),
)  # fmt: skip


def test_nothing_is_said_of_nothing() -> None:
    assert insights({}) == []
    assert insights(world(Calls(model=GPT, calls=0, good=0))) == []


def test_who_is_faster_is_said_by_complexity_and_by_task() -> None:
    assert texts(world(*FASTER), InsightKind.FASTER) == [
        "Claude Haiku 4.5 is 2.3x faster for simple tasks than Claude Sonnet 4.5",
        "Claude Haiku 4.5 is 2.3x faster for analysis tasks than Claude Sonnet 4.5",
        "Claude Haiku 4.5 is 2.3x faster for coding tasks than Claude Sonnet 4.5",
    ]


def test_who_is_more_successful_is_said() -> None:
    assert texts(world(*MORE_SUCCESSFUL), InsightKind.MORE_SUCCESSFUL) == [
        "GPT-4o has 2% higher success rate for analysis tasks than Claude Sonnet 4.5"
    ]


def test_whom_users_prefer_is_said() -> None:
    assert texts(world(*PREFERRED), InsightKind.PREFERRED) == [
        "Users prefer Claude Sonnet 4.5 for coding (89% satisfaction)"
    ]


def test_a_slow_task_is_warned_of() -> None:
    (one,) = insights(world(*SLOW))

    assert one.text == "Coding tasks are slow (8.2s avg). Consider optimizing prompts."
    assert one.severity == "warning"


def test_low_satisfaction_is_warned_of_once_for_all_tasks_alike() -> None:
    assert texts(world(*UNLIKED), InsightKind.LOW_SATISFACTION) == [
        "User satisfaction is at 67% (300 ratings). Review model quality."
    ]


def test_low_satisfaction_with_one_task_names_it() -> None:
    evidence = world(
        Calls(model=GPT, calls=900, up=60, down=60), Calls(model=GPT, task="creative", calls=900, up=570, down=30)
    )

    assert texts(evidence, InsightKind.LOW_SATISFACTION) == [
        "User satisfaction with coding is at 50% (120 ratings). Review model quality."
    ]


def test_a_model_that_fails_more_than_the_others_is_warned_of() -> None:
    (one,) = said(world(*FAILING), InsightKind.FAILING)

    assert one.text == "GPT-4o fails on 30% of coding calls"
    assert one.model == GPT
    assert one.evidence["other_value"] == 5.0


def test_where_all_models_fail_alike_none_is_blamed() -> None:
    evidence = world(Calls(model=GPT, calls=300, good=210), Calls(model=SONNET, calls=300, good=212))

    (one,) = insights(evidence)

    assert one.text == "30% of coding calls fail. Review model quality."
    assert one.model is None


def test_the_only_model_of_a_task_is_named_where_it_fails() -> None:
    assert texts(world(Calls(model=GPT, calls=300, good=210)), InsightKind.FAILING) == [
        "GPT-4o fails on 30% of coding calls"
    ]


def test_who_costs_less_for_the_same_success_is_said() -> None:
    assert texts(world(*CHEAPER), InsightKind.CHEAPER) == [
        "Claude Haiku 4.5 costs a third of Claude Opus 4.5 for the same success on coding"
    ]


def test_cheap_failures_are_no_bargain() -> None:
    evidence = world(
        Calls(model=HAIKU, calls=900, good=800, dollars=0.002), Calls(model=OPUS, calls=1_000, good=970, dollars=0.006)
    )

    assert said(evidence, InsightKind.CHEAPER) == []


def test_no_price_is_not_a_low_price() -> None:
    evidence = world(
        Calls(model=HAIKU, calls=900, good=873, dollars=0.0), Calls(model=OPUS, calls=1_000, good=970, dollars=0.006)
    )

    assert said(evidence, InsightKind.CHEAPER) == []


@pytest.mark.parametrize(("kind", "groups"), EVERY_KIND)
def test_nothing_is_said_below_enough_data(kind: InsightKind, groups: tuple[Calls, ...]) -> None:
    most = max(group.calls for group in groups) * len(groups)

    assert said(world(*groups), kind) != []
    assert insights(world(*groups), enough=most + 1) == []


def test_four_calls_of_a_model_are_not_enough_however_clear_they_are() -> None:
    evidence = world(
        Calls(model=HAIKU, calls=4, ms=10, sigma=0.01, up=4, dollars=0.0001),
        Calls(model=GPT, calls=4, good=0, ms=90_000, sigma=0.01, down=4, dollars=1.0),
        Calls(model=SONNET, calls=400, ms=500, up=160, down=40, dollars=0.01),
    )

    assert insights(evidence) == []


def test_what_does_not_matter_is_not_said_however_sure_it_is() -> None:
    evidence = world(
        Calls(model=HAIKU, calls=1_000_000, good=955_000, ms=1_000, up=81_000, down=19_000, dollars=0.010),
        Calls(model=GPT, calls=1_000_000, good=950_000, ms=1_150, up=80_000, down=20_000, dollars=0.012),
    )

    assert insights(evidence) == []


def test_a_handful_of_failures_is_within_chance() -> None:
    evidence = world(Calls(model=HAIKU, calls=10, good=7, up=6, down=4), Calls(model=GPT, calls=10, up=9, down=1))

    assert insights(evidence) == []


def _equal_models(random: np.random.Generator) -> Evidence:
    """Models that do alike, on work that is not: some are given the hard calls, some the easy ones."""
    groups = []
    for task, speed in (("coding", 1.0), ("analysis", 0.7), ("creative", 1.3)):
        for model in (HAIKU, SONNET, OPUS, GPT):
            size = int(random.choice([6, 30, 150, 800]))
            mix = random.dirichlet([1.0, 1.0, 1.0])
            for complexity, share, rate, ms in zip(
                ("simple", "medium", "complex"), mix, (0.98, 0.95, 0.91), (800, 1_500, 3_500), strict=True
            ):
                for weight in (1.0, 0.5, 0.1):
                    calls = int(random.poisson(size * share / 3.0))
                    good = int(random.binomial(calls, rate))
                    rated = int(random.binomial(calls, 0.3))
                    up = int(random.binomial(rated, 0.8))
                    logs = random.normal(log(ms * speed), 0.6, good)
                    groups.append(
                        Calls(
                            model=model, task=task, complexity=complexity, calls=calls, good=good, ms=ms * speed, sigma=0.6,
                            up=up, down=rated - up, weight=weight, logs=(float(logs.sum()), float((logs**2).sum())),
                            dollars=0.01 * float(random.gamma(calls)) / calls if calls else 0.0,
                        )
                    )  # fmt: skip
    return world(*groups)


def test_among_equal_models_at_most_one_world_in_twenty_hears_anything() -> None:
    random = np.random.default_rng(20261201)

    wrong = [found for _ in range(200) if (found := insights(_equal_models(random)))]

    assert len(wrong) <= 10


def _equal_models_in_sessions(random: np.random.Generator, size: int) -> Evidence:
    """Models that do alike; calls come in sessions, which succeed or fail, and take their time, together."""
    rows: list[tuple[str, str, str, int]] = []
    sums: list[dict[str, float]] = []
    for task in ("coding", "analysis"):
        for model in (HAIKU, SONNET, OPUS, GPT):
            for _ in range(int(random.integers(40, 400)) // size):
                mood, hurry, day = random.normal(0.0, 0.8), random.normal(0.0, 0.4), int(random.integers(0, 30))
                hard = random.random(size) < 0.4
                good = random.random(size) < 1.0 / (1.0 + np.exp(-(2.0 - hard + mood)))
                ms = np.exp(7.0 + 0.6 * hard + hurry + 0.5 * random.standard_normal(size))
                for level, those in (("simple", ~hard), ("complex", hard)):
                    took = ms[those & good]
                    own = Calls(model=model, calls=int(those.sum()), good=len(took), dollars=0.01).sums()
                    own |= {
                        "evidence_ms_sum": ms[those].sum(),
                        "success_ms_sum": took.sum(),
                        "response_ms_sum": ms[those].sum(),
                    }
                    own |= {
                        "success_ln_ms_sum": np.log(took).sum(),
                        "success_ln_ms_square_sum": (np.log(took) ** 2).sum(),
                    }
                    rows.append((task, model, level, day))
                    sums.append(own | {"cost_sum": own["cost_sum"] * 1e10})
    keys = dict(
        zip(
            (Dimension.TASK_TYPE, Dimension.MODEL, Dimension.COMPLEXITY, Dimension.STEP),
            map(np.array, zip(*rows, strict=True)),
            strict=True,
        )
    )
    keys[Dimension.PROVIDER] = np.array(["p"] * len(rows))
    return weigh(Facts(keys=keys, sums={name: np.array([one[name] for one in sums]) for name in sums[0]}), today=30)


@pytest.mark.parametrize("size", [3, 6, 15])
def test_among_equal_models_whose_calls_come_in_sessions_hardly_anything_is_heard(size: int) -> None:
    random = np.random.default_rng(20261202 + size)

    wrong = sum(
        any(one.model for one in insights(_equal_models_in_sessions(random, size)))  # that all fail alike is true
        for _ in range(60)
    )

    assert wrong <= 5


def test_a_retired_model_is_recommended_to_nobody_but_still_warned_of() -> None:
    better = world(*FASTER, *MORE_SUCCESSFUL)
    failing = world(*FAILING)
    good = {one.model for one in insights(better)}

    assert HAIKU in good
    assert all(one.model not in {HAIKU, GPT} for one in insights(better, retired={HAIKU, GPT}))
    assert [one.model for one in insights(failing, retired={GPT}) if one.kind is InsightKind.FAILING] == [GPT]


def test_a_model_is_not_blamed_for_being_given_the_harder_calls() -> None:
    evidence = world(
        Calls(model=OPUS, complexity="simple", calls=60, good=59, ms=1_000, up=27, down=3),
        Calls(model=OPUS, complexity="complex", calls=600, good=480, ms=5_000, up=180, down=120),
        Calls(model=HAIKU, complexity="simple", calls=600, good=590, ms=1_000, up=270, down=30),
        Calls(model=HAIKU, complexity="complex", calls=60, good=48, ms=5_000, up=18, down=12),
    )

    assert [one for one in insights(evidence) if one.model is not None] == []


def test_where_plain_rates_say_the_opposite_the_sentence_says_why() -> None:
    evidence = world(
        Calls(model=OPUS, complexity="simple", calls=200, good=200),
        Calls(model=OPUS, complexity="complex", calls=2_000, good=1_700),
        Calls(model=HAIKU, complexity="simple", calls=2_500, good=2_400),
        Calls(model=HAIKU, complexity="complex", calls=200, good=110),
    )

    (text,) = texts(evidence, InsightKind.MORE_SUCCESSFUL)

    assert text == (
        "Claude Opus 4.5 has 17% higher success rate for coding tasks than Claude Haiku 4.5 at the same complexity"
    )


def test_models_that_share_no_kind_of_call_are_not_compared() -> None:
    evidence = world(
        Calls(model=OPUS, complexity="complex", good=80, ms=5_000, up=20, down=5, dollars=0.1),
        Calls(model=HAIKU, complexity="simple", ms=1_000, up=50, down=1, dollars=0.001),
    )

    assert [one for one in insights(evidence) if one.model is not None] == []


def test_a_model_that_is_no_longer_used_is_compared_with_nobody() -> None:
    old = [Calls(model=HAIKU, task=task, ms=300, weight=0.05) for task in ("coding", "analysis")]
    evidence = world(*old, Calls(model=SONNET, ms=2_300), Calls(model=GPT, ms=2_300))

    assert said(evidence, InsightKind.FASTER) == []


def test_the_evidence_is_attached() -> None:
    (one,) = said(world(*MORE_SUCCESSFUL), InsightKind.MORE_SUCCESSFUL)

    assert (one.severity, one.task_type, one.model, one.other, one.complexity) == (
        "good",
        "analysis",
        GPT,
        SONNET,
        None,
    )
    assert {name: one.evidence[name] for name in ("calls", "other_calls", "value", "other_value")} == {
        "calls": 4_000, "other_calls": 5_000, "value": 97.0, "other_value": 95.0,
    }  # fmt: skip
    assert one.evidence["low"] == pytest.approx(1.2, abs=0.1)
    assert one.evidence["high"] == pytest.approx(2.8, abs=0.1)


def test_the_evidence_of_a_factor_is_its_times_and_its_interval() -> None:
    one = said(world(*FASTER), InsightKind.FASTER)[0]

    assert (one.complexity, one.task_type) == ("simple", None)
    assert (one.evidence["calls"], one.evidence["other_calls"]) == (200, 200)
    assert one.evidence["other_value"] / one.evidence["value"] == pytest.approx(2.3, abs=0.001)
    assert 2.0 < one.evidence["low"] < 2.3 < one.evidence["high"] < 2.6


@pytest.mark.parametrize(("kind", "groups"), EVERY_KIND)
def test_every_insight_has_figures_around_what_it_says(kind: InsightKind, groups: tuple[Calls, ...]) -> None:
    for one in said(world(*groups), kind):
        assert {"calls", "value", "low", "high"} <= set(one.evidence)
        assert one.evidence["low"] < one.evidence["high"]
        assert ("other_calls" in one.evidence) is ("other_value" in one.evidence)


def test_it_is_written_in_camel_case_like_every_answer() -> None:
    (one,) = TypeAdapter(list[Insight]).dump_python(insights(world(*SLOW)), mode="json", by_alias=True)

    assert one["taskType"] == "coding"
    assert one["kind"] == "slow_task"
    assert one["evidence"]["calls"] == 400


def _eventful() -> list[Calls]:
    tasks = ("coding", "analysis", "creative", "reasoning", "other", "function_calling")
    models = ((HAIKU, 900, 400, 0.001, 50), (SONNET, 850, 9_000, 0.01, 30), (OPUS, 980, 12_000, 0.03, 95))
    return [
        Calls(model=model, task=task, calls=1_000, good=good, ms=ms, dollars=dollars, up=up, down=100 - up)
        for task in tasks
        for model, good, ms, dollars, up in models
    ]


def test_warnings_come_first_and_there_are_not_too_many() -> None:
    found = insights(world(*_eventful()))

    severities = [one.severity for one in found]
    assert len(found) == MOST
    assert severities == sorted(severities, reverse=True)
    assert {one.kind for one in found} >= {
        InsightKind.SLOW_TASK, InsightKind.LOW_SATISFACTION, InsightKind.MORE_SUCCESSFUL, InsightKind.PREFERRED,
        InsightKind.FASTER,
    }  # fmt: skip
    keys = [(one.kind, one.task_type, one.complexity) for one in found]
    assert len(keys) == len(set(keys))


def test_the_order_does_not_depend_on_the_order_of_the_evidence() -> None:
    groups = _eventful()

    assert insights(world(*groups)) == insights(world(*reversed(groups))) == insights(world(*groups))
