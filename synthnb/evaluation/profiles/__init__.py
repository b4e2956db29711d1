"""Profiles: named, versioned sets of metrics with fixed parameters and gates, kept as data files.

A profile is a TOML file beside this one, or the user's own::

    name = "our-registry/1"
    extends = "tabular-core/1"

    [parameters.pairs]
    bins = 5

    [[gates]]
    metric = "singling_out_risk"
    at_most = 0.2
    source = "our data protection board, 2026-03"

Its digest covers the metrics, their versions, every parameter and every gate; a
test pins those that are shipped, so that a change needs a new name. What a profile
changes of the one it extends is listed in every report.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._canonical import Json, digest
from synthnb.errors import OptionError, shown
from synthnb.evaluation.profiles.reading import Draft, read_draft
from synthnb.plugins import load

if TYPE_CHECKING:
    from synthnb.evaluation.base import Step
    from synthnb.evaluation.gates import Gate

__all__ = ["Profile", "built_in", "find_profile", "with_gates"]

_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What is computed under one name."""

    name: str
    """Name and version, such as ``tabular-core/1``."""
    data: str
    """What it evaluates: ``table``, ``text``, ``corpus`` or ``relations``."""
    steps: tuple[Step, ...]
    """In the order they run."""
    gates: tuple[Gate, ...]
    """Thresholds the scores are held against."""
    left_out: tuple[tuple[str, str], ...]
    """Dimensions this profile doesn't evaluate, each with the reason."""
    step_seconds: float
    """Time budget of a step."""
    extends: str | None = None
    """The profile it was derived from."""
    changes: tuple[dict[str, Any], ...] = ()
    """What it changes of that: ``what``, ``from`` and ``to``."""

    @property
    def digest(self) -> str:
        """``"sha256:…"`` over the metrics' ids and versions, every parameter and every gate; not over wording."""
        steps: list[Json] = [
            {
                "name": step.name,
                "gives": [{"metric": definition.metric, "version": definition.version} for definition in step.gives],
                "parameters": dict(step.parameters),
            }
            for step in self.steps
        ]
        gates: list[Json] = [{"metric": gate.metric, gate.side: gate.limit} for gate in self.gates]
        left_out: list[Json] = [dimension for dimension, _ in self.left_out]
        return digest({"name": self.name, "steps": steps, "gates": gates, "left_out": left_out, "step_seconds": self.step_seconds})

    @property
    def id(self) -> str:
        """The name; of a derived profile also the beginning of its digest, so that two of one name can be told apart."""
        return self.name if self.extends is None else f"{self.name}@{self.digest[7:15]}"


@cache
def built_in() -> dict[str, Path]:
    """The files of the profiles that are shipped, by name."""
    drafts = {path: read_draft(path) for path in sorted(_HERE.glob("*.toml"))}
    return {draft.name: path for path, draft in drafts.items()}


def find_profile(name: str | Path) -> Profile:
    """Return the profile of that name, or the one in a file that ends in ``.toml``; ``"auto"`` is ``tabular-core/1``.

    Raises
    ------
    OptionError
        There is none of that name, or the file holds something else; every problem is listed.
    """
    if str(name).endswith(".toml"):
        return _made(_lineage(Path(name)))
    if name == "auto":
        name = "tabular-core/1"
    if name not in built_in():
        raise OptionError.from_choice("profile", str(name), ["auto", *sorted(built_in())])
    return _made(_lineage(built_in()[str(name)]))


def with_gates(profile: Profile, limits: Mapping[str, float]) -> Profile:
    """Return the profile with other limits for gates it has; each change is listed.

    Raises
    ------
    OptionError
        The profile has no gate of that metric, or the limit is no finite number.
    """
    if not limits:
        return profile
    known = {gate.metric: gate for gate in profile.gates}
    for metric, limit in limits.items():
        if metric not in known:
            raise OptionError.from_choice("A gate's metric", metric, sorted(known))
        if not _finite(limit):
            raise OptionError(f"The limit of {metric} must be a finite number; got {shown(limit)}.", fix="Write metric=0.1.")
    gates = tuple(
        gate if gate.metric not in limits else replace(gate, limit=float(limits[gate.metric]), source="the user, in this call")
        for gate in profile.gates
    )
    changes = [_change(f"gate {metric}", known[metric].to_dict(), new.to_dict()) for new in gates if (metric := new.metric) in limits]
    return replace(profile, gates=gates, extends=profile.extends or profile.name, changes=(*profile.changes, *changes))


def _finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _lineage(path: Path) -> list[Draft]:
    """A profile's file and those it extends, the oldest first."""
    found = [read_draft(path)]
    while (parent := found[0].extends) is not None:
        if parent not in built_in():
            raise OptionError.from_choice(f"What {found[0].name} extends", parent, sorted(built_in()))
        found.insert(0, read_draft(built_in()[parent]))
    if len(found) > 1 and found[-1].name in built_in():
        raise OptionError(f"A profile that extends another needs a name of its own; got {shown(found[-1].name)}.", fix="Change its name.")
    return found


def _made(lineage: list[Draft]) -> Profile:
    """The profile that a line of drafts comes to."""
    whole, changes = lineage[0], []
    for draft in lineage[1:]:
        joined = whole.extended_by(draft)
        changes += [_change(what, whole.said(what), joined.said(what)) for what in draft.touches(whole)]
        whole = joined
    return Profile(
        name=whole.name,
        data=whole.data,
        steps=tuple(_step(name, parameters) for name, parameters in whole.steps.items()),
        gates=tuple(whole.gates.values()),
        left_out=tuple(whole.left_out.items()),
        step_seconds=whole.step_seconds,
        extends=lineage[-1].extends,
        changes=tuple(change for change in changes if change["from"] != change["to"]),
    )


def _change(what: str, before: Any, after: Any) -> dict[str, Any]:
    return {"what": what, "from": before, "to": after}


def _expected(default: Any, value: Any) -> str:
    """What a parameter's value must be, if this one isn't: of the default's kind, and positive where that is."""
    if isinstance(default, bool) or not isinstance(default, (int, float)):
        return "" if default is None or _alike(default, value) else f"of the kind of {shown(default)}"
    sign = "positive " if default > 0 else ""
    kind = "whole number" if isinstance(default, int) else "number"
    if _finite(value) and isinstance(value, int if isinstance(default, int) else (int, float)) and (value > 0 or default <= 0):
        return ""
    return f"a {sign}{kind} like {default!r}"


def _alike(default: Any, value: Any) -> bool:
    """Whether two values are of one kind: both true or false, both texts, both lists, both tables."""
    kinds: tuple[type | tuple[type, ...], ...] = (bool, str, (list, tuple), Mapping)
    return any(isinstance(default, kind) and isinstance(value, kind) for kind in kinds) or not isinstance(default, kinds)


def _step(name: str, parameters: Mapping[str, Any]) -> Step:
    """A registered step with a profile's parameters.

    Raises
    ------
    OptionError
        No step of that name is registered, it has no such parameter, or a value isn't of the parameter's kind.
    """
    step: Step = load("synthnb.metrics", name)
    for parameter, value in parameters.items():
        if parameter not in step.parameters:
            raise OptionError.from_choice(f"A parameter of {name}", parameter, sorted(step.parameters))
        if expected := _expected(step.parameters[parameter], value):
            raise OptionError(f"{name}.{parameter} must be {expected}; got {shown(value)}.", fix="Correct the profile.")
    return replace(step, parameters={**step.parameters, **parameters})
