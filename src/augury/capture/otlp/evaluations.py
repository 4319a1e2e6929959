"""What a log record says of a call afterwards: OpenTelemetry's event `gen_ai.evaluation.result` as a rating or an outcome.

The convention leaves open what a score means: 1 may be the best (correctness) or the worst (toxicity), or the lowest of five
stars. So without a rule of the owner's only words are taken that leave no doubt, and numbers only where the evaluation's name says
that they are a user's thumb or whether a task was done. A rule tells what another evaluation means:

    [[evaluation]]
    name = "Relevance"         # a name, or a pattern with * and ?
    means = "outcome"          # or "rating"; "nothing" passes it over
    good_from = 0.7            # optional: a score of at least this is good, and one below it bad
    bad_from = 0.5             # the other way round, where less is better
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from augury.capture.otlp import conventions
from augury.capture.taskrules import fits
from augury.core.feedback import Feedback, Outcome
from augury.core.ids import MESSAGES, as_uuid
from augury.core.tables import name_in, refuse_unknown, word_in
from augury.errors import InvalidValue, SettingsError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from augury.capture.otlp.spans import LogRecord

EVENT = "gen_ai.evaluation.result"

_NAME = ("gen_ai.evaluation.name",)
_LABEL = ("gen_ai.evaluation.score.label",)
_VALUE = "gen_ai.evaluation.score.value"
_RESPONSE = ("gen_ai.response.id",)

_OUTCOME, _RATING, _NOTHING = "outcome", "rating", "nothing"
_THUMBS = {
    "thumbs_up": True, "thumb_up": True, "upvote": True, "like": True, "liked": True,
    "thumbs_down": False, "thumb_down": False, "downvote": False, "dislike": False, "disliked": False,
}  # fmt: skip
_DONE = {
    "pass": True, "passed": True, "success": True, "succeeded": True, "correct": True, "resolved": True,
    "fail": False, "failed": False, "failure": False, "incorrect": False, "unresolved": False, "wrong": False,
}  # fmt: skip
_GOOD = {"positive", "good", "yes", "true"} | {word for words in (_THUMBS, _DONE) for word in words if words[word]}
_BAD = {"negative", "bad", "no", "false"} | {word for words in (_THUMBS, _DONE) for word in words if not words[word]}
_OF_USERS = ("user_feedback", "user_rating", "user_score", "human_feedback", "feedback", "thumbs", "rating")
_OF_TASKS = ("correctness", "task_success", "task_completion", "success", "pass", "exact_match", "tests_passed")
_REASON_CHARACTERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRule:
    """What the owner says of evaluations of some name."""

    name: str
    means: str
    from_: float | None = None
    good_above: bool = True

    @classmethod
    def of(cls, tables: Iterable[tuple[str, dict[str, Any]]]) -> tuple[EvaluationRule, ...]:
        """The rules of a file's `[[evaluation]]` tables, each with where it stands.

        Raises:
            SettingsError: one cannot be used; a sentence says what to correct.
        """
        return tuple(_rule(entry, where) for where, entry in tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an evaluation says, and of which message."""

    about: UUID  # the message's id, or what stands for a span whose message is not known
    span_key: str = ""  # the span, where it is about one
    good: bool
    rates: bool  # it is a thumb; else it says whether the task was done
    reason: str | None = None

    def of_message(self, message_id: UUID) -> Feedback | Outcome:
        """As it is told to a store."""
        if self.rates:
            return Feedback(rating=1 if self.good else -1, message_id=message_id)
        return Outcome(message_id=message_id, success=self.good, reason=self.reason)


def about_span(span_key: str) -> UUID:
    """What stands for a span: the message of a call whose answer has no id."""
    return as_uuid(span_key, MESSAGES)


def verdict_of(record: LogRecord, rules: tuple[EvaluationRule, ...]) -> Verdict | None:
    """What an evaluation says; None where the owner wants it passed over.

    Raises:
        InvalidValue: it is about nothing, or says nothing that can be taken without guessing.
    """
    named = conventions.text(record.attributes, _NAME) or ""
    rule = next((rule for rule in rules if fits(rule.name, named)), None)
    if rule is not None and rule.means == _NOTHING:
        return None
    answer = conventions.text(record.attributes, _RESPONSE)
    if answer is None and not record.span_key:
        raise InvalidValue("gen_ai.response.id", "the id of the answer, or the context of its span")
    rates, good = _judged(record, named, rule)
    return Verdict(
        about=as_uuid(answer, MESSAGES) if answer is not None else about_span(record.span_key),
        span_key="" if answer is not None else record.span_key,
        good=good,
        rates=rates,
        reason=None if good or rates else f"{named[:_REASON_CHARACTERS] or 'an evaluation'} says so".replace("\0", ""),
    )


def _judged(record: LogRecord, named: str, rule: EvaluationRule | None) -> tuple[bool, bool]:
    """Whether it is a thumb, and whether it is good."""
    label = (conventions.text(record.attributes, _LABEL) or "").strip().lower().replace(" ", "_").replace("-", "_")
    value = _score(record)
    if rule is not None:
        rates = rule.means == _RATING
        if rule.from_ is not None and value is not None:
            return rates, (value >= rule.from_) is rule.good_above
        if label in _GOOD or label in _BAD:
            return rates, label in _GOOD
        if value in {0, 1} or (rates and value == -1):
            return rates, value == 1
        raise InvalidValue(
            _VALUE, f"a score that the rule for {shown(rule.name)} can judge: add good_from to it", value
        )
    name = named.strip().lower().replace(" ", "_").replace("-", "_").replace(".", "_")
    if label in _THUMBS:
        return True, _THUMBS[label]
    if name in _OF_USERS and (label in _GOOD or label in _BAD):
        return True, label in _GOOD
    if label in _DONE:
        return False, _DONE[label]
    if not label and name in _OF_USERS and value in {-1, 0, 1}:
        return True, value == 1
    if not label and name in _OF_TASKS and value in {0, 1}:
        return False, value == 1
    raise InvalidValue(
        "gen_ai.evaluation.score.label",
        f"pass or fail, thumbs_up or thumbs_down, or an [[evaluation]] rule that says what {shown(named)} means",
        conventions.text(record.attributes, _LABEL) or value,
    )


def _score(record: LogRecord) -> float | None:
    found = record.attributes.get(_VALUE)
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        return None
    return found


def _rule(entry: dict[str, Any], where: str) -> EvaluationRule:
    refuse_unknown(entry, ("name", "means", "good_from", "bad_from"), where)
    name = name_in(entry, "name", where)
    if name is None:
        raise SettingsError(f"{where}: `name` is missing; expected an evaluation's name or a pattern, add it")
    means = word_in(entry, "means", (_OUTCOME, _RATING, _NOTHING), where)
    bounds = [key for key in ("good_from", "bad_from") if key in entry]
    if len(bounds) > 1:
        raise SettingsError(
            f"{where}: `good_from` and `bad_from` are both given; expected one of them, remove the other"
        )
    bound = entry[bounds[0]] if bounds else None
    if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int | Decimal)):
        raise SettingsError(f"{where}: `{bounds[0]}` is {shown(bound)}; expected a number, correct it")
    return EvaluationRule(
        name=name, means=means, from_=None if bound is None else float(bound), good_above=bounds != ["bad_from"]
    )
