"""Which requests are calls to a model, and who reads their answers: the one list of it in the product."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from augury.capture.anthropic import MessagesReader
from augury.capture.openai import ChatReader, EmbeddingsReader, ResponsesReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from augury.capture.answers import AnswerReader

_REMEMBERED = 256
_READERS: tuple[tuple[str, Callable[[], AnswerReader]], ...] = (
    ("/chat/completions", ChatReader),
    ("/completions", lambda: ChatReader("text_completion")),
    ("/responses", ResponsesReader),
    ("/v1/messages", MessagesReader),  # OpenAI's threads have messages too, which are no calls
    ("/embeddings", EmbeddingsReader),
)


def reader_for(path: str) -> AnswerReader | None:
    """The reader of what is answered to a POST to this path; None where that is no call to a model.

    Counting tokens, listing models, fetching a stored answer, or filing a batch is none.
    """
    made = _reader(path)
    return None if made is None else made()


def is_call(path: str) -> bool:
    """Whether a POST to this path is a call to a model."""
    return _reader(path) is not None


@lru_cache(maxsize=_REMEMBERED)
def _reader(path: str) -> Callable[[], AnswerReader] | None:
    bare = path.partition("?")[0].rstrip("/")
    return next((reader for end, reader in _READERS if bare.endswith(end)), None)
