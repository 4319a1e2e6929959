"""One request, asked in one API's words of a model that speaks another's, and the way back for whatever is answered."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from augury.errors import TranslationError
from augury.gateway.translation import reading, stream
from augury.gateway.translation.answers import chat_answer, messages_answer
from augury.gateway.translation.chat_request import chat_request
from augury.gateway.translation.chunks import Chunks
from augury.gateway.translation.failures import to_anthropic, to_openai
from augury.gateway.translation.ledger import Ledger
from augury.gateway.translation.message_events import MessageEvents
from augury.gateway.translation.messages_request import messages_request
from augury.gateway.translation.responses import ResponseEvents, responses_answer
from augury.gateway.translation.responses_request import chat_from_responses, expendable_in_chat, original

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from augury.gateway.translation.stream import Machine
    from augury.gateway.translation.traits import Traits

ANTHROPIC_VERSION: Final = "2023-06-01"
"""The `anthropic-version` to send translated requests with: later ones take no temperature of any model."""


_PLACE: Final = re.compile(r"\[\d+\]")
_MOST_TOLD: Final = 20


class Shape(StrEnum):
    """The APIs whose words are known."""

    CHAT = "chat"  # POST /v1/chat/completions
    RESPONSES = "responses"  # POST /v1/responses
    MESSAGES = "messages"  # POST /v1/messages


TRANSLATED: Final = frozenset(
    {
        (Shape.CHAT, Shape.MESSAGES),
        (Shape.MESSAGES, Shape.CHAT),
        (Shape.RESPONSES, Shape.MESSAGES),
        (Shape.RESPONSES, Shape.CHAT),
    }
)
"""Which can be asked of which: (the caller's, the model's)."""


class Translation:
    """A request in the model's words, and what turns its answer into the caller's. Does no I/O.

    Attributes:
        body: what to send to the model.
        left_out: fields of the request that are not sent, and why.
    """

    def __init__(
        self,
        request: Mapping[str, Any],
        *,
        asked: Shape,
        spoken: Shape,
        traits: Traits,
        created: int,
        expendable: Collection[str] = (),
    ) -> None:
        """Translate a request.

        Args:
            request: the caller's body; it is not changed.
            asked: the API whose words it is in.
            spoken: the API that the model speaks.
            traits: what is known of the model.
            created: now, in seconds since 1970.
            expendable: fields that may be left out although that changes the answer, such as `temperature`.

        Raises:
            TranslationError: a field has no translation, or is not what it must be.
        """
        if (asked, spoken) not in TRANSLATED:
            raise ValueError(f"{asked} is not asked of a model that speaks {spoken}")
        self._asked, self._spoken = asked, spoken
        self._request = request
        self._created = created
        ledger = Ledger(expendable if asked is not Shape.RESPONSES else expendable_in_chat(expendable))
        if asked is Shape.MESSAGES:
            self.body = chat_request(request, traits, ledger)
        elif asked is Shape.CHAT:
            self.body = messages_request(request, traits, ledger)
        else:
            self.body = _from_responses(request, spoken, traits, ledger)
        self.left_out = ledger.left_out

    @property
    def fields_left_out(self) -> list[str]:
        """Which fields were left out, each named once wherever in lists it stood; the first twenty."""
        return list(dict.fromkeys(_PLACE.sub("", field) for field in self.left_out))[:_MOST_TOLD]

    def answer(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The model's answer in the caller's words.

        Raises:
            TranslationError: it is none, or says what the caller's API has no words for.
        """
        if self._asked is Shape.MESSAGES:
            return messages_answer(body)
        completion = dict(body) if self._spoken is Shape.CHAT else chat_answer(body, self._created)
        return completion if self._asked is Shape.CHAT else responses_answer(completion, self._request, self._created)

    def stream(self) -> stream.Stream:
        """What turns the model's stream into one in the caller's words."""
        if self._asked is Shape.MESSAGES:
            return stream.Stream([MessageEvents()], stream.as_event)
        if self._asked is Shape.CHAT:
            usage = reading.part(self._request.get("stream_options")).get("include_usage") is True
            return stream.Stream([Chunks(self._created, usage=usage)], stream.as_chunk, b"data: [DONE]\n\n")
        machines: list[Machine] = [ResponseEvents(self._request, self._created)]
        if self._spoken is Shape.MESSAGES:
            machines.insert(0, Chunks(self._created, usage=True))
        return stream.Stream(machines, stream.as_response_event)

    def failure(self, status: int, body: bytes) -> tuple[int, dict[str, Any]]:
        """An error of the provider's, status and body, in the caller's words."""
        if self._asked is Shape.MESSAGES:
            return to_anthropic(status, body)
        return to_openai(status, body)


def _from_responses(request: Mapping[str, Any], spoken: Shape, traits: Traits, ledger: Ledger) -> dict[str, Any]:
    try:
        asked = chat_from_responses(request, ledger)
        if spoken is Shape.MESSAGES:
            return messages_request(asked, traits, ledger)
    except TranslationError as error:
        raise TranslationError(original(error.field), error.expected, told=error.came) from None
    limit = asked.pop("max_completion_tokens", None)
    if limit is not None:
        asked["max_completion_tokens" if traits.openai else "max_tokens"] = limit
    return asked | {"model": traits.model}
