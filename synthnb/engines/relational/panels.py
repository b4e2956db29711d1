"""Panels: several rows per subject, taken apart into subjects and their visits, learnt, drawn and put together again.

::

    id  age  day  bili            id  age  visits        day  bili
     1   58    0   1.4             1   58       3          0   1.4   ─┐ first visit, given the subject
     1   58  192   1.9     ──►     2   46       2        192   1.9    │ later ones, given the subject and
     1   58  400   2.8                                   400   2.8   ─┘ the visits before
     2   46    0   0.7                                     0   0.7
     2   46  180   0.6                                   180   0.6

What is the same in all rows of a subject belongs to the subject and stays so. Of the time and of numbers that
never fall, the increase since the visit before is drawn, so that they can't go back; a level that is
never left isn't left.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb._clock import utc_now
from synthnb._frames import frame_digest, to_pandas
from synthnb._random import resolve_seed
from synthnb.engines._encoding.codec import describe_numbers
from synthnb.engines._encoding.table import MISSING, ORDINARY
from synthnb.engines.base import Progress, Run, Synthesis, new_run_id, no_progress, versions
from synthnb.engines.plan import fit_generator
from synthnb.engines.relational.family_fit import Learning, learn_family, unused_name
from synthnb.engines.relational.keys import Keys, learn_keys
from synthnb.engines.sampling import Asked, draw_rows
from synthnb.errors import FrameError, OptionError, shown
from synthnb.recipes.infer import infer_recipe
from synthnb.recipes.recipe import Column, Recipe
from synthnb.recipes.timing import Panel

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.base import State
    from synthnb.engines.generator import Generator
    from synthnb.engines.relational.families import Family

__all__ = ["FittedPanel", "fit_panel", "panel_of", "synthesise_panel"]

Array = np.ndarray[Any, Any]

SUBJECTS = 8_192
"""Subjects whose visits are drawn together."""

_NUMBERS = {"integer", "real"}
_TIMES = {"integer", "real", "date", "datetime", "timedelta"}


@dataclass(frozen=True)
class FittedPanel:
    """Draws subjects and their visits."""

    panel: Panel
    """Which columns make it a panel."""
    recipe: Recipe
    """The table as a whole."""
    subjects: Generator
    """Draws subjects: what is the same in all their rows, and how many rows they have."""
    keys: Keys
    """Names the subjects."""
    visits: Family
    """Draws their rows."""
    size: str
    """What the subjects' column with the number of rows is called."""
    clock: Any
    """How numbers become times."""
    dtype: Any
    """The storage type of times."""
    subject_dtype: Any
    """The storage type of the subjects' names."""
    learnt: int
    """How many subjects were learnt."""

    def draw(self, subjects: int, *, seed: int, progress: Progress = no_progress) -> tuple[pd.DataFrame, dict[str, int], dict[str, int]]:
        """Return the rows of so many subjects, figures, and subjects that couldn't be made, by reason."""
        made = draw_rows(self.subjects, Asked(rows=subjects, seed=seed), progress=progress)
        people = made.frame
        counts = dict(made.counts)
        sizes = people[self.size].to_numpy(dtype="i8")
        parts = []
        for start in range(0, len(people), SUBJECTS):
            progress(start, len(people), "drawing visits")
            piece = slice(start, start + SUBJECTS)
            context = people.iloc[piece].reset_index(drop=True)
            visits, parent, more = self.visits.draw(context, sizes[piece], seed=seed, unit=("visits", start // SUBJECTS))
            counts = {name: counts.get(name, 0) + more.get(name, 0) for name in {**counts, **more}}
            context[self.panel.subject] = self.keys.make(start, start + len(context), seed=seed).to_numpy()
            parts.append(pd.concat([context.iloc[parent].reset_index(drop=True), visits], axis=1))
        frame = pd.concat(parts, ignore_index=True)
        frame[self.panel.subject] = frame[self.panel.subject].astype(self.subject_dtype)
        ticks = frame[self.panel.time].to_numpy()
        frame[self.panel.time] = self.clock.write(ticks, np.full(len(ticks), ORDINARY, dtype="i1"), self.dtype)
        frame[self.panel.time] = frame[self.panel.time].astype(self.dtype)
        names = [column.name for column in self.recipe.columns if column.name in frame]
        return frame[names], counts, dict(made.missing)

    def draw_rows(self, rows: int, *, seed: int, progress: Progress = no_progress) -> tuple[pd.DataFrame, dict[str, int], dict[str, int]]:
        """Return whole subjects with at most so many rows together; the rows that no whole subject fills are explained."""
        subjects = max(1, round(rows / max(1.0, self._mean_size)))
        while True:
            frame, counts, missing = self.draw(subjects, seed=seed, progress=progress)
            if missing or len(frame) >= rows:
                break
            subjects = subjects * max(2, rows // max(len(frame), 1) + 1)
        owner = pd.factorize(frame[self.panel.subject])[0]
        ends = np.flatnonzero(np.r_[owner[1:] != owner[:-1], True]) + 1
        fits = ends[ends <= rows]
        kept = int(fits[-1]) if len(fits) else 0
        short = {"the next subject has more rows than were left, and subjects are made whole": rows - kept} if kept < rows else {}
        return frame.iloc[:kept].reset_index(drop=True), counts, short

    @property
    def parameters(self) -> dict[str, Json]:
        """What was chosen, for subjects, first visits and later visits."""
        stages = (("first_visits", self.visits.first), ("later_visits", self.visits.later))
        told: dict[str, Json] = {name: dict(stage.fitted.parameters) for name, stage in stages if stage is not None}
        given = [] if self.visits.later is None else list(self.visits.later.before.names)
        return {"panel": self.panel.model_dump(), "subjects": dict(self.subjects.fitted.parameters), **told, "given": given}

    @property
    def account(self) -> dict[str, str]:
        """What is said of the method in the disclosure."""
        base = dict(self.subjects.fitted.account)
        more = "; each visit of a subject is drawn given the subject, the visit before it and the means of all visits before it"
        copies = (
            "subjects, and visits by themselves, that equal a real one that occurs once are looked for; whole histories aren't compared"
        )
        return {**base, "method": f"{base.get('method', '')}{more}", "copies": copies}

    @property
    def how(self) -> dict[str, str]:
        """How each column is made, by name."""
        made = {column.name: f"left out: {column.why}" for column in self.recipe.columns if column.kind == "text"}
        made |= {name: f"the same in all rows of a subject; {said}" for name, said in self.subjects.how.items() if name != self.size}
        visits = self.visits
        for stage in (visits.later, visits.first) if visits.first else ():
            made |= dict(stage.fitted.how) if stage else {}
        made |= dict.fromkeys(visits.innovations, "what is new since the visits before is drawn, and added to what they let expect")
        made |= dict.fromkeys(visits.increments, "the increase since the visit before is drawn")
        made |= {self.panel.subject: self.keys.how}
        return {column.name: made[column.name] for column in self.recipe.columns if column.name in made}

    def notes(self, counts: Mapping[str, int]) -> list[str]:
        """Sentences the reader of the run should see."""
        said = [
            f"Column {shown(column.name)} was left out: {column.why}."
            for column in self.recipe.columns
            if column.kind == "text" and column.name != self.panel.subject
        ]
        said += [f"Subjects: {note}" for note in self.subjects.fitted.notes({}) if shown(self.size) not in note]
        if self.visits.absorbing:
            said.append(f"In {', '.join(map(shown, self.visits.absorbing))} a level that no real subject leaves is never left.")
        past = counts.get("rows_past_the_end_not_made", 0)
        if past:
            said.append(f"{past:,} visits were not made because the next would have come after the subject's {shown(self.panel.end)}.")
        return said

    def to_state(self) -> State:
        """Everything needed to draw again, as plain data."""
        from synthnb.engines.relational.panels_state import panel_to_state

        return panel_to_state(self)

    @property
    def _mean_size(self) -> float:
        return self.recipe.rows / self.learnt


def panel_of(value: Any) -> Panel:
    """Return a panel from one, from a mapping of its fields, or from subject and time as a pair.

    Raises
    ------
    OptionError
        It is none of these.
    """
    from pydantic import ValidationError

    if isinstance(value, (tuple, list)) and len(value) == 2:
        value = {"subject": value[0], "time": value[1]}
    try:
        return value if isinstance(value, Panel) else Panel.model_validate(value)
    except ValidationError as error:
        raise OptionError(
            f"A panel names the columns of subject and time, and perhaps the end; got {shown(value)}.",
            fix='Pass panel={"subject": "id", "time": "day"}.',
        ) from error


def fit_panel(
    frame: pd.DataFrame,
    panel: Panel,
    recipe: Recipe,
    *,
    engine: str = "auto",
    options: Mapping[str, Any] | None = None,
    progress: Progress = no_progress,
) -> tuple[FittedPanel, str]:
    """Learn a panel, and say why its engine.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per subject and time.
    panel : Panel
        Which columns name the subject and the time.
    recipe : Recipe
        What the frame holds; its seed is used.
    engine, options
        The engine's registered name and its options.
    progress : Progress
        Told of every column.

    Raises
    ------
    OptionError
        The panel names no column, or columns that can't be what it says.
    FrameError
        A subject or a time is missing, or there are too few subjects.
    """
    columns = {column.name: column for column in recipe.columns}
    _check(frame, panel, columns)
    order = np.lexsort((_sortable(frame[panel.time]), pd.factorize(frame[panel.subject])[0]))
    ordered = frame.iloc[order].reset_index(drop=True)
    subject = pd.factorize(ordered[panel.subject])[0]
    constant = _constants(ordered, panel, subject)
    if panel.end is not None and panel.end not in constant:
        raise OptionError(f"{shown(panel.end)} must be the same in all rows of a subject, as an end is; it isn't.", fix="Leave `end` out.")
    starts = np.flatnonzero(np.r_[True, subject[1:] != subject[:-1]])
    people = ordered[constant].iloc[starts].reset_index(drop=True)
    size = unused_name("number of rows", set(map(str, frame.columns)))
    people[size] = np.bincount(subject)
    described = _people_recipe(people, size, recipe, constant)
    subjects, _ = fit_generator(people, described, engine="trees" if engine == "auto" else engine, options=options, progress=progress)
    clock, ticks, column = _as_numbers(ordered[panel.time], columns[panel.time])
    changing = [str(name) for name in ordered if name not in {panel.subject, *constant}]
    rows = ordered[changing].assign(**{panel.time: ticks})
    visits = recipe.model_copy(update={"columns": tuple(column if name == panel.time else columns[name] for name in changing)})
    learning = Learning(
        table="visits",
        rows=rows,
        recipe=visits,
        context=people,
        context_columns=described.columns,
        parent=subject,
        engine="trees" if engine == "auto" else engine,
        options=options or {},
        seed=recipe.seed,
        always=[size],
        order=panel.time,
        end=panel.end or "",
    )
    family = learn_family(learning, progress=progress)
    keys = learn_keys(ordered[panel.subject].iloc[starts].reset_index(drop=True), "subject", seed=recipe.seed)
    dtypes = frame[panel.time].dtype, _key_dtype(frame[panel.subject])
    return FittedPanel(
        panel, recipe, subjects, keys, family, size, clock, *dtypes, learnt=len(people)
    ), "A panel: each visit is drawn given the subject and the visits before it."


def _with_key(recipe: Recipe, panel: Panel) -> Recipe:
    """The recipe with the subject as what it is: a key that is made afresh."""
    key = {"kind": "identifier", "role": "key", "levels": None, "ordered": False, "why": ""}
    columns = tuple(column.model_copy(update=key) if column.name == panel.subject else column for column in recipe.columns)
    return recipe.model_copy(update={"columns": columns})


def _key_dtype(cells: pd.Series[Any]) -> Any:
    """The storage type of new names: that of the real ones, unless it lists them."""
    return object if isinstance(cells.dtype, pd.CategoricalDtype) else cells.dtype


def _people_recipe(people: pd.DataFrame, size: str, recipe: Recipe, constant: Sequence[str]) -> Recipe:
    counted = infer_recipe(people[[size]], table="subjects", rows=len(people), seed=recipe.seed).columns[0]
    own = tuple(column for column in recipe.columns if column.name in constant)
    groups = tuple(group for group in recipe.groups if group in constant)
    return Recipe(table="subjects", rows=len(people), seed=recipe.seed, columns=(*own, counted), groups=groups)


def _check(frame: pd.DataFrame, panel: Panel, columns: Mapping[str, Column]) -> None:
    for what, name in (("subject", panel.subject), ("time", panel.time), ("end", panel.end)):
        if name is not None and name not in columns:
            raise OptionError.from_choice(f"The {what} of a panel", name, list(columns))
    for name in (panel.subject, panel.time):
        missing = int(frame[name].isna().sum())
        if missing:
            raise FrameError(f"Every row of a panel needs {shown(name)}; it is missing in {missing:,}.", fix="Drop or complete these rows.")
    kind = columns[panel.time].kind
    if kind not in _TIMES and not (kind == "constant" and pd.api.types.is_numeric_dtype(frame[panel.time].dtype)):
        raise OptionError(f"The time of a panel is a number, a date or a span; {shown(panel.time)} holds {kind}.", fix="Convert it first.")
    if panel.end is not None and {kind, columns[panel.end].kind} - _NUMBERS:
        raise OptionError(
            f"The time and the end of a panel must be numbers to be compared; {shown(panel.time)} holds {kind} and "
            f"{shown(panel.end)} {columns[panel.end].kind}.",
            fix="Convert both to days since entry, or leave `end` out.",
        )


def _sortable(cells: pd.Series[Any]) -> Array:
    return pd.factorize(cells, sort=True)[0]


def _constants(frame: pd.DataFrame, panel: Panel, subject: Array) -> list[str]:
    """Columns that are the same in all rows of each subject."""
    found = []
    for name in frame:
        if name not in {panel.subject, panel.time}:
            codes = pd.factorize(frame[name])[0]
            if not ((codes[1:] != codes[:-1]) & (subject[1:] == subject[:-1])).any():
                found.append(str(name))
    return found


def _as_numbers(cells: pd.Series[Any], column: Column) -> tuple[Any, Array, Column]:
    """Times as numbers of their own unit, how to write them back, and what they now hold."""
    here = np.where(cells.isna(), MISSING, ORDINARY).astype("i1")
    counted = column if column.kind != "constant" else column.model_copy(update={"kind": "real", "levels": None})
    clock = describe_numbers(cells, counted, here == ORDINARY)
    ticks = clock.read(cells, here)
    whole = ticks.dtype.kind in "iu"
    described = Column(
        name=column.name, kind="integer" if whole else "real", dtype=str(ticks.dtype), decimals=0 if whole else column.decimals
    )
    return clock, ticks, described


def synthesise_panel(
    frame: Any,
    *,
    panel: Panel,
    name: str = "real",
    output_name: str = "synthetic",
    rows: int | None = None,
    subjects: int | None = None,
    seed: int | None = None,
    groups: Sequence[str] = (),
    engine: str = "auto",
    options: Mapping[str, Any] | None = None,
    overrides: Mapping[str, str] | None = None,
    progress: Progress = no_progress,
) -> Synthesis:
    """Return a synthetic panel of the same kind as the one given, and the run that made it.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        One row per subject and time.
    panel : Panel
        Which columns name the subject and the time.
    name, output_name : str
        What the real and the synthetic frame are called.
    rows : int, optional
        Most rows to make, in whole subjects.
    subjects : int, optional
        How many subjects to make; as many as there are by default. Their rows are as many as they come to.
    seed : int, optional
        From 0 to 2**32 - 1; a fresh one by default.
    groups : sequence of str
        Columns that declare subgroups.
    engine, options
        ``auto`` or a registered engine's name, and its options.
    overrides : mapping of str to str, optional
        Kinds to use instead of the inferred ones, by column.
    progress : Progress
        Told of every column.

    Raises
    ------
    OptionError
        An option is outside what is allowed.
    FrameError
        The frame can't be used as it is.
    """
    started, clock = utc_now(), time.perf_counter()
    if rows is not None and subjects is not None:
        raise OptionError("Either the rows or the subjects to make can be given; got both.", fix="Leave one of them out.")
    inside, restore = to_pandas(frame, what=f"frame {shown(name)}")
    recipe = infer_recipe(inside, table=name, rows=len(inside), seed=resolve_seed(seed), groups=groups, overrides=overrides)
    recipe = _with_key(recipe, panel)
    fitted, reason = fit_panel(inside, panel, recipe, engine=engine, options=options, progress=progress)
    fitted_at = time.perf_counter()
    if rows is not None:
        made, counts, missing = fitted.draw_rows(rows, seed=recipe.seed, progress=progress)
    else:
        made, counts, missing = fitted.draw(subjects or fitted.learnt, seed=recipe.seed, progress=progress)
    explained: list[dict[str, Json]] = [{"count": count, "reason": reason_} for reason_, count in missing.items()]
    run = Run(
        id=new_run_id(),
        kind="generate",
        engine=fitted.subjects.engine,
        engine_reason=reason,
        recipe_digest=recipe.digest,
        seed=recipe.seed,
        started=started,
        ended=utc_now(),
        seconds={"fit": round(fitted_at - clock, 3), "sample": round(time.perf_counter() - fitted_at, 3)},
        requested=len(made) + sum(missing.values()),
        delivered=len(made),
        explained=explained,
        counts=counts,
        parameters=fitted.parameters,
        account=fitted.account,
        inputs=[{"name": name, "rows": len(inside), "columns": list(inside.columns), "digest": frame_digest(inside)}],
        output={"name": output_name, "rows": len(made), "columns": list(made.columns), "digest": frame_digest(made)},
        versions=versions(),
        columns=[{"name": column.name, "kind": column.kind, "how": fitted.how.get(column.name, "")} for column in recipe.columns],
        notes=[*restore.notes, *fitted.notes(counts)],
    )
    return Synthesis(restore(made), run)
