"""What the rows of an exported table are: synthetic, real, or of unknown origin, as the record tells."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthnb._clock import utc_now
from synthnb.disclosure._phrases import counted, named
from synthnb.disclosure.folding import MAKING, Entry, is_readable
from synthnb.disclosure.generations import descent
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from synthnb.disclosure.crates.account import Account

__all__ = ["Rows", "entry_for_real_rows", "reason_for", "rows_of"]


@dataclass(frozen=True)
class Rows:
    """The rows of a table in a file, by what they are."""

    total: int
    """How many there are."""
    real: int = 0
    """How many are real, as stated."""
    unknown: int = 0
    """How many are real or not: nothing says what they are."""
    foreign: tuple[str, ...] = ()
    """Columns that no run made."""

    @property
    def are_synthetic(self) -> bool:
        """Whether software made all of them, in every column."""
        return not (self.real or self.unknown or self.foreign)

    def words(self) -> str:
        """How many there are of each kind."""
        made = self.total - self.real - self.unknown
        parts = [counted(self.real, "real row")] if self.real else []
        parts += [f"{counted(self.unknown, 'row')} real or of unknown origin"] if self.unknown else []
        parts += [counted(made, "synthetic row")] if made or not parts else []
        columns = f"; no run made {'column' if len(self.foreign) == 1 else 'columns'} {', '.join(map(named, self.foreign))}"
        return " and ".join(parts) + (columns if self.foreign else "")


def rows_of(account: Account, detail: Mapping[str, Any]) -> Rows:
    """Return what an export's rows are, from its ``detail`` and from what the record knows of what made them.

    A table of which nothing is known has rows of unknown origin.
    """
    rows, columns = detail.get("rows"), detail.get("other_columns")
    total = rows if isinstance(rows, int) and not isinstance(rows, bool) and rows > 0 else 0
    foreign = tuple(plain(str(name)) for name in columns) if isinstance(columns, list) else ()
    maker = _maker(account, detail)
    made: dict[str, Any] = {**mapping(maker["detail"]), "kind": maker["kind"]} if maker else {}
    if made.get("kind") == "mix" and mapping(made.get("output")).get("digest") == detail.get("content"):
        real, unknown = _parts(made, total)
        return Rows(total, real, max(unknown, _not_made(detail, made, total) - real), foreign)
    return Rows(total, 0, _not_made(detail, made, total), foreign)


def _maker(account: Account, detail: Mapping[str, Any]) -> Entry | None:
    """The entry of the run that made an exported table, also if another came after it."""
    entries = account.record.get("entries")
    made = [entry for entry in entries if is_readable(entry) and entry["kind"] in MAKING] if isinstance(entries, list) else []
    named_ = [entry for entry in made if entry["id"] == detail.get("run")]
    content = detail.get("content")
    same = [entry for entry in made if content and mapping(mapping(entry["detail"]).get("output")).get("digest") == content]
    found = named_ or same
    return found[-1] if found else None


def _not_made(detail: Mapping[str, Any], made: Mapping[str, Any], total: int) -> int:
    """How many rows aren't known to be synthetic: never none where the share isn't whole."""
    return min(total, math.ceil((1 - _share(detail, made)) * total - 1e-6))


def _share(detail: Mapping[str, Any], made: Mapping[str, Any]) -> float:
    """Which share is synthetic: what the export says, unless what made it says less and no row says for itself."""
    told = detail.get("share")
    share = float(told) if isinstance(told, (int, float)) and 0 <= told <= 1 else None
    if not made:
        return 0.0
    if share is None:
        return descent(made)[1]
    return share if detail.get("marked") is True else min(share, descent(made)[1])


def _parts(made: Mapping[str, Any], total: int) -> tuple[int, int]:
    """How many rows of a mixed table are real, and how many are real or not: also those that only a mark or a claim calls synthetic."""
    real, synthetic = 0, 0.0
    inputs = made.get("inputs")
    for part in map(mapping, inputs if isinstance(inputs, list) else []):
        count, origin = part.get("rows"), part.get("origin")
        if not isinstance(count, int) or isinstance(count, bool):
            continue
        real += count if origin == "real" else 0
        share = mapping(origin).get("share", 1.0)
        is_made = (origin == "synthetic" or isinstance(origin, dict)) and not (part.get("marked") or mapping(origin).get("claimed"))
        synthetic += count * float(share if isinstance(share, (int, float)) and 0 <= share <= 1 else 1.0) if is_made else 0
    real = min(real, total)
    return real, max(0, total - real - math.floor(synthetic + 1e-6))


def entry_for_real_rows(tables: Sequence[tuple[str, str]], reason: str, *, export: str) -> Entry:
    """Return the entry of somebody's packing tables whose rows aren't all synthetic.

    Parameters
    ----------
    tables : sequence of (str, str)
        Each file's path, and what its rows are in words.
    reason : str
        Why, in that person's words.
    export : str
        The file that they go into.
    """
    from synthnb.disclosure.entries import sealed
    from synthnb.disclosure.saying import person

    who = person()
    listed = "; ".join(f"{path} ({words})" for path, words in tables)
    said = f"{named(export)} takes along {listed}; reason given: {reason}"
    return sealed(
        id=f"override-{secrets.token_hex(6)}",
        kind="override",
        created=utc_now(),
        slot=f"override:rows:{export}",
        fields={"optOuts": "; by ".join([said, *who.values()])},
        detail={"real_rows": [path for path, _ in tables], "reason": reason, "export": export} | who,
    )


def reason_for(account: Account, path: str, *, export: str) -> str:
    """Why a table with rows that aren't synthetic goes into this export; empty if nobody gave a reason."""
    for entry in reversed(account.entries):
        detail = mapping(entry.get("detail"))
        listed = detail.get("real_rows")
        if entry["kind"] == "override" and detail.get("export") == export and isinstance(listed, list) and path in listed:
            return plain(str(detail.get("reason") or ""))
    return ""
