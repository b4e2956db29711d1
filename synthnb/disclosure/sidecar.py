"""Data files with their record: inside where the form has room for it, and beside them, in ``NAME.synthnb.json``.

===================  =====================================================================
``.csv .jsonl``      bytes of the table alone; the record is beside the file
``.parquet``         the record is in the file's key-value metadata too
``.arrow .feather``  the record is in the schema's metadata too
``.xlsx``            the record is in sheets of their own too, its digest in the properties
===================  =====================================================================

The record inside is the one before this export, since a file can't hold its own
digest; the one beside it ends in the export, with the file's SHA-256. Both lead to the same digest.
A file that lost its sidecar is still checked: the digest of its content, as `synthnb._blocks` defines it, is among
the facts that stand beside the record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from synthnb._blocks import SCHEME
from synthnb._canonical import digest_file
from synthnb._files import write_atomically
from synthnb._marks import CLAIM, COLUMN, WORDS, is_marked, marks_of, without_marks
from synthnb.disclosure._run_fields import digital_source_type
from synthnb.disclosure.entries import entry_for_export
from synthnb.disclosure.fields import catalogue
from synthnb.disclosure.folding import COLUMNS, JUDGING, MAKING, SAYING, Entry, in_order, is_readable, substance
from synthnb.disclosure.generations import descent
from synthnb.disclosure.reading import mapping, parse_json
from synthnb.disclosure.record import Record
from synthnb.errors import OptionError, StorageError, SynthnbError, shown

__all__ = [
    "OUTSIDE",
    "SUFFIX",
    "check_data",
    "content_of",
    "entries_about",
    "export_of",
    "read_data_facts",
    "read_data_record",
    "relative",
    "sidecar_of",
    "write_data",
    "write_sidecar",
]

OUTSIDE = "…/"
"""What a record puts before the name of a file outside the folder; where exactly it lies is nobody's business."""
SUFFIX = ".synthnb.json"
"""What is appended to a data file's name to name its sidecar."""
_RECORD, _FACTS, _DIGEST = "synthnb", "synthnb.data", "synthnb.digest"
"""The names under which a file keeps the record, the facts about its data, and the record's digest."""
_LONE = re.compile("[\ud800-\udfff]")


def sidecar_of(path: Path) -> Path:
    """Return where a data file's sidecar is."""
    return path.with_name(path.name + SUFFIX)


def relative(path: Path, folder: Path | None = None) -> str:
    """Return a path as the record has it: relative to a folder if it lies inside it, else ``…/NAME``.

    Parameters
    ----------
    path : Path
        A file.
    folder : Path, optional
        The notebook's folder, to which `synthnb.disclosure.verify` takes paths to be relative; the working folder by default.

    A link has its own name, since what stands beside it has too.
    """
    given, base = path.parent.resolve() / path.name, (folder or Path.cwd()).resolve()
    return given.relative_to(base).as_posix() if given.is_relative_to(base) else f"{OUTSIDE}{given.name}"


def entries_about(content: str, entries: Iterable[Entry], *, cut_from: str | None = None) -> list[Entry]:
    """Return the entries on which a frame's content rests: its runs, those that made what they learnt from, reports, and what persons said.

    Parameters
    ----------
    content : str
        The frame's digest.
    entries : iterable of entries
        Everything known.
    cut_from : str, optional
        The id of the run that made the rows, if the frame is only some of them.
    """
    known = in_order(entries)
    wanted: set[object] = {content}
    runs: set[object] = {cut_from}
    chain: list[Entry] = []
    before: set[object] = set()
    ancestors: list[Entry] = []
    for entry in reversed([entry for entry in known if entry["kind"] in MAKING]):
        detail = mapping(entry.get("detail"))
        found = detail.get("inputs")
        inputs = [mapping(table) for table in found] if isinstance(found, list) else []
        is_about = entry["id"] in runs or mapping(detail.get("output")).get("digest") in wanted
        is_part = is_about and entry["kind"] in (*COLUMNS, "mix")  # its rows are in the table; else they were only learnt from
        if is_about:
            chain.append(entry)
            wanted |= {mapping(detail.get("output")).get("digest")} | ({table.get("digest") for table in inputs} if is_part else set())
        elif entry["id"] in before:
            ancestors.append(entry)
        (runs if is_part else before).update(mapping(table.get("origin")).get("run") for table in inputs if is_about or entry in ancestors)
    kept = {entry["id"] for entry in (*chain, *ancestors)}

    def counts(entry: Entry) -> bool:
        judged = entry.get("content")
        return entry["kind"] in SAYING or entry["id"] in kept or (entry["kind"] in JUDGING and bool(chain) and judged in wanted)

    selected = [entry for entry in known if counts(entry)]
    # A sign-off is about the whole record: beside a part of it, it could only look void.
    return selected if substance(selected) == substance(known) else [entry for entry in selected if entry["kind"] != "sign-off"]


def write_data(
    frame: Any,
    path: Path,
    *,
    frame_name: str,
    entries: Iterable[Entry],
    also: Iterable[Entry] = (),
    cut_from: str | None = None,
    folder: Path | None = None,
    noted: Mapping[str, Any] | None = None,
) -> Entry:
    """Write a frame with its record, and return the export's entry.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        The table.
    path : Path
        A file that holds a table; the ending says in which form.
    frame_name : str
        What the user calls the frame.
    entries : iterable of entries
        Everything known; those on which the content rests go into the record.
    also : iterable of entries
        What goes into the record besides, such as overrides.
    cut_from : str, optional
        The id of the run that made the rows, where the frame isn't that run's output.
    folder : Path, optional
        The notebook's folder, to which the record's path is relative; the working folder by default.
    noted : mapping, optional
        What the export's entry notes besides, such as what the policy came to.

    Raises
    ------
    OptionError
        No run made the frame as it now is, or the ending isn't known.
    FrameError
        A column can't be written in this form.
    MissingExtraError
        The form needs a package that isn't installed.
    StorageError
        The disk is full, or the folder is missing or read-only.
    """
    from synthnb._tables import prepare_table

    known = list(entries)
    content = content_of(frame, known)
    about = [*entries_about(content, known, cut_from=cut_from), *also]
    runs = [entry for entry in about if entry["kind"] in MAKING]
    if not runs:
        raise OptionError(
            f"A frame as a run of this session made it was expected; {shown(frame_name)} isn't one, or has changed since.",
            fix="A record about it would not be true. Export what a run made, or rows cut from it.",
        )
    maker = _maker(runs, content, cut_from)
    as_made = maker["detail"]["output"].get("digest") == content
    ready = prepare_table(frame, path)
    record = Record.from_entries(about)
    facts = _facts(frame, maker, content) | ({"stored": ready.digest, "scheme": SCHEME} if ready.digest else {})
    shape = {"name": frame_name, "rows": len(frame), "columns": len(frame.columns), "as_made": as_made} | facts | dict(noted or {})
    shape |= {} if as_made else {"changed": _changed(frame, maker)}
    shape |= {"source_type": _composite(maker)} if facts.get("other_columns") else {}
    written: list[Entry] = []

    def about_file(temporary: Path) -> bytes:
        entry, whole = _beside_it(temporary, path, record, shape, folder)
        written.append(entry)
        return whole

    ready.write(path, metadata=_metadata(record, facts, frame_name), words=_words(record), beside=(sidecar_of(path), about_file))
    return written[0]


def content_of(frame: Any, entries: Iterable[Entry]) -> str:
    """The digest by which entries know a frame: with its marks of origin if it was mixed, else without them."""
    from synthnb._frames import frame_digest

    whole = frame_digest(frame)
    if not is_marked(frame) or any(mapping(mapping(entry.get("detail")).get("output")).get("digest") == whole for entry in entries):
        return whole
    return frame_digest(without_marks(frame))


def _maker(runs: list[Entry], content: str, cut_from: str | None) -> Entry:
    """The run that made what a frame is, or was cut from: the last whose output it is, else the one named, else the last."""
    made = [entry for entry in runs if mapping(entry["detail"].get("output")).get("digest") == content]
    return (made or [entry for entry in runs if entry["id"] == cut_from] or runs)[-1]


def _facts(frame: Any, maker: Entry, content: str) -> dict[str, Any]:
    """What a reader without synthnb's session needs to know of the rows."""
    depth, share = descent(maker["detail"] | {"kind": maker["kind"]})
    marked, other = is_marked(frame), _other_columns(_names(frame), maker)
    if marked and maker["kind"] == "mix":
        share = _share_of(marks_of(frame))
    found = {"content": content, "run": maker["id"], "depth": depth, "share": share, "marked": marked}
    return found | ({"other_columns": other} if other else {})


def _share_of(words: Sequence[object]) -> float:
    return sum(word in ("synthetic", "edited") for word in words) / max(len(words), 1)


def _names(frame: Any) -> list[str]:
    return list(map(str, getattr(frame, "column_names", None) or getattr(frame, "columns", [])))


def _other_columns(names: Iterable[str], maker: Entry) -> list[str]:
    """The columns that no run made."""
    made = mapping(mapping(maker.get("detail")).get("output")).get("columns")
    known = {str(name) for name in made} if isinstance(made, list) else set()
    return [name for name in names if name != COLUMN and name not in known]


def _composite(maker: Entry) -> str:
    """The IPTC term of a table with columns that a run made and others."""
    made = digital_source_type(maker["detail"] | {"kind": maker["kind"]})
    trained = made in ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia")
    return "compositeWithTrainedAlgorithmicMedia" if trained else "compositeSynthetic"


def _metadata(record: Record, facts: Mapping[str, Any], frame_name: str) -> dict[str, str]:
    """Texts that go into a file: the record, the facts about the data, and both once more where pandas looks for them."""
    told = {**facts, "name": _LONE.sub("�", frame_name), "record_digest": record.digest}
    return {
        _RECORD: json.dumps(record.to_dict(), separators=(",", ":")),
        _FACTS: json.dumps(told),
        _DIGEST: record.digest,
        "PANDAS_ATTRS": json.dumps({CLAIM: told}),
    }


def _words(record: Record) -> list[tuple[str, str]]:
    """The record for people who open a workbook: what the notebook's cell would show, line by line."""
    told = [
        (field.label, "; ".join(str(value["value"]) for value in record.fields[field.id]["values"]) or field.default)
        for field in catalogue().values()
        if field.cell and (field.required or record.fields[field.id]["values"])
    ]
    return [
        ("Synthetic data disclosure", ""),
        *told,
        ("Record", record.digest),
        ("The whole record", "JSON in the hidden sheet “Disclosure record”"),
    ]


def _changed(frame: Any, maker: Entry) -> str:
    """In which way a frame differs from what a run made, in a sentence."""
    output, added = maker["detail"]["output"], _other_columns(_names(frame), maker)
    other = f"; no run made its {'column' if len(added) == 1 else 'columns'} {', '.join(added)}" if added else ""
    return f"{len(frame):,} rows taken from “{output['name']}” ({maker['id']}){other}"


def write_sidecar(path: Path, entries: Iterable[Entry], detail: Mapping[str, Any], *, folder: Path | None = None) -> Entry:
    """Write the sidecar of a data file that exists, and return the export's entry.

    Parameters
    ----------
    path : Path
        The data file.
    entries : iterable of entries
        The record as it was before this export.
    detail : mapping
        What else to note, such as ``name``, ``rows`` and ``columns``.
    folder : Path, optional
        The notebook's folder, to which the record's path is relative; the working folder by default.
    """
    entry, whole = _beside_it(path, path, Record.from_entries(entries), detail, folder)
    write_atomically(sidecar_of(path), whole)
    return entry


def _beside_it(now: Path, path: Path, record: Record, detail: Mapping[str, Any], folder: Path | None) -> tuple[Entry, bytes]:
    """The export's entry and the sidecar of a file that is not in its place yet."""
    told = {"path": relative(path, folder), "sha256": digest_file(now), "bytes": now.stat().st_size, "record_digest": record.digest}
    entry = entry_for_export(told | {"sidecar": sidecar_of(path).name} | dict(detail))
    whole = Record.from_entries([*record.entries, entry]).to_dict()
    return entry, (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode()


def read_data_record(path: str | Path) -> Mapping[str, Any] | str:
    """Return the record of a data file as it was before this export, or in a sentence why there is none.

    The record inside the file counts; where there is no room for one, or none is, the one beside it. Whichever it
    is read from, its digest is the same.

    Raises
    ------
    StorageError
        The file beside it can't be read.
    """
    file = Path(path)
    inside = _inside(file)
    if isinstance(inside, str):
        return inside
    if _RECORD in inside:
        return _parsed(inside[_RECORD], f"The record in {file.name}")
    beside = _beside(file)
    if isinstance(beside, str):
        return beside
    entries = [entry for entry in beside["entries"] if is_readable(entry)]
    own = export_of(entries, file)
    if own is None:
        return f"{sidecar_of(file).name} says nothing about {file.name}."
    try:
        return Record.from_entries([entry for entry in entries if entry["id"] != own["id"]]).to_dict()
    except SynthnbError as error:
        return f"{sidecar_of(file).name} can't be read as a record: {error.message}"


def read_data_facts(path: str | Path) -> Mapping[str, Any] | str:
    """Return what a data file says of its rows, or in a sentence why it says nothing.

    Returns
    -------
    mapping
        ``run`` (id) and ``name`` of what made them, ``depth``, ``share``, ``marked``, ``content``, ``record_digest``; ``stored``, the
        digest of the content, where the file has room for it; ``sha256`` where the facts come from beside it.
    """
    file = Path(path)
    inside = _inside(file)
    if isinstance(inside, str):
        return inside
    if _FACTS in inside:
        return _parsed(inside[_FACTS], f"What {file.name} says of its data")
    beside = _beside(file)
    if isinstance(beside, str):
        return beside
    own = export_of([entry for entry in beside["entries"] if is_readable(entry)], file)
    return mapping(own.get("detail")) if own else f"{sidecar_of(file).name} says nothing about {file.name}."


def _inside(file: Path) -> dict[str, str] | str:
    """The texts that a file holds; none for a form that has no room for any."""
    from synthnb._tables import kept_text

    try:
        return kept_text(file)
    except SynthnbError as error:
        return str(error)


def _beside(file: Path) -> dict[str, Any] | str:
    """The record beside a file."""
    beside = sidecar_of(file)
    if not beside.is_file():
        return f"{file.name} holds no record, and there is no {beside.name} beside it."
    try:
        found = _parsed(beside.read_bytes(), beside.name)
    except OSError as error:
        raise StorageError(f"{beside.name} can't be read: {error.strerror or error}.", fix="Check who may read it.") from error
    if isinstance(found, str) or not isinstance(found.get("entries"), list):
        return found if isinstance(found, str) else f"{beside.name} holds no record."
    return dict(found)


def _parsed(text: str | bytes, what: str) -> Mapping[str, Any] | str:
    try:
        found = parse_json(text)
    except ValueError as error:
        return f"{what} can't be read as JSON: {error}."
    return found if isinstance(found, dict) else f"{what} isn't an object of JSON."


def export_of(entries: Iterable[Entry], file: Path) -> Entry | None:
    """Return the last export of a file of this name; where there is none, of one with these bytes, as after both were renamed."""
    exports = [(entry, mapping(entry.get("detail"))) for entry in entries if entry["kind"] == "export"]
    named = [entry for entry, detail in exports if Path(str(detail.get("path"))).name == file.name]
    if named or not exports or not file.is_file():
        return named[-1] if named else None
    actual = digest_file(file)
    return next((entry for entry, detail in reversed(exports) if detail.get("sha256") == actual), None)


def check_data(path: str | Path) -> list[tuple[str, str, str]]:
    """Return what was checked of a data file that holds its record, as ``(what, status, detail)``.

    The content is digested anew, a part at a time, and compared with what stands beside the record; the record inside is
    compared with the one beside the file, if there is one. Nothing is returned for a form that has no room for a record.
    """
    from synthnb._tables import stored_digest

    file = Path(path)
    inside = _inside(file)
    if isinstance(inside, str):
        return [("data", "unreadable", inside)]
    if _FACTS not in inside:
        return [("data", "missing", f"{file.name} holds no record any more.")] if _had_facts(file) else []
    facts, record = _parsed(inside[_FACTS], "What it says of its data"), _parsed(inside.get(_RECORD, ""), "The record in it")
    if isinstance(facts, str) or isinstance(record, str):
        return [("data", "unreadable", str(facts if isinstance(facts, str) else record))]
    try:
        actual = stored_digest(file)
    except SynthnbError as error:
        return [("data", "unreadable", error.message)]
    return [
        _compared("data", actual, facts.get("stored")),
        *_digests(file, record, facts, inside),
        _told(file, record, facts, inside),
        *_sheet(file, record),
    ]


def _sheet(file: Path, record: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Whether the sheet that people read in a workbook says what the record does; labels that this version doesn't know are passed over."""
    from synthnb._excel import EXCEL, cut, read_excel_words

    if file.suffix.lower() not in EXCEL:
        return []
    said = read_excel_words(file)
    if said is None:
        return [("sheet", "removed", "The sheet “Disclosure” isn't there.")]
    try:
        wanted = dict(_words(Record.from_dict(record)))
    except SynthnbError as error:
        return [("sheet", "unreadable", error.message)]
    lines = dict(said)
    wrong = [label for label, text in lines.items() if label in wanted and text != cut(wanted[label])]
    if wrong or lines.get("Record") != record.get("digest"):
        return [("sheet", "changed", f"The sheet “Disclosure” says what the record doesn't: {', '.join(wrong[:4]) or 'another digest'}.")]
    return [("sheet", "ok", "The sheet “Disclosure” says what the record does")]


def _had_facts(file: Path) -> bool:
    """Whether the record beside a file says that the file held one."""
    facts = read_data_facts(file)
    return isinstance(facts, Mapping) and "stored" in facts


def _digests(file: Path, record: Mapping[str, Any], facts: Mapping[str, Any], inside: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Whether the record's digest is the same in all the places that have it."""
    said = str(record.get("digest"))
    others = {"the facts": facts.get("record_digest"), "the properties": inside.get(_DIGEST)}
    beside = _beside(file)
    own = None if isinstance(beside, str) else export_of([entry for entry in beside["entries"] if is_readable(entry)], file)
    others |= {sidecar_of(file).name: mapping(own.get("detail")).get("record_digest")} if own else {}
    wrong = [f"{place} have {shown(other)}" for place, other in others.items() if other is not None and other != said]
    detail = f"The record inside has the digest {said}; {'; '.join(wrong)}." if wrong else said
    return [("record inside", "changed" if wrong else "ok", detail)]


def _told(file: Path, record: Mapping[str, Any], facts: Mapping[str, Any], inside: Mapping[str, str]) -> tuple[str, str, str]:
    """Whether what a file says of its rows is what its record, its columns and the file beside it say."""
    listed = record.get("entries")
    entries = [entry for entry in listed if is_readable(entry)] if isinstance(listed, list) else []
    maker = next((entry for entry in entries if entry["kind"] in MAKING and entry["id"] == facts.get("run")), None)
    if maker is None:
        return "facts", "changed", f"It says that {shown(facts.get('run'))} made its rows, which isn't in its record."
    wanted = _expected(file, maker) | _said_beside(file)
    wrong = [f"{name} is {shown(facts.get(name))}, not {shown(value)}" for name, value in wanted.items() if facts.get(name) != value]
    wrong += [f"{name} for pandas is {shown(value)}" for name, value in _claimed(inside).items() if facts.get(name) != value]
    if wrong:
        return "facts", "changed", f"What it says of its rows isn't what its record says: {'; '.join(wrong[:6])}."
    return "facts", "ok", "What it says of its rows is what its record says"


def _expected(file: Path, maker: Entry) -> dict[str, Any]:
    """The facts as they follow from the run and the file's columns."""
    from synthnb._tables import stored_column, stored_names

    names = stored_names(file)
    depth, share = descent({**mapping(maker.get("detail")), "kind": maker["kind"]})
    words = stored_column(file, COLUMN) if names.count(COLUMN) == 1 else []
    marked = bool(words) and {word for word in words if word is not None} <= set(WORDS)
    if marked and maker["kind"] == "mix":
        share = _share_of(words)
    other = {"other_columns": _other_columns(names, maker) or None}
    return {"depth": depth, "share": share, "marked": marked, "scheme": SCHEME} | (other if marked or COLUMN not in names else {})


def _said_beside(file: Path) -> dict[str, Any]:
    """The facts as the record beside a file has them, where there is one."""
    beside = _beside(file)
    own = None if isinstance(beside, str) else export_of([entry for entry in beside["entries"] if is_readable(entry)], file)
    detail = mapping(own.get("detail")) if own else {}
    return {name: detail[name] for name in ("content", "name") if name in detail}


def _claimed(inside: Mapping[str, str]) -> Mapping[str, Any]:
    """What pandas is told of the rows, where it is told anything."""
    attrs = _parsed(inside.get("PANDAS_ATTRS", "{}"), "")
    return mapping(attrs.get(CLAIM)) if isinstance(attrs, Mapping) else {CLAIM: attrs}


def _compared(what: str, actual: str, wanted: object) -> tuple[str, str, str]:
    if actual == wanted:
        return what, "ok", actual
    return what, "changed", f"Its content was changed after the export: its digest is {actual}, not {shown(wanted)}."
