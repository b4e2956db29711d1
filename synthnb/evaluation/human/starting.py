"""Reviews begun, gone on with, handed to other notebooks and read there."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from synthnb._canonical import digest
from synthnb._clock import utc_now
from synthnb._files import create_whole
from synthnb._frames import frame_digest, to_pandas
from synthnb._random import LARGEST_SEED, resolve_seed
from synthnb.errors import OptionError, StorageError, shown
from synthnb.evaluation.human.items import Item, Sample, draw_sample, item_digest
from synthnb.evaluation.human.review import Review
from synthnb.evaluation.human.rubrics import Rubric, find_rubric
from synthnb.evaluation.human.state import REVIEW, Store, find_reviews, home

__all__ = ["damaged_reviews", "export_review", "kept_reviews", "open_review", "start_review"]

SCHEMA = "synthnb.review/1"
SAMPLE_SCHEMA = "synthnb.review-sample/1"
_MOST_ITEMS, _MOST_RATERS = 5_000, 50
_LONGEST_NAME = 80


def start_review(
    synthetic: Any,
    real: Any = None,
    *,
    n: int = 60,
    raters: int = 2,
    text: str | None = None,
    columns: Sequence[str] | None = None,
    rubric: Rubric | str | Path | Sequence[str] = "discrimination",
    names: tuple[str, str] = ("synthetic", "real"),
    seed: int | None = None,
    folder: str | Path | None = None,
) -> Review:
    """Begin a review, or go on with the one that was begun on the same data with the same settings.

    Parameters
    ----------
    synthetic, real : frame
        What is reviewed, and the real rows beside it; without these, every item is synthetic.
    n : int
        How many items, 2 to 5,000; half of them real.
    raters : int
        How many people are to rate them, 1 to 50.
    text : str, optional
        The column whose texts are reviewed; rows are, if left out.
    columns : sequence of str, optional
        What is shown of a row; all columns that both frames have and that aren't identifiers, if left out.
    rubric : Rubric, str or Path
        What is asked: one of ours by name, several joined by commas, or a ``.toml`` file.
    names : tuple of str
        What the two frames are called.
    seed : int, optional
        Decides which rows are drawn; that of the review which is gone on with, or a fresh one, if left out.
        Which item gets which place is decided by a secret, so that no seed in a cell or a record undoes the blinding.
    folder : str or Path, optional
        Where reviews are kept; ``.synthnb/reviews``, if left out.

    Raises
    ------
    OptionError
        A number is out of range, the rubric isn't known, or it asks for the origin and there are no real rows.
    FrameError
        A column isn't there, or a frame has too few rows.
    StorageError
        The review can't be kept.
    """
    asked = find_rubric(rubric)
    _check_number("n", n, 2, _MOST_ITEMS)
    _check_number("raters", raters, 1, _MOST_RATERS)
    if asked.asks_origin and real is None:
        said = f"The rubric {asked.id} asks whether items are real; no real frame was given."
        raise OptionError(said, fix="Pass one, or choose another rubric.")
    frame, restore = to_pandas(synthetic, "synthetic frame")
    inside = {label: name for name, label in restore.labels.items()}
    text, columns = _inside(text, inside), _listed(columns, inside)
    other = None if real is None else to_pandas(real, "real frame")[0]
    settings = {
        "scheme": SCHEMA,
        "synthetic": frame_digest(frame),
        "real": None if other is None else frame_digest(other),
        "n": n,
        "text": text,
        "columns": columns,
        "rubric": asked.digest,
    }
    place = home(folder)
    if (begun := _begun(place, digest(settings), seed)) is not None:
        store, facts, key = begun
        kept: dict[str, Any] = {"seed": int(key["seed"]), "salt": str(key["salt"]), "secret": str(key["secret"])}
        sample = draw_sample(frame, other, n=n, text=text, columns=columns, **kept)
        _refuse_changed(facts, sample.items, "the frames give other items than when the review was begun")
        return Review(facts | {"raters": raters}, sample.items, store)
    used = resolve_seed(seed)
    salt, secret = secrets.token_hex(16), secrets.token_hex(32)
    sample = draw_sample(frame, other, n=n, text=text, columns=columns, seed=used, salt=salt, secret=secret)
    about = {"synthetic": _about(names[0], frame, settings["synthetic"]), "real": None}
    if other is not None:
        about["real"] = _about(names[1], other, settings["real"])
    facts = _facts(sample, asked, raters, text) | about | {"name": _cut(names[0]), "settings": digest(settings)}
    store = Store(place, facts["id"])
    store.begin(facts, {"review": facts["id"], "seed": used, "salt": salt, "secret": secret, "origin": dict(sample.key)})
    return Review(facts, sample.items, store)


def _inside(name: Any, inside: Mapping[Any, str]) -> Any:
    """The name that a column has inside: a frame's own labels may be numbers."""
    try:
        return inside.get(name, name)
    except TypeError:  # what can't be hashed is no label
        return name


def _listed(columns: Any, inside: Mapping[Any, str]) -> list[str] | None:
    if columns is None:
        return None
    if not isinstance(columns, Sequence) or isinstance(columns, (str, bytes)):
        raise OptionError(f"A list of column names was expected; got {shown(columns)}.", fix="Pass a list.")
    names = [_inside(name, inside) for name in columns]
    for at, name in enumerate(names):
        if not isinstance(name, str):
            raise OptionError(f"A column's name was expected; got {shown(name)}.", fix="Name columns that all frames have.")
        if name in names[:at]:
            raise OptionError(f"columns names {shown(name)} twice.", fix="Name each column once.")
    return names


def _cut(name: object) -> str:
    text = str(name).encode("utf-8", "replace").decode()
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"


def _check_number(what: str, number: Any, least: int, most: int) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
        raise OptionError(f"{what} must be from {least} to {most:,}; got {shown(number)}.", fix="Choose one in that range.")


def _begun(place: Path, settings: str, seed: int | None) -> tuple[Store, dict[str, Any], dict[str, Any]] | None:
    """The latest review of these settings that can be gone on with."""
    for path, facts in reversed(list(find_reviews(place))):
        if facts.get("settings") == settings and _is_whole(facts):
            store = Store(place, path.name)
            key = store.key()
            if key is not None and {"seed", "salt", "secret"} <= set(key) and seed in (None, key["seed"]):
                return store, facts, key
    return None


def _about(name: str, frame: Any, content: Any) -> dict[str, Any]:
    return {"name": _cut(name), "rows": len(frame), "digest": content}


def _facts(sample: Sample, rubric: Rubric, raters: int, text: str | None) -> dict[str, Any]:
    """What the review's file says; where items come from isn't in it, nor what would tell."""
    left = f" Not shown: {', '.join(map(_cut, sample.left_out))[:200]}." if sample.left_out else ""
    form = "Texts were shown without control signs and blank ends." if text is not None else "Values were written in one form."
    apart = ", ".join(map(_cut, sample.told))[:200]
    told = f" The frames spell {apart} differently throughout, so form may tell where items come from: write it alike." if apart else ""
    counts = {origin: sum(found == origin for found in sample.key.values()) for origin in ("synthetic", "real")}
    return {
        "schema": SCHEMA,
        "id": f"review-{secrets.token_hex(6)}",
        "created": utc_now(),
        "kind": "row" if text is None else "text",
        "columns": [_cut(name) for name in sample.columns],
        "rubric": rubric.to_dict(),
        "raters": raters,
        "counts": counts,
        "twins": sample.twins,
        "note": form + left + told,
        "order_seed": secrets.randbelow(LARGEST_SEED + 1),  # public: raters' orders follow from it, the key doesn't
        "items": [{"id": item.id, "digest": item.digest} for item in sample.items],
    }


def _refuse_changed(facts: Mapping[str, Any], items: Sequence[Item], why: str) -> None:
    if [item.digest for item in items] != [one["digest"] for one in facts["items"]]:
        raise OptionError(f"The items aren't those of {facts['id']}: {why}.", fix="Begin another review with another seed.")


def export_review(review: Review, path: str | Path) -> Path:
    """Write a review's items to a file, for raters in other notebooks. It holds real rows or texts, and no key.

    Raises
    ------
    OptionError
        There is such a file.
    StorageError
        It can't be written.
    """
    file = Path(path).expanduser()
    if file.exists():
        raise OptionError(f"{shown(str(path))} exists.", fix="Choose another name.")
    salt = (review._store.key() or {}).get("salt") or review._facts.get("salt")
    shape = {"schema": SAMPLE_SCHEMA, "review": review._facts, "salt": salt, "items": [item.to_dict() for item in review.items]}
    try:
        create_whole(file, lambda temporary: temporary.write_bytes(json.dumps(shape).encode()))
    except OSError as error:
        raise StorageError(f"{file.name} couldn't be written: {error.strerror or error}.", fix="Choose another folder.") from error
    return file


def open_review(path: str | Path, *, folder: str | Path | None = None) -> Review:
    """Return the review that `export_review` wrote; answers are kept in this project.

    Raises
    ------
    OptionError
        There is no such file, or its items aren't as they were written.
    """
    file = Path(path).expanduser()
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        facts, salt = dict(data["review"]), str(data["salt"])
        items = [Item.from_dict(one) for one in data["items"]]
        whole = data["schema"] == SAMPLE_SCHEMA and [(i.id, i.digest) for i in items] == [(i["id"], i["digest"]) for i in facts["items"]]
    except OSError as error:
        raise OptionError(f"There is no review at {shown(str(path))}: {error.strerror or error}.", fix="Correct the path.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise OptionError(f"{file.name} isn't a review that synthnb wrote.", fix="Choose a file that export_review wrote.") from error
    if not whole or any(item_digest(salt, item.content) != item.digest for item in items):
        raise OptionError(f"The items in {file.name} aren't as they were written.", fix="Ask for the file again.")
    store = Store(home(folder), str(facts.get("id")))
    store.begin(facts, None)
    return Review(facts | {"salt": salt}, items, store)


def kept_reviews(folder: str | Path | None = None) -> list[Review]:
    """The reviews that are kept in this project, the oldest first; of their items only ids and digests are known.

    Damaged ones are passed over: `damaged_reviews` says why.
    """
    return [review for _, review in _all_kept(folder) if isinstance(review, Review)]


def damaged_reviews(folder: str | Path | None = None) -> dict[str, str]:
    """What is wrong with the reviews of this project that can't be read, by their folder's name."""
    place = home(folder)
    broken = {name: why for name, why in _all_kept(folder) if isinstance(why, str)}
    read = {path.name for path, _ in find_reviews(place)}
    unread = sorted({path.parent.name for path in place.glob(f"review-*/{REVIEW}")} - read)
    return broken | dict.fromkeys(unread, f"{REVIEW} can't be read")


def _all_kept(folder: str | Path | None) -> Iterator[tuple[str, Review | str]]:
    place = home(folder)
    for path, facts in find_reviews(place):
        if not _is_whole(facts):
            yield path.name, f"{REVIEW} isn't as synthnb wrote it"
            continue
        items = [Item(str(one["id"]), facts["kind"], "", str(one["digest"])) for one in facts["items"]]
        try:
            yield path.name, Review(facts, items, Store(place, path.name))
        except OptionError as error:
            yield path.name, error.message


def _is_whole(facts: Mapping[str, Any]) -> bool:
    """Whether a review's file has what a review needs."""
    try:
        Rubric.from_dict(facts["rubric"])
        rows = [(one["id"], one["digest"]) for one in facts["items"]]
        counted = int(facts["raters"]), int(facts["order_seed"]), int(facts["twins"])
        words = facts["id"], facts["name"], facts["kind"], facts["note"], facts["created"], facts["synthetic"]["digest"]
        return bool(rows) and min(counted) >= 0 and all(isinstance(word, str) for pair in (*rows, words) for word in pair)
    except (KeyError, TypeError, ValueError, AttributeError, OptionError):
        return False
