r"""Times to an event, with censoring: taken off before the engine learns, drawn from hazards given what it draws.

::

    age  arm  days  event          age  arm          every outcome has a hazard of its own, censoring too:
     58   a    412    1      ──►    58   a     ──►    T_event, T_censored, … given the row;
     71   b   1500    0             71   b            days = the least of them, event = whose it is

The hazard of outcome k at time t in a row with covariates x is h_k(t)·exp(x·β_k), with h_k by Breslow's
estimator, within the strata of the first declared group, and β_k by Cox's partial likelihood with a weak ridge. So
Kaplan–Meier curves by group, hazard ratios, competing outcomes and a day on which follow-up ends for all are
kept; a tree would give up weak effects. Interactions, and hazards that aren't proportional within a
stratum, are not learnt.

Cox (1972), "Regression models and life-tables", Journal of the Royal Statistical Society B 34, 187–220,
doi:10.1111/j.2517-6161.1972.tb00899.x; Breslow (1972), its discussion, 216–217; Prentice et al. (1978), "The analysis
of failure times in the presence of competing risks", Biometrics 34, 541–554, doi:10.2307/2530374.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from typing_extensions import override

from synthnb._random import generator
from synthnb.engines._association import most_associated
from synthnb.engines._encoding.state import coders_from_state, coders_to_state
from synthnb.engines._encoding.table import MISSING, ORDINARY, Coder, encode_table
from synthnb.engines._layers import Layer
from synthnb.engines.base import BLOCK, State
from synthnb.errors import FrameError, OptionError, RecordError, reason, shown
from synthnb.recipes.timing import Survival

if TYPE_CHECKING:
    import pandas as pd

    from synthnb._canonical import Json
    from synthnb.engines.base import Unit
    from synthnb.recipes.recipe import Column, Recipe

__all__ = ["Hazards", "SurvivalLayer", "cox_coefficients", "restore", "take_off"]

Array = np.ndarray[Any, Any]

_MOST_COVARIATES = 15
_MOST_LEVELS = 8
_LEARNT = 10_000
_RIDGE = 1.0
_STEPS = 30
_FEWEST_IN_STRATUM = 50
_CERTAIN = 1e6
"""A baseline hazard that nothing outlives."""


@dataclass(frozen=True)
class Hazards:
    """One outcome's hazards."""

    coefficients: Array
    """β, one per covariate."""
    baseline: Array
    """Cumulated hazards of a row with x = 0, strata by distinct times."""

    def times(self, covariates: Array, stratum: Array, uniforms: Array) -> Array:
        """Return the index of the time at which each row has this outcome; one past the last for never."""
        needed = -np.log1p(-uniforms) / np.exp(np.clip(covariates @ self.coefficients, -30, 30))
        found = np.empty(len(uniforms), dtype="i8")
        for number, cumulated in enumerate(self.baseline):
            here = stratum == number
            found[here] = np.searchsorted(cumulated, needed[here])
        return found


@dataclass(frozen=True)
class SurvivalLayer(Layer):
    """The layer: time and event drawn from hazards."""

    survival: Survival
    """Which columns."""
    recipe: Recipe
    """The table with both."""
    coders: tuple[Coder, ...]
    """Of time and event, then of each covariate."""
    stratum: str
    """The group whose strata have baselines of their own; empty for none."""
    centres: Array
    """The covariates' means, by column of x."""
    scales: Array
    """Their standard deviations."""
    outcomes: tuple[Hazards, ...]
    """One per level of the event, in the order in which ties are settled; censoring last."""
    levels: Array
    """Which level of the event each is."""

    @property
    def how(self) -> Mapping[str, str]:
        """How time and event are made."""
        said = "drawn from hazards given the other columns (Cox's model)"
        apart = f", apart for each {self.stratum}" if self.stratum else ""
        return {self.survival.time: f"{said}{apart}", self.survival.event: f"the outcome that came first; {said}{apart}"}

    def rebuild(self, frame: pd.DataFrame, *, numbers: Array, seed: int, unit: Unit) -> tuple[pd.DataFrame, Array]:
        """Draw time and event for rows."""
        rows = numbers % BLOCK
        spots = int(rows.max(initial=-1)) + 1
        covariates = (_design(frame, self.coders[2:], skip=self.stratum) - self.centres) / self.scales
        stratum = _strata(frame, self.stratum, self.coders)
        draws = generator(seed, "sample", "survival", self.survival.time, *unit).random((spots, len(self.outcomes) + 1))[rows]
        times = np.column_stack([h.times(covariates, stratum, draws[:, k]) for k, h in enumerate(self.outcomes)])
        which = times.argmin(axis=1)
        coder = self.coders[0]
        at = np.minimum(times[np.arange(len(rows)), which], coder.size - 1)
        moved = np.clip(at + draws[:, -1] - 0.5, 0, coder.size - 1)
        ordinary = np.zeros(len(rows), dtype="i1")
        made = {
            self.survival.time: coder.decode(ordinary, np.where(coder.kept[at], at, moved)),
            self.survival.event: self.coders[1].decode(ordinary, self.levels[which].astype("f8")),
        }
        names = [column.name for column in self.recipe.columns if column.name in frame or column.name in made]
        wide = frame.assign(**{name: cells.set_axis(frame.index) for name, cells in made.items()})
        return wide[[*names, *(name for name in frame if name not in names)]], np.zeros(len(frame), dtype=bool)

    @override
    def finish(self, frame: pd.DataFrame, *, seed: int) -> tuple[pd.DataFrame, dict[str, int], Array]:
        """Nothing is left to settle: rows don't depend on one another."""
        return frame, {}, np.zeros(len(frame), dtype=bool)

    @override
    def notes(self, counts: Mapping[str, int]) -> list[str]:
        """What the model of times leaves out."""
        return [
            f"Times in {shown(self.survival.time)} are drawn from proportional hazards given {len(self.coders) - 2} other columns: "
            "interactions between columns, and effects that change with time, are not in them."
        ]

    def to_state(self) -> State:
        """Hazards as plain data."""
        coders = coders_to_state(self.coders)
        meta: dict[str, Json] = {
            "survival": self.survival.model_dump(),
            "covariates": [coder.column.name for coder in self.coders[2:]],
            "stratum": self.stratum,
            "coders": coders.meta,
        }
        arrays = {f"coders.{name}": array for name, array in coders.arrays.items()}
        for number, hazards in enumerate(self.outcomes):
            arrays |= {f"coefficients{number}": hazards.coefficients, f"baseline{number}": hazards.baseline}
        return State(meta, {**arrays, "centres": self.centres, "scales": self.scales, "levels": self.levels})


def restore(recipe: Recipe, state: State) -> SurvivalLayer:
    """Return what `SurvivalLayer.to_state` kept.

    Raises
    ------
    RecordError
        The state isn't one of this layer's, or doesn't hold together.
    """
    try:
        survival = Survival.model_validate(state.meta["survival"])
        by_name = {column.name: column for column in recipe.columns}
        by_name[survival.event] = _as_levels(by_name[survival.event])
        names = [survival.time, survival.event, *state.meta["covariates"]]
        part = {name.removeprefix("coders."): array for name, array in state.arrays.items() if name.startswith("coders.")}
        coders = coders_from_state([by_name[name] for name in names], State(state.meta["coders"], part))
        arrays, levels = state.arrays, state.arrays["levels"]
        outcomes = tuple(Hazards(arrays[f"coefficients{number}"], arrays[f"baseline{number}"]) for number in range(len(levels)))
        layer = SurvivalLayer(survival, recipe, coders, str(state.meta["stratum"]), arrays["centres"], arrays["scales"], outcomes, levels)
        _check_shapes(layer)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise RecordError(
            f"The state of a survival layer was expected; this isn't one: {reason(error)}.", fix="Fit the generator again."
        ) from error
    return layer


def _check_shapes(layer: SurvivalLayer) -> None:
    for hazards in layer.outcomes:
        if hazards.coefficients.shape != layer.centres.shape or hazards.baseline.shape[1] != layer.coders[0].size:
            raise ValueError("its hazards have another shape than its columns")
    if len(layer.levels) and (layer.levels.min() < 0 or layer.levels.max() >= layer.coders[1].size):
        raise ValueError("it has an outcome that isn't a level of the event")


def take_off(frame: pd.DataFrame, recipe: Recipe, survival: Survival, *, seed: int) -> tuple[SurvivalLayer, pd.DataFrame, Recipe]:
    """Return the layer of a time and its event, and the frame and the recipe without them.

    Parameters
    ----------
    frame : pandas.DataFrame
        The real rows.
    recipe : Recipe
        What they hold; the first of its groups sets strata where each has at least 50 rows.
    survival : Survival
        Which columns. Of the event's levels, 0, False, or else one that says "censored" or "alive", means censored.
    seed : int
        Chooses the rows looked at where there are many.

    Raises
    ------
    OptionError
        There is no such column, or the event has no level that means censored.
    FrameError
        A time or an event is missing, or a time is negative.
    """
    columns = {column.name: column for column in recipe.columns}
    _check(frame, survival, columns)
    described = [columns[survival.time], _as_levels(columns[survival.event])]
    others = [column for column in recipe.columns if column.name not in {survival.time, survival.event}]
    usable = [column for column in others if column.kind not in {"text", "identifier", "empty", "constant"}]
    stratum = _stratum(frame, recipe)
    names = most_associated(frame, usable, frame, described, most=_MOST_COVARIATES, always=[stratum] if stratum else [], seed=seed)
    covered = [column for column in usable if column.name in names]
    coders = encode_table(frame, recipe.model_copy(update={"columns": (*described, *covered)})).coders
    ticks = coders[0].encode(frame[survival.time]).positions.astype("i8")
    event = coders[1].encode(frame[survival.event]).positions.astype("i8")
    levels = _outcomes(coders[1], survival)
    raw = _design(frame, coders[2:], skip=stratum)
    centres, scales = raw.mean(axis=0), np.where(raw.std(axis=0) > 0, raw.std(axis=0), 1.0)
    covariates, strata = (raw - centres) / scales, _strata(frame, stratum, coders)
    rank = np.argsort(levels)[event]
    outcomes = tuple(_learn(covariates, strata, ticks, rank, outcome, coders[0].size, seed=seed) for outcome in range(len(levels)))
    layer = SurvivalLayer(survival, recipe, coders, stratum, centres, scales, outcomes, levels)
    given = tuple(name for name in recipe.given if name not in {survival.time, survival.event})
    kept = recipe.model_copy(update={"columns": tuple(others), "given": given})
    return layer, frame.drop(columns=[survival.time, survival.event]), kept


def _as_levels(column: Column) -> Column:
    """The event as levels, however it is stored."""
    return column.model_copy(update={"kind": "category", "ordered": False})


def _check(frame: pd.DataFrame, survival: Survival, columns: Mapping[str, Any]) -> None:
    for what, name in (("time", survival.time), ("event", survival.event)):
        if name not in columns:
            raise OptionError.from_choice(f"The {what} of a survival", name, list(columns))
        if frame[name].isna().any():
            raise FrameError(
                f"{shown(name)} must be known in every row; {int(frame[name].isna().sum()):,} are missing.", fix="Drop these rows."
            )
    if len(columns) < 3:
        raise FrameError("A table with a time and an event needs another column too.", fix="Add a column, such as the arm.")
    if columns[survival.time].kind not in {"integer", "real"} or float(frame[survival.time].min()) < 0:
        raise FrameError(
            f"A time to an event is a number, 0 or more; {shown(survival.time)} holds {columns[survival.time].kind}, from "
            f"{shown(frame[survival.time].min())}.",
            fix="Count it from each row's own entry, for example in days.",
        )


def _outcomes(coder: Coder, survival: Survival) -> Array:
    """The event's levels, censoring last: at one time, events come before censoring."""
    cells = coder.decode(np.zeros(coder.size, dtype="i1"), np.arange(coder.size, dtype="f8")).tolist()
    says = [
        place
        for place, level in enumerate(cells)
        if level in (0, False) or str(level).casefold() in {"0", "censored", "alive", "no", "false"}
    ]
    if coder.size < 2 or len(says) != 1:
        raise OptionError(
            f"The event needs a level that means censored (0, False, no, censored or alive) and another; {shown(survival.event)} has "
            f"{', '.join(map(shown, cells[:6]))}.",
            fix="Recode it, censored as 0.",
        )
    return np.array([place for place in range(coder.size) if place != says[0]] + says)


def _stratum(frame: pd.DataFrame, recipe: Recipe) -> str:
    """The first declared group, if each of its levels has enough rows."""
    if not recipe.groups:
        return ""
    cells = frame[recipe.groups[0]]
    counts = cells.value_counts()
    enough = not cells.isna().any() and len(counts[counts > 0]) > 1 and int(counts[counts > 0].min()) >= _FEWEST_IN_STRATUM
    return recipe.groups[0] if enough else ""


def _strata(frame: pd.DataFrame, stratum: str, coders: Sequence[Coder]) -> Array:
    """Each row's stratum, by number."""
    if not stratum:
        return np.zeros(len(frame), dtype="i8")
    coder = next(coder for coder in coders[2:] if coder.column.name == stratum)
    return coder.encode(frame[stratum]).positions.astype("i8")


def _design(frame: pd.DataFrame, coders: Sequence[Coder], *, skip: str) -> Array:
    """Covariates as numbers: values, ranks of dates, a column per level but the commonest, and one for missing."""
    parts = [np.zeros((len(frame), 0))]
    for coder in coders:
        if coder.column.name == skip:
            continue
        states, positions = coder.encode(frame[coder.column.name])
        here = states == ORDINARY
        if coder.column.kind in {"integer", "real"}:
            values = np.interp(positions, np.arange(coder.size), coder.values.astype("f8"))
            middle = float(np.average(coder.values.astype("f8"), weights=coder.counts)) if coder.size else 0.0
            parts.append(np.where(here, values, middle)[:, None])
        elif coder.ordered:
            parts.append(np.where(here, coder.ranks(positions), 0.5)[:, None])
        else:
            common = np.argsort(-coder.counts, kind="stable")[1 : _MOST_LEVELS + 1]
            parts.append(((positions[:, None] == common) & here[:, None]).astype("f8"))
        if coder.column.missing:
            parts.append((states == MISSING).astype("f8")[:, None])
    return np.column_stack(parts)


def _learn(covariates: Array, strata: Array, ticks: Array, rank: Array, outcome: int, size: int, *, seed: int) -> Hazards:
    """One outcome's hazards; a row with an earlier outcome at the same time is not at risk of it any more."""
    failed = rank == outcome
    entered = 2 * ticks + (rank >= outcome)  # at risk at its own time only if no outcome before it took the row
    rows = np.arange(len(ticks))
    if len(rows) > _LEARNT:
        rows = np.sort(generator(seed, "survival", outcome).choice(rows, _LEARNT, replace=False))
    beta = cox_coefficients(covariates[rows], entered[rows], failed[rows], strata[rows])
    risk = np.exp(np.clip(covariates @ beta, -30, 30))
    baseline = np.zeros((int(strata.max(initial=0)) + 1, size))
    for number in range(len(baseline)):
        here = strata == number
        exits = np.bincount(entered[here], weights=risk[here], minlength=2 * size)
        left = np.bincount(entered[here], minlength=2 * size)
        at_risk, people = np.cumsum(exits[::-1])[::-1][1::2], np.cumsum(left[::-1])[::-1][1::2]
        deaths = np.bincount(ticks[here & failed], minlength=size)
        steps = np.divide(deaths, at_risk, out=np.zeros(size), where=at_risk > 0)
        steps[(deaths > 0) & (deaths == people)] = _CERTAIN
        baseline[number] = np.cumsum(steps)
    return Hazards(beta, baseline)


def cox_coefficients(covariates: Array, times: Array, failed: Array, strata: Array | None = None) -> Array:
    """Return β that maximises Cox's partial likelihood (ties by Breslow), less half the sum of squares of β.

    Parameters
    ----------
    covariates : ndarray of float64, shape (n, p)
        One row each; standardised, so that the ridge of 1 is weak.
    times : ndarray, shape (n,)
        When each row leaves the risk set.
    failed : ndarray of bool, shape (n,)
        Whether it leaves with the outcome.
    strata : ndarray of int, shape (n,), optional
        Rows are compared within a stratum only.
    """
    width = covariates.shape[1]
    beta = np.zeros(width)
    if not width or not failed.any():
        return beta
    parts = [np.flatnonzero(strata == s) for s in np.unique(strata)] if strata is not None else [np.arange(len(times))]
    for _ in range(_STEPS):
        gradient, information = -_RIDGE * beta, _RIDGE * np.eye(width)
        for rows in parts:
            more, curve = _score(covariates[rows], times[rows], failed[rows], beta)
            gradient, information = gradient + more, information + curve
        step = np.linalg.solve(information, gradient)
        beta = beta + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < 1e-8:
            break
    return beta


def _score(covariates: Array, times: Array, failed: Array, beta: Array) -> tuple[Array, Array]:
    """Gradient and information of the partial likelihood in one stratum."""
    order = np.argsort(-times, kind="stable")
    x, t, d = covariates[order], times[order], failed[order]
    risk = np.exp(np.clip(x @ beta, -30, 30))
    last = np.searchsorted(-t, -t, side="right") - 1
    total, first = np.cumsum(risk)[last], np.cumsum(x * risk[:, None], axis=0)[last]
    means = first / total[:, None]
    gradient = (x[d] - means[d]).sum(axis=0)
    # A row counts in the risk sets of all failures no later than its own exit.
    weight = np.zeros(len(t))
    np.add.at(weight, last[d], 1.0 / total[d])
    reach = np.cumsum(weight[::-1])[::-1]
    second = (x * (risk * reach)[:, None]).T @ x
    return gradient, second - means[d].T @ means[d]
