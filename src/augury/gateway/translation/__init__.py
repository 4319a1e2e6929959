"""Between OpenAI's words and Anthropic's. Pure: mappings and bytes in, mappings and bytes out.

    translation = Translation(body, asked=Shape.CHAT, spoken=Shape.MESSAGES, traits=traits, created=now)
    translation.body, translation.left_out     # to send, and what was not
    translation.answer(whole)                  # or, piece by piece:
    stream = translation.stream()              # stream.feed(piece) …, and at last, or when it breaks, stream.end()
    translation.failure(status, body)          # an error of the provider's

Chat completions are the words in the middle: responses become them first, and are made of them last. Whatever has no
translation is refused by the name of its field (`augury.errors.TranslationError`), unless it changes nothing: each such field
stands in a table, with the reason (`_HARMLESS` and `_NEUTRAL` of the three requests).
"""

from augury.gateway.translation.failures import anthropic_error, openai_error
from augury.gateway.translation.traits import Traits
from augury.gateway.translation.translation import ANTHROPIC_VERSION, TRANSLATED, Shape, Translation

__all__ = ["ANTHROPIC_VERSION", "TRANSLATED", "Shape", "Traits", "Translation", "anthropic_error", "openai_error"]
