"""Validity: whether the synthetic frame could be the real one by its columns, types, ranges, levels and missing cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb.evaluation._encode import Column, Table, missing, shown_names
from synthnb.evaluation._intervals import wilson
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Score, Step, rounded

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "CATEGORY",
    "MEAN_OF_DIFFERENCES",
    "MISSING",
    "RANGE",
    "SCHEMA",
    "adherence",
    "apart",
    "missing_difference",
    "schema",
    "share_range",
    "within",
    "worst",
]

SCHEMA = Definition(
    metric="schema_validity",
    label="Columns present and readable",
    dimension="validity",
    direction="higher",
    reference="share of the real frame's columns that the synthetic frame has with every cell readable as the column's kind",
)
RANGE = Definition(
    metric="range_adherence",
    label="Values within the real range",
    dimension="validity",
    direction="higher",
    reference="share of present synthetic values in [min, max] of the real column, mean over columns",
)
CATEGORY = Definition(
    metric="category_adherence",
    label="Levels that the real data has",
    dimension="validity",
    direction="higher",
    reference="share of present synthetic values whose level occurs in the real column, mean over columns",
)
MISSING = Definition(
    metric="missing_difference",
    label="Difference in missing cells",
    dimension="validity",
    direction="lower",
    reference="absolute difference of the shares of missing cells, mean over columns",
    version=3,
)

MEAN_OF_DIFFERENCES = f"{NO_INTERVAL} a mean of absolute differences"
"""Why scores made of absolute differences have no interval."""

_NAMED = 5
"""Columns named in a score's parameters."""


def named(names: tuple[str, ...]) -> list[str]:
    """A few names as reports show them, and how many more there are."""
    shown = [shown_names([name])[name] for name in names[:_NAMED]]
    return shown if len(names) <= _NAMED else [*shown, f"and {len(names) - _NAMED} more"]


def schema(comparison: Comparison, _parameters: Mapping[str, Any]) -> Findings:
    """Share of the real frame's columns that are present and readable; the others are named."""
    wrong = tuple(column.name for column in comparison.columns if comparison.synthetic.unreadable.get(column.name))
    total = len(comparison.columns) + len(comparison.only_real)
    lists = {"missing": comparison.only_real, "unreadable": wrong, "extra": comparison.only_synthetic}
    given: dict[str, Any] = {key: named(names) for key, names in lists.items() if names}
    return Findings(scores=[SCHEMA.score((len(comparison.columns) - len(wrong)) / total, n=total, parameters={"unit": "columns"} | given)])


def adherence(comparison: Comparison, _parameters: Mapping[str, Any]) -> Findings:
    """Range adherence of ordered columns and category adherence of the others, with the hold-out's own rate."""
    found = Findings()
    for definition, family, why in ((RANGE, "number", "numeric or temporal"), (CATEGORY, "level", "categorical")):
        columns = comparison.of(family)
        if not columns:
            found.scores.append(definition.absent(f"The frames share no {why} column."))
            continue
        score, shares = _mean_adherence(definition, columns, comparison)
        found.scores.append(score)
        found.columns |= {name: {"valid": rounded(share, 4)} for name, share in shares.items()}
    return found


def _mean_adherence(definition: Definition, columns: list[Column], comparison: Comparison) -> tuple[Score, dict[str, float]]:
    counted = {column: within(column, comparison.real, comparison.synthetic) for column in columns}
    present = {column: counts for column, counts in counted.items() if counts[1]}
    if not present:
        return definition.absent("The synthetic columns have no value."), {}
    shares = {column.shown: hits / n for column, (hits, n) in present.items()}
    ends = [wilson(hits, n) for hits, n in present.values()]
    best = _ceiling(columns, comparison)
    score = definition.score(
        _mean(shares.values()),
        n=comparison.synthetic.rows,
        interval=(_mean(low for low, _ in ends), _mean(high for _, high in ends)),
        ceiling=best,
        parameters={"columns": len(shares)}
        | ({} if best is None else {"ceiling_from": "hold-out"})
        | worst(shares, lambda share: share < 1),
    )
    return score, {column.name: hits / n for column, (hits, n) in present.items()}


def _ceiling(columns: list[Column], comparison: Comparison) -> float | None:
    """The hold-out's adherence to the real range or levels; halves of the real rows would say little."""
    if comparison.holdout is None:
        return None
    counted = [within(column, comparison.real, comparison.holdout) for column in columns]
    return _mean(hits / n for hits, n in counted if n) if any(n for _, n in counted) else None


def within(column: Column, real: Table, other: Table) -> tuple[int, int]:
    """How many present values lie in the real column's range or levels, out of how many."""
    values, present = other.values[column.name], ~missing(column, other.values[column.name])
    if column.family == "level":
        return int((present & (values < column.in_real)).sum()), int(present.sum())
    seen = real.values[column.name]
    if np.isnan(seen).all():
        return 0, int(present.sum())
    return int(((values >= np.nanmin(seen)) & (values <= np.nanmax(seen))).sum()), int(present.sum())


def _mean(values: Any) -> float:
    return float(np.mean([float(value) for value in values]))


def worst(by_column: Mapping[str, float], notable: Callable[[float], bool], *, reverse: bool = False) -> dict[str, Any]:
    """The worst few columns for a score's parameters, if any is notable."""
    few = sorted((pair for pair in by_column.items() if notable(pair[1])), key=lambda pair: pair[1], reverse=reverse)[:_NAMED]
    return {"worst": [[name, rounded(value, 4)] for name, value in few]} if few else {}


def missing_difference(comparison: Comparison, _parameters: Mapping[str, Any]) -> Findings:
    """Mean absolute difference of the shares of missing cells; each column's shares go to its entry.

    A share that few real rows make is shown as a bound there, and differs here only by
    what the bound leaves no doubt about, so that the rows can't be counted from the score.
    The mean has no interval: absolute differences are above 0 even between samples of one population.
    """

    def measure(one: Table, other: Table) -> NDArray[np.float64]:
        """Differences from a table of synthetic rows, and from one of real rows."""
        return np.array([_differences(comparison, one, other, real=real) for real in (False, True)])

    real, synthetic = missing_shares(comparison, comparison.real), missing_shares(comparison, comparison.synthetic)
    differences, equal = measure(comparison.real, comparison.synthetic)[0], comparison.like_for_like(measure)
    entries = [
        bounded(r, comparison.real.rows, comparison.minimum_cell) | {"synthetic": rounded(s, 4)}
        for r, s in zip(real, synthetic, strict=True)
    ]
    gaps = {column.shown: float(gap) for column, gap in zip(comparison.columns, differences, strict=True)}
    few = sum("bound" in entry for entry in entries)
    score = MISSING.score(
        _mean(differences),
        n=comparison.synthetic.rows,
        ceiling=_mean(equal.best[1]),
        matched=_mean(equal.matched[0]),
        parameters={"columns": len(gaps), "interval": MEAN_OF_DIFFERENCES}
        | ({"columns_bounded": few} if few else {})
        | equal.parameters
        | worst(gaps, lambda gap: gap > 0.01, reverse=True),
    )
    return Findings(
        scores=[score], columns={column.name: {"missing": entry} for column, entry in zip(comparison.columns, entries, strict=True)}
    )


def _differences(comparison: Comparison, one: Table, other: Table, *, real: bool) -> list[float]:
    """Of the shares of missing cells, column by column; those of few real rows are ranges; the first table's are real."""
    shares, others = missing_shares(comparison, one), missing_shares(comparison, other)
    ranges = [
        (share_range(s, one.rows, comparison.minimum_cell), share_range(o, other.rows, comparison.minimum_cell if real else 0))
        for s, o in zip(shares, others, strict=True)
    ]
    return [abs(a - b) for a, b in (apart(*pair) for pair in ranges)]


def share_range(share: float, rows: int, minimum_cell: int) -> tuple[float, float]:
    """Between which a share of rows is known to lie: the share itself, or what a report's bound leaves open (see `bounded`).

    Examples
    --------
    >>> share_range(0.003, 1000, 11), share_range(0.5, 1000, 11)
    ((0.0, 0.011), (0.5, 0.5))
    """
    count = round(share * rows) if rows else 0
    if 0 < count < minimum_cell:
        return 0.0, min(minimum_cell / rows, 1.0)
    if count and 0 < rows - count < minimum_cell:
        return max(1 - minimum_cell / rows, 0.0), 1.0
    return float(share), float(share)


def apart(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """A number of either range, as close to each other as can be.

    Examples
    --------
    >>> apart((0.0, 0.011), (0.003, 0.003)), apart((0.0, 0.011), (0.5, 0.5))
    ((0.003, 0.003), (0.011, 0.5))
    """
    if one[1] < other[0]:
        return one[1], other[0]
    if other[1] < one[0]:
        return one[0], other[1]
    shared = max(one[0], other[0])
    return shared, shared


def bounded(share: float, rows: int, minimum_cell: int) -> dict[str, Any]:
    """A share of real rows as a report may show it: exact, or as "≤" or "≥" where fewer rows than the minimum cell make it or its rest.

    Examples
    --------
    >>> bounded(0.003, 1000, 11)
    {'real': 0.011, 'bound': '≤'}
    >>> bounded(0.5, 1000, 11)
    {'real': 0.5}
    """
    count = round(share * rows)
    if 0 < count < minimum_cell:
        return {"real": rounded(min(minimum_cell / rows, 1.0), 4), "bound": "≤"}
    if 0 < rows - count < minimum_cell:
        return {"real": rounded(max(1 - minimum_cell / rows, 0.0), 4), "bound": "≥"}
    return {"real": rounded(share, 4)}


def missing_shares(comparison: Comparison, table: Table) -> NDArray[np.float64]:
    """Share of missing cells of each shared column; NaN without rows."""
    if not table.rows:
        return np.full(len(comparison.columns), np.nan)
    return np.array([float(missing(column, table.values[column.name]).mean()) for column in comparison.columns])


SCHEMA_STEP = Step(name="schema", run=schema, gives=(SCHEMA,))
"""``schema``."""
RANGES_STEP = Step(name="ranges and levels", run=adherence, gives=(RANGE, CATEGORY))
"""``ranges``."""
MISSING_STEP = Step(name="missing cells", run=missing_difference, gives=(MISSING,))
"""``missing-cells``."""
