"""How near rows made are to real rows: the figures of the benchmark, the same for every method.

Written apart from the package's own metrics on purpose, so that no engine is tuned on its judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

__all__ = ["FIGURES", "Judge"]

Array = np.ndarray[Any, Any]

FIGURES = {
    "tvd1": "mean total variation distance over columns, between the rows made and the rows learnt, on levels, deciles and missing",
    "tvd2": "the same over pairs of columns",
    "tvd3": "the same over 200 triples of columns, drawn by the seed",
    "correlation": "mean absolute difference of Pearson correlations over pairs of numeric columns, made against learnt",
    "auc": "gradient-boosted trees telling rows made from held-out rows, 5-fold; 0.5 is best, and below it are near-copies",
    "tstr": "AUC or R² on held-out rows of gradient-boosted trees trained on the rows made",
    "real": "the same, trained on the rows learnt",
    "nearer": "share of rows made nearer to the rows learnt than to as many held-out rows; 0.5 is best",
    "copies": "rows made that equal a real row which was learnt and which occurs once",
}

_COMMON = 50
_TRIPLES = 200
_JUDGED = 5_000
_NEAR_JUDGED, _NEAR_REAL = 2_000, 100_000
_CHUNK = 100
_WIDE = 64


@dataclass(frozen=True)
class Column:
    """How a column of the rows learnt is read; another frame's cells are read the same way."""

    name: str
    kind: str
    """``number``, ``date`` or ``level``."""
    levels: dict[str, int]
    """Codes of levels, most common first; for numbers, of values if there are at most ten."""
    edges: Array
    """Deciles of the numbers learnt."""
    ordered: Array
    """The numbers learnt, ascending."""
    places: int | None
    """Decimal places of the numbers learnt, if at most four: others' numbers are rounded to as many.

    Some peers give whole numbers back with decimals; they shall not be told apart by that alone.
    """

    @classmethod
    def of(cls, cells: pd.Series[Any]) -> Column:
        """Read a column of the rows learnt."""
        kind = _kind(cells)
        numbers = np.sort(_numbers(cells, kind)[cells.notna().to_numpy()]) if kind != "level" else np.empty(0)
        few = kind == "level" or len(np.unique(numbers)) <= 10
        levels = {level: code for code, level in enumerate(_texts(cells, kind).value_counts().index)} if few else {}
        edges = np.unique(np.quantile(numbers, np.linspace(0.1, 0.9, 9))) if len(numbers) else np.empty(0)
        return cls(str(cells.name), kind, levels, edges, numbers, _places(numbers) if kind == "number" else None)

    def read(self, cells: pd.Series[Any]) -> pd.Series[Any]:
        """Cells of another frame, numbers rounded as those learnt."""
        if self.places is None:
            return cells
        return pd.Series(_numbers(cells, self.kind).round(self.places), name=self.name)

    def numbers(self, cells: pd.Series[Any]) -> Array:
        """Cells as float64, missing and unreadable ones as nan; levels as codes, unknown ones as -1."""
        if self.kind != "level":
            return _numbers(cells, self.kind)
        return np.where(cells.isna(), np.nan, self.codes(cells)).astype("f8")

    def codes(self, cells: pd.Series[Any]) -> Array:
        """Level or decile of each cell from 0; -1 for a level never learnt and -2 for missing."""
        if self.levels:
            codes = _texts(cells, self.kind).map(self.levels).fillna(-1).to_numpy("i8")
        else:
            codes = np.searchsorted(self.edges, _numbers(cells, self.kind), side="right")
        return np.where(_missing(cells, self.kind), -2, codes)

    def ranks(self, cells: pd.Series[Any]) -> Array:
        """Share of the numbers learnt that lie below each cell, ties halved; one half where missing."""
        numbers = self.numbers(cells)
        below = np.searchsorted(self.ordered, numbers, "left") + np.searchsorted(self.ordered, numbers, "right")
        return np.where(np.isnan(numbers), 0.5, below / 2 / max(len(self.ordered), 1))


def _places(numbers: Array) -> int | None:
    return next((places for places in range(5) if np.allclose(numbers, numbers.round(places), rtol=0, atol=1e-9)), None)


def _kind(cells: pd.Series[Any]) -> str:
    if pd.api.types.is_datetime64_any_dtype(cells):
        return "date"
    return "number" if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells) else "level"


def _numbers(cells: pd.Series[Any], kind: str) -> Array:
    if kind == "date":
        moments = pd.to_datetime(cells, errors="coerce")
        return np.where(moments.isna(), np.nan, moments.to_numpy("M8[s]").astype("f8"))
    return pd.to_numeric(cells, errors="coerce").to_numpy("f8", na_value=np.nan)


def _texts(cells: pd.Series[Any], kind: str) -> pd.Series[Any]:
    plain = cells.astype(object) if kind == "level" else pd.Series(_numbers(cells, kind)).astype(object)
    return plain.reset_index(drop=True).dropna().astype(str).reindex(range(len(cells)))


def _missing(cells: pd.Series[Any], kind: str) -> Array:
    return np.isnan(_numbers(cells, kind)) if kind != "level" else cells.isna().to_numpy()


class Judge:
    """Judges rows made by any method against the rows learnt and the rows held out.

    Parameters
    ----------
    train, held : pandas.DataFrame
        The two halves of the table.
    target : str
        Column that is predicted: two levels, or a number.
    without : tuple of str
        Columns not used in predicting it.
    seed : int
        For folds, triples and the choice of rows where not all are used.
    """

    def __init__(self, train: pd.DataFrame, held: pd.DataFrame, target: str, without: tuple[str, ...], seed: int) -> None:
        self._train, self._held, self._target, self._seed = train, held, target, seed
        self._columns = [Column.of(train[name]) for name in train]
        self._predictors = [j for j, name in enumerate(train) if name not in {target, *without}]
        self._codes = self._binned(train)
        self._hashes = self._fingerprints(train)

    def __call__(self, made: pd.DataFrame) -> dict[str, float | None]:
        """Return the figures of `FIGURES` but ``real``; None for what can't be computed."""
        return self.distances(made) | {
            "auc": self.told_apart(made),
            "tstr": self.tested(made),
            "nearer": self.nearer(made),
            "copies": float(self.copied(made).sum()),
        }

    def distances(self, rows: pd.DataFrame) -> dict[str, float | None]:
        """``tvd1``, ``tvd2``, ``tvd3`` and ``correlation``; of the held-out rows, what fresh real rows would get."""
        rows = self._read(rows)
        codes = self._binned(rows)
        found: dict[str, float | None] = {f"tvd{size}": distance(codes, self._codes, self._groups(size)) for size in (1, 2, 3)}
        return found | {"correlation": self._correlation_error(rows)}

    def copied(self, rows: pd.DataFrame) -> Array:
        """Whether each row equals a row learnt that occurs once."""
        found, counts = np.unique(self._hashes, return_counts=True)
        return np.isin(self._fingerprints(self._read(rows)), found[counts == 1])

    def _read(self, rows: pd.DataFrame) -> pd.DataFrame:
        rows = rows.reindex(columns=self._train.columns)
        return pd.DataFrame({column.name: column.read(rows[column.name]) for column in self._columns})

    def tested(self, rows: pd.DataFrame) -> float | None:
        """AUC or R² on held-out rows of a model trained on these rows; None if they hold one level of the target only."""
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
        from sklearn.metrics import r2_score, roc_auc_score

        column = next(column for column in self._columns if column.name == self._target)
        (x, y), (x_held, y_held) = (self._examples(frame, column) for frame in (self._read(rows), self._held))
        if len(np.unique(y)) < 2:
            return None
        there = ~np.isnan(x).all(axis=0)  # the learner refuses a column without a value
        x, x_held = x[:, there], x_held[:, there]
        with threadpool_limits(1):
            if len(column.levels) == 2:
                classifier = HistGradientBoostingClassifier(max_iter=80, random_state=self._seed).fit(x, y)
                return float(roc_auc_score(y_held, classifier.predict_proba(x_held)[:, 1]))
            regressor = HistGradientBoostingRegressor(max_iter=80, random_state=self._seed).fit(x, y)
            return float(r2_score(y_held, regressor.predict(x_held)))

    def _examples(self, rows: pd.DataFrame, column: Column) -> tuple[Array, Array]:
        cells = rows[column.name]
        y = column.codes(cells) if column.levels else column.numbers(cells)
        known = (y >= 0) if column.levels else ~np.isnan(y)
        return self._features(rows, known)[:, self._predictors], y[known]

    def _features(self, rows: pd.DataFrame, which: Array) -> Array:
        return np.column_stack([column.numbers(rows[column.name])[which] for column in self._columns])

    def _binned(self, rows: pd.DataFrame) -> Array:
        """Codes from 0 for the distances; levels beyond the 50 most common are one."""
        codes = np.column_stack([column.codes(rows[column.name]) for column in self._columns])
        return np.asarray(np.minimum(codes, _COMMON) + 2)

    def _groups(self, size: int) -> list[tuple[int, ...]]:
        width = len(self._columns)
        if size < 3:
            return list(combinations(range(width), size))
        rng = np.random.default_rng(self._seed)
        return [tuple(sorted(rng.choice(width, size, replace=False))) for _ in range(_TRIPLES)]

    def _correlation_error(self, made: pd.DataFrame) -> float | None:
        names = [column.name for column in self._columns if column.kind == "number" and column.edges.size]
        if len(names) < 2:
            return None
        real = self._train[names].astype("f8").corr().to_numpy()
        ours = made[names].apply(pd.to_numeric, errors="coerce").astype("f8").corr().fillna(0).to_numpy()
        above = np.triu_indices(len(names), 1)
        return float(np.nanmean(np.abs(real - ours)[above]))

    def told_apart(self, made: pd.DataFrame) -> float:
        """Area under the curve of a model telling these rows from those held out."""
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.metrics import roc_auc_score
        from sklearn.model_selection import StratifiedKFold, cross_val_predict

        rng = np.random.default_rng(self._seed)
        parts = [self._features(frame, rng.permutation(len(frame))[:_JUDGED]) for frame in (self._read(made), self._held)]
        y = np.repeat([1, 0], [len(part) for part in parts])
        folds = StratifiedKFold(5, shuffle=True, random_state=self._seed)
        model = HistGradientBoostingClassifier(max_iter=80, random_state=self._seed)
        with threadpool_limits(1):
            guess = cross_val_predict(model, np.concatenate(parts), y, cv=folds, method="predict_proba")[:, 1]
        return float(roc_auc_score(y, guess))

    def nearer(self, made: pd.DataFrame) -> float:
        """Share of rows nearer to a row learnt than to any held out.

        Ties count half. Ranks for numbers, distance one between levels, missing as a level, all squared and added.
        """
        made = self._read(made)
        rng = np.random.default_rng(self._seed)
        size = min(_NEAR_REAL, len(self._train), len(self._held))
        sizes = (min(_NEAR_JUDGED, len(made)), size, size)
        frames = [frame.iloc[rng.permutation(len(frame))[:n]] for frame, n in zip((made, self._train, self._held), sizes, strict=True)]
        (some, codes), (learnt, learnt_codes), (held, held_codes) = (self._points(frame) for frame in frames)
        to_learnt, to_held = _nearest(some, codes, learnt, learnt_codes), _nearest(some, codes, held, held_codes)
        close = np.isclose(to_learnt, to_held, rtol=0, atol=1e-9)
        return float(np.mean(np.where(close, 0.5, to_learnt < to_held)))

    def _points(self, rows: pd.DataFrame) -> tuple[Array, Array]:
        """Coordinates, and codes of the columns with too many levels to have one each."""
        parts: list[Array] = [np.zeros((len(rows), 1))]
        wide: list[Array] = [np.zeros(len(rows), dtype="i4")]
        for column in self._columns:
            cells = rows[column.name]
            codes = column.codes(cells)
            if column.kind != "level":
                parts.append(column.ranks(cells)[:, None])
                codes, width = np.where(codes == -2, 0, 1), 2
            else:
                width = len(column.levels)
            if width > _WIDE:
                wide.append(codes.astype("i4"))
            else:
                parts.append((codes[:, None] == np.arange(-2 if column.kind == "level" else 0, width)[None, :]) / np.sqrt(2))
        return np.column_stack(parts), np.column_stack(wide)

    def _fingerprints(self, rows: pd.DataFrame) -> Array:
        """A 64-bit hash per row of its cells, missing equal to missing."""
        cells = {
            column.name: _texts(rows[column.name], "level") if column.kind == "level" else column.numbers(rows[column.name])
            for column in self._columns
        }
        return np.asarray(pd.util.hash_pandas_object(pd.DataFrame(cells), index=False))


def distance(left: Array, right: Array, groups: list[tuple[int, ...]]) -> float:
    """Mean total variation distance between two tables of codes over groups of columns.

    ``½ Σ |p − q|`` over the combinations of codes, from 0 (the same shares) to 1.
    """
    widths = 1 + np.maximum(left.max(axis=0), right.max(axis=0))
    found = []
    for group in groups:
        a, b = (_joined(codes, group, widths) for codes in (left, right))
        size = 1 + max(a.max(), b.max())
        shares = np.bincount(a, minlength=size) / len(a) - np.bincount(b, minlength=size) / len(b)
        found.append(0.5 * np.abs(shares).sum())
    return float(np.mean(found))


def _joined(codes: Array, group: tuple[int, ...], widths: Array) -> Array:
    joined = np.zeros(len(codes), dtype="i8")
    for j in group:
        joined = joined * widths[j] + codes[:, j]
    return joined


def _nearest(points: Array, codes: Array, others: Array, other_codes: Array) -> Array:
    """Squared distance of each point to the nearest of the others."""
    squares = (others**2).sum(axis=1)
    found = []
    for start in range(0, len(points), _CHUNK):
        part = points[start : start + _CHUNK]
        gaps = (part**2).sum(axis=1)[:, None] + squares[None, :] - 2 * part @ others.T
        for j in range(codes.shape[1]):
            gaps += codes[start : start + _CHUNK, j][:, None] != other_codes[:, j][None, :]
        found.append(gaps.min(axis=1))
    return np.asarray(np.maximum(np.concatenate(found), 0))
