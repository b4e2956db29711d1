"""Rows drawn on trial, and a recipe settled until every statement holds in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from synthnb.engines.calls import Call, carry_out
from synthnb.recipes.distributions import Identifier
from synthnb.recipes.formats import parse_format
from synthnb.recipes.statements.holding import Check, checked, correlation

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.engines.compile.building import Built
    from synthnb.recipes.recipe import Column, Recipe
    from synthnb.recipes.statements.statement import Statement

__all__ = ["TRIAL", "Settled", "drawn", "settled"]

TRIAL = 10_000
"""Rows drawn to see whether statements hold."""

_ROUNDS = 6
_CLOSE_R = 0.003


class Settled(NamedTuple):
    """A recipe in which statements hold, as far as they can."""

    recipe: Recipe
    """What is made."""
    checks: tuple[Check, ...]
    """One per statement."""
    frame: pd.DataFrame
    """The rows drawn on trial."""


def drawn(recipe: Recipe, rows: int) -> pd.DataFrame:
    """Return rows of a recipe, rules kept, as `synthnb.generate` draws them."""
    several = recipe.model_copy(update={"rows": rows, "columns": tuple(_with_room(column, rows) for column in recipe.columns)})
    call = Call(
        source=None,
        recipe=several,
        rows=None,
        engine="sampler",
        options={},
        rules=(),
        where="",
        given=None,
        balance=(),
        replicates=1,
        decision=None,
        on="inline",
        groups=(),
        roles={},
        merge_below=None,
        relations=None,
        panel=None,
        survival=(),
        name=recipe.table,
        source_name="none",
        overrides={},
        seed=recipe.seed,
        announce=None,
        progress=_silent,
    )
    frame: pd.DataFrame = carry_out(call).frame
    return frame


def _with_room(column: Column, rows: int) -> Column:
    """The column; codes that are too few for a trial of so many rows get a wider spelling, in the trial alone."""
    distribution = column.distribution
    if not isinstance(distribution, Identifier) or parse_format(distribution.pattern).size >= rows:
        return column
    return column.model_copy(update={"distribution": Identifier(pattern="[A-Z]{12}")})


def _silent(done: int, total: int, what: str) -> None:
    """Say nothing: a trial isn't the run."""


def settled(made: Built, statements: Sequence[Statement], *, table: str, rows: int, seed: int) -> Settled:
    """Draw, compare, correct; leave out what a model added where a statement can't hold with it.

    Statements that can't hold together with one another stay as they are, and their checks say so.
    """
    for _ in range(_ROUNDS):
        recipe = made.recipe(table=table, rows=rows, seed=seed)
        frame = drawn(recipe, TRIAL)
        checks = tuple(checked(item, frame) for item in statements)
        broken = [item for item, check in zip(statements, checks, strict=True) if check.held is False]
        if not broken or not (_without_model(made, broken) or _corrected(made, broken, frame)):
            break
    return Settled(recipe, checks, frame)


def _without_model(made: Built, broken: Sequence[Statement]) -> bool:
    """Leave out what the model added to columns of which a statement doesn't hold; whether there was anything."""
    names = {name for item in broken for name in (item.column, item.other) if name}
    grouped = sorted(names & set(made.ungrouped))
    for name in grouped:
        made.columns[name]["distribution"] = made.ungrouped.pop(name)
        made.notes.append(f"{name}: the model's figures by group were left out, as what is stated of it wouldn't hold with them.")
    rules = [rule for rule in made.modelled_rules if set(rule["columns"]) & names]
    for rule in rules:
        made.modelled_rules.remove(rule)
        made.notes.append(
            f"The model's order of {' and '.join(rule['columns'])} was left out, as what is stated of them wouldn't hold with it."
        )
    return bool(grouped or rules)


def _corrected(made: Built, broken: Sequence[Statement], frame: pd.DataFrame) -> bool:
    """Move parameters by what was missed, for what rules and groups shift; whether anything was moved."""
    moved = False
    for item in broken:
        body = made.columns.get(item.column, {}).get("distribution") or {}
        if item.kind == "moments" and not item.when and body.get("family") == "normal" and not body.get("cases"):
            cells = frame[item.column].dropna().astype("f8")
            body["mean"] += item.numbers["mean"] - float(cells.mean())
            if "sd" in item.numbers and float(cells.std()) > 0:
                body["sd"] *= item.numbers["sd"] / float(cells.std())
            moved = True
        if item.kind == "correlation":
            moved = _moved_correlation(made, item, frame) or moved
    return moved


def _moved_correlation(made: Built, item: Statement, frame: pd.DataFrame) -> bool:
    listed = made.columns[item.column]["distribution"].get("correlations", [])
    both = frame[[item.column, item.other]].dropna()
    for entry in listed:
        if entry["column"] == item.other:
            off = item.numbers["r"] - correlation(both, ranks=entry.get("scale", "rank") == "rank")
            wanted = max(-0.99, min(0.99, entry["r"] + off))
            if abs(wanted - entry["r"]) > _CLOSE_R:
                entry["r"] = wanted
                return True
    return False
