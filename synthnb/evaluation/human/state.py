"""Where a review is kept: its items' digests, the key apart from them, and a rating file for each rater.

::

    .synthnb/reviews/review-3f…/review.json            what is asked of how many items; their digests
                                key.json               where each item comes from, and the seed; only results read it
                                a-1c….ratings.jsonl    what rater a answered

No file holds what an item says. All are readable by their owner alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from synthnb._files import create_whole
from synthnb.config import get_config
from synthnb.errors import OptionError, StorageError
from synthnb.evaluation.human.ratings import SUFFIX

__all__ = ["REVIEW", "Store", "find_reviews", "home"]

REVIEW, KEY = "review.json", "key.json"
_ID = re.compile(r"review-[0-9a-f]{12}")


def home(folder: str | Path | None = None) -> Path:
    """The folder of all reviews: beside the ledger, in ``.synthnb`` where that is off."""
    if folder is not None:
        return Path(folder).expanduser()
    ledger = get_config().ledger
    return (Path(".synthnb") if ledger == "off" else Path(ledger).parent) / "reviews"


def find_reviews(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every review that is kept there, the oldest first, with what its file says."""
    found = [(path, data) for path in folder.glob(f"review-*/{REVIEW}") if (data := _read(path)) is not None]
    for path, data in sorted(found, key=lambda one: (str(one[1].get("created")), str(one[0]))):
        yield path.parent, data


def _read(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


class Store:
    """The folder of one review.

    Parameters
    ----------
    folder : Path
        Of all reviews.
    review : str
        The review's id.
    """

    def __init__(self, folder: Path, review: str) -> None:
        if not _ID.fullmatch(review):
            raise OptionError("A review's id as synthnb makes it was expected.", fix="Choose a file that synthnb wrote.")
        self.path = (folder / review).absolute()
        """Where it is, whatever folder the process works in later."""

    def begin(self, review: Mapping[str, Any], key: Mapping[str, Any] | None) -> None:
        """Write what the review is, and the key apart from it; what is there stays."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            ignore = self.path.parent.parent / ".gitignore"
            if ignore.parent.name == ".synthnb" and not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
            if key is not None:  # before the review: one without its key couldn't be gone on with
                create_whole(self.path / KEY, lambda path: path.write_bytes(json.dumps(key).encode()))
            create_whole(self.path / REVIEW, lambda path: path.write_bytes(json.dumps(review).encode()))
        except OSError as error:
            raise StorageError(
                f"The review couldn't be kept in {self.path.parent.name}: {error.strerror or error}.",
                fix="Free some space, make the folder writable or pass another one as folder=.",
            ) from error

    def review(self) -> dict[str, Any] | None:
        """What the review's file says; None if there is none."""
        return _read(self.path / REVIEW)

    def key(self) -> dict[str, Any] | None:
        """The key; None if it isn't here."""
        data = _read(self.path / KEY)
        return data if data is not None and isinstance(data.get("origin"), dict) else None

    def rating_file(self, rater: str) -> Path:
        """The file of one rater; two raters never share one."""
        slug = re.sub(r"[^A-Za-z0-9]+", "-", rater).strip("-").lower()[:20]
        return self.path / f"{slug}-{hashlib.sha256(rater.encode()).hexdigest()[:8]}{SUFFIX}"

    def sizes(self) -> dict[Path, tuple[int, int]]:
        """Each rating file's size and time of change, which tell cheaply whether it was written to."""
        found = {}
        for path in self.rating_files():
            with suppress(OSError):
                at = path.stat()
                found[path] = (at.st_size, at.st_mtime_ns)
        return found

    def rating_files(self) -> list[Path]:
        """All raters' files."""
        with suppress(OSError):
            return sorted(self.path.glob(f"*{SUFFIX}"))
        return []
