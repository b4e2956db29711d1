"""Recipe files: one recipe as JSON, to be read, compared and kept beside the notebook.

A file may come from anybody. It is read as data: bounded in size and depth, with no key twice and no
number that JSON doesn't have; nothing in it is executed.
"""

from __future__ import annotations

import json
import math
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from synthnb._files import write_atomically
from synthnb.errors import OptionError, RecipeError, StorageError, reason, shown

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.recipes.recipe import Recipe

__all__ = ["MOST_BYTES", "SUFFIX", "read_recipe", "recipe_from_json", "recipe_to_json", "write_recipe"]

SUFFIX = ".recipe.json"
"""How the name of a recipe's file ends."""

MOST_BYTES = 16 << 20
"""Largest file that is read."""

_DEEPEST = 20
_SCHEMA = "synthnb.recipe/1"
_MARK = re.compile(r'"(?:\\.|[^"\\])*"|[\[\]{}\n]', re.DOTALL)


def recipe_to_json(recipe: Recipe) -> str:
    """Return a recipe as JSON text, one value a line; what is left at its default is left out, the schema's name isn't."""
    body = recipe.model_dump(mode="json", exclude_defaults=True)
    whole = {"schema_": recipe.schema_, **_tagged(body, recipe)}
    text = json.dumps(whole, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    return text if _is_unicode(text) else json.dumps(whole, indent=1, allow_nan=False) + "\n"


def _is_unicode(text: str) -> bool:
    """Whether UTF-8 can hold it; a name with half a surrogate pair can't be written as it is."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _tagged(body: dict[str, Json], recipe: Recipe) -> dict[str, Json]:
    """The body with the names by which distributions and rules are told apart, which are defaults of their own."""
    for written, column in zip(body.get("columns", ()), recipe.columns, strict=True):
        if column.distribution is not None:
            written["distribution"] = _with_family(column.distribution)
    if recipe.rules:
        body["rules"] = [{"rule": rule.rule, **rule.model_dump(mode="json", exclude_defaults=True)} for rule in recipe.rules]
    return body


def _with_family(distribution: Any) -> dict[str, Json]:
    body = {"family": distribution.family, **distribution.model_dump(mode="json", exclude_defaults=True)}
    if "parts" in body:
        body["parts"] = [{"weight": part.weight, "of": _with_family(part.of)} for part in distribution.parts]
    return body


def write_recipe(recipe: Recipe, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write a recipe into a file, and return its path.

    Parameters
    ----------
    recipe : Recipe
        What to write.
    path : str or path
        The file; ``.recipe.json`` is added to a name that doesn't end in ``.json``.
    overwrite : bool
        Whether a file of that name may be replaced.

    Raises
    ------
    OptionError
        There is a file of that name.
    StorageError
        It can't be written; what was there before is intact.
    """
    target = Path(path)
    if not target.name.endswith(".json"):
        target = target.with_name(target.name + SUFFIX)
    if target.exists() and not overwrite:
        raise OptionError(f"{shown(str(target))} exists.", fix="Choose another name, or overwrite it with overwrite=True.")
    write_atomically(target, recipe_to_json(recipe).encode("utf-8"))
    return target


def read_recipe(path: str | os.PathLike[str]) -> Recipe:
    """Read a recipe's file.

    Raises
    ------
    RecipeError
        There is no such file, it is too large, or it isn't a recipe; where it isn't JSON the line and column are told,
        else every problem with its path.
    StorageError
        It can't be read.
    """
    source = Path(path)
    try:
        if source.is_file() and source.stat().st_size > MOST_BYTES:
            raise RecipeError(
                f"A recipe's file may have {MOST_BYTES:,} bytes; {shown(source.name)} has {source.stat().st_size:,}.",
                fix="Check that it is a recipe.",
            )
        text = source.read_bytes().decode("utf-8")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise RecipeError(f"There is no file {shown(str(source))}.", fix="Check the path.") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{shown(source.name)} isn't text in UTF-8 (byte {error.start + 1:,}).", fix="Save it as UTF-8.") from error
    except OSError as error:
        raise StorageError(f"{shown(source.name)} can't be read: {error.strerror}.", fix="Check its permissions.") from error
    return recipe_from_json(text, what=shown(source.name))


def recipe_from_json(text: str, *, what: str = "The text") -> Recipe:
    """Read a recipe from JSON text.

    Parameters
    ----------
    text : str
        The JSON.
    what : str
        What to call it in messages.

    Raises
    ------
    RecipeError
        It isn't JSON (the line and column are told), is nested too deeply, names a key twice, is of another schema,
        or isn't a recipe (every problem is told with its path).
    """
    from synthnb.recipes.recipe import Recipe

    _refuse_deep(text, what)
    try:
        body = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_bounded_int, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise RecipeError(
            f"{what} isn't JSON: {error.msg.lower()} at line {error.lineno:,}, column {error.colno:,}.", fix="Correct it there."
        ) from error
    except ValueError as error:
        raise RecipeError(f"{what} isn't a recipe: {reason(error)}.", fix="Correct it.") from error
    _check_schema(body, what)
    return Recipe.from_dict(body)


def _refuse_deep(text: str, what: str) -> None:
    """Refuse deep nesting before the parser sees it."""
    depth, line = 0, 1
    for mark in _MARK.findall(text):
        if mark == "\n":
            line += 1
        elif mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        if depth > _DEEPEST:
            raise RecipeError(
                f"{what} is nested more than {_DEEPEST} levels deep, at line {line:,}; no recipe is.", fix="Check that it is a recipe."
            )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for i, (name, _) in enumerate(pairs) if name in {other for other, _ in pairs[:i]})
        raise ValueError(f"the key {shown(twice)} stands twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} isn't a number that JSON has")


def _bounded_int(digits: str) -> int:
    if len(digits) > 40:
        raise ValueError(f"a whole number has {len(digits):,} digits")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:40]} is larger than any number that can be held")
    return number


def _check_schema(body: Any, what: str) -> None:
    schema = body.get("schema_") if isinstance(body, dict) else None
    if schema == _SCHEMA:
        return
    if isinstance(schema, str) and schema.startswith("synthnb.tables/"):
        raise RecipeError(
            f"{what} describes several tables ({schema}); a recipe of one, {_SCHEMA}, was expected.", fix="Read it as several tables."
        )
    if isinstance(schema, str) and schema.startswith("synthnb.recipe/"):
        raise RecipeError(f"{what} is of schema {shown(schema)}; this version reads {_SCHEMA}.", fix="Update synthnb to read it.")
    raise RecipeError(f'{what} isn\'t a recipe: "schema_": "{_SCHEMA}" was expected at its top; got {shown(schema)}.', fix="Add it.")
