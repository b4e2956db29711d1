"""What rows are written from: a real frame, a recipe, or a description; as a table of numbers, with its figures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb._frames import to_pandas
from synthnb.config import get_config
from synthnb.engines._encoding.table import Table, encode_table
from synthnb.engines._summary import LevelSummary, MeasureSummary, Summary, summarise
from synthnb.engines.rows.fields import Band, Field, field_of
from synthnb.engines.rows.lines import Layout
from synthnb.errors import FrameError, OptionError, RecipeError, shown
from synthnb.recipes.conditions import parse_conditions
from synthnb.recipes.infer import fit_recipe, infer_recipe, merge_rare
from synthnb.recipes.recipe import Recipe
from synthnb.recipes.rules import Combinations, Dependency, Total, Unique, check_rules
from synthnb.recipes.rules.broken import broken_rows, look_up

if TYPE_CHECKING:
    from synthnb._frames import Restore
    from synthnb.engines._layers.identifiers import Identifiers
    from synthnb.engines.base import Progress
    from synthnb.engines.rows.fields import At
    from synthnb.models.calls import Calls

__all__ = ["Ground", "read_ground"]

_REFERENCE = 1000
"""Rows drawn from a recipe, for figures and examples."""
_WIDER = 0.25
_MOST_LEVELS = 200


@dataclass(frozen=True)
class Ground:
    """What rows are written from."""

    frame: pd.DataFrame
    """Real rows, or rows drawn from the recipe."""
    recipe: Recipe
    """What is made."""
    restore: Restore | None
    """The way back to the kind of frame that came in; None where none did."""
    real: bool
    """Whether the rows are real."""
    share: str
    """What of them may be shown: ``summary`` or ``rows``."""
    description: str = ""
    """The user's own words."""
    layer: Identifiers | None = None
    """What makes identifiers afresh."""
    notes: tuple[str, ...] = ()
    """What reading them gave to say."""

    @cached_property
    def whole(self) -> Table:
        """Every column that is made, encoded."""
        made = [column for column in self.recipe.columns if column.kind not in {"text", "identifier"}]
        return encode_table(self.frame, self.recipe.model_copy(update={"columns": tuple(made)}))

    @cached_property
    def written(self) -> tuple[int, ...]:
        """Places of the columns that a model writes: all but those with one value or none."""
        found = []
        for at, coder in enumerate(self.whole.coders):
            fixed = coder.column.kind == "empty" or (coder.column.kind == "constant" and not coder.column.missing)
            found += [] if fixed else [at]
        return tuple(found)

    @cached_property
    def table(self) -> Table:
        """The columns that a model writes, encoded."""
        places = list(self.written)
        return Table(tuple(self.whole.coders[at] for at in places), self.whole.states[:, places], self.whole.positions[:, places])

    @cached_property
    def minimum_cell(self) -> int:
        """Fewest rows behind a figure: the setting's for real rows that aren't shown themselves."""
        return get_config().minimum_cell if self.real else 1

    @cached_property
    def hides(self) -> bool:
        """Whether single rows are to stay hidden from the model."""
        return self.real and self.share == "summary"

    @cached_property
    def groups(self) -> list[str]:
        """Columns of the recipe's groups, after its target."""
        return list(dict.fromkeys([*(column.name for column in self.recipe.columns if column.role == "target"), *self.recipe.groups]))

    @cached_property
    def summary(self) -> Summary:
        """The rows in figures."""
        return summarise(self.table, minimum_cell=self.minimum_cell, groups=self.groups)

    @cached_property
    def layout(self) -> Layout:
        """The fields of a line."""
        fields = tuple(
            field_of(coder, only=tuple(told.shares) if self.hides and isinstance(told, LevelSummary) else None)
            for coder, told in zip(self.table.coders, self.summary.columns, strict=True)
        )
        _refuse_no_levels(fields, self.summary)
        optional = tuple(coder.column.missing for coder in self.table.coders)
        return Layout(fields, optional, tuple(self._band(at) for at in range(len(fields))))

    def _band(self, at: int) -> Band | None:
        """Within what a grammar keeps a number: the values there are, or, where these are hidden, wider than their figures."""
        coder, told = self.table.coders[at], self.summary.columns[at]
        if not isinstance(told, MeasureSummary) or not coder.size:
            return None
        low, high = float(coder.values[0]), float(coder.values[-1])
        if self.hides and told.low is not None and told.high is not None:
            wider = _WIDER * (told.high - told.low)
            low, high = max(told.low - wider, 0.0 if low >= 0 else -math.inf), told.high + wider
        return (math.floor(low), math.ceil(high)) if coder.values.dtype.kind == "i" else (low, high)

    def assembled(self, rows: Sequence[Sequence[At | None]]) -> pd.DataFrame:
        """Rows as cells, with the columns that have one value or none; identifiers and text are left out."""
        written = self.layout.frame(rows)
        made: dict[str, pd.Series[Any]] = {}
        for at, coder in enumerate(self.whole.coders):
            name = coder.column.name
            state = 1 if coder.column.kind == "empty" else 0
            fixed = coder.decode(np.full(len(rows), state, dtype="i1"), np.zeros(len(rows))) if at not in self.written else None
            made[name] = written[name] if fixed is None else fixed
        return pd.DataFrame(made)

    def may_not_stand(self, rows: Sequence[Sequence[At | None]]) -> list[str]:
        """Per row, the rule or the condition it breaks; empty where it breaks none."""
        if not self.recipe.rules and not self.recipe.where:
            return [""] * len(rows)
        frame = self.assembled(rows)
        found = [""] * len(rows)
        for rule, lookup in self._rules:
            for row in np.flatnonzero(broken_rows(rule, frame, lookup)):
                found[row] = found[row] or f"it broke the rule {shown(rule.text)}"
        if self.recipe.where:
            met = parse_conditions(self.recipe.where, self.recipe.columns).mask(frame)
            found = [reason or ("" if kept else "it didn't meet the condition") for reason, kept in zip(found, met, strict=True)]
        return found

    @cached_property
    def _rules(self) -> list[tuple[Any, Any]]:
        """Rules about single rows, with what they look up."""
        here = {coder.column.name for coder in self.whole.coders}
        rules = [rule for rule in self.recipe.rules if not isinstance(rule, Unique) and set(rule.names) <= here]
        return [(rule, look_up(rule, self.frame) if isinstance(rule, Combinations | Dependency) else None) for rule in rules]

    def repeats(self, frame: pd.DataFrame) -> np.ndarray[Any, Any]:
        """A boolean per row: whether it repeats what a rule wants to be different in every row."""
        found = np.zeros(len(frame), dtype=bool)
        for rule in self.recipe.rules:
            if isinstance(rule, Unique) and set(rule.names) <= set(frame.columns):
                found |= broken_rows(rule, frame)
        return found


def read_ground(
    source: Any,
    *,
    recipe: Recipe | None,
    rows: int,
    seed: int,
    name: str,
    source_name: str,
    target: str | None,
    share: str,
    calls: Calls,
    progress: Progress,
) -> Ground:
    """Return what a call's rows are written from.

    Raises
    ------
    FrameError
        The frame can't be used as it is, or nothing in it is for a model to write.
    RecipeError
        The recipe contradicts itself or the frame, or declares nothing to draw from.
    OptionError
        The target isn't a column that is made, or a rule can't be kept.
    """
    description = ""
    if isinstance(source, str):
        description, source = source, _compiled(source, calls, rows=rows, seed=seed, name=name, progress=progress)
    if source is None or isinstance(source, Recipe):
        if source is not None and recipe is not None:
            raise OptionError("A recipe was given twice, as source and as recipe.", fix="Leave one of them out.")
        ground = _from_recipe(recipe if source is None else source, rows=rows, seed=seed, share=share)
    else:
        ground = _from_frame(source, recipe, rows=rows, seed=seed, source_name=source_name, share=share)
    return _checked(ground, target, description)


def _compiled(description: str, calls: Calls, *, rows: int, seed: int, name: str, progress: Progress) -> Recipe:
    from synthnb.engines.compile import compile_recipe

    compiled: Recipe = compile_recipe(description, calls=calls, rows=rows, name=name, seed=seed, progress=progress).recipe
    return compiled


def _from_recipe(recipe: Recipe | None, *, rows: int, seed: int, share: str) -> Ground:
    from synthnb.engines.plan import prepare

    if recipe is None:
        raise OptionError("A frame, a recipe or a description was expected; got none.", fix="Pass one as the source.")
    drawn = prepare(None, recipe=recipe, rows=_REFERENCE, seed=seed).draw(output_name=recipe.table).frame
    fitted = recipe.model_copy(update={"rows": rows, "seed": seed, "columns": tuple(_spelt(column) for column in recipe.columns)})
    plain = fit_recipe(drawn, _without_text(fitted), seed=seed)
    return Ground(drawn, plain.model_copy(update={"rows": rows}), None, real=False, share=share, notes=tuple(_never_drawn(fitted, drawn)))


def _never_drawn(recipe: Recipe, drawn: pd.DataFrame) -> Iterator[str]:
    """Sentences on levels so rare that the rows drawn for figures and examples hold none, so that no model is told of them."""
    for column in recipe.columns:
        levels = getattr(column.distribution, "levels", ())
        gone = len(levels) - drawn[column.name].nunique() if levels else 0
        if gone > 0:
            yield (
                f"{gone:,} levels of {shown(column.name)} didn't come up in the {len(drawn):,} rows that numpy drew from the recipe as a "
                "pattern, and so aren't written."
            )


def _spelt(column: Any) -> Any:
    """A column with the pattern that its distribution declares."""
    pattern = getattr(column.distribution, "pattern", None)
    return column if pattern is None or column.pattern else column.model_copy(update={"pattern": pattern})


def _without_text(recipe: Recipe) -> Recipe:
    return recipe.model_copy(update={"columns": tuple(column for column in recipe.columns if column.kind != "text")})


def _from_frame(source: Any, recipe: Recipe | None, *, rows: int, seed: int, source_name: str, share: str) -> Ground:
    frame, restore = to_pandas(source, what=f"frame {shown(source_name)}")
    if recipe is None:
        fitted = infer_recipe(frame, table=source_name, rows=rows, seed=seed)
    else:
        fitted = fit_recipe(frame, recipe, seed=seed).model_copy(update={"rows": rows})
    merged, fitted, notes = merge_rare(frame, fitted)
    return Ground(merged, fitted, restore, real=True, share=share, notes=(*restore.notes, *notes))


def _checked(ground: Ground, target: str | None, description: str) -> Ground:
    """The ground with its target marked, its rules looked at and its identifiers taken off."""
    recipe, notes = ground.recipe, list(ground.notes)
    made = [column.name for column in recipe.columns if column.kind not in {"text", "identifier", "empty"}]
    if target is not None and target not in made:
        raise OptionError.from_choice("The target", target, made)
    if target is not None:
        marked = [column.model_copy(update={"role": "target"}) if column.name == target else column for column in recipe.columns]
        recipe = recipe.model_copy(update={"columns": tuple(marked)})
    totals = [rule.text for rule in recipe.rules if isinstance(rule, Total)]
    if totals:
        raise RecipeError(
            f"Rows that a model writes one by one can't be held to a total over all of them: {totals[0]}.",
            fix="Leave the rule out, or choose another engine.",
        )
    notes += check_rules(recipe, ground.frame if ground.real else None)
    layer = _identifiers(ground, recipe)
    ready = Ground(ground.frame, recipe, ground.restore, ground.real, ground.share, description, layer, tuple(notes))
    if not ready.written:
        raise FrameError("No column is left for a model to write: all have one value, or are codes or text.", fix="Add one that varies.")
    return ready


def _identifiers(ground: Ground, recipe: Recipe) -> Identifiers | None:
    from synthnb.engines._layers.identifiers import take_off

    if all(column.kind != "identifier" for column in recipe.columns):
        return None
    return take_off(ground.frame, recipe, seed=recipe.seed, private=not ground.real)[0]


def _refuse_no_levels(fields: Sequence[Field], summary: Summary) -> None:
    """Refuse a category of which no level is frequent enough to be named, or that has too many for a prompt."""
    for field, told in zip(fields, summary.columns, strict=True):
        if isinstance(told, LevelSummary) and not getattr(field, "only", (0,)):
            raise OptionError(
                f"No level of {shown(told.name)} is held by {summary.minimum_cell} rows or more, so none may be named in a summary.",
                fix="Drop the column or merge its levels (merge_below), or, if you may show real rows, pass share='rows'.",
            )
        if isinstance(told, LevelSummary) and len(getattr(field, "only", ())) > _MOST_LEVELS:
            raise OptionError(
                f"{shown(told.name)} has {len(told.shares):,} levels, too many to tell a model; {_MOST_LEVELS} are allowed.",
                fix="Merge the rare ones (merge_below), drop the column, or use an engine that is fitted.",
            )
