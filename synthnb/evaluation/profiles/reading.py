"""From a TOML file to what it says, every problem listed at once."""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from synthnb.errors import OptionError, shown
from synthnb.evaluation.gates import Gate

__all__ = ["Draft", "read_draft"]

_DATA = ("table", "text", "corpus", "relations")
_KEYS: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "extends": (str,),
    "data": (str,),
    "step_seconds": (int, float),
    "steps": (list,),
    "drop": (list,),
    "parameters": (dict,),
    "gates": (list,),
    "left_out": (dict,),
}
_LARGEST = 1_000_000
_STEP_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What one file says, before what it extends is added."""

    name: str
    """Name and version."""
    extends: str | None
    """The profile it changes."""
    data: str
    """What it evaluates."""
    step_seconds: float
    """Time budget of a step."""
    steps: dict[str, dict[str, Any]]
    """Parameters by step, in the order they run."""
    drop: tuple[str, ...]
    """Steps of the extended profile it leaves out."""
    gates: dict[str, Gate]
    """Gates by metric."""
    left_out: dict[str, str]
    """Reasons by dimension."""

    def extended_by(self, other: Draft) -> Draft:
        """The other draft's words over this one's."""
        kept = {name: parameters for name, parameters in self.steps.items() if name not in other.drop}
        for name, parameters in other.steps.items():
            kept[name] = kept.get(name, {}) | parameters
        return replace(
            other,
            data=self.data,
            steps=kept,
            gates=self.gates | other.gates,
            left_out=self.left_out | other.left_out,
            step_seconds=other.step_seconds or self.step_seconds,
        )

    def touches(self, whole: Draft) -> Iterator[str]:
        """Names of what this draft may change of a whole one."""
        yield from (f"step {name}" for name in self.drop)
        for name, parameters in self.steps.items():
            yield from (f"{name}.{parameter}" for parameter in parameters)
            if name not in whole.steps:
                yield f"step {name}"
        yield from (f"gate {metric}" for metric in self.gates)
        if self.step_seconds:
            yield "step_seconds"

    def said(self, what: str) -> Any:
        """What the draft says under such a name, as plain JSON; None if nothing."""
        kind, _, name = what.partition(" ")
        if what == "step_seconds":
            return self.step_seconds
        if kind == "step":
            return "computed" if name in self.steps else "left out"
        if kind == "gate":
            return self.gates[name].to_dict() if name in self.gates else None
        step, _, parameter = what.partition(".")
        return self.steps.get(step, {}).get(parameter, "as the metric has it")


def read_draft(path: Path) -> Draft:
    """Read a profile's file.

    Raises
    ------
    OptionError
        It doesn't exist, isn't TOML, or says what a profile can't say; every problem is listed.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise OptionError(f"{path.name} has more than a megabyte; that is no profile.", fix="Name another file.")
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OptionError(f"The profile {path.name} can't be read: {error.strerror}.", fix="Check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OptionError(f"The profile {path.name} isn't TOML: {error}.", fix="Correct it.") from error
    if problems := list(_problems(said)):
        raise OptionError(f"The profile {path.name} can't be used: {'; '.join(problems)}.", fix="Correct the file.")
    return _draft(said)


def _draft(said: Mapping[str, Any]) -> Draft:
    own = said.get("parameters", {})
    steps: dict[str, dict[str, Any]] = {name: dict(own.get(name, {})) for name in said.get("steps", [])}
    steps |= {name: dict(parameters) for name, parameters in own.items() if name not in steps}
    return Draft(
        name=said["name"],
        extends=said.get("extends"),
        data=said.get("data", ""),
        step_seconds=float(said.get("step_seconds", 0.0 if "extends" in said else _STEP_SECONDS)),
        steps=steps,
        drop=tuple(said.get("drop", ())),
        gates={gate["metric"]: _gate(gate) for gate in said.get("gates", [])},
        left_out=dict(said.get("left_out", {})),
    )


def _gate(said: Mapping[str, Any]) -> Gate:
    if "at_most" in said:
        return Gate(metric=said["metric"], side="at_most", limit=float(said["at_most"]), source=said["source"])
    return Gate(metric=said["metric"], side="at_least", limit=float(said["at_least"]), source=said["source"])


def _problems(said: Mapping[str, Any]) -> Iterator[str]:
    for key, value in said.items():
        if key not in _KEYS:
            yield f"{shown(key)} is none of {', '.join(_KEYS)}"
        elif not isinstance(value, _KEYS[key]) or isinstance(value, bool):
            yield f"{key} has a wrong kind of value: {shown(value)}"
        elif key == "step_seconds" and not (math.isfinite(said[key]) and said[key] > 0):
            yield f"step_seconds must be a number of seconds above 0; got {shown(value)}"
    name = said.get("name")
    if not isinstance(name, str) or not _is_versioned(name):
        yield f'name must read like "our-registry/1"; got {shown(name)}'
    if "extends" not in said and said.get("data") not in _DATA:
        yield f"data must be one of {', '.join(_DATA)}; got {shown(said.get('data'))}"
    if "extends" not in said and not said.get("steps"):
        yield "steps lists no step"
    for at, gate in enumerate(said.get("gates") or [] if isinstance(said.get("gates", []), list) else []):
        yield from (f"gate {at + 1}: {problem}" for problem in _gate_problems(gate))
    yield from _gates_twice(said.get("gates"))
    yield from _wrong_texts(said)


def _is_versioned(name: str) -> bool:
    word, _, version = name.rpartition("/")
    return bool(word) and version.isascii() and version.isdigit() and len(name) <= 80 and name.isprintable()


def _gate_problems(gate: Any) -> Iterator[str]:
    if not isinstance(gate, Mapping):
        yield f"a table was expected; got {shown(gate)}"
        return
    for key in ("metric", "source"):
        if not isinstance(gate.get(key), str) or not gate[key].strip():
            yield f"{key} must be a text"
    sides = [side for side in ("at_least", "at_most") if side in gate]
    if len(sides) != 1:
        yield "exactly one of at_least and at_most is needed"
    for side in sides:
        limit = gate[side]
        if isinstance(limit, bool) or not isinstance(limit, (int, float)) or not math.isfinite(limit):
            yield f"{side} must be a number; got {shown(limit)}"


def _gates_twice(gates: Any) -> Iterator[str]:
    """Metrics with more than one gate: the last would hold, and nobody would see the first."""
    listed = gates if isinstance(gates, list) else []
    metrics = [gate["metric"] for gate in listed if isinstance(gate, Mapping) and isinstance(gate.get("metric"), str)]
    for metric, count in Counter(metrics).items():
        if count > 1:
            yield f"{count} gates are of {shown(metric)}; a metric has one"


def _wrong_texts(said: Mapping[str, Any]) -> Iterator[str]:
    """Lists and tables that hold something else than they should."""
    for key in ("steps", "drop"):
        found = said.get(key, [])
        if isinstance(found, list) and not all(isinstance(name, str) for name in found):
            yield f"{key} must be names of steps"
    for key, kind in (("left_out", str), ("parameters", dict)):
        found = said.get(key, {})
        if isinstance(found, dict) and not all(isinstance(value, kind) for value in found.values()):
            yield f"{key} has a wrong kind of entry"
