r"""Several independent syntheses of one table, and what they say together.

One synthetic draw can turn a decision round by chance. Replicates show how often: an analysis is
run on each, and its results are combined or counted.

Combining estimates, with :math:`m` replicates of :math:`k` rows drawn from a model fitted to
:math:`n` real rows, estimates :math:`q_l` and their variances :math:`v_l` as if the rows were real:

.. math:: \bar q = \tfrac1m \sum q_l, \quad \bar v = \tfrac1m \sum v_l, \quad
          T = \bar v \, (k/n + 1/m)

The first term of :math:`T` is the real table's own sampling variance, the second what drawing adds
(Raab, Nowok & Dibben 2018, "Practical data synthesis for large samples", Journal of Privacy and
Confidentiality 7(3), 67-97, doi:10.29012/jpc.v7i3.407). It holds if the engine's model is right;
where the variance between replicates is far from :math:`\bar v`, it isn't, and that is said.
For completed tables of an imputation the rule is Rubin's (1987):
:math:`T = \bar v + (1 + 1/m) b` with :math:`b` the variance between.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from synthnb._canonical import digest
from synthnb._display import Shown
from synthnb._random import generator as seeded
from synthnb.engines.base import Run, Synthesis, new_run_id
from synthnb.errors import OptionError, reason, shown

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.calls import Call

__all__ = ["MOST_REPLICATES", "Agreement", "Combined", "Replicates", "agreement", "combine", "replicate"]

MOST_REPLICATES = 10_000
"""Most syntheses one call makes."""

_FEW = 20
_Z = 1.959964
_ODD_RATIO = 2.0


@dataclass(frozen=True, kw_only=True)
class Combined:
    """An estimate over replicates."""

    estimate: float
    """Mean of the replicates' estimates."""
    low: float
    """Lower end of a 95 % interval for what the real population holds."""
    high: float
    """Its upper end."""
    within: float
    """Mean of the variances the replicates give, as if their rows were real."""
    between: float
    """Variance of the estimates between replicates."""
    total: float
    """Variance of ``estimate``."""
    replicates: int
    """How many were combined."""
    rule: Literal["synthesis", "imputation"]
    """Raab, Nowok and Dibben's rule, or Rubin's."""
    note: str = ""
    """What a reader must know; empty if nothing."""

    def to_dict(self) -> dict[str, Json]:
        """The figures as plain JSON types."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What a function of a frame gives on each replicate, against the real frame."""

    real: Any
    """What it gives on the real frame; None if there is none."""
    results: tuple[Any, ...]
    """What it gives on each replicate, in order; those that failed are left out."""
    failed: tuple[str, ...]
    """Why it failed, for each replicate on which it did."""
    agree: int | None
    """For a decision: replicates that decide as the real frame does."""
    share: float | None
    """The same as a share of all replicates, failed ones counted as disagreeing."""
    low: float | None
    """Lower end of the share's 95 % Wilson interval."""
    high: float | None
    """Its upper end."""
    counts: Mapping[str, int]
    """For a decision: how many replicates gave each result."""
    quantiles: Mapping[str, float]
    """For a number: mean, sd, and the 2.5, 25, 50, 75 and 97.5 % quantiles."""
    note: str
    """In words."""

    def to_dict(self) -> dict[str, Json]:
        """The figures as plain JSON types; single results are left out."""
        kept = {key: value for key, value in asdict(self).items() if key != "results"}
        kept["real"] = self.real if isinstance(self.real, (bool, int, float, str)) or self.real is None else str(self.real)
        return kept | {"failed": list(self.failed), "replicates": len(self.results) + len(self.failed)}


@dataclass(frozen=True, repr=False)
class Replicates(Shown):
    """Several syntheses of one table, made by one run."""

    display_name: ClassVar[str] = "replicates"

    syntheses: tuple[Synthesis, ...]
    """Each with its frame and its own run."""
    run: Run
    """The run as a whole: counts and rows are sums over the replicates."""
    source: Any = None
    """The real frame, if there is one."""

    @property
    def frame(self) -> Any:
        """The first replicate's rows."""
        return self.syntheses[0].frame

    @property
    def frames(self) -> tuple[Any, ...]:
        """Every replicate's rows."""
        return tuple(one.frame for one in self.syntheses)

    def __len__(self) -> int:
        return len(self.syntheses)

    def __repr__(self) -> str:
        run, each = self.run, self.run.requested // len(self)
        return f"<Replicates: {len(self)} × {each:,} rows by {run.engine}, seed {run.seed}, {run.id}>"

    def to_dict(self) -> dict[str, Json]:
        """The run as plain JSON types; rows are never part of it."""
        return self.run.to_dict()

    def combine(self, analysis: Callable[[Any], tuple[float, float]]) -> Combined:
        """Return one estimate with its interval from an analysis of each replicate.

        Parameters
        ----------
        analysis : callable
            Takes a frame, returns an estimate and its variance.

        Raises
        ------
        OptionError
            The real frame's size isn't known, or the analysis gives no finite numbers.
        """
        rows = [int(table["rows"]) for table in self.run.inputs[:1] if "rows" in table]
        return combine(
            self.frames, analysis, real_rows=rows[0] if rows else None, rule="imputation" if self.run.kind == "impute" else "synthesis"
        )

    def decide(self, function: Callable[[Any], Any]) -> Agreement:
        """Return how a number or a decision taken from a frame varies over the replicates, against the real frame."""
        return agreement(self.frames, function, real=self.source)


def replicate(call: Call) -> Replicates:
    """Make as many syntheses as an opened call asks for; one model is fitted, and each is drawn with a seed of its own.

    Raises
    ------
    OptionError
        The number is outside 1 to `MOST_REPLICATES`.
    """
    from synthnb.engines.calls import has_several_tables, made_once, prepared

    many = call.replicates
    if type(many) is not int or not 1 <= many <= MOST_REPLICATES:
        raise OptionError(f"The number of replicates must be from 1 to {MOST_REPLICATES:,}; got {shown(many)}.", fix="Pass an int.")
    if has_several_tables(call):
        if call.decision is not None:
            raise OptionError(
                "A decision is taken from one table; several were given, or repeated visits.", fix="Use `agreement` on their frames."
            )
        first = made_once(call)
        rest = [made_once(replace(call, seed=seed)) for seed in _seeds(first.run.seed, many)[1:]]
        return _together([first, *rest], call.source)
    ready = prepared(call)
    made = []
    for number, seed in enumerate(_seeds(ready.read.recipe.seed, many)):
        call.progress(number, many, f"drawing replicate {number + 1}")
        made.append(ready.draw(output_name=f"{call.name}[{number}]", seed=seed))
    private = any("digest" not in table for table in ready.generator.inputs)  # then nothing exact may be said of the real rows
    together = _together(made, None if ready.read.source is None or private else call.source)
    return together if call.decision is None else _decided(together, call.decision)


def _decided(made: Replicates, decision: Callable[[Any], Any]) -> Replicates:
    """The replicates with what a decision taken from each says, in the run."""
    found = made.decide(decision)
    name = getattr(decision, "__name__", type(decision).__name__)
    parameters = {**made.run.parameters, "decision": {"function": name, **found.to_dict()}}
    return replace(made, run=replace(made.run, parameters=parameters, notes=[*made.run.notes, f"Decision {name}: {found.note}"]))


def _seeds(seed: int, many: int) -> list[int]:
    """The run's own seed for the first replicate, and one derived from it for each other."""
    return [seed, *(int(seeded(seed, "replicate", number).integers(2**32)) for number in range(1, many))]


def _together(made: Sequence[Synthesis], source: Any) -> Replicates:
    runs = [one.run for one in made]
    first, last = runs[0], runs[-1]
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for run in runs:
        counts.update(run.counts)
        reasons.update({str(item["reason"]): int(item["count"]) for item in run.explained})
    number = "One replicate shows" if len(made) == 1 else f"{len(made)} replicates show"
    few = f"{number} only roughly how much results vary; 100 or more are usual for a decision."
    run = replace(
        first,
        id=new_run_id(),
        ended=last.ended,
        seconds={"fit": first.seconds.get("fit", 0.0), "sample": round(sum(run.seconds.get("sample", 0.0) for run in runs), 3)},
        requested=sum(run.requested for run in runs),
        delivered=sum(run.delivered for run in runs),
        explained=[{"count": count, "reason": reason} for reason, count in reasons.items()],
        counts=dict(counts),
        parameters={**first.parameters, "replicates": len(made), "replicate_seeds": [run.seed for run in runs]},
        output={
            **first.output,
            "name": str(first.output["name"]).removesuffix("[0]"),
            "rows": sum(run.delivered for run in runs),
            "digest": digest([str(run.output["digest"]) for run in runs]),
        },
        notes=[*first.notes, *([few] if len(made) < _FEW else [])],
    )
    return Replicates(tuple(made), run, source)


def combine(
    frames: Sequence[Any],
    analysis: Callable[[Any], tuple[float, float]],
    *,
    real_rows: int | None = None,
    rule: Literal["synthesis", "imputation"] = "synthesis",
) -> Combined:
    """Return one estimate with its 95 % interval from an analysis of each frame; formulas in this module's text.

    Parameters
    ----------
    frames : sequence of frames
        At least 1; for an imputation at least 2.
    analysis : callable
        Takes a frame, returns an estimate and its variance, finite and not negative.
    real_rows : int, optional
        How many real rows the frames were made from; needed for synthetic ones.
    rule : {"synthesis", "imputation"}
        Which rule combines.

    Raises
    ------
    OptionError
        Too few frames, no ``real_rows``, or results that aren't such numbers.
    """
    m = len(frames)
    if m < (1 if rule == "synthesis" else 2):
        raise OptionError(f"Too few frames to combine: {m}.", fix="Make more replicates.")
    if rule == "synthesis" and not real_rows:
        raise OptionError("The number of real rows isn't known, so that no variance can be given.", fix="Pass real_rows=.")
    found = [_estimate(analysis(frame)) for frame in frames]
    estimate = float(np.mean([q for q, _ in found]))
    within = float(np.mean([v for _, v in found]))
    between = float(np.var([q for q, _ in found], ddof=1)) if m > 1 else math.nan
    if rule == "imputation":
        total, width = _rubin(within, between, m)
        note = ""
    else:
        rows = float(np.mean([_height(frame) for frame in frames]))
        total, width = within * (rows / float(real_rows or 1) + 1 / m), _Z
        note = _on_ratio(within, between, m)
    half = width * math.sqrt(total)
    return Combined(
        estimate=estimate,
        low=estimate - half,
        high=estimate + half,
        within=within,
        between=between,
        total=total,
        replicates=m,
        rule=rule,
        note=note,
    )


def _estimate(result: Any) -> tuple[float, float]:
    try:
        estimate, variance = (float(part) for part in result)
    except (TypeError, ValueError):
        raise OptionError(
            f"The analysis must return an estimate and its variance; got {shown(result)}.",
            fix="Return two numbers, such as (mean, sem ** 2).",
        ) from None
    if not (math.isfinite(estimate) and math.isfinite(variance) and variance >= 0):
        raise OptionError(
            f"The analysis must return finite numbers and a variance of at least 0; got {shown((estimate, variance))}.",
            fix="Check it on one frame.",
        )
    return estimate, variance


def _height(frame: Any) -> int:
    return int(frame.shape[0])


def _rubin(within: float, between: float, m: int) -> tuple[float, float]:
    """Rubin's total variance, and how many of its roots a 95 % interval reaches on each side."""
    from scipy.stats import t

    extra = (1 + 1 / m) * between
    total = within + extra
    freedom = math.inf if extra == 0 else (m - 1) * (1 + within / extra) ** 2
    return total, _Z if math.isinf(freedom) else float(t.ppf(0.975, freedom))


def _on_ratio(within: float, between: float, m: int) -> str:
    if m == 1:
        return "One replicate: how far results vary between draws can't be seen."
    ratio = between / within if within > 0 else math.nan
    if m >= _FEW and not 1 / _ODD_RATIO <= ratio <= _ODD_RATIO:
        return (
            f"The estimates vary {ratio:.2g} times as much between replicates as each says of itself: "
            "the engine's model doesn't fit this analysis, and the interval can't be relied on."
        )
    return f"{m} replicates are few." if m < _FEW else ""


def agreement(frames: Sequence[Any], function: Callable[[Any], Any], *, real: Any = None) -> Agreement:
    """Return how a number or a decision taken from a frame varies over frames, against the real one.

    Parameters
    ----------
    frames : sequence of frames
        The replicates; a single frame gives a caution.
    function : callable
        Takes a frame; returns a number, or a decision as a boolean or a text.
    real : frame, optional
        The real frame.

    Raises
    ------
    OptionError
        The function fails on the real frame or on every replicate, or returns neither a number nor a decision.
    """
    target = None
    if real is not None:
        try:
            target = _plain(function(real))
        except Exception as error:
            raise OptionError(
                f"The function fails on the real frame: {type(error).__name__}: {reason(error)}.", fix="Correct it."
            ) from error
    results, failed = [], []
    for frame in frames:
        try:
            results.append(_plain(function(frame)))
        except Exception as error:  # noqa: BLE001 - the user's own function; the failure is part of the result
            failed.append(f"{type(error).__name__}: {error}")
    if not results:
        raise OptionError(f"The function fails on every replicate: {failed[0] if failed else 'there is none'}.", fix="Correct it.")
    decision = any(isinstance(value, (bool, str)) for value in [*results, target])
    return _decisions(target, results, failed) if decision else _numbers(target, results, failed)


def _plain(value: Any) -> bool | int | float | str:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"it gives {value}")
    if isinstance(value, (bool, int, float, str)):
        return value
    raise OptionError(f"A number, a boolean or a text was expected of the function; got {shown(value)}.", fix="Return one of these.")


def _decisions(real: Any, results: list[Any], failed: list[str]) -> Agreement:
    counts = Counter(str(result) for result in results)
    m = len(results) + len(failed)
    agree = None if real is None else sum(result == real for result in results)
    low, high = (None, None) if agree is None else _wilson(agree, m)
    told = ", ".join(f"{value}: {count}" for value, count in counts.most_common())
    note = f"Over {m} replicates: {told}."
    if agree is not None:
        note += f" The real frame gives {real}; {agree} of {m} replicates agree ({agree / m:.0%}, {low:.0%} to {high:.0%})."
    return Agreement(
        real=real,
        results=tuple(results),
        failed=tuple(failed),
        agree=agree,
        share=None if agree is None else agree / m,
        low=low,
        high=high,
        counts=dict(counts),
        quantiles={},
        note=note + _caution(m, failed),
    )


def _numbers(real: Any, results: list[Any], failed: list[str]) -> Agreement:
    values = np.array(results, dtype="f8")
    m = len(results) + len(failed)
    parts = (0.025, 0.25, 0.5, 0.75, 0.975)
    quantiles = {f"{100 * part:g} %": float(value) for part, value in zip(parts, np.quantile(values, parts), strict=True)}
    spread = float(values.std(ddof=1)) if len(values) > 1 else math.nan
    note = f"Over {m} replicates: mean {values.mean():.4g}, 2.5 to 97.5 % quantiles {quantiles['2.5 %']:.4g} to {quantiles['97.5 %']:.4g}."
    if real is not None:
        inside = quantiles["2.5 %"] <= float(real) <= quantiles["97.5 %"]
        note += f" The real frame gives {float(real):.4g}, {'within' if inside else 'outside'} that range."
    return Agreement(
        real=real,
        results=tuple(results),
        failed=tuple(failed),
        agree=None,
        share=None,
        low=None,
        high=None,
        counts={},
        quantiles={"mean": float(values.mean()), "sd": spread, **quantiles},
        note=note + _caution(m, failed),
    )


def _wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a share."""
    share, square = hits / n, _Z**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = _Z / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def _caution(m: int, failed: list[str]) -> str:
    said = f" The function failed on {len(failed)}, which count as disagreeing: {failed[0]}." if failed else ""
    if m == 1:
        return f"{said} One draw can turn a decision round by chance; make 100 or more replicates."
    return f"{said} Few replicates: make 100 or more." if m < _FEW else said
