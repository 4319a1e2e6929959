"""The owner's rules: what calls are for, by where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from augury.capture.records import RecordReader
from augury.capture.rules import OwnerRules
from augury.capture.taskrules import Labels, TaskRules
from augury.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

RULES = """
[[rule]]
service = "billing-*"
span = "summarise ?*"
task_type = "analysis"

[[rule]]
prompt = "extract-invoice"
tag = "nightly"
task_type = "file_processing"
complexity = "medium"

[[rule]]
agent = "planner"
task_type = "reasoning"
"""


def rules(folder: Path, text: str = RULES) -> TaskRules:
    path = folder / "rules.toml"
    path.write_text(text)
    return OwnerRules.from_file(path).tasks


@pytest.mark.parametrize(
    ("labels", "task"),
    [
        (Labels(service="Billing-EU", span="summarise mail", agent="planner"), "analysis"),
        (Labels(service="billing-eu", span="summarise ", agent="planner"), "reasoning"),
        (Labels(service="billing"), None),
        (Labels(prompt="extract-invoice", tags=("weekly", "nightly")), "file_processing"),
        (Labels(prompt="extract-invoice"), None),
        (Labels(prompt="extract-invoices", tags=("nightly",)), None),
        (Labels(), None),
    ],
)
def test_the_first_rule_counts_all_of_whose_patterns_fit(tmp_path: Path, labels: Labels, task: str | None) -> None:
    rule = rules(tmp_path).match(labels)

    assert (rule and rule.task_type) == task


def test_records_that_say_where_they_come_from_are_told_apart_by_the_same_rules(tmp_path: Path) -> None:
    reader = RecordReader(None, rules(tmp_path))
    record = {"model": "gpt-4o", "response_time_ms": 5}
    nightly = {"prompt": "extract-invoice", "tags": ["nightly"]}

    told = [
        reader.read(record | more)
        for more in (
            {"metadata": {"agent": "planner"}},
            {"metadata": nightly},
            {"metadata": nightly | {"tags": None, "tag": "nightly"}, "task_complexity": "simple"},
            {"metadata": {"agent": "planner"}, "task_type": "coding"},
            {"metadata": {"agent": ["planner"], "tags": [3]}},
            {},
        )
    ]

    assert [(call.task_type, call.task_complexity) for call in told] == [
        ("reasoning", None), ("file_processing", "medium"), ("file_processing", "simple"), ("coding", None),
        ("other", None), ("other", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[rule]", "not valid TOML"),
        (
            "[[rules]]",
            "'rules' is not known here; expected nothing but \\[\\[rule\\]\\] and \\[\\[evaluation\\]\\] tables",
        ),
        ("rule = 3", "`rule` is not a list of tables"),
        ('[[rule]]\ntask_type = "coding"', "1: it fits every call"),
        ('[[rule]]\nagent = "a"', "`task_type` is nothing; expected one of general_chat"),
        ('[[rule]]\nagent = "a"\ntask_type = "codng"', "`task_type` is 'codng'"),
        ('[[rule]]\nagent = "a"\ntask_type = "coding"\ncomplexity = "hard"', "expected one of simple, medium, complex"),
        ('[[rule]]\nagent = 3\ntask_type = "coding"', "`agent` is 3; expected a name in quotes"),
        ('[[rule]]\nagnt = "a"\ntask_type = "coding"', "'agnt' is not known; expected service, agent"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_to_correct(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        rules(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml: the file of rules cannot be read"):
        OwnerRules.from_file(tmp_path / "nowhere.toml")
