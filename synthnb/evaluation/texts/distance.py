"""How far the synthetic texts are from the real ones, as clouds of points; beside how far real texts are from one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._encode import Column, Table
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Score, Step
from synthnb.evaluation.detection import INTERVAL, cross_validated_auc
from synthnb.evaluation.texts._columns import TextColumn, against, per_column
from synthnb.evaluation.texts.embedding import EMBEDDER, Points, cut, points_of

if TYPE_CHECKING:
    from synthnb.evaluation.texts._tokens import Texts

__all__ = ["C2ST", "DISTANCE_STEP", "FRECHET", "MAUVE", "distances", "frechet", "frontier_area"]

Array = NDArray[Any]

FRECHET = Definition(
    metric="text_frechet_distance",
    label="Fréchet distance of texts",
    dimension="text",
    direction="lower",
    reference="|μ_r - μ_s|² + tr(Σ_r + Σ_s - 2 (Σ_r Σ_s)^½) of embedded texts; Dowson & Landau (1982), doi 10.1016/0047-259X(82)90077-X; "
    "Heusel et al. (2017), arXiv 1706.08500; ceiling: real against real",
)
MAUVE = Definition(
    metric="text_frontier_area",
    label="Area under the divergence frontier",
    dimension="text",
    direction="higher",
    reference="area under (exp(-5 KL(Q|R)), exp(-5 KL(P|R))), R mixtures of P and Q, over k-means cells of embedded texts; after MAUVE, "
    "Pillutla et al. (2021), arXiv 2102.01454, with another embedder; ceiling: real against real",
)
C2ST = Definition(
    metric="text_c2st_auc",
    label="Two-sample classifier AUC of texts",
    dimension="text",
    direction="half",
    reference="AUC of real against synthetic embedded texts, cross-validated; Lopez-Paz & Oquab, arXiv 1610.06545; DeLong, "
    "doi 10.2307/2531595; ceiling: real against real",
)
_GIVES = (FRECHET, MAUVE, C2ST)
_SCALE = 5.0
_MIXTURES = 100


def distances(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """The three distances of each text column."""
    return per_column(comparison, _GIVES, lambda column: _scores(comparison, cut(column), parameters), needs_real=True)


def _scores(comparison: Comparison, column: TextColumn, parameters: Mapping[str, Any]) -> Iterable[Score]:
    least, subject = parameters["least_texts"], [column.shown]
    n = min(len(column.real), len(column.synthetic))
    if n < least:
        reason = f"It needs at least {least} texts with a word in each frame."
        yield from (definition.score(None, n=n, subject=subject, reason=reason) for definition in _GIVES)
        return
    points = points_of(comparison, column)
    yield _gaussian(column, points, least)
    comparison.clock.check()
    yield _frontier(comparison, column, points, parameters)
    comparison.clock.check()
    yield _classified(comparison, column, points, parameters)


def _gaussian(column: TextColumn, points: Points, least: int) -> Score:
    def measure(one: Texts, other: Texts) -> float:
        return frechet(points.of(one), points.of(other))

    value = measure(column.real, column.synthetic)
    best, matched, given = against(measure, column, least)
    dimensions = points.values.shape[1]
    given |= {"embedder": EMBEDDER, "dimensions": dimensions, "interval": f"{NO_INTERVAL} a distance that falls as texts are added"}
    if min(len(column.real), len(column.synthetic), given.get("ceiling_rows", [dimensions * 2])[-1]) < 2 * dimensions:
        given["covariance"] = "Ledoit & Wolf (2004), doi 10.1016/S0047-259X(03)00096-4, where texts are fewer than twice the dimensions"
    n = len(column.synthetic)
    return FRECHET.score(value, n=n, subject=[column.shown], ceiling=best, matched=matched, parameters=given)


def frechet(one: Array, other: Array) -> float:
    """The squared Fréchet distance of two Gaussians fitted to points.

    Parameters
    ----------
    one, other : array, shape (n, d) and (m, d)
        At least two points each. Covariances are shrunk where either has fewer than 2 d.

    Notes
    -----
    tr((ΣΤ)^½) is the sum of square roots of the eigenvalues of S Τ S, with S² = Σ.
    """
    shrink = min(len(one), len(other)) < 2 * one.shape[1]
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        first, second = (_covariance(points, shrink=shrink) for points in (one, other))
        values, vectors = np.linalg.eigh(first)
        root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
        crossed = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ second @ root), 0)).sum()
    means = one.mean(axis=0) - other.mean(axis=0)
    return float(max(means @ means + np.trace(first) + np.trace(second) - 2 * crossed, 0.0))


def _covariance(points: Array, *, shrink: bool) -> Array:
    if not shrink:
        return np.atleast_2d(np.cov(points, rowvar=False))
    from sklearn.covariance import ledoit_wolf

    made: Array = ledoit_wolf(points)[0]
    return made


def _frontier(comparison: Comparison, column: TextColumn, points: Points, parameters: Mapping[str, Any]) -> Score:
    def measure(one: Texts, other: Texts) -> float:
        comparison.clock.check()
        few = [texts.first(parameters["most_texts"]) for texts in (one, other)]
        k = max(2, min(parameters["most_clusters"], min(len(texts) for texts in few) // 10))
        return frontier_area(*_cells([points.of(texts) for texts in few], k, comparison.seed))

    value = measure(column.real, column.synthetic)
    best, matched, given = against(measure, column, parameters["least_texts"])
    given |= {"embedder": EMBEDDER, "scale": _SCALE, "clusters": f"a tenth of the texts, at most {parameters['most_clusters']}"}
    given["interval"] = f"{NO_INTERVAL} an area that grows with the texts"
    n = min(len(column.synthetic), parameters["most_texts"])
    return MAUVE.score(value, n=n, subject=[column.shown], ceiling=best, matched=matched, parameters=given)


def _cells(clouds: list[Array], k: int, seed: int) -> tuple[Array, Array]:
    """How many points of each cloud fall into each cell of their common k-means, as shares."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    everything = np.vstack(clouds)
    k = min(k, len(np.unique(everything.round(9), axis=0)))
    with threadpool_limits(1):
        cells = KMeans(k, n_init=1, max_iter=100, random_state=seed).fit_predict(everything)
    first, second = np.split(cells, [len(clouds[0])])
    return np.bincount(first, minlength=k) / len(first), np.bincount(second, minlength=k) / len(second)


def frontier_area(p: Array, q: Array) -> float:
    """The area under the divergence frontier of two distributions, from nearly 0 (disjoint: 1/252) to 1 (equal).

    Notes
    -----
    Points (exp(−5 KL(Q|R)), exp(−5 KL(P|R))) for R = λP + (1−λ)Q with λ from 0 to
    1, joined by straight lines, with (1, 0) and (0, 1) as ends.

    Examples
    --------
    >>> import numpy as np
    >>> frontier_area(np.array([0.5, 0.5]), np.array([0.5, 0.5]))
    1.0
    """
    shares = np.linspace(0, 1, _MIXTURES + 2)[1:-1]
    mixtures = shares[:, None] * p + (1 - shares)[:, None] * q
    x, y = (np.exp(-_SCALE * _divergences(side, mixtures)) for side in (q, p))
    x, y = np.concatenate([[1.0], x, [0.0]]), np.concatenate([[0.0], y, [1.0]])
    order = np.lexsort((-y, x))
    return float(np.clip(np.trapezoid(y[order], x[order]), 0.0, 1.0))


def _divergences(side: Array, mixtures: Array) -> Array:
    """KL divergence of a distribution from each mixture, in nats; never below 0."""
    held = side > 0
    made: Array = np.maximum((side[held] * np.log(side[held] / mixtures[:, held])).sum(axis=1), 0.0)
    return made


def _classified(comparison: Comparison, column: TextColumn, points: Points, parameters: Mapping[str, Any]) -> Score:
    columns = [Column(f"d{i}", f"d{i}", "real", "number") for i in range(points.values.shape[1])]
    settings = dict(parameters) | {"most_rows": parameters["most_texts"]}

    def table(texts: Texts) -> Table:
        found = points.of(texts)
        return Table(len(found), {one.name: found[:, i] for i, one in enumerate(columns)}, {})

    def measure(one: Texts, other: Texts) -> tuple[float, tuple[float, float], int]:
        return cross_validated_auc(columns, table(one), table(other), comparison, settings, "texts")

    value, interval, rows = measure(column.real, column.synthetic)
    best, matched, given = against(lambda one, other: measure(one, other)[0], column, parameters["least_texts"])
    given |= {"embedder": EMBEDDER, "texts_per_frame": rows, "classifier": "HistGradientBoostingClassifier", "interval": INTERVAL}
    given |= {key: parameters[key] for key in ("folds", "iterations")}
    given |= {"reading": "near-copies"} if interval[1] < 0.5 else {}
    return C2ST.score(value, n=2 * rows, subject=[column.shown], interval=interval, ceiling=best, matched=matched, parameters=given)


DISTANCE_STEP = Step(
    name="distance to real texts",
    run=distances,
    gives=_GIVES,
    parameters={"most_texts": 2000, "least_texts": 50, "most_clusters": 100, "folds": 5, "iterations": 30},
)
"""``text-distance``."""
