"""A crate in words, for somebody who has nothing else: who, what, how, from what, checked how, changed or not."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from synthnb.disclosure.crates.account import Account
from synthnb.disclosure.crates.answers import answers
from synthnb.disclosure.crates.following import METADATA_FOLLOW
from synthnb.disclosure.crates.parts import RECORD
from synthnb.disclosure.crates.zipping import open_zip
from synthnb.disclosure.reading import parse_json
from synthnb.disclosure.render import plain
from synthnb.errors import NotebookError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from synthnb.disclosure.verify.findings import Finding

__all__ = ["describe_crate"]

_LARGEST = 64 << 20
_MOST_VALUES = 3
_MOST_NAMED = 5
_WIDE = 100
_LONGEST = 220
_UNSIGNED = " No part of it is signed, so this doesn't show who made it: whoever rewrites every part leaves no trace."
_NOT_AS_PACKED = {"changed", "missing", "removed", "unreadable", "void"}


def describe_crate(path: str | Path, findings: Iterable[Finding] | None = None) -> str:
    """Return a crate's answers as lines of text; empty if it holds no record.

    Parameters
    ----------
    path : str or Path
        The crate.
    findings : iterable of Finding, optional
        What `verify_crate` found; it is asked if they are left out.

    Raises
    ------
    StorageError
        The file can't be read.
    """
    file = Path(path)
    record = _record(file)
    if record is None:
        return ""
    if findings is None:
        from synthnb.disclosure.crates.checking import verify_crate

        findings = verify_crate(file)
    account = Account(record)
    title = (account.said("name") or [file.name])[0]
    lines = [f"{plain(file.name)}: {plain(title)}"]
    for answer in answers(account):
        lines += ["", answer.question, *_shown(answer.lines)]
    return "\n".join([*lines, "", "Was it changed?", *_wrapped(_changed(list(findings)))])


def _record(file: Path) -> Mapping[str, object] | None:
    try:
        with open_zip(file) as opened:
            found = parse_json(opened.read(RECORD, most=_LARGEST)) if RECORD in opened.places else None
    except (NotebookError, ValueError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("entries"), list) else None


def _shown(lines: Iterable[tuple[str, str]]) -> list[str]:
    """Label and values; of many values the first, and how many more there are."""
    by_label: dict[str, list[str]] = {}
    for label, value in lines:
        by_label.setdefault(label, []).append(textwrap.shorten(plain(value), _LONGEST, placeholder=" …"))
    found = []
    for label, values in by_label.items():
        more = [f"and {len(values) - _MOST_VALUES} more in the record"] if len(values) > _MOST_VALUES else []
        found += _wrapped(f"{label}: {'; '.join([*values[:_MOST_VALUES], *more])}")
    return found


def _changed(findings: list[Finding]) -> str:
    wrong = [finding for finding in findings if finding.status in _NOT_AS_PACKED]
    if wrong:
        named = "; ".join(f"{finding.what} ({finding.status})" for finding in wrong[:_MOST_NAMED])
        more = f"; and {len(wrong) - _MOST_NAMED} more" if len(wrong) > _MOST_NAMED else ""
        return f"Yes, or it can't be told: {named}{more}."
    packed = " It was packed anew since." if any(finding.status == "reformatted" for finding in findings) else ""
    right = [finding.what for finding in findings if finding.ok and finding.what.rpartition(": ")[2] == "signature"]
    signed = sorted({what.rpartition(": ")[0] or "the crate as a whole" for what in right})
    whose = f" Signed: {', '.join(signed)}; whose keys these are has to be known from elsewhere." if signed else _UNSIGNED
    if any(finding.what == METADATA_FOLLOW and finding.status == "not looked at" for finding in findings):
        other = "another version of synthnb wrote the metadata, and they weren't compared with the record in full"
        return f"It can't be told in full: every file has the digest that the metadata give; {other}.{packed}{whose}"
    return f"No: every file has the digest it was packed with, and the parts fit together.{packed}{whose}"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDE, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
