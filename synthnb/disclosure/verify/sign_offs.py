"""Reviewers' sign-offs: whether the record is still the one they saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from synthnb.disclosure.folding import in_order, substance, void
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import plain
from synthnb.disclosure.verify.findings import Finding
from synthnb.disclosure.verify.records import readable_entries

__all__ = ["check_sign_offs"]


def check_sign_offs(own: Mapping[str, Any]) -> Iterator[Finding]:
    """Say of each reviewer's last sign-off whether the whole record is as it was reviewed, but for exports.

    It takes a notebook's whole record: a data file's holds only what its rows rest on.
    """
    entries = readable_entries(own)
    latest = {entry["slot"]: entry for entry in in_order(entries) if entry["kind"] == "sign-off"}
    if not latest:
        return
    now, past = substance(entries), void(entries)
    for entry in latest.values():
        detail = mapping(entry.get("detail"))
        what = f"sign-off of {plain(str(detail.get('reviewer')))[:80]}"
        if entry["id"] in past or detail.get("substance") != now:
            yield Finding(what, "void", f"The record was changed after it, of {entry['created'][:10]}. It has to be reviewed again.")
        else:
            yield Finding(what, "ok", f"The record is as it was on {entry['created'][:10]}. That this person reviewed it is what it says")
