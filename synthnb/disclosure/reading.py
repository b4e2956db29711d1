"""JSON from files of unknown origin: read, or refused with one sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["mapping", "parse_json"]

_DEEPEST = 200
_TOO_DEEP = f"it is nested deeper than {_DEEPEST} levels"


def parse_json(data: bytes | str) -> Any:
    """Return the value in UTF-8 JSON, which may begin with a byte order mark.

    Raises
    ------
    ValueError
        It isn't UTF-8 or JSON, or is nested deeper than 200 levels, which no
        notebook is and at which copying and writing it would fail.
    """
    text = data.decode("utf-8-sig") if isinstance(data, bytes) else data.removeprefix("\ufeff")
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    if _is_deep(value):
        raise ValueError(_TOO_DEEP)
    return value


def _is_deep(value: object) -> bool:
    """Whether lists and objects are nested too deep; found level by level, because recursion would fail."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [part for item in level for part in _parts(item)]
        if not level:
            return False
    return True


def _parts(value: object) -> list[object]:
    found = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [part for part in found if isinstance(part, (dict, list))]


def mapping(value: object) -> Mapping[str, Any]:
    """Return an object as it is, and an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}
