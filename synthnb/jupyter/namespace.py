"""The user's variables: frames by name, and names that may be assigned."""

from __future__ import annotations

import ast
import difflib
import keyword
from collections.abc import Mapping
from typing import Any

from synthnb._frames import frame_of
from synthnb._tables import SUFFIXES
from synthnb.errors import FrameError, OptionError, shown

__all__ = ["frame_names", "is_frame", "look_up", "look_up_source", "new_name"]

_TABLES = {("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "Table")}


def is_frame(value: object) -> bool:
    """Whether a value is a pandas, polars or Arrow table, judged without importing any of them."""
    return any((kind.__module__.split(".")[0], kind.__name__) in _TABLES for kind in type(value).__mro__)


def frame_names(variables: Mapping[str, Any]) -> list[str]:
    """Names of the user's variables that hold a frame."""
    return sorted(name for name, value in variables.items() if not name.startswith("_") and is_frame(value))


def _walk(node: ast.expr, variables: Mapping[str, Any]) -> Any:
    """The value of a name, an attribute or a constant subscript; nothing else is evaluated."""
    match node:
        case ast.Name(id=name):
            return variables[name]
        case ast.Attribute(value=inner, attr=name):
            return getattr(_walk(inner, variables), name)
        case ast.Subscript(value=inner, slice=ast.Constant(value=key)):
            return _walk(inner, variables)[key]
    raise LookupError


_FILES = (*SUFFIXES, ".json", ".synthgen")
_SOURCES = {"Recipe", "Generator", "Synthesis"}


def look_up_source(expression: str, variables: Mapping[str, Any]) -> Any:
    """Return what rows can be made from: a frame, a mapping of frames, a recipe or a generator; or the path of a file of one.

    Raises
    ------
    OptionError
        There is no such variable, and it isn't a file's name.
    FrameError
        The variable holds something else.
    """
    if expression.endswith(_FILES) and expression not in variables:
        return expression
    try:
        value = _walk(ast.parse(expression.strip(), mode="eval").body, variables)
    except (LookupError, AttributeError, SyntaxError, TypeError):
        return look_up(expression, variables)
    if isinstance(value, Mapping) and value and all(map(is_frame, value.values())):
        return value
    if type(value).__name__ in _SOURCES and type(value).__module__.startswith("synthnb."):
        return getattr(value, "generator", None) or value
    return look_up(expression, variables)


def look_up(expression: str, variables: Mapping[str, Any]) -> Any:
    """Return the frame that a name such as ``trial`` or ``tables["visits"]`` stands for.

    Raises
    ------
    OptionError
        There is no such variable; the message lists the frames there are.
    FrameError
        The variable doesn't hold a frame.
    """
    try:
        value = _walk(ast.parse(expression.strip(), mode="eval").body, variables)
    except (LookupError, AttributeError, SyntaxError, TypeError):
        known = frame_names(variables)
        near = difflib.get_close_matches(expression, known, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise OptionError(
            f"There is no frame named {shown(expression)}.", fix=f"{hint}Frames here: {', '.join(known) or 'none yet'}."
        ) from None
    value = frame_of(value)
    if not is_frame(value):
        raise FrameError(
            f"{expression} should be a pandas, polars or Arrow table; it is of type {type(value).__name__}.", fix="Name a frame."
        )
    return value


def new_name(name: str, variables: Mapping[str, Any], *, ours: Mapping[str, int], overwrite: bool) -> str:
    """Check that a name can be assigned without losing something of the user's.

    Raises
    ------
    OptionError
        It isn't a Python name, or holds something synthnb didn't put there.
    """
    if not name.isidentifier() or keyword.iskeyword(name):
        raise OptionError(f"A variable's name was expected; got {shown(name)}.", fix="Use letters, digits and underscores.")
    if name in variables and not overwrite and ours.get(name) != id(variables[name]):
        kind = type(variables[name]).__name__
        raise OptionError(f"{name} already holds something of yours, of type {kind}.", fix="Choose another name or add --overwrite.")
    return name
