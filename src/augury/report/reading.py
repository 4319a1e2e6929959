"""How to read the figures: what people may not know, or may take for something else."""

from __future__ import annotations

from augury.core.scores import ENOUGH_CALLS
from augury.report.formatting import UNKNOWN

_QUALITY = (
    "0.4 success + 0.4 satisfaction + 0.2 speed, of 100. Unrated: success and speed in the same proportion. Speed is 100 "
    "for an instant answer and 0 from ten seconds on."
)
_CONFIDENCE = (
    "How much the figures rest on, of 100: the number of calls, and how narrowly success and satisfaction are known. It is "
    "no probability."
)
TERMS = (
    ("Few calls", f"A group of fewer than {ENOUGH_CALLS} calls is dimmed and says so: its figures may be luck."),
    (UNKNOWN, "Not known: nothing was rated, priced, or measured. It never means zero."),
    ("p95", "Of a hundred calls, ninety-five were at least as fast."),
    (
        "Success",
        "Successful calls of all calls. A call that was answered may yet have failed at its task: report that, and it counts.",
    ),
    ("Satisfaction", "Thumbs up of all rated calls."),
    ("Quality", _QUALITY),
    ("Confidence", _CONFIDENCE),
    ("Cost", "US dollars, of the calls whose price is known. Cost a success counts what failed calls cost, too."),
)
"""Each term, and what it means."""
