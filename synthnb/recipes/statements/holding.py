"""Whether a statement holds in rows that were drawn: limits in every row, shares and means within sampling error."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from synthnb.recipes.statements.statement import Statement

__all__ = ["ERRORS", "Check", "checked", "correlation"]

ERRORS = 4.5
"""Standard errors that a figure may be off: one in 150,000 would be by chance."""

_FEW = 30


class Check(NamedTuple):
    """Whether a statement holds."""

    held: bool | None
    """None where that can't be told from the rows: it is about their number, about text, or too few rows are concerned."""
    found: str
    """What was found instead, or in its support, in a few words."""


def checked(item: Statement, frame: pd.DataFrame) -> Check:
    """Return whether a statement holds in a frame.

    Shares, means, quartiles and correlations may be off by `ERRORS` standard errors of a sample of as many rows, and by
    half a unit in the last place stated; limits, levels, orders, dates and codes must hold in every row.
    """
    if item.kind in {"rows", "text", "column", "family"}:
        return Check(None, "not a matter of single rows")
    if item.kind == "missing":
        return _missing(item, frame)
    if item.column not in frame or (item.other and item.other not in frame):
        return Check(held=False, found="there is no such column")
    rows = frame
    if item.when is not None:
        if item.when[0] not in frame:
            return Check(held=False, found=f"there is no column {item.when[0]}")
        rows = frame[frame[item.when[0]].eq(item.when[1]).fillna(value=False).astype(bool)]
    cells = rows[item.column].dropna()
    if len(cells) < _FEW and item.kind in {"share", "moments", "quartiles", "levels", "correlation"}:
        return Check(None, f"only {len(cells)} rows are concerned")
    if item.kind in {"correlation", "order"}:
        return _pair(item, rows)
    if item.kind == "unique":
        return Check(bool(cells.is_unique), f"{cells.nunique():,} different ones in {len(cells):,}")
    return {
        "range": _range,
        "share": _share,
        "levels": _levels,
        "moments": _moments,
        "quartiles": _quartiles,
        "dates": _dates,
    }[item.kind](item, cells)


def _missing(item: Statement, frame: pd.DataFrame) -> Check:
    if item.column and item.column not in frame:
        return Check(held=False, found="there is no such column")
    names = [item.column] if item.column else [name for name in frame if frame[name].isna().any()]
    if not names:
        return Check(item.numbers["share"] == 0, "no cell is missing")
    shares = [float(frame[name].isna().mean()) for name in names]
    near = [_near_share(share, item, len(frame)) for share in shares]
    return Check(all(near), ", ".join(f"{share:.4f}" for share in shares[:5]))


def _near_share(share: float, item: Statement, n: int, wanted: float | None = None) -> bool:
    p = item.numbers["share"] if wanted is None else wanted
    return abs(share - p) <= ERRORS * math.sqrt(max(p * (1 - p), 0.0) / n) + _half(item) + 1e-9


def _half(item: Statement) -> float:
    """Half a unit in the last place stated, for shares in whole percents that add up to 99 or 101."""
    return 0.5 * 10.0**-item.places if item.kind == "levels" and item.places else 0.0


def _range(item: Statement, cells: pd.Series[Any]) -> Check:
    values = cells.to_numpy(dtype="f8")
    low, high = item.numbers.get("low", -math.inf), item.numbers.get("high", math.inf)
    least, most = float(values.min()), float(values.max())
    inside = low < least and most < high if item.strict else low <= least and most <= high
    return Check(inside, f"from {least:g} to {most:g}")


def _share(item: Statement, cells: pd.Series[Any]) -> Check:
    share = float((cells == item.level).mean())
    return Check(_near_share(share, item, len(cells)), f"{share:.4f}")


def _levels(item: Statement, cells: pd.Series[Any]) -> Check:
    shares = cells.value_counts(normalize=True)
    told = ", ".join(f"{level} {shares.get(level, 0.0):.4f}" for level in item.levels[:8])
    if set(shares.index) - set(item.levels):
        return Check(held=False, found=f"other levels too: {told}")
    if not item.weights:
        return Check(held=True, found=told)
    total = sum(item.weights)
    near = [
        _near_share(float(shares.get(level, 0.0)), item, len(cells), weight / total)
        for level, weight in zip(item.levels, item.weights, strict=True)
    ]
    return Check(all(near), told)


def _moments(item: Statement, cells: pd.Series[Any]) -> Check:
    values = cells.to_numpy(dtype="f8")
    n, mean, sd = len(values), float(values.mean()), float(values.std(ddof=1))
    spread = item.numbers.get("sd", sd)
    near = abs(mean - item.numbers["mean"]) <= ERRORS * spread / math.sqrt(n) + 1e-9
    if "sd" in item.numbers:
        fourth = float(((values - mean) ** 4).mean()) / max(sd, 1e-300) ** 4
        error = sd * math.sqrt(max(fourth - 1, 0.1) / (4 * n))
        near = near and abs(sd - item.numbers["sd"]) <= ERRORS * error + 0.005 * item.numbers["sd"]
    return Check(near, f"mean {mean:.4g}, sd {sd:.4g}")


def _quartiles(item: Statement, cells: pd.Series[Any]) -> Check:
    import numpy as np

    values = np.sort(cells.to_numpy(dtype="f8"))
    points = {"q1": 0.25, "median": 0.5, "q3": 0.75}
    told, near = [], True
    for name, share in points.items():
        if name in item.numbers:
            low, high = _quantile_interval(values, share)
            half = 0.5 * 10.0**-item.places
            near = near and low - half <= item.numbers[name] <= high + half
            told.append(f"{name} {float(np.quantile(values, share)):.4g}")
    return Check(near, ", ".join(told))


def _quantile_interval(values: np.ndarray[Any, Any], share: float) -> tuple[float, float]:
    """Between which order statistics a quantile lies (binomial, normal approximation)."""
    n = len(values)
    away = ERRORS * math.sqrt(n * share * (1 - share))
    low, high = max(math.floor(n * share - away), 0), min(math.ceil(n * share + away), n - 1)
    return float(values[low]), float(values[high])


def _dates(item: Statement, cells: pd.Series[Any]) -> Check:
    import pandas as pd

    low, high = (pd.Timestamp(text) for text in item.dates)
    least, most = cells.min(), cells.max()
    return Check(bool(low <= least and most < high + dt.timedelta(days=1)), f"from {least.date()} to {most.date()}")


def _pair(item: Statement, rows: pd.DataFrame) -> Check:
    both = rows[[item.column, item.other]].dropna()
    if item.kind == "order":
        low, high = both[item.column], both[item.other]
        broken = int((low >= high).sum() if item.strict else (low > high).sum())
        return Check(broken == 0, f"{broken:,} of {len(both):,} rows break it")
    if len(both) < _FEW:
        return Check(None, f"only {len(both)} rows are concerned")
    wanted = item.numbers["r"]
    found = [correlation(both, ranks=ranks) for ranks in (False, True)]
    near = [abs(r - wanted) <= ERRORS * (1 - wanted**2 + 0.05) / math.sqrt(len(both)) + 0.005 for r in found]
    return Check(any(near), f"r = {found[0]:.3f}, of ranks {found[1]:.3f}")


def correlation(both: pd.DataFrame, *, ranks: bool) -> float:
    """The correlation of two columns, of their values or of their ranks."""
    import numpy as np

    numbers = both.astype("f8")
    return float(np.corrcoef((numbers.rank() if ranks else numbers).to_numpy(), rowvar=False)[0, 1])
