"""Money: exact US dollars, counted in steps of 1e-10 where sums must add up to the digit."""

from decimal import Decimal

STEPS_PER_DOLLAR = 10**10


def dollars(steps: int) -> Decimal:
    """That many steps of 1e-10 dollars, as dollars; exact whatever the number."""
    return Decimal(steps).scaleb(-10)
