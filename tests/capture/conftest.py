"""A provider to call, and what is recorded of the calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.capture.observing import Rows
from tests.provider import Provider

import augury
from augury.capture import recorder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(name="provider")
def running() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture(name="rows")
def observed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Rows]:
    """The official clients are observed, and mistakes of ours are raised."""
    rows = Rows()

    def record(fields: dict[str, Any], **_: Any) -> bool:
        rows.append(fields)
        return True

    monkeypatch.setattr(recorder, "record", record)
    monkeypatch.setenv("AUGURY_RAISE", "1")
    monkeypatch.setenv("AUGURY_DATA_DIR", str(tmp_path))
    augury.configure()
    augury.instrument(stream_usage=True)
    yield rows
    augury.uninstrument()
    monkeypatch.delenv("AUGURY_RAISE")
    augury.configure()
