"""Augury: which AI model should I use for this task? Answers from your own traffic, with proof."""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from augury.library import configure, counters, current_call, feedback, flush, outcome, recommend, track
from augury.store import open_store

if TYPE_CHECKING:
    from augury.capture.context import context, last_message_id
    from augury.capture.litellm import callback as litellm_callback
    from augury.capture.patching import instrument, uninstrument
    from augury.recommend.context import TaskContext
    from augury.recommend.recommender import ModelRecommender
    from augury.recommend.selector import ModelSelector

__all__ = [
    "ModelRecommender",
    "ModelSelector",
    "TaskContext",
    "__version__",
    "configure",
    "context",
    "counters",
    "current_call",
    "feedback",
    "flush",
    "instrument",
    "last_message_id",
    "litellm_callback",
    "open_store",
    "outcome",
    "recommend",
    "track",
    "uninstrument",
]

__version__ = "0.1.0"

# What an application that only records does not load: numbers and rules take a fifth of a second.
_LATER = {
    "ModelRecommender": "augury.recommend.recommender",
    "ModelSelector": "augury.recommend.selector",
    "TaskContext": "augury.recommend.context",
    "context": "augury.capture.context",
    "instrument": "augury.capture.patching",
    "last_message_id": "augury.capture.context",
    "litellm_callback": "augury.capture.litellm",
    "uninstrument": "augury.capture.patching",
}
_NAMED = {"litellm_callback": "callback"}  # there, where it is another name


class _Callable(ModuleType):
    """A package that can be called.

    Python puts the package `augury.recommend` in the place of the function of that name as soon as any part of it is
    imported, by whomever. So it is put there at once, and does what the function does.
    """

    __call__ = staticmethod(recommend)


import_module("augury.recommend").__class__ = _Callable


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(_LATER[name]), _NAMED.get(name, name))
    raise AttributeError(f"module 'augury' has no attribute {name!r}")
