"""Recompute every digest, and name what differs between cell, metadata, outputs, ledger and files.

What is checked here shows that the parts still fit together. It doesn't show
who wrote them: records aren't signed, and whoever rewrites every part leaves no trace.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from synthnb._canonical import digest, digest_file
from synthnb.disclosure.embedded import Embedded, from_html, from_markdown, visible_text
from synthnb.disclosure.files import read_notebook
from synthnb.disclosure.folding import current, digest_is_right, fold, is_readable, same
from synthnb.disclosure.notebook import blocks_of, content_digest, entries_of, is_disclosure, is_newer, shown_of, source_of
from synthnb.disclosure.page import page_part
from synthnb.disclosure.reading import mapping, parse_json
from synthnb.disclosure.record import problems
from synthnb.disclosure.render import plain, render_block, shown_values
from synthnb.disclosure.sidecar import OUTSIDE, SUFFIX, sidecar_of
from synthnb.errors import NotebookError, StorageError, shown

__all__ = ["Finding", "all_ok", "verify_export", "verify_notebook", "verify_path", "verify_table"]

Status = Literal["ok", "changed", "missing", "removed", "outdated", "unreadable", "not looked at"]
_MOST_LINES = 4


@dataclass(frozen=True)
class Finding:
    """One thing that was checked."""

    what: str
    """What was looked at."""
    status: Status
    """``ok``, in which way it differs, or ``not looked at``."""
    detail: str
    """What was expected, what is there, and what to do."""

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return self.status == "ok"

    def to_dict(self) -> dict[str, str]:
        """The finding as plain JSON types."""
        return asdict(self)


def all_ok(findings: list[Finding]) -> bool:
    """Whether nothing differs anywhere."""
    return all(finding.ok for finding in findings)


def verify_path(path: str | Path) -> list[Finding]:
    """Verify a notebook, an export, a data file with its sidecar, or a sidecar: by the file's ending.

    Raises
    ------
    NotebookError
        It doesn't exist or isn't what its ending says.
    StorageError
        It can't be read.
    """
    file = Path(path)
    if not file.is_file():
        raise NotebookError(f"There is no file at {shown(file.name)}.", fix="Correct the path.")
    if file.name.endswith(SUFFIX) and file.name != SUFFIX:
        return verify_table(file.with_name(file.name.removesuffix(SUFFIX)))
    if file.suffix.lower() == ".ipynb":
        return verify_notebook(file)
    return verify_export(file) if file.suffix.lower() in {".html", ".htm", ".md"} else verify_table(file)


def verify_notebook(path: str | Path) -> list[Finding]:
    """Check a notebook's record, cell and outputs against each other, and the files it says it exported.

    Returns
    -------
    list of Finding
        One for each thing checked; what is fine is said too.
    """
    file = Path(path)
    notebook = read_notebook(file)
    own, cells = notebook["metadata"].get("synthnb"), notebook["cells"]
    carried = [entry for cell in cells for entry in entries_of(cell)[0]]
    if not isinstance(own, Mapping) or not own.get("entries"):
        return [_no_record(file.name, bool(carried), own)]
    if is_newer(own):
        return list(_check_record(own))
    entries = _readable(own)
    return [
        *_check_record(own),
        *_check_outputs(cells, carried, entries),
        *_check_shown(cells),
        *_check_cell(cells, own),
        *_check_exports(entries, file.parent),
        *_check_reports(entries),
        *_check_ledger(entries, file.parent),
    ]


def _no_record(name: str, carried: bool, own: object) -> Finding:
    if carried:
        return Finding("record", "missing", f"Outputs carry entries, but the metadata hold no record. Run: synthnb disclose {name}")
    if own:
        return Finding("record", "unreadable", "The metadata's synthnb holds no entries. Restore the notebook, or run the verbs again.")
    return Finding("record", "missing", "There is none: nothing here was made with synthnb, or its record was removed.")


def _check_record(own: Mapping[str, Any]) -> Iterator[Finding]:
    """The record in itself: schema, entries' digests, its digest, its fields."""
    if is_newer(own):
        yield Finding("record", "unreadable", f"It has {own['schema']}, of a later version of synthnb. Update synthnb.")
        return
    broken = problems(own)
    if broken:
        yield Finding("schema", "unreadable", f"{len(broken)} problems: {'; '.join(broken[:_MOST_LINES])}.")
    items, entries = _listed(own, "entries"), _readable(own)
    aside = len(items) - len(entries) + len(_listed(own, "unreadable"))
    if aside:
        yield Finding("entries", "unreadable", f"{aside} can't be read and don't count.")
    wrong = [entry["id"] for entry in entries if not digest_is_right(entry)]
    yield from (Finding(f"entry {name}", "changed", "It was changed after it was made: its digest doesn't match.") for name in wrong)
    if not wrong:
        yield Finding("entries", "ok", f"{len(entries)} with the right digest")
    yield _check_digest(own)
    if len(entries) == len(items):
        yield _check_fields(own, fold(entries))


def _listed(own: Mapping[str, Any], key: str) -> list[Any]:
    """A list as it is, nothing as an empty one, anything else as the only item."""
    found = own.get(key)
    return found if isinstance(found, list) else [] if found is None else [found]


def _readable(own: Mapping[str, Any]) -> list[dict[str, Any]]:
    entries = own.get("entries")
    return [entry for entry in entries if is_readable(entry)] if isinstance(entries, list) else []


def _check_digest(own: Mapping[str, Any]) -> Finding:
    try:
        actual = digest({key: own.get(key) for key in ("schema", "entries", "fields")})
    except (ValueError, TypeError) as error:
        return Finding("record", "unreadable", f"It has no canonical form: {error}.")
    if actual != own.get("digest"):
        return Finding("record", "changed", f"Its digest is {actual}; it says {shown(own.get('digest'))}.")
    return Finding("record", "ok", actual)


def _check_fields(own: Mapping[str, Any], folded: Mapping[str, Any]) -> Finding:
    given = own.get("fields")
    differing = [name for name, field in folded.items() if not isinstance(given, Mapping) or not same(given.get(name), field)]
    if differing:
        return Finding("fields", "changed", f"They don't follow from the entries: {', '.join(differing)}. Run: synthnb disclose")
    return Finding("fields", "ok", "They follow from the entries")


def _check_outputs(cells: list[object], carried: list[dict[str, Any]], entries: list[dict[str, Any]]) -> Iterator[Finding]:
    known = {entry["id"]: entry for entry in entries}
    unreadable = sum(entries_of(cell)[1] for cell in cells)
    if unreadable:
        yield Finding("outputs", "unreadable", f"{unreadable} records or entries in outputs can't be read.")
    different = [entry["id"] for entry in carried if entry["id"] in known and not same(known[entry["id"]], entry)]
    new = [entry["id"] for entry in carried if entry["id"] not in known]
    for name in dict.fromkeys(different):
        yield Finding(f"output of {name}", "changed", "The entry in the output isn't the one in the metadata.")
    for name in dict.fromkeys(new):
        yield Finding(f"output of {name}", "outdated", "Its entry isn't in the metadata yet. Run: synthnb disclose")
    if not different and not new and not unreadable:
        shown_here = len({entry["id"] for entry in carried})
        gone = len(entries) - shown_here
        yield Finding("outputs", "ok", f"{shown_here} entries as in the metadata{f'; {gone} without an output' if gone else ''}")


def _check_shown(cells: list[object]) -> Iterator[Finding]:
    """Whether what outputs show is what they showed when they were made."""
    checked, changed = 0, 0
    for index, cell in enumerate(cells):
        for bundle, shown_then in shown_of(cell):
            wrong = [kind for kind, wanted in shown_then.items() if kind in bundle and content_digest(bundle[kind]) != wanted]
            checked, changed = checked + 1, changed + bool(wrong)
            if wrong:
                yield Finding(f"output of cell {index + 1}", "changed", f"Its {', '.join(wrong)} isn't what was shown when the cell ran.")
    if checked and not changed:
        yield Finding("shown", "ok", f"{checked} outputs show what they showed when they were made")


def _check_cell(cells: list[object], own: Mapping[str, Any]) -> Iterator[Finding]:
    found = [(index, source_of(cell)) for index, cell in enumerate(cells) if isinstance(cell, Mapping) and is_disclosure(cell)]
    if not found:
        out = own.get("opt_out")
        when = f"it was deleted, as noticed at {_moment(out)}" if isinstance(out, Mapping) else "it isn't there"
        yield Finding("cell", "removed", f"The disclosure cell is missing: {when}. Run: synthnb disclose --restore")
        return
    if len(found) > 1:
        yield Finding("cell", "changed", f"{len(found)} disclosure cells where one was expected. Run: synthnb disclose")
    index, source = found[0]
    block, blocks = render_block(own), blocks_of(source)
    if blocks == [block]:
        yield Finding("cell", "ok", f"Cell {index + 1} shows the record")
    else:
        yield Finding("cell", "changed", f"Cell {index + 1}: {_drift(blocks, block)} Run: synthnb disclose")


def _moment(out: Mapping[str, Any]) -> str:
    return plain(str(out.get("at")))[:40]


def _drift(blocks: list[str], block: str) -> str:
    if len(blocks) != 1:
        return f"{len(blocks)} blocks between markers where one was expected."
    lines, wanted = blocks[0].split("\n"), block.split("\n")
    steps = [step for step in difflib.SequenceMatcher(None, wanted, lines, autojunk=False).get_opcodes() if step[0] != "equal"]
    parts = [_step(lines[low:high], wanted[start:end], low) for _, start, end, low, high in steps[:_MOST_LINES]]
    more = f"; and {len(steps) - _MOST_LINES} more places" if len(steps) > _MOST_LINES else ""
    return f"{'; '.join(parts)}{more}."


def _step(there: list[str], wanted: list[str], at: int) -> str:
    place = f"line {at + 1}" if len(there) < 2 else f"lines {at + 1} to {at + len(there)}"
    if not there:
        return f"before line {at + 1}, {len(wanted)} missing, such as {shown(wanted[0])}"
    return f"{place} of the block say{'s'[: len(there) < 2]} {shown(there[0])} instead of {shown(wanted[0]) if wanted else 'nothing'}"


def _check_exports(entries: list[dict[str, Any]], folder: Path) -> Iterator[Finding]:
    for entry in current(entries):
        detail = entry.get("detail", {})
        if entry["kind"] == "export" and isinstance(detail.get("path"), str):
            yield _check_file(folder, detail["path"], str(detail.get("sha256")))


def _check_file(folder: Path, name: str, wanted: str) -> Finding:
    """A file that a record names; whoever wrote the record may want others read."""
    what, file = plain(name), folder / name
    try:
        if name.startswith(OUTSIDE) or not file.resolve().is_relative_to(folder.resolve()):
            return Finding(what, "not looked at", "It lies outside the notebook's folder.")
    except (OSError, ValueError, RuntimeError) as error:  # a name that no file can have, or links in a circle
        return _unreadable(what, error)
    return _compare(file, what, wanted)


def _compare(file: Path, what: str, wanted: str) -> Finding:
    try:
        if not file.is_file():
            return Finding(what, "missing", "It isn't there: it was moved or deleted, or written in another working folder.")
        actual = digest_file(file)
    except (OSError, ValueError) as error:
        return _unreadable(what, error)
    if actual != wanted:
        return Finding(what, "changed", f"It was changed after the export: its digest is {actual}, not {plain(wanted)}.")
    return Finding(what, "ok", actual)


def _unreadable(what: str, error: Exception) -> Finding:
    return Finding(what, "unreadable", f"It can't be read: {plain(getattr(error, 'strerror', None) or str(error))}.")


def _check_reports(entries: list[dict[str, Any]]) -> Iterator[Finding]:
    """Whether each report is about the latest version of its data."""
    latest: dict[str, str] = {}
    counting = current(entries)
    for entry in counting:
        output = mapping(entry.get("detail", {}).get("output"))
        if isinstance(output.get("name"), str):
            latest[output["name"]] = str(output.get("digest"))
    for entry in counting:
        data = mapping(entry.get("detail", {}).get("synthetic")) if entry["kind"] == "evaluate" else {}
        name, version = data.get("name"), str(data.get("digest"))
        if isinstance(name, str) and latest.get(name, version) != version:
            yield Finding(f"report {entry['id']}", "outdated", f"It is about another version of {shown(name)}. Evaluate it again.")


def _check_ledger(entries: list[dict[str, Any]], folder: Path) -> Iterator[Finding]:
    from synthnb.config import get_config
    from synthnb.disclosure.ledger import Ledger

    path = folder / get_config().ledger
    if get_config().ledger == "off" or not path.is_file():
        return
    try:
        with Ledger(path) as ledger:
            broken, lines = ledger.verify(), {entry["id"]: entry for entry in ledger.entries()}
    except (StorageError, ValueError) as error:
        yield Finding("ledger", "unreadable", str(error))
        return
    differing = [entry["id"] for entry in entries if entry["id"] in lines and not same(lines[entry["id"]], entry)]
    if broken or differing:
        said = [*broken, *(f"{name} is another entry there." for name in differing)]
        yield Finding("ledger", "changed", " ".join(said[:_MOST_LINES]))
    else:
        there = sum(entry["id"] in lines for entry in entries)
        yield Finding("ledger", "ok", f"{len(lines)} lines in an unbroken chain, {there} of {len(entries)} entries among them")


def verify_export(path: str | Path) -> list[Finding]:
    """Check the record that an exported ``.html`` or ``.md`` file carries, and that its readers see the disclosure it gives.

    What else the file says to its readers isn't compared with the record.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        return [Finding("record", "unreadable", f"{file.name} isn't UTF-8 text: {error.reason}.")]
    except OSError as error:
        raise StorageError(f"{file.name} can't be read: {error.strerror or error}.", fix="Check who may read it.") from error
    embedded = from_markdown(text) if file.suffix.lower() == ".md" else from_html(text)
    if isinstance(embedded, str):
        return [Finding("record", "unreadable" if "read" in embedded else "missing", embedded)]
    return [*_check_record(embedded.record), _check_visible(embedded, markdown=file.suffix.lower() == ".md")]


def _check_visible(embedded: Embedded, *, markdown: bool) -> Finding:
    """Whether readers see what the record says: the block whole in Markdown, in HTML each value of the cell and the record's page part."""
    said, out = str(embedded.record.get("digest")), embedded.record.get("opt_out")
    if isinstance(out, Mapping):
        return Finding("text", "removed", f"The disclosure isn't shown: its cell was deleted, as noticed at {_moment(out)}.")
    if said not in embedded.visible:
        return Finding("text", "changed", f"Readers don't see the digest {plain(said)}: the disclosure was removed or is of another one.")
    text = _spaced(embedded.visible)
    if markdown:
        unseen = [line for line in render_block(embedded.record).split("\n") if _spaced(line) not in text and not line.startswith("<!--")]
    else:
        part = _spaced(visible_text(page_part(embedded.record)))
        rest = text.replace(part, " ")
        unseen = [value for value in shown_values(embedded.record) if _spaced(value) not in rest] if part in text else ["the whole record"]
    if unseen:
        return Finding("text", "changed", f"Readers don't see {len(unseen)} parts as the record has them, first: {plain(unseen[0])[:120]}")
    return Finding("text", "ok", "Readers see the disclosure as the record has it; other text isn't compared")


def _spaced(text: str) -> str:
    return " ".join(text.split())


def verify_table(path: str | Path) -> list[Finding]:
    """Check a data file against the sidecar beside it, and the sidecar's record."""
    file = Path(path)
    beside = sidecar_of(file)
    if not beside.is_file():
        return [Finding(file.name, "missing", f"There is no sidecar {beside.name}, so nothing is known about this file.")]
    try:
        record = parse_json(beside.read_bytes())
    except OSError as error:
        raise StorageError(f"{beside.name} can't be read: {error.strerror or error}.", fix="Check who may read it.") from error
    except ValueError as error:
        return [Finding(beside.name, "unreadable", f"It can't be read as JSON: {error}.")]
    if not isinstance(record, dict) or not isinstance(record.get("entries"), list):
        return [Finding(beside.name, "unreadable", "It holds no record.")]
    exports = [entry.get("detail", {}) for entry in _readable(record) if entry["kind"] == "export"]
    named = [detail for detail in exports if Path(str(detail.get("path"))).name == file.name]
    if not named:
        return [*_check_record(record), Finding(file.name, "missing", f"The sidecar says nothing about {file.name}.")]
    return [*_check_record(record), _compare(file, file.name, str(named[-1].get("sha256")))]
