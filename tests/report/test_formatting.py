from __future__ import annotations

from decimal import Decimal

import pytest

from augury.analytics.answers import Period
from augury.recommend import phrases
from augury.report import formatting
from augury.report.html import environment

FIGURES = (
    formatting.count, formatting.brief, formatting.decimal, formatting.percent, formatting.chance, formatting.duration,
    formatting.money,
)  # fmt: skip


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (0, "0 ms"),
        (0.2, "<1 ms"),
        (842, "842 ms"),
        (999.4, "999 ms"),
        (999.6, "1.0 s"),
        (2_456, "2.5 s"),
        (59_940, "59.9 s"),
        (59_960, "1.0 min"),
        (90_000, "1.5 min"),
        (3_598_000, "1.0 h"),
        (7_200_000, "2.0 h"),
    ],
)
def test_a_duration_is_told_in_the_unit_that_fits(milliseconds: float, said: str) -> None:
    assert plain(formatting.duration(milliseconds)) == said


@pytest.mark.parametrize(
    ("rate", "said"), [(0, "0 %"), (0.01, "0.1 %"), (98.7, "98.7 %"), (99.97, "99.9 %"), (100, "100 %")]
)
def test_a_rate_is_all_or_nothing_only_where_it_is(rate: float, said: str) -> None:
    assert plain(formatting.percent(rate)) == said


@pytest.mark.parametrize(
    ("dollars", "said"),
    [
        ("0", "$0.00"),
        ("0.0000000001", "$0.00000000010"),
        ("0.0031", "$0.0031"),
        ("0.00999", "$0.010"),
        ("0.25", "$0.25"),
        ("0.999", "$1.00"),
        ("1234.5", "$1,234.50"),
    ],
)
def test_money_has_the_places_it_needs(dollars: str, said: str) -> None:
    assert formatting.money(Decimal(dollars)) == said
    assert formatting.money(float(dollars)) == said


def test_counts_have_thousands_and_long_ones_are_cut_short() -> None:
    assert formatting.count(12_345) == "12,345"
    assert formatting.count(2.5) == "3"
    assert formatting.brief(9_999_999) == "9,999,999"
    assert plain(formatting.brief(12_345_678)) == "12.3 M"
    assert plain(formatting.brief(2_000_000_000)) == "2.0 G"


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (0, "<1 %"),
        (0.0001, "<1 %"),
        (0.005, "<1 %"),
        (0.0051, "1 %"),
        (0.7925, "79 %"),
        (0.994, "99 %"),
        (0.9999, ">99 %"),
        (1, ">99 %"),
    ],
)
def test_a_probability_is_never_certain(probability: float, said: str) -> None:
    assert plain(formatting.chance(probability)) == said


@pytest.mark.parametrize("thousandths", range(0, 1_001, 5))
def test_a_probability_is_written_alike_in_tables_and_in_sentences_and_that_of_two_makes_all(thousandths: int) -> None:
    one, other = thousandths / 1_000, 1 - thousandths / 1_000

    assert plain(formatting.chance(one)) == phrases.chance(one).replace("%", " %")
    if 10 <= thousandths <= 990:
        assert sum(int(phrases.chance(part).strip("<>%")) for part in (one, other)) == 100


def test_unknown_figures_are_dashes() -> None:
    for write in FIGURES:
        assert write(None) == "\N{EN DASH}"


def test_on_a_page_unknown_figures_are_dashes_that_say_so() -> None:
    for write in FIGURES:
        shown = environment().from_string("{{ figure|" + write.__name__ + " }}").render(figure=None)
        assert "not known" in shown
        assert "\N{EN DASH}" in shown


@pytest.mark.parametrize(
    ("since", "until", "zone", "said"),
    [
        ("2026-03-01T00:00:00Z", "2026-03-31T00:00:00Z", "UTC", "1 March 2026 to 30 March 2026"),
        ("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", "UTC", "1 March 2026"),
        ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "Europe/Berlin", "29 March 2026"),
        ("2026-03-01T06:30:00Z", "2026-03-01T07:00:00Z", "UTC", "1 March 2026, 06:30 to 1 March 2026, 07:00"),
    ],
)
def test_a_period_is_told_in_its_own_days(since: str, until: str, zone: str, said: str) -> None:
    period = Period(from_=since, to=until, timezone=zone, interval="day")
    assert plain(formatting.period_text(period)) == said
