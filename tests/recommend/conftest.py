"""Recommenders that have learnt from calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.world import NOW

from augury.recommend.recommender import ModelRecommender
from augury.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.recommend.traffic import Learn

    from augury.core.calls import ModelCall
    from augury.recommend.catalogue import Catalogue
    from augury.store.protocol import Store


@pytest.fixture
def learn(tmp_path: Path) -> Iterator[Learn]:
    """A recommender that has learnt from calls, and nothing else."""
    opened: list[Store] = []

    def learnt(*groups: Sequence[ModelCall], catalogue: Catalogue | None = None) -> ModelRecommender:
        store = open_store(f"duckdb:///{tmp_path / f'{len(opened)}.duckdb'}")
        opened.append(store)
        store.append([call for group in groups for call in group])
        return ModelRecommender.from_store(store, catalogue, now=NOW)

    yield learnt
    for store in opened:
        store.close()
