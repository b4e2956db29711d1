"""A column of numbers that has the quantiles of a summary, within the limits that the description states."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from synthnb.recipes.statements.fitting import Fitted

if TYPE_CHECKING:
    from synthnb.recipes.distributions import Source
    from synthnb.recipes.draft import Known
    from synthnb.recipes.statements.fitting import Wanted

__all__ = ["LEVELS", "by_quantiles"]

LEVELS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
"""Of which share of the values each quantile of `Known.quantiles` isn't exceeded."""

_LEAST = 0.02
_CLOSE = 0.05


class _Piece(NamedTuple):
    """Values between two quantiles, as far as they lie within the limits."""

    weight: float
    low: float
    high: float


def by_quantiles(known: Known, wanted: Wanted) -> Fitted | None:
    """Return a normal if it has the quantiles within a twentieth of the spread, else pieces between them, drawn evenly each.

    Parameters
    ----------
    known : Known
        With its quantiles.
    wanted : Wanted
        Whose ``low`` and ``high`` cut them; what remains keeps its proportions.

    Returns
    -------
    Fitted or None
        None where less than 2 % of the summary lies within the limits.
    """
    low, high = wanted.numbers.get("low", -math.inf), wanted.numbers.get("high", math.inf)
    stated = {name for name in ("low", "high") if wanted.sources.get(name) == "user"}
    if not stated and (normal := _normal(known, wanted)) is not None:
        return normal
    half = wanted.step / 2
    a, b = low - half, high + half
    edges = [known.quantiles[0] - half, *known.quantiles[1:-1], known.quantiles[-1] + half]
    pieces = [piece for one in pairwise(zip(LEVELS, edges, strict=True)) if (piece := _cut(one, a, b)) is not None]
    if sum(piece.weight for piece in pieces) < _LEAST:
        return None
    return _mixed(pieces, {"low": a if "low" in stated else None, "high": b if "high" in stated else None})


def _cut(ends: Sequence[tuple[float, float]], a: float, b: float) -> _Piece | None:
    """What of the values between two quantiles lies from ``a`` to ``b``."""
    (before, start), (after, stop) = ends
    if start == stop:
        return _Piece(after - before, start, stop) if a <= start <= b else None
    low, high = max(start, a), min(stop, b)
    weight = (after - before) * (high - low) / (stop - start)
    return _Piece(weight, low, high) if low < high and weight > 0 else None


def _mixed(pieces: Sequence[_Piece], limits: dict[str, float | None]) -> Fitted:
    bodies: list[dict[str, Any]] = []
    told: dict[str, Source] = {}
    for i, piece in enumerate(pieces):
        flat = piece.low == piece.high
        ends = {"value": piece.low} if flat else {"low": piece.low, "high": piece.high}
        bodies.append({"weight": round(piece.weight, 9), "of": {"family": "constant" if flat else "uniform", **ends}})
        told |= {f"parts.{i}.of.{name}": "user" if value == limits.get(name) else "summary" for name, value in ends.items()}
        told[f"parts.{i}.weight"] = "summary"
    if len(bodies) > 1:
        return Fitted({"family": "mixture", "parts": bodies}, told)
    return Fitted(bodies[0]["of"], {name.removeprefix("parts.0.of."): source for name, source in told.items() if ".of." in name})


def _normal(known: Known, wanted: Wanted) -> Fitted | None:
    """The normal with the summary's mean and spread, cut at its ends, if its quantiles are the summary's."""
    from scipy.stats import truncnorm

    if known.mean is None or not known.sd or not known.quantiles[0] < known.mean < known.quantiles[-1]:
        return None
    half = wanted.step / 2
    a, b = wanted.numbers.get("low", -math.inf) - half, wanted.numbers.get("high", math.inf) + half
    sd = math.sqrt(max(known.sd**2 - wanted.step**2 / 12, 0.25 * known.sd**2))
    has = truncnorm.ppf(LEVELS[1:-1], (a - known.mean) / sd, (b - known.mean) / sd, loc=known.mean, scale=sd)
    off = max(abs(float(x) - value) for x, value in zip(has, known.quantiles[1:-1], strict=True))
    if off > _CLOSE * sd:
        return None
    return Fitted({"family": "normal", "mean": known.mean, "sd": sd}, {"mean": "summary", "sd": "summary"})
