"""Singling out: conditions read off the synthetic rows that hold for exactly one real row.

A condition that holds for one of all synthetic rows is tried on all training rows; it
succeeds where exactly one meets it. How often that happens to rows the generator
never saw is estimated from training and control rows together. Univariate conditions are a
column's extremes, levels that occur once, and a single missing cell. Multivariate ones
join some cells of one synthetic row: equal levels, numbers beyond half way from the
row's own value to the synthetic one next to it, on its side of the median.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb._random import generator
from synthnb.evaluation._encode import Column, Table, missing
from synthnb.evaluation.attacks.rates import Outcome, Rate, detailed
from synthnb.evaluation.base import Clock, Comparison, Definition, Findings, Step, rounded
from synthnb.evaluation.privacy import too_few

__all__ = ["SINGLING", "SINGLING_STEP", "UNIVARIATE", "expected", "single_out"]

Array = NDArray[Any]

_SOURCE = "Giomi et al. (2023), doi 10.56553/popets-2023-0055"
_OWN = "c: what fell to other than one training row, weighted by hypergeometric odds, so that c = a on average for exchangeable rows"
SINGLING = Definition(
    metric="singling_out_risk",
    label="Singling out risk, several columns",
    dimension="privacy",
    direction="lower",
    reference=f"(a - c) / (1 - c), conditions on several columns that hold for one row; after {_SOURCE}; {_OWN}",
    version=2,
)
UNIVARIATE = Definition(
    metric="singling_out_univariate_risk",
    label="Singling out risk, one column",
    dimension="privacy",
    direction="lower",
    reference=f"(a - c) / (1 - c), conditions on one column that hold for one row; after {_SOURCE}; {_OWN}",
    version=2,
)
_TRIES = 20
"""Conditions tried for each one wanted."""
_ROUNDS = 100
"""Conditions tried for each one wanted, at most, each from another synthetic row."""
_BATCH = 200
"""Conditions tried at a time."""
_ROWS = 8192
"""Rows on which they are tried at a time."""
_FIRST = 4096
"""Synthetic rows on which a condition is tried before all others: most hold for two of these."""
_MOST_CONTROL = 0.5
"""A condition holds for exactly one of n ≥ 2 independent rows with at most this probability."""


class Part(NamedTuple):
    """One part of a condition."""

    column: str
    """On which column."""
    how: str
    """``=``, ``<``, ``>`` (both including the value) or ``missing``."""
    value: float
    """The number or code."""


Condition = tuple[Part, ...]
_NAMES = {SINGLING.metric: "singling out, several columns", UNIVARIATE.metric: "singling out, one column"}


def single_out(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Risk of being singled out by conditions on one column, and on several.

    Notes
    -----
    A condition holds for exactly one row more or less often the more rows there are,
    so that the control rate is for as many rows as there are training rows. Of N =
    n + m training and control rows, k meet a condition; if the n are like the m,
    exactly one of the k is a training row with probability h = n C(m, k − 1) / C(N, k).
    Each condition that isn't met by exactly one training row counts h / (1 − h)
    towards the control rate, whose mean is then that of the success rate, whatever
    n and m. A full copy succeeds always, and its control rate is 0. The weight is up
    to n / m: the fewer the control rows, the wider the interval.

    No two conditions on several columns come from one synthetic row. Naive guesses are
    conditions on random columns with random values.
    """
    reason = comparison.no_holdout or too_few(comparison, parameters["least_rows"])
    if reason is not None:
        return Findings(scores=[definition.absent(reason) for definition in (SINGLING, UNIVARIATE)])
    assert comparison.holdout is not None
    train, synthetic, columns = comparison.real, comparison.synthetic, comparison.of("number", "level")
    control = comparison.holdout.sample(train.rows, comparison.seed, "singling out", "control")
    rng, joined = generator(comparison.seed, "singling out"), min(parameters["columns"], len(columns))
    many = list(_multivariate(columns, synthetic, joined, parameters["attacks"], rng, comparison.clock))
    one = _chosen(list(_univariate(columns, synthetic)), parameters["attacks"], rng)
    scores, outcomes = [], []
    for definition, conditions, width in ((SINGLING, many, joined), (UNIVARIATE, one, 1)):
        given = {"conditions": len(conditions), "columns": width, **_sizes(train, control, synthetic)}
        if len(conditions) < parameters["least_conditions"]:
            few = f"It needs {parameters['least_conditions']} conditions that hold for one synthetic row; there are {len(conditions)}."
            scores.append(definition.absent(few, n=len(conditions), parameters=given))
            continue
        guesses = [_guess(columns, synthetic, width, rng) for _ in conditions]
        outcomes.append(_tried(_NAMES[definition.metric], conditions, guesses, (train, control), comparison.clock, given))
        scores.append(outcomes[-1].score(definition))
    return Findings(scores=scores, details=detailed(comparison, outcomes))


def _tried(
    name: str, conditions: list[Condition], guesses: list[Condition], tables: tuple[Table, Table], clock: Clock, given: Mapping[str, Any]
) -> Outcome:
    met, other = (_counts(conditions, table, clock) for table in tables)
    baseline = Rate.of(_one(_counts(guesses, tables[0], clock)))
    control = expected(met, other, tables[0].rows, tables[1].rows)
    return Outcome(name=name, main=Rate.of(_one(met)), baseline=baseline, control=control, exclusive=True, parameters=given)


def _sizes(train: Table, control: Table, synthetic: Table) -> dict[str, Any]:
    sizes = {"training_rows": train.rows, "control_rows": control.rows, "synthetic_rows": synthetic.rows}
    return sizes | {"control_share": rounded(control.rows / train.rows)}


def expected(met: Array, other: Array, trained: int, control: int) -> Rate:
    """How often a condition would hold for exactly one training row if these were like control rows.

    Parameters
    ----------
    met, other : array of int, shape (conditions,)
        Training and control rows that meet each condition.
    trained, control : int
        How many rows there are; no more control rows than training rows.

    Returns
    -------
    Rate
        The mean weight c, cut at ½. Weights up to W have a variance of at most c (W − c)
        (Bhatia and Davis 2000, doi 10.1080/00029890.2000.12005203), so that n conditions
        tell at least as much as n (1 − c) / (W − c) trials.
    """
    from scipy.stats import hypergeom

    odds = hypergeom.pmf(1, trained + control, met + other, trained)
    weights = np.where(met == 1, 0.0, odds / np.maximum(1 - odds, 1e-12))
    n, largest, mean = len(weights), trained / control, min(float(weights.mean()), _MOST_CONTROL)
    return Rate(mean, n, n * (1 - mean) / (max(largest, 1.0) - mean))


def _one(counts: Array) -> Array:
    """1 for each condition that exactly one row meets, else 0."""
    found: Array = (counts == 1).astype(float)
    return found


def _univariate(columns: list[Column], synthetic: Table) -> Iterator[Condition]:
    """Every condition on one column that holds for one synthetic row."""
    for column in columns:
        values = synthetic.values[column.name]
        present = values[~missing(column, values)]
        if column.family == "number":
            if np.isnan(values).sum() == 1:
                yield (Part(column.name, "missing", 0.0),)
            seen, counts = np.unique(present, return_counts=True)
            ends = [(0, "<"), (-1, ">")] if len(seen) else []
            yield from ((Part(column.name, how, _bound(seen, seen[at], how)),) for at, how in ends if counts[at] == 1)
        else:
            codes, counts = np.unique(values, return_counts=True)
            yield from ((Part(column.name, "=", float(code)),) for code in codes[counts == 1])


def _chosen(conditions: list[Condition], most: int, rng: np.random.Generator) -> list[Condition]:
    if len(conditions) <= most:
        return conditions
    return [conditions[i] for i in np.sort(rng.choice(len(conditions), most, replace=False))]


def _multivariate(
    columns: list[Column], synthetic: Table, width: int, wanted: int, rng: np.random.Generator, clock: Clock
) -> Iterator[Condition]:
    """Conditions on several columns that hold for one synthetic row, one from each of some random rows."""
    seen = {column.name: _present(synthetic.values[column.name]) for column in columns if column.family == "number"}
    medians = {name: float(np.median(values)) if len(values) else 0.0 for name, values in seen.items()}
    steps = {name: np.unique(values) for name, values in seen.items()}
    used: set[int] = set()
    first = synthetic.take(np.sort(rng.permutation(synthetic.rows)[:_FIRST])) if synthetic.rows > 2 * _FIRST else None
    for rows in _rows(synthetic.rows, max(wanted * _TRIES, min(synthetic.rows, wanted * _ROUNDS)), rng):
        chosen = np.sort(rng.random((len(rows), len(columns))).argsort(axis=1)[:, :width], axis=1)
        tried = [
            tuple(_part(columns[i], synthetic.values[columns[i].name][row], medians, steps) for i in picked)
            for row, picked in zip(rows, chosen, strict=True)
        ]
        left = np.flatnonzero(_counts(tried, first, clock) <= 1) if first is not None else np.arange(len(tried))
        for i in left[_counts([tried[i] for i in left], synthetic, clock) == 1]:
            if rows[i] not in used and len(used) < wanted:
                used.add(rows[i])
                yield tried[i]
        if len(used) == wanted:
            return


def _rows(rows: int, tries: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Rows in random order, again and again, so many in all, some at a time."""
    for start in range(0, tries, rows):
        order = rng.permutation(rows)[: tries - start]
        yield from (order[at : at + _BATCH].tolist() for at in range(0, len(order), _BATCH))


def _present(values: Array) -> Array:
    present: Array = values[~np.isnan(values)]
    return present


def _bound(seen: Array, value: float, how: str) -> float:
    """Half way from a value to the next one, so that the same synthetic rows are meant, and a row that was moved a little too."""
    at = int(np.searchsorted(seen, value)) + (1 if how == "<" else -1)
    if not 0 <= at < len(seen) or not np.isfinite([value, seen[at]]).all():
        return float(value)
    return float(value / 2 + seen[at] / 2)


def _part(column: Column, value: Any, medians: Mapping[str, float], steps: Mapping[str, Array]) -> Part:
    if column.family != "number":
        return Part(column.name, "=", float(value))
    if np.isnan(value):
        return Part(column.name, "missing", 0.0)
    how = ">" if value >= medians[column.name] else "<"
    return Part(column.name, how, _bound(steps[column.name], float(value), how))


def _guess(columns: list[Column], synthetic: Table, width: int, rng: np.random.Generator) -> Condition:
    """Random columns with random values within what the synthetic rows hold."""
    parts = []
    for i in sorted(rng.choice(len(columns), width, replace=False)):
        values = synthetic.values[columns[i].name]
        if columns[i].family != "number":
            parts.append(Part(columns[i].name, "=", float(rng.choice(np.unique(values)))))
            continue
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
        parts.append(Part(columns[i].name, ("<", ">")[rng.integers(2)], low + float(rng.random()) * (high - low)))
    return tuple(parts)


def _counts(conditions: Sequence[Condition], table: Table, clock: Clock) -> Array:
    """How many rows meet each condition."""
    found = np.zeros(len(conditions), dtype=np.int64)
    for start in range(0, len(conditions), _BATCH):
        batch = conditions[start : start + _BATCH]
        same: dict[tuple[str, str], list[tuple[int, float]]] = {}
        for i, condition in enumerate(batch):
            for part in condition:
                same.setdefault((part.column, part.how), []).append((i, part.value))
        for first in range(0, table.rows, _ROWS):
            clock.check()
            rows = slice(first, min(first + _ROWS, table.rows))
            meets = np.ones((len(batch), rows.stop - first), dtype=bool)
            for (column, how), parts in same.items():
                at = [i for i, _ in parts]
                meets[at] &= _holds(how, table.values[column][rows], np.array([[value] for _, value in parts]))
            found[start : start + len(batch)] += meets.sum(axis=1)
    return found


def _holds(how: str, values: Array, bounds: Array) -> Array:
    """For which values a part holds, a row for each bound."""
    if how == "missing":
        return np.broadcast_to(np.isnan(values), (len(bounds), len(values)))
    compared: Array = {"=": np.equal, "<": np.less_equal, ">": np.greater_equal}[how](values, bounds)
    return compared


SINGLING_STEP = Step(
    name="singling out attack",
    run=single_out,
    gives=(SINGLING, UNIVARIATE),
    parameters={"columns": 3, "attacks": 500, "least_rows": 20, "least_conditions": 20},
)
"""``singling-out``."""
