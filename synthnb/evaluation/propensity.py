"""Fidelity of whole rows by propensity: how well a model guesses from a row whether it is synthetic.

pMSE is the mean squared distance of the guesses from the share of synthetic rows.
S_pMSE divides it by what it would be if the synthetic rows were drawn from a correct
model. Snoke, Raab, Nowok, Dibben and Slavkovic (2018), doi 10.1111/rssa.12358.

For a logistic model that expectation is a formula. With N rows of which a share c is
synthetic and k parameters, independent samples of one population give
c (1 − c) (k − 1) / N: N pMSE / (c (1 − c)) is then χ² with k − 1 degrees of freedom.
Rows drawn from a correct model *fitted to the real rows* differ from those less, by
the real rows' own part of the variance, which leaves (1 − c)² c (k − 1) / N. Where
rows were sampled, that part shrinks accordingly. For trees there is no formula: labels
are permuted instead, and independent samples of one population score 1.

The ceiling is of real rows against other real rows, which are independent samples: its
ratio is to their own expectation, so that it too is about 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb._random import generator
from synthnb.evaluation._design import design
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Step, rounded

if TYPE_CHECKING:
    from synthnb.evaluation._design import Design
    from synthnb.evaluation._encode import Column, Table

__all__ = ["PMSE", "RATIO", "TREES", "expected_pmse", "logistic_pmse", "propensity"]

Array = NDArray[Any]

PMSE = Definition(
    metric="pmse",
    label="Propensity error (pMSE)",
    dimension="fidelity",
    direction="lower",
    reference="Σ (p_i - c)² / N, logistic main effects; from 0 to c(1 - c); Snoke et al. 2018, doi 10.1111/rssa.12358",
)
RATIO = Definition(
    metric="s_pmse",
    label="Propensity error against a correct model's (S_pMSE)",
    dimension="fidelity",
    direction="lower",
    reference="pMSE / ((k - 1) (1 - c)² c / N); about 1 from a correct model; Snoke et al. 2018, doi 10.1111/rssa.12358",
    version=2,
)
TREES = Definition(
    metric="s_pmse_trees",
    label="Propensity error of a tree against permuted labels",
    dimension="fidelity",
    direction="lower",
    reference="pMSE of a classification tree / its mean with permuted labels; about 1 for samples of one population",
    version=2,
)

NO_RATIO_INTERVAL = f"{NO_INTERVAL} a ratio that grows with the rows; see null_range"
"""Why none has an interval."""
IDEAL = "about 1; well below 1, rows are near-copies of real ones"
"""How a ratio reads."""
_ITERATIONS = 40
_HALVINGS = 12
_FLAT = 1e-10
_ROWS_PER_PARAMETER = 5
_LARGEST = 1e38
"""Trees hold values in 32 bits."""


class Fit(NamedTuple):
    """A logistic regression of "synthetic" on a table's columns."""

    pmse: float
    """Mean squared distance of the fitted shares from the overall share."""
    parameters: int
    """Parameters that can be told apart, the intercept included."""


def expected_pmse(parameters: int, synthetic: int, real: int, fitted_on: float | None = None) -> float:
    """Expected pMSE of rows drawn from a correct model that was fitted to the real rows.

    Parameters
    ----------
    parameters : int
        Of the propensity model, the intercept included.
    synthetic, real : int
        Rows of either sort in the propensity model.
    fitted_on : float, optional
        Real rows that the generator saw; ``real`` by default, more if those are a sample. Infinity gives
        the expectation for independent samples of one population.

    Notes
    -----
    (k − 1) (1 − c)² c / N with c = synthetic / N; with a sample, one factor 1 − c
    becomes 1 − (1 / fitted_on) / (1 / synthetic + 1 / real).

    Examples
    --------
    >>> expected_pmse(11, 500, 500) == 10 * 0.5**3 / 1000
    True
    """
    total = synthetic + real
    share = synthetic / total
    left = 1 - (1 / (fitted_on or real)) / (1 / synthetic + 1 / real)
    return (parameters - 1) * share * (1 - share) * left / total


def logistic_pmse(plan: Design, real: Table, synthetic: Table, check: Any = lambda: None) -> Fit:
    """The pMSE of a logistic regression with main effects, by Newton's method on blocks of rows.

    Parameters
    ----------
    plan : Design
        How columns become regressors.
    real, synthetic : Table
        At least one row each.
    check : callable
        Called once per block.

    Notes
    -----
    Columns are first replaced by their principal directions, which leaves the fit as
    it is and drops what other columns already say; k counts those that are left. Where
    rows can be told apart without error there is no finite maximum: the iterations
    end and pMSE is c (1 − c) to nine digits.
    """
    total = real.rows + synthetic.rows
    share = synthetic.rows / total
    basis = _directions(plan, (real, synthetic), check)
    beta: Array = np.zeros(basis.shape[1])
    step, last = beta, _Pass(math.inf, 0.0, beta, np.eye(len(beta)))
    offset = math.log(share / (1 - share))  # the intercept starts here
    for _ in range(_ITERATIONS):
        found = _pass(plan, (real, synthetic), basis, beta, offset, check)
        for _ in range(_HALVINGS):
            if found.deviance <= last.deviance * (1 + 1e-12):
                break
            step = step / 2
            beta = beta - step
            found = _pass(plan, (real, synthetic), basis, beta, offset, check)
        if last.deviance - found.deviance <= _FLAT * (1 + found.deviance):
            break
        last = found
        ridge = 1e-12 * max(float(np.trace(found.curvature)) / len(beta), 1e-300)
        step = np.linalg.solve(found.curvature + ridge * np.eye(len(beta)), found.gradient)
        beta = beta + step
    return Fit(found.squares / total, len(beta))


class _Pass(NamedTuple):
    """Sums over all rows at one set of coefficients."""

    deviance: float
    squares: float
    gradient: Array
    curvature: Array


def _blocks(plan: Design, tables: tuple[Table, Table], check: Any) -> Iterator[tuple[Array, int]]:
    """Regressors of some rows at a time, and whether they are synthetic."""
    for truth, table in enumerate(tables):
        for rows in plan.blocks(table):
            check()
            yield rows, truth


def _directions(plan: Design, tables: tuple[Table, Table], check: Any) -> Array:
    """Principal directions of the regressors, scaled to unit variance; those without variance left out."""
    gram = np.zeros((plan.width, plan.width))
    for rows, _ in _blocks(plan, tables, check):
        gram += rows.T @ rows
    values, vectors = np.linalg.eigh(gram / sum(table.rows for table in tables))
    kept = values > 1e-9 * values[-1]
    found: Array = vectors[:, kept] / np.sqrt(values[kept])
    return found


def _pass(plan: Design, tables: tuple[Table, Table], basis: Array, beta: Array, offset: float, check: Any) -> _Pass:
    share = 1 / (1 + math.exp(-offset))
    deviance, squares = 0.0, 0.0
    gradient, curvature, weights = np.zeros(plan.width), np.zeros((plan.width, plan.width)), basis @ beta
    for rows, truth in _blocks(plan, tables, check):
        linear = rows @ weights + offset
        p = 1 / (1 + np.exp(-np.clip(linear, -500, 500)))
        deviance += float(np.logaddexp(0.0, linear).sum() - truth * linear.sum())
        squares += float(((p - share) ** 2).sum())
        gradient += rows.T @ (truth - p)
        rows *= np.sqrt(p * (1 - p))[:, None]
        curvature += rows.T @ rows
    return _Pass(deviance, squares, basis.T @ gradient, basis.T @ curvature @ basis)


def propensity(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Propensity error and its ratio for a logistic model with main effects, and the ratio for a classification tree.

    Parameters of the profile: ``levels`` kept apart, ``most_parameters`` of the logistic
    model, half of which is the most columns it sees; ``most_rows`` of each frame for it;
    ``tree_columns``, ``tree_rows`` of each frame, ``leaf`` and
    ``permutations`` for the tree; ``least_rows`` of each frame for either.
    """
    columns = comparison.of("number", "level")
    least = parameters["least_rows"]
    if not columns or min(comparison.real.rows, comparison.synthetic.rows) < least:
        reason = f"It needs a column to compare and at least {least} rows in each frame."
        return Findings(scores=[definition.absent(reason) for definition in (PMSE, RATIO, TREES)])
    used, drawn = _drawn(columns, parameters["most_parameters"], comparison.seed)
    found = _logistic(comparison, used, parameters) + _trees(comparison, used, parameters)
    for score in found.scores:
        score.parameters.update(drawn | score.parameters | {key: len(columns) for key in ("columns_in_all",) if key in drawn})
    return found


def _drawn(columns: list[Column], most: int, seed: int) -> tuple[list[Column], dict[str, int]]:
    """The columns that both models see: of too many, half as many as the logistic model may have parameters, drawn by the seed."""
    if 2 * len(columns) <= most:
        return columns, {}
    chosen = np.sort(generator(seed, "design").choice(len(columns), max(most // 2, 1), replace=False))
    return [columns[i] for i in chosen], {"columns_drawn": len(chosen), "columns_in_all": len(columns)}


def _logistic(comparison: Comparison, columns: list[Column], parameters: Mapping[str, Any]) -> Findings:
    from synthnb.evaluation._learners import one_thread

    plan = design(
        columns, comparison.real, comparison.synthetic, comparison.seed, levels=parameters["levels"], most=parameters["most_parameters"]
    )
    most, counts = parameters["most_rows"], {}

    def measure(one: Table, other: Table) -> Array:
        real, made = (table.sample(most, comparison.seed, "propensity", unit) for table, unit in ((one, "one"), (other, "other")))
        fit = logistic_pmse(plan, real, made, comparison.clock.check)
        counts["last"] = (fit.parameters, made.rows, real.rows)
        fitted, independent = (expected_pmse(fit.parameters, made.rows, real.rows, seen) for seen in (one.rows, math.inf))
        return np.array([fit.pmse, *(fit.pmse / expected if expected > 0 else np.nan for expected in (fitted, independent))])

    with one_thread():
        value = measure(comparison.real, comparison.synthetic)
        k, made, real = counts["last"]
        if made + real < _ROWS_PER_PARAMETER * k:
            reason = f"{made + real:,} rows are too few for a model of {k} parameters."
            return Findings(scores=[PMSE.absent(reason), RATIO.absent(reason)])
        equal = comparison.like_for_like(measure)
    given = {"parameters": k, "rows": [real, made], "most": rounded(made * real / (made + real) ** 2)} | plan.left_out | equal.parameters
    ratio = {"ideal": IDEAL, "null_range": _null_range(k - 1), "null": "rows drawn from a correct model fitted to the real rows"}
    ratio["ceiling_null"] = "independent samples of one population, as real rows are: about 1 too"
    scores = [
        definition.score(
            value[i],
            n=made + real,
            ceiling=equal.best[2 * i],
            matched=equal.matched[i],
            parameters={"interval": NO_RATIO_INTERVAL, "model": "logistic regression, main effects"} | given | more,
        )
        for i, (definition, more) in enumerate(((PMSE, {}), (RATIO, ratio)))
    ]
    return Findings(scores=scores)


def _null_range(freedom: int) -> list[float | None]:
    """Where 95 % of the ratios of correct models lie: χ² divided by its degrees of freedom."""
    from scipy.special import gammaincinv

    return [rounded(float(2 * gammaincinv(freedom / 2, p)) / freedom, 4) for p in (0.025, 0.975)] if freedom else [None, None]


def _trees(comparison: Comparison, columns: list[Column], parameters: Mapping[str, Any]) -> Findings:
    from scipy.special import stdtrit

    columns, drawn = _drawn(columns, 2 * parameters["tree_columns"], comparison.seed)

    from synthnb.evaluation._learners import features, one_thread

    pair = [
        table.sample(parameters["tree_rows"], comparison.seed, "propensity trees", str(i))
        for i, table in enumerate((comparison.real, comparison.synthetic))
    ]
    data = np.clip(np.vstack([features(columns, table) for table in pair]), -_LARGEST, _LARGEST)
    truth = np.repeat([0, 1], [table.rows for table in pair])
    rng, draws = generator(comparison.seed, "permutations"), parameters["permutations"]
    with one_thread():
        found = _tree_pmse(data, truth, parameters["leaf"], comparison.seed)
        null = np.empty(draws)
        for i in range(draws):
            comparison.clock.check()
            null[i] = _tree_pmse(data, rng.permutation(truth), parameters["leaf"], comparison.seed)
    mean, sd = float(null.mean()), float(null.std(ddof=1))
    if mean <= 0:
        return Findings(scores=[TREES.absent("The tree doesn't split: too few rows or no column that varies.")])
    half = float(stdtrit(draws - 1, 0.975)) * sd * math.sqrt(1 + 1 / draws) / mean
    given = {"pmse": rounded(found), "permutations": draws, "leaf": parameters["leaf"], "rows": [table.rows for table in pair]}
    given |= drawn | {
        "interval": NO_RATIO_INTERVAL,
        "ideal": IDEAL,
        "null": "labels permuted",
        "null_range": [rounded(max(1 - half, 0.0), 4), rounded(1 + half, 4)],
    }
    return Findings(scores=[TREES.score(found / mean, n=len(truth), parameters={"model": "DecisionTreeClassifier"} | given)])


def _tree_pmse(data: Array, truth: Array, leaf: int, seed: int) -> float:
    from sklearn.tree import DecisionTreeClassifier

    model = DecisionTreeClassifier(min_samples_leaf=leaf, random_state=seed).fit(data, truth)
    return float(((model.predict_proba(data)[:, 1] - truth.mean()) ** 2).mean())


PROPENSITY_STEP = Step(
    name="propensity",
    run=propensity,
    gives=(PMSE, RATIO, TREES),
    parameters={
        "levels": 20,
        "most_parameters": 200,
        "most_rows": 50000,
        "least_rows": 50,
        "tree_rows": 2500,
        "tree_columns": 60,
        "leaf": 20,
        "permutations": 20,
    },
)
"""``propensity``."""
