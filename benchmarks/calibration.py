"""Does what is said come true? Recommendations in made-up worlds, held against the truth behind them.

Three tables: of the answers that said so many percent, how many were right; how often five lucky calls beat five hundred
good ones; and what a recommendation costs against the truly best choice. Seeded; it prints, and never fails.
"""

from __future__ import annotations

import numpy as np
from tests.recommend.judged import BINS, answers, calibration, fooled
from tests.recommend.worlds import REGIMES

from augury.core.tasks import Priority

_RIVALS = (1, 3, 8)


def run(worlds: int) -> None:
    """Print the tables."""
    print(f"\nCalibration and regret, {worlds} worlds each: answers, percent said → percent right, by what was said")
    heads = "".join(f"{f'{low:.0%}-{min(high, 1):.0%}':>18}" for low, high in BINS)
    print(f"{'regime':<17} {'priority':<9}{heads} {'all':>10} {'regret':>7}")
    for name, regime in REGIMES.items():
        for asked in (None, "complex"):
            for priority, given in answers(regime, worlds, asked).items():
                bins = "".join(
                    f"{f'{n:>4}: {100 * said:.0f} → {100 * right:.0f}' if n else '-':>18}"
                    for n, said, right in calibration(given)
                )
                said, right, regret, _ = (100 * float(np.mean(column)) for column in zip(*given, strict=True))
                label = name if asked is None else "  " + asked
                print(f"{label:<17} {priority:<9}{bins} {f'{said:.0f} → {right:.0f}':>10} {regret / 100:>7.3f}")
    print(f"\nFive lucky calls against 485 of 500: the share of {worlds} worlds in which they win")
    print(f"{'rivals':<16}" + "".join(f"{priority:>10}" for priority in Priority))
    for liked in (False, True):
        for rivals in _RIVALS:
            shares = fooled(rivals, worlds, liked=liked)
            label = f"{rivals}, liked" if liked else str(rivals)
            print(f"{label:<16}" + "".join(f"{shares[priority]:>10.1%}" for priority in Priority))
