"""What became of one rule of a policy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["Ruling", "Status", "worst"]

Status = Literal["ok", "violated", "not decidable"]
_WORSE: dict[Status, int] = {"ok": 0, "not decidable": 1, "violated": 2}


@dataclass(frozen=True)
class Ruling:
    """One rule, held against what was done or is about to be."""

    rule: str
    """The rule, named as it stands in the policy, such as ``engines.allowed``."""
    status: Status
    """``ok``, ``violated`` or ``not decidable``."""
    said: str
    """What was asked and what came, as a sentence without its full stop."""
    fix: str = ""
    """What to do, as a sentence."""
    place: str = ""
    """Where the rule stands: file and line."""
    locked: bool = False
    """It can't be gone past, whatever the reason."""
    release: bool = False
    """It holds for a release class only, where nothing may be left undecided."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)

    @property
    def blocks(self) -> bool:
        """Whether an export has to wait for it."""
        return self.status == "violated" or (self.release and self.status == "not decidable")


def worst(rulings: Iterable[Ruling]) -> Status:
    """Return the worst of some statuses; ``ok`` of none."""
    return max((ruling.status for ruling in rulings), key=_WORSE.__getitem__, default="ok")
