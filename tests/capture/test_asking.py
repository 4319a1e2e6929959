"""What a request is about is the same however often it is asked, and whatever was asked before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from augury.capture import asking
from augury.capture.asking import classified
from augury.classify import Attachment, classify

if TYPE_CHECKING:
    import pytest

    from augury.classify import Classification

FIX = "Please fix this function so that it also handles empty lists: def f(a): return a[0]"
POEM = "Write a short poem about the sea."
TUTOR = "You are a tutor of mathematics who proves every step."


def _body(message: str, *, system: str | None = None, tools: int = 0, picture: bool = False) -> dict[str, Any]:
    parts = [{"type": "text", "text": message}, {"type": "image_url", "image_url": {"url": "data:"}}]
    return {
        "messages": [
            *([{"role": "system", "content": system}] if system else []),
            {"role": "user", "content": parts if picture else message},
            {"role": "assistant", "content": "One moment."},
            {"role": "tool", "content": "done"},
        ],
        "tools": [{}] * tools,
    }


def test_what_was_found_before_changes_nothing() -> None:
    for _ in range(3):
        for message in (FIX, POEM, FIX + " ", "x" * 20_000, "x" * 20_001):
            for system in (None, TUTOR, TUTOR * 50):
                for tools in (0, 1, 12):
                    body = _body(message, system=system, tools=tools)
                    assert classified(body) == classify(message, system=system, tools=tools)
        assert classified(_body(POEM, picture=True)) == classify(POEM, attachments=[Attachment(media_type="image/*")])
        assert classified({"messages": []}) == classify(None)


def test_an_agents_message_is_looked_at_once_and_not_remembered_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str | None] = []

    def counted(message: str | None, **more: Any) -> Classification:
        looked_at.append(message)
        return classify(message, **more)

    monkeypatch.setattr(asking, "classify", counted)
    agents = "What comes next?"
    for _ in range(3):
        classified(_body(agents))
    assert looked_at == [agents]
    for number in range(1_000):
        classified(_body(f"What is {number}?"))
    classified(_body(agents))
    assert looked_at.count(agents) == 2
