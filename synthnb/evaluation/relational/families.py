"""How alike the children of one parent are, and how they change: coefficients from sums over parents.

Each coefficient is a function of a few sums, one term per parent; leaving a parent
out takes its terms off. So the delete-one-parent jackknife, which allows for
children of one parent being alike, costs no more than the coefficient itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._intervals import Estimate
from synthnb.evaluation.base import Definition

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column
    from synthnb.evaluation.relational.linked import Linked

__all__ = ["COEFFICIENTS", "Coefficient", "Measured", "figures", "icc", "lag_one", "measured", "trend"]

Array = NDArray[Any]
LEAST_PARENTS = 30
"""Parents each side needs for an interval."""
_TINY = 1e-12
_MOST_Z = 18.0


class Coefficient(NamedTuple):
    """A number in [−1, 1] from sums over parents."""

    name: str
    """What it is called in parameters."""
    own: Definition
    """The difference for one column."""
    mean: Definition
    """The similarity over columns."""
    sums: Callable[[Linked, Array], Array]
    """Terms of each parent, shape (terms, parents), from the children's values."""
    scale: Callable[[Array], Array]
    """The sums' coefficient on a scale where its error hardly depends on it; NaN where undefined."""
    back: Callable[[Array, Array], Array]
    """The coefficient from that scale and the sums."""
    ordered: bool
    """Whether children must have an order."""


class Measured(NamedTuple):
    """A coefficient of one column in one set of tables."""

    value: float
    low: float
    high: float
    parents: int

    @property
    def estimate(self) -> Estimate:
        """The value with its interval."""
        return Estimate(self.value, self.low, self.high)


def figures(column: Column, values: Array) -> Array:
    """A column as finite numbers: its own, or 1 for the most frequent real level; NaN for missing."""
    if column.family == "number":
        numbers: Array = np.where(np.isfinite(values), values, np.nan)
        return numbers
    return np.where(values < 0, np.nan, (values == 0).astype(np.float64))


def _centred(values: Array) -> Array:
    """Values about their mean in units of their spread: sums of squares keep their digits, coefficients stay the same."""
    if np.isnan(values).all():
        return values
    moved: Array = values - np.nanmean(values)
    return moved / (float(np.nanmax(np.abs(moved))) or 1.0)


def _icc_sums(linked: Linked, values: Array) -> Array:
    x = _centred(values)
    here = ~np.isnan(x)
    n, s, q = (linked.sums(np.where(here, part, 0.0)) for part in (np.ones(len(x)), np.nan_to_num(x), np.nan_to_num(x) ** 2))
    return np.array([n > 0, n, n**2, s, q, s**2 / np.maximum(n, 1)], dtype=np.float64)


def _icc_scale(sums: Array) -> Array:
    """Half the logarithm of the ratio of the mean squares between and within parents."""
    k, n, _, s, q, between = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        within = np.maximum(q - between, 0.0)
        msb = np.maximum(between - s**2 / n, 0.0) / (k - 1)
        msw = within / (n - k)
        fine = (k > 1) & (n > k) & (q > _TINY)
        msb, msw = (np.where(part <= _TINY * q / n, 0.0, part) for part in (msb, msw))
        z = 0.5 * (np.log(msb) - np.log(msw))
    return np.where(fine & ((msb > 0) | (msw > 0)), np.clip(z, -_MOST_Z, _MOST_Z), np.nan)


def _icc_back(z: Array, sums: Array) -> Array:
    k, n, squares = sums[:3]
    with np.errstate(divide="ignore", invalid="ignore"):
        size = (n - squares / n) / (k - 1)
    ratio = np.exp(2 * z)
    return np.asarray((ratio - 1) / (ratio + size - 1))


def _trend_sums(linked: Linked, values: Array) -> Array:
    """Within-parent sums of squares and products of time and value."""
    assert linked.order is not None
    x, t = _centred(values), _centred(np.where(np.isfinite(linked.order), linked.order, np.nan))
    here = ~(np.isnan(x) | np.isnan(t))
    x, t = (np.where(here, part, 0.0) for part in (x, t))
    n = np.maximum(linked.sums(here.astype(np.float64)), 1)
    sx, st = linked.sums(x), linked.sums(t)
    xx, tt = linked.sums(x**2) - sx**2 / n, linked.sums(t**2) - st**2 / n
    return np.array([n > 1, np.maximum(xx, 0.0), np.maximum(tt, 0.0), linked.sums(x * t) - sx * st / n], dtype=np.float64)


def _trend_scale(sums: Array) -> Array:
    _, xx, tt, xt = sums
    return _fisher(xt, xx, tt)


def _lag_sums(linked: Linked, values: Array) -> Array:
    """Sums over pairs of successive children of one parent."""
    x = _centred(values)
    here = np.flatnonzero((linked.owner >= 0) & ~np.isnan(x))
    if linked.order is not None:
        here = here[~np.isnan(linked.order[here])]
        here = here[np.lexsort((linked.order[here], linked.owner[here]))]
    else:
        here = here[np.argsort(linked.owner[here], kind="stable")]
    owner = linked.owner[here]
    next_to = np.flatnonzero(owner[1:] == owner[:-1])
    a, b, of = x[here][next_to], x[here][next_to + 1], owner[next_to]
    parts = (np.ones(len(of)), a, b, a * a, b * b, a * b)
    terms = [np.bincount(of, weights=part, minlength=linked.parents.rows) for part in parts]
    return np.array([terms[0] > 0, *terms], dtype=np.float64)


def _lag_scale(sums: Array) -> Array:
    _, m, a, b, aa, bb, ab = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        return _fisher(ab - a * b / m, aa - a * a / m, bb - b * b / m)


def _fisher(product: Array, one: Array, other: Array) -> Array:
    """Fisher's transform of a correlation from its sums; NaN without spread."""
    with np.errstate(divide="ignore", invalid="ignore"):
        r = product / np.sqrt(one * other)
        z = np.arctanh(np.clip(r, -1, 1))
    return np.where((one > _TINY) & (other > _TINY), np.clip(z, -_MOST_Z, _MOST_Z), np.nan)


def _tanh(z: Array, _sums: Array) -> Array:
    return np.asarray(np.tanh(z))


def _pair(metric: str, label: str, formula: str) -> tuple[Definition, Definition]:
    own = Definition(metric=f"{metric}_difference", label=f"{label}, difference", dimension="fidelity", direction="none", reference=formula)
    about = f"mean over the children's columns of 1 - |difference| / 2 of: {formula}"
    return own, Definition(metric=f"{metric}_similarity", label=label, dimension="fidelity", direction="higher", reference=about)


icc = Coefficient(
    "icc",
    *_pair(
        "icc",
        "Likeness within a parent (ICC)",
        "synthetic minus real ICC(1) = (MSB - MSW) / (MSB + (n0 - 1) MSW); Donner 1986, doi 10.2307/1403259",
    ),
    _icc_sums,
    _icc_scale,
    _icc_back,
    ordered=False,
)
trend = Coefficient(
    "trend",
    *_pair(
        "within_parent_trend",
        "Trend within a parent",
        "synthetic minus real correlation of time and value, both about the parent's mean",
    ),
    _trend_sums,
    _trend_scale,
    _tanh,
    ordered=True,
)
lag_one = Coefficient(
    "lag_one",
    *_pair(
        "successive_correlation",
        "Likeness of successive children",
        "synthetic minus real correlation of a child's value with the next one's of the same parent",
    ),
    _lag_sums,
    _lag_scale,
    _tanh,
    ordered=True,
)
COEFFICIENTS = (icc, trend, lag_one)
"""All of them, in the order in which they are reported."""


def measured(coefficient: Coefficient, linked: Linked, values: Array, *, columns: int = 1) -> Measured:
    """A coefficient with its 95 % interval, simultaneous over so many columns; NaN ends where there is none.

    Parameters
    ----------
    coefficient : Coefficient
        Which.
    linked : Linked
        Parents and children.
    values : array, shape (n_children,)
        The children's figures, NaN missing.
    columns : int
        Over how many columns the interval is to hold at once (Bonferroni).

    Notes
    -----
    Delete-one-parent jackknife on the transformed scale with Student's t on
    (parents − 1) degrees of freedom. Efron and Stein (1981), doi 10.1214/aos/1176345462.
    """
    terms = coefficient.sums(linked, values)
    terms = terms[:, terms[0] > 0]
    parents, whole = terms.shape[1], terms.sum(axis=1)
    z = float(coefficient.scale(whole))
    value = float(coefficient.back(np.asarray(z), whole))
    if parents < LEAST_PARENTS or not np.isfinite(z) or abs(z) >= _MOST_Z:
        return Measured(value, np.nan, np.nan, parents)
    left = coefficient.scale(whole[:, None] - terms)
    if not np.isfinite(left).all():
        return Measured(value, np.nan, np.nan, parents)
    from scipy.stats import t

    error = np.sqrt((parents - 1) / parents * ((left - left.mean()) ** 2).sum())
    half = t.ppf(1 - 0.025 / columns, parents - 1) * error
    low, high = (float(coefficient.back(np.asarray(z + sign * half), whole)) for sign in (-1, 1))
    return Measured(value, low, high, parents)
