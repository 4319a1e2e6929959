from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.provider import Provider

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as running:
        yield running
