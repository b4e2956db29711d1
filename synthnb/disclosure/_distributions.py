"""How far the columns of two frames lie apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from synthnb._frames import to_pandas

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from synthnb._canonical import Json

__all__ = ["Distance", "distances"]

_TEXT_WORDS = 4
_MOST_LEVELS = 5
_KS_95 = 1.358
"""95 % point of the Kolmogorov distribution."""
_UNFIT = "different kinds of column"


@dataclass(frozen=True)
class Distance:
    """One column of two frames."""

    column: str
    """Its name."""
    measure: Literal["KS", "TV", "texts", "none"]
    """Kolmogorov–Smirnov for numbers and times, total variation for levels; of texts, the share that the other doesn't have."""
    value: float | None
    """From 0, alike, to 1; None where it can't be computed."""
    by_chance: float | None
    """For KS: what two samples of one distribution stay below 95 times of 100. For TV: what they have on average."""
    n: tuple[int, int]
    """Cells that aren't missing, in each."""
    missing: tuple[float, float]
    """Share of missing cells, in each."""
    summary: tuple[dict[str, Json], dict[str, Json]]
    """Numbers: ``mean`` and ``sd``. Levels: the shares of the most frequent. Texts: mean ``words`` and share ``distinct``."""
    reason: str = ""
    """Why there is no value."""

    def to_dict(self) -> dict[str, Json]:
        """The distance as plain JSON types."""
        return asdict(self) | {"n": list(self.n), "missing": list(self.missing), "summary": list(self.summary)}


def distances(one: Any, other: Any, *, columns: Sequence[str] | None = None) -> tuple[tuple[Distance, ...], list[str]]:
    """Return the distance of each column that both frames have, and sentences on what was left out.

    Parameters
    ----------
    one, other : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        The frames.
    columns : sequence of str, optional
        Which columns to look at; all by default.

    Notes
    -----
    KS = max |F(x) − G(x)|; below 1.358 √((n + m) / (n m)) in 95 % of pairs of samples of one continuous distribution.
    TV = ½ Σ |p − q|; on average ½ Σ √(2 p (1 − p) (1/n + 1/m) / π) by chance, p the pooled shares.
    """
    first, second = to_pandas(one)[0], to_pandas(other)[0]
    wanted = [name for name in (columns if columns is not None else first.columns) if name in first.columns]
    shared = [str(name) for name in wanted if name in second.columns]
    only = [name for name in [*first.columns, *second.columns] if (name in first.columns) is not (name in second.columns)]
    notes = [f"{len(only):,} columns are in one of the two frames only."] if only and columns is None else []
    return tuple(_distance(name, first[name], second[name]) for name in shared), notes


def _distance(name: str, one: pd.Series[Any], other: pd.Series[Any]) -> Distance:
    here = one.dropna(), other.dropna()
    n = len(here[0]), len(here[1])
    missing = tuple(round(float(column.isna().mean()), 6) for column in (one, other))
    given: dict[str, Any] = {"column": name, "n": n, "missing": missing}
    if not all(n):
        return Distance(**given, measure="none", value=None, by_chance=None, summary=({}, {}), reason="no cells to compare")
    kinds = {_kind(column) for column in here}
    if len(kinds) > 1:
        return Distance(**given, measure="none", value=None, by_chance=None, summary=({}, {}), reason=_UNFIT)
    if kinds == {"text"}:
        texts, known = _texts(here[0]), _texts(here[1])
        new = float((~texts.isin(known.unique())).mean())
        return Distance(**given, measure="texts", value=round(new, 6), by_chance=None, summary=(_told(texts), _told(known)))
    if kinds == {"level"}:
        value, chance, summaries = _variation(_texts(here[0]), _texts(here[1]))
        return Distance(**given, measure="TV", value=value, by_chance=chance, summary=summaries)
    numbers = [_numbers(column) for column in here]
    figures = tuple(_moments(column, cells) for column, cells in zip(here, numbers, strict=True))
    chance = round(_KS_95 * math.sqrt((n[0] + n[1]) / (n[0] * n[1])), 6)
    return Distance(**given, measure="KS", value=_smirnov(*numbers), by_chance=min(chance, 1.0), summary=(figures[0], figures[1]))


def _kind(column: pd.Series[Any]) -> str:
    import pandas as pd

    if pd.api.types.is_bool_dtype(column):
        return "level"
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        return "time"
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "level"
    return "text" if _words(_texts(column.head(1000))) >= _TEXT_WORDS else "level"


def _texts(column: pd.Series[Any]) -> pd.Series[Any]:
    """Cells as text that any encoding takes; a lone surrogate becomes a question mark."""
    import pandas as pd

    return pd.Series([str(cell).encode("utf-8", "replace").decode() for cell in column], dtype=object)


def _words(texts: pd.Series[Any]) -> float:
    return sum(len(text.split()) for text in texts) / len(texts)


def _numbers(column: pd.Series[Any]) -> np.ndarray[Any, Any]:
    import numpy as np
    import pandas as pd

    if _kind(column) == "time":
        return np.sort(pd.Series(column.array.astype("int64")).to_numpy(dtype=float))
    cells = column.to_numpy(dtype=float)
    return np.sort(cells[np.isfinite(cells)])


def _moments(column: pd.Series[Any], cells: np.ndarray[Any, Any]) -> dict[str, Json]:
    if _kind(column) == "time":
        return {"first": str(column.min()), "last": str(column.max())}
    if not len(cells):
        return {}
    return {"mean": _rounded(float(cells.mean())), "sd": _rounded(float(cells.std(ddof=1))) if len(cells) > 1 else None}


def _rounded(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _smirnov(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float | None:
    """The largest difference of the two distribution functions; both sorted."""
    import numpy as np

    if not len(one) or not len(other):
        return None
    at = np.concatenate([one, other])
    gaps = np.searchsorted(one, at, side="right") / len(one) - np.searchsorted(other, at, side="right") / len(other)
    return round(float(np.abs(gaps).max()), 6)


def _variation(one: pd.Series[Any], other: pd.Series[Any]) -> tuple[float, float, tuple[dict[str, Json], dict[str, Json]]]:
    import numpy as np

    counts = [column.value_counts() for column in (one, other)]
    levels = counts[0].index.union(counts[1].index)
    n, m = len(one), len(other)
    p, q = (found.reindex(levels, fill_value=0).to_numpy(dtype=float) / size for found, size in zip(counts, (n, m), strict=True))
    pooled = (n * p + m * q) / (n + m)
    chance = 0.5 * float(np.sqrt(2 * pooled * (1 - pooled) * (1 / n + 1 / m) / np.pi).sum())
    top = [levels[at] for at in np.argsort(-pooled, kind="stable")[:_MOST_LEVELS]]
    shares = tuple(
        {str(level)[:80]: round(float(found.get(level, 0)) / size, 4) for level in top} for found, size in zip(counts, (n, m), strict=True)
    )
    return round(0.5 * float(np.abs(p - q).sum()), 6), round(min(chance, 1.0), 6), (shares[0], shares[1])


def _told(texts: pd.Series[Any]) -> dict[str, Json]:
    return {"words": round(_words(texts), 2), "distinct": round(texts.nunique() / len(texts), 4)}
