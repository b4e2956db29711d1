"""The disclosure in a notebook: gather the entries, keep metadata and cell in step.

`harvest`, `upsert` and `apply` are pure functions on parsed JSON and are
written twice, here for files and in the lab extension for the live document;
the fixtures in ``tests/fixtures/disclosure`` bind them. The rules for entries
are in `synthnb.disclosure.folding`, those for the text in
`synthnb.disclosure.render`. In what follows ``own`` is ``metadata.synthnb``.

**Payload.** An output carries a record if it is an object whose ``data`` is
an object with the key ``application/vnd.synthnb.record+json``. The value is the
payload; a list of strings is joined, and a string is parsed as JSON. A payload
gives entries if it is an object whose ``entries`` is a list. Anything that fails on
the way counts as 1 in ``unreadable``; so does each item of ``entries`` that
isn't readable. Only cells of type ``code`` are looked at, and a cell or
``outputs`` of another shape is passed over. ``source`` may be a string or a
list of strings, which are joined; anything else is the empty string.

**Harvest.** Candidates are the readable items of ``own.entries``, then those of
the outputs in document order. The first candidate of an id is taken; a later
one of the same id replaces it unless the one taken has the right digest and the
later one hasn't. The result:

- ``entries``: those taken, in order;
- ``stale``: the ids of those that came from no output, in the order of ``entries``;
- ``unreadable``: what was counted in the outputs;
- ``anchor``: the index of the first cell that gave a readable entry, or null;
- ``cells``: the indices of the disclosure cells;
- ``newer``: whether ``own.schema`` is ``synthnb.record/N`` with N (decimal
  digits, no sign) greater than 1.

**Disclosure cell**: a cell of type ``markdown`` for which one of these holds: its
``metadata.synthnb`` is an object with ``role`` equal to ``disclosure``; its
``metadata.tags`` is a list with ``synthnb-disclosure``; its source holds a block (see below).

**Upsert** returns no edits if ``newer``, or if there are no entries. Otherwise:

1. The new ``own`` starts as a copy of the old one if that is an object, else
   as ``{}``. ``schema``, ``entries``, ``stale``, ``fields`` (folded) and
   ``digest`` (of the object with just schema, entries and fields) are set.
   Other keys stay. What can't be read is moved, never lost: ``unreadable``
   becomes the list of: the old ``unreadable`` (its items if it is a list, else
   itself if the key exists); the old ``own`` if it exists and isn't an object;
   the old ``entries`` if the key exists and isn't a list; its items that
   aren't readable. If that list is empty the key is removed.
2. The block is rendered from the new ``own`` (`render_block` reads neither
   ``cell`` nor ``opt_out``).
3. *There is a disclosure cell*: ``opt_out`` is removed and ``cell`` is
   ``{"digest": sha256 of the block in UTF-8}``. The first one in document order
   is kept where it is, the others are merged into it.
4. *There is none, and the old own has ``opt_out`` or ``cell``*, and it
   wasn't asked to restore: the user deleted it. ``opt_out`` stays, or becomes
   ``{"at": now}``; ``cell`` is removed.
5. *Otherwise*: ``opt_out`` is removed, ``cell`` set as in 3, and a cell is inserted:
   after the anchor, or at the end if there is none. Its source is the block,
   its metadata ``{"synthnb": {"role": "disclosure"}, "tags": ["synthnb-disclosure"]}``.

After the first run's cell because there the reader has just seen what was made;
an existing cell is never moved.

**Source of the kept cell.** A *block* is a begin marker, the next end marker
after it, and what is between, provided that no other begin marker is between.
Blocks are found from left to right and split the source into pieces: one more than there are blocks.

1. *With blocks*: ``before`` is the first piece *unmarked*, ``after`` the
   other pieces joined, then unmarked. The source is ``before``, the new block,
   ``after``, with nothing added. What is kept outside: ``before`` and ``after``.
2. *Without*: ``words`` is the source unmarked, without the line feeds at its
   beginning. The source is the new block, then, unless ``words`` is blank, an empty
   line and ``words``. What is kept outside: ``words``.
3. For each other disclosure cell, in order: its words are its pieces, each
   unmarked and stripped of ASCII white space (as for *blank*) at both ends, empty
   ones dropped, joined by an empty line. Unless they are empty or contained in one of
   the texts kept outside, they are appended: the source loses its line feeds at the
   end, then come an empty line and the words, which are from then on kept outside too.

*Unmarked*: every begin marker is removed as a plain string, then every end
marker, and again until none is left.

**Edits**, in this order, each only if it changes something:
``{"op": "set_metadata", "value": own}`` sets ``metadata.synthnb``;
``{"op": "set_source", "index", "source"}`` or
``{"op": "insert_cell", "index", "source", "metadata"}`` (a Markdown cell before that index);
``{"op": "delete_cell", "index"}`` from the last index to the first. Whether something
changes is what *same* says in `synthnb.disclosure.folding`. Applying the edits and
asking again gives none.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from synthnb._canonical import digest, digest_bytes
from synthnb.disclosure.folding import SCHEMA, Entry, digest_is_right, fold, in_order, is_readable, same
from synthnb.disclosure.render import BEGIN, END, render_block

__all__ = ["MIME", "ROLE", "SCHEMA", "TAG", "apply", "harvest", "upsert"]

MIME = "application/vnd.synthnb.record+json"
"""The mime type of an output's record."""
ROLE = "disclosure"
"""``metadata.synthnb.role`` of the disclosure cell."""
TAG = "synthnb-disclosure"
"""The tag of the disclosure cell."""

Json = dict[str, Any]
_BLOCK = re.compile(f"{re.escape(BEGIN)}(?:(?!{re.escape(BEGIN)}).)*?{re.escape(END)}", re.DOTALL)
_WHITE = " \t\n\r\f\v"


def source_of(cell: Mapping[str, Any]) -> str:
    """Return a cell's source as one string."""
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    return source if isinstance(source, str) else ""


def payloads(cell: object) -> list[object]:
    """Return the records that a cell's outputs carry; None for one that can't be read."""
    if not isinstance(cell, Mapping) or cell.get("cell_type") != "code" or not isinstance(cell.get("outputs"), list):
        return []
    bundles = [output.get("data") for output in cell["outputs"] if isinstance(output, Mapping)]
    return [_parsed(bundle[MIME]) for bundle in bundles if isinstance(bundle, Mapping) and MIME in bundle]


def _parsed(value: object) -> object:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(name: str) -> None:
    raise ValueError(name)


def content_digest(content: object) -> str | None:
    """The digest of an output's content, a text as UTF-8, JSON in canonical form; None if it has none."""
    if isinstance(content, list) and all(isinstance(line, str) for line in content):
        content = "".join(content)
    try:
        return digest_bytes(content.encode("utf-8", "surrogatepass")) if isinstance(content, str) else digest(content)
    except ValueError:
        return None


def shown_of(cell: object) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Return the bundles of a cell's outputs that say what they showed, each with the digests by mime type."""
    if not isinstance(cell, Mapping) or not isinstance(cell.get("outputs"), list):
        return []
    bundles = [output["data"] for output in cell["outputs"] if isinstance(output, Mapping) and isinstance(output.get("data"), Mapping)]
    said = [(bundle, _parsed(bundle[MIME])) for bundle in bundles if MIME in bundle]
    return [
        (bundle, payload["shown"]) for bundle, payload in said if isinstance(payload, Mapping) and isinstance(payload.get("shown"), Mapping)
    ]


def entries_of(cell: object) -> tuple[list[Entry], int]:
    """Return the readable entries in a cell's outputs, and how many things there can't be read."""
    found, unreadable = [], 0
    for payload in payloads(cell):
        items = payload.get("entries") if isinstance(payload, Mapping) else None
        if not isinstance(items, list):
            unreadable += 1
            continue
        found += [item for item in items if is_readable(item)]
        unreadable += sum(not is_readable(item) for item in items)
    return found, unreadable


def is_disclosure(cell: object) -> bool:
    """Whether a cell is a disclosure cell."""
    if not isinstance(cell, Mapping) or cell.get("cell_type") != "markdown":
        return False
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    own, tags = metadata.get("synthnb"), metadata.get("tags")
    named = isinstance(own, Mapping) and own.get("role") == ROLE
    return named or (isinstance(tags, list) and TAG in tags) or bool(_BLOCK.search(source_of(cell)))


def is_newer(own: object) -> bool:
    """Whether a later version of synthnb wrote this record."""
    schema = own.get("schema") if isinstance(own, Mapping) else None
    version = re.fullmatch(r"synthnb\.record/([0-9]{1,9})", schema) if isinstance(schema, str) else None
    return version is not None and int(version[1]) > 1


def harvest(cells: Sequence[object], metadata: Mapping[str, Any]) -> Json:
    """Gather the entries of a notebook from its outputs and its metadata.

    Parameters
    ----------
    cells : sequence of dict
        The notebook's cells.
    metadata : dict
        The notebook's metadata.

    Returns
    -------
    dict
        ``entries``, ``stale``, ``unreadable``, ``anchor``, ``cells`` and ``newer``, as the rules above say.
    """
    own = metadata.get("synthnb")
    kept = own.get("entries") if isinstance(own, Mapping) else None
    taken: dict[str, Entry] = {}
    for entry in kept if isinstance(kept, list) else []:
        if is_readable(entry):
            _take(taken, entry)
    per_cell = [entries_of(cell) for cell in cells]
    for entries, _ in per_cell:
        for entry in entries:
            _take(taken, entry)
    shown = {entry["id"] for entries, _ in per_cell for entry in entries}
    ordered = in_order(taken.values())
    return {
        "entries": ordered,
        "stale": [entry["id"] for entry in ordered if entry["id"] not in shown],
        "unreadable": sum(count for _, count in per_cell),
        "anchor": next((index for index, (entries, _) in enumerate(per_cell) if entries), None),
        "cells": [index for index, cell in enumerate(cells) if is_disclosure(cell)],
        "newer": is_newer(own),
    }


def _take(taken: dict[str, Entry], entry: Entry) -> None:
    old = taken.get(entry["id"])
    if old is None or digest_is_right(entry) or not digest_is_right(old):
        taken[entry["id"]] = entry


def upsert(cells: Sequence[object], metadata: Mapping[str, Any], *, now: str, restore: bool = False) -> list[Json]:
    """Return the edits that bring a notebook's metadata and disclosure cell in step with its outputs.

    Parameters
    ----------
    cells, metadata
        As for `harvest`. Neither is changed.
    now : str
        The time, as ``2026-11-23T15:40:00Z``; used only when a deletion is first noticed.
    restore : bool
        Put a deleted cell back.
    """
    found = harvest(cells, metadata)
    if found["newer"] or not found["entries"]:
        return []
    old = metadata.get("synthnb")
    new = _record(metadata, found)
    block = render_block(new)
    wanted = bool(found["cells"]) or restore or not (isinstance(old, Mapping) and ("opt_out" in old or "cell" in old))
    if wanted:
        new.pop("opt_out", None)
        new["cell"] = {"digest": digest_bytes(block.encode())}
    else:
        new.pop("cell", None)
        new.setdefault("opt_out", {"at": now})
    edits: list[Json] = [{"op": "set_metadata", "value": new}] if not same(new, old) else []
    return edits + (_cell_edits(cells, found, block) if wanted else [])


def _record(metadata: Mapping[str, Any], found: Json) -> Json:
    """The new ``metadata.synthnb``, still without its cell."""
    old = metadata.get("synthnb")
    new = copy.deepcopy(dict(old)) if isinstance(old, Mapping) else {}
    core = {"schema": SCHEMA, "entries": copy.deepcopy(found["entries"]), "fields": fold(found["entries"])}
    new |= core | {"stale": found["stale"], "digest": digest(core)}
    new.pop("unreadable", None)
    if aside := _unreadable(metadata):
        new["unreadable"] = aside
    return new


def _unreadable(metadata: Mapping[str, Any]) -> list[Any]:
    if "synthnb" not in metadata:
        return []
    own = metadata["synthnb"]
    if not isinstance(own, Mapping):
        return [own]
    earlier, entries = own.get("unreadable", []), own.get("entries", [])
    aside = earlier if isinstance(earlier, list) else [earlier]
    return [*aside, *([item for item in entries if not is_readable(item)] if isinstance(entries, list) else [entries])]


def _cell_edits(cells: Sequence[object], found: Json, block: str) -> list[Json]:
    if not found["cells"]:
        index = len(cells) if found["anchor"] is None else found["anchor"] + 1
        return [{"op": "insert_cell", "index": index, "source": block, "metadata": {"synthnb": {"role": ROLE}, "tags": [TAG]}}]
    first, *others = found["cells"]
    sources = {index: source_of(cell) for index in found["cells"] if isinstance(cell := cells[index], Mapping)}
    source = merged(sources[first], [sources[index] for index in others], block)
    changed: list[Json] = [{"op": "set_source", "index": first, "source": source}] if source != sources[first] else []
    return changed + [{"op": "delete_cell", "index": index} for index in reversed(others)]


def merged(source: str, others: list[str], block: str) -> str:
    """Return the kept cell's source: the new block, its own words, and those of the other cells."""
    first, *rest = _BLOCK.split(source)
    if rest:
        outside = [_unmarked(first), _unmarked("".join(rest))]
        result = block.join(outside)
    else:
        words = _unmarked(first).lstrip("\n")
        result, outside = (f"{block}\n\n{words}" if words.strip(_WHITE) else block), [words]
    for other in others:
        words = words_of(other)
        if words and not any(words in kept for kept in outside):
            result, outside = f"{result.rstrip(chr(10))}\n\n{words}", [*outside, words]
    return result


def blocks_of(source: str) -> list[str]:
    """Return the blocks in a disclosure cell's source, markers included."""
    return _BLOCK.findall(source)


def words_of(source: str) -> str:
    """Return what the researcher wrote around the block of a disclosure cell."""
    pieces = [_unmarked(piece).strip(_WHITE) for piece in _BLOCK.split(source)]
    return "\n\n".join(piece for piece in pieces if piece)


def _unmarked(text: str) -> str:
    while BEGIN in text or END in text:
        text = text.replace(BEGIN, "").replace(END, "")
    return text


def apply(edits: Sequence[Json], notebook: Json) -> Json:
    """Return a copy of a notebook with the edits made; a new cell gets an id where the format has them."""
    notebook = copy.deepcopy(notebook)
    cells = notebook["cells"]
    for edit in edits:
        if edit["op"] == "set_metadata":
            notebook.setdefault("metadata", {})["synthnb"] = copy.deepcopy(edit["value"])
        elif edit["op"] == "set_source":
            cells[edit["index"]]["source"] = edit["source"]
        elif edit["op"] == "insert_cell":
            cells.insert(edit["index"], _new_cell(edit, notebook))
        else:
            del cells[edit["index"]]
    return notebook


def _new_cell(edit: Json, notebook: Json) -> Json:
    cell = {"cell_type": "markdown", "metadata": copy.deepcopy(edit["metadata"]), "source": edit["source"]}
    minor = notebook.get("nbformat_minor")
    if isinstance(minor, (int, float)) and minor < 5:
        return cell
    taken = [item.get("id") for item in notebook["cells"] if isinstance(item, Mapping)]
    names = [TAG, *(f"{TAG}-{number}" for number in range(2, len(taken) + 3))]
    return {"id": next(name for name in names if name not in taken)} | cell
