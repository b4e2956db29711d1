"""How far raters agree beyond chance: Cohen's and Fleiss' kappa, Krippendorff's alpha, each with an interval over items.

All three are 1 − D_o/D_e, observed over expected disagreement. Raters are taken
as they are; the interval is over the items they were given, by leaving out one
item after the other. Sources:

- Cohen (1960), doi 10.1177/001316446002000104; weighted: Cohen (1968), doi 10.1037/h0026256.
- Fleiss (1971), doi 10.1037/h0031619.
- Krippendorff (2011), Computing Krippendorff's alpha-reliability, repository.upenn.edu/asc_papers/43;
  Hayes and Krippendorff (2007), doi 10.1080/19312450709336664.
- Efron (1982), The jackknife, the bootstrap and other resampling plans, doi 10.1137/1.9781611970319.
- Korn and Graubard (1998), Survey Methodology 24, 193: an interval for a share by its effective sample size.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synthnb.errors import OptionError, shown
from synthnb.evaluation.base import NO_INTERVAL

__all__ = ["LEAST_ITEMS", "Agreement", "Level", "cohen_kappa", "fleiss_kappa", "krippendorff_alpha"]

Floats = NDArray[np.float64]
Level = Literal["nominal", "ordinal", "interval"]
Weights = Literal["linear", "quadratic"]

LEAST_ITEMS = 30
"""Fewer items give no interval: in simulation its coverage then falls below 90 %."""
WILSON = "Wilson's, on the observed disagreement with the effective sample size that the jackknife over items gives"
LOGARITHM = "jackknife over items of log(D_o/D_e), Student's t on the degrees of freedom of its variance"
NO_DISAGREEMENT = "no disagreement was seen: the lower end allows for as many disagreeing items as 0 of n leaves possible"
FEW = f"{NO_INTERVAL} agreement on fewer than {LEAST_ITEMS} items"
UNSTABLE = f"{NO_INTERVAL} agreement that rests on one item"
_MOST_LEVELS = {"nominal": 1000, "ordinal": 200}
_BLOCK = 1 << 21
_BEARING = 8
"""Weighted disagreement that rests on fewer items than this, effectively, gives the logarithm an interval that covers 86 to 92 %."""


class Agreement(NamedTuple):
    """A coefficient of agreement with its 95 % interval, or the reason why there is none."""

    value: float | None
    """1 is perfect, 0 what chance gives, below 0 worse; None if undefined."""
    low: float | None
    """Lower end; None without an interval."""
    high: float | None
    """Upper end; None without an interval."""
    items: int
    """Items that at least two raters rated."""
    raters: int
    """Raters with at least one of these."""
    observed: float | None
    """Observed disagreement D_o."""
    expected: float | None
    """Disagreement expected by chance, D_e."""
    how: str
    """The interval's method, or, beginning with ``none``, why there is no interval."""
    reason: str | None = None
    """Why there is no value."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """The two ends, if there are any."""
        return None if self.low is None or self.high is None else (self.low, self.high)


class _Parts(NamedTuple):
    """Observed and expected disagreement, of all items and of all but each."""

    observed: float
    expected: float
    left_observed: Floats
    left_expected: Floats
    weights: Floats
    """How many items each of the left-out entries stands for."""
    largest: float
    """The largest disagreement there can be."""
    ratings: float
    """How many ratings there are."""
    nominal: bool
    """Whether a disagreement is one whatever its size."""


def cohen_kappa(
    first: Sequence[Any] | NDArray[Any],
    second: Sequence[Any] | NDArray[Any],
    *,
    weights: Weights | None = None,
    levels: Sequence[Hashable] | None = None,
) -> Agreement:
    """Agreement of two raters on the same items.

    Parameters
    ----------
    first, second : sequence, shape (n_items,)
        Each rater's labels, in the same order of items. None or NaN is no rating;
        an item counts if both rated it.
    weights : {"linear", "quadratic"}, optional
        Weigh a disagreement by the distance of the labels' places, or its square.
    levels : sequence, optional
        The labels in order; sorted, if left out. All that could be given, not only those that were, where ``weights`` are used.

    Returns
    -------
    Agreement
        Without a value if fewer than two items count, or a rater gave every item the same label.

    Raises
    ------
    OptionError
        The two differ in length, a label isn't among the levels, or weights have no such name.

    Notes
    -----
    κ = 1 − Σ w_ij p_ij / Σ w_ij p_i. p_.j; w is 1 off the diagonal, |i−j| or (i−j)².
    Cohen (1960), doi 10.1177/001316446002000104; Cohen (1968), doi 10.1037/h0026256.

    Examples
    --------
    >>> a, b = ["yes"] * 25 + ["no"] * 25, ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    >>> round(cohen_kappa(a, b).value, 3)
    0.4
    """
    if weights not in (None, "linear", "quadratic"):
        raise OptionError.from_choice("weights", weights, ["linear", "quadratic"])
    if len(first) != len(second):
        raise OptionError(
            f"Two raters' labels of the same items were expected; got {len(first)} and {len(second)}.", fix="Leave None for no rating."
        )
    pairs = [(a, b) for a, b in zip(_plain(first), _plain(second), strict=True) if a is not None and b is not None]
    if len(pairs) < 2:
        return _undefined(f"Two raters rated {len(pairs)} items in common; at least 2 are needed.", len(pairs), 2)
    for who in (0, 1):
        if len({pair[who] for pair in pairs}) == 1:
            return _undefined("A rater gave every item the same label, so agreement beyond chance isn't defined.", len(pairs), 2)
    order = _order([label for pair in pairs for label in pair], levels)
    table = np.zeros((len(order), len(order)))
    np.add.at(table, tuple(np.array([[order[label] for label in pair] for pair in pairs]).T), 1.0)
    return _agreement(_cohen_parts(table, weights), len(pairs), 2)


def _cohen_parts(table: Floats, weights: Weights | None) -> _Parts:
    """One left-out entry for each cell of the table, weighted by the cell's count."""
    places = np.arange(len(table), dtype=float)
    apart = np.abs(places[:, None] - places[None, :])
    costs = {None: (apart > 0).astype(float), "linear": apart, "quadratic": apart**2}[weights]
    n = table.sum()
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    total, crossed = (costs * table).sum(), rows @ costs @ columns
    i, j = np.nonzero(table)
    left = crossed - costs[i] @ columns - rows @ costs[:, j] + costs[i, j]
    return _Parts(
        float(total / n),
        float(crossed / n**2),
        (total - costs[i, j]) / (n - 1),
        left / (n - 1) ** 2,
        table[i, j],
        float(costs.max()),
        2 * n,
        nominal=weights is None,
    )


def fleiss_kappa(table: ArrayLike) -> Agreement:
    """Agreement of equally many raters per item, not necessarily the same ones.

    Parameters
    ----------
    table : array, shape (n_items, n_categories)
        How many raters put each item into each category; every row adds up to the same number, at least 2.

    Returns
    -------
    Agreement
        Without a value for fewer than two items, or if every rating is the same.

    Raises
    ------
    OptionError
        Entries aren't counts, or rows add up to different numbers.

    Notes
    -----
    κ = (P̄ − P_e) / (1 − P_e) with P_i = (Σ_j n_ij² − m) / (m(m−1)) and P_e = Σ_j p_j².
    Fleiss (1971), doi 10.1037/h0031619.

    Examples
    --------
    >>> round(fleiss_kappa([[3, 0], [0, 3], [2, 1], [3, 0]]).value, 3)
    0.625
    """
    counts = np.asarray(table, dtype=float)
    if counts.ndim != 2 or not np.isfinite(counts).all() or (counts < 0).any() or (counts != np.trunc(counts)).any():
        raise OptionError("A table of counts, one row per item and one column per category, was expected.", fix="Count the raters.")
    sums = set(counts.sum(axis=1).tolist())
    if len(sums) > 1 or (sums and min(sums) < 2):
        raise OptionError(
            f"Equally many raters per item, at least 2, were expected; got {', '.join(f'{one:g}' for one in sorted(sums))[:60]}.",
            fix="Use Krippendorff's alpha, which allows for missing ratings.",
        )
    if len(counts) < 2:
        return _undefined(f"There are {len(counts)} items; at least 2 are needed.", len(counts), int(max(sums, default=0)))
    raters = int(sums.pop())
    n, totals, per_item = len(counts), counts.sum(axis=0), (counts**2).sum(axis=1)
    apart = 1 - (per_item - raters) / (raters * (raters - 1))
    squares = (totals**2).sum()
    left = squares - 2 * counts @ totals + per_item
    parts = _Parts(
        float(apart.mean()),
        float(1 - squares / (n * raters) ** 2),
        (apart.sum() - apart) / (n - 1),
        1 - left / ((n - 1) * raters) ** 2,
        np.ones(n),
        1.0,
        float(n * raters),
        nominal=True,
    )
    return _agreement(parts, n, raters)


def krippendorff_alpha(ratings: Iterable[Mapping[Any, Any] | Sequence[Any]] | NDArray[Any], *, level: Level = "nominal") -> Agreement:
    """Agreement of any number of raters, with missing ratings.

    Parameters
    ----------
    ratings : sequence or mapping of mappings, or array, shape (n_raters, n_items)
        Per rater, what each item was given: a mapping from item to value, or a row
        of an array; no frame, whose rows might be either. None or NaN is no rating; items with one rating don't count.
    level : {"nominal", "ordinal", "interval"}
        What the values are: names, ranks or numbers.

    Returns
    -------
    Agreement
        Without a value if fewer than two items were rated twice, or all ratings are the same.

    Raises
    ------
    OptionError
        The level has no such name, a frame or a list of words came, or a value isn't a finite number where it must be one.

    Notes
    -----
    α = 1 − D_o/D_e over the coincidences of values within items. The distance of
    c and k is 1 (nominal), (c − k)² (interval) or (Σ_{g=c..k} n_g − (n_c + n_k)/2)²
    (ordinal). Krippendorff (2011), repository.upenn.edu/asc_papers/43.

    Examples
    --------
    >>> nan = float("nan")
    >>> round(krippendorff_alpha([[1, 2, 3, 3], [1, 2, 3, 2], [nan, 2, 3, 3]]).value, 3)
    0.737
    """
    if level not in ("nominal", "ordinal", "interval"):
        raise OptionError.from_choice("level", level, ["nominal", "ordinal", "interval"])
    units, raters = _units(ratings)
    if len(units) < 2:
        return _undefined(f"{len(units)} items were rated by two or more; at least 2 are needed.", len(units), raters)
    values = [value for unit in units for value in unit]
    if level != "nominal":
        _refuse_words(values)
    if len(set(values)) == 1:
        return _undefined("All ratings are the same, so agreement beyond chance isn't defined.", len(units), raters)
    if level == "interval":
        return _agreement(_interval_parts(units), len(units), raters)
    order = _order(values, None)
    if len(order) > _MOST_LEVELS[level]:
        return _undefined(f"There are {len(order)} different values; at most {_MOST_LEVELS[level]} are compared.", len(units), raters)
    counts = np.zeros((len(units), len(order)))
    at = [(i, order[value]) for i, unit in enumerate(units) for value in unit]
    np.add.at(counts, tuple(np.array(at).T), 1.0)
    parts = _nominal_parts(counts) if level == "nominal" else _ordinal_parts(counts)
    return _agreement(parts, len(units), raters)


def _units(ratings: Any) -> tuple[list[list[Any]], int]:
    """The ratings of each item with at least two, and the number of raters of those."""
    rows = list(ratings.values()) if isinstance(ratings, Mapping) else [] if hasattr(ratings, "columns") else list(ratings)
    if hasattr(ratings, "columns") or any(isinstance(row, (str, bytes)) or not isinstance(row, Iterable) for row in rows):
        raise OptionError(
            f"Per rater a mapping from item to value, or an array with a row per rater, was expected; got {shown(type(ratings).__name__)}.",
            fix="Of a frame with a row per item and a column per rater, pass frame.to_numpy().T.",
        )
    by_rater = [row if isinstance(row, Mapping) else dict(enumerate(row)) for row in rows]
    per_item: dict[Any, list[tuple[int, Any]]] = {}
    for who, given in enumerate(by_rater):
        for item, value in zip(given, _plain(list(given.values())), strict=True):
            if value is not None:
                per_item.setdefault(item, []).append((who, value))
    kept = [found for found in per_item.values() if len(found) >= 2]
    return [[value for _, value in found] for found in kept], len({who for found in kept for who, _ in found})


def _nominal_parts(counts: Floats) -> _Parts:
    sizes, totals = counts.sum(axis=1), counts.sum(axis=0)
    n = sizes.sum()
    apart = sizes - counts * (counts - 1) @ np.ones(len(totals)) / (sizes - 1)
    left = n - sizes
    squares = (totals**2).sum() - 2 * counts @ totals + (counts**2).sum(axis=1)
    expected = (n**2 - (totals**2).sum()) / (n * (n - 1))
    return _Parts(
        float(apart.sum() / n),
        float(expected),
        (apart.sum() - apart) / left,
        (left**2 - squares) / (left * np.maximum(left - 1, 1)),
        np.ones(len(counts)),
        1.0,
        float(n),
        nominal=True,
    )


def _interval_parts(units: list[list[float]]) -> _Parts:
    """From each item's number of ratings, their sum and their sum of squares about the overall mean."""
    everything = np.array([value for unit in units for value in unit], dtype=float)
    starts = np.cumsum([0, *(len(unit) for unit in units[:-1])])
    sizes = np.array([len(unit) for unit in units], dtype=float)
    scaled = (everything - everything.mean()) / np.ptp(everything)
    sums, squares = np.add.reduceat(scaled, starts), np.add.reduceat(scaled**2, starts)
    apart = 2 * (sizes * squares - sums**2) / (sizes - 1)
    n, s, q = sizes.sum(), sums.sum(), squares.sum()
    left = n - sizes
    expected = 2 * (left * (q - squares) - (s - sums) ** 2) / (left * np.maximum(left - 1, 1))
    return _Parts(
        float(apart.sum() / n),
        float(2 * (n * q - s**2) / (n * (n - 1))),
        (apart.sum() - apart) / left,
        expected,
        np.ones(len(units)),
        1.0,
        float(n),
        nominal=False,
    )


def _ordinal_parts(counts: Floats) -> _Parts:
    """Distances of ranks, which are other ones when an item is left out.

    With ranks r, D_o n = 2(Σ n_c r_c² − r'Or), where O holds the coincidences;
    leaving out an item takes its own from O and its counts from n.
    """
    sizes, totals = counts.sum(axis=1), counts.sum(axis=0)
    together = (counts.T / (sizes - 1)) @ counts - np.diag((counts.T / (sizes - 1)).sum(axis=1))
    whole = _ordinal(totals[None, :], together, np.zeros((1, len(totals))), np.full(1, 2.0))
    step = max(1, _BLOCK // len(totals))
    pieces = [
        _ordinal(totals - counts[at : at + step], together, counts[at : at + step], sizes[at : at + step])
        for at in range(0, len(counts), step)
    ]
    observed, expected, _ = (np.concatenate(part) for part in zip(*pieces, strict=True))
    o, e, largest = (float(part[0]) for part in whole)
    return _Parts(o, e, observed, expected, np.ones(len(counts)), largest, float(sizes.sum()), nominal=False)


def _ordinal(totals: Floats, together: Floats, out: Floats, sizes: Floats) -> tuple[Floats, Floats, Floats]:
    """D_o, D_e and the largest distance, a row for each item left out, in units of all ratings squared."""
    n = totals.sum(axis=1)
    ranks = (np.cumsum(totals, axis=1) - totals / 2) / n[:, None]
    squares = (totals * ranks**2).sum(axis=1)
    own = ((out * ranks).sum(axis=1) ** 2 - (out * ranks**2).sum(axis=1)) / (sizes - 1)
    observed = 2 * (squares - ((ranks @ together) * ranks).sum(axis=1) + own) / n
    expected = 2 * (n * squares - (totals * ranks).sum(axis=1) ** 2) / (n * np.maximum(n - 1, 1))
    return np.maximum(observed, 0.0), expected, (ranks[:, -1] - ranks[:, 0]) ** 2


def _agreement(parts: _Parts, items: int, raters: int) -> Agreement:
    """The coefficient and its interval."""
    if parts.expected <= 0:
        return _undefined("All ratings are the same, so agreement beyond chance isn't defined.", items, raters)
    observed = 0.0 if parts.observed < 1e-12 else parts.observed
    low, high, how = _interval(parts._replace(observed=observed), items)
    return Agreement(1 - observed / parts.expected, low, high, items, raters, observed, parts.expected, how)


def _interval(parts: _Parts, items: int) -> tuple[float | None, float | None, str]:
    if items < LEAST_ITEMS:
        return None, None, FEW
    if parts.observed == 0:
        return 1 - (1 - 0.025 ** (1 / items)) * parts.largest / parts.expected, 1.0, NO_DISAGREEMENT
    with np.errstate(divide="ignore", invalid="ignore"):
        left = parts.left_observed / parts.left_expected
    if not np.isfinite(left).all():
        return None, None, UNSTABLE
    if parts.nominal or (left < 1e-12).any() or (freedom := _freedom(np.log(left), parts.weights)) < 2 * _BEARING:
        return *_wilson(parts, left, items), WILSON
    from scipy import stats

    half = stats.t.ppf(0.975, freedom) * np.sqrt(_jackknife(np.log(left), parts.weights))
    ratio = parts.observed / parts.expected
    return float(1 - ratio * np.exp(half)), float(1 - ratio * np.exp(-half)), LOGARITHM


def _wilson(parts: _Parts, left: Floats, items: int) -> tuple[float, float]:
    """Wilson's interval of D_o as a share of the largest distance, on the trials that the jackknife's variance gives.

    Student's quantile stands for the normal one. On names its degrees of freedom are those of the variance itself,
    2(Σu²)²/Σu⁴ for deviations u: where few items bear the disagreement, they say little about its spread.
    """
    from scipy import stats

    scale = parts.expected / parts.largest
    p, variance = min(parts.observed / parts.largest, 1.0), _jackknife(left, parts.weights) * scale**2
    z = float(stats.t.ppf(0.975, max(_freedom(left, parts.weights), 2.0) if parts.nominal else items - 1))
    trials = p * (1 - p) / variance if variance > 0 and p < 1 else items
    trials = min(trials, parts.ratings)
    centre = (p + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z * np.sqrt(p * (1 - p) / trials + z**2 / (4 * trials**2)) / (1 + z**2 / trials)
    return float(1 - (centre + half) / scale), float(1 - (centre - half) / scale)


def _freedom(left: Floats, weights: Floats) -> float:
    """Twice the number of items that bear the variance, (Σu²)²/Σu⁴."""
    squares = (left - np.average(left, weights=weights)) ** 2
    fourth = float((weights * squares**2).sum())
    return 2 * float((weights * squares).sum()) ** 2 / fourth if fourth > 0 else weights.sum() - 1


def _jackknife(left: Floats, weights: Floats) -> float:
    """(n−1)/n times the sum of squares of the left-out values about their mean."""
    n = weights.sum()
    mean = np.average(left, weights=weights)
    return float((n - 1) / n * (weights * (left - mean) ** 2).sum())


def _undefined(reason: str, items: int, raters: int) -> Agreement:
    return Agreement(None, None, None, items, raters, None, None, f"{NO_INTERVAL} agreement without a value", reason)


def _plain(values: Any) -> list[Any]:
    """Python values, None for every kind of missing."""
    listed = values.tolist() if isinstance(values, np.ndarray) else list(values)
    return [None if _is_missing(value) else value for value in listed]


def _is_missing(value: Any) -> bool:
    """Whether it is None, NaN or pandas' NA, which can't be compared."""
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def _order(values: Iterable[Any], levels: Sequence[Hashable] | None) -> dict[Any, int]:
    """Each label's place."""
    found = set(values)
    if levels is None:
        numbers = all(isinstance(value, (int, float, np.number)) for value in found)
        return {value: at for at, value in enumerate(sorted(found) if numbers else sorted(found, key=str))}
    order = {value: at for at, value in enumerate(levels)}
    for value in found:
        if value not in order:
            raise OptionError.from_choice("A label", value, [str(level) for level in levels])
    return order


def _refuse_words(values: list[Any]) -> None:
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not np.isfinite(value):
            raise OptionError(f"A finite number was expected as rating; got {shown(value)}.", fix="Use level='nominal' for names.")
