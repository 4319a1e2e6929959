"""Sample traffic: what `augury demo` shows to somebody who has no calls of their own yet.

Everything here is made up, from shapes measured in public data, and is the same each time.
"""

from augury.demo.traffic import sample_calls

__all__ = ["sample_calls"]
