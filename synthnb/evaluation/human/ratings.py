"""Rating files: JSON Lines to which each rating is appended at once; the last one of a question counts.

A line cut short by a crash is passed over and the next one begins on a line of its own.
No line holds what an item says or where it comes from.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from synthnb.errors import OptionError, StorageError, shown

__all__ = ["SUFFIX", "Rating", "append_rating", "check_rater", "counting", "read_ratings"]

SCHEMA = "synthnb.rating/1"
SUFFIX = ".ratings.jsonl"
LONGEST_NOTE = 2_000
_RATER = re.compile(r"[\w][\w .@-]{0,39}")
_LONGEST_DAY = 86_400.0
_MOST_BYTES = 1 << 28

Kind = Literal["rating", "note", "rater"]


@dataclass(frozen=True, kw_only=True)
class Rating:
    """One line of a rating file."""

    kind: Kind
    """A rating, a note on an item, or what a rater is qualified by."""
    review: str
    """The review's id."""
    rater: str
    """The rater's id or role."""
    item: str = ""
    """The item's id; empty where it is about the rater."""
    digest: str = ""
    """The item's digest, so that ratings of an item that has changed are noticed."""
    question: str = ""
    """The question's id."""
    rating: int | str | None = None
    """The answer; None takes an earlier one back."""
    note: str = ""
    """Words of the rater."""
    seconds: float | None = None
    """From the item's appearance to the answer; None where it wasn't timed."""
    time: str = ""
    """When, in UTC."""
    rubric: str = ""
    """The rubric's digest."""
    undo: bool = False
    """Whether it takes the last change back."""

    def to_line(self) -> str:
        """The line, in ASCII."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, ensure_ascii=True, separators=(",", ":"))


def check_rater(rater: object) -> str:
    """Return a rater's id.

    Raises
    ------
    OptionError
        It isn't 1 to 40 letters, digits, blanks or ``. @ - _``.
    """
    if not isinstance(rater, str) or not _RATER.fullmatch(rater.strip()):
        raise OptionError(
            f"A rater's id of 1 to 40 letters, digits, blanks, . @ - or _ was expected; got {shown(rater)}.", fix="Use initials or a role."
        )
    return rater.strip()


def append_rating(path: Path, rating: Rating) -> None:
    """Append a line and have the disk keep it before returning.

    Raises
    ------
    StorageError
        The disk is full, or the folder can't be written; earlier ratings are intact.
    """
    line = f"{rating.to_line()}\n".encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
        try:
            size = os.fstat(handle).st_size
            if size and _last_byte(handle, size) != b"\n":
                line = b"\n" + line
            if os.write(handle, line) != len(line):
                raise OSError("the disk took only a part of the line")
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise StorageError(
            f"The rating wasn't written to {path.name}: {error.strerror or error}. Earlier ratings are intact.",
            fix="Free some space or make the folder writable, then rate the item again.",
        ) from error


def _last_byte(handle: int, size: int) -> bytes:
    os.lseek(handle, size - 1, os.SEEK_SET)
    return os.read(handle, 1)


def read_ratings(path: str | Path) -> list[Rating]:
    """Return the lines of a rating file, in order.

    Raises
    ------
    OptionError
        There is no such file, or a line isn't a rating; the message says which.
    """
    file = Path(path).expanduser()
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise OptionError(f"{file.name} is larger than a rating file can be.", fix="Check which file it is.")
        data = file.read_bytes()
    except OSError as error:
        raise OptionError(f"There is no rating file at {shown(str(path))}: {error.strerror or error}.", fix="Correct the path.") from error
    lines = data.split(b"\n")
    torn = lines.pop()  # what follows the last line end was cut short
    found = [_read_line(line, file.name, number) for number, line in enumerate(lines, start=1) if line.strip()]
    whole = _try_line(torn) if torn.strip() else None
    return [rating for rating in (*found, whole) if rating is not None]


def _read_line(line: bytes, name: str, number: int) -> Rating | None:
    """A rating; None for a line that a crash cut short, after which another was begun."""
    rating = _try_line(line)
    if rating is None and (line.rstrip().endswith(b"}") or not line.startswith(b'{"schema":"synthnb.rating/')):
        raise OptionError(f"Line {number} of {name} isn't a rating of synthnb.", fix=f"Choose a *{SUFFIX} file.")
    return rating


def _try_line(line: bytes) -> Rating | None:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or not str(data.get("schema", "")).startswith("synthnb.rating/"):
        return None
    try:
        return _from_dict(data)
    except (KeyError, TypeError, ValueError):
        return None


def _from_dict(data: Mapping[str, Any]) -> Rating:
    words = {name: data.get(name, "") for name in ("review", "rater", "item", "digest", "question", "note", "time", "rubric")}
    if not all(isinstance(word, str) for word in words.values()) or data["kind"] not in ("rating", "note", "rater"):
        raise TypeError
    value = data.get("rating")
    value = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(value, bool) or not (value is None or isinstance(value, (int, str))):
        raise TypeError
    return Rating(kind=data["kind"], rating=value, seconds=timed(data.get("seconds")), undo=data.get("undo") is True, **words)


def timed(seconds: object) -> float | None:
    """Seconds that can be true: from 0 to a day; None for anything else."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not math.isfinite(seconds):
        return None
    return round(float(seconds), 3) if 0 <= seconds <= _LONGEST_DAY else None


def counting(ratings: Iterable[Rating]) -> dict[str, dict[str, dict[str, int | str]]]:
    """By rater, item and question: the last answer; what was taken back is gone."""
    found: dict[str, dict[str, dict[str, int | str]]] = {}
    for rating in ratings:
        if rating.kind != "rating":
            continue
        answers = found.setdefault(rating.rater, {}).setdefault(rating.item, {})
        if rating.rating is None:
            answers.pop(rating.question, None)
        else:
            answers[rating.question] = rating.rating
    return {rater: {item: answers for item, answers in items.items() if answers} for rater, items in found.items()}
