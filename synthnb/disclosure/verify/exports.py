"""An exported document: the record it carries, and whether its readers see it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from synthnb.disclosure.embedded import Embedded, read_embedded, unseen
from synthnb.disclosure.render import plain
from synthnb.disclosure.verify.findings import Finding
from synthnb.disclosure.verify.notebooks import moment
from synthnb.disclosure.verify.records import check_record
from synthnb.disclosure.verify.sign_offs import check_sign_offs

__all__ = ["verify_export"]


def verify_export(path: str | Path) -> list[Finding]:
    """Check the record that an exported document carries, and that its readers see the disclosure it gives.

    What else the file says to its readers isn't compared with the record.
    """
    embedded = read_embedded(path)
    if isinstance(embedded, str):
        return [Finding("record", "unreadable" if "read" in embedded else "missing", embedded)]
    return [*check_record(embedded.record), *check_sign_offs(embedded.record), _check_visible(embedded)]


def _check_visible(embedded: Embedded) -> Finding:
    """Whether readers see what the record says."""
    said, out = str(embedded.record.get("digest")), embedded.record.get("opt_out")
    if isinstance(out, Mapping):
        return Finding("text", "removed", f"The disclosure isn't shown: its cell was deleted, as noticed at {moment(out)}.")
    hidden = unseen(embedded)
    if said in hidden:
        return Finding(
            "text", "changed", f"Readers don't see the digest {plain(said)}: the disclosure was removed, is hidden or is of another one."
        )
    if hidden:
        return Finding("text", "changed", f"Readers don't see {len(hidden)} parts as the record has them, first: {plain(hidden[0])[:120]}")
    return Finding(
        "text",
        "ok",
        "The text holds the disclosure as the record has it, in no element that hides it; style sheets and other text aren't looked at",
    )
