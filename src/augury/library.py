"""What an application does with Augury in its own process: record calls, say how they turned out, ask which model to take."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import UUID

from augury.capture import recorder
from augury.capture.recorder import FLUSH_S, Counters, Way, counters
from augury.capture.tracking import current_call, track
from augury.core import ids
from augury.core.feedback import Feedback
from augury.core.rules import MESSAGE_CHARACTERS, NAME_CHARACTERS
from augury.errors import InvalidValue, SettingsError
from augury.store.urls import whole_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from augury.analytics.answers import Recommendation
    from augury.capture.carrying import Destination
    from augury.classify import Attachment
    from augury.client import RemoteArchive
    from augury.core.tasks import Complexity, Priority, TaskType
    from augury.recommend.snapshot import Snapshot
    from augury.settings import Settings
    from augury.store.protocol import Store
    from augury.wiring import SharedDatabase

__all__ = ["Counters", "configure", "counters", "current_call", "feedback", "flush", "outcome", "recommend", "track"]

_SERVER_EXIT_S, _DATABASE_EXIT_S = 2.0, 30.0
"""How long the end of the process may wait: for another process, or for its own work."""


class _Home:
    """Where this process's calls go, and who advises it: opened when it is needed."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._url: str | None = None
        self._database: str | None = None
        self._key: str | None = None
        self._settings: Settings | None = None
        self._shared: SharedDatabase | None = None
        self._remote: RemoteArchive | None = None
        self._adviser: tuple[RemoteArchive | Store, RemoteArchive | Snapshot] | None = None

    def choose(self, *, url: str | None, database: str | None, key: str | None) -> None:
        self.rest()
        recorder.deliver_to(self.way)  # what is on its way has a moment to arrive
        with self._lock:
            remote, self._remote = self._remote, None
            self._settings = self._shared = None
            self._url, self._database, self._key = url, database, key
        if remote is not None:
            remote.close()

    def follow(self, other: _Home) -> None:
        """Choose as another has."""
        self._url, self._database = other._url, other._database

    def way(self) -> Way:
        """Where calls go.

        Raises:
            SettingsError: a setting cannot be used.
        """
        from augury.capture.sending import name_of  # noqa: PLC0415 - who records nothing loads nothing
        from augury.settings import DEFAULT_URL  # noqa: PLC0415

        with self._lock:
            settings = self._read()
        named = settings.database
        return Way(
            data_dir=settings.data_dir,
            destination=name_of(settings.url or DEFAULT_URL, settings.key) if named is None else whole_name(named),
            limit=settings.outbox_mib * 2**20,
            raises=settings.raise_errors,
            exit_s=_SERVER_EXIT_S if named is None else _DATABASE_EXIT_S,
            open=lambda: self._destination(settings),
        )

    def _read(self) -> Settings:
        from augury.settings import Settings  # noqa: PLC0415 - as in `way`

        if self._settings is None:
            settings = Settings.read(database=self._database, url=self._url, key=self._key)
            # What the program says goes before its environment.
            self._settings = settings if self._url is None else replace(settings, database=None)
        return self._settings

    def _destination(self, settings: Settings) -> Destination:
        """What takes calls; a server is reached without loading what it takes to open a database."""
        from augury.capture.sending import ServerDestination  # noqa: PLC0415 - as in `way`
        from augury.settings import DEFAULT_URL  # noqa: PLC0415

        if settings.database is None:
            return ServerDestination(settings.url or DEFAULT_URL, settings.key)
        with self._lock:
            return self._share(settings)

    def _share(self, settings: Settings) -> SharedDatabase:
        from augury.wiring import SharedDatabase  # noqa: PLC0415 - a second, for which who only records need not wait

        if self._shared is None or self._shared.settings is not settings:
            self._shared = SharedDatabase(settings)
        return self._shared

    def adviser(self) -> RemoteArchive | Snapshot:
        """Who recommends: the server, or the calls in the database themselves, which stays open for it.

        Raises:
            AuguryError: it cannot be opened.
        """
        from augury.client import RemoteArchive  # noqa: PLC0415 - as in `way`
        from augury.recommend.snapshot import Snapshot  # noqa: PLC0415
        from augury.settings import DEFAULT_URL  # noqa: PLC0415

        with self._lock:
            settings = self._read()
            if settings.database is None:
                if self._remote is None:
                    self._remote = RemoteArchive(settings.url or DEFAULT_URL, settings.key)
                return self._remote
            archive = self._share(settings).lend()
            if self._adviser is None or self._adviser[0] is not archive:
                adviser = archive if isinstance(archive, RemoteArchive) else Snapshot(archive, _now)
                self._adviser = archive, adviser
            return self._adviser[1]

    def rest(self) -> None:
        """Give the database back, so that others may open it."""
        with self._lock:
            self._adviser = None
            shared = self._shared
        if shared is not None:
            shared.take_back()


def _now() -> datetime:
    return datetime.now(UTC)


_home = _Home()
recorder.deliver_to(_home.way)
_left: list[_Home] = []  # of parent processes: not even deleted here, since that would end what they have open


def _forked() -> None:
    global _home
    parent, _home = _home, _Home()
    _left.append(parent)
    _home.follow(parent)
    recorder.deliver_to(_home.way)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def configure(*, url: str | None = None, database: str | None = None, api_key: str | None = None) -> None:
    """Choose where this process's calls go: to a server, or straight into a database.

    Without it, they go where AUGURY_DATABASE or AUGURY_URL say, else to http://127.0.0.1:8765. What has been recorded before
    has a moment to arrive where it was to go, and stays in its journal otherwise.

    Args:
        url: the address of a server, such as "http://127.0.0.1:8765".
        database: a database's URL, such as "duckdb:///calls.duckdb"; where a server owns it, the server is asked.
        api_key: what the server is shown, as `augury keys create --scope ingest --scope read` made it; without it, AUGURY_KEY.

    Raises:
        SettingsError: a url and a database are given, or the key has not the form of one.
    """
    if url is not None and database is not None:
        raise SettingsError("configure takes a url or a database, not both")
    if api_key is not None:
        from augury.settings import Settings  # noqa: PLC0415 - as in `_Home.way`

        Settings.read({}, key=api_key)
    _home.choose(url=url, database=database, key=api_key)
    if (
        url is not None or database is not None
    ):  # so that the first call, maybe on an event loop, need not wait for modules
        import augury.capture.sending  # noqa: PLC0415
        import augury.settings  # noqa: F401, PLC0415

        recorder.prepare()


def flush(timeout: float = FLUSH_S) -> bool:
    """Wait until everything recorded in this process is confirmed, feedback and outcomes too; whether it is.

    A database that this process owns is closed then, and opened again when it is needed: others may open it meanwhile.

    Args:
        timeout: how many seconds to wait at the most.
    """
    done = recorder.flush(timeout)
    _home.rest()
    return done


def feedback(
    *,
    rating: int,
    message_id: str | UUID | None = None,
    conversation_id: str | None = None,
    success: bool | None = None,
) -> bool:
    """Rate a message, or a conversation's latest one. It travels behind its call; whether it is safe on its way.

    What is said of a message that nobody knows, a minute later, becomes a dead letter; `augury doctor` tells of it.

    Args:
        rating: 1 is a thumb up, -1 a thumb down, 0 takes a rating back.
        message_id: the message; it goes before the conversation.
        conversation_id: the conversation.
        success: whether the task was done, where that is known too.

    Raises:
        InvalidValue: the rating is no rating, both ids are missing, or one is no id.
    """
    message, conversation = _text("messageId", message_id), _text("conversationId", conversation_id)
    Feedback(  # which says what is wrong
        rating=rating,
        message_id=None if message is None else ids.as_uuid(message, ids.MESSAGES),
        conversation_id=conversation,
    )
    body: dict[str, Any] = {"rating": rating}
    if message is not None:
        body["messageId"] = message
    elif conversation is not None:
        body["conversationId"] = conversation
    if success is not None:
        body["success"] = _truth(success)
    return recorder.say("feedback", body)


def outcome(*, message_id: str | UUID, success: bool, reason: str | None = None) -> bool:
    """Say whether a message did its task, as you found out later: an answer in time is not yet a good one.

    It travels behind its call, as feedback does; whether it is safe on its way.

    Raises:
        InvalidValue: the message is no id, or `success` is neither True nor False.
    """
    message = _text("messageId", message_id)
    if message is None:
        raise InvalidValue("messageId", "the id of a message")
    body: dict[str, Any] = {"messageId": message, "success": _truth(success)}
    if reason is not None:
        body["reason"] = str(reason).replace("\0", "").encode("utf-8", "replace").decode()[:MESSAGE_CHARACTERS]
    return recorder.say("outcome", body)


def _text(field: str, given: object) -> str | None:
    """An id as text.

    Raises:
        InvalidValue: it is none.
    """
    if given is None:
        return None
    text = str(given).strip() if isinstance(given, str | UUID | int) and not isinstance(given, bool) else ""
    if not text or len(text) > NAME_CHARACTERS or not text.isprintable():
        raise InvalidValue(field, f"a UUID, or text of at most {NAME_CHARACTERS} characters", given)
    return text


def _truth(given: object) -> bool:
    if not isinstance(given, bool):
        raise InvalidValue("success", "True or False", given)
    return given


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
    from augury.client import RemoteArchive  # noqa: PLC0415 - as in `_Home.way`
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
    adviser = _home.adviser()
    if isinstance(adviser, RemoteArchive):
        from pydantic import TypeAdapter  # noqa: PLC0415 - only an answer from elsewhere has to be read

        from augury.analytics.answers import Recommendation  # noqa: PLC0415

        asked = context.to_json() | ({} if wanted is None else {"priority": wanted})
        (answer,) = adviser.recommend([asked])
        return TypeAdapter(Recommendation).validate_python(answer)
    return adviser.recommender().get_model_recommendation(context, wanted)
