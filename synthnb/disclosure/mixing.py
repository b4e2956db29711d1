"""The entry of a table joined from real and synthetic rows: its source type and share are other than its parts'."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synthnb._clock import utc_now
from synthnb._marks import COLUMN
from synthnb.disclosure._phrases import counted, moment, named
from synthnb.disclosure.entries import sealed
from synthnb.disclosure.folding import SCHEMA, Entry
from synthnb.disclosure.generations import depth_words, is_all_made, percent

__all__ = ["Part", "entry_for_mix", "mix_detail"]

Fields = dict[str, Any]

_SAID = {"real": "real, as stated", "synthetic": "synthetic, as stated", "unknown": "of unknown origin"}


@dataclass(frozen=True)
class Part:
    """Some of the rows of a mixed table."""

    name: str
    """What the frame they came from is called."""
    rows: int
    """How many."""
    origin: Mapping[str, Any] | str
    """``run``, ``name``, ``depth`` and ``share`` of what made them; or ``real``, ``synthetic`` (as stated) or ``unknown``."""
    edited: int = 0
    """How many of them were changed after they had been made."""
    digest: str = ""
    """Digest of that frame's content, if it was at hand."""
    columns: Sequence[str] = ()
    """Its columns."""
    by_model: bool | None = None
    """Whether a trained language model took part in making them; None if that isn't known."""
    marked: bool = False
    """Whether only marks in the frame say what they are."""

    @property
    def is_synthetic(self) -> bool:
        """Whether a run made these rows, or somebody says that they are synthetic."""
        return self.origin not in ("real", "unknown")

    @property
    def synthetic_rows(self) -> float:
        """How many of the rows are synthetic."""
        share = self.origin.get("share", 1.0) if isinstance(self.origin, Mapping) else 1.0
        return self.rows * float(share) if self.is_synthetic else 0.0

    def to_dict(self) -> dict[str, Any]:
        """The part in the shape of a run's input."""
        told: dict[str, Any] = {"name": self.name, "rows": self.rows, "columns": list(self.columns), "origin": self.origin}
        more = {"digest": self.digest, "edited": self.edited, "marked": self.marked}
        return told | {name: value for name, value in more.items() if value}


def mix_detail(
    parts: Sequence[Part], *, name: str, columns: Sequence[str], digest: str, started: str, recognised: bool = False, marked: bool = True
) -> dict[str, Any]:
    """Return what is known of a mixed table, in the shape of a run.

    Parameters
    ----------
    parts : sequence of Part
        Its rows by where they came from.
    name, columns, digest : str, sequence of str, str
        What the table is called, its columns, and its content's digest.
    started : str
        When the joining began.
    recognised : bool
        Whether the rows were recognised afterwards, and not joined by synthnb.
    marked : bool
        Whether the table has a column that says what each row is.
    """
    rows = sum(part.rows for part in parts)
    by_model = [part.by_model for part in parts if part.is_synthetic]
    return {
        "id": f"mix-{secrets.token_hex(6)}",
        "kind": "mix",
        "engine": "none",
        "inputs": [part.to_dict() for part in parts],
        "output": {"name": name, "rows": rows, "columns": list(columns), "digest": digest},
        "requested": rows,
        "delivered": rows,
        "share": sum(part.synthetic_rows for part in parts) / rows,
        "edited": sum(part.edited for part in parts),
        "by_model": True if any(by_model) else None if None in by_model else False,
        "recognised": recognised,
        "marks": COLUMN if marked else None,
        "started": started,
        "ended": utc_now(),
        "versions": {},
    }


def entry_for_mix(detail: Mapping[str, Any]) -> Entry:
    """Return the entry of a mixed table, from `mix_detail`."""
    output = detail["output"]
    return sealed(
        id=str(detail["id"]),
        kind="mix",
        created=str(detail["ended"]),
        slot=f"mix:{output['name']}",
        fields=_fields(detail, named(output["name"])),
        detail=dict(detail),
        about=output,
    )


def _fields(detail: Mapping[str, Any], subject: str) -> Fields:
    from synthnb.disclosure._run_fields import tool

    marks = f"{subject}: each row's origin is in the column {COLUMN}" if detail["marks"] else f"{subject}: rows carry no marks of origin"
    joined = "recognised row by row" if detail["recognised"] else "put one on top of the other"
    return (
        tool(detail.get("versions", {}))
        | _nature(detail, subject, joined)
        | {
            "madeInBrief": f"{subject}: {_rows_in_words(detail)}, mixed {moment(detail['ended'])}, {detail['id']}",
            "strategy": f"{subject}: rows {joined}; no value was changed by this",
            "generationDates": f"{subject}: joined {moment(detail['started'])}",
            "runId": f"{subject}: {detail['id']}",
            "generatingActivity": f"{subject}: synthnb mix {detail['id']}, {moment(detail['started'])} to {moment(detail['ended'])}",
            "sourceDatasets": [_source(part) for part in detail["inputs"]],
            "recordLinks": marks,
            "generationDepth": f"{subject}: {depth_words(detail, 'real rows')}",
            "outputDigests": f"{subject}: {output_digest(detail)} (the table's content)",
            "recordSchema": SCHEMA,
            "marking": marks,
        }
    )


def _nature(detail: Mapping[str, Any], subject: str, joined: str) -> Fields:
    """What the rows are: a mixture, unless runs made all of them."""
    from synthnb.disclosure._run_fields import digital_source_type

    rows, alone = _rows_in_words(detail), is_all_made(detail)
    were = "was" if detail["edited"] == 1 else "were"
    edited = f"; {counted(detail['edited'], 'row')} of these {were} changed after" if detail["edited"] else ""
    unsure = "" if detail["by_model"] is not None else "; whether a trained model made some of the rows isn't known"
    whole = f"{subject} is made of synthetic rows only" if alone else f"{subject} is a mixture"
    return {
        "isSynthetic": f"{subject}: {'synthetic' if alone else 'mixed'}, {rows}",
        "digitalSourceType": f"{subject}: {digital_source_type(detail)}{unsure}",
        "syntheticShare": f"{subject}: {percent(detail['share'])} of {counted(detail['delivered'], 'row')}: {rows}{edited}",
        "humanReadableStatement": f"{whole}: {rows}, {joined}.{_caution(detail)}",
    }


def output_digest(detail: Mapping[str, Any]) -> str:
    """The digest of the mixed table's content."""
    return str(detail["output"].get("digest") or "not stated")


def _caution(detail: Mapping[str, Any]) -> str:
    if any(part["origin"] == "unknown" for part in detail["inputs"]):
        return " Rows of unknown origin may be real people's."
    if any(part.get("marked") and part["origin"] == "synthetic" for part in detail["inputs"]):
        return " Rows that only marks call synthetic may be real people's."
    return " Its real rows are observations." if any(part["origin"] == "real" for part in detail["inputs"]) else ""


def _rows_in_words(detail: Mapping[str, Any]) -> str:
    """``100 real rows, 300 synthetic rows (run-…)``, in the order in which they came."""
    return " and ".join(_part_in_words(part) for part in detail["inputs"])


def _part_in_words(part: Mapping[str, Any]) -> str:
    origin, rows = part["origin"], counted(part["rows"], "row")
    if isinstance(origin, Mapping):
        share, unchecked = origin.get("share", 1.0), ", as the frame says; no row was recognised" if origin.get("claimed") else ""
        return f"{rows} of {named(part['name'])}, {'' if share == 1 else f'{percent(share)} '}synthetic ({origin.get('run')}{unchecked})"
    if part.get("marked"):
        return f"{rows} marked {origin}{', not recognised as a run’s' if origin == 'synthetic' else ''}"
    return f"{rows} of {named(part['name'])}, {_SAID[str(origin)]}" if part["name"] else f"{rows} {_SAID[str(origin)]}"


def _source(part: Mapping[str, Any]) -> str:
    """A part as the run that read or made it words it, so that the same table is listed once."""
    origin = part["origin"]
    plain = f"rows marked {origin}" if part.get("marked") else f"rows {_SAID.get(str(origin), 'of a run')}"
    columns = f", {counted(len(part['columns']), 'column')}" if part.get("columns") else ""
    digest = f", {part['digest']}" if part.get("digest") else ""
    name = named(part["name"]) if part["name"] and not part.get("marked") else plain
    return f"{name}: {counted(part['rows'], 'row')}{columns}{digest}"
