"""A notebook: record, cell and outputs against each other, and the files it says it exported."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from synthnb.disclosure.files import read_notebook
from synthnb.disclosure.folding import current, same
from synthnb.disclosure.migrating import first_block
from synthnb.disclosure.notebook import blocks_of, content_digest, entries_of, is_disclosure, is_newer, shown_of, source_of
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import plain, render_block
from synthnb.disclosure.verify.code import check_code
from synthnb.disclosure.verify.findings import Finding
from synthnb.disclosure.verify.ledgers import check_ledger_beside
from synthnb.disclosure.verify.named import check_file
from synthnb.disclosure.verify.records import MOST_LINES, check_record, readable_entries
from synthnb.disclosure.verify.sign_offs import check_sign_offs
from synthnb.errors import shown

__all__ = ["moment", "verify_notebook"]


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
        return [_no_record(file.name, bool(carried), own, any(is_disclosure(cell) for cell in cells))]
    if is_newer(own):
        return list(check_record(own))
    entries = readable_entries(own)
    return [
        *check_record(own),
        *_check_outputs(cells, carried, entries),
        *_check_shown(cells),
        *check_code(cells),
        *_check_cell(cells, own),
        *check_sign_offs(own),
        *_check_exports(entries, file.parent),
        *_check_reports(entries),
        *check_ledger_beside(entries, file.parent, file.name),
    ]


def _no_record(name: str, carried: bool, own: object, has_cell: bool) -> Finding:
    if carried:
        return Finding("record", "missing", f"Outputs carry entries, but the metadata hold no record. Run: synthnb disclose {name}")
    if own:
        return Finding("record", "unreadable", "The metadata's synthnb holds no entries. Restore the notebook, or run the verbs again.")
    if has_cell:
        return Finding("record", "missing", "The disclosure cell is there, but the metadata hold no record, as jupytext leaves them.")
    return Finding("record", "missing", "There is none: nothing here was made with synthnb, or its record was removed.")


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
        when = f"it was deleted, as noticed at {moment(out)}" if isinstance(out, Mapping) else "it isn't there"
        yield Finding("cell", "removed", f"The disclosure cell is missing: {when}. Run: synthnb disclose --restore")
        return
    if len(found) > 1:
        yield Finding("cell", "changed", f"{len(found)} disclosure cells where one was expected. Run: synthnb disclose")
    index, source = found[0]
    block, blocks = render_block(own), blocks_of(source)
    if blocks == [block]:
        yield Finding("cell", "ok", f"Cell {index + 1} shows the record")
    elif blocks == [first_block(own)]:
        yield Finding("cell", "ok", f"Cell {index + 1} shows the record as earlier versions wrote it. To renew it run: synthnb disclose")
    else:
        yield Finding("cell", "changed", f"Cell {index + 1}: {_drift(blocks, block)} Run: synthnb disclose")


def moment(out: Mapping[str, Any]) -> str:
    """When a deletion was noticed, as a record says."""
    return plain(str(out.get("at")))[:40]


def _drift(blocks: list[str], block: str) -> str:
    if len(blocks) != 1:
        return f"{len(blocks)} blocks between markers where one was expected."
    lines, wanted = blocks[0].split("\n"), block.split("\n")
    steps = [step for step in difflib.SequenceMatcher(None, wanted, lines, autojunk=False).get_opcodes() if step[0] != "equal"]
    parts = [_step(lines[low:high], wanted[start:end], low) for _, start, end, low, high in steps[:MOST_LINES]]
    more = f"; and {len(steps) - MOST_LINES} more places" if len(steps) > MOST_LINES else ""
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
            yield check_file(folder, detail["path"], str(detail.get("sha256")))


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
