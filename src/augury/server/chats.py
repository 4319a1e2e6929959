"""What `/api/chat` takes and answers."""

from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from augury.core.calls import SelectedBy
from augury.core.rules import NAME_CHARACTERS
from augury.core.tasks import Complexity, Priority, TaskType
from augury.server.payloads import Id, Payload

MOST_CHARACTERS = 1_000_000  # of a message, of the system's words, and of a whole history
MOST_HISTORY = 200  # messages
MOST_TOKENS = 1_000_000

_Text = Annotated[str, StringConstraints(max_length=MOST_CHARACTERS)]


class ChatMessage(Payload):
    """A message of the conversation so far."""

    role: Literal["user", "assistant"]
    text: Annotated[str, StringConstraints(min_length=1, max_length=MOST_CHARACTERS), Field(alias="content")]


class ChatBody(Payload):
    """A message, and how to answer it. Only `message` is required."""

    message: Annotated[_Text, Field(description="what is asked")]
    conversation_id: Annotated[Id | None, Field(description="left out: a new one")] = None
    model: Annotated[
        Annotated[str, StringConstraints(min_length=1, max_length=NAME_CHARACTERS)] | None,
        Field(description="a model's name; left out: the best one for the message"),
    ] = None
    priority: Annotated[Priority | None, Field(description="what matters most where no model is named")] = None
    user_id: Annotated[Id | None, Field(description="who asks; recorded as a UUID made of it")] = None
    stream: Annotated[StrictBool, Field(description="answer with server-sent events")] = False
    system: Annotated[_Text | None, Field(description="the system prompt")] = None
    history: Annotated[
        tuple[ChatMessage, ...],
        Field(max_length=MOST_HISTORY, description="what was said before; replaces what is remembered"),
    ] = ()
    remember: Annotated[
        StrictBool,
        Field(description="keep the conversation in the server's memory, for half an hour after its last message"),
    ] = False
    max_tokens: Annotated[int | None, Field(ge=1, le=MOST_TOKENS, strict=True, description="of the answer")] = None
    task_type: Annotated[TaskType | None, Field(description="left out: told by the message")] = None
    complexity: Annotated[Complexity | None, Field(description="left out: told by the message")] = None
    segment: Annotated[Id | None, Field(description="the user's segment")] = None

    @field_validator("message")
    @classmethod
    def _says_something(cls, text: str) -> str:
        if not text.strip():
            raise PydanticCustomError("string_too_short", "empty")
        return text

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if sum(len(one.text) for one in self.history) > MOST_CHARACTERS:
            raise PydanticCustomError("parameter", "{expected}", _TOO_LONG)
        return self


_TOO_LONG = {
    "name": "history", "expected": f"at most {MOST_CHARACTERS:,} characters in all", "allowed": [], "came": "more",
}  # fmt: skip


class ChatUsage(Payload):
    """The tokens of an answer: input with the cached, output with the reasoning."""

    input_tokens: int | None
    output_tokens: int | None
    cached_input_tokens: int | None
    reasoning_tokens: int | None


class ChatStart(Payload):
    """Who answers, and why: `source` tells who chose; confidence is 0 where rules did, and null where the caller did."""

    message_id: Annotated[str, Field(description="what to rate")]
    conversation_id: str
    model: str
    display_name: str
    provider: str
    task_type: TaskType | None
    complexity: Complexity | None
    reason: str
    confidence: float | None
    priority: Annotated[Priority | None, Field(description="what the choice went by")]
    source: SelectedBy
    attempts: Annotated[int, Field(description="how often providers were asked")]
    context_messages: Annotated[int, Field(description="how many messages of before went along")]


class ChatFigures(Payload):
    """What an answer took: milliseconds, and US dollars where the price is known."""

    finish_reason: str | None
    usage: ChatUsage | None
    cost_usd: float | None
    response_time_ms: int
    time_to_first_token_ms: int | None


class ChatAnswer(ChatFigures, ChatStart):
    """An answer."""

    message: str


class ChatDelta(Payload):
    """A piece of an answer: the event `delta`."""

    text: str


class ChatEnd(ChatFigures):
    """The event `end`."""

    message_id: str
