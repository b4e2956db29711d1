"""What may leave this machine for a hosted model, and what is looked for before it does.

==============  =========================  ==========================================================
what is sent    to a model in this         to a hosted model
                process or a local server
==============  =========================  ==========================================================
nothing of      always                     always
the user's
summary         always                     if the call allows it; counts below ``minimum_cell`` are withheld
synthetic rows  always                     if the call allows it
real rows       always                     if the call allows it and the setting ``hosted_rows`` does
==============  =========================  ==========================================================

A server on this machine counts as this machine: what it does with what it is sent isn't known here, and the run says
that it is a server.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from synthnb._identifiers import Finding, find_identifiers, tell_findings
from synthnb.config import get_config
from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.models.base import ModelInfo

__all__ = ["Policy", "Rows", "Scanned", "permit", "preflight", "scan", "scan_frame"]

Rows = Literal["none", "summary", "synthetic", "real"]
"""What of the user's data goes into prompts."""

Policy = Literal["block", "warn"]
"""What a direct identifier does that is found in what would be sent: stop the call, or a note in the run."""

_POLICIES: dict[str, Policy] = {"none": "warn", "summary": "block", "synthetic": "warn", "real": "block"}
_MOST_TOLD = 3
_MOST_NAMED = 8


def permit(info: ModelInfo, *, rows: Rows, allowed: bool, what: str, unknown: Sequence[str] = ()) -> None:
    """Refuse to send what may not leave this machine.

    Parameters
    ----------
    info : ModelInfo
        The model it would be sent to.
    rows : {"none", "summary", "synthetic", "real"}
        What of the user's data it is.
    allowed : bool
        Whether the call allows a hosted model to see it.
    what : str
        The same in the message's words, such as ``"ten real rows of 'trial'"``.
    unknown : sequence of str
        Columns for whose sake rows are taken for real: no run is known to have made them.

    Raises
    ------
    OptionError
        The model is hosted, and the call or the setting ``hosted_rows`` doesn't allow it.
    """
    if rows not in get_args(Rows):
        raise OptionError.from_choice("What is sent", rows, list(get_args(Rows)))
    if info.locality != "hosted" or rows == "none":
        return
    leaves = f"The model {info.id} runs at {info.provider}: {what} would leave this machine."
    if rows == "real" and not get_config().hosted_rows:
        both = "" if allowed else " and pass allow_hosted=True"
        raise OptionError(
            f"{leaves} The setting hosted_rows forbids it for real rows.{_doubt(unknown)}",
            fix=f"Choose a local model, share a summary instead, or, if you may share them, set SYNTHNB_HOSTED_ROWS=1{both}.",
        )
    if not allowed:
        raise OptionError(leaves, fix="Choose a local model, or pass allow_hosted=True.")


def _doubt(unknown: Sequence[str]) -> str:
    """Why rows are taken for real."""
    if not unknown:
        return ""
    more = f" and {len(unknown) - _MOST_NAMED:,} more" if len(unknown) > _MOST_NAMED else ""
    named = ", ".join(shown(name) for name in unknown[:_MOST_NAMED])
    return f" Not known to be synthetic, as no run of this session made these rows as they are: {named}{more}."


def scan(texts: Iterable[str]) -> list[Finding]:
    """Return the identifiers in some texts; `Finding.text` says in which."""
    return [found for number, text in enumerate(texts) for found in find_identifiers(text, number=number)]


def scan_frame(frame: pd.DataFrame) -> dict[str, list[Finding]]:
    """Return the identifiers in a frame by column, each distinct cell read once, with the column's name before it."""
    made: dict[str, list[Finding]] = {}
    for name, cells in frame.items():
        plain = [str(cell).removesuffix(" 00:00:00") for cell in cells.dropna().astype(object).map(_as_text).unique()]
        found = [one for number, cell in enumerate(plain) for one in find_identifiers(cell, before=str(name), number=number)]
        if found:
            made.setdefault(str(name), []).extend(found)
    return made


@dataclass(frozen=True)
class Scanned:
    """What was found in what would be sent."""

    findings: tuple[Finding, ...] = ()
    """Every identifier."""
    notes: tuple[str, ...] = ()
    """What the run says of the scan."""
    where: tuple[str, ...] = ()
    """Columns in which direct ones were found."""

    @property
    def counts(self) -> dict[str, int]:
        """``identifiers_found``: direct ones, if a scan was made."""
        return {"identifiers_found": sum(found.direct for found in self.findings)} if self.notes else {}


def preflight(info: ModelInfo, sent: Iterable[str] | pd.DataFrame, *, rows: Rows, what: str, policy: Policy | None = None) -> Scanned:
    """Look for direct identifiers in what would be sent to a hosted model, before any of it is.

    Parameters
    ----------
    info : ModelInfo
        The model. Nothing is scanned for one on this machine.
    sent : iterable of str, or pandas.DataFrame
        Everything that would be sent.
    rows : {"none", "summary", "synthetic", "real"}
        What it is of.
    what : str
        The same in the message's words.
    policy : {"block", "warn"}, optional
        By default ``block`` for real rows and summaries of them, ``warn`` for synthetic rows and the user's own words.

    Raises
    ------
    OptionError
        A direct identifier was found, and the policy is ``block``. The message tells kinds, columns and shapes, never a value.
    """
    if policy not in (None, *get_args(Policy)):
        raise OptionError.from_choice("The policy on identifiers", policy, list(get_args(Policy)))
    if info.locality != "hosted":
        return Scanned()
    found, where = _found(sent)
    direct = [one for one in found if one.direct]
    told = _told(direct, where)
    if direct and (policy or _POLICIES[rows]) == "block":
        raise OptionError(
            f"{what[0].upper()}{what[1:]} would be sent to {info.provider}, and hold what looks like direct identifiers: {told}.",
            fix='Drop or replace these cells, or, if they name nobody, pass identifiers="warn".',
        )
    outcome = f"this looks like some, and was sent all the same: {told}" if direct else "none was found"
    note = f"Before {what} went to {info.provider}, patterns and check digits of direct identifiers were looked for; {outcome}."
    return Scanned(tuple(found), (note,), where)


def _found(sent: Iterable[str] | pd.DataFrame) -> tuple[list[Finding], tuple[str, ...]]:
    import pandas as pd

    if not isinstance(sent, pd.DataFrame):
        return scan(sent), ()
    by_column = scan_frame(sent)
    where = tuple(name for name, some in by_column.items() if any(found.direct for found in some))
    return [found for some in by_column.values() for found in some], where


def _told(direct: list[Finding], where: tuple[str, ...]) -> str:
    """Kinds, shapes of a few, and columns."""
    shapes = [shape for shape, _ in Counter(found.shape for found in direct).most_common(_MOST_TOLD)]
    columns = f"; in {', '.join(repr(name[:40]) for name in where[:8])}" if where else ""
    return f"{tell_findings(direct)} (spelt {', '.join(shapes)}){columns}"


def _as_text(cell: object) -> str:
    return cell if isinstance(cell, str) else str(cell)
