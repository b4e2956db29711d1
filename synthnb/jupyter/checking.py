"""``%synth check``: every rule of the policy, held against this notebook or this session."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthnb._api.policing import check
from synthnb.jupyter.mime import render
from synthnb.jupyter.where import find_notebook, save_first

__all__ = ["check_bundle", "check_text", "check_this"]

_SIGNS = {"ok": "✓", "violated": "✗", "not decidable": "?"}
_ORDER = ("violated", "not decidable", "ok")


def check_this(named: str | None, variables: Mapping[str, Any], *, policy: str | None, release: str | None) -> dict[str, Any]:
    """Hold this notebook, as it is saved now, against the policy, and return what to show; this session where no file is known.

    Raises
    ------
    OptionError
        The policy isn't one, or there is no such release class.
    """
    path = find_notebook(named, variables)
    saved = path is None or save_first(path)
    found = check(path, policy=policy or "default", release=release)
    note = "" if saved else "As it was last saved, without what was changed since."
    if path is None:
        note = "Which notebook this is isn't known here: what this session did was looked at."
    return check_bundle(found, note)


def check_bundle(found: Mapping[str, Any], note: str = "") -> dict[str, Any]:
    """What to show of a check, the rules that are broken first."""
    view = _view(found) | {"note": note}
    return {
        "text/html": render("check.html.j2", **view),
        "text/markdown": render("check.md.j2", **view),
        "text/plain": check_text(found, note),
    }


def check_text(found: Mapping[str, Any], note: str = "") -> str:
    """The same as lines of text, for a terminal and a log."""
    view = _view(found)
    lines = [view["title"]]
    for row in view["rows"]:
        lines.append(f"{row['sign']} {row['status']:<13}  {row['rule']} ({row['place']}): {row['said']}")
        lines += [f"  {'':<13}  → {row['fix']}"] if row["fix"] else []
    return "\n".join([*lines, *([note] if note else []), *([view["contact"]] if view["contact"] else [])])


def _view(found: Mapping[str, Any]) -> dict[str, Any]:
    policy = found["policy"]
    counts = {status: sum(ruling["status"] == status for ruling in found["rulings"]) for status in _ORDER}
    held = f"{counts['violated']} violated, {counts['not decidable']} not decidable, {counts['ok']} ok"
    of = "No policy is in force" if policy is None else f"Policy {policy['name']} ({', '.join(map(_file, policy['files']))})"
    release = f", for the release class {found['release']}" if found["release"] else ""
    rows = [
        {**ruling, "sign": _SIGNS[ruling["status"]], "fix": "" if ruling["status"] == "ok" else _fix(ruling)}
        for ruling in sorted(found["rulings"], key=lambda ruling: _ORDER.index(ruling["status"]))
    ]
    contact = f"Questions about the policy: {policy['contact']}" if policy is not None and policy["contact"] else ""
    return {"title": f"{of}{release}: {held if found['rulings'] else 'no rule'}.", "rows": rows, "contact": contact}


def _fix(ruling: Mapping[str, Any]) -> str:
    locked = " It can't be gone past." if ruling["locked"] and ruling["status"] == "violated" else ""
    return f"{ruling['fix']}{locked}"


def _file(label: str) -> str:
    return Path(label).name
