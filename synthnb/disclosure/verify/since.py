"""What became of a file since it was signed: which cell changed, and how; what a formatter did, and what nobody should have.

What other programs do to a notebook without changing what it says is told apart:
saving it anew (layout, counts, the kernel's description), upgrading its format (ids),
`nbstripout` (all outputs and counts gone: *stripped*), `black` and `ruff format` (the same syntax tree and the same
comments: *reformatted*), `jupytext` (outputs and most metadata gone: *stripped*).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from synthnb._canonical import digest, digest_file
from synthnb.disclosure.manifest import manifest_of
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import plain
from synthnb.disclosure.verify.findings import Finding, Status

__all__ = ["changes_since"]

Json = Mapping[str, Any]

_KERNEL = {"kernelspec", "language_info", "jupytext", "vscode", "colab", "toc", "signature", "orig_nbformat"}
"""Keys of a notebook's metadata that programs write by themselves."""
_MOST_NAMED = 6
_GONE = "The outputs of {} cells are gone, as nbstripout and jupytext leave them; what they showed can't be checked."
_BESIDE = "What it holds is as signed, its bytes aren't: something beside that was changed."


def changes_since(path: Path, signed: Json, now: Json | None = None) -> Iterator[Finding]:
    """Yield what differs between a file and its signed manifest; one that is fine if nothing does.

    Parameters
    ----------
    path : Path
        The file, which exists.
    signed : mapping
        Its manifest in the signature.
    now : mapping, optional
        Its manifest now, if that is at hand.

    Raises
    ------
    NotebookError, StorageError
        It can't be read.
    """
    if (digest_file(path) if now is None else now["sha256"]) == signed.get("sha256"):
        yield Finding("signed content", "ok", "Every byte is as it was signed")
        return
    now = manifest_of(path) if now is None else now
    by_kind = {"notebook": _notebook, "ledger": _ledger, "archive": _files}
    compare = by_kind.get(str(signed.get("kind")))
    if compare is None or now["kind"] != signed.get("kind"):
        yield Finding("signed content", "changed", f"Its digest is {now['sha256']}, not {plain(str(signed.get('sha256')))} as signed.")
        return
    found = list(compare(signed, now, path))
    yield from found
    if all(finding.ok for finding in found):
        yield Finding("signed bytes", "ok", "The file's bytes differ from those signed, what it says doesn't: it was saved anew")


def _notebook(signed: Json, now: Json, _: Path) -> Iterator[Finding]:
    yield from _record(signed, now)
    yield from _own(signed, now)
    yield from _metadata(mapping(signed.get("metadata")), mapping(now["metadata"]))
    before, after = _listed(signed.get("cells")), _listed(now["cells"])
    pairs = _paired(before, after)
    quiet: list[str] = []
    stripped, bare = 0, not any(cell.get("outputs") for cell in after)
    for old, new in pairs:
        if old is None or new is None:
            yield _lone(before, after, old, new)
            continue
        yield from _cell(before[old], after[new], new, same_record=signed.get("record") == now["record"], bare=bare)
        stripped += bare and bool(before[old].get("outputs"))
        quiet += _unsaid(before[old], after[new])
    if stripped:
        yield Finding(
            "outputs",
            "stripped",
            _GONE.format(stripped),
        )
    moved = [new for _, new in pairs if new is not None]
    if moved != sorted(moved):
        yield Finding("order of cells", "changed", "The cells stand in another order than when they were signed.")
    quiet += ["format"] if signed.get("nbformat") != now["nbformat"] else []
    if quiet:
        yield Finding("layout", "ok", f"Without a change in what it says, these differ: {', '.join(sorted(set(quiet)))}")


def _record(signed: Json, now: Json) -> Iterator[Finding]:
    if signed.get("record") == now["record"]:
        return
    if now["record"] is None:
        yield Finding(
            "signed record",
            "stripped",
            f"The metadata hold no record, as jupytext leaves them; signed was {plain(str(signed.get('record')))}.",
        )
    elif signed.get("substance") == now["substance"]:
        yield Finding("signed record", "ok", "Since the signature only exports, sign-offs or opt-outs were noted in the record")
    else:
        yield Finding("signed record", "changed", "The record isn't the one that was signed: entries were added, changed or removed since.")


def _own(signed: Json, now: Json) -> Iterator[Finding]:
    """Entries that the substance leaves out, and what lies in the record and in the notebook beside what is known there."""
    before, after = mapping(signed.get("noted")), mapping(now["noted"])
    if now["record"] is not None:
        for name in sorted(before):
            if after.get(name) != before[name]:
                status: Status = "changed" if name in after else "missing"
                how = "was altered" if name in after else "is gone"
                yield Finding(f"signed entry {plain(name)[:80]}", status, f"This sign-off, opt-out or export {how} since.")
        if names := _differing(mapping(signed.get("own")), mapping(now["own"])):
            yield Finding("record's other keys", "changed", f"They aren't as signed: {_named(names)}.")
    if names := _differing(mapping(signed.get("rest")), mapping(now["rest"])):
        yield Finding("notebook's other keys", "changed", f"They aren't as signed: {_named(names)}.")


def _metadata(signed: Json, now: Json) -> Iterator[Finding]:
    """The notebook's own metadata, but for the record, whose parts are checked by themselves."""
    names = sorted(name for name in {*signed, *now} - {"synthnb"} if signed.get(name) != now.get(name))
    loud = [name for name in names if name not in _KERNEL]
    gone = [name for name in loud if name not in now]
    if loud and gone == loud:
        yield Finding("metadata", "stripped", f"Gone from the notebook's metadata: {_named(gone)}.")
    elif loud:
        yield Finding("metadata", "changed", f"These parts of the notebook's metadata differ: {_named(loud)}.")
    quiet = [name for name in names if name in _KERNEL]
    if quiet:
        yield Finding("kernel metadata", "ok", f"Written anew by the program that saved it: {_named(quiet)}")


def _named(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(plain(name)[:60] for name in names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _listed(cells: object) -> list[Json]:
    return [mapping(cell) for cell in cells] if isinstance(cells, list) else []


def _paired(before: list[Json], after: list[Json]) -> list[tuple[int | None, int | None]]:
    """Pairs of places of the same cell: by what it says, else by id, else by its code, else by where it stands between others."""
    left, right = list(range(len(before))), list(range(len(after)))
    found: dict[int, int] = {}
    for key in (_whole, _text, _id, _form):
        known: dict[Any, list[int]] = {}
        for place in right:
            known.setdefault(key(after[place]), []).append(place)
        for place in left:
            name = key(before[place])
            if name is not None and known.get(name):
                found[place] = known[name].pop(0)
        taken = set(found.values())
        left, right = [place for place in left if place not in found], [place for place in right if place not in taken]
    between = difflib.SequenceMatcher(
        None, [_type(before[place]) for place in left], [_type(after[place]) for place in right], autojunk=False
    )
    for block in between.get_matching_blocks():
        found |= {left[block.a + step]: right[block.b + step] for step in range(block.size)}
    taken = set(found.values())
    pairs: list[tuple[int | None, int | None]] = [(place, found.get(place)) for place in range(len(before))]
    return pairs + [(None, place) for place in range(len(after)) if place not in taken]


def _id(cell: Json) -> Any:
    return cell.get("id") if isinstance(cell.get("id"), str) else None


def _whole(cell: Json) -> Any:
    return (_id(cell), _text(cell)) if _id(cell) else None


def _text(cell: Json) -> Any:
    return cell.get("type"), cell.get("source")


def _form(cell: Json) -> Any:
    return cell.get("code")


def _type(cell: Json) -> str:
    return str(cell.get("type"))


def _lone(before: list[Json], after: list[Json], old: int | None, new: int | None) -> Finding:
    if old is not None:
        return Finding(f"cell {old + 1} as signed", "missing", f"The {_type(before[old])} cell that stood there is gone.")
    place = 0 if new is None else new
    return Finding(f"cell {place + 1}", "changed", f"This {_type(after[place])} cell wasn't there when it was signed.")


def _cell(old: Json, new: Json, place: int, *, same_record: bool, bare: bool) -> Iterator[Finding]:
    what = f"cell {place + 1}"
    if old.get("type") != new.get("type"):
        yield Finding(what, "changed", f"It was a {_type(old)} cell and is a {_type(new)} cell.")
    # The block in a disclosure cell follows from the record, which is compared by itself.
    key = "source" if same_record or "words" not in old else "words"
    if old.get(key) != new.get(key):
        yield _source(what, old, new)
    if not bare:
        yield from _outputs(what, old, new)
    for part, named in (("attachments", "attachments"), ("rest", "other keys")):
        if mapping(old.get(part)) != mapping(new.get(part)):
            gone = bare and part == "attachments" and not new.get(part)
            names = _named(_differing(mapping(old.get(part)), mapping(new.get(part))))
            yield Finding(what, "stripped" if gone else "changed", f"Its {named} {'are gone' if gone else 'differ'}: {names}.")
    if old.get("hidden") != new.get("hidden"):
        yield Finding(what, "changed", f"Hidden from readers is {_parts(new)}; when it was signed, {_parts(old)}.")
    loud = [name for name in _differing(mapping(old.get("metadata")), mapping(new.get("metadata"))) if name in {"synthnb", "tags"}]
    if loud:
        yield Finding(what, "changed", f"Its metadata differ: {_named(loud)}.")


def _parts(cell: Json) -> str:
    parts = cell.get("hidden")
    return _named([str(part) for part in parts]) if isinstance(parts, list) and parts else "nothing"


def _source(what: str, old: Json, new: Json) -> Finding:
    same_code = old.get("code") is not None and old.get("code") == new.get("code")
    if same_code and old.get("comments") == new.get("comments"):
        return Finding(what, "reformatted", "Its code is laid out anew; its syntax tree and its comments are as signed.")
    if same_code:
        return Finding(what, "changed", "Its comments differ; the code they stand in is as signed.")
    return Finding(what, "changed", f"Its {'code' if new.get('type') == 'code' else 'text'} differs.")


def _outputs(what: str, old: Json, new: Json) -> Iterator[Finding]:
    before, after = old.get("outputs") or [], new.get("outputs") or []
    if before == after:
        return
    if not before and new.get("verb") and old.get("source") == new.get("source"):
        yield Finding(what, "ok", f"What its %synth {new['verb']} shows came after the signature and isn't covered by it")
        return
    if not isinstance(before, list) or not isinstance(after, list) or len(before) != len(after):
        count = [len(listed) if isinstance(listed, list) else 0 for listed in (before, after)]
        yield Finding(what, "changed", f"It had {count[0]} outputs when it was signed and has {count[1]}.")
        return
    for number, (one, other) in enumerate(zip(map(mapping, before), map(mapping, after), strict=True), start=1):
        names = _differing(mapping(one.get("data")), mapping(other.get("data")))
        names += [part for part, key in (("kind", "type"), ("metadata", "rest")) if one.get(key) != other.get(key)]
        if names:
            yield Finding(what, "changed", f"Its output {number} isn't as signed: {_named(names)}.")


def _unsaid(old: Json, new: Json) -> list[str]:
    """What differs between two cells and says nothing."""
    metadata = set(_differing(mapping(old.get("metadata")), mapping(new.get("metadata")))) - {"synthnb", "tags"}
    found = ["cell ids"] if old.get("id") != new.get("id") else []
    found += ["execution counts"] if old.get("count") != new.get("count") else []
    return found + (["cell metadata"] if metadata else [])


def _differing(old: Json, new: Json) -> list[str]:
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))


def _ledger(signed: Json, now: Json, path: Path) -> Iterator[Finding]:
    """A ledger grows: the lines that were signed must be its first."""
    from synthnb.disclosure.ledger import Ledger

    count = signed.get("lines")
    with Ledger(path) as ledger:
        first = ledger.entries()[: count if isinstance(count, int) else 0]
    if digest([entry.get("digest") for entry in first]) != signed.get("entries"):
        yield Finding("signed lines", "changed", f"The first {count} lines aren't those that were signed.")
    elif now["lines"] > len(first):
        yield Finding("signed lines", "ok", f"The {count} signed lines are there; {now['lines'] - len(first)} came since")
    else:
        yield Finding("signed content", "changed", _BESIDE)


def _files(signed: Json, now: Json, _: Path) -> Iterator[Finding]:
    before, after = mapping(signed.get("files")), mapping(now["files"])
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            how = "It isn't there any more." if name not in after else "It wasn't there." if name not in before else "It was changed."
            yield Finding(plain(name), "missing" if name not in after else "changed", f"{how} The archive's signature says so.")
    if before == after:
        yield Finding(
            "signed content",
            "changed",
            _BESIDE,
        )
