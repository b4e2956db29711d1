"""The report on several tables."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from synthnb._canonical import digest
from synthnb._frames import frame_digest, to_pandas
from synthnb._random import resolve_seed
from synthnb.errors import FrameError, OptionError, shown
from synthnb.evaluation._bins import cut
from synthnb.evaluation._sentences import number
from synthnb.evaluation._size import within_size
from synthnb.evaluation.profiles import find_profile, with_gates
from synthnb.evaluation.relational.tables import compare_tables
from synthnb.evaluation.report import Progress, Report, _assemble, _run

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.evaluation.base import Score

__all__ = ["evaluate_tables"]

_MOST_TABLES = 40
"""Tables described one by one."""


def evaluate_tables(
    synthetic: Mapping[str, Any],
    real: Mapping[str, Any],
    *,
    relations: Iterable[Any],
    holdout: Mapping[str, Any] | None = None,
    synthetic_name: str = "synthetic",
    real_name: str = "real",
    holdout_name: str = "holdout",
    profile: str = "auto",
    gates: Mapping[str, float] | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Return the scores of several synthetic tables against the real ones.

    Parameters
    ----------
    synthetic, real : mapping of str to frame
        Tables by name: pandas, polars or Arrow. A table may be empty.
    relations : iterable of Relation, mapping or str
        Who refers to whom, such as ``"patients.id -> visits.patient_id"``. Where a
        child has several parents, the first listed is the one it belongs to.
    holdout : mapping of str to frame, optional
        Real tables of parents the generator never saw, with their children.
    synthetic_name, real_name, holdout_name : str
        What the sets of tables are called in the report.
    profile : str
        A profile's name, or a ``.toml`` file that extends one; ``"auto"`` is ``relational-core/1``.
    gates : mapping, optional
        Other limits for gates of the profile, by metric.
    seed : int, optional
        From 0 to 2**32 − 1.
    progress : callable, optional
        Called as ``progress(done, total, what)``.

    Returns
    -------
    Report
        Subjects of its scores are a table (and a column), or a relation's parent and child (and a column of the child).

    Raises
    ------
    FrameError
        A set of tables is empty, lacks one the real tables have, or holds something that is no table.
    OptionError
        A relation names no table or column, or the profile isn't one for relations.
    """
    began = time.monotonic()
    chosen = with_gates(find_profile("relational-core/1" if profile == "auto" else profile), gates or {})
    if chosen.data != "relations":
        raise OptionError(f"A profile for several tables was expected; {shown(chosen.name)} is for {chosen.data}.", fix="Leave it out.")
    sets = [("synthetic", synthetic, synthetic_name), ("real", real, real_name)]
    sets += [] if holdout is None else [("hold-out", holdout, holdout_name)]
    read = [_read(tables, what) for what, tables, _ in sets]
    described = [_describe(tables, name) for tables, (*_, name) in zip(read, sets, strict=True)]
    held = read[2] if len(read) > 2 else None
    comparison = compare_tables(read[0], read[1], held, relations=relations, seed=resolve_seed(seed), budget=chosen.step_seconds)
    found = _run(chosen, comparison, progress or (lambda *_: None))
    report = _assemble(chosen, comparison, found, described)
    report = replace(report, headline=_headline(found.scores, len(comparison.tables), len(comparison.links)))
    return replace(within_size(report), seconds=round(time.monotonic() - began, 3))


def _read(tables: Any, what: str) -> dict[str, pd.DataFrame]:
    """The tables as pandas; one without rows is allowed."""
    if not isinstance(tables, Mapping) or not tables:
        came = "an empty one" if isinstance(tables, Mapping) else shown(type(tables).__name__)
        raise FrameError(f"The {what} tables must be a mapping from names to frames; got {came}.", fix="Pass {'patients': frame, …}.")
    read: dict[str, pd.DataFrame] = {}
    for name, frame in tables.items():
        if not isinstance(name, str) or not name:
            raise FrameError(f"A table's name must be text; got {shown(name)}.", fix="Use strings as the mapping's keys.")
        read[name] = _one(frame, f"{what} table {shown(name)}")
    return read


def _one(frame: Any, what: str) -> pd.DataFrame:
    import pandas as pd

    if hasattr(frame, "columns") and hasattr(frame, "__len__") and not len(frame):
        return pd.DataFrame({str(column): pd.Series([], dtype=object) for column in getattr(frame, "column_names", frame.columns)})
    return to_pandas(frame, what=what)[0].reset_index(drop=True)


def _describe(tables: Mapping[str, pd.DataFrame], name: str) -> dict[str, Any]:
    """All tables as one: rows and columns added up, the digest over theirs."""
    each = {table: frame_digest(frame) for table, frame in tables.items()}
    entries = [
        {"name": cut(table), "rows": len(frame), "columns": len(frame.columns), "digest": each[table]} for table, frame in tables.items()
    ]
    return {
        "name": cut(name),
        "rows": sum(len(frame) for frame in tables.values()),
        "columns": sum(len(frame.columns) for frame in tables.values()),
        "digest": digest(dict(each)),
        "tables": entries[:_MOST_TABLES],
    }


def _headline(scores: list[Score], tables: int, relations: int) -> str:
    """One sentence: worst table, references, children and dependence of the worst relation."""
    parts = [
        f"{word} {number(min(values))} at the least"
        for word, metric in (
            ("references that name a row", "reference_integrity"),
            ("number of children", "children_per_parent"),
            ("means over a parent's children", "family_means"),
            ("column shapes", "column_shapes"),
        )
        if (values := [score.value for score in scores if score.metric == metric and score.value is not None])
    ]
    what = f"{tables:,} {'table' if tables == 1 else 'tables'}, {relations:,} {'relation' if relations == 1 else 'relations'}"
    return f"{what}: {', '.join(parts) if parts else 'nothing could be computed'}."
