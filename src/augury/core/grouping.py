"""Groups by number: the distinct codes that rows have, and which of them each row has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DENSE = 4 << 20  # so many cells are counted one by one, which is many times faster than sorting what falls into them


def numbered(codes: NDArray[np.int64], cells: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct codes below `cells`, ascending, and for each code its place among them."""
    if cells > _DENSE:
        return np.unique(codes, return_inverse=True)
    there = np.zeros(cells, dtype=np.bool_)
    there[codes] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[codes]
