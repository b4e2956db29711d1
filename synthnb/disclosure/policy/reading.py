"""A policy file: read as data, with every problem of it at once, each with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from synthnb.disclosure.policy.policy import Policy
from synthnb.errors import OptionError, StorageError, shown

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["PolicyFile", "flat", "place_of", "read_policy", "shown_path"]

_MOST_BYTES = 1 << 20
_MOST_SHOWN = 12
_TABLE = re.compile(r"\s*\[{1,2}\s*([^\[\]#]+?)\s*\]{1,2}\s*(?:#.*)?")
_KEY = re.compile(r"\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=")


@dataclass(frozen=True)
class PolicyFile:
    """A policy as it was read."""

    policy: Policy
    """What it says."""
    path: Path
    """Where it stands."""
    text: str
    """Its text, in which rules have their lines."""
    values: Mapping[str, Any]
    """What it says, by dotted path: only what is written there."""

    @property
    def label(self) -> str:
        """The file as messages have it."""
        return shown_path(self.path)


def read_policy(path: Path) -> PolicyFile:
    """Return the policy in a file.

    Raises
    ------
    OptionError
        It isn't TOML, or says something that no policy can; every problem is listed with its line.
    StorageError
        It can't be read.
    """
    label = shown_path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StorageError(
            f"The policy {label} can't be read: {error.strerror or error}.", fix="Correct the path, or who may read it."
        ) from error
    if len(data) > _MOST_BYTES:
        raise OptionError(f"A policy of at most {_MOST_BYTES:,} bytes was expected; {label} has {len(data):,}.", fix="Shorten it.")
    try:
        text = data.decode("utf-8-sig")
        values = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise OptionError(
            f"The policy {label} isn't UTF-8 text: {error.reason} at byte {error.start:,}.", fix="Save it as UTF-8."
        ) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise OptionError(f"The policy {label} isn't TOML: {error}.", fix="Correct the line named.") from error
    try:
        policy = Policy.model_validate(values)
    except ValidationError as error:
        found = sorted(error.errors(include_url=False), key=lambda one: line_of(text, _dotted(one["loc"])) or 0)
        problems = [_problem(one, text) for one in found]
        more = f"; and {len(problems) - _MOST_SHOWN} more" if len(problems) > _MOST_SHOWN else ""
        raise OptionError(
            f"{label} isn't a policy of schema synthnb.policy/1: {'; '.join(problems[:_MOST_SHOWN])}{more}.",
            fix="Correct what is named; docs/disclosure/policy.md lists what a policy may say.",
        ) from None
    return PolicyFile(policy, path, text, flat(values))


def _problem(found: ErrorDetails, text: str) -> str:
    """One problem with its place."""
    steps = found["loc"]
    path = _dotted(steps)
    line = line_of(text, path)
    where = f"line {line}, {path}" if line else path
    if found["type"] == "extra_forbidden":
        known = _keys_at(steps[:-1])
        near = get_close_matches(str(steps[-1]), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
        return f"{where}: no such key; {hint}"
    if found["type"] == "missing":
        return f"{path}: it is missing"
    came = "" if isinstance(found["input"], (Mapping, list)) else f", got {shown(found['input'])}"
    return f"{where}: {found['msg'].removeprefix('Value error, ')}{came}"


def _dotted(steps: Iterable[int | str]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _keys_at(steps: Iterable[int | str]) -> list[str]:
    """What may stand in the table at a place."""
    model: Any = Policy
    for step in steps:
        if isinstance(step, int):
            continue
        field = next((item for name, item in model.model_fields.items() if step in (name, item.alias)), None)
        if field is None:
            continue  # a metric's name, under which a gate stands
        inner = [part for part in (field.annotation, *getattr(field.annotation, "__args__", ())) if _is_model(part)]
        if inner:
            model = inner[0]
    return [item.alias or name for name, item in model.model_fields.items()]


def _is_model(part: object) -> bool:
    return isinstance(part, type) and issubclass(part, BaseModel)


def flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return what nested tables hold, by dotted path."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        path = f"{before}.{key}" if before else key
        found |= flat(value, path) if isinstance(value, Mapping) else {path: value}
    return found


def place_of(file: PolicyFile, rule: str) -> str:
    """Where a rule stands, as ``synthnb.toml, line 7``."""
    line = line_of(file.text, rule)
    return f"{file.label}, line {line}" if line else file.label


def line_of(text: str, path: str) -> int | None:
    """Return the line on which a dotted path is set, or the nearest table around it begins."""
    wanted = re.sub(r"\[\d+\]", "", path)
    index = re.search(r"\[(\d+)\]", path)
    lines: dict[str, list[int]] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if (match := _TABLE.fullmatch(line)) is not None:
            table = _plain(match[1])
            lines.setdefault(table, []).append(number)
        elif (match := _KEY.match(line)) is not None:
            lines.setdefault(f"{table}.{_plain(match[1])}".removeprefix("."), []).append(number)
    while wanted:
        if wanted in lines:
            at = lines[wanted]
            return at[min(int(index[1]), len(at) - 1)] if index else at[0]
        wanted = wanted.rpartition(".")[0]
    return None


def _plain(key: str) -> str:
    """A dotted key without quotes and spaces."""
    return ".".join(part.strip().strip("\"'") for part in key.split("."))


def shown_path(path: Path) -> str:
    """A path as messages have it: as it lies from the working folder, else its name alone, so that no folder of a home is told."""
    try:
        return path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except (ValueError, OSError):
        return path.name
