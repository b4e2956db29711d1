"""What a check comes to: a line, an exit status, plain JSON.

JSON Schema of `Verification.to_dict`: ``schema/verification-1.json``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from synthnb.disclosure.verify.findings import Finding

__all__ = ["FAILING", "SCHEMA", "Outcome", "Verification"]

SCHEMA = "synthnb.verification/1"
"""The version of the JSON written here."""

Outcome = Literal["ok", "changed", "unreadable", "unsigned"]

FAILING = {"changed", "missing", "removed", "outdated", "void"}
"""Statuses of what differs from what the record or a signature says."""
_STATUS = {"ok": 0, "changed": 1, "unreadable": 2, "unsigned": 3}
_TOLD = {"stripped", "reformatted", "not looked at"}


@dataclass(frozen=True)
class Verification:
    """What was checked, and what it comes to."""

    path: str
    """The name of what was checked."""
    findings: tuple[Finding, ...]
    """One for each thing that was checked."""
    signed_files: frozenset[str]
    """The files of which a signature by a known key is right; a single file's name is empty."""
    required: bool = False
    """Whether a signature was asked for."""
    strict: bool = False
    """Whether what a formatter or a stripper did counts as changed, and so does what wasn't looked at."""
    by_strangers: frozenset[str] = frozenset()
    """The files of which a signature by a key that isn't known here is right."""

    @property
    def artefacts(self) -> dict[str, list[Finding]]:
        """The findings by file; a single file's name is empty."""
        by_file: dict[str, list[Finding]] = {}
        for finding in self.findings:
            by_file.setdefault(finding.artefact, []).append(finding)
        if len(by_file) > 1:
            by_file.pop("", None)
        return {name: found for name, found in by_file.items() if any(finding.status != "not looked at" for finding in found)}

    @property
    def signed(self) -> bool:
        """Whether everything that was checked is signed by keys that are known here."""
        return bool(self.signed_files) and self.artefacts.keys() <= self.signed_files

    @property
    def outcome(self) -> Outcome:
        """The worst of the findings: changed, then unreadable, then unsigned where a signature was asked for."""
        found = {finding.status for finding in self.findings}
        if found & FAILING or (self.strict and found & _TOLD):
            return "changed"
        if "unreadable" in found:
            return "unreadable"
        return "unsigned" if self.required and (not self.signed or "unsigned" in found) else "ok"

    @property
    def exit_status(self) -> int:
        """0 ok, 1 changed, missing, removed, outdated or void, 2 can't be read, 3 unsigned where a signature was asked for."""
        return _STATUS[self.outcome]

    @property
    def summary(self) -> str:
        """One line that says what it comes to."""
        counts = Counter(finding.status for finding in self.findings)
        listed = ", ".join(f"{counts[status]} {status}" for status in sorted(counts, key=lambda one: (one != "ok", one)))
        whole = f"{len(self.findings)} things checked: {listed}." if self.findings else "There was nothing to check."
        return f"{self.outcome.upper()}: {self.path}: {whole} {self._said()}".rstrip()

    def _said(self) -> str:
        """What the signatures come to."""
        files = self.artefacts.keys()
        some, others = len(self.signed_files & files), len((self.by_strangers - self.signed_files) & files)
        if self.signed:
            return _SIGNED if self.outcome == "ok" else ""
        if others and others == len(files):
            return _STRANGER
        more = f" {others} more are signed by a key that isn't known here." if others else ""
        return f"{some} of {len(files)} files are signed.{more}" if some or others else _UNSIGNED

    def annotations(self) -> list[str]:
        """A line for each finding that differs, as GitHub's workflow commands have it."""
        found = [finding for finding in self.findings if finding.status not in {"ok", "not looked at"}]
        return [_annotation(finding, self.path) for finding in found]

    def to_dict(self) -> dict[str, Any]:
        """The check as plain JSON types."""
        return {
            "schema": SCHEMA,
            "path": self.path,
            "outcome": self.outcome,
            "exit_status": self.exit_status,
            "signed": self.signed,
            "summary": self.summary,
            "artefacts": [
                {"name": name or self.path, "status": worst(found), "signed": name in self.signed_files}
                for name, found in self.artefacts.items()
            ],
            "findings": [finding.to_dict() for finding in self.findings],
        }


def worst(findings: list[Finding]) -> str:
    """The status that weighs most among some findings."""
    order = [*sorted(FAILING), "unreadable", "unsigned", "stripped", "reformatted", "ok", "not looked at"]
    return min((finding.status for finding in findings), key=order.index)


_SIGNED = "It is signed."
_STRANGER = "It is signed by a key that isn't known here, as anybody could."
_UNSIGNED = "It isn't signed: whoever rewrites every part leaves no trace."


def _annotation(finding: Finding, path: str) -> str:
    level = "error" if finding.status in FAILING else "warning"
    title = _escaped(f"{finding.status}: {finding.what}").replace(":", "%3A").replace(",", "%2C")
    place = _escaped(finding.artefact or path).replace(":", "%3A").replace(",", "%2C")
    return f"::{level} file={place},title={title}::{_escaped(finding.detail)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
