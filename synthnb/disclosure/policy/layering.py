"""One policy laid over another: the stricter of two values holds, and a looser one is refused.

=====================================  =========================================
what                                   stricter is
=====================================  =========================================
a list of what is allowed              what both allow
a list of what is required or locked   what either asks for
a least value, a minimum cell          the larger
a most value, days                     the smaller
what may go to a hosted model          the less
a class of data                        the more sensitive
a source's class                       what is at least as sensitive as the default
a gate on a metric                     the narrower, side by side
=====================================  =========================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from synthnb.disclosure.policy.policy import CLASSES, SENDING, Policy
from synthnb.disclosure.policy.reading import PolicyFile, place_of
from synthnb.errors import OptionError, shown

__all__ = ["laid_over"]

Merged = tuple[Any, bool]
"""What holds, and whether the inner value is looser than the outer one."""


def laid_over(files: list[PolicyFile], *, beside: bool = False) -> Policy:
    """Return what holds of some policies, from the outermost (the institution's) to the innermost (the project's).

    Parameters
    ----------
    files : list of PolicyFile
        The policies, at least one.
    beside : bool
        Some of them lie side by side: a looser rule of one gives way to the other's and is no mistake.

    Raises
    ------
    OptionError
        One of them loosens what one around it says; every such place is named.
    """
    held: dict[str, Any] = {}
    by: dict[str, PolicyFile] = {}
    looser: list[str] = []
    for file in files:
        looser += _declassed(held, by, file)
        strictest = _as_strict(held, file) if beside else file.values
        for path, value in strictest.items():
            if (rule := _rule_of(path)) is None:
                continue
            merged, is_looser = rule(held[path], value) if path in held else (value, False)
            if is_looser:
                looser.append(f"{path} = {shown(value)} ({place_of(file, path)}); {shown(held[path])} stands in {by[path].policy.name}")
            if merged != held.get(path):
                by[path] = file
            held[path] = merged
        looser += _other_side(held, file)
    if looser and not beside:
        raise OptionError(
            f"A policy can make the one around it stricter, never looser; got {'; '.join(looser)}.",
            fix="Take out or tighten what is named.",
        )
    inner = files[-1].policy
    return Policy.model_validate(_nested(held) | {"name": _name(files), "contact": inner.contact or files[0].policy.contact})


def _declassed(held: Mapping[str, Any], by: Mapping[str, PolicyFile], file: PolicyFile) -> list[str]:
    """Lines that put a source into a class below the one that it has by default where no line around names it."""
    default = held.get("classes.default")
    if default is None:
        return []
    outer = [line["name"] for line in held.get("sources", [])]
    lines = [line for line in file.values.get("sources", []) if not any(_fits(line["name"], pattern) for pattern in outer)]
    low = [line for line in lines if CLASSES.index(line["class"]) < CLASSES.index(default)]
    stands = f"classes.default = {shown(default)} stands in {by['classes.default'].policy.name}" if low else ""
    return [f"sources, {shown(line['name'])} = {shown(line['class'])} ({place_of(file, 'sources')}); {stands}" for line in low]


def _as_strict(held: Mapping[str, Any], file: PolicyFile) -> Mapping[str, Any]:
    """What a policy says, without lines that would take a source out of the class that it has by default."""
    default = held.get("classes.default")
    if default is None or "sources" not in file.values:
        return file.values
    raised = [dict(line) | {"class": max(line["class"], default, key=CLASSES.index)} for line in file.values["sources"]]
    return {**file.values, "sources": raised}


def _other_side(held: Mapping[str, Any], file: PolicyFile) -> list[str]:
    """Gates that have got two sides by being laid over each other, of which a gate can have but one."""
    twice = [path for path in held if path.endswith(".at_most") and f"{path.removesuffix('most')}least" in held]
    return [f"{path} beside at_least ({place_of(file, path)})" for path in twice if path in file.values]


def _name(files: list[PolicyFile]) -> str:
    names = list(dict.fromkeys(file.policy.name for file in reversed(files)))
    return " under ".join(names)[:200]


def _nested(held: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, value in held.items():
        *tables, key = path.split(".")
        table = found
        for step in tables:
            table = table.setdefault(step, {})
        table[key] = value
    return found


def _rule_of(path: str) -> Callable[[Any, Any], Merged] | None:
    """How two values at a path are laid over each other; None for what isn't a rule."""
    *_, last = path.split(".")
    if path == "classes.default":
        return _sensitive
    if path.startswith("classes.to_hosted."):
        return _less_sent
    return {
        "allowed": _fewer if path != "overrides.allowed" else _only_false,
        "localities": _fewer,
        "profiles": _fewer,
        "sources": _both,
        "locked": _both,
        "required": _both,
        "fields": _both,
        "minimum_cell": _larger,
        "at_least": _larger,
        "at_most": _smaller,
        "most_depth": _smaller,
        "replies_days": _smaller,
        "synthetic_sources": _only_false,
        "risk_record": _only_true,
        "within_recommendation": _only_true,
        "sign_off": _only_true,
        "signature": _only_true,
    }.get(last)


def _fewer(outer: Any, inner: Any) -> Merged:
    fitting = [name for name in inner if any(_fits(str(name), str(pattern)) for pattern in outer)]
    return fitting, len(fitting) < len(inner)


def _fits(name: str, pattern: str) -> bool:
    """Whether all that a name or pattern stands for is within a pattern."""
    return name == pattern or fnmatchcase(name, pattern)


def _both(outer: Any, inner: Any) -> Merged:
    return [*outer, *(item for item in inner if item not in outer)], False


def _larger(outer: Any, inner: Any) -> Merged:
    return max(outer, inner), inner < outer


def _smaller(outer: Any, inner: Any) -> Merged:
    return min(outer, inner), inner > outer


def _only_false(outer: Any, inner: Any) -> Merged:
    return outer and inner, inner and not outer


def _only_true(outer: Any, inner: Any) -> Merged:
    return outer or inner, outer and not inner


def _sensitive(outer: Any, inner: Any) -> Merged:
    return max(outer, inner, key=CLASSES.index), CLASSES.index(inner) < CLASSES.index(outer)


def _less_sent(outer: Any, inner: Any) -> Merged:
    return min(outer, inner, key=SENDING.index), SENDING.index(inner) > SENDING.index(outer)
