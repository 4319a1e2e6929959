"""The library as an application has it: unconfigured, with a data folder of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import augury

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The data folder."""
    for variable in ("AUGURY_DATABASE", "AUGURY_RAISE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AUGURY_URL", "http://127.0.0.1:9")  # where nobody listens
    folder = tmp_path / "data"
    monkeypatch.setenv("AUGURY_DATA_DIR", str(folder))
    augury.configure()
    yield folder
    augury.configure()
