"""The distribution that a description names, with the figures it states; none where they can't hold together.

==================  ==================================================================================
named               from
==================  ==================================================================================
normal              mean or median, sd; limits cut it, its mean and sd solved for what the cut leaves
lognormal           mean and sd, or median and sd; m = ln mean - s²/2, s² = ln(1 + sd²/mean²)
gamma, weibull      mean and sd; the Weibull's shape from its coefficient of variation
exponential         mean, or median / ln 2; an sd that is stated must be the mean
beta                limits (0 to 1 if none), mean and sd, by moments
uniform             limits, or mean ± √3 sd
poisson             mean, or median for large ones; an sd that is stated must be its root
negative binomial   mean and sd, dispersion mean² / (sd² - mean)
==================  ==================================================================================

Limits cut what they would leave out; where that would move the mean by more than a hundredth of the spread, the
parameters are solved for what is left. A spread that isn't stated is assumed, and noted. Figures that are stated count
for more than the name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from synthnb.recipes.statements.fitting import Fitted, Wanted, fitted

if TYPE_CHECKING:
    from synthnb.recipes.distributions import Source

__all__ = ["fitted_as"]

_SPREAD = 0.2
_NEAR = 0.1
_POINTS = 4_000
_CLOSE, _OFF = 1e-3, 0.01
_SAME = {"normal": {"normal", "truncated_normal"}, "uniform": {"uniform", "integers"}}


def fitted_as(family: str, wanted: Wanted) -> Fitted | None:
    """Return a distribution of a family that has what is wanted; None if there is none, or quartiles ask for another.

    Parameters
    ----------
    family : str
        Its name in a recipe.
    wanted : Wanted
        What is known; nothing but limits, or nothing, is filled in with a neutral value, which is noted.
    """
    n = dict(wanted.numbers)
    if "q1" in n:
        found = fitted(wanted)
        return found if found.body["family"] in _SAME.get(family, {family}) else None
    if family == "uniform":
        return _uniform(wanted)
    known, notes = _with_moments(family, wanted)
    if known is None:
        return None
    made = _MAKERS[family](known)
    if made is None:
        return None
    notes = (*notes, *made.notes)
    return replace(made, notes=notes)


def _with_moments(family: str, wanted: Wanted) -> tuple[Wanted | None, tuple[str, ...]]:
    """The same with a mean and a spread; assumed where nothing is stated from which they follow."""
    n, sources = dict(wanted.numbers), dict(wanted.sources)
    low, high = n.get("low", -math.inf), n.get("high", math.inf)
    notes: list[str] = []
    if "mean" not in n and "median" in n:
        if family not in {"normal", "lognormal", "exponential", "poisson"} or (family == "lognormal" and n["median"] <= 0):
            return None, ()
        n["mean"], sources["mean"] = n["median"] / math.log(2) if family == "exponential" else n["median"], sources["median"]
    if "mean" not in n:
        ends = math.isfinite(low) and math.isfinite(high)
        n["mean"], sources["mean"] = ((low + high) / 2 if ends else max(low, 0.0) + 1.0 if family != "normal" else 0.0), "default"
        notes.append(f"no mean was stated; {n['mean']:.3g} was taken")
    if "sd" not in n and family not in {"exponential", "poisson"}:
        wide = high - low
        n["sd"] = wide / 6 if math.isfinite(wide) else _SPREAD * abs(n["mean"]) or 1.0
        if family == "negative_binomial":
            n["sd"] = max(n["sd"], math.sqrt(1.5 * n["mean"]))
        sources["sd"] = "default"
        notes.append(f"no spread was stated; a standard deviation of {n['sd']:.3g} was taken")
    return replace(wanted, numbers=n, sources=sources), tuple(notes)


def _told(wanted: Wanted, *names: str) -> Source:
    found = {wanted.sources.get(name, "default") for name in names if name in wanted.numbers} or {"default"}
    return next(source for source in ("default", "model", "summary", "user") if source in found)


def _uniform(wanted: Wanted) -> Fitted | None:
    n = wanted.numbers
    centre = n.get("mean", n.get("median"))
    if "low" in n and "high" in n:
        middle = (n["low"] + n["high"]) / 2
        spread = (n["high"] - n["low"]) / math.sqrt(12)
        off = (centre is not None and abs(centre - middle) > 0.02 * spread) or ("sd" in n and abs(n["sd"] / spread - 1) > _NEAR)
        return None if off else fitted(Wanted({"low": n["low"], "high": n["high"]}, wanted.sources, "flat", wanted.step))
    if centre is None or "sd" not in n or "low" in n or "high" in n:
        return None
    half = math.sqrt(3) * n["sd"]
    told = _told(wanted, "mean", "median", "sd")
    return Fitted({"family": "uniform", "low": centre - half, "high": centre + half}, {"low": told, "high": told})


def _normal(wanted: Wanted) -> Fitted | None:
    numbers = {name: value for name, value in wanted.numbers.items() if name != "median"}
    found = fitted(replace(wanted, numbers=numbers, shape="bell", signed=True))
    return found if found.body["family"] in _SAME["normal"] else None


def _lognormal(wanted: Wanted) -> Fitted | None:
    n = wanted.numbers
    if n["mean"] <= 0:
        return None

    def made(mean: float, sd: float) -> dict[str, float]:
        variance = math.log1p((sd / mean) ** 2)
        return {"log_mean": math.log(mean) - variance / 2, "log_sd": math.sqrt(variance)}

    if "median" in n:  # the median is kept, and the spread is about it
        body = {"log_mean": math.log(n["median"]), "log_sd": math.sqrt(math.log1p((n["sd"] / n["median"]) ** 2))}
        return Fitted({"family": "lognormal", **body}, {"log_mean": _told(wanted, "median"), "log_sd": _told(wanted, "median", "sd")})
    return _cut(wanted, "lognormal", made, ("log_mean", "log_sd"))


def _gamma(wanted: Wanted) -> Fitted | None:
    if wanted.numbers["mean"] <= 0:
        return None
    return _cut(wanted, "gamma", lambda mean, sd: {"shape": (mean / sd) ** 2, "scale": sd**2 / mean}, ("shape", "scale"))


def _weibull(wanted: Wanted) -> Fitted | None:
    if wanted.numbers["mean"] <= 0:
        return None
    from scipy.optimize import brentq
    from scipy.special import gammaln

    def made(mean: float, sd: float) -> dict[str, float]:
        ratio = math.log1p((sd / mean) ** 2)
        shape = float(brentq(lambda k: float(gammaln(1 + 2 / k) - 2 * gammaln(1 + 1 / k)) - ratio, 0.05, 200.0))
        return {"shape": shape, "scale": mean / math.exp(float(gammaln(1 + 1 / shape)))}

    return _cut(wanted, "weibull", made, ("shape", "scale")) if 0.01 < wanted.numbers["sd"] / wanted.numbers["mean"] < 20 else None


def _exponential(wanted: Wanted) -> Fitted | None:
    n = wanted.numbers
    if n["mean"] <= 0 or ("sd" in n and abs(n["sd"] / n["mean"] - 1) > _NEAR) or n.get("low", 0.0) > 0:
        return None
    same = replace(wanted, numbers={**n, "sd": n["mean"]}, sources={**wanted.sources, "sd": wanted.sources.get("mean", "default")})
    return _cut(same, "exponential", lambda mean, _: {"mean": mean}, ("mean",))


def _beta(wanted: Wanted) -> Fitted | None:
    n = wanted.numbers
    low, high = n.get("low", 0.0), n.get("high", 1.0 if n.get("mean", 0.5) <= 1 else 100.0)
    m, v = (n["mean"] - low) / (high - low), (n["sd"] / (high - low)) ** 2
    if not 0 < m < 1 or v >= m * (1 - m):
        return None
    k = m * (1 - m) / v - 1
    told = _told(wanted, "mean", "sd")
    ends = {end: wanted.sources.get(end, "default") for end in ("low", "high")}
    return Fitted({"family": "beta", "alpha": m * k, "beta": (1 - m) * k, "low": low, "high": high}, {"alpha": told, "beta": told, **ends})


def _poisson(wanted: Wanted) -> Fitted | None:
    n = wanted.numbers
    if n["mean"] <= 0 or ("sd" in n and abs(n["sd"] ** 2 / n["mean"] - 1) > _NEAR):
        return None
    if n.get("low", 0.0) > 0 or n.get("high", math.inf) < n["mean"] + 6 * math.sqrt(n["mean"]):
        return None  # the limits would move its mean
    return Fitted({"family": "poisson", "mean": n["mean"]}, {"mean": _told(wanted, "mean", "median")})


def _negative_binomial(wanted: Wanted) -> Fitted | None:
    n = wanted.numbers
    if n["mean"] <= 0 or n["sd"] ** 2 <= n["mean"] or n.get("low", 0.0) > 0 or n.get("high", math.inf) < n["mean"] + 8 * n["sd"]:
        return None
    body = {"family": "negative_binomial", "mean": n["mean"], "dispersion": n["mean"] ** 2 / (n["sd"] ** 2 - n["mean"])}
    return Fitted(body, {"mean": _told(wanted, "mean"), "dispersion": _told(wanted, "mean", "sd")})


_MAKERS: dict[str, Callable[[Wanted], Fitted | None]] = {
    "normal": _normal,
    "lognormal": _lognormal,
    "gamma": _gamma,
    "weibull": _weibull,
    "exponential": _exponential,
    "beta": _beta,
    "poisson": _poisson,
    "negative_binomial": _negative_binomial,
}


def _cut(wanted: Wanted, family: str, made: Callable[[float, float], dict[str, float]], names: tuple[str, ...]) -> Fitted | None:
    """The member of a family that has a mean and an sd within the limits: solved for, where the limits cut anything that matters."""
    from scipy.optimize import least_squares

    n, half = wanted.numbers, wanted.step / 2
    a, b = n.get("low", -math.inf) - half, n.get("high", math.inf) + half
    sd = math.sqrt(max(n["sd"] ** 2 - wanted.step**2 / 12, 0.25 * n["sd"] ** 2))
    body, told = made(n["mean"], sd), _told(wanted, "mean", "sd")
    mean, spread = _moments(family, body, a, b)
    if abs(mean - n["mean"]) > _OFF * sd or abs(spread / sd - 1) > _OFF:

        def off(x: Any) -> list[float]:
            at = _moments(family, made(n["mean"] * math.exp(x[0]), sd * math.exp(x[-1])), a, b)
            return [(at[0] - n["mean"]) / sd, at[1] / sd - 1][: len(names)]

        found = least_squares(off, [0.0] * len(names), bounds=(-2.0, 2.0))
        if max(map(abs, found.fun)) > _CLOSE:
            return None
        body = made(n["mean"] * math.exp(found.x[0]), sd * math.exp(found.x[-1]))
    return Fitted({"family": family, **body}, dict.fromkeys(names, told), floor=0.0 if "low" not in n else None)


def _moments(family: str, body: dict[str, float], a: float, b: float) -> tuple[float, float]:
    """Mean and sd of what lies between two limits, over evenly spaced quantiles; what is far in the tails counts by the closed form."""
    import numpy as np
    from scipy import stats

    frozen = {
        "lognormal": lambda: stats.lognorm(body["log_sd"], scale=math.exp(body["log_mean"])),
        "gamma": lambda: stats.gamma(body["shape"], scale=body["scale"]),
        "weibull": lambda: stats.weibull_min(body["shape"], scale=body["scale"]),
        "exponential": lambda: stats.expon(scale=body["mean"]),
    }[family]()
    below, above = float(frozen.cdf(a)), float(frozen.sf(b))
    if below + above < 1e-9:
        return float(frozen.mean()), float(frozen.std())
    points = below + (1 - below - above) * (np.arange(_POINTS) + 0.5) / _POINTS
    values = frozen.ppf(points)
    return float(values.mean()), float(values.std())
