"""Rules about what may be used: held against what is about to be done, and against what was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from synthnb.disclosure._phrases import named
from synthnb.disclosure.policy.policy import CLASSES, SENDING
from synthnb.disclosure.policy.ruling import Ruling

if TYPE_CHECKING:
    from synthnb.disclosure.policy.finding import InForce
    from synthnb.disclosure.policy.policy import DataClass, Sending

__all__ = ["Used", "class_of", "engines", "judged", "localities", "minimum_cell", "models", "sent", "sources"]

_MOST_TOLD = 5


class Used(NamedTuple):
    """A language model that takes part."""

    what: str
    """In what: a run's id, or the call at hand."""
    names: tuple[str, ...]
    """What it was asked for by, and its own id."""
    locality: str
    """Where its weights run."""


def judged(force: InForce, rule: str, bad: Sequence[str], *, wanted: str, fix: str, release: bool = False) -> Ruling:
    """Return what becomes of a rule: ``ok`` if there is nothing bad, else ``violated``, with what is wanted and what came."""
    place, locked = force.place(rule), force.locks(rule)
    if not bad:
        return Ruling(rule, "ok", wanted, place=place, release=release)
    more = f" and {len(bad) - _MOST_TOLD} more" if len(bad) > _MOST_TOLD else ""
    return Ruling(rule, "violated", f"{wanted}; got {'; '.join(bad[:_MOST_TOLD])}{more}", fix, place, locked, release)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(named, names)) or "none"


def _is_among(names: Iterable[str], patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def engines(force: InForce, used: Iterable[tuple[str, str]]) -> list[Ruling]:
    """Engines, each with what it is used in."""
    allowed = force.policy.engines.allowed
    if allowed is None:
        return []
    bad = [f"{engine} ({what})" for what, engine in used if not _is_among([engine], allowed)]
    return [judged(force, "engines.allowed", bad, wanted=f"the engine is one of {_listed(allowed)}", fix="Choose one of these engines.")]


def models(force: InForce, used: Sequence[Used]) -> list[Ruling]:
    """Language models by name."""
    allowed = force.policy.models.allowed
    if allowed is None:
        return []
    bad = [f"{named(one.names[0])} ({one.what})" for one in used if not _is_among(one.names, allowed)]
    return [judged(force, "models.allowed", bad, wanted=f"the model is one of {_listed(allowed)}", fix="Choose one of these models.")]


def localities(force: InForce, used: Sequence[Used]) -> list[Ruling]:
    """Where language models run."""
    allowed = force.policy.models.localities
    if allowed is None:
        return []
    bad = [f"{named(one.names[0])}, which is {one.locality} ({one.what})" for one in used if one.locality not in allowed]
    fix = "Choose a model that runs there: `synthnb models list` tells where each does."
    return [judged(force, "models.localities", bad, wanted=f"the model runs {' or '.join(allowed)}", fix=fix)]


def class_of(force: InForce, source: str) -> DataClass | None:
    """How sensitive a source is: the most sensitive class of the lines that fit, else the default; None if neither is there."""
    fitting = [line.class_ for line in force.policy.sources if fnmatchcase(source, line.name)]
    return max(fitting, key=CLASSES.index) if fitting else force.policy.classes.default


def sources(force: InForce, names: Iterable[str]) -> list[Ruling]:
    """Real data, which must each have a class."""
    if not force.policy.sources:
        return []
    bad = [named(name) for name in dict.fromkeys(names) if class_of(force, name) is None]
    fix = "Add a [[sources]] table with its name and class to the policy, or name the source as the policy does."
    return [judged(force, "sources", bad, wanted="each source of real data has a class in the policy", fix=fix)]


def sent(force: InForce, names: Iterable[str], sends: Sending) -> list[Ruling]:
    """What of real data goes to a hosted model."""
    limits = force.policy.classes.to_hosted
    if not any(getattr(limits, name) for name in CLASSES):
        return []
    bad = []
    for name in dict.fromkeys(names):
        kind = class_of(force, name)
        limit = (getattr(limits, kind) if kind else None) or "nothing"
        if SENDING.index(sends) > SENDING.index(limit):
            bad.append(f"{sends} of {named(name)}, which is {kind or 'of no class'} and of which {limit} may go")
    fix = "Choose a model on this machine, or share less."
    return [judged(force, "classes.to_hosted", bad, wanted="what goes to a hosted model is within the source's class", fix=fix)]


def minimum_cell(force: InForce, used: Iterable[tuple[str, int]]) -> list[Ruling]:
    """The smallest group for which a figure is shown."""
    least = force.policy.evaluation.minimum_cell
    if least is None:
        return []
    bad = [f"{size} ({what})" for what, size in used if size < least]
    fix = f"Set SYNTHNB_MINIMUM_CELL={least}, or config_context(minimum_cell={least}), and evaluate again."
    return [judged(force, "evaluation.minimum_cell", bad, wanted=f"the minimum cell is at least {least}", fix=fix)]
