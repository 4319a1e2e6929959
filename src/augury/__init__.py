"""Augury: which AI model should I use for this task? Answers from your own traffic, with proof."""

from augury.library import configure, feedback, outcome, track
from augury.store import open_store

__all__ = ["__version__", "configure", "feedback", "open_store", "outcome", "track"]

__version__ = "0.1.0"
