"""Some of the entries: by kind, time, frame and model, or the one that a beginning of its id names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from synthnb.disclosure.reading import mapping
from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    from synthnb.disclosure.folding import Entry

__all__ = ["KINDS", "entry_beginning", "select"]

KINDS = {
    "generate": "made a table",
    "column": "wrote a column",
    "texts": "wrote texts",
    "questions": "wrote questions",
    "impute": "filled missing cells",
    "mix": "joined tables",
    "evaluate": "evaluated",
    "review": "reviewed by people",
    "judge": "judged by a model",
    "override": "went past a failed gate",
    "disclose": "stated by a person",
    "risk": "risk assessed",
    "sign-off": "signed off",
    "opt-out": "disclosure cell deleted",
    "export": "exported",
}
"""Every kind of entry, and what was done."""

_AGO = re.compile(r"([0-9]{1,6}) ?(m|h|d|w)", re.IGNORECASE)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LISTED = 5


def select(
    entries: Iterable[Entry],
    *,
    kind: str | None = None,
    since: str | None = None,
    frame: str | None = None,
    model: str | None = None,
    limit: int | None = None,
) -> list[Entry]:
    """Return the entries that match all that is asked for, in their order.

    Parameters
    ----------
    entries : iterable of entries
        From the oldest to the newest.
    kind : str, optional
        A kind, or several with commas between.
    since : str, optional
        A date or time in UTC, such as ``2026-11-20`` or ``2026-11-20T15:40``, or how long ago: ``30m``, ``12h``, ``7d``, ``2w``.
    frame : str, optional
        A frame that was made, read, judged or written, by its name.
    model : str, optional
        A part of a language model's id or name, whatever its case.
    limit : int, optional
        Only so many, the newest.

    Raises
    ------
    OptionError
        There is no such kind, the time can't be read, or the limit isn't positive; the message names all that is wrong.
    """
    found = list(entries)
    kinds = [word.strip() for word in (kind or "").split(",") if word.strip()]
    begin, wrong = _time(since)
    known = {*KINDS, *(entry["kind"] for entry in found)}
    wrong += [f"kind {shown(word)}, which none of {', '.join(sorted(known))} is" for word in kinds if word not in known]
    if limit is not None and limit < 1:
        wrong.append(f"limit {shown(limit)}, where 1 or more is expected")
    if wrong:
        raise OptionError(
            f"What to list can't be read: {'; '.join(wrong)}.", fix="For example: --kind generate,evaluate --since 7d --limit 20"
        )
    chosen = [
        entry
        for entry in found
        if (not kinds or entry["kind"] in kinds)
        and (not begin or entry["created"] >= begin)
        and (frame is None or frame in _frames(entry))
        and (model is None or any(model.casefold() in name.casefold() for name in _models(entry)))
    ]
    return chosen if limit is None else chosen[-limit:]


def _time(said: str | None) -> tuple[str, list[str]]:
    """When to begin, as entries have it, and what is wrong with how that is said."""
    if said is None:
        return "", []
    if ago := _AGO.fullmatch(said.strip()):
        moment = datetime.now(UTC) - timedelta(**{_UNITS[ago[2].lower()]: int(ago[1])})
    else:
        try:
            moment = datetime.fromisoformat(said.strip())
        except ValueError:
            return "", [f"since {shown(said)}, where a date such as 2026-11-20 or a time ago such as 7d is expected"]
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S"), []


def _frames(entry: Entry) -> Iterator[str]:
    """Names of the frames that an entry is about."""
    detail = mapping(entry.get("detail"))
    about = [detail.get(key) for key in ("output", "synthetic", "real", "holdout")]
    inputs = detail.get("inputs")
    tables = [*about, *(inputs if isinstance(inputs, list) else [])]
    names = [entry.get("frame"), detail.get("name"), *(mapping(table).get("name") for table in tables), entry["slot"].partition(":")[2]]
    return (name for name in names if isinstance(name, str))


def _models(entry: Entry) -> Iterator[str]:
    """Ids and names of the language models that an entry is about."""
    detail = mapping(entry.get("detail"))
    models = [mapping(detail.get(key)) for key in ("model", "judge")]
    return (str(value) for model in models for key in ("id", "name", "requested", "returned") if (value := model.get(key)))


def entry_beginning(entries: Iterable[Mapping[str, Any]], beginning: str) -> Entry:
    """Return the one entry whose id begins so, or is it.

    Raises
    ------
    OptionError
        None does, or more than one.
    """
    found = {str(entry["id"]): dict(entry) for entry in entries if str(entry.get("id")).startswith(beginning)}
    if beginning in found:
        return found[beginning]
    if len(found) == 1:
        return next(iter(found.values()))
    if not found:
        raise OptionError(f"The id of an entry, or its beginning, was expected; none begins with {shown(beginning)}.", fix="%synth runs")
    some = ", ".join(list(found)[-_LISTED:])
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    raise OptionError(f"{len(found)} entries begin with {shown(beginning)}: {some}{more}.", fix="Give more of the id.")
