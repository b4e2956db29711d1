"""What checking finds: one line for each thing looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Literal

from synthnb.disclosure.render import plain

__all__ = ["Finding", "Status", "all_ok", "cant_be_read"]

Status = Literal[
    "ok",
    "changed",
    "missing",
    "removed",
    "outdated",
    "unreadable",
    "not looked at",
    "unsigned",
    "void",
    "reformatted",
    "stripped",
]


@dataclass(frozen=True)
class Finding:
    """One thing that was checked."""

    what: str
    """What was looked at."""
    status: Status
    """``ok``, in which way it differs, or ``not looked at``."""
    detail: str
    """What was expected, what is there, and what to do."""
    artefact: str = ""
    """The file it is about, where several were checked."""

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return self.status == "ok"

    def to_dict(self) -> dict[str, str]:
        """The finding as plain JSON types."""
        return {name: part for name, part in asdict(self).items() if part or name != "artefact"}

    def of(self, artefact: str) -> Finding:
        """The same finding, about a file among several."""
        return replace(self, artefact=f"{artefact}/{self.artefact}" if self.artefact else artefact)


def all_ok(findings: Iterable[Finding]) -> bool:
    """Whether nothing differs anywhere."""
    return all(finding.ok for finding in findings)


def cant_be_read(what: str, error: Exception) -> Finding:
    """The finding about something that the system doesn't let be read."""
    return Finding(what, "unreadable", f"It can't be read: {plain(getattr(error, 'strerror', None) or str(error))}.")
