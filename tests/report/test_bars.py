from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from augury.report import bars

if TYPE_CHECKING:
    from augury.analytics.answers import ModelMeasures
    from augury.report.document import Document


@pytest.fixture
def models(document: Document) -> list[ModelMeasures]:
    return document.answer.by_model


def test_every_bar_begins_at_zero_and_the_largest_fills_its_chart(models: list[ModelMeasures]) -> None:
    time, *_, cost, success_cost = bars.charts(models)
    assert max(bar.reach or 0 for bar in time.bars) == pytest.approx(100)
    for chart in (cost, success_cost):
        assert max(bar.length or 0 for bar in chart.bars) == pytest.approx(100)
    for chart in bars.charts(models):
        assert all(bar.length is None or 0 <= bar.length <= 100 for bar in chart.bars)


def test_lengths_are_in_the_proportion_of_the_figures(models: list[ModelMeasures]) -> None:
    time, success, *_ = bars.charts(models)
    first, second = models[:2]
    assert first.p95_response_time
    assert second.p95_response_time
    one, other = (bar.reach or 0 for bar in time.bars[:2])
    assert one / other == pytest.approx(first.p95_response_time / second.p95_response_time)
    assert success.bars[0].length == pytest.approx(first.success_rate)


def test_an_interval_holds_its_rate(models: list[ModelMeasures]) -> None:
    for chart in bars.charts(models)[1:3]:
        for bar in chart.bars:
            if bar.interval is not None and bar.length is not None:
                assert bar.interval[0] - 1e-9 <= bar.length <= bar.interval[1] + 1e-9


def test_what_is_not_known_has_no_bar_and_says_so(models: list[ModelMeasures]) -> None:
    bare = replace(models[0], thumbs_up=0, thumbs_down=0, total_cost=None, cost_per_success=None)
    _, _, satisfaction, cost, success_cost = bars.charts([bare, models[1]])
    for chart, said in ((satisfaction, "no ratings"), (cost, "no price known"), (success_cost, "no price known")):
        assert (chart.bars[0].length, chart.bars[0].figure) == (None, said)
        assert chart.bars[1].length is not None
    assert bars.not_known([bare, models[1]]) is None


def test_what_is_known_of_no_model_is_not_drawn_and_named(models: list[ModelMeasures]) -> None:
    bare = replace(models[0], thumbs_up=0, thumbs_down=0, total_cost=None, cost_per_success=None)
    assert [chart.name for chart in bars.charts([bare])] == ["Response time", "Success rate"]
    assert bars.not_known([bare]) == ("Not drawn, since nothing is known of it: satisfaction, cost, cost of a success.")


def test_few_calls_are_marked(models: list[ModelMeasures]) -> None:
    few = replace(models[0], total_calls=4, success_rate=75.0)
    assert all(bar.few for chart in bars.charts([few])[:2] for bar in chart.bars)


def test_of_many_models_those_with_most_calls_have_bars(models: list[ModelMeasures]) -> None:
    many = [models[0]] * (bars.MOST + 3)
    assert all(len(chart.bars) == bars.MOST for chart in bars.charts(many))
    assert bars.left_out(many) == 3
    assert bars.left_out(models[:2]) == 0
