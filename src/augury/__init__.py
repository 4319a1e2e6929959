"""Augury: which AI model should I use for this task? Answers from your own traffic, with proof."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from augury.library import configure, feedback, outcome, track
from augury.store import open_store

if TYPE_CHECKING:
    from augury.recommend.context import TaskContext
    from augury.recommend.recommender import ModelRecommender
    from augury.recommend.selector import ModelSelector

__all__ = [
    "ModelRecommender",
    "ModelSelector",
    "TaskContext",
    "__version__",
    "configure",
    "feedback",
    "open_store",
    "outcome",
    "track",
]

__version__ = "0.1.0"

# What an application that only records does not load: numbers and rules take a fifth of a second.
_LATER = {
    "ModelRecommender": "augury.recommend.recommender",
    "ModelSelector": "augury.recommend.selector",
    "TaskContext": "augury.recommend.context",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module 'augury' has no attribute {name!r}")
