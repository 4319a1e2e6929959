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
    for variable in ("AUGURY_DATABASE", "AUGURY_URL", "AUGURY_RAISE"):
        monkeypatch.delenv(variable, raising=False)
    folder = tmp_path / "data"
    monkeypatch.setenv("AUGURY_DATA_DIR", str(folder))
    augury.configure()
    yield folder
    augury.configure()
