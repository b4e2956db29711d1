"""``%synth runs`` and ``synthnb runs``: what was done in a project, as a table, one entry in full, or a file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synthnb._api import refuse_to_lose, runs
from synthnb._canonical import without
from synthnb.disclosure.fields import catalogue
from synthnb.disclosure.folding import digest_is_right
from synthnb.disclosure.ledger.selecting import KINDS, entry_beginning
from synthnb.disclosure.reading import mapping, parse_json
from synthnb.errors import OptionError, shown
from synthnb.jupyter._model_views import cost_words
from synthnb.jupyter._words import clean, count, short
from synthnb.jupyter.mime import render

__all__ = ["chosen", "entry_bundle", "json_lines", "listing_bundle", "show_runs", "write_listing"]

Json = dict[str, Any]
_OUTCOMES = {"pass": "passed", "fail": "FAILED", "undecided": "undecided"}
_LONGEST = 20_000


def show_runs(beginning: str | None, asked: Mapping[str, Any], *, to: str | None = None, overwrite: bool = False) -> Json:
    """List the entries asked for, or show the one whose id begins so; with ``to``, write them as JSON Lines too.

    Parameters
    ----------
    beginning : str or None
        The beginning of one entry's id.
    asked : mapping
        What the entries are selected by, as `synthnb.runs` takes it.
    to : str, optional
        A ``.jsonl`` file.
    overwrite : bool
        Replace it if it is there.

    Raises
    ------
    OptionError
        What to list can't be read, no entry begins so, or the file would be lost or isn't ``.jsonl``.
    StorageError
        The ledger can't be read, or the file can't be written.
    """
    found = chosen(beginning, **asked)
    note = "" if to is None else write_listing(found, to, overwrite=overwrite)
    return listing_bundle(found, asked, note) if beginning is None else entry_bundle(found[0], note)


def chosen(beginning: str | None, **asked: Any) -> list[Json]:
    """The one entry whose id begins so, or those asked for.

    Raises
    ------
    OptionError
        What to list can't be read, or not one entry begins so.
    """
    if beginning is None:
        return runs(**asked)
    if any(value is not None for value in asked.values()):
        raise OptionError("Either an entry's id or what to list was expected; got both.", fix="Leave one out.")
    return [entry_beginning(runs(), beginning)]


def json_lines(entries: Sequence[Mapping[str, Any]]) -> str:
    """Whole entries, one JSON object a line."""
    return "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)


def write_listing(entries: Sequence[Mapping[str, Any]], to: str | Path, *, overwrite: bool = False) -> str:
    """Write whole entries as JSON Lines, and return the sentence that says so.

    Raises
    ------
    OptionError
        The ending isn't ``.jsonl``, or there is such a file with something else in it than entries known here.
    StorageError
        The file can't be written.
    """
    from synthnb._files import write_atomically

    path = Path(to).expanduser()
    if path.suffix.lower() != ".jsonl":
        raise OptionError(f"A file that ends in .jsonl was expected; got {shown(path.name)}.", fix="For example: --to runs.jsonl")
    if not overwrite and not _holds_what_is_known(path):
        refuse_to_lose(path)
    write_atomically(path, json_lines(entries).encode())
    return f"Written to {clean(path.name, 200)}: {_entries(len(entries))}, one a line."


def _holds_what_is_known(path: Path) -> bool:
    """Whether a file is a listing of entries that are known anyway, so that nothing is lost with it."""
    try:
        text = path.read_bytes().decode()
        found = [parse_json(line) for line in text.splitlines()]
    except (OSError, ValueError):
        return False
    known = {entry["digest"] for entry in runs()}
    listed = [entry for entry in found if isinstance(entry, dict) and digest_is_right(entry) and entry["digest"] in known]
    return len(listed) == len(found) and json_lines(listed) == text


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number:,} entries"


# --- the list -----------------------------------------------------------------------------


def listing_bundle(entries: Sequence[Mapping[str, Any]], asked: Mapping[str, Any] | None = None, note: str = "") -> Json:
    """Entries as a table: when, what was done, of what, what came out, gates, calls, id.

    Parameters
    ----------
    entries : sequence of entries
        From the oldest to the newest.
    asked : mapping, optional
        What they were selected by.
    note : str
        A sentence under the table.
    """
    words = ", ".join(f"{name} {clean(value)}" for name, value in (asked or {}).items() if value is not None)
    lines = [_line(entry) for entry in entries]
    head = [name for name in _HEAD if name not in _OPTIONAL or any(line[name] for line in lines)]
    rows = [[line[name] for name in head] for line in lines]
    view: Json = {
        "title": f"Runs: {_entries(len(rows))}{f' ({words})' if words else ''}",
        "empty": f"No entry matches ({words})." if words else "No run has been recorded here yet.",
        "head": head,
        "rows": rows,
        "alarms": [bool(line["gates"]) and ("FAILED" in line["gates"] or line["kind"] == "override") for line in lines],
        "note": note,
    }
    text = "\n".join([view["title"], *("  ".join(filter(None, row)) for row in rows)]) if rows else view["empty"]
    return {
        "text/html": render("runs.html.j2", **view),
        "text/markdown": render("runs.md.j2", **view),
        "text/plain": "\n".join(filter(None, [text, note])),
    }


_HEAD = ("when (UTC)", "kind", "of", "what came out", "gates", "calls", "id")
_OPTIONAL = ("gates", "calls")


def _line(entry: Mapping[str, Any]) -> dict[str, str]:
    detail = mapping(entry.get("detail"))
    return {
        "when (UTC)": clean(str(entry.get("created", ""))[:19].replace("T", " ")),
        "kind": clean(entry["kind"]),
        "of": clean(str(entry["slot"]).partition(":")[2]),
        "what came out": _outcome(entry, detail) + (" (stopped early)" if entry.get("partial") else ""),
        "gates": _gates(entry, detail),
        "calls": cost_words(detail.get("calls")) or "",
        "id": clean(entry["id"], 128),
    }


def _outcome(entry: Mapping[str, Any], detail: Mapping[str, Any]) -> str:
    """What came of it, in a few words."""
    if "requested" in detail:
        engine = f", {clean(detail['engine'])} engine" if detail.get("engine") else ""
        return f"{count(detail.get('delivered'))} of {count(detail['requested'])} rows{engine}"
    if "headline" in detail:
        return clean(detail["headline"], 200)
    if "sha256" in detail:
        return f"{clean(detail.get('path'), 120)}, {count(detail.get('bytes'))} bytes, {short(detail['sha256'])}".lstrip(", ")
    if entry["kind"] == "override":
        return clean(f"for {detail.get('export')}: {detail.get('reason')}", 200)
    said = f" by {clean(detail['by'], 100)}" if isinstance(detail.get("by"), str) else ""
    labels = [catalogue()[name].label if name in catalogue() else clean(name) for name in mapping(entry.get("fields"))]
    return ", ".join(labels) + said


def _gates(entry: Mapping[str, Any], detail: Mapping[str, Any]) -> str:
    """How many gates passed and failed, and which failed or were gone past; empty where there were none."""
    found = detail.get("gates")
    gates = found if isinstance(found, list) else []
    if entry["kind"] == "override":
        return f"overridden: {', '.join(clean(gate) for gate in gates)}"
    read = [mapping(gate) for gate in gates]
    counts = Counter(str(gate.get("outcome")) for gate in read)
    failed = ", ".join(clean(gate.get("label")) for gate in read if gate.get("outcome") == "fail")
    said = ", ".join(f"{counts[outcome]} {word}" for outcome, word in _OUTCOMES.items() if counts[outcome])
    return f"{said}: {failed}" if failed else said


# --- one entry ----------------------------------------------------------------------------


def entry_bundle(entry: Mapping[str, Any], note: str = "") -> Json:
    """One entry in full: what it states, field by field, and everything it was made of."""
    stated = _stated(mapping(entry.get("fields")))
    whole = json.dumps(without(entry, "fields"), indent=1, ensure_ascii=False)
    view: Json = {
        "title": clean(entry["id"], 128),
        "facts": [fact for fact in _facts(entry) if fact[1]],
        "fields": stated,
        "whole": whole if len(whole) <= _LONGEST else f"{whole[:_LONGEST]}…",
        "more": max(0, len(whole) - _LONGEST),
        "note": note,
    }
    lines = [view["title"], *(f"{name}: {words}" for name, words, _ in view["facts"]), *(f"  {name}: {words}" for name, words in stated)]
    return {
        "text/html": render("entry.html.j2", **view),
        "text/markdown": render("entry.md.j2", **view),
        "text/plain": "\n".join(filter(None, [*lines, note])),
    }


def _facts(entry: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What an entry is, when and of what: (name, words, the full value on hovering)."""
    states = "matches the entry" if digest_is_right(dict(entry)) else "does NOT match the entry"
    return [
        ("Kind", f"{clean(entry['kind'])}: {KINDS.get(str(entry['kind']), 'of a later version')}", ""),
        ("When", f"{clean(str(entry['created'])[:19].replace('T', ' '))} UTC", ""),
        ("Of", clean(str(entry["slot"]).partition(":")[2], 200), ""),
        ("By", clean(mapping(entry.get("detail")).get("by"), 200), ""),
        ("Content", short(entry.get("content") or ""), clean(entry.get("content"), 100)),
        ("Digest", f"{short(entry.get('digest') or 'none')}, {states}", clean(entry.get("digest"), 100)),
    ]


def _stated(fields: Mapping[str, Any]) -> list[list[str]]:
    """What an entry states, in the catalogue's order."""
    labels = catalogue()
    ordered = [*(name for name in labels if name in fields), *(name for name in fields if name not in labels)]
    return [[labels[name].label if name in labels else clean(name), _said(fields[name])] for name in ordered]


def _said(value: object) -> str:
    items = value if isinstance(value, list) else [value]
    return "; ".join(clean(item, 2_000) for item in items if isinstance(item, str)) or "withdrawn"
