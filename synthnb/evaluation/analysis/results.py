"""Scores of the user's own analyses, and the table of their terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb._frames import to_pandas
from synthnb.evaluation._intervals import wilson
from synthnb.evaluation.analysis.comparing import Pair, agrees, pair, pooled
from synthnb.evaluation.analysis.estimates import Entry, Estimate, Key
from synthnb.evaluation.analysis.naming import is_intercept, key_text, shown_terms
from synthnb.evaluation.analysis.running import Outcome, run
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Score, Step

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.evaluation.analysis.analysis import Analysis

__all__ = ["ANALYSES_STEP", "AnalysisTable", "compare_analyses", "term_rows"]

_KARR = "Karr et al. (2006), doi 10.1198/000313006X124640"

OVERLAP = Definition(
    metric="ci_overlap",
    label="Own analysis, overlap of intervals",
    dimension="utility",
    direction="higher",
    reference=f"mean over terms of ½ [(min U - max L) / (U_r - L_r) + (min U - max L) / (U_s - L_s)]; {_KARR}",
    version=2,
)
LEAST = Definition(
    metric="ci_overlap_least",
    label="Own analysis, least overlap of intervals",
    dimension="utility",
    direction="higher",
    reference=f"least over terms of the overlap of both 95 % intervals; negative if they are apart; {_KARR}",
    version=2,
)
DIFFERENCE = Definition(
    metric="coefficient_difference",
    label="Own analysis, largest difference in standard errors",
    dimension="utility",
    direction="lower",
    reference="max over terms of |b_s - b_r| / se_r",
    version=2,
)
SIGN = Definition(
    metric="sign_agreement",
    label="Own analysis, terms of the same sign",
    dimension="utility",
    direction="higher",
    reference="share of terms whose estimates are on the same side of no effect",
    version=2,
)
SIGNIFICANCE = Definition(
    metric="significance_agreement",
    label="Own analysis, terms decided alike",
    dimension="utility",
    direction="higher",
    reference="share of terms whose 95 % intervals both hold no effect, or both lie on the same side of it",
    version=2,
)
DECISION = Definition(
    metric="decision_agreement",
    label="Own analysis, replicates deciding as the real rows",
    dimension="utility",
    direction="higher",
    reference="share of replicates that decide every term as the real rows do, Wilson interval; van der Linden et al. (2025), "
    "Value in Health 28(11), found 0.85 and advise more than 100 replicates",
    version=2,
)
_GIVES = (OVERLAP, LEAST, DIFFERENCE, SIGN, SIGNIFICANCE, DECISION)
_OF_TERMS = f"{NO_INTERVAL} terms of one model, which depend on each other"
_MOST_ROWS = 24
_MOST_ANALYSES = 20


@dataclass(frozen=True)
class AnalysisTable:
    """One analysis, on all the frames."""

    name: str
    null: float
    real: Outcome
    synthetic: Outcome
    pairs: dict[Key, Pair]
    """Real against synthetic, of the terms chosen."""
    ceiling: dict[Key, Pair] = field(default_factory=dict)
    """Real against hold-out."""
    matched: dict[Key, Pair] = field(default_factory=dict)
    """Real against as many synthetic rows."""
    ceiling_rows: int = 0
    """How many those are; 0 if there is no ceiling."""
    replicates: tuple[Outcome | str, ...] = ()
    """The synthetic rows and further syntheses; why one failed."""
    aside: frozenset[Key] = frozenset()
    """Intercepts, which are in the table and in no score."""

    def counted(self, pairs: Mapping[Key, Pair]) -> dict[Key, Pair]:
        """Those of the terms that decide."""
        return {key: each for key, each in pairs.items() if key not in self.aside}

    @property
    def done(self) -> list[Outcome]:
        """Replicates on which the function ran."""
        return [one for one in self.replicates if not isinstance(one, str)]


def compare_analyses(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Each of the user's analyses on real and synthetic rows, on the hold-out for a ceiling, and on the replicates."""
    analyses = comparison.facts.analyses
    if not analyses:
        return Findings(scores=[d.absent("No analysis was stated: pass functions of a frame as analyses=.") for d in _GIVES])
    scores: list[Score] = []
    details: list[dict[str, Any]] = []
    for analysis in analyses[:_MOST_ANALYSES]:
        table = _table(analysis, comparison)
        if isinstance(table, str):
            scores += [d.score(None, n=0, subject=[analysis.name], reason=table) for d in _GIVES]
            details.append({"name": analysis.name, "terms": [], "reason": table})
            continue
        scores += _scores(table, parameters["most_terms"])
        details.append(_entry(table, comparison, max(_MOST_ROWS // min(len(analyses), _MOST_ANALYSES), 1)))
    left = len(analyses) - _MOST_ANALYSES
    notes = [{"dimension": "analyses", "reason": f"{left} of the analyses weren't run; at most {_MOST_ANALYSES} are."}] if left > 0 else []
    return Findings(scores=scores, details={"analyses": details}, not_evaluated=notes)


def _table(analysis: Analysis, comparison: Comparison) -> AnalysisTable | str:
    """The analysis run on every frame; why there is nothing to compare."""
    frames, seed, clock = comparison.frames, comparison.seed, comparison.clock

    def on(frame: pd.DataFrame, unit: str) -> Outcome | str:
        return run(analysis, frame, clock, seed=seed, unit=f"{analysis.name} {unit}")

    real, synthetic = on(frames.real, "real"), on(frames.synthetic, "synthetic")
    if isinstance(real, str):
        return f"On the real rows: {real}"
    if isinstance(synthetic, str):
        return f"On the synthetic rows: {synthetic}"
    chosen = [key for key in real.entries if not analysis.terms or key_text(key) in analysis.terms]
    if not chosen:
        return "None of the terms named is one of the real rows' analysis."

    def against(other: Outcome) -> dict[Key, Pair]:
        return {key: pair(real.entries[key], other.entries.get(key), analysis.null) for key in chosen}

    aside = frozenset(key for key in chosen if is_intercept(key) and not analysis.terms)
    aside = aside if len(aside) < len(chosen) else frozenset()
    others = [on(to_pandas(frame, what="replicate")[0], f"replicate {i}") for i, frame in enumerate(comparison.facts.replicates)]
    made = AnalysisTable(
        analysis.name, analysis.null, real, synthetic, against(synthetic), replicates=(synthetic, *others) if others else (), aside=aside
    )
    if frames.holdout is None or not len(frames.holdout):
        return made
    rows = min(len(frames.holdout), len(frames.synthetic))
    held, few = (on(_few(frame, rows, seed), what) for frame, what in ((frames.holdout, "hold-out"), (frames.synthetic, "few")))
    if isinstance(held, str) or isinstance(few, str):
        return made
    return AnalysisTable(**vars(made) | {"ceiling": against(held), "matched": against(few), "ceiling_rows": rows})


def _few(frame: pd.DataFrame, rows: int, seed: int) -> pd.DataFrame:
    from synthnb._random import generator

    if len(frame) <= rows:
        return frame
    return frame.iloc[np.sort(generator(seed, "analysis", "rows").choice(len(frame), rows, replace=False))]


def _scores(table: AnalysisTable, most_terms: int) -> list[Score]:
    """The six scores of one analysis."""
    deciding = table.counted(table.pairs)
    pairs = dict(list(deciding.items())[:most_terms])
    given: dict[str, Any] = {"rows": [table.real.rows, table.synthetic.rows], "interval": _OF_TERMS}
    if len(pairs) < len(deciding):
        given["terms_left_out"] = len(deciding) - len(pairs)
    if table.aside:
        given["intercepts_not_counted"] = len(table.aside)
    if missing := sum(each.other is None for each in pairs.values()):
        given["terms_without_a_synthetic_estimate"] = missing
    for key, outcome in (("warned_on_real", table.real), ("warned_on_synthetic", table.synthetic)):
        given |= {key: list(outcome.warned)[:5]} if outcome.warned else {}
    beside = {"ceiling_from": "hold-out", "ceiling_rows": [table.real.rows, table.ceiling_rows]} if table.ceiling_rows else {}
    scores = []
    for definition, summary, why in _SUMMARIES:
        value, best, matched = (summary(table.counted(each)) for each in (pairs, table.ceiling, table.matched))
        counted = sum(_counts(definition, each) for each in pairs.values())
        scores.append(
            definition.score(
                value,
                n=counted,
                subject=[table.name],
                ceiling=best,
                matched=matched,
                reason=why,
                parameters={"n": "terms"} | given | beside,
            )
        )
    return [*scores, _decided(table)]


def _counts(definition: Definition, each: Pair) -> bool:
    found = {OVERLAP: each.overlap, LEAST: each.overlap, DIFFERENCE: each.difference, SIGN: each.sign}.get(definition, each.decision)
    return found is not None


def _overlaps(pairs: Mapping[Key, Pair]) -> list[float]:
    return [each.overlap for each in pairs.values() if each.overlap is not None]


def _mean_overlap(pairs: Mapping[Key, Pair]) -> float | None:
    return float(np.mean(found)) if (found := _overlaps(pairs)) else None


def _least_overlap(pairs: Mapping[Key, Pair]) -> float | None:
    return min(_overlaps(pairs), default=None)


def _difference(pairs: Mapping[Key, Pair]) -> float | None:
    return max((each.difference for each in pairs.values() if each.difference is not None), default=None)


def _share(answers: Sequence[bool | None]) -> float | None:
    known = [answer for answer in answers if answer is not None]
    return sum(known) / len(known) if known else None


def _signs(pairs: Mapping[Key, Pair]) -> float | None:
    return _share([each.sign for each in pairs.values()])


def _decisions(pairs: Mapping[Key, Pair]) -> float | None:
    return _share([each.decision for each in pairs.values()])


_NO_ERRORS = "No term has an interval on both frames: return standard errors, or set resamples."
_SUMMARIES = (
    (OVERLAP, _mean_overlap, _NO_ERRORS),
    (LEAST, _least_overlap, _NO_ERRORS),
    (DIFFERENCE, _difference, "No term has a standard error on the real rows."),
    (SIGN, _signs, "The analysis gives decisions, not numbers."),
    (SIGNIFICANCE, _decisions, "No term has an interval on the real rows, and none is a decision."),
)


def _decided(table: AnalysisTable) -> Score:
    """How many replicates decide all terms as the real rows do; one on which the function failed doesn't."""
    terms = [key for key in table.counted(table.pairs) if table.real.entries[key].decision(table.null) is not None]
    if not table.replicates:
        why = "There are no replicates: pass further syntheses, made independently, as replicates=."
        return DECISION.score(None, n=0, subject=[table.name], reason=why)
    m = len(table.replicates)
    given: dict[str, Any] = {"n": "replicates", "terms": len(terms), "failed": m - len(table.done)}
    if m <= 100:
        given["few"] = "More than 100 replicates are advised."
    if not terms:
        return DECISION.score(None, n=m, subject=[table.name], reason=_SUMMARIES[-1][2], parameters=given)
    alike = sum(agrees(table.real.entries, one.entries, table.null, terms) for one in table.done)
    low, high = wilson(alike, m)
    return DECISION.score(alike / m, n=m, subject=[table.name], interval=(float(low), float(high)), parameters=given)


def _entry(table: AnalysisTable, comparison: Comparison, most: int) -> dict[str, Any]:
    """One analysis as a drill-down shows it."""
    rows = term_rows(table.pairs, shown_terms(table.pairs, comparison), most)
    for key, row in rows.items():
        row |= _over_replicates(key, table) | ({"counted": False} if key in table.aside else {})
    return {
        "name": table.name,
        "null": table.null,
        "rows": {"real": table.real.rows, "synthetic": table.synthetic.rows},
        "replicates": len(table.replicates),
        "terms": list(rows.values()),
        "omitted": len(table.pairs) - len(rows),
    }


def term_rows(pairs: Mapping[Key, Pair], names: Mapping[Key, str], most: int) -> dict[Key, dict[str, Any]]:
    """Terms as plain JSON, in order; of too many those that overlap least."""
    worst = sorted(pairs, key=lambda key: (-9e9 if (overlap := pairs[key].overlap) is None else overlap, list(pairs).index(key)))[:most]
    return {
        key: {
            "term": names[key],
            "real": _triple(each.real),
            "synthetic": _triple(each.other),
            "overlap": _short(each.overlap),
            "difference": _short(each.difference),
            "sign": each.sign,
            "decision": each.decision,
        }
        for key, each in pairs.items()
        if key in worst
    }


def _triple(entry: Entry | None) -> list[float | None] | None:
    return [_short(entry.value), _short(entry.low), _short(entry.high)] if isinstance(entry, Estimate) else None


def _short(value: float | None) -> float | None:
    """Four significant digits."""
    return None if value is None else float(f"{value:.4g}") + 0.0


def _over_replicates(key: Key, table: AnalysisTable) -> dict[str, Any]:
    """How many replicates decide a term as the real rows do, and their estimates combined."""
    if not table.replicates:
        return {}
    found = {}
    if table.real.entries[key].decision(table.null) is not None:
        alike = sum(agrees(table.real.entries, one.entries, table.null, [key]) for one in table.done)
        found["agreement"] = [_short(float(end)) for end in (alike / len(table.replicates), *wilson(alike, len(table.replicates)))]
    entries = [(entry, one.rows) for one in table.done if isinstance(entry := one.entries.get(key), Estimate)]
    joined = pooled([entry for entry, _ in entries], [rows for _, rows in entries], table.real.rows)
    return found | ({} if joined is None else {"pooled": [_short(end) for end in joined]})


ANALYSES_STEP = Step(name="own analyses", run=compare_analyses, gives=_GIVES, parameters={"most_terms": 200})
"""``analyses``."""
