"""A reviewer's sign-off: who reviewed what, bound to the record as it then was.

It is bound to the record's substance (`synthnb.disclosure.folding.substance`): whatever is
added, changed or removed afterwards, but for exports, makes it void, and the cell says so.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

from synthnb._clock import utc_now
from synthnb.disclosure.entries import sealed
from synthnb.disclosure.folding import Entry, fold, in_order, substance
from synthnb.errors import OptionError, shown

__all__ = ["entry_for_sign_off", "sign_off_file"]

_LONGEST = 2_000


def entry_for_sign_off(entries: Iterable[Entry], *, reviewer: str, scope: str, by: str | None = None, created: str | None = None) -> Entry:
    """Return the entry of a reviewer's sign-off.

    Parameters
    ----------
    entries : iterable of entries
        The record that was reviewed.
    reviewer : str
        Name and role. If the name is the responsible person's, the value says so.
    scope : str
        What was reviewed, in the reviewer's words.
    by : str, optional
        Who enters it; the setting ``person`` by default.
    created : str, optional
        When; now by default.

    Raises
    ------
    OptionError
        Reviewer or scope is blank or too long, or there is nothing to sign off.
    """
    from synthnb.disclosure.lint import warnings
    from synthnb.disclosure.saying import person

    reviewed = in_order(entries)
    who, what = _words(reviewer, "reviewer", "Ada Núñez, statistician"), _words(scope, "scope", "methods and evaluation")
    if not reviewed:
        raise OptionError("A record to sign off was expected; there is none.", fix="Sign off after something was made or evaluated.")
    bound, when = substance(reviewed), created or utc_now()
    latest = reviewed[-1]["created"]
    if when[:-1] < latest[:-1]:
        raise OptionError(f"The record's last entry is of {latest}, later than now.", fix="Set this machine's clock.")
    said = [f"{who}: {what}; {when[:10]}, for the record as it then was ({bound[:19]}…)", *_notes(who, person(by), reviewed)]
    return sealed(
        id=f"signoff-{secrets.token_hex(6)}",
        kind="sign-off",
        created=when,
        slot=f"sign-off:{_name(who)}",
        fields={"reviewerSignOff": "; ".join(said)},
        detail={"reviewer": who, "scope": what, "substance": bound, "warnings": warnings(what)} | person(by),
    )


def _words(text: object, named: str, example: str) -> str:
    if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
        raise OptionError(
            f"A {named} in words was expected, of at most {_LONGEST:,} characters; got {shown(text)}.", fix=f"For example: {example}."
        )
    return " ".join(text.split())


def _name(person: str) -> str:
    """A name without role, case, accents and punctuation, to compare."""
    letters = unicodedata.normalize("NFKD", person.split(",")[0]).casefold()
    bare = (sign for sign in letters if not unicodedata.combining(sign))
    return " ".join("".join(sign if sign.isalnum() else " " for sign in bare).split())


def _notes(who: str, entered: Mapping[str, str], entries: list[Entry]) -> list[str]:
    """What a reader should know about who signed off."""
    responsible = [str(value["value"]) for value in fold(entries)["responsiblePerson"]["values"]]
    notes = ["the reviewer is the responsible person"] if _name(who) in map(_name, responsible) else []
    return notes + ([f"entered by {entered['by']}"] if "by" in entered and _name(entered["by"]) != _name(who) else [])


def sign_off_file(path: str | Path, *, reviewer: str, scope: str, by: str | None = None, created: str | None = None) -> Entry:
    """Add a sign-off to a notebook's record, bring its cell up to date, and return the entry.

    Parameters
    ----------
    path : str or Path
        The notebook.
    reviewer, scope, by, created
        As for `entry_for_sign_off`.

    Raises
    ------
    OptionError
        As for `entry_for_sign_off`.
    NotebookError, StorageError
        It isn't a notebook, or can't be written; it is as it was.
    """
    from synthnb.disclosure.adding import add_to_notebook

    def build(entries: list[Entry]) -> Entry:
        return entry_for_sign_off(entries, reviewer=reviewer, scope=scope, by=by, created=created)

    return add_to_notebook(path, build)
