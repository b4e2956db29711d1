"""The report: scores by dimension, what they rest on, and what wasn't evaluated."""

from __future__ import annotations

import difflib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar

from synthnb._clock import utc_now
from synthnb._display import Shown
from synthnb._frames import frame_digest, to_pandas
from synthnb._random import resolve_seed
from synthnb.config import get_config
from synthnb.errors import FrameError, OptionError, RecordError, shown
from synthnb.evaluation import validity
from synthnb.evaluation._bins import cut
from synthnb.evaluation._encode import Column, encode, shown_names
from synthnb.evaluation._holdout import unseen
from synthnb.evaluation._sentences import headline
from synthnb.evaluation._size import within_size
from synthnb.evaluation.base import Clock, Comparison, Findings, Frames, Score, rounded, run_step
from synthnb.evaluation.facts import Facts
from synthnb.evaluation.gates import hold
from synthnb.evaluation.profiles import Profile, find_profile, with_gates

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.evaluation._encode import Table
    from synthnb.evaluation.plots import Plots

__all__ = ["Report", "compare", "evaluate_frames", "profile_for"]

SCHEMA = "synthnb.report/1"
"""Name and version of the report's shape."""

_MOST_PAIRS = 400
_MOST_SUBGROUPS = 60
_MOST_LISTED = 20
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, kw_only=True)
class Report(Shown):
    """What an evaluation found; shown, stored and disclosed from `to_dict`."""

    display_name: ClassVar[str] = "report"

    id: str
    """``report-`` and 12 hexadecimal digits."""
    profile: str
    """The profile's name and version."""
    profile_digest: str
    """Digest of its metrics and parameters."""
    created: str
    """When, in UTC."""
    seed: int
    """Where every draw started."""
    seconds: float
    """How long it took."""
    synthetic: dict[str, Any]
    """The synthetic frame's name, rows, columns and digest."""
    real: dict[str, Any]
    """The real frame's."""
    holdout: dict[str, Any] | None
    """The hold-out's, if there was one, and how many of its rows were used."""
    target: str | None
    """The column a model would predict."""
    groups: tuple[str, ...]
    """Columns whose subgroups are shown."""
    minimum_cell: int
    """Smallest group for which a figure is shown."""
    headline: str
    """One plain sentence, without a verdict."""
    scores: tuple[Score, ...]
    """Every score, computed or not."""
    columns: tuple[dict[str, Any], ...]
    """Per shared column: kind, score, shares by bin, missing shares."""
    pairs: dict[str, Any]
    """Column names, and pairs of them with their error, worst first."""
    subgroups: tuple[dict[str, Any], ...]
    """The subgroup table."""
    not_evaluated: tuple[dict[str, str], ...]
    """What wasn't evaluated, by dimension, with the reason."""
    omitted: dict[str, int] = field(default_factory=dict)
    """Entries left out to keep the report small, by kind."""
    gates: tuple[dict[str, Any], ...] = ()
    """Each threshold, who says so, its outcome (``pass``, ``fail`` or ``undecided``) and why."""
    changes: tuple[dict[str, Any], ...] = ()
    """What the profile changes of the one it was derived from: ``what``, ``from`` and ``to``."""
    details: dict[str, Any] = field(default_factory=dict)
    """What a drill-down shows, by name."""
    policy: dict[str, Any] = field(default_factory=dict)
    """The policy it was made under, and what that came to; empty, and left out of `to_dict`, where there was none."""

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON types."""
        plain = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != "policy" or self.policy}
        lists = {name: list(value) for name, value in plain.items() if isinstance(value, tuple)}
        return {"schema": SCHEMA} | plain | lists | {"scores": [score.to_dict() for score in self.scores]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Report:
        """Read a report back; keys this version doesn't know are left out.

        Raises
        ------
        RecordError
            The mapping isn't a report of this schema, or lacks a part.
        """
        if data.get("schema") != SCHEMA:
            raise RecordError(f"A report of schema {SCHEMA} was expected; got {shown(data.get('schema'))}.", fix="Evaluate again.")
        known = {entry.name: data[entry.name] for entry in fields(cls) if entry.name in data}
        try:
            lists = {name: tuple(value) for name, value in known.items() if isinstance(value, list)}
            return cls(**known | lists | {"scores": tuple(Score.from_dict(score) for score in data["scores"])})
        except (KeyError, TypeError) as error:
            raise RecordError(f"The report lacks a part or has a wrong one: {error}.", fix="Evaluate again.") from error

    @property
    def plot(self) -> Plots:
        """Figures for a paper: ``report.plot.overview()`` and others, as matplotlib's; they need the extra ``plots``."""
        from synthnb.evaluation.plots import Plots

        return Plots(self)

    def __repr__(self) -> str:
        frames = f"{self.synthetic['name']} ({self.synthetic['rows']:,} rows) against {self.real['name']} ({self.real['rows']:,} rows)"
        return f"Report {self.id}, {self.profile}: {frames}\n{self.headline}"


def evaluate_frames(
    synthetic: Any,
    real: Any,
    *,
    synthetic_name: str = "synthetic",
    real_name: str = "real",
    holdout: Any = None,
    holdout_name: str = "holdout",
    target: str | None = None,
    groups: Sequence[str] = (),
    profile: str = "auto",
    facts: Facts | None = None,
    gates: Mapping[str, float] | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Return the scores of a synthetic frame against the real one.

    Parameters
    ----------
    synthetic, real : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        The frame made, and the rows it was made from; ``real`` may be None for a profile of texts, and is then without rows.
    synthetic_name, real_name, holdout_name : str
        What the frames are called in the report.
    holdout : frame, optional
        Real rows the generator never saw.
    target : str, optional
        The column a model would predict.
    groups : sequence of str
        Columns whose subgroups are shown.
    profile : str
        A profile's name, or a ``.toml`` file that extends one; ``"auto"`` goes by the frames.
    facts : Facts, optional
        What is known of the data beyond the frames.
    gates : mapping, optional
        Other limits for gates of the profile, by metric.
    seed : int, optional
        From 0 to 2**32 − 1.
    progress : callable, optional
        Called as ``progress(done, total, what)``.

    Raises
    ------
    FrameError
        A frame is empty or no table, or the two share no column.
    OptionError
        The profile, the target or a group doesn't exist.
    """
    began = time.monotonic()
    chosen = with_gates(find_profile(profile_for(facts or Facts()) if profile == "auto" else profile), gates or {})
    made = to_pandas(synthetic, what="synthetic frame")[0]
    held = None if holdout is None else to_pandas(holdout, what="hold-out frame")[0]
    shared = made.columns if held is None else [name for name in made.columns if name in held.columns]
    inputs = [(made, synthetic_name), (made.iloc[:0][shared] if real is None else to_pandas(real, what="real frame")[0], real_name)]
    inputs += [] if held is None else [(held, holdout_name)]
    tables = [table for table, _ in inputs]
    described = [_describe(table, name) for table, name in inputs]
    named = (groups,) if isinstance(groups, str) else tuple(groups)
    comparison = compare(tables, target=target, groups=named, facts=facts, seed=resolve_seed(seed), budget=chosen.step_seconds)
    found = _run(chosen, comparison, progress or (lambda *_: None))
    report = _assemble(chosen, comparison, found, described)
    return replace(within_size(report), seconds=round(time.monotonic() - began, 3))


def profile_for(facts: Facts) -> str:
    """Return the name of the profile that what is stated calls for."""
    if facts.sources:
        return "corpus-core/1"
    return "text-core/1" if facts.text else "tabular-core/1"


def _describe(table: pd.DataFrame, name: str) -> dict[str, Any]:
    rows, columns = table.shape
    return {"name": cut(name), "rows": int(rows), "columns": int(columns), "digest": frame_digest(table)}


def compare(
    tables: list[pd.DataFrame],
    *,
    target: str | None,
    groups: tuple[str, ...],
    seed: int,
    budget: float,
    facts: Facts | None = None,
) -> Comparison:
    """What the steps of a profile are given, from the synthetic frame, the real one and perhaps a hold-out.

    Raises
    ------
    FrameError
        The frames share no column, or the hold-out lacks one.
    OptionError
        The target or a group isn't a column of the real frame.
    """
    synthetic, real, *held = tables
    stated = facts or Facts()
    if both := set(stated.secrets) & set(stated.known):
        raise OptionError(f"{shown(min(both))} is stated as secret and as known.", fix="State it as one of them.")
    for what, name in _named(target, groups, stated):
        if not isinstance(name, str) or name not in real.columns:
            raise OptionError.from_choice(f"The {what}", name, _near(name, list(real.columns)))
    shared = [name for name in real.columns if name in synthetic.columns]
    if not shared:
        raise FrameError("The synthetic and the real frame must share columns; they share none.", fix="Check the column names.")
    lacking = [name for name in shared if held and name not in held[0].columns]
    if lacking:
        raise FrameError(
            f"The hold-out must have every shared column; it lacks {shown(lacking[0])}{' and others' if len(lacking) > 1 else ''}.",
            fix="Split the real frame by rows and pass both parts.",
        )
    columns, (first, second, *others) = encode(shared, [real, synthetic, *held])
    usable = unseen(first, others[0] if others else None)
    return Comparison(
        columns=columns,
        real=first,
        synthetic=second,
        holdout=usable.table,
        no_holdout=usable.reason,
        holdout_note=usable.note,
        only_real=tuple(name for name in real.columns if name not in synthetic.columns),
        only_synthetic=tuple(name for name in synthetic.columns if name not in real.columns),
        target=target,
        groups=tuple(dict.fromkeys(groups)),
        facts=stated,
        frames=Frames(synthetic, real, None if usable.table is None else held[0][usable.kept]),
        seed=seed,
        minimum_cell=get_config().minimum_cell,
        clock=Clock(budget),
    )


def _named(target: Any, groups: tuple[Any, ...], facts: Facts) -> Iterator[tuple[str, Any]]:
    """Every column that is named, and as what."""
    if target is not None:
        yield "target", target
    listed = {"group": groups, "secret": facts.secrets, "known column": facts.known, "key": facts.keys, "text column": facts.text}
    for what, names in listed.items():
        yield from ((what, name) for name in names)
    if facts.survival is not None:
        yield from zip(("time", "event"), facts.survival, strict=True)


def _near(name: str, columns: list[str]) -> list[str]:
    """The columns as a message lists them: all if they are few, else those that read most like the name."""
    listed = columns if len(columns) <= _MOST_LISTED else difflib.get_close_matches(str(name), columns, n=_MOST_LISTED, cutoff=0.0)
    return [cut(column) for column in listed]


def _run(profile: Profile, comparison: Comparison, progress: Progress) -> Findings:
    found = Findings()
    for done, step in enumerate(profile.steps):
        progress(done, len(profile.steps), step.name)
        found += run_step(step, comparison)
    progress(len(profile.steps), len(profile.steps), "report")
    return found


def _assemble(profile: Profile, comparison: Comparison, found: Findings, described: list[dict[str, Any]]) -> Report:
    shown = {column.name: column.shown for column in comparison.columns}
    return Report(
        id=f"report-{secrets.token_hex(6)}",
        profile=profile.id,
        profile_digest=profile.digest,
        created=utc_now(),
        seed=comparison.seed,
        seconds=0.0,
        synthetic=described[0],
        real=described[1],
        holdout=described[2] | {"used": _rows(comparison.holdout)} if len(described) > 2 else None,
        target=None if comparison.target is None else shown_names([comparison.target])[comparison.target],
        groups=tuple(shown_names(comparison.groups).values()),
        minimum_cell=comparison.minimum_cell,
        headline=headline(found.scores),
        scores=tuple(found.scores),
        columns=tuple(_column_entry(column, found.columns.get(column.name, {})) for column in comparison.columns),
        pairs=_pairs(list(shown), found.pairs, shown),
        subgroups=tuple(found.subgroups[:_MOST_SUBGROUPS]),
        not_evaluated=tuple(_not_evaluated(profile, comparison, found)),
        omitted=_counts(pairs=len(found.pairs) - _MOST_PAIRS, subgroups=len(found.subgroups) - _MOST_SUBGROUPS),
        gates=tuple(hold(profile.gates, found.scores)),
        changes=profile.changes,
        details=found.details,
    )


def _rows(table: Table | None) -> int:
    return 0 if table is None else table.rows


def _counts(**kinds: int) -> dict[str, int]:
    return {kind: count for kind, count in kinds.items() if count > 0}


def _column_entry(column: Column, found: Mapping[str, Any]) -> dict[str, Any]:
    empty: dict[str, list[Any]] = {"labels": [], "real": [], "synthetic": []}
    blank: dict[str, Any] = {"score": None, "bins": empty, "missing": {"real": None, "synthetic": None}}
    return {"name": column.shown, "kind": column.kind, **blank, **found}


def _pairs(order: list[str], errors: list[tuple[str, str, float]], shown: Mapping[str, str]) -> dict[str, Any]:
    """The worst pairs, by numbers of the names that occur in them."""
    worst = sorted(errors, key=lambda pair: (-round(pair[2], 4), pair[:2]))[:_MOST_PAIRS]
    used = {name for pair in worst for name in pair[:2]}
    place = {name: i for i, name in enumerate(name for name in order if name in used)}
    entries = [[*sorted((place[a], place[b])), rounded(error, 4)] for a, b, error in worst]
    return {"names": [shown[name] for name in place], "errors": entries}


def _not_evaluated(profile: Profile, comparison: Comparison, found: Findings) -> Iterator[dict[str, str]]:
    """Dimensions without any score, then what the data leaves out, then what the profile leaves out."""
    for dimension in dict.fromkeys(score.dimension for score in found.scores):
        scores = [score for score in found.scores if score.dimension == dimension]
        if all(score.value is None for score in scores):
            yield {"dimension": dimension, "reason": str(scores[0].reason)}
    if comparison.holdout_note is not None:
        yield {"dimension": "hold-out", "reason": comparison.holdout_note}
    yield from found.not_evaluated
    if not any(definition.dimension == "text" for step in profile.steps for definition in step.gives):
        texts = tuple(column.name for column in comparison.of("text"))
        compared = f"Compared only for missing and equal cells: {_listed(texts)}." if texts else "There is no shared text column."
        yield {"dimension": "text", "reason": f"The profile has no metric for text. {compared}"}
    for names, where in ((comparison.only_real, "real"), (comparison.only_synthetic, "synthetic")):
        if names:
            yield {"dimension": "columns", "reason": f"Only in the {where} frame, so not compared: {_listed(names)}."}
    yield from ({"dimension": dimension, "reason": reason} for dimension, reason in profile.left_out)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(validity.named(names))
