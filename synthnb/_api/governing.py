"""What a policy asks of a run before it starts: engine, model, where that runs, what of real data would go there.

```text
verb ──► governed ──► engine? sources? name of the model? ──► model opened ──► where does it run? what would be sent? ──► work
              └── a rule is broken: refused, or gone past with a reason, which the record states
```

What a verb calls inside itself is governed by the verb's own word.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from synthnb.errors import SynthnbWarning

if TYPE_CHECKING:
    from synthnb.disclosure.policy import Ruling
    from synthnb.disclosure.policy.finding import InForce
    from synthnb.models.base import ModelInfo

__all__ = [
    "Governed",
    "Sends",
    "governed",
    "is_to_be_evaluated",
    "limits_for",
    "looking_in",
    "model_named",
    "model_opened",
    "overriding",
    "policy_here",
]

Sends = Literal["nothing", "summary", "rows"]
_now: ContextVar[Governed | None] = ContextVar("synthnb_governed", default=None)
_reason: ContextVar[str | None] = ContextVar("synthnb_overriding", default=None)


_is_making: ContextVar[bool] = ContextVar("synthnb_making", default=False)


@contextmanager
def overriding(reason: str | None, *, to_be_evaluated: bool = False) -> Iterator[None]:
    """Give the verbs called inside a reason to go past rules, as the magic's and the command's ``--override`` does.

    Parameters
    ----------
    reason : str or None
        Why, in words.
    to_be_evaluated : bool
        What is written inside is what a command has just made, to be evaluated by another: of the policy only what concerns
        the run is asked, and was before it started.
    """
    token, making = _reason.set(reason), _is_making.set(to_be_evaluated)
    try:
        yield
    finally:
        _is_making.reset(making)
        _reason.reset(token)


_places: ContextVar[tuple[Path, ...]] = ContextVar("synthnb_places", default=())


@contextmanager
def looking_in(*places: str | Path | None) -> Iterator[None]:
    """Look for policies beside these files too: what is read, and what is written.

    Parameters
    ----------
    *places : str, Path or None
        Files or folders; None is passed over.
    """
    found = [Path(place).expanduser() for place in places if place is not None]
    token = _places.set((*_places.get(), *(place if place.is_dir() else place.parent for place in found)))
    try:
        yield
    finally:
        _places.reset(token)


def policy_here(folder: Path | None = None) -> InForce | None:
    """Return the policy in force: of the working folder, of one that is named, and of those of the files at hand.

    Raises
    ------
    OptionError, StorageError
        As for `synthnb.disclosure.policy.find_policy`.
    """
    from synthnb.disclosure.policy import find_policy

    return find_policy(also=[*_places.get(), *([] if folder is None else [folder])])


def is_to_be_evaluated() -> bool:
    """Whether a command is writing what it has just made."""
    return _is_making.get()


class Governed:
    """One call of a verb under a policy, or under none."""

    def __init__(self, force: InForce | None, what: str, *, sources: Sequence[str], sends: Sends, override: str | None) -> None:
        self.force = force
        self._what = what
        self._sources = sources
        self._sends = sends
        self._override = override
        self._held: list[Ruling] = []

    def ask(self, rulings: Sequence[Ruling]) -> None:
        """Note what becomes of some rules.

        Raises
        ------
        OptionError
            One is broken, and there is no reason to go past it, or it is locked.
        """
        from synthnb._api.policing import refused
        from synthnb.disclosure.gating import is_reason

        broken = [ruling for ruling in rulings if ruling.status == "violated"]
        locked = [ruling for ruling in broken if ruling.locked]
        if locked or (broken and not is_reason(self._override)):
            raise refused(self.force, locked or broken, what=self._what, reason=self._override)
        self._held += [ruling for ruling in rulings if all((ruling.rule, ruling.said) != (old.rule, old.said) for old in self._held)]

    def engine(self, name: str) -> None:
        """Ask whether an engine may make rows."""
        from synthnb.disclosure.policy import asking

        if self.force is not None:
            self.ask(asking.engines(self.force, [(self._what, name)]))

    def named(self, name: str) -> None:
        """Ask whether a model of this name may take part, before it is opened."""
        from synthnb.disclosure.policy import asking

        if self.force is not None:
            self.ask(asking.models(self.force, [asking.Used(self._what, (name,), "")]))

    def opened(self, name: str, info: ModelInfo) -> None:
        """Ask whether a model may run where it does, and be sent what would be."""
        from synthnb.disclosure.policy import asking

        if self.force is None:
            return
        used = asking.Used(self._what, tuple(dict.fromkeys((name, info.id, info.name))), info.locality)
        rulings = asking.localities(self.force, [used])
        rulings += asking.models(self.force, [used])
        if info.locality == "hosted" and self._sends != "nothing":
            rulings += asking.sent(self.force, self._sources, self._sends)
        self.ask(rulings)

    def made_by(self, run: Any) -> None:
        """Ask about what made a run, where that wasn't known before: a saved generator's engine, the model that read a description."""
        from synthnb.disclosure.policy import asking

        if self.force is None:
            return
        self.engine(run.engine)
        if run.model is not None:
            names = tuple(dict.fromkeys(str(run.model[key]) for key in ("requested", "id", "name") if run.model.get(key)))
            used = asking.Used(self._what, names, str(run.model["locality"]))
            self.ask([*asking.models(self.force, [used]), *asking.localities(self.force, [used])])

    def warn_of_needless_reason(self) -> None:
        """Say that a reason was given where no rule was broken, so that nobody takes it for having been needed."""
        if self._override is not None and all(ruling.status != "violated" for ruling in self._held):
            warnings.warn(f"A reason to go past rules was given, but {self._what} broke none.", SynthnbWarning, stacklevel=3)

    @property
    def outcome(self) -> dict[str, Any]:
        """What the record says of the policy."""
        from synthnb.disclosure.policy.stating import outcome_of

        return outcome_of(self.force, self._held, reason=(self._override or "").strip()) if self.force is not None else {}

    def remember_exceptions(self, what: str, about: Mapping[str, Any] | None = None) -> None:
        """Write down which rules were gone past, and why, if any were."""
        from synthnb.disclosure.policy.stating import entry_for_exception
        from synthnb.disclosure.session import session

        broken = [ruling for ruling in self._held if ruling.status == "violated"]
        if broken and self.force is not None:
            session.remember(entry_for_exception(self.force, broken, str(self._override).strip(), what=what, about=about))


@contextmanager
def governed(
    what: str,
    *,
    engine: str | None = None,
    model: object = None,
    sources: Sequence[str] = (),
    sends: Sends = "rows",
    override: str | None = None,
) -> Iterator[Governed]:
    """Hold a call against the policy in force before anything is done.

    Parameters
    ----------
    what : str
        The verb, for messages.
    engine : str, optional
        The engine asked for; what ``auto`` chooses is asked about when it has chosen.
    model : str or Model, optional
        The model that was named, if one was.
    sources : sequence of str
        What the real data are called.
    sends : {"nothing", "summary", "rows"}
        What of them goes into prompts at most.
    override : str, optional
        Why it is done although a rule is broken.

    Raises
    ------
    OptionError
        A rule is broken, and there is no reason to go past it; or the policy can't be read.
    """
    outer = _now.get()
    if outer is not None:
        yield outer
        return
    call = Governed(policy_here(), what, sources=sources, sends=sends, override=_reason.get() if override is None else override)
    if call.force is not None:
        from synthnb.disclosure.policy import asking

        rulings = asking.sources(call.force, sources)
        if engine not in {None, "auto"}:
            rulings += asking.engines(call.force, [(what, str(engine))])
        if isinstance(model, str) and model != "none":
            rulings += asking.models(call.force, [asking.Used(what, (model,), "")])
        call.ask(rulings)
    token = _now.set(call)
    try:
        yield call
    finally:
        _now.reset(token)
    call.warn_of_needless_reason()


def model_named(name: str) -> None:
    """Hold a model's name against the policy, before it is opened."""
    with governed("this call") as call:
        call.named(name)


def model_opened(name: str, info: ModelInfo) -> None:
    """Hold an open model against the policy, before it is sent anything."""
    with governed("this call") as call:
        call.opened(name, info)


def limits_for(call: Governed, profile: Any, limits: Mapping[str, float]) -> dict[str, float]:
    """Return the limits of an evaluation's gates: the policy's where the profile's own are looser.

    Parameters
    ----------
    call : Governed
        The evaluation.
    profile : Profile
        What it computes.
    limits : mapping of str to float
        Limits that were given with the call.

    Raises
    ------
    OptionError
        The profile isn't one of the policy's, or a limit given is looser than the policy's.
    """
    from synthnb.config import get_config
    from synthnb.disclosure.policy import asking

    if call.force is None:
        return dict(limits)
    rules = call.force.policy.evaluation
    rulings = asking.minimum_cell(call.force, [("the setting minimum_cell", get_config().minimum_cell)])
    if rules.profiles is not None:
        bad = [] if profile.name in rules.profiles else [str(profile.name)]
        wanted = f"the profile is one of {', '.join(rules.profiles)}"
        rulings.append(asking.judged(call.force, "evaluation.profiles", bad, wanted=wanted, fix="Choose one of these profiles."))
    held = dict(limits)
    looser = []
    for gate in profile.gates:
        limit = getattr(rules.gates.get(gate.metric), gate.side, None)
        if limit is None or not _is_looser(gate.side, limits.get(gate.metric, gate.limit), limit):
            continue
        held[gate.metric] = limit
        if gate.metric in limits:
            looser.append(f"{gate.metric} {gate.side.replace('_', ' ')} {limits[gate.metric]:g}, beyond {limit:g}")
    if rules.gates:
        wanted = "no limit is looser than the policy's"
        rulings.append(asking.judged(call.force, "evaluation.gates", looser, wanted=wanted, fix="Leave the limit out, or tighten it."))
    call.ask(rulings)
    return held | {metric: limits[metric] for metric in limits} if looser else held


def _is_looser(side: str, value: float, limit: float) -> bool:
    return value > limit if side == "at_most" else value < limit
