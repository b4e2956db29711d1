"""What a call says, read and checked before anything is fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthnb._frames import to_pandas
from synthnb._random import resolve_seed
from synthnb.engines._requests import Request, balanced, checked_rows, fixed_cells
from synthnb.errors import OptionError, shown
from synthnb.recipes.infer import fit_recipe, infer_recipe, merge_rare
from synthnb.recipes.rules import check_rules, parse_rules
from synthnb.recipes.timing import Survival

if TYPE_CHECKING:
    import pandas as pd

    from synthnb._frames import Restore
    from synthnb.recipes.recipe import Kind, Recipe

__all__ = ["Read", "read_call"]

_TIMES = {"date", "datetime", "time", "timedelta", "text"}
_KINDS_BY_STORAGE: dict[str, Kind] = {
    **dict.fromkeys(("bool", "boolean"), "boolean"),
    **dict.fromkeys((f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)), "integer"),
    **dict.fromkeys(("float32", "float64"), "real"),
    "category": "category",
}
"""Kinds that storage alone tells, for an engine that may read nothing else off the rows."""


@dataclass(frozen=True, kw_only=True)
class Read:
    """What was read."""

    name: str
    """What the source is called."""
    source: pd.DataFrame | None
    """The real rows as they came, if there are any."""
    frame: pd.DataFrame | None
    """The same as they are learnt, with rare levels merged where that was asked for."""
    restore: Restore | None
    """The way back to the kind of frame that came in."""
    recipe: Recipe
    """What is made, with the call's rules and conditions in it."""
    given: pd.DataFrame | None = None
    """Cells fixed from outside."""
    balance: tuple[str, ...] = ()
    """Columns whose levels the fixed cells balance."""
    notes: tuple[str, ...] = ()
    """What was merged, and what the real rows say of the rules."""


def read_call(
    source: Any,
    name: str,
    recipe: Recipe | None,
    *,
    rows: int | None,
    seed: int | None,
    request: Request,
    declared: Mapping[str, Any] | None = None,
) -> Read:
    """Return what a call says.

    ``declared`` is given for an engine that alone may look at the rows: what may occur, by column. Nothing
    else is read off them then but the types of the columns.

    Raises
    ------
    FrameError, OptionError, RecipeError
        As `synthnb.generate` says.
    """
    frame, restore = (None, None) if source is None else to_pandas(source, what=f"frame {shown(name)}")
    described = _described(frame, restore, name, recipe, request, seed)
    size = checked_rows(described.rows if rows is None else rows, len(described.columns))
    described = described.model_copy(update={"rows": size})
    notes: list[str] = []
    learnt = frame
    private = declared is not None
    if frame is not None and private:
        described = _untouched(described, declared or {}, spelt=recipe is not None)
    elif frame is not None:
        learnt, described, notes = merge_rare(frame, described)
    described = described.model_copy(update={"survival": (*described.survival, *map(_survival, request.survival))})
    described = described.model_copy(update={"rules": (*described.rules, *parse_rules(request.rules, described.columns))})
    given, balance = _fixed(learnt, described, request, sized=rows is not None, declared=declared)
    if given is not None:
        described = described.model_copy(update={"rows": checked_rows(len(given), len(described.columns))})
    where = request.where or described.where
    first = dict.fromkeys([*described.given, *([] if given is None else map(str, given.columns)), *request.conditioned(described, where)])
    described = described.model_copy(update={"given": tuple(first), "where": where})
    notes += check_rules(described, None if private else learnt)
    return Read(name=name, source=frame, frame=learnt, restore=restore, recipe=described, given=given, balance=balance, notes=tuple(notes))


def _untouched(recipe: Recipe, declared: Mapping[str, Any], *, spelt: bool) -> Recipe:
    """The recipe without what was read off the rows: kinds follow from how columns are stored; levels, decimals and spellings go."""
    merged = [column.name for column in recipe.columns if column.merge_below is not None]
    if merged:
        raise OptionError(
            f"Which levels of {shown(merged[0])} are rare would be read off the rows, which only the engine dp may look at.",
            fix="Merge them in the declared domain instead.",
        )
    why = "its codes' spelling would be read off the rows, which only the engine dp may look at"
    columns = []
    for column in recipe.columns:
        if column.kind == "identifier" and not spelt:
            column = column.model_copy(update={"kind": "text", "why": why, "pattern": None, "role": None})
        kind = _KINDS_BY_STORAGE.get(column.dtype.lower(), column.kind if column.kind in _TIMES else None)
        kind = kind or ("category" if column.name in declared else column.kind)
        columns.append(column.model_copy(update={"kind": kind, "levels": None, "decimals": None}))
    return recipe.model_copy(update={"columns": tuple(columns)})


def _survival(given: Any) -> Survival:
    """A time and its event, however they were written."""
    if isinstance(given, Survival):
        return given
    try:
        return Survival.model_validate(given)
    except ValueError:
        raise OptionError(
            f"A time to an event needs the columns of both; got {shown(given)}.", fix='Pass {"time": "days", "event": "died"}.'
        ) from None


def _described(
    frame: pd.DataFrame | None, restore: Restore | None, name: str, recipe: Recipe | None, request: Request, seed: int | None
) -> Recipe:
    """The recipe given, made to fit the frame if there is one, or the one inferred from it."""
    chosen = resolve_seed(seed if seed is not None or recipe is None else recipe.seed)
    if recipe is not None:
        _refuse_both(request)
        return recipe.model_copy(update={"seed": chosen}) if frame is None else fit_recipe(frame, recipe, seed=chosen)
    if frame is None:
        raise OptionError("A frame or a recipe was expected; got neither.", fix="Pass the real frame, or recipe=.")
    names = {label: inner for inner, label in restore.labels.items()} if restore else {}

    def inside(mapping: Mapping[str, Any]) -> dict[str, Any]:
        return {names.get(column, column): value for column, value in mapping.items()}

    merging = request.merge_below
    found = infer_recipe(
        frame,
        table=name,
        rows=len(frame),
        seed=chosen,
        groups=[names.get(group, group) for group in request.groups],
        overrides=inside(request.overrides),
        roles=inside(request.roles),
        merge_below=inside(merging) if isinstance(merging, Mapping) else None,
    )
    if merging is None or isinstance(merging, Mapping):
        return found
    if type(merging) is not int or merging < 2:
        raise OptionError(f"Levels are merged below a whole number of rows, at least 2; got {shown(merging)}.", fix="Pass an int.")
    columns = [column.model_copy(update={"merge_below": merging}) if column.kind == "category" else column for column in found.columns]
    return found.model_copy(update={"columns": tuple(columns)})


def _refuse_both(request: Request) -> None:
    """A recipe says what columns are: nothing else may say it too."""
    asked = {"groups": request.groups, "overrides": request.overrides, "roles": request.roles, "merge_below": request.merge_below}
    for option, value in asked.items():
        if value:
            raise OptionError(f"A recipe was given, which says what {option} would; both were.", fix="Correct the recipe instead.")


def _fixed(
    frame: pd.DataFrame | None, recipe: Recipe, request: Request, *, sized: bool, declared: Mapping[str, Any] | None
) -> tuple[pd.DataFrame | None, tuple[str, ...]]:
    """Cells fixed from outside: given, or balanced over levels."""
    if request.given is not None and request.balance:
        raise OptionError("`given` fixes the cells and `balance` chooses them; both were asked for.", fix="Leave one of them out.")
    if request.given is not None:
        given, _ = to_pandas(request.given, what="frame of given columns")
        if sized and len(given) != recipe.rows:
            raise OptionError(
                f"`given` has {len(given):,} rows, but {recipe.rows:,} are to be made.",
                fix="Leave the number of rows out, or give as many.",
            )
        return fixed_cells(given, recipe, frame, declared=declared), ()
    if request.balance:
        if frame is None:
            raise OptionError("`balance` needs a real frame, whose levels it takes.", fix="Pass one, or declare the levels' weights.")
        return balanced(frame, recipe, tuple(request.balance), declared=declared), tuple(request.balance)
    return None, ()
