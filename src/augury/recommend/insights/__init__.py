"""What the evidence says that is worth a sentence: who is faster, better liked, cheaper, and what goes badly. Pure.

Models are compared at the same mix: for a task type within its complexities, for a complexity within its task types, so
that nobody shines by being given the easy calls. Every sentence that could be said is tested, and Holm's procedure keeps
the chance that any of those said is a mere accident at 5 %, however many were tried; of what is left, only differences
that matter are said. Rates are tested exactly, because a handful of calls is where accidents look like findings.

`table` is the evidence as arrays; `chances` are the tests, and `rates` compares two shares by them; `shortfalls` and
`comparisons` are the sentences that could be said, each a `statement`, in the parts of speech of `words`; `choosing` says
those that hold and matter most.
"""

from augury.recommend.insights.choosing import MOST, insights

__all__ = ["MOST", "insights"]
