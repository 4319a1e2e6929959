"""What a translation must know of the model that it is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from augury.recommend.catalogue import CatalogueModel

MOST_TOKENS: Final = 8_192
"""The longest answer of a model that nothing is known of, where a request must say one and its caller did not."""

_SAMPLED: Final = re.compile(r"claude-(?:[123]|instant)|claude-(?:opus|sonnet)-4(?:-[0-6])?$|claude-haiku-4(?:-5)?$")
"""Claude models that still take temperature and top_p: Opus and Sonnet to 4.6, Haiku to 4.5. Later ones answer 400."""

_PLAIN: Final = re.compile(r"o\d|gpt-5(?:-(?:mini|nano|pro))?$")
"""OpenAI's models that think before every answer, and take temperature and top_p at 1 only."""

_WITHOUT_EFFORT: Final = re.compile(
    r"claude-(?:[123]|instant)|claude-opus-4(?:-[01])?$|claude-sonnet-4(?:-[05])?$|claude-haiku-4"
)
"""Claude models without `output_config.effort`: those before Opus 4.5 and Sonnet 4.6, and Haiku 4.5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """The model that a request goes to."""

    model: str  # as its provider calls it
    max_output: int | None = None  # tokens of its longest answer; None: not known
    samples: bool = True  # takes temperature and top_p
    effort: bool = True  # can be told how long to think
    json_schema: bool = True  # keeps to a schema
    openai: bool = (
        True  # served by OpenAI itself, which has newer names for some fields than servers that speak like it
    )

    @classmethod
    def of(cls, model: str, *, name: str, provider: str, known: CatalogueModel | None) -> Traits:
        """What is known of a model.

        Args:
            model: as its provider calls it.
            name: canonical; see `augury.models.resolve`.
            provider: who serves it.
            known: its entry in the catalogue, where it has one.
        """
        return cls(
            model=model,
            max_output=known.max_output if known else None,
            samples=bool(_SAMPLED.match(name)) if name.startswith("claude") else not _PLAIN.match(name),
            effort=(known is None or known.reasoning) and not _WITHOUT_EFFORT.match(name),
            json_schema=known is None or known.json_schema,
            openai=provider in ("openai", "azure.ai.openai"),
        )
