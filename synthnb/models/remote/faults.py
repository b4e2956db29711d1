"""What can go wrong with a call, told apart by whether trying again may help."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

__all__ = ["Lasting", "Passing", "from_status", "said_by", "wait_asked"]

_PASSING = {408, 409, 425, 429, 500, 502, 503, 504, 529}
_LONGEST_SAID = 300
_UNPAID = {
    "insufficient_quota",
    "insufficient_balance",
    "insufficient_credits",
    "billing_hard_limit_reached",
    "billing_not_active",
    "billing_error",
    "account_deactivated",
}
"""Codes and types of errors that only a payment ends, whatever their status."""
_POOR = re.compile(r"(?i)your credit balance is too low|insufficient balance")
"""How such an error's message begins where no code says it."""


class Passing(Exception):
    """A fault that may be gone the next time.

    Parameters
    ----------
    reason : str
        What happened, without a full stop.
    after : float, optional
        Seconds for which the server asked to be left alone.
    crowded : bool
        The server has too much to do, so fewer calls at once may help.
    """

    def __init__(self, reason: str, *, after: float | None = None, crowded: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.after, self.crowded = reason, after, crowded


class Lasting(Exception):
    """A fault that trying again won't cure.

    Parameters
    ----------
    reason : str
        What happened, without a full stop.
    fix : str
        What to do about it; empty if it concerns one request.
    status : int
        The HTTP status, if there was one.
    said : str
        The server's own words.
    named : str
        The parameter that the server names, if it does.
    """

    def __init__(self, reason: str, *, fix: str = "", status: int = 0, said: str = "", named: str = "") -> None:
        super().__init__(reason)
        self.reason, self.fix, self.status, self.said, self.named = reason, fix, status, said, named

    @property
    def hopeless(self) -> bool:
        """No request to this model can succeed."""
        return bool(self.fix)


class Said(NamedTuple):
    """What is in an error's body."""

    words: str
    """The message, on one line and cut."""
    codes: frozenset[str] = frozenset()
    """Its code and its type."""
    named: str = ""
    """The parameter that it names."""


def _as_it_is(text: str) -> str:
    return text


def from_status(
    status: int, headers: Mapping[str, str], body: bytes, *, key_from: str, scrub: Callable[[str], str] = _as_it_is
) -> Passing | Lasting:
    """The fault that an HTTP status stands for.

    Parameters
    ----------
    status : int
        400 or above, or a redirect.
    headers : mapping of str to str
        Names in lower case.
    body : bytes
        What the server said.
    key_from : str
        The environment variable that holds the key.
    scrub : callable
        Blots out the key, before anything is cut.
    """
    said, codes, named = said_by(body, scrub)
    words = f"HTTP {status}: {said}" if said else f"HTTP {status}"
    if status == 402 or codes & _UNPAID or _POOR.match(said):
        return Lasting(words, fix="Check the account's plan and billing.", status=status, said=said)
    if status in _PASSING or status > 504:
        return Passing(words, after=wait_asked(headers), crowded=status in {429, 503, 529})
    fix = ""
    if status in {401, 403}:
        fix = f"Check the key in {key_from}, or set one with %synth key."
    elif status == 404:
        fix = "Check the model's name and the address; %synth models lists what is served."
    elif status < 400:
        fix = "The address has moved; use the new one."
    return Lasting(words, fix=fix, status=status, said=said, named=named)


def said_by(body: bytes, scrub: Callable[[str], str] = _as_it_is) -> Said:
    """The message, codes and parameter of an error's body, whatever form it has; what `scrub` blots out is gone before a cut."""
    try:
        read: Any = json.loads(body)
    except (ValueError, RecursionError):
        return Said(_cut(scrub(body.decode("utf-8", "replace"))) if b"<" not in body[:200] else "")
    if isinstance(read, list) and read:
        read = read[0]
    error = read.get("error", read) if isinstance(read, dict) else read
    if not isinstance(error, dict):
        return Said(_cut(scrub(str(error))))
    said = error.get("message") or error.get("detail") or ""
    codes = frozenset(str(error[name]).lower() for name in ("code", "type") if error.get(name))
    return Said(_cut(scrub(said if isinstance(said, str) else json.dumps(said))), codes, scrub(str(error.get("param") or "")))


def _cut(text: str) -> str:
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= _LONGEST_SAID else f"{line[:_LONGEST_SAID]}…"


def wait_asked(headers: Mapping[str, str]) -> float | None:
    """Seconds that a Retry-After asks for, given as a number or as a date (RFC 9110, 10.2.3); None without one."""
    if (number := _number(headers.get("retry-after-ms", ""))) is not None:
        return number / 1000
    text = headers.get("retry-after", "").strip()
    if (number := _number(text)) is not None:
        return number
    until = _moment(text)
    if until is None:
        return None
    # Counted from the server's own clock where it tells it, as ours may differ.
    return max(0.0, until - (_moment(headers.get("date", "")) or time.time()))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _moment(text: str) -> float | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
