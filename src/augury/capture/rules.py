"""The owner's file of rules (`AUGURY_RULES`): what calls are for, and what evaluations mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from augury.capture.otlp.evaluations import EvaluationRule
from augury.capture.taskrules import TaskRules
from augury.core.tables import read_tables

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerRules:
    """All that the owner has laid down."""

    tasks: TaskRules = field(default_factory=TaskRules)
    evaluations: tuple[EvaluationRule, ...] = ()

    @classmethod
    def from_file(cls, path: Path | None) -> OwnerRules:
        """The rules of a file; none where there is no file.

        Raises:
            SettingsError: the file cannot be used; one sentence says what to correct.
        """
        if path is None:
            return cls()
        tables = read_tables(path, "rules", "rule", "evaluation")
        return cls(tasks=TaskRules.of(tables["rule"]), evaluations=EvaluationRule.of(tables["evaluation"]))
