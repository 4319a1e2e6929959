"""What models are: one name for each, who serves it, how it is shown, and (in `augury.models.prices`) what it costs.

`augury.models.prices` is not imported here: it loads a price list, which takes longer than all the rest.
"""

from augury.models.display import display_name
from augury.models.names import UNKNOWN, ModelName, is_unnamed, resolve

__all__ = ["UNKNOWN", "ModelName", "display_name", "is_unnamed", "resolve"]
