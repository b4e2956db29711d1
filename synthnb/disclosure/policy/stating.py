"""What a policy came to, as the record states it: with each run, report and export, and for what was gone past."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synthnb._clock import utc_now
from synthnb.disclosure._phrases import named
from synthnb.disclosure.entries import sealed
from synthnb.disclosure.reading import mapping

if TYPE_CHECKING:
    from synthnb.disclosure.folding import Entry
    from synthnb.disclosure.policy.finding import InForce
    from synthnb.disclosure.policy.ruling import Ruling

__all__ = ["entry_for_exception", "outcome_of", "policy_field"]


def outcome_of(force: InForce | None, rulings: Iterable[Ruling], *, reason: str = "") -> dict[str, Any]:
    """Return a policy and what it came to as plain data: empty without one."""
    if force is None:
        return {}
    given = list(rulings)
    broken = [{"rule": ruling.rule, "said": ruling.said} for ruling in given if ruling.status == "violated"]
    open_ = [ruling.rule for ruling in given if ruling.status == "not decidable"]
    found: dict[str, Any] = {"name": force.name, "digest": force.digest, "outcome": "gone past" if broken else "held"}
    if broken:
        found |= {"gone_past": broken} | ({"reason": reason} if reason else {})
    return found | ({"undecided": open_} if open_ else {})


def policy_field(subject: str, policy: object) -> dict[str, str]:
    """Return the fields that state what a policy came to: none where there was none.

    Parameters
    ----------
    subject : str
        What it is about, as the record names it.
    policy : mapping
        What `outcome_of` returned.
    """
    found = mapping(policy)
    if not found.get("name"):
        return {}
    broken = found.get("gone_past") or []
    told = "held"
    if broken:
        rules = "; ".join(f"{rule['rule']}: {rule['said']}" for rule in map(mapping, broken))
        told = f"gone past: {rules}; reason given: {found.get('reason') or 'none'}"
    undecided = f"; not decidable: {', '.join(map(str, found['undecided']))}" if found.get("undecided") else ""
    return {"policy": f"{subject}: {named(found['name'])}, {found.get('digest')}: {told}{undecided}"}


def entry_for_exception(
    force: InForce,
    broken: Sequence[Ruling],
    reason: str,
    *,
    what: str,
    about: Mapping[str, Any] | None = None,
    by: str | None = None,
    created: str | None = None,
) -> Entry:
    """Return the entry of somebody's going past rules of a policy.

    Parameters
    ----------
    force : InForce
        The policy.
    broken : sequence of Ruling
        The rules gone past.
    reason : str
        Why, in that person's words.
    what : str
        What was done all the same: a run's or a report's id, or a file's name.
    about : mapping, optional
        The frame it is about: ``name`` and ``digest``.
    by : str, optional
        Who did it; the setting ``person`` by default.
    created : str, optional
        When; now by default.
    """
    from synthnb.disclosure.saying import person

    who = person(by)
    rules = "; ".join(f"{ruling.rule}: {ruling.said}" for ruling in broken)
    said = f"{named(what)}: rules of {named(force.name)} gone past: {rules}; reason given: {reason}"
    return sealed(
        id=f"override-{secrets.token_hex(6)}",
        kind="override",
        created=created or utc_now(),
        slot=f"override:policy:{what}",
        fields={"policy": said, "optOuts": "; by ".join([said, *who.values()])},
        detail={
            "policy": {"name": force.name, "digest": force.digest},
            "rules": [ruling.rule for ruling in broken],
            "reason": reason,
            "export": what,
        }
        | who,
        about=about,
    )
