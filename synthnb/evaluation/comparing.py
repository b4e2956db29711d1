"""Several syntheses of the same real rows side by side: one table, and utility against privacy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar

from synthnb._display import Shown
from synthnb.errors import OptionError, RecordError, shown
from synthnb.evaluation._comparison_plot import front_svg
from synthnb.evaluation._encode import shown_names
from synthnb.evaluation._pareto import Oriented, clearly_outdone, level_with_best, on_front, orient

if TYPE_CHECKING:
    from synthnb.evaluation.base import Score
    from synthnb.evaluation.report import Report

__all__ = ["SynthesesComparison", "compare_syntheses"]

SCHEMA = "synthnb.comparison/1"
"""Name and version of the comparison's shape."""

MOST_SYNTHESES = 20
"""Syntheses compared at once."""
_MOST_SUBJECTS = 8
_MOST_ROWS = 120
_PER_COLUMN = ("ks_complement", "tv_complement")
UTILITY = ("tstr", "text_tstr", "ci_overlap", "column_shapes", "text_frontier_area")
"""Metrics for the axis of utility, the first that two syntheses have."""
PRIVACY = ("membership_auc", "singling_out_risk", "linkability_risk", "attribute_inference_risk", "leaked_entities_share")
"""Metrics for the axis of privacy, likewise; nearness to real rows is none of them."""


@dataclass(frozen=True, kw_only=True)
class SynthesesComparison(Shown):
    """Reports on several syntheses of the same real rows, side by side."""

    display_name: ClassVar[str] = "comparison"

    profile: str
    """The profile's name and version."""
    profile_digest: str
    """Digest of its metrics and parameters."""
    seed: int
    """Where every draw started."""
    real: dict[str, Any]
    """The real rows: name, rows, columns, digest."""
    holdout: dict[str, Any] | None
    """The hold-out, if there was one."""
    target: str | None
    """The column a model would predict."""
    groups: tuple[str, ...]
    """Columns whose subgroups were looked at."""
    syntheses: tuple[dict[str, Any], ...]
    """Each synthesis: name, the report's id, rows, columns, digest, and how many gates pass, fail and are undecided."""
    rows: tuple[dict[str, Any], ...]
    """Each score: what it is, ``values`` (one entry a synthesis), ``best`` and ``level`` (numbers of syntheses)."""
    front: dict[str, Any]
    """Utility against privacy: the two metrics, points, ``by_value`` (the front's names), ``outdone`` (name → by whom), or a reason."""
    omitted: int = 0
    """Scores left out: those of single columns, of many groups or terms."""
    notes: tuple[str, ...] = ()
    """What to know when reading it."""
    reports: tuple[Report, ...] = field(default=(), compare=False, repr=False)
    """The reports themselves, as long as the comparison hasn't been stored."""

    @property
    def names(self) -> list[str]:
        """What the syntheses are called."""
        return [synthesis["name"] for synthesis in self.syntheses]

    def to_dict(self) -> dict[str, Any]:
        """The comparison as plain JSON types."""
        plain = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != "reports"}
        lists = {name: list(value) for name, value in plain.items() if isinstance(value, tuple)}
        return {"schema": SCHEMA} | plain | lists

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SynthesesComparison:
        """Read a comparison back; keys this version doesn't know are left out.

        Raises
        ------
        RecordError
            The mapping isn't a comparison of this schema, or lacks a part.
        """
        if data.get("schema") != SCHEMA:
            raise RecordError(f"A comparison of schema {SCHEMA} was expected; got {shown(data.get('schema'))}.", fix="Compare again.")
        known = {entry.name: data[entry.name] for entry in fields(cls) if entry.name in data and entry.name != "reports"}
        try:
            read: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}
            return cls(**read)
        except TypeError as error:
            raise RecordError(f"The comparison lacks a part: {error}.", fix="Compare again.") from error

    def svg(self) -> str:
        """Utility against privacy as an SVG; empty if there is no such pair of scores."""
        return front_svg(self.front)

    def __repr__(self) -> str:
        return f"Comparison of {', '.join(self.names)} against {self.real.get('name')}, {self.profile}\n{said(self.front)}"


def compare_syntheses(reports: Mapping[str, Report], *, utility: str | None = None, privacy: str | None = None) -> SynthesesComparison:
    """Put reports on several syntheses of the same real rows side by side.

    Parameters
    ----------
    reports : mapping of str to Report
        Two or more, by the synthesis' name.
    utility, privacy : str, optional
        Metrics of the two axes, of the dimension ``utility`` or one of `UTILITY`, and of the
        dimension ``privacy``; by default the first that at least two reports have of
        `UTILITY` and of `PRIVACY`.

    Raises
    ------
    OptionError
        There are too few or too many reports, a metric isn't in any or is none of its axis,
        or the reports differ in the real rows, the hold-out, the profile, the seed, the target or the groups.

    Notes
    -----
    A synthesis is on the front *by value* if no other is at least as good on both
    axes and better on one. It is *clearly outdone* only if another's interval lies
    beyond its own, without overlap, on both axes: a score without an interval never decides.
    """
    if not 2 <= len(reports) <= MOST_SYNTHESES:
        raise OptionError(f"From 2 to {MOST_SYNTHESES} syntheses were expected; got {len(reports)}.", fix="Name others.")
    reports = dict(zip(shown_names(reports).values(), reports.values(), strict=True))
    _refuse_unlike(reports)
    first = next(iter(reports.values()))
    every = list(_rows(reports))
    rows = [row for row in every if row is not None][:_MOST_ROWS]
    return SynthesesComparison(
        profile=first.profile,
        profile_digest=first.profile_digest,
        seed=first.seed,
        real=_frame(first.real),
        holdout=None if first.holdout is None else _frame(first.holdout),
        target=first.target,
        groups=first.groups,
        syntheses=tuple(_synthesis(name, report) for name, report in reports.items()),
        rows=tuple(rows),
        front=_front(reports, utility, privacy),
        omitted=len(every) - len(rows),
        notes=tuple(_notes(reports)),
        reports=tuple(reports.values()),
    )


def _frame(described: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (described or {}).items() if key in ("name", "rows", "columns", "digest", "used")}


def _synthesis(name: str, report: Report) -> dict[str, Any]:
    counts = {outcome: sum(gate["outcome"] == outcome for gate in report.gates) for outcome in ("pass", "fail", "undecided")}
    return _frame(report.synthetic) | {"name": name, "report": report.id, "gates": counts}


def _refuse_unlike(reports: Mapping[str, Report]) -> None:
    """Scores against other rows, by another profile or from other draws say nothing about which synthesis is better."""
    compared: dict[str, list[Any]] = {
        "the real rows": [(report.real or {}).get("digest") for report in reports.values()],
        "the hold-out": [(report.holdout or {}).get("digest") for report in reports.values()],
        "the profile": [report.profile_digest for report in reports.values()],
        "the seed": [report.seed for report in reports.values()],
        "the target": [report.target for report in reports.values()],
        "the groups": [report.groups for report in reports.values()],
        "the minimum cell": [report.minimum_cell for report in reports.values()],
    }
    unlike = {what: values for what, values in compared.items() if len(set(values)) > 1}
    if unlike:
        told = "; ".join(f"{what} ({_told(reports, values)})" for what, values in unlike.items())
        raise OptionError(
            f"Syntheses are compared against the same rows in the same way; these differ in {told}.", fix="Evaluate them alike."
        )


def _told(reports: Mapping[str, Report], values: Sequence[Any]) -> str:
    """The first synthesis and the first that differs from it, each with its value."""
    other = next(i for i, value in enumerate(values) if value != values[0])
    names = list(reports)
    return ", ".join(f"{shown(names[i])}: {_short(values[i])}" for i in (0, other))


def _short(value: Any) -> str:
    if value is None or value == ():
        return "none"
    return value[:19] if isinstance(value, str) and value.startswith("sha256:") else shown(value)


def _keyed(report: Report) -> dict[tuple[str, tuple[str, ...]], Score]:
    return {(score.metric, score.subject): score for score in report.scores if score.metric not in _PER_COLUMN}


def _rows(reports: Mapping[str, Report]) -> Iterator[dict[str, Any] | None]:
    """One row per score that a report has; None for one of a metric with many subjects."""
    scores = [_keyed(report) for report in reports.values()]
    keys = dict.fromkeys(key for found in scores for key in found)
    computed = {key[0] for found in scores for key, score in found.items() if score.value is not None}
    subjects: dict[str, int] = {}
    for metric, _ in keys:
        subjects[metric] = subjects.get(metric, 0) + 1
    for key in keys:
        if key[0] not in computed:
            continue
        yield _row([found.get(key) for found in scores]) if subjects[key[0]] <= _MOST_SUBJECTS else None


def _row(scores: Sequence[Score | None]) -> dict[str, Any]:
    given = next(score for score in scores if score is not None)
    best, level = level_with_best([None if score is None else orient(score) for score in scores])
    return {
        "metric": given.metric,
        "label": given.label,
        "version": given.version,
        "dimension": given.dimension,
        "direction": given.direction,
        "subject": list(given.subject),
        "reference": given.reference,
        "values": [_value(score) for score in scores],
        "best": best,
        "level": level,
    }


def _value(score: Score | None) -> dict[str, Any]:
    if score is None:
        return dict.fromkeys(("value", "low", "high", "ceiling", "matched", "n")) | {"reason": "The report has no such score."}
    return {name: getattr(score, name) for name in ("value", "low", "high", "ceiling", "matched", "n", "reason")}


def _front(reports: Mapping[str, Report], utility: str | None, privacy: str | None) -> dict[str, Any]:
    axes = {}
    for what, asked, preferred in (("utility", utility, UTILITY), ("privacy", privacy, PRIVACY)):
        metric = _metric(what, asked, preferred, reports)
        if metric is None:
            missing = "No two syntheses have a score of" if len(reports) > 1 else "There is no score of"
            why = " Attacks need a hold-out: rows the generator never saw." if what == "privacy" else ""
            return {"utility": None, "privacy": None, "points": [], "by_value": [], "outdone": {}, "reason": f"{missing} {what}.{why}"}
        axes[what] = metric
    found = {name: tuple(_worst(report, axes[what]) for what in axes) for name, report in reports.items()}
    whole = {name: (u, p) for name, (u, p) in found.items() if u is not None and p is not None}
    points = {name: _oriented(pair) for name, pair in whole.items()}
    return {
        "utility": _axis(next(pair[0] for pair in whole.values())) if whole else None,
        "privacy": _axis(next(pair[1] for pair in whole.values())) if whole else None,
        "points": [{"name": name} | {what: _point(score) for what, score in zip(axes, pair, strict=True)} for name, pair in whole.items()],
        "by_value": on_front(points),
        "outdone": clearly_outdone(points),
        "reason": None if len(whole) > 1 else "Fewer than two syntheses have both scores.",
    }


def _oriented(pair: tuple[Score, Score]) -> tuple[Oriented, Oriented]:
    one, other = (orient(score) or Oriented(0.0, None, None) for score in pair)
    return one, other


def _metric(what: str, asked: str | None, preferred: Iterable[str], reports: Mapping[str, Report]) -> str | None:
    counts: dict[str, int] = {}
    for report in reports.values():
        for metric in {score.metric for score in report.scores if orient(score) is not None and _belongs(what, score)}:
            counts[metric] = counts.get(metric, 0) + 1
    if asked is not None:
        if asked not in counts:
            raise OptionError.from_choice(f"The metric of {what}", asked, sorted(counts))
        return asked
    return next((metric for metric in preferred if counts.get(metric, 0) > 1), None)


def _belongs(what: str, score: Score) -> bool:
    """Whether a score can stand on an axis: nearness to real rows never stands for privacy, nor does any other dimension."""
    return score.dimension == what or (what == "utility" and score.metric in UTILITY)


def _worst(report: Report, metric: str) -> Score | None:
    """The score of a metric; of several, such as one for each secret, the worst."""
    found = [(orient(score), score) for score in report.scores if score.metric == metric]
    known = [(turned.value, i, score) for i, (turned, score) in enumerate(found) if turned is not None]
    return min(known)[2] if known else None


def _axis(score: Score) -> dict[str, Any]:
    return {"metric": score.metric, "label": score.label, "direction": score.direction, "dimension": score.dimension}


def _point(score: Score) -> dict[str, Any]:
    return {"value": score.value, "low": score.low, "high": score.high, "weak": bool(score.parameters.get("weak"))}


def said(front: Mapping[str, Any]) -> str:
    """The front in two sentences."""
    if front["reason"]:
        return str(front["reason"])
    names = front["by_value"]
    listed = f"{', '.join(names[:-1])} and {names[-1]} are" if len(names) > 1 else f"{names[0]} is"
    outdone = [f"{name} by {', '.join(rivals)}" for name, rivals in front["outdone"].items()]
    clear = (
        f"Given the intervals, clearly outdone on both: {'; '.join(outdone)}."
        if outdone
        else ("Given the intervals, none is clearly outdone on both by another.")
    )
    return f"By value, {listed} on the front of {front['utility']['label']} against {front['privacy']['label']}. {clear}"


def _notes(reports: Mapping[str, Report]) -> Iterator[str]:
    """What makes a comparison easy to misread."""
    by_rows: dict[Any, list[str]] = {}
    for name, report in reports.items():
        by_rows.setdefault(report.synthetic.get("digest"), []).append(name)
    for names in by_rows.values():
        if len(names) > 1:
            yield f"{', '.join(names)} hold the same rows."
    sizes = {report.synthetic.get("rows") for report in reports.values()}
    if len(sizes) > 1:
        yield "The syntheses differ in their number of rows, on which distances and attacks depend."
    yield "Best and level are said for each score alone; among many scores some differ by chance."
    yield "Each synthesis is one draw: another seed of the same generator would score otherwise, by more than its interval says."
