"""What is kept longer than a policy says: it is told, and nothing is deleted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from synthnb.config import get_config
from synthnb.disclosure.policy.ruling import Ruling

if TYPE_CHECKING:
    from synthnb.disclosure.policy.finding import InForce

__all__ = ["retention"]

_COUNT = "SELECT count(*), min(written) FROM reply WHERE written < ?"


def retention(force: InForce, folder: Path) -> list[Ruling]:
    """Return whether replies of language models are kept longer than the policy says, in a project's folder; the ledger is kept."""
    days = force.policy.retention.replies_days
    if days is None:
        return []
    rule, wanted = "retention.replies_days", f"replies of language models are kept for at most {days:,} days"
    place = force.place(rule)
    store = folder / get_config().calls
    if get_config().calls == "off" or not store.is_file():
        return [Ruling(rule, "ok", f"{wanted}; none are kept here", place=place)]
    oldest = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S")
    try:
        with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True, timeout=5)) as opened:
            count, first = opened.execute(_COUNT, (oldest,)).fetchone()
    except sqlite3.Error as error:
        fix = "See whether another program has it open, or set SYNTHNB_CALLS."
        return [Ruling(rule, "not decidable", f"{wanted}; {get_config().calls} can't be read: {error}", fix, place)]
    if not count:
        return [Ruling(rule, "ok", wanted, place=place)]
    said = f"{wanted}; {count:,} in {get_config().calls} are older, the first of {str(first)[:10]}"
    return [Ruling(rule, "violated", said, "Delete the file if no run needs to be replayed; nothing is deleted by itself.", place)]
