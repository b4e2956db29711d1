"""A call of a verb as plain data, so that it can be made again: see `synthnb.engines.base.Run.request`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from synthnb._canonical import canonical, digest
from synthnb.errors import shown
from synthnb.recipes.io import recipe_to_json

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.base import Run

__all__ = ["Verb", "request_of"]

Verb = Literal["generate", "column", "texts", "questions"]
"""``generate``, ``write_column``, ``write_texts`` and ``write_questions``."""

_MOST_BYTES = 16_384
_DEEPEST = 20


_SOMEBODYS = frozenset({"examples", "holdout", "folder"})
"""Arguments whose texts may be real: the run, the notebook and the ledger hold their digest only."""


class _UnsaidError(Exception):
    """A value that plain data can't say, and why."""


def request_of(verb: Verb, run: Run, arguments: Mapping[str, Any]) -> dict[str, Json]:
    """Return ``{"verb", "arguments", "inputs"}``, or ``{"verb", "unsaid"}`` with the reason where the call can't be said as plain data.

    Parameters
    ----------
    verb : str
        The verb that was called.
    run : Run
        What came of it: its seed replaces the one asked for, and its inputs' digests stand for frames.
    arguments : mapping
        The verb's arguments by name; those that are None, False or empty are left out.

    Notes
    -----
    The arguments can be passed to the verb as they are, but for a frame, which is said as ``{"frame": name, "digest"}``
    and listed in ``inputs`` as ``{"argument", "name", "digest"}``. Texts that may be somebody's (examples, a hold-out, documents
    by name) are said in the same way, as ``{"texts": argument, "digest"}``, and never word for word. Combinations of levels
    are said as a list of pairs of levels and weight. A recipe is said by its mapping, as the argument
    ``recipe``, a path by its text, and an open model by its id. A function, a saved generator in memory and anything
    longer than 16 kB can't be said, and neither can a frame whose digest the run withholds.
    """
    inputs: list[dict[str, Json]] = []
    said: dict[str, Json] = {}
    try:
        for name, value in {**_with_recipe(arguments), "random_state": run.seed}.items():
            if value is None or value is False or (isinstance(value, str | list | tuple | Mapping) and not value):
                continue
            said[name] = _plain(value, name, run, inputs, 1)
        request: dict[str, Json] = {"verb": verb, "arguments": said, "inputs": inputs}
        size = len(canonical(request))
    except _UnsaidError as error:
        return {"verb": verb, "unsaid": str(error)}
    except ValueError:
        return {"verb": verb, "unsaid": "it holds a whole number over 2**53 or half a surrogate pair, which canonical JSON can't"}
    return request if size <= _MOST_BYTES else {"verb": verb, "unsaid": f"it comes to {size:,} bytes, more than {_MOST_BYTES:,}"}


def _with_recipe(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments with a recipe in its own place: a mapping as the source would be tables."""
    source = arguments.get("source")
    recipe = getattr(source, "recipe", None) if type(source).__name__ == "Compiled" else source
    return {**arguments, "source": None, "recipe": recipe} if type(recipe).__name__ == "Recipe" else arguments


def _plain(value: Any, argument: str, run: Run, inputs: list[dict[str, Json]], level: int) -> Json:
    if level > _DEEPEST:
        raise _UnsaidError(f"{argument} is nested too deeply")
    if level == 1 and argument in _SOMEBODYS and isinstance(value, str | list | tuple | Mapping) and _are_texts(argument, value):
        return _texts(argument, value, inputs)
    if argument == "joint" and level == 1 and isinstance(value, Mapping):
        return [[_levels(key), _plain(weight, argument, run, inputs, level + 1)] for key, weight in value.items()]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return _finite(value, argument)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {_key(key, argument): _plain(item, argument, run, inputs, level + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, argument, run, inputs, level + 1) for item in value]
    return _object(value, argument, run, inputs)


def _object(value: Any, argument: str, run: Run, inputs: list[dict[str, Json]]) -> Json:
    """What stands for an object of ours, or for a frame."""
    if type(value).__name__ == "Recipe":
        return json.loads(recipe_to_json(value))
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "write") and hasattr(value, "info"):
        return value.info.id
    if type(value).__name__ == "Generator":
        raise _UnsaidError(f"{argument} is a generator in memory, not the file of one")
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if hasattr(value, "columns") and hasattr(value, "__len__"):
        return _frame(argument, value, run, inputs)
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return _plain(value.item(), argument, run, inputs, _DEEPEST)
    kind = "a function" if callable(value) else f"an object in memory ({type(value).__name__})"
    raise _UnsaidError(f"{argument} is or holds {kind}")


def _are_texts(argument: str, value: str | list[Any] | tuple[Any, ...] | Mapping[Any, Any]) -> bool:
    """Whether an argument is itself the texts; a folder's name and a sequence of paths aren't."""
    if argument == "folder":
        return isinstance(value, Mapping)
    return True


def _texts(argument: str, value: Any, inputs: list[dict[str, Json]]) -> Json:
    """Texts by their digest: they stay where they are."""
    held = digest(dict(value) if isinstance(value, Mapping) else [value] if isinstance(value, str) else list(value))
    inputs.append({"argument": argument, "name": argument, "digest": held})
    return {"texts": argument, "digest": held}


def _levels(key: Any) -> Json:
    if isinstance(key, str):
        return key
    if isinstance(key, tuple) and all(isinstance(level, str) for level in key):
        return list(key)
    raise _UnsaidError(f"joint has the key {shown(key)}, which isn't made of texts")


def _frame(argument: str, frame: Any, run: Run, inputs: list[dict[str, Json]]) -> Json:
    from synthnb._frames import frame_digest

    if any("digest" not in item for item in run.inputs):
        raise _UnsaidError(f"{argument} is a frame, and no digest of the run's real rows may be told")
    known = [item for item in run.inputs if item.get("rows") == len(frame) and argument in {"source", "frame", "summary"}]
    said = {"argument": argument, "name": str(known[0]["name"]) if known else argument}
    inputs.append(said | {"digest": known[0]["digest"] if len(known) == 1 else frame_digest(frame)})
    return {"frame": said["name"], "digest": inputs[-1]["digest"]}


def _finite(value: float, argument: str) -> float:
    if not math.isfinite(value):
        raise _UnsaidError(f"{argument} is or holds {value}, a number that JSON doesn't have")
    return value


def _key(key: object, argument: str) -> str:
    if not isinstance(key, str):
        raise _UnsaidError(f"{argument} has the key {shown(key)}, which isn't a text")
    return key
