"""A number of questions divided over places, exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence

from synthnb.errors import OptionError, shown

__all__ = ["allot"]


def allot(total: int, weights: Sequence[float]) -> list[int]:
    """Divide a total over places in proportion to their weights, by largest remainder; of equal ones the earlier first.

    The parts are whole, add up to the total, and each differs from its exact share by less than 1.

    Examples
    --------
    >>> allot(7, [1, 1, 2])
    [2, 2, 3]
    >>> allot(2, [5, 1, 3])
    [1, 0, 1]

    Raises
    ------
    OptionError
        There is something to divide and no weight is above 0, or one is negative.
    """
    whole = math.fsum(weights)
    if any(not 0 <= weight < math.inf for weight in weights) or (total and not whole > 0):
        raise OptionError(
            f"Weights must be numbers from 0 on, at least one of them above 0; got {shown(list(weights))}.", fix="Correct them."
        )
    if not total:
        return [0] * len(weights)
    exact = [total * weight / whole for weight in weights]
    parts = [math.floor(share) for share in exact]
    order = sorted(range(len(weights)), key=lambda place: (parts[place] - exact[place], place))
    for place in order[: total - sum(parts)]:
        parts[place] += 1
    return parts
