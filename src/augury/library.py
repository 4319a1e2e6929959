"""What an application does with Augury in its own process: record calls, say how they turned out, ask which model to take."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import UUID

from augury.capture import recorder
from augury.capture.failures import error_type_of
from augury.core import ids
from augury.core.feedback import Feedback, Outcome
from augury.errors import AuguryError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType
    from typing import Self

    from augury.analytics.answers import Recommendation
    from augury.capture.records import RecordReader
    from augury.classify import Attachment
    from augury.client import RemoteArchive
    from augury.core.tasks import Complexity, Priority, TaskType
    from augury.recommend.snapshot import Snapshot
    from augury.store.protocol import Store


class _Destination:
    """Where this process's calls go: opened when the first one is recorded."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._url: str | None = None
        self._database: str | None = None
        self._archive: RemoteArchive | Store | None = None
        self._reader: RecordReader | None = None
        self._adviser: RemoteArchive | Snapshot | None = None

    def choose(self, *, url: str | None, database: str | None) -> None:
        with self._lock:
            if self._archive is not None:
                self._archive.close()
            self._archive = self._reader = self._adviser = None
            self._url, self._database = url, database

    def open(self) -> tuple[RemoteArchive | Store, RecordReader]:
        """The archive, and who reads records for it: a server looks prices up itself, so we need not.

        Raises:
            AuguryError: it cannot be opened.
        """
        from augury.capture.records import RecordReader  # noqa: PLC0415 - an application that records nothing loads nothing
        from augury.client import RemoteArchive  # noqa: PLC0415
        from augury.settings import DEFAULT_PORT, Settings  # noqa: PLC0415
        from augury.wiring import archive_of, prices_of  # noqa: PLC0415

        with self._lock:
            if self._archive is None or self._reader is None:
                settings = Settings.read(database=self._database, url=self._url)
                if self._url is None and settings.database is not None:
                    self._archive, self._reader = archive_of(settings), RecordReader(prices_of(settings))
                else:
                    self._archive = RemoteArchive(settings.url or f"http://127.0.0.1:{DEFAULT_PORT}")
                    self._reader = RecordReader(None)
            return self._archive, self._reader

    def adviser(self) -> RemoteArchive | Snapshot:
        """Who recommends: the server, or the calls in the database themselves.

        Raises:
            AuguryError: it cannot be opened.
        """
        from augury.client import RemoteArchive  # noqa: PLC0415 - as in `open`
        from augury.recommend.snapshot import Snapshot  # noqa: PLC0415

        archive, _ = self.open()
        with self._lock:
            if self._adviser is None:
                self._adviser = archive if isinstance(archive, RemoteArchive) else Snapshot(archive, _now)
            return self._adviser


def _now() -> datetime:
    return datetime.now(UTC)


_destination = _Destination()
recorder.deliver_to(_destination.open)


def configure(*, url: str | None = None, database: str | None = None) -> None:
    """Choose where this process's calls go: to a server, or straight into a database.

    Without it, they go where AUGURY_DATABASE or AUGURY_URL say, else to http://127.0.0.1:8765.

    Args:
        url: the address of a server, such as "http://127.0.0.1:8765".
        database: a database's URL, such as "duckdb:///calls.duckdb"; where a server owns it, the server is asked.

    Raises:
        SettingsError: both are given.
    """
    if url is not None and database is not None:
        raise SettingsError("configure takes a url or a database, not both")
    _destination.choose(url=url, database=database)


class track:  # noqa: N801 - used as a verb: with augury.track(...) as call
    """Record one call to a model: what happens between `with` and its end.

        with augury.track(model="gpt-4o", task_type="coding") as call:
            answer = client.chat.completions.create(...)
            call.tokens(input=answer.usage.prompt_tokens, output=answer.usage.completion_tokens)

    An error that leaves the block makes the call a failed one, and goes on its way; of its text nothing is kept but its
    type, since it may quote a prompt. Recording itself never raises and never changes what the block does.

    Attributes:
        id: the call's id.
        message_id: what to rate it by, later.
        recorded: whether the call is safe; known when the block has ended.
    """

    def __init__(self, model: str, **fields: Any) -> None:
        """Say what is known beforehand.

        Args:
            model: the model's name, in any spelling.
            fields: any other field of `model_performance_metrics`, such as task_type, task_complexity, provider,
                conversation_id, user_id, message_id, segment, metadata.
        """
        self.id = ids.uuid7()
        self._fields: dict[str, Any] = {"id": self.id, "message_id": str(ids.uuid7()), **fields, "model": model}
        self.message_id = str(self._fields["message_id"])
        self.recorded = False
        self._began = 0

    def tokens(
        self,
        *,
        input: int | None = None,  # noqa: A002 - the word of the field
        output: int | None = None,
        cached_input: int | None = None,
        cache_write: int | None = None,
        reasoning: int | None = None,
    ) -> None:
        """Say how many tokens went in (cached ones too) and came out (reasoning too)."""
        given = {
            "input_tokens": input,
            "output_tokens": output,
            "cached_input_tokens": cached_input,
            "cache_write_tokens": cache_write,
            "reasoning_tokens": reasoning,
        }
        self.set(**{name: value for name, value in given.items() if value is not None})

    def first_token(self) -> None:
        """Say that the answer has begun to arrive."""
        self._fields.setdefault("time_to_first_token_ms", self._elapsed_ms())

    def fail(self, error_type: str = "other", message: str | None = None) -> None:
        """Say that the call failed although no error leaves the block; `message` must not quote a prompt."""
        self.set(success=False, error_type=error_type, error_message=message)

    def set(self, **fields: Any) -> None:
        """Give any field of `model_performance_metrics` a value; the last one counts."""
        self._fields.update(fields)

    def __enter__(self) -> Self:
        self._began = time.perf_counter_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._fields.setdefault("response_time_ms", self._elapsed_ms())
        if error is not None:
            self.set(success=False, error_type=error_type_of(error), error_message=type(error).__name__)
        self.recorded = recorder.record(self._fields)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._fields.setdefault("response_time_ms", self._elapsed_ms())
        await asyncio.shield(asyncio.to_thread(self.__exit__, kind, error, trace))

    def _elapsed_ms(self) -> int:
        return round((time.perf_counter_ns() - self._began) / 1e6)


def feedback(
    *,
    rating: int,
    message_id: str | UUID | None = None,
    conversation_id: str | None = None,
    success: bool | None = None,
) -> None:
    """Rate a message, or a conversation's latest one.

    Args:
        rating: 1 is a thumb up, -1 a thumb down, 0 takes a rating back.
        message_id: the message; it goes before the conversation.
        conversation_id: the conversation.
        success: whether the task was done, where that is known too.

    Raises:
        InvalidValue: the rating is no rating, or both ids are missing.
        NotFound: there is no such message or conversation.
        AuguryError: the rating cannot be delivered.
    """
    archive, _ = _destination.open()
    archive.rate(
        Feedback(rating=rating, message_id=_message(message_id), conversation_id=conversation_id, success=success)
    )


def outcome(*, message_id: str | UUID, success: bool, reason: str | None = None) -> None:
    """Say whether a message did its task, as you found out later: an answer in time is not yet a good one.

    Raises:
        NotFound: there is no such message.
        AuguryError: the outcome cannot be delivered.
    """
    archive, _ = _destination.open()
    message = _message(message_id)
    if message is None:
        raise AuguryError("outcome needs a message_id")
    archive.report(Outcome(message_id=message, success=success, reason=reason))


def _message(message_id: str | UUID | None) -> UUID | None:
    if message_id is None or isinstance(message_id, UUID):
        return message_id
    return ids.as_uuid(str(message_id).strip(), ids.MESSAGES)


def recommend(
    *,
    task_type: TaskType | str | None = None,
    priority: Priority | str | None = None,
    message_content: str | None = None,
    has_code_content: bool | None = None,
    attachments: Iterable[str | Mapping[str, Any] | Attachment] | None = None,
    tools: Iterable[str | Mapping[str, Any]] | None = None,
    complexity: Complexity | str | None = None,
    segment: str | None = None,
    allowed_models: Iterable[str] | None = None,
) -> Recommendation:
    """The best model for a task, and why: from the calls where this process's own go, or by rules where they are too few.

    Everything may be left out; what is missing is classified from the rest. Nothing of it is stored. A server is asked over
    HTTP; calls in a database are read here, once, and again when others have been recorded.

    Args:
        task_type: the kind of task, such as "coding".
        priority: what matters most: "speed", "quality", "cost", or "balanced", which is the default.
        message_content: the prompt.
        has_code_content: whether there is code in it, where the caller knows.
        attachments: names of files, media types, or mappings with `name`, `mediaType`, `size`.
        tools: names of tools, or their definitions as OpenAI or Anthropic take them.
        complexity: "simple", "medium", or "complex".
        segment: the user segment; not used yet.
        allowed_models: only these, in any spelling.

    Raises:
        InvalidValue: a field is not what it must be, or none of the allowed models may be used.
        AuguryError: the server, or the database, cannot be asked.
    """
    from augury.client import RemoteArchive  # noqa: PLC0415 - as in _Destination.open
    from augury.core.tasks import Priority  # noqa: PLC0415
    from augury.recommend.context import TaskContext, chosen  # noqa: PLC0415

    context = TaskContext(
        message_content=message_content,
        has_code_content=has_code_content,
        attachments=attachments,
        tools=tools,
        task_type=task_type,
        complexity=complexity,
        segment=segment,
        allowed_models=allowed_models,
    )
    wanted = chosen(Priority, "priority", priority)
    adviser = _destination.adviser()
    if isinstance(adviser, RemoteArchive):
        from pydantic import TypeAdapter  # noqa: PLC0415 - only an answer from elsewhere has to be read

        from augury.analytics.answers import Recommendation  # noqa: PLC0415

        asked = context.to_json() | ({} if wanted is None else {"priority": wanted})
        (answer,) = adviser.recommend([asked])
        return TypeAdapter(Recommendation).validate_python(answer)
    return adviser.recommender().get_model_recommendation(context, wanted)
