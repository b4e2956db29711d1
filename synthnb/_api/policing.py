"""What the policy and the gates ask before something is written, and every rule held against a record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._api.governing import is_to_be_evaluated, policy_here
from synthnb.errors import OptionError, SynthnbWarning, shown

if TYPE_CHECKING:
    from synthnb.disclosure.folding import Entry
    from synthnb.disclosure.policy import Ruling
    from synthnb.disclosure.policy.finding import InForce

__all__ = ["before_export", "check", "export_policy", "recorded", "refused", "told", "warn_of_broken"]

_MOST_TOLD = 6


def before_export(
    entries: Iterable[Entry], *, export: str, override: str | None, release: str | None = None, folder: Path | None = None
) -> list[Entry]:
    """Return the entries that go into an export because something was gone past; refuse if it may not be written.

    Parameters
    ----------
    entries : iterable of entries
        What the export would carry.
    export : str
        The file's name.
    override : str or None
        Why it is written although a gate failed or a rule is broken.
    release : str, optional
        The release class it is meant for; the one that a person stated by default, and if that is more open. ``public`` needs a
        complete risk record that is later than the last run and report, with a policy or without; a class that is stated in words
        of one's own counts as it.
    folder : Path, optional
        A folder in which the project's policy is looked for besides the working one.

    Raises
    ------
    OptionError
        A gate failed or a rule is broken, and there is no reason to go past it, or it is locked; or a reason is given and there is
        nothing to go past.
    """
    from synthnb.disclosure.gating import entry_for_override, failed_gates, is_reason, refuse_failed, standing
    from synthnb.disclosure.policy.stating import entry_for_exception

    given = list(entries)
    force = policy_here(folder)
    chosen = _more_open(release, given)
    if release is None and (is_to_be_evaluated() or (force is None and chosen != "public")):
        return refuse_failed(given, override, export=export)
    failed, broken = standing(given), _blocking(force, given, chosen)
    if not failed and not broken:
        if override is not None:
            raise OptionError("A reason to go past gates and rules was given, but none is broken.", fix="Leave it out.")
        return []
    locked = [ruling for ruling in broken if ruling.locked]
    if locked or not is_reason(override):
        gates = f"a failed gate: {failed_gates(failed)}" if failed else ""
        raise refused(force, locked or broken, what=f"the export {shown(export)}", reason=override, besides="" if locked else gates)
    reason = str(override).strip()
    overrides = [entry_for_override(entry, gates, reason, export=export) for entry, gates in failed]
    if broken and force is not None:
        overrides.append(entry_for_exception(force, broken, reason, what=export))
    return overrides


def _more_open(release: str | None, entries: list[Entry]) -> str | None:
    """The class asked for or the one stated, whichever is the more open; one stated in other words may be any."""
    from synthnb.disclosure.policy.deciding import release_of, stated_release

    if release is not None and release not in _RELEASES:
        raise OptionError.from_choice("A release class", release, list(_RELEASES))
    stated = release_of(entries) or ("public" if stated_release(entries) else None)
    return max((one for one in (release, stated) if one is not None), key=_RELEASES.index, default=None)


def _blocking(force: InForce | None, entries: list[Entry], release: str | None) -> list[Ruling]:
    """Rules that an export has to wait for; a signature is made of what is exported, and can't be there before."""
    return [ruling for ruling in _rulings(force, entries, release) if ruling.blocks and not ruling.rule.endswith(".signature")]


def _rulings(force: InForce | None, entries: list[Entry], release: str | None, *, signed: bool | None = None) -> list[Ruling]:
    from synthnb.disclosure.policy.deciding import decide, release_of
    from synthnb.disclosure.policy.ruling import Ruling
    from synthnb.disclosure.risk import problems_of

    if release is not None and release not in _RELEASES:
        raise OptionError.from_choice("A release class", release, list(_RELEASES))
    rulings = [] if force is None else decide(force, entries, release=release, signed=signed)
    if (release or release_of(entries)) == "public":
        found, rule = problems_of(entries), "release.public.risk_record"
        asked = next((ruling.place for ruling in rulings if ruling.rule == rule), "holds with every policy and without")
        said = "; ".join(["public data need a complete risk record, later than the last run and report", *found])
        fix = "Write it with %synth risk, or choose a less open class."
        rulings = [ruling for ruling in rulings if ruling.rule != rule]
        rulings.append(Ruling(rule, "violated" if found else "ok", said, fix, asked, locked=True, release=True))
    return rulings


_RELEASES = ("local", "team", "controlled", "public")


def refused(force: InForce | None, broken: Sequence[Ruling], *, what: str, reason: str | None, besides: str = "") -> OptionError:
    """Return the refusal of something that breaks rules: each with where it stands and what to do."""
    name = f"The policy {shown(force.name)}" if force is not None else "A rule"
    parts = ([f"{name} blocks {what}: {told(broken)}"] if broken else []) + ([f"what blocks {what}: {besides}"] if besides else [])
    text = "; ".join(parts)
    text = f"{text[0].upper()}{text[1:]}."
    if broken and all(ruling.locked for ruling in broken):
        return OptionError(text, fix=f"{_fixes(force, broken)} {'It' if len(broken) == 1 else 'They'} can't be gone past.")
    said = "none was given" if reason is None else f"got {shown(reason)}"
    text += f" To go past it all the same a reason in words is needed; {said}."
    way = 'Or add --override "REASON" (override="REASON"), which the record then states.'
    return OptionError(text, fix=f"{_fixes(force, broken)} {way}".strip())


def told(rulings: Sequence[Ruling]) -> str:
    """Rules in words, each with its place."""
    sentences = [f"{ruling.rule} ({ruling.place}): {ruling.said}" for ruling in rulings]
    more = f"; and {len(sentences) - _MOST_TOLD} more" if len(sentences) > _MOST_TOLD else ""
    return "; ".join(sentences[:_MOST_TOLD]) + more


def _fixes(force: InForce | None, rulings: Sequence[Ruling]) -> str:
    contact = [f"Ask {force.policy.contact}."] if force is not None and force.policy.contact else []
    return " ".join([*dict.fromkeys(ruling.fix for ruling in rulings[:_MOST_TOLD] if ruling.fix), *contact])


def warn_of_broken(force: InForce, entries: list[Entry]) -> None:
    """Warn of the rules that a record breaks, in one sentence."""
    import warnings

    broken = [ruling for ruling in _rulings(force, entries, None) if ruling.status == "violated"]
    if broken:
        warnings.warn(f"The policy {shown(force.name)} isn't kept: {told(broken)}.", SynthnbWarning, stacklevel=3)


def export_policy(
    entries: Iterable[Entry], *, release: str | None = None, reason: str | None = None, folder: Path | None = None
) -> dict[str, Any]:
    """Return what an export's entry says of the policy that `before_export` asked: ``{"policy": …}``, or nothing where there is none."""
    from synthnb.disclosure.policy.stating import outcome_of

    force = policy_here(folder)
    if force is None:
        return {}
    given = list(entries)
    rulings = [ruling for ruling in _rulings(force, given, _more_open(release, given)) if not ruling.rule.endswith(".signature")]
    return {"policy": outcome_of(force, rulings, reason=reason or "")}


def check(notebook: str | Path | None = None, *, policy: str | Path = "default", release: str | None = None) -> dict[str, Any]:
    """Return every rule of the policy held against a notebook's record, or this session's.

    Parameters
    ----------
    notebook : str or Path, optional
        The notebook's file; what this session did by default.
    policy : str or Path
        A policy's file; by default the one in force here and in the notebook's folder.
    release : str, optional
        The release class it is held against; the one that a person stated by default.

    Returns
    -------
    dict
        ``policy`` (name, digest and files, or None), ``release``, ``status`` (``ok``, ``violated`` or ``not decidable``)
        and ``rulings``: ``rule``, ``status``, ``said``, ``fix`` and ``place`` of each rule.

    Raises
    ------
    OptionError
        The policy isn't one, or there is no such release class.
    NotebookError
        The file isn't a notebook.
    """
    from synthnb._api.overdue import retention
    from synthnb.disclosure.policy import find_policy
    from synthnb.disclosure.policy.deciding import release_of
    from synthnb.disclosure.policy.ruling import worst
    from synthnb.disclosure.session import session

    file = None if notebook is None else Path(notebook).expanduser()
    folder = None if file is None else file.resolve().parent
    entries = session.entries() if file is None else recorded(file)
    force = policy_here(folder) if str(policy) == "default" else find_policy(str(policy))
    rulings = _rulings(force, entries, release, signed=None if file is None else _signed(file))
    rulings += [] if force is None else retention(force, folder or Path.cwd())
    return {
        "policy": None if force is None else _named(force),
        "release": release or release_of(entries),
        "status": worst(rulings),
        "rulings": [ruling.to_dict() for ruling in rulings],
    }


def _named(force: InForce) -> dict[str, Any]:
    files = [one.label for one in force.files]
    return {"name": force.name, "digest": force.digest, "files": files, "contact": force.policy.contact}


def recorded(file: Path) -> list[Entry]:
    """The entries that a notebook's metadata and outputs hold."""
    from synthnb.disclosure.files import read_notebook
    from synthnb.disclosure.notebook import harvest

    notebook = read_notebook(file)
    found: list[Entry] = harvest(notebook["cells"], notebook["metadata"])["entries"]
    return found


def _signed(file: Path) -> bool | None:
    """Whether a file is as somebody signed it whose key is known here; None where the signature can't be looked at."""
    from synthnb._api.verifying import check as verified

    found = verified(file, require_signature=True)
    if any(finding.what.startswith("signature") and finding.status == "not looked at" for finding in found.findings):
        return None
    return found.outcome == "ok"
