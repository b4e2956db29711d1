"""Reviews begun, gone on with, handed to other notebooks and read there."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synthnb._canonical import digest
from synthnb._clock import utc_now
from synthnb._files import create_whole
from synthnb._frames import frame_digest, to_pandas
from synthnb._random import generator, resolve_seed
from synthnb.errors import OptionError, StorageError, shown
from synthnb.evaluation.human.items import Item, Sample, draw_sample, item_digest
from synthnb.evaluation.human.review import Review
from synthnb.evaluation.human.rubrics import Rubric, find_rubric
from synthnb.evaluation.human.state import Store, find_reviews, home

__all__ = ["export_review", "kept_reviews", "open_review", "start_review"]

SCHEMA = "synthnb.review/1"
SAMPLE_SCHEMA = "synthnb.review-sample/1"
_MOST_ITEMS, _MOST_RATERS = 5_000, 50


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
        Where draws start; that of the review which is gone on with, or a fresh one, if left out.
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
    frame = to_pandas(synthetic, "synthetic frame")[0]
    other = None if real is None else to_pandas(real, "real frame")[0]
    settings = {
        "scheme": SCHEMA,
        "synthetic": frame_digest(frame),
        "real": None if other is None else frame_digest(other),
        "n": n,
        "text": text,
        "columns": None if columns is None else list(columns),
        "rubric": asked.digest,
    }
    place = home(folder)
    if (begun := _begun(place, digest(settings), seed)) is not None:
        store, facts, key = begun
        sample = draw_sample(frame, other, n=n, text=text, columns=columns, seed=int(key["seed"]), salt=str(key["salt"]))
        _refuse_changed(facts, sample.items, "the frames give other items than when the review was begun")
        return Review(facts | {"raters": raters}, sample.items, store)
    used = resolve_seed(seed)
    salt = secrets.token_hex(16)
    sample = draw_sample(frame, other, n=n, text=text, columns=columns, seed=used, salt=salt)
    about = {"synthetic": _about(names[0], frame, settings["synthetic"]), "real": None}
    if other is not None:
        about["real"] = _about(names[1], other, settings["real"])
    facts = _facts(sample, asked, used, raters, text) | about | {"name": names[0], "settings": digest(settings)}
    store = Store(place, facts["id"])
    store.begin(facts, {"review": facts["id"], "seed": used, "salt": salt, "origin": dict(sample.key)})
    return Review(facts, sample.items, store)


def _check_number(what: str, number: Any, least: int, most: int) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
        raise OptionError(f"{what} must be from {least} to {most:,}; got {shown(number)}.", fix="Choose one in that range.")


def _begun(place: Path, settings: str, seed: int | None) -> tuple[Store, dict[str, Any], dict[str, Any]] | None:
    """The latest review of these settings that can be gone on with."""
    for path, facts in reversed(list(find_reviews(place))):
        if facts.get("settings") == settings:
            store = Store(place, path.name)
            key = store.key()
            if key is not None and seed in (None, key.get("seed")):
                return store, facts, key
    return None


def _about(name: str, frame: Any, content: Any) -> dict[str, Any]:
    return {"name": name, "rows": len(frame), "digest": content}


def _facts(sample: Sample, rubric: Rubric, seed: int, raters: int, text: str | None) -> dict[str, Any]:
    """What the review's file says; where items come from isn't in it, nor what would tell."""
    left = f" Not shown: {', '.join(sample.left_out)[:200]}." if sample.left_out else ""
    form = "Texts were shown without control signs and blank ends." if text is not None else "Values were written in one form."
    counts = {origin: sum(found == origin for found in sample.key.values()) for origin in ("synthetic", "real")}
    return {
        "schema": SCHEMA,
        "id": f"review-{secrets.token_hex(6)}",
        "created": utc_now(),
        "kind": "row" if text is None else "text",
        "columns": list(sample.columns),
        "rubric": rubric.to_dict(),
        "raters": raters,
        "counts": counts,
        "twins": sample.twins,
        "note": form + left,
        "order_seed": int(generator(seed, "review", "orders").integers(2**32)),
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
    """The reviews that are kept in this project, the oldest first; of their items only ids and digests are known."""
    place, found = home(folder), []
    for path, facts in find_reviews(place):
        items = [Item(str(one["id"]), facts["kind"], "", str(one["digest"])) for one in facts["items"]]
        found.append(Review(facts, items, Store(place, path.name)))
    return found
