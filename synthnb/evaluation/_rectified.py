"""The rectified scaling law fitted to a measured curve, and the region of its parameters that fit almost as well.

::

    L(D) = B / (D_l + D^β) + E          with x = D / s, b = B / s^β, d = D_l / s^β
    L    = b · g(x) + E,                g(x) = 1 / (d + x^β)

For given (d, β) the law is linear in (b, E), which are solved in closed form under b, E ≥ 0; only
(d, β) are searched: over a grid, then by bounded least squares from the grid's best cells. The scale s is the
geometric mean of the sizes, so that the unit in which they are counted has no influence.

The region is all (b, d, β, E) whose weighted sum of squares is at most SSE (1 + F / (n − 4)), F the quantile of
the F distribution with 1 and n − 4 degrees of freedom. The range of any figure over it is that figure's
profile-likelihood interval. Source of the law: arXiv 2503.19551; of the interval: Bates and Watts (1988), Nonlinear
Regression Analysis and Its Applications, doi 10.1002/9780470316757, section 6.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["BETA_BOUNDS", "Curve", "Fitted", "Region", "fit_plain", "fit_rectified", "region_of", "simulated_gap"]

Floats = NDArray[np.float64]

BETA_BOUNDS = (0.02, 3.0)
"""Exponents that are searched."""
PARAMETERS = 4
"""Of the rectified law: B, D_l, β and E."""
_MOST_D = 1e3
"""Largest D_l / s^β; beyond it the law can't be told from one that is linear in D^β."""
_KINK = 0.01
"""Where the search's scale for d turns from linear into logarithmic."""
_CELLS = 41
_STARTS = 6
_ROUNDS = 12
_TINY = 1e-12


@dataclass(frozen=True)
class Curve:
    """Sizes, errors and weights as the fit sees them, free of units."""

    x: Floats
    """Sizes over their geometric mean."""
    y: Floats
    """Errors over their largest."""
    w: Floats
    """Weights with mean 1."""


class Fitted(NamedTuple):
    """Parameters in the curve's own units, and how far the curve is from them."""

    b: float
    """B / s^β over the largest error."""
    d: float
    """D_l / s^β."""
    beta: float
    """β."""
    e: float
    """E over the largest error."""
    sse: float
    """Weighted sum of squared differences."""


class _Cells(NamedTuple):
    """What is known of each (d, β): shapes (m,)."""

    d: Floats
    beta: Floats
    moments: tuple[Floats, Floats, Floats]
    """Σ w g², Σ w g and Σ w."""
    free: tuple[Floats, Floats, Floats]
    """b, E and the sum of squares with no sign demanded."""
    held: tuple[Floats, Floats, Floats]
    """The same with b, E ≥ 0."""


def _g(x: Floats, d: Floats, beta: Floats) -> Floats:
    return np.asarray(1.0 / (d[:, None] + x[None, :] ** beta[:, None]))


def _cells(curve: Curve, d: Floats, beta: Floats) -> _Cells:
    """Solve the linear part for each (d, β), both of shape (m,)."""
    x, y, w = curve.x, curve.y, curve.w
    g = _g(x, d, beta)
    gg, g1, one = (w * g * g).sum(axis=1), (w * g).sum(axis=1), np.full(len(d), w.sum())
    gy, y1 = (w * g * y).sum(axis=1), np.full(len(d), float((w * y).sum()))
    mean = g1 / one
    spread = (w * (g - mean[:, None]) ** 2).sum(axis=1)
    b = np.where(spread > _TINY * gg, (gy - mean * y1) / np.where(spread > _TINY * gg, spread, 1.0), 0.0)
    e = (y1 - b * g1) / one

    def squares(b: Floats, e: Floats) -> Floats:
        return np.asarray((w * (y - b[:, None] * g - e[:, None]) ** 2).sum(axis=1))

    zero = np.zeros(len(d))
    inner = np.where((b >= 0) & (e >= 0), squares(b, e), np.inf)
    b_alone, e_alone = np.maximum(gy / gg, 0.0), np.maximum(y1 / one, 0.0)
    options = [(b, e, inner), (b_alone, zero, squares(b_alone, zero)), (zero, e_alone, squares(zero, e_alone))]
    best = np.argmin([option[2] for option in options], axis=0)
    held = [np.choose(best, [option[k] for option in options]) for k in range(3)]
    return _Cells(d, beta, (gg, g1, one), (b, e, squares(b, e)), (held[0], held[1], held[2]))


def _d_of(v: Any) -> Floats:
    return np.asarray(_KINK * np.sinh(v))


_MOST_V = float(np.arcsinh(_MOST_D / _KINK))


def _grid(v: Floats, beta: Floats) -> tuple[Floats, Floats]:
    """All combinations of the two axes, flattened."""
    first, second = np.meshgrid(v, beta, indexing="ij")
    return first.ravel(), second.ravel()


def _wide() -> tuple[Floats, Floats]:
    return _grid(np.linspace(0.0, _MOST_V, _CELLS), np.geomspace(*BETA_BOUNDS, _CELLS))


def _fitted(cells: _Cells, at: int) -> Fitted:
    return Fitted(*(float(part[at]) for part in (cells.held[0], cells.d, cells.beta, cells.held[1], cells.held[2])))


def fit_rectified(curve: Curve) -> Fitted:
    """Return the parameters with the least weighted sum of squares, within the bounds."""
    v, beta = _wide()
    found = _cells(curve, _d_of(v), beta)
    starts = [(float(v[at]), float(beta[at])) for at in np.argsort(found.held[2], kind="stable")[:_STARTS]]
    plain = fit_plain(curve)
    candidates = [_polished(curve, start) for start in [*starts, (0.0, plain.beta)]]
    return min([*candidates, plain], key=lambda fitted: fitted.sse)


def _polished(curve: Curve, start: tuple[float, float]) -> Fitted:
    """A start moved to the nearest least sum of squares."""
    from scipy.optimize import least_squares

    root = np.sqrt(curve.w)

    def residuals(at: Floats) -> Floats:
        cells = _cells(curve, _d_of(at[:1]), at[1:])
        return np.asarray(root * (curve.y - cells.held[0][0] * _g(curve.x, cells.d, cells.beta)[0] - cells.held[1][0]))

    low, high = np.array([0.0, BETA_BOUNDS[0]]), np.array([_MOST_V, BETA_BOUNDS[1]])
    inside = np.clip(np.array(start), low + 1e-9, high - 1e-9)
    done = least_squares(residuals, inside, bounds=(low, high), jac="3-point", xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=300)
    return _fitted(_cells(curve, _d_of(done.x[:1]), done.x[1:]), 0)


def fit_plain(curve: Curve) -> Fitted:
    """Return the best law without D_l: ``B / D^β + E``."""
    from scipy.optimize import minimize_scalar

    def squares(beta: float) -> float:
        return float(_cells(curve, np.zeros(1), np.array([beta])).held[2][0])

    betas = np.geomspace(*BETA_BOUNDS, 10 * _CELLS)
    found = _cells(curve, np.zeros(len(betas)), betas).held[2]
    at = int(np.argmin(found))
    ends = float(betas[max(at - 1, 0)]), float(betas[min(at + 1, len(betas) - 1)])
    near = float(minimize_scalar(squares, bounds=ends, method="bounded", options={"xatol": 1e-12}).x)
    best = min([float(betas[at]), near], key=squares)
    return _fitted(_cells(curve, np.zeros(1), np.array([best])), 0)


class Region:
    """All parameters that fit almost as well as the best, as cells of (d, β) with an ellipse of (b, E) each."""

    def __init__(self, cells: _Cells, allowed: float, best: Fitted, edges: tuple[bool, bool, bool, bool]) -> None:
        self.d, self.beta, self.best = cells.d, cells.beta, best
        self.edges = edges
        """Whether the region reaches the least and the largest d, and the least and the largest β, that are searched."""
        self._moments, self._centre = cells.moments, cells.free[:2]
        self._slack = np.maximum(allowed - cells.free[2], 0.0)

    def range(self, for_b: Floats, for_e: Floats) -> tuple[float, float]:
        """Least and largest of ``for_b · b + for_e · E`` over the region; both coefficients have one number a cell."""
        points = [*self._tangent(for_b, for_e), *self._on_axis(0), *self._on_axis(1)]
        low, high = np.inf, -np.inf
        for b, e in points:
            with np.errstate(invalid="ignore"):
                value = np.where((b >= 0) & (e >= 0), for_b * b + for_e * e, np.nan)
            if not np.all(np.isnan(value)):
                low, high = min(low, float(np.nanmin(value))), max(high, float(np.nanmax(value)))
        return low, high

    def curve(self, x: float) -> Floats:
        """``g(x)`` in each cell."""
        return np.asarray(1.0 / (self.d + x**self.beta))

    def _tangent(self, for_b: Floats, for_e: Floats) -> list[tuple[Floats, Floats]]:
        """Where the ellipse's boundary is farthest along the coefficients, and against them."""
        gg, g1, one = self._moments
        det = np.maximum(gg * one - g1 * g1, _TINY * gg * one)
        along_b, along_e = (one * for_b - g1 * for_e) / det, (gg * for_e - g1 * for_b) / det
        size = np.maximum(for_b * along_b + for_e * along_e, 0.0)
        step = np.sqrt(self._slack / np.where(size > 0, size, 1.0))
        b, e = self._centre
        return [(b + sign * step * along_b, e + sign * step * along_e) for sign in (-1.0, 1.0)]

    def _on_axis(self, axis: int) -> list[tuple[Floats, Floats]]:
        """Where the region's boundary crosses E = 0 (axis 0) or b = 0 (axis 1); NaN where it doesn't."""
        gg, g1, one = self._moments
        b, e = self._centre
        own, other = (gg, e) if axis == 0 else (one, b)
        middle = (b if axis == 0 else e) + g1 * other / own
        left = self._slack - other**2 * ((one if axis == 0 else gg) - g1**2 / own)
        with np.errstate(invalid="ignore"):
            half = np.sqrt(np.where(left >= 0, left / own, np.nan))
        ends = [np.where(middle + half >= 0, np.maximum(middle - half, 0.0), np.nan), middle + half]
        zero = np.zeros(len(b))
        return [(end, zero) if axis == 0 else (zero, end) for end in ends]


def region_of(curve: Curve, best: Fitted, confidence: float) -> Region:
    """Return the region around a fit at a confidence level, between 0 and 1."""
    from scipy.stats import f

    free = len(curve.x) - PARAMETERS
    allowed = best.sse * (1 + float(f.ppf(confidence, 1, free)) / free) + 1e-24
    whole = (0.0, _MOST_V), BETA_BOUNDS
    here = float(np.arcsinh(best.d / _KINK)), best.beta
    box, inside = whole, np.zeros(0, dtype=bool)
    for _ in range(_ROUNDS):
        axes = [np.unique([*np.linspace(*side, _CELLS), at]) for side, at in zip(box, here, strict=True)]
        v, beta = _grid(axes[0], axes[1])
        cells = _cells(curve, _d_of(v), beta)
        inside = (cells.held[2] <= allowed) | ((v == here[0]) & (beta == here[1]))
        wider = _around(v[inside], box[0], whole[0]), _around(beta[inside], box[1], whole[1])
        if np.allclose(wider, box, rtol=0, atol=1e-3 * np.ptp(box, axis=1, keepdims=True)):
            break
        box = wider
    kept = _chosen(cells, inside)
    ends = [
        (float(part[inside].min()) <= low, float(part[inside].max()) >= high) for part, (low, high) in zip((v, beta), whole, strict=True)
    ]
    return Region(kept, allowed, best, (*ends[0], *ends[1]))


def _chosen(cells: _Cells, inside: NDArray[np.bool_]) -> _Cells:
    """Some of the cells."""

    def three(parts: tuple[Floats, Floats, Floats]) -> tuple[Floats, Floats, Floats]:
        return parts[0][inside], parts[1][inside], parts[2][inside]

    return _Cells(cells.d[inside], cells.beta[inside], three(cells.moments), three(cells.free), three(cells.held))


def _around(found: Floats, box: tuple[float, float], whole: tuple[float, float]) -> tuple[float, float]:
    """What to look at next: what was found and a margin, within the bounds."""
    margin = max((box[1] - box[0]) / (_CELLS - 1), 0.15 * float(np.ptp(found)))
    return max(float(found.min()) - margin, whole[0]), min(float(found.max()) + margin, whole[1])


def simulated_gap(curve: Curve, plain: Fitted, draws: int, rng: np.random.Generator) -> float:
    """Return how often a curve that follows the plain law would favour the rectified one as much as this curve does.

    The usual test doesn't hold, since D_l = 0 lies on the boundary; so curves are drawn from the plain
    fit with normal noise, and the ratio of the two sums of squares is compared on the same grid.
    """
    x, w = curve.x, curve.w
    expected = plain.b / x**plain.beta + plain.e
    spread = np.sqrt(plain.sse / max(len(x) - PARAMETERS + 1, 1) / w)
    noise = rng.standard_normal((draws, len(x))) * spread
    v, beta = _wide()
    wide = _d_of(v), beta
    narrow = np.zeros(10 * _CELLS), np.geomspace(*BETA_BOUNDS, 10 * _CELLS)

    def gap(y: Floats) -> float:
        drawn = Curve(x, y, w)
        smaller = min(float(_cells(drawn, *wide).held[2].min()), least := float(_cells(drawn, *narrow).held[2].min()))
        return (least - smaller) / max(smaller, _TINY)

    seen = gap(curve.y)
    return (1 + sum(gap(expected + row) >= seen for row in noise)) / (draws + 1)
