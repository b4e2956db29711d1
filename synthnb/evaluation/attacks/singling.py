"""Singling out: conditions read off the synthetic rows that hold for exactly one real row.

A condition that holds for one synthetic row is tried on equally many training and
control rows; it succeeds where exactly one row meets it. Univariate conditions are a
column's extremes, levels that occur once, and a single missing cell. Multivariate ones
join some cells of one synthetic row: equal levels, numbers beyond the row's own value
on its side of the median.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb._random import generator
from synthnb.evaluation._encode import Column, Table, missing
from synthnb.evaluation.attacks.rates import Outcome, Rate, detailed
from synthnb.evaluation.base import Clock, Comparison, Definition, Findings, Step
from synthnb.evaluation.privacy import too_few

__all__ = ["SINGLING", "SINGLING_STEP", "UNIVARIATE", "single_out"]

Array = NDArray[Any]

_SOURCE = "Giomi et al. (2023), doi 10.56553/popets-2023-0055"
SINGLING = Definition(
    metric="singling_out_risk",
    label="Singling out risk, several columns",
    dimension="privacy",
    direction="lower",
    reference=f"(a - c) / (1 - c), conditions on several columns that hold for one row; {_SOURCE}",
)
UNIVARIATE = Definition(
    metric="singling_out_univariate_risk",
    label="Singling out risk, one column",
    dimension="privacy",
    direction="lower",
    reference=f"(a - c) / (1 - c), conditions on one column that hold for one row; {_SOURCE}",
)
_TRIES = 20
"""Conditions tried for each one wanted."""
_BATCH = 200
"""Conditions tried at a time."""


class Part(NamedTuple):
    """One part of a condition."""

    column: str
    """On which column."""
    how: str
    """``=``, ``<``, ``>`` (both including the value) or ``missing``."""
    value: float
    """The number or code."""


class Tables(NamedTuple):
    """Equally many rows of each."""

    train: Table
    control: Table
    synthetic: Table


Condition = tuple[Part, ...]
_NAMES = {SINGLING.metric: "singling out, several columns", UNIVARIATE.metric: "singling out, one column"}


def single_out(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Risk of being singled out by conditions on one column, and on several.

    Notes
    -----
    Training, control and synthetic rows are equally many, because a condition holds
    for exactly one row more or less often the more rows there are. No two conditions
    on several columns come from one synthetic row. Naive guesses are conditions on
    random columns with random values.
    """
    reason = comparison.no_holdout or too_few(comparison, parameters["least_rows"])
    if reason is not None:
        return Findings(scores=[definition.absent(reason) for definition in (SINGLING, UNIVARIATE)])
    tables, columns = _equally_many(comparison, parameters["most_rows"]), comparison.of("number", "level")
    rng, joined = generator(comparison.seed, "singling out"), min(parameters["columns"], len(columns))
    many = list(_multivariate(columns, tables.synthetic, joined, parameters["attacks"], rng, comparison.clock))
    one = _chosen(list(_univariate(columns, tables.synthetic)), parameters["attacks"], rng)
    scores, outcomes = [], []
    for definition, conditions, width in ((SINGLING, many, joined), (UNIVARIATE, one, 1)):
        given = {"conditions": len(conditions), "columns": width, "rows_of_each": tables.train.rows}
        if len(conditions) < parameters["least_conditions"]:
            few = f"It needs {parameters['least_conditions']} conditions that hold for one synthetic row; there are {len(conditions)}."
            scores.append(definition.absent(few, n=len(conditions), parameters=given))
            continue
        guesses = [_guess(columns, tables.synthetic, width, rng) for _ in conditions]
        outcomes.append(_tried(_NAMES[definition.metric], conditions, guesses, tables, comparison.clock, given))
        scores.append(outcomes[-1].score(definition))
    return Findings(scores=scores, details=detailed(comparison, outcomes))


def _tried(
    name: str, conditions: list[Condition], guesses: list[Condition], tables: Tables, clock: Clock, given: Mapping[str, Any]
) -> Outcome:
    main, control = (Rate.of(_isolates(conditions, table, clock)) for table in (tables.train, tables.control))
    baseline = Rate.of(_isolates(guesses, tables.train, clock))
    return Outcome(name=name, main=main, baseline=baseline, control=control, parameters=given)


def _equally_many(comparison: Comparison, most: int) -> Tables:
    assert comparison.holdout is not None
    tables = comparison.real, comparison.holdout, comparison.synthetic
    rows = min(most, *(table.rows for table in tables))
    return Tables(*(table.sample(rows, comparison.seed, "singling out", unit) for table, unit in zip(tables, Tables._fields, strict=True)))


def _univariate(columns: list[Column], synthetic: Table) -> Iterator[Condition]:
    """Every condition on one column that holds for one synthetic row."""
    for column in columns:
        values = synthetic.values[column.name]
        present = values[~missing(column, values)]
        if column.family == "number":
            if np.isnan(values).sum() == 1:
                yield (Part(column.name, "missing", 0.0),)
            ends = [(present.min(), "<"), (present.max(), ">")] if len(present) else []
            yield from ((Part(column.name, how, float(end)),) for end, how in ends if (present == end).sum() == 1)
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
    medians = {column.name: _median(synthetic.values[column.name]) for column in columns if column.family == "number"}
    used: set[int] = set()
    for rows in _rows(synthetic.rows, wanted * _TRIES, rng):
        chosen = np.sort(rng.random((len(rows), len(columns))).argsort(axis=1)[:, :width], axis=1)
        tried = [
            tuple(_part(columns[i], synthetic.values[columns[i].name][row], medians) for i in picked)
            for row, picked in zip(rows, chosen, strict=True)
        ]
        for row, condition, count in zip(rows, tried, _counts(tried, synthetic, clock), strict=True):
            if count == 1 and row not in used and len(used) < wanted:
                used.add(row)
                yield condition
        if len(used) == wanted:
            return


def _rows(rows: int, tries: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Rows in random order, again and again, so many in all, some at a time."""
    for start in range(0, tries, rows):
        order = rng.permutation(rows)[: tries - start]
        yield from (order[at : at + _BATCH].tolist() for at in range(0, len(order), _BATCH))


def _median(values: Array) -> float:
    present = values[~np.isnan(values)]
    return float(np.median(present)) if len(present) else 0.0


def _part(column: Column, value: Any, medians: Mapping[str, float]) -> Part:
    if column.family != "number":
        return Part(column.name, "=", float(value))
    if np.isnan(value):
        return Part(column.name, "missing", 0.0)
    return Part(column.name, ">" if value >= medians[column.name] else "<", float(value))


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
        clock.check()
        batch = conditions[start : start + _BATCH]
        meets = np.ones((len(batch), table.rows), dtype=bool)
        same: dict[tuple[str, str], list[tuple[int, float]]] = {}
        for i, condition in enumerate(batch):
            for part in condition:
                same.setdefault((part.column, part.how), []).append((i, part.value))
        for (column, how), parts in same.items():
            at = [i for i, _ in parts]
            meets[at] &= _holds(how, table.values[column], np.array([[value] for _, value in parts]))
        found[start : start + len(batch)] = meets.sum(axis=1)
    return found


def _holds(how: str, values: Array, bounds: Array) -> Array:
    """For which values a part holds, a row for each bound."""
    if how == "missing":
        return np.broadcast_to(np.isnan(values), (len(bounds), len(values)))
    compared: Array = {"=": np.equal, "<": np.less_equal, ">": np.greater_equal}[how](values, bounds)
    return compared


def _isolates(conditions: Sequence[Condition], table: Table, clock: Clock) -> Array:
    """1 for each condition that exactly one row meets, else 0."""
    isolated: Array = (_counts(conditions, table, clock) == 1).astype(float)
    return isolated


SINGLING_STEP = Step(
    name="singling out attack",
    run=single_out,
    gives=(SINGLING, UNIVARIATE),
    parameters={"columns": 3, "attacks": 500, "most_rows": 5000, "least_rows": 20, "least_conditions": 20},
)
"""``singling-out``."""
