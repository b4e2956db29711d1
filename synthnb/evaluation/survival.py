"""Survival: whether curves, hazard ratios and a model of the risk come out alike on synthetic rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._encode import level_text
from synthnb.evaluation._intervals import Z95
from synthnb.evaluation._lifetimes import Concordance, Curve, concordance, cox, curve, curve_gap, share_interval
from synthnb.evaluation.analysis.comparing import Pair, pair
from synthnb.evaluation.analysis.estimates import Entry, Estimate
from synthnb.evaluation.analysis.results import term_rows
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Score, Step
from synthnb.evaluation.fidelity import UNCALIBRATED

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column, Table

__all__ = ["SURVIVAL_STEP", "survival"]

Array = NDArray[Any]

_KM = "Kaplan-Meier curves, doi 10.1080/01621459.1958.10501452"
_COX = "Cox's model, Efron's ties, doi 10.1080/01621459.1977.10480613"
_HARRELL = "Harrell's index of concordance, doi 10.1002/(SICI)1097-0258(19960229)15:4<361::AID-SIM168>3.0.CO;2-4"

LARGEST = Definition(
    metric="km_difference",
    label="Survival curves, largest distance",
    dimension="utility",
    direction="lower",
    reference=f"max over time of |S_r - S_s| until the last common time; {_KM}",
)
MEAN = Definition(
    metric="km_mean_difference",
    label="Survival curves, mean distance",
    dimension="utility",
    direction="lower",
    reference=f"∫ |S_r - S_s| dt over the last common time; {_KM}",
)
RESTRICTED = Definition(
    metric="rmst_difference",
    label="Mean time survived until the last common time, synthetic less real",
    dimension="utility",
    direction="none",
    reference=f"∫ S_s dt - ∫ S_r dt until the last common time, Greenwood's variances; {_KM}",
)
RATIOS = Definition(
    metric="hazard_ratio_overlap",
    label="Log hazard ratios, overlap of intervals",
    dimension="utility",
    direction="higher",
    reference=f"mean over terms of the overlap of 95 % intervals, doi 10.1198/000313006X124640; {_COX}",
)
C_INDEX = Definition(
    metric="c_index_tstr",
    label="Risk learned from synthetic, tested on real: concordance",
    dimension="utility",
    direction="higher",
    reference=f"{_HARRELL}, of a ridge Cox model on the hold-out; ceiling: trained on the real rows",
    version=2,
)
C_GAP = Definition(
    metric="c_index_gap",
    label="Concordance lost by training on synthetic rows",
    dimension="utility",
    direction="higher",
    reference=f"concordance trained on synthetic rows less trained on real ones, same hold-out rows, U-statistic interval; {_HARRELL}",
    version=2,
)
_GIVES = (LARGEST, MEAN, RESTRICTED, RATIOS, C_INDEX, C_GAP)

_KINDS = ("integer", "real", "timedelta")
_YES, _NO = ("true", "1", "yes"), ("false", "0", "no")
_POINTS = 20
_MOST_COLUMNS = 12
_MOST_TERMS = 16
_MOST_LEVELS = 8
_LEAST_EVENTS = 5
_MOST_CELLS = 4_000_000
_RIDGE = 1.0
_FIXED = "these fitted models on other rows of the population; another synthetic sample or fit isn't in it"


@dataclass(frozen=True, eq=False)
class Lifetimes:
    """A table's rows of which time and event are known."""

    rows: Array
    """Their numbers."""
    times: Array
    events: Array

    @property
    def curve(self) -> Curve:
        """Their Kaplan–Meier curve."""
        return curve(self.times, self.events)

    def latest(self, people: int) -> float:
        """The last time at which so many were at risk."""
        return float(np.sort(self.times)[-people]) if len(self.times) >= people else 0.0


def survival(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Curves, hazard ratios and concordance of the times to an event named in `Facts.survival`."""
    found = _columns(comparison)
    if isinstance(found, str):
        return _none(found)
    time, event = found
    real, synthetic = (_lifetimes(table, time, event) for table in (comparison.real, comparison.synthetic))
    for what, lives in (("real", real), ("synthetic", synthetic)):
        if len(lives.rows) < parameters["least_rows"] or lives.events.sum() < _LEAST_EVENTS:
            return _none(
                f"The {what} rows need {parameters['least_rows']} times that aren't negative, with {_LEAST_EVENTS} events marked by "
                "true and false, yes and no, or 1 and 0."
            )
    horizon = _rounded_down(min(real.latest(comparison.minimum_cell), synthetic.latest(comparison.minimum_cell)))
    if horizon <= 0:
        return _none("No time is reached by enough rows of both frames.")
    scores = _curves(comparison, time, event, real, synthetic, horizon)
    hazards, terms = _hazards(comparison, time, event)
    details = {"survival": _details(comparison, time, event, horizon) | terms}
    return Findings(scores=[*scores, hazards, *_ranked(comparison, time, event, parameters)], details=details)


def _none(reason: str) -> Findings:
    return Findings(scores=[definition.absent(reason) for definition in _GIVES])


def _columns(comparison: Comparison) -> tuple[Column, Column] | str:
    """The columns of time and event, or why they can't be used."""
    if comparison.facts.survival is None:
        return "No time to an event was stated: pass the columns of time and event as survival=."
    time, event = (comparison.column(name) for name in comparison.facts.survival)
    if time is None or event is None:
        return "The synthetic frame doesn't have the columns of time and event."
    if time.kind not in _KINDS:
        return f"The time is of kind {time.kind}; it must be a number or a span of time."
    if event.family not in ("number", "level"):
        return f"The event is of kind {event.kind}; it must be true or false, yes or no, or 1 or 0."
    return time, event


def _lifetimes(table: Table, time: Column, event: Column) -> Lifetimes:
    times, events = table.values[time.name], _happened(table.values[event.name], event)
    rows = np.flatnonzero(np.isfinite(times) & (times >= 0) & np.isfinite(events))
    return Lifetimes(rows, times[rows], events[rows] > 0)


def _happened(values: Array, event: Column) -> Array:
    """1 or 0, NaN where it isn't known."""
    if event.family == "number":
        return np.where(np.isin(values, (0.0, 1.0)), values, np.nan)
    texts = [level_text(level).lower() for level in event.levels]
    known = [1.0 if text in _YES else 0.0 if text in _NO else np.nan for text in texts]
    found: Array = np.array([*known, np.nan])[values]
    return found


def _rounded_down(time: float) -> float:
    """Two significant digits, so that nobody's own time is shown."""
    if time <= 0:
        return 0.0
    power = 10.0 ** (np.floor(np.log10(time)) - 1)
    return float(f"{np.floor(time / power + 1e-9) * power:.6g}")


def _curves(comparison: Comparison, time: Column, event: Column, real: Lifetimes, synthetic: Lifetimes, horizon: float) -> list[Score]:
    """The distances of the curves and the difference of restricted means."""

    def measure(one: Table, other: Table) -> Array:
        return np.array(curve_gap(_lifetimes(one, time, event).curve, _lifetimes(other, time, event).curve, horizon))

    values, ceiling = measure(comparison.real, comparison.synthetic), comparison.like_for_like(measure, draws=3)
    subject, n = [time.shown, event.shown], len(synthetic.rows)
    given = {"until": horizon, "events": [int(real.events.sum()), n_events] if (n_events := int(synthetic.events.sum())) else {}}
    scores = [
        definition.score(
            values[i],
            n=n,
            subject=subject,
            ceiling=ceiling.best[i],
            matched=ceiling.matched[i],
            parameters={**given, **ceiling.parameters, "interval": UNCALIBRATED},
        )
        for i, definition in enumerate((LARGEST, MEAN))
    ]
    (ours, ours_variance), (theirs, theirs_variance) = (lives.curve.mean_until(horizon) for lives in (synthetic, real))
    half = Z95 * float(np.sqrt(ours_variance + theirs_variance))
    means = {"real": float(f"{theirs:.4g}"), "synthetic": float(f"{ours:.4g}")}
    ends = (ours - theirs - half, ours - theirs + half)
    return [*scores, RESTRICTED.score(ours - theirs, n=n, subject=subject, interval=ends, parameters={**given, **means})]


def _details(comparison: Comparison, time: Column, event: Column, horizon: float) -> dict[str, Any]:
    """Curves at a few times, and medians."""
    tables = {"real": comparison.real, "synthetic": comparison.synthetic}
    tables |= {} if comparison.holdout is None else {"holdout": comparison.holdout}
    moments = np.linspace(0, horizon, _POINTS + 1)
    curves, medians = {}, {}
    for name, table in tables.items():
        lives = _lifetimes(table, time, event)
        if len(lives.rows) < comparison.minimum_cell:
            continue
        found = lives.curve
        curves[name] = [round(float(share), 4) for share in found.at(moments)]
        medians[name] = None if (median := found.median()) is None or median > horizon else float(f"{median:.3g}")
    times = [float(f"{moment:.6g}") for moment in moments]
    return {"time": time.shown, "event": event.shown, "times": times, "curves": curves, "median": medians}


def _hazards(comparison: Comparison, time: Column, event: Column) -> tuple[Score, dict[str, Any]]:
    """Overlap of the log hazard ratios of the groups and the target; of the first columns where neither is named."""
    covariates = _covariates(comparison, time, event)
    if not covariates:
        return RATIOS.absent("There is no other column that a hazard could depend on."), {}
    tables = [comparison.real, comparison.synthetic, comparison.holdout]
    real, synthetic, holdout = (None if table is None else _ratios(comparison, table, time, event, covariates) for table in tables)
    if not real:
        return RATIOS.absent("Cox's model can't be fitted to the real rows: too few events, or groups without any."), {}
    pairs = {name: pair(entry, (synthetic or {}).get(name), 0.0) for name, entry in real.items()}
    best = None if not holdout else _mean({name: pair(entry, holdout.get(name), 0.0) for name, entry in real.items()})
    value, n = _mean(pairs), sum(each.overlap is not None for each in pairs.values())
    why = "Cox's model can't be fitted to the synthetic rows: too few events, or groups without any."
    given = {"n": "terms", "interval": f"{NO_INTERVAL} terms of one model, which depend on each other"}
    given |= {} if best is None else {"ceiling_from": "hold-out"}
    rows = term_rows(pairs, {name: name for name in pairs}, _MOST_TERMS)
    return RATIOS.score(value, n=n, subject=[time.shown, event.shown], ceiling=best, reason=why, parameters=given), {
        "terms": list(rows.values()),
        "omitted": len(pairs) - len(rows),
    }


def _mean(pairs: Mapping[Any, Pair]) -> float | None:
    found = [each.overlap for each in pairs.values() if each.overlap is not None]
    return float(np.mean(found)) if found else None


def _covariates(comparison: Comparison, time: Column, event: Column) -> list[Column]:
    others = [column for column in comparison.of("number", "level") if column.name not in (time.name, event.name)]
    named = [column for column in others if column.name in (*comparison.groups, comparison.target)]
    return (named or others)[:_MOST_COLUMNS]


def _ratios(comparison: Comparison, table: Table, time: Column, event: Column, covariates: list[Column]) -> dict[str, Entry]:
    """Log hazard ratios by term; of numbers per standard deviation of the real rows, of levels against the most frequent one."""
    comparison.clock.check()
    lives = _lifetimes(table, time, event)
    cells: dict[str, Array] = {}
    for column in covariates:
        cells |= _terms(column, comparison.real.values[column.name], table.values[column.name][lives.rows], comparison.minimum_cell)
    data = np.column_stack(list(cells.values())) if cells else np.zeros((len(lives.rows), 0))
    whole = np.isfinite(data).all(axis=1)
    times, events, data = lives.times[whole], lives.events[whole], data[whole]
    varying = data.std(axis=0) > 0 if len(data) else np.zeros(data.shape[1], dtype=bool)
    if not varying.any() or events.sum() < max(_LEAST_EVENTS, 2 * varying.sum()):
        return {}
    fitted = cox(times, events, data[:, varying])
    if not fitted.converged:
        return {}
    names = [name for name, kept in zip(cells, varying, strict=True) if kept]
    made = zip(names, fitted.log_ratios, fitted.errors, strict=True)
    return {
        name: Estimate(float(value), float(error), float(value - Z95 * error), float(value + Z95 * error))
        for name, value, error in made
        if not name.endswith(_OTHERS)
    }


_OTHERS = " = other levels"


def _terms(column: Column, real: Array, values: Array, minimum_cell: int) -> dict[str, Array]:
    """A column's part of a design, by term."""
    if column.family == "number":
        seen = real[np.isfinite(real)]
        spread = float(seen.std()) if len(seen) else 0.0
        scaled = (values - (seen.mean() if len(seen) else 0.0)) / (spread or 1.0)
        return {f"{column.shown} (per SD)": np.clip(np.where(np.isfinite(scaled), scaled, np.nan), -10, 10)} if spread else {}
    counts = np.bincount(real[real >= 0], minlength=len(column.levels))
    kept = [i for i in range(1, min(len(counts), _MOST_LEVELS)) if counts[i] >= minimum_cell]
    known = np.where(values < 0, np.nan, 1.0)
    parts = {f"{column.shown} = {column.levels[i][:60]}": known * (values == i) for i in kept}
    return parts | {f"{column.shown}{_OTHERS}": known * ((values > 0) & ~np.isin(values, kept))}


def _ranked(comparison: Comparison, time: Column, event: Column, parameters: Mapping[str, Any]) -> list[Score]:
    """Concordance on the hold-out of risks learned from synthetic and from real rows."""
    if comparison.no_holdout is not None or comparison.holdout is None:
        return [definition.absent(str(comparison.no_holdout)) for definition in (C_INDEX, C_GAP)]
    tested = comparison.holdout.sample(parameters["most_tested"], comparison.seed, "survival", "tested")
    lives = _lifetimes(tested, time, event)
    ours, best = (_concordance(comparison, table, tested, lives, (time, event), parameters) for table in _trained(comparison, parameters))
    if ours is None or best is None:
        why = "The hold-out has too few events, or no other column varies."
        return [definition.absent(why) for definition in (C_INDEX, C_GAP)]
    subject, n = [time.shown, event.shown], len(lives.rows)
    given = {"events_tested": int(lives.events.sum()), "learner": "ridge Cox model", "ridge": _RIDGE}
    scores = []
    for definition, value, influence, ceiling in (
        (C_INDEX, ours.value, ours.influence, best.value),
        (C_GAP, ours.value - best.value, ours.influence - best.influence, None),
    ):
        error = float(np.sqrt((influence**2).sum())) / n
        ends = share_interval(value, error)
        if definition is C_GAP:
            ends = (value - Z95 * error, value + Z95 * error) if {ours.value, best.value}.isdisjoint({0.0, 1.0}) else None
        more = {"interval_of": _FIXED} if ends else {"interval": f"{NO_INTERVAL} a concordance of 0 or 1, or one without an error"}
        more |= {} if ceiling is None else {"ceiling_from": "trained on the real rows"}
        scores.append(definition.score(value, n=n, subject=subject, interval=ends, ceiling=ceiling, parameters=given | more))
    return scores


def _trained(comparison: Comparison, parameters: Mapping[str, Any]) -> list[Table]:
    return [table.sample(parameters["most_rows"], comparison.seed, "survival") for table in (comparison.synthetic, comparison.real)]


def _concordance(
    comparison: Comparison, table: Table, tested: Table, lives: Lifetimes, outcome: tuple[Column, Column], parameters: Mapping[str, Any]
) -> Concordance | None:
    """Of a ridge Cox model trained on a table, on hold-out rows."""
    from synthnb.evaluation._learners import features
    from synthnb.evaluation._more_learners import design

    comparison.clock.check()
    columns = [column for column in comparison.of("number", "level") if column not in outcome]
    trained = _lifetimes(table, *outcome)
    if not columns or min(len(trained.rows), len(lives.rows)) < parameters["least_rows"] or lives.events.sum() < _LEAST_EVENTS:
        return None
    data, test = design(columns, features(columns, table)[trained.rows], features(columns, tested)[lives.rows])
    if not data.shape[1]:
        return None
    most = max(_MOST_CELLS // data.shape[1], 1)
    fitted = cox(trained.times[:most], trained.events[:most], data[:most], ridge=_RIDGE)
    found = concordance(lives.times, lives.events, np.round(test @ fitted.log_ratios, 12))
    return found if np.isfinite(found.value) else None


SURVIVAL_STEP = Step(
    name="survival",
    run=survival,
    gives=_GIVES,
    parameters={"most_rows": 20000, "most_tested": 5000, "least_rows": 30},
)
"""``survival``."""
