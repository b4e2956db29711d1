"""How many cores this process can count on: those it is allowed, less those that others keep busy.

Threads that work on one sum wait for one another at every layer. With one thread more
than there are idle cores all wait for the one that has none: two threads on two cores
that others use too wrote 1.5 tokens a second, one thread 22.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from pathlib import Path

__all__ = ["allowed_cores", "free_cores"]

_GROUPS = Path("/sys/fs/cgroup")
_STATE = Path("/proc/stat")
_WATCHED = 0.1
_NEARLY = 0.25
"""A core counts as idle if it is so for three quarters of the time."""


def allowed_cores() -> int:
    """Cores of this process's affinity, and no more than its control group's share of processor time."""
    return max(1, min(len(_affinity()), _share(_GROUPS)))


def free_cores(watched: float = _WATCHED) -> int:
    """Cores that this process may use and others leave idle, at least one, watched for a moment.

    Where the system doesn't tell which cores are idle (outside Linux), the load of the last minute counts
    instead, and for no more than half of the cores: it holds this process's own work too.
    """
    allowed = allowed_cores()
    if (before := _state()) is None:
        return max(1, (allowed + 1) // 2, min(allowed, _machine() - round(_load())))
    own = time.process_time()
    time.sleep(watched)
    mine = (time.process_time() - own) / watched
    return max(1, min(allowed, int(_idle(before, _state() or before, _affinity()) + mine + _NEARLY)))


def _affinity() -> Collection[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(_machine())


def _machine() -> int:
    return os.cpu_count() or 1


def _load() -> float:
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return 0.0


def _state() -> str | None:
    try:
        return _STATE.read_text(encoding="ascii")
    except (OSError, ValueError):
        return None


def _idle(before: str, after: str, cores: Collection[int]) -> float:
    """How many of some cores were idle between two readings of ``/proc/stat``."""
    first, last = _ticks(before), _ticks(after)
    spans = [[b - a for a, b in zip(first[core], last[core], strict=True)] for core in cores if core in first and core in last]
    # Columns 3 and 4 are idle, and waiting for a disk.
    return sum(sum(span[3:5]) / sum(span) for span in spans if sum(span) > 0)


def _ticks(state: str) -> dict[int, list[int]]:
    lines = [line.split() for line in state.splitlines() if line.startswith("cpu") and line[3:4].isdigit()]
    return {int(words[0][3:]): [int(word) for word in words[1:9]] for words in lines}


def _share(groups: Path) -> int:
    """Cores' worth of time that the control group allows (versions 2 and 1); all where it sets no limit."""
    try:
        if (found := groups / "cpu.max").exists():
            quota, period = found.read_text(encoding="ascii").split()[:2]
        else:
            quota, period = ((groups / "cpu" / f"cpu.cfs_{name}_us").read_text(encoding="ascii") for name in ("quota", "period"))
        if quota.strip() == "max" or int(quota) <= 0:
            return _machine()
        return max(1, int(quota) // int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return _machine()
