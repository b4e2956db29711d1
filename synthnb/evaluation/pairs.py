"""Fidelity of pairs: whether columns that go together in the real rows do so in the synthetic ones."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthnb._random import generator
from synthnb.evaluation._encode import Column
from synthnb.evaluation._intervals import midranks
from synthnb.evaluation.base import Comparison, Definition, Findings, Step
from synthnb.evaluation.fidelity import UNCALIBRATED
from synthnb.evaluation.marginals import coded, table_error
from synthnb.evaluation.validity import MEAN_OF_DIFFERENCES, worst

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Table

__all__ = [
    "CONTINGENCY",
    "CORRELATION",
    "PEARSON",
    "contingency_similarity",
    "correlation_similarity",
    "linear_correlations",
    "pair_trends",
    "rank_correlations",
]

Array = NDArray[Any]

CORRELATION = Definition(
    metric="correlation_similarity",
    label="Correlations of numeric pairs",
    dimension="fidelity",
    direction="higher",
    reference="1 - |ρ_r - ρ_s| / 2, Spearman, mean over pairs",
    version=2,
)
PEARSON = Definition(
    metric="linear_correlation_similarity",
    label="Linear correlations of numeric pairs",
    dimension="fidelity",
    direction="higher",
    reference="1 - |ρ_r - ρ_s| / 2, Pearson, mean over pairs",
)
CONTINGENCY = Definition(
    metric="contingency_similarity",
    label="Joint tables of other pairs",
    dimension="fidelity",
    direction="higher",
    reference="1 - 0.5 Σ |p_r(i, j) - p_s(i, j)|, mean over pairs with a categorical column",
    version=2,
)


def pair_trends(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Mean similarity of correlations and of joint tables, and every pair's error.

    Parameters of the profile: ``bins`` of numbers in joint tables, ``levels`` kept
    apart there, ``most_pairs`` computed (more are drawn at random), ``most_rows`` of
    each frame. There is no interval: a mean of absolute differences is above 0 even
    between samples of one population.
    """
    columns = comparison.of("number", "level")
    pairs = list(itertools.combinations(columns, 2))
    total = len(pairs)
    if total > parameters["most_pairs"]:
        chosen = generator(comparison.seed, "pairs").choice(total, parameters["most_pairs"], replace=False)
        pairs = [pairs[i] for i in np.sort(chosen)]
    numeric = [pair for pair in pairs if pair[0].family == pair[1].family == "number"]
    joint = [pair for pair in pairs if pair[0].family != "number" or pair[1].family != "number"]
    drawn: dict[str, Any] = {} if total == len(pairs) else {"pairs_drawn": len(pairs), "pairs_in_all": total}
    rank, linear = (_correlations(definition, comparison, numeric, parameters, drawn) for definition in (CORRELATION, PEARSON))
    linear.pairs = []  # a pair's error is shown once
    return rank + _joint_tables(comparison, joint, parameters, drawn) + linear


Pairs = list[tuple[Column, Column]]


def _correlations(
    definition: Definition, comparison: Comparison, pairs: Pairs, parameters: Mapping[str, Any], drawn: dict[str, Any]
) -> Findings:
    if not pairs:
        return Findings(scores=[definition.absent("There are fewer than two numeric or temporal columns.")])
    columns = list(dict.fromkeys(itertools.chain.from_iterable(pairs)))
    sampled = _Sampled(comparison, parameters["most_rows"])
    matrix = rank_correlations if definition is CORRELATION else linear_correlations

    def measure(one: Table, other: Table) -> Array:
        comparison.clock.check()
        return correlation_similarity(pairs, columns, sampled(one, "one"), sampled(other, "other"), matrix)

    return _pair_findings(definition, comparison, pairs, measure, sampled.parameters | drawn)


class _Sampled:
    """At most so many rows of a table, and a word on it in the parameters."""

    def __init__(self, comparison: Comparison, most: int) -> None:
        self.most, self.seed = most, comparison.seed
        sizes = [comparison.real.rows, comparison.synthetic.rows]
        self.parameters = {"rows_drawn": [min(rows, most) for rows in sizes]} if max(sizes) > most else {}

    def __call__(self, table: Table, unit: str) -> Table:
        return table.sample(self.most, self.seed, "pairs", unit)


def rank_correlations(columns: list[Column], table: Table) -> Array:
    """Spearman's ρ of all pairs; NaN where undefined.

    Ranks are taken within a column over its present values; a pair uses the rows
    where both are present.
    """
    return _correlation_matrix([_centred_ranks(table.values[column.name]) for column in columns])


def linear_correlations(columns: list[Column], table: Table) -> Array:
    """Pearson's ρ of all pairs, over the rows where both values are finite; NaN where undefined."""
    return _correlation_matrix([_standardised(table.values[column.name]) for column in columns])


def correlation_similarity(
    pairs: Pairs, columns: list[Column], real: Table, synthetic: Table, matrix: Callable[[list[Column], Table], Array] = rank_correlations
) -> Array:
    """1 − |ρ_r − ρ_s| / 2 of each pair, where ``matrix`` gives all correlations of a table.

    A pair without a correlation in the real rows (one is constant) has no
    similarity; without one in the synthetic rows, ρ_s is 0.
    """
    place = {column.name: i for i, column in enumerate(columns)}
    rows, cols = np.array([(place[a.name], place[b.name]) for a, b in pairs]).T
    r, s = (matrix(columns, table)[rows, cols] for table in (real, synthetic))
    similarity: Array = 1 - np.abs(r - np.where(np.isnan(s), 0.0, s)) / 2
    return similarity


def _correlation_matrix(centred: list[Array]) -> Array:
    """Pearson's ρ of all pairs of arrays, over the rows where neither is NaN."""
    here = np.column_stack([~np.isnan(values) for values in centred]).astype(float)
    data = np.nan_to_num(np.column_stack(centred))
    n, cross = here.T @ here, data.T @ data
    sums, squares = data.T @ here, (data**2).T @ here
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = cross - sums * sums.T / n
        variance = squares - sums**2 / n
        rho = covariance / np.sqrt(variance * variance.T)
    defined = (variance > 1e-9) & (variance.T > 1e-9)
    return np.where(defined, np.clip(rho, -1, 1), np.nan)


def _centred_ranks(values: Array) -> Array:
    """Ranks in (−0.5, 0.5), NaN for missing."""
    present = ~np.isnan(values)
    ranks = np.full(len(values), np.nan)
    if present.any():
        ranks[present] = (midranks(values[present]) - 0.5) / present.sum() - 0.5
    return ranks


def _standardised(values: Array) -> Array:
    """Finite values less their mean, in standard deviations; 0 if they don't vary, NaN for the others."""
    present = np.isfinite(values)
    out = np.full(len(values), np.nan)
    if present.any():
        largest = float(np.abs(values[present]).max()) or 1.0  # so that squares of large values stay finite
        seen = values[present] / largest
        seen -= seen.mean()
        sd = float(seen.std())
        out[present] = seen / sd if sd > 1e-12 else 0.0
    return out


def _joint_tables(comparison: Comparison, pairs: Pairs, parameters: Mapping[str, Any], drawn: dict[str, Any]) -> Findings:
    if not pairs:
        return Findings(scores=[CONTINGENCY.absent("There is no pair of columns with a categorical one.")])
    sampled = _Sampled(comparison, parameters["most_rows"])

    def measure(one: Table, other: Table) -> Array:
        return contingency_similarity(pairs, comparison, sampled(one, "one"), sampled(other, "other"), parameters)

    cut = {"bins": parameters["bins"], "levels": parameters["levels"]}
    return _pair_findings(CONTINGENCY, comparison, pairs, measure, cut | sampled.parameters | drawn)


def contingency_similarity(pairs: Pairs, comparison: Comparison, one: Table, other: Table, parameters: Mapping[str, Any]) -> Array:
    """1 − total variation distance of each pair's joint table; numbers are cut at the real frame's quantiles."""
    columns = {column.name: column for pair in pairs for column in pair}
    most = {name: parameters["bins" if column.family == "number" else "levels"] for name, column in columns.items()}
    cells = [
        {name: coded(comparison, column, table.values[name], most[name]) for name, column in columns.items()} for table in (one, other)
    ]
    found = np.empty(len(pairs))
    for i, (a, b) in enumerate(pairs):
        if i % 64 == 0:
            comparison.clock.check()
        real, made = ([codes[a.name], codes[b.name]] for codes in cells)
        found[i] = 1 - table_error(real, made, [most[a.name] + 2, most[b.name] + 2])
    return found


def _pair_findings(
    definition: Definition, comparison: Comparison, pairs: Pairs, measure: Callable[[Table, Table], Array], parameters: dict[str, Any]
) -> Findings:
    found = measure(comparison.real, comparison.synthetic)
    known = [(a, b, float(value)) for (a, b), value in zip(pairs, found, strict=True) if np.isfinite(value)]
    if not known:
        return Findings(scores=[definition.absent("No pair has a correlation: the real columns are constant.")])
    equal = comparison.like_for_like(measure)
    score = definition.score(
        float(np.mean([value for *_, value in known])),
        n=comparison.synthetic.rows,
        ceiling=_mean(equal.best),
        matched=_mean(equal.matched),
        parameters={"pairs": len(known), "interval": UNCALIBRATED if definition is CONTINGENCY else MEAN_OF_DIFFERENCES}
        | worst({f"{a.shown} × {b.shown}": value for a, b, value in known}, lambda _: True)
        | equal.parameters
        | parameters,
    )
    return Findings(scores=[score], pairs=[(a.name, b.name, round(1 - value, 9)) for a, b, value in known])


def _mean(values: Array) -> float | None:
    return float(np.nanmean(values)) if np.isfinite(values).any() else None


PAIRS_STEP = Step(
    name="pairs of columns",
    run=pair_trends,
    gives=(CORRELATION, CONTINGENCY, PEARSON),
    parameters={"bins": 10, "levels": 20, "most_pairs": 3000, "most_rows": 50000},
)
"""``pairs``."""
