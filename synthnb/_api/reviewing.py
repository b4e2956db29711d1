"""The verb that has people rate what was made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._api.making import read_source
from synthnb._canonical import digest
from synthnb._clock import utc_now
from synthnb.disclosure.session import session
from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    from synthnb.evaluation.human import Review, Rubric

__all__ = ["merged_review", "record_review", "review", "review_entry"]

Json = dict[str, Any]


def review(
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
    """Return a blinded review of a synthetic frame, or the one that was begun with the same arguments.

    Half of the items are real, the order says nothing, and where each comes from is
    in a file that only `Review.results` reads.

    Parameters
    ----------
    synthetic, real : frame, str or Path
        What is reviewed, and the real rows mixed in; without these, every item is synthetic.
    n : int
        How many items, 2 to 5,000.
    raters : int
        How many people are to rate them, 1 to 50.
    text : str, optional
        The column whose texts are rated; rows are, if left out.
    columns : sequence of str, optional
        What is shown of a row; what both frames have and doesn't name anybody, if left out.
    rubric : Rubric, str or Path
        What is asked: ``discrimination``, ``plausibility``, ``correctness``, ``completeness``, ``harm``, several
        joined by commas, or a ``.toml`` file.
    names : tuple of str
        What the frames are called.
    seed : int, optional
        Seed from 0 to 2**32 - 1.
    folder : str or Path, optional
        Where reviews are kept; ``.synthnb/reviews``, if left out.

    Returns
    -------
    Review
        ``.widget(rater)`` to rate, ``.rate(...)`` for scripts, ``.results()`` for scores.

    Raises
    ------
    OptionError
        A number is out of range, the rubric isn't known, or it asks for the origin and there are no real rows.
    FrameError
        A column isn't there, or a frame has too few rows.
    StorageError
        The review can't be kept.
    """
    from synthnb.evaluation.human import start_review

    return start_review(
        read_source(synthetic, "")[0],
        None if real is None else read_source(real, "")[0],
        n=n,
        raters=raters,
        text=text,
        columns=columns,
        rubric=rubric,
        names=names,
        seed=seed,
        folder=folder,
    )


def merged_review(paths: Sequence[str | Path] = (), *, review_id: str | None = None, folder: str | Path | None = None) -> Review:
    """Return a review of this project with the ratings of these files, which stay where they are.

    Parameters
    ----------
    paths : sequence of str or Path
        Rating files of one review; those in the project count in any case.
    review_id : str, optional
        Which review; that of the files, or the latest, if left out.
    folder : str or Path, optional
        Where reviews are kept; ``.synthnb/reviews``, if left out.

    Raises
    ------
    OptionError
        The files are of several reviews, or the review isn't kept here.
    """
    from synthnb.evaluation.human import kept_reviews
    from synthnb.evaluation.human.ratings import read_ratings

    wanted = {rating.review for path in paths for rating in read_ratings(path)} | ({review_id} if review_id else set())
    if len(wanted) > 1:
        raise OptionError(f"Ratings of one review were expected; got {', '.join(map(shown, sorted(wanted)))}.", fix="Name its files only.")
    kept = kept_reviews(folder)
    found = [one for one in kept if not wanted or one.id in wanted]
    if not found:
        here = ", ".join(one.id for one in kept) or "none"
        raise OptionError(
            f"The review {shown(next(iter(wanted)))} isn't kept here." if wanted else "No review is kept here.",
            fix=f"Run this in the folder where it was begun; kept here: {here}.",
        )
    for path in paths:
        found[-1].add(path, keep=False)
    return found[-1]


def review_entry(reviewed: Review) -> Json:
    """The entry that a review adds to the record: counts, digests and scores, no item and no name of a rater."""
    from synthnb.disclosure.entries import sealed

    shape = reviewed.to_dict()
    scores = [{name: value for name, value in score.items() if name not in ("reference", "seconds")} for score in shape["scores"]]
    stamp = digest([shape["id"], scores, shape["raters"]]).removeprefix("sha256:")[:12]
    return sealed(
        id=f"{shape['id']}-{stamp}",
        kind="review",
        created=utc_now(),
        slot=f"review:{shape['name']}:{shape['rubric']['id']}",
        partial=not shape["finished"],
        fields=_fields(shape),
        detail=shape | {"scores": scores},
        about=shape["synthetic"],
    )


def record_review(reviewed: Review) -> Json:
    """Keep a review's entry in this session and the ledger, and return it."""
    return session.remember(review_entry(reviewed))


_MOST_TOLD = 3
"""How many figures of a review the notebook's cell tells."""


def _fields(shape: Json) -> Json:
    name, unit, rubric = shape["name"], shape["unit"], shape["rubric"]
    mixed = f", {shape['counts']['real']} of them real" if shape["counts"]["real"] else ""
    twice = "none" if shape["double_rated"] is None else f"{shape['double_rated']:.0%}"
    rated = ", ".join(f"{rater['role']} {rater['items']} of {shape['items']} items" for rater in shape["raters"]) or "nobody yet"
    skills = "; ".join(f"{rater['role']}: {rater['qualification']}" for rater in shape["raters"]) or "not stated"
    what = f"blinded review of {shape['items']} {unit}s{mixed}, rubric {rubric['id']}/{rubric['version']} ({rubric['digest'][:19]}…)"
    scores = [_sentence(score) for score in shape["scores"] if score["value"] is not None]
    told = "; ".join(said.partition(". ")[0] for said in scores[:_MOST_TOLD]) or "no figure yet"
    return {
        "resultsInBrief": f"{name}, reviewed by {len(shape['raters'])} people, {shape['items']} {unit}s: {told}",
        "humanResults": [f"{name}: {what}; rated: {rated}", *(f"{name}: {said}" for said in scores)],
        "humanRaters": f"{name}: {len(shape['raters'])} raters, {twice} of the items rated by two or more; "
        f"qualification: {skills}; instructions: {rubric['instructions'] or 'none'}",
    }


def _sentence(score: Json) -> str:
    about = f" ({', '.join(score['subject'])})" if score["subject"] else ""
    interval = f", 95 % CI {score['low']:.3f} to {score['high']:.3f}" if score["low"] is not None else ""
    ceiling = f", real items {score['ceiling']:.3f}" if score["ceiling"] is not None else ""
    reading = f". {score['parameters']['reading']}" if score["parameters"].get("reading") else ""
    return f"{score['label']}{about} {score['value']:.3f} (n = {score['n']:,}{interval}{ceiling}){reading}".rstrip(".")
