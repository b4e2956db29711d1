"""How much more data is worth making: a scaling law fitted to a utility curve that the user measured.

Train on D synthetic rows (or tokens), measure the error L on real hold-out data, do so for several D, and
fit the rectified law of SynthLLM (arXiv 2503.19551)::

    L(D) = B / (D_l + D^β) + E

B/D_l sets where the curve starts, β how fast it falls, E where it ends. The law describes a curve; it
doesn't explain it. So every figure has its interval, nothing is told beyond a stated factor of the largest size measured,
and what the sizes measured can't tell is said.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from synthnb._display import Shown
from synthnb._random import generator, resolve_seed
from synthnb.errors import OptionError, shown
from synthnb.evaluation._rectified import BETA_BOUNDS, PARAMETERS, Curve, Fitted, Region, fit_plain, fit_rectified, region_of, simulated_gap
from synthnb.evaluation._scaling_plot import amount, curve_svg, curve_text

if TYPE_CHECKING:
    from synthnb._canonical import Json

__all__ = ["Bounded", "Prediction", "ScalingLaw", "Worth", "fit_scaling"]

REFERENCE = "Qin et al. (2025), arXiv 2503.19551"
LEAST_SIZES = 5
"""Different sizes without which the law's four parameters can't be told from noise."""
_FEW_SIZES = 7
_NARROW = 10.0
_SPAN = 1e-9
_CURVE_POINTS = 60
_SEARCH_POINTS = 200
_MOST_DRAWS = 10_000
_LONGEST_BITS = 1024
_MOST = {"sizes": 1e50, "errors": 1e100, "weights": 1e100}
_MOST_SPAN = 1e12


class Bounded(NamedTuple):
    """A figure with its profile-likelihood interval."""

    value: float
    """At the best fit."""
    low: float
    """Lower end; 0 or ``-inf`` where the data set no bound."""
    high: float
    """Upper end; ``inf`` where the data set no bound."""


@dataclass(frozen=True)
class Prediction:
    """The error that the law gives at a size."""

    size: float
    """In the unit of the sizes measured."""
    error: float
    """Of the mean curve."""
    low: float
    """Lower end of the mean curve's interval; a single new measurement scatters more."""
    high: float
    """Upper end."""
    extrapolated: bool
    """The size is larger than every size measured."""


@dataclass(frozen=True)
class Worth:
    """How much data it takes to reach what was asked."""

    asked: str
    """What was asked, in words."""
    size: float | None
    """Where the law reaches it, or the smallest size measured where it is reached already; None if not within reach."""
    low: float | None
    """Smallest size that isn't ruled out; 0 if even the smallest measured isn't, None if none within reach."""
    high: float | None
    """Largest size that isn't ruled out; None if it lies beyond reach."""
    more: float | None
    """``size`` less the largest size measured, at least 0."""
    reason: str
    """The answer in a sentence."""


@dataclass(frozen=True, repr=False)
class ScalingLaw(Shown):
    """A fitted law, what it says, and what it can't."""

    display_name: ClassVar[str] = "scaling"

    sizes: tuple[float, ...]
    """As measured, ascending."""
    errors: tuple[float, ...]
    """As measured, in the order of the sizes."""
    weights: tuple[float, ...]
    """With mean 1."""
    unit: str
    """What the sizes count."""
    confidence: float
    """Level of every interval."""
    reach: float
    """Nothing is told beyond so many times the largest size."""
    seed: int
    """Of the comparison with the plain law."""
    b: Bounded
    """B, in errors times sizes to the power β."""
    d_l: Bounded
    """D_l, in sizes to the power β."""
    beta: Bounded
    """β."""
    e: Bounded
    """E, the error that no amount of such data removes."""
    rmse: float
    """Weighted root mean square difference between the errors measured and the law's."""
    plain: dict[str, Json]
    """The law without D_l: ``b``, ``beta``, ``e``, ``rmse``, and ``p``, how often curves that follow it would favour the rectified
    one as much, among ``draws`` of them (None if none were drawn)."""
    warnings: tuple[str, ...]
    """What the sizes measured can't tell."""
    _region: Region
    _scales: tuple[float, float]

    @property
    def largest(self) -> float:
        """The largest size measured."""
        return self.sizes[-1]

    def at(self, size: float) -> float:
        """The law's error at a size, wherever that lies; see `predict` for one that minds its reach."""
        best, (scale, top) = self._region.best, self._scales
        return top * (best.b / (best.d + math.pow(size / scale, best.beta)) + best.e)

    def predict(self, size: float) -> Prediction:
        """Return the error at a size, with the interval of the mean curve.

        Parameters
        ----------
        size : float
            Above 0, at most ``reach`` times the largest size measured, at least the smallest over ``reach``.

        Raises
        ------
        OptionError
            The size is out of reach.
        """
        size = _positive("A size", size)
        low, high = self.sizes[0] / self.reach, self.largest * self.reach
        if not low * (1 - _SPAN) <= size <= high * (1 + _SPAN):
            raise OptionError(
                f"A size from {amount(low)} to {amount(high)} {self.unit} was expected, "
                f"{self.reach:g} times beyond what was measured at most; got {amount(size)}.",
                fix="Measure a larger size and fit again: far from the sizes measured, laws that fit them alike disagree.",
            )
        found = self._bounded(*self._level(size))
        return Prediction(size, found.value, found.low, found.high, size > self.largest * (1 + _SPAN))

    def worth(self, *, target: float | None = None, gain: float | None = None) -> Worth:
        """Return how much data it takes until the error is a target, or until a doubling gains less than an amount.

        Parameters
        ----------
        target : float, optional
            An error to reach, at least 0.
        gain : float, optional
            The least fall of the error, above 0, for which a doubling is worth its cost.

        Returns
        -------
        Worth
            Its interval holds the sizes that the data don't rule out. Nothing is told of sizes below the smallest measured.

        Raises
        ------
        OptionError
            Neither or both were given, or one that makes no sense.
        """
        if (target is None) == (gain is None):
            raise OptionError("Either a target or a gain was expected; got both or neither.", fix="Pass `target=` or `gain=`.")
        if target is not None:
            return self._until_target(_number("A target", target, least=0.0))
        return self._until_gain(_positive("A gain", gain))

    def to_dict(self) -> dict[str, Json]:
        """Measured points, parameters, curve with band, warnings and a plot, as plain JSON types; infinite ends are None."""
        grid = np.geomspace(self.sizes[0], self.largest * self.reach, _CURVE_POINTS)
        curve = [self.predict(float(size)) for size in grid]
        doubling = self._bounded(*self._doubling(self.largest))
        return {
            "schema": "synthnb.scaling/1",
            "law": "L(D) = B / (D_l + D^β) + E",
            "reference": REFERENCE,
            "unit": self.unit,
            "sizes": list(self.sizes),
            "errors": list(self.errors),
            "weights": list(self.weights),
            "confidence": self.confidence,
            "reach": self.reach,
            "seed": self.seed,
            "parameters": {name: _finite(getattr(self, key)) for name, key in _NAMES.items()},
            "rmse": self.rmse,
            "plain": self.plain,
            "doubling": _finite(doubling),
            "warnings": list(self.warnings),
            "curve": [{"size": p.size, "error": p.error, "low": p.low, "high": p.high, "extrapolated": p.extrapolated} for p in curve],
            "summary": self.summary,
            "svg": curve_svg(self.sizes, self.errors, curve, unit=self.unit),
            "text": curve_text(self.sizes, self.errors, [self.at(size) for size in self.sizes], unit=self.unit),
        }

    @property
    def summary(self) -> str:
        """What the law says of the next doubling, in a sentence."""
        found = self._bounded(*self._doubling(self.largest))
        level = f"{100 * self.confidence:g} % interval"
        return (
            f"Doubling the data from {amount(self.largest)} to {amount(2 * self.largest)} {self.unit} would lower the error by "
            f"{found.value:.4g} ({level} {found.low:.4g} to {found.high:.4g}); no amount of such data would bring it below "
            f"{self.e.value:.4g} ({self.e.low:.4g} to {self.e.high:.4g}), if the law holds there."
        )

    def __repr__(self) -> str:
        extent = f"{len(self.sizes)} sizes up to {amount(self.largest)} {self.unit}"
        return f"<ScalingLaw: β {self.beta.value:.3g}, E {self.e.value:.4g}, from {extent}>"

    def _level(self, size: float) -> tuple[float, Any, Any]:
        """The law at a size: its value, and the coefficients of b and E in each cell of the region."""
        scale, _ = self._scales
        return self.at(size), self._region.curve(size / scale), np.ones_like(self._region.d)

    def _doubling(self, size: float) -> tuple[float, Any, Any]:
        """What a doubling gains from a size on, likewise."""
        scale, _ = self._scales
        fall = self._region.curve(size / scale) - self._region.curve(2 * size / scale)
        return self.at(size) - self.at(2 * size), fall, np.zeros_like(fall)

    def _bounded(self, value: float, for_b: Any, for_e: Any) -> Bounded:
        low, high = self._region.range(for_b, for_e)
        top = self._scales[1]
        return Bounded(value, min(value, low * top), max(value, high * top))

    def _until_target(self, target: float) -> Worth:
        asked = f"an error of at most {target:g}"
        size, low, high = self._from(self.largest * self.reach, lambda part: part <= target, self._level)
        if size is not None:
            return self._told(asked, size, low, high)
        if self.e.value >= target:
            why = (
                f"The law puts the error that no amount of such data removes at {self.e.value:.4g} ({self.e.low:.4g} to {self.e.high:.4g})."
            )
        else:
            why = f"The law doesn't reach it within {self.reach:g} times the largest size measured."
        return self._untold(asked, why, low)

    def _until_gain(self, gain: float) -> Worth:
        asked = f"a doubling that lowers the error by less than {gain:g}"
        last = self.largest * max(self.reach / 2, 1.0)
        size, low, high = self._from(last, lambda part: part < gain, self._doubling)
        if size is not None:
            return self._told(asked, size, low, high)
        return self._untold(
            asked, f"A doubling from {amount(last)} to {amount(2 * last)} {self.unit} would gain that or more by the law.", low
        )

    def _untold(self, asked: str, why: str, low: float | None) -> Worth:
        near = "" if low is None else f" The data don't rule out that it is reached {self._since(low)}."
        return Worth(asked, None, low, None, None, f"{why}{near} What lies beyond isn't told.")

    def _since(self, low: float) -> str:
        """From where on, at the earliest, in words."""
        return f"from {amount(low)} {self.unit} on" if low else f"at the smallest size measured, {amount(self.sizes[0])} {self.unit}"

    def _told(self, asked: str, size: float, low: float | None, high: float | None) -> Worth:
        more = max(size - self.largest, 0.0)
        first = f"{amount(low)}" if low else f"less than {amount(self.sizes[0])}"
        span = f"{100 * self.confidence:g} % interval {first} to {'more than can be told' if high is None else amount(high)}"
        if size <= self.sizes[0]:
            sure = "" if high == size else f" ({span})"
            why = f"Already reached at the smallest size measured, {amount(size)} {self.unit}{sure}; whether less does isn't told."
            return Worth(asked, size, low, high, more, why)
        extra = (
            f"{amount(more)} {self.unit} more than the largest size measured"
            if more > self.largest * _SPAN
            else "no more than was measured"
        )
        return Worth(asked, size, low, high, more, f"Reached at {amount(size)} {self.unit} ({span}): {extra}.")

    def _from(
        self, last: float, met: Callable[[float], bool], figure: Callable[[float], tuple[float, Any, Any]]
    ) -> tuple[float | None, float | None, float | None]:
        """From which size on a falling figure, the lower and the upper end of its interval meet a condition; None if not up to the last."""
        grid = np.geomspace(self.sizes[0], last, _SEARCH_POINTS)
        found = [self._bounded(*figure(float(size))) for size in grid]
        ends: list[float | None] = []
        for part in (0, 1, 2):
            at = max((i + 1 for i, one in enumerate(found) if not met(one[part])), default=0)
            ends.append(None if at >= len(grid) else self._between(grid, at, met, figure, part))
        size, low, high = ends
        return size, 0.0 if low == self.sizes[0] else low, high

    def _between(
        self, grid: Any, at: int, met: Callable[[float], bool], figure: Callable[[float], tuple[float, Any, Any]], part: int
    ) -> float:
        """The size between two of the grid's from which on a condition is met, by bisection."""
        if at == 0:
            return self.sizes[0]
        low, high = math.log(grid[at - 1]), math.log(grid[at])
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (low, middle) if met(self._bounded(*figure(math.exp(middle)))[part]) else (middle, high)
        return math.exp(high)


_NAMES = {"B": "b", "D_l": "d_l", "beta": "beta", "E": "e"}


def fit_scaling(
    sizes: Sequence[float],
    errors: Sequence[float],
    *,
    weights: Sequence[float] | None = None,
    seed: int | None = None,
    confidence: float = 0.95,
    reach: float = 4.0,
    unit: str = "rows",
    draws: int = 400,
) -> ScalingLaw:
    """Return the rectified scaling law of a measured curve.

    Parameters
    ----------
    sizes : sequence of float
        How much synthetic data was trained on: at least five different sizes, in rows, tokens or any unit; from 1e-50 to
        1e50, the largest at most 1e12 times the smallest.
    errors : sequence of float
        The error on real hold-out data at each size, 0 or from 1e-100 to 1e100: one minus accuracy, a loss, a percentage.
    weights : sequence of float, optional
        How much each measurement counts: one over its variance, or the number of its repeats; from 1e-100 to 1e100, the
        largest at most 1e12 times the smallest.
    seed : int, optional
        Of the comparison with the plain law, from 0 to 2**32 - 1; nothing else is random.
    confidence : float
        Level of the intervals, from 0.5 to 0.999.
    reach : float
        How many times beyond the largest size anything is told, from 1 to 10.
    unit : str
        What the sizes count.
    draws : int
        Curves drawn for the comparison with the plain law, up to 10,000; 0 leaves it out.

    Returns
    -------
    ScalingLaw
        ``.predict(size)``, ``.worth(target=…)`` or ``.worth(gain=…)``, ``.warnings``.

    Raises
    ------
    OptionError
        There are too few sizes, lists of different lengths, or numbers that make no sense.

    Notes
    -----
    L(D) = B / (D_l + D^β) + E with B, D_l, E ≥ 0 and β from 0.02 to 3, by weighted least squares from several
    starts. Intervals are profile-likelihood intervals: the range of a figure over all parameters whose sum of squares is at
    most SSE (1 + F/(n − 4)). They assume errors that scatter alike (or as ``weights`` say) about the law.

    References
    ----------
    Qin et al. (2025), Scaling laws of synthetic data for language models, arXiv 2503.19551.

    Examples
    --------
    >>> sizes = [100, 300, 1000, 3000, 10000, 30000, 100000]
    >>> law = fit_scaling(sizes, [0.1 + 60 / (200 + size**0.9) for size in sizes], seed=1, draws=0)
    >>> round(law.beta.value, 3), round(law.e.value, 3)
    (0.9, 0.1)
    """
    d, y, w = _measured(sizes, errors, weights)
    confidence = _number("A confidence level", confidence, least=0.5, most=0.999)
    reach = _number("A reach", reach, least=1.0, most=10.0)
    draws = _whole("The number of draws", draws, most=_MOST_DRAWS)
    scale, top = float(np.exp(np.mean(np.log(d)))), float(y.max()) or 1.0
    curve = Curve(d / scale, y / top, w)
    best = fit_rectified(curve)
    region = region_of(curve, best, confidence)
    plain, used = fit_plain(curve), resolve_seed(seed)
    gap = simulated_gap(curve, plain, draws, generator(used, "scaling", "plain")) if draws else None
    return ScalingLaw(
        sizes=tuple(map(float, d)),
        errors=tuple(map(float, y)),
        weights=tuple(map(float, w)),
        unit=str(unit),
        confidence=confidence,
        reach=reach,
        seed=used,
        **_parameters(best, region, scale, top),
        rmse=_rmse(best, curve, top),
        plain=_plain(plain, curve, scale, top) | {"p": gap, "draws": draws},
        warnings=tuple(_warnings(curve, best, region)),
        _region=region,
        _scales=(scale, top),
    )


def _parameters(best: Fitted, region: Region, scale: float, top: float) -> dict[str, Any]:
    """The law's parameters in the user's units; an end at which the search was bounded is open."""
    none, one = np.zeros_like(region.d), np.ones_like(region.d)
    with np.errstate(over="ignore"):
        powers = scale**region.beta
        d_l = region.d * powers
    d_high, beta_low, beta_high = region.edges[1:]
    b, e = (tuple(top * end for end in region.range(*coefficients)) for coefficients in ((powers, none), (none, one)))
    return {
        "b": _within(best.b * scale**best.beta * top, b[0], math.inf if d_high else b[1]),
        "d_l": _within(best.d * scale**best.beta, float(d_l.min()), math.inf if d_high else float(d_l.max())),
        "beta": _within(
            best.beta,
            0.0 if beta_low else float(region.beta.min()),
            math.inf if beta_high else float(region.beta.max()),
        ),
        "e": _within(best.e * top, *e),
    }


def _within(value: float, low: float, high: float) -> Bounded:
    return Bounded(value, min(value, low), max(value, high))


def _rmse(fitted: Fitted, curve: Curve, top: float) -> float:
    return top * math.sqrt(fitted.sse / float(curve.w.sum()))


def _plain(plain: Fitted, curve: Curve, scale: float, top: float) -> dict[str, Json]:
    """The law without D_l beside the rectified one."""
    return {
        "b": plain.b * scale**plain.beta * top,
        "beta": plain.beta,
        "e": plain.e * top,
        "rmse": _rmse(plain, curve, top),
    }


def _warnings(curve: Curve, best: Fitted, region: Region) -> list[str]:
    """What the sizes measured can't tell."""
    distinct, spread = len(np.unique(curve.x)), float(curve.x.max() / curve.x.min())
    none, one = np.zeros_like(region.d), np.ones_like(region.d)
    reaches_zero = region.range(none, one)[0] <= _SPAN
    found = []
    if distinct < _FEW_SIZES:
        found.append(f"There are {distinct} sizes for four parameters; intervals are wide, and a bend between two sizes isn't seen.")
    if spread < _NARROW:
        found.append(f"The sizes span a factor of {spread:.3g} only; what happens over a factor of ten isn't seen.")
    if best.b <= 0:
        found.append("The errors don't fall as the size grows: the law is a flat line, and more of this data isn't told to help.")
    elif _is_flat(curve, best):
        found.append("The fall of the errors can't be told from their scatter: whether more data helps isn't told.")
    if best.b > 0 and (best.beta <= BETA_BOUNDS[0] * 1.001 or best.beta >= BETA_BOUNDS[1] * 0.999):
        found.append(f"β lies at the bound of the search, {best.beta:.3g}: the sizes measured don't determine it.")
    if best.b > 0 and (region.edges[1] or region.edges[3]):
        found.append("D_l isn't determined from above: B and D_l can grow together without a change of the curve.")
    if best.b > 0 and reaches_zero:
        found.append("E isn't determined from below: the data don't rule out that the error falls to 0.")
    return found


def _is_flat(curve: Curve, best: Fitted) -> bool:
    """Whether a constant fits as well, by the F test at 5 %."""
    from scipy.stats import f

    free = len(curve.x) - PARAMETERS
    mean = float(np.average(curve.y, weights=curve.w))
    constant = float((curve.w * (curve.y - mean) ** 2).sum())
    extra = PARAMETERS - 1
    return constant <= best.sse * (1 + extra * float(f.ppf(0.95, extra, free)) / free) + 1e-24


def _measured(sizes: Sequence[float], errors: Sequence[float], weights: Sequence[float] | None) -> tuple[Any, Any, Any]:
    """The measurements in ascending order of size, checked; weights with mean 1."""
    d, y = _numbers("sizes", sizes), _numbers("errors", errors)
    w = np.ones(len(d)) if weights is None else _numbers("weights", weights)
    if not len(d) == len(y) == len(w):
        raise OptionError(
            f"Sizes, errors and weights must pair up; got {len(d)}, {len(y)} and {len(w)}.", fix="Pass one of each a measurement."
        )
    for name, column, wrong in (("sizes", d, d <= 0), ("errors", y, y < 0), ("weights", w, w <= 0)):
        if wrong.any():
            least = "at least 0" if name == "errors" else "above 0"
            fix = "Pass errors, such as one minus the accuracy." if name == "errors" else "Leave it out."
            raise OptionError(f"{name} must be {least}; got {column[wrong][0]:g}.", fix=fix)
        _within_reason(name, column)
    if (distinct := len(np.unique(d))) < LEAST_SIZES:
        raise OptionError(
            f"A law of four parameters needs at least {LEAST_SIZES} different sizes; got {distinct}.",
            fix="Measure more sizes, each about twice the one before.",
        )
    order = np.lexsort((y, d))
    return d[order], y[order], w[order] / w.mean()


def _within_reason(name: str, column: Any) -> None:
    """Refuse what double precision can't compute with."""
    most = _MOST[name]
    for value in column[(column > 0) & ((column < 1 / most) | (column > most))]:
        zero = "0 or " if name == "errors" else ""
        raise OptionError(f"{name} must be {zero}from {1 / most:g} to {most:g}; got {value:g}.", fix="Choose another unit.")
    if name != "errors" and column.max() / column.min() > _MOST_SPAN:
        raise OptionError(
            f"The largest of the {name} must be at most {_MOST_SPAN:g} times the smallest; got {column.min():g} to {column.max():g}.",
            fix="Leave out what lies so far away.",
        )


def _numbers(name: str, values: Any) -> Any:
    try:
        found = np.asarray([float(value) for value in values])
    except OverflowError:
        raise OptionError(f"{name} must be at most {_MOST[name]:g}; got a larger number.", fix="Choose another unit.") from None
    except (TypeError, ValueError):
        raise OptionError(f"{name} must be numbers; got {shown(values)}.", fix="Pass a list of numbers.") from None
    if not np.isfinite(found).all():
        raise OptionError(f"{name} must be finite; got {shown(float(found[~np.isfinite(found)][0]))}.", fix="Leave that measurement out.")
    return found


def _number(name: str, value: Any, *, least: float, most: float = math.inf) -> float:
    found = _as_float(value)
    if not (least <= found <= most and math.isfinite(found)):
        span = f"from {least:g} to {most:g}" if math.isfinite(most) else f"at least {least:g}"
        raise OptionError(f"{name} must be {span}; got {_said(value)}.", fix="Choose a number in that range.")
    return found


def _positive(name: str, value: Any) -> float:
    found = _as_float(value)
    if not 0 < found < math.inf:
        raise OptionError(f"{name} must be a number above 0; got {_said(value)}.", fix="Choose one.")
    return found


def _as_float(value: Any) -> float:
    """A number as a float; NaN for what isn't one, or is too large to be."""
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _whole(name: str, value: Any, *, most: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or not 0 <= operator.index(value) <= most:
        raise OptionError(f"{name} must be a whole number from 0 to {most:,}; got {_said(value)}.", fix="Choose one in that range.")
    return operator.index(value)


def _said(value: Any) -> str:
    """A value as it may stand in a message; Python itself refuses to write out some thousand digits."""
    return "a larger number" if isinstance(value, int) and value.bit_length() > _LONGEST_BITS else shown(value)


def _finite(found: Bounded) -> dict[str, Json]:
    return {name: part if math.isfinite(part) else None for name, part in found._asdict().items()}
