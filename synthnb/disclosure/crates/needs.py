"""What a format needs that only people can state; without it nothing is written, and everything missing is said at once."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from synthnb.disclosure.fields import catalogue
from synthnb.disclosure.folding import is_placeholder
from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from synthnb.disclosure.crates.account import Account

__all__ = ["CROISSANT", "ROCRATE", "is_address", "refuse_incomplete"]

CROISSANT = (
    "name",
    "description",
    "license",
    "url",
    "datePublished",
    "responsiblePerson",
    "intent",
    "intendedUse",
    "limitations",
    "biases",
    "sensitiveInformation",
    "socialImpact",
)
"""What Croissant 1.1 requires, and the minimal fields for responsible AI, as far as a person has to state them."""
ROCRATE = ("name", "description", "license", "datePublished")
"""What RO-Crate 1.3 requires of the root."""

_DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


def refuse_incomplete(account: Account, needed: Sequence[str], *, form: str, more: Iterable[str] = ()) -> None:
    """Refuse to write a form while what it needs isn't stated, or not in a way that it can take.

    Parameters
    ----------
    account : Account
        The record.
    needed : sequence of str
        Fields of the catalogue.
    form : str
        What is to be written, for the message.
    more : iterable of str
        Further problems, each a sentence without its full stop.

    Raises
    ------
    OptionError
        Something is missing; the message names all of it and how to state it.
    """
    missing = [name for name in needed if all(is_placeholder(name, text) for text in account.stated(name))]
    wrong = [problem for name in needed if account.stated(name) and (problem := _CHECKS.get(name, _fine)(account.stated(name)[0]))]
    programs = [f"responsiblePerson is {shown(text)}, which names a program" for text in account.programs]
    others = [*wrong, *programs, *more]
    if not missing and not others:
        return
    parts = [f"not stated by a person: {', '.join(f'{account.label(name)} ({name})' for name in missing)}"] if missing else []
    raise OptionError(f"{form} can't be written; {'; '.join([*parts, *others])}. Nothing was written.", fix=_how(missing))


def _how(missing: Sequence[str]) -> str:
    if not missing:
        return "Correct these and export again."
    line = f"'{catalogue()[missing[0]].label}: …'"
    return f'State them with %%synth disclose, one line each, such as {line}, or with synthnb.disclose(statements={{"{missing[0]}": "…"}}).'


def _fine(_text: str) -> str:
    return ""


def is_address(text: str) -> bool:
    """Whether a text is an http address, which may stand as an IRI in JSON-LD."""
    if re.search(r"[\s<>\"{}|\\^`\x00-\x1f\x7f]", text) or len(text) > 2000:
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username


def _address_problem(text: str) -> str:
    return "" if is_address(text.strip()) else f"url is {shown(text)}, which isn't an http address"


def _date_problem(text: str) -> str:
    given = text.strip()
    try:
        if _DAY.fullmatch(given):
            date.fromisoformat(f"{given}-01-01"[:10])
        elif given[10:11] == "T":
            datetime.fromisoformat(given)
        else:
            raise ValueError(given)
    except ValueError:
        return f"datePublished is {shown(text)}, which isn't a date such as 2026-11-24"
    return ""


_CHECKS: dict[str, Callable[[str], str]] = {"url": _address_problem, "datePublished": _date_problem}
