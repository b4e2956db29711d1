"""A review: blinded items, raters' answers written as they are given, and results once they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, ClassVar

from synthnb._clock import utc_now
from synthnb._display import Shown
from synthnb._random import generator
from synthnb.errors import OptionError, shown
from synthnb.evaluation.human.ratings import LONGEST_NOTE, Rating, append_rating, check_rater, counting, read_ratings, timed
from synthnb.evaluation.human.results import Answers, Results, compute_results
from synthnb.evaluation.human.rubrics import Rubric

if TYPE_CHECKING:
    from synthnb.evaluation.human.items import Item
    from synthnb.evaluation.human.state import Store

__all__ = ["Review"]


class Review(Shown):
    """Blinded items, a rubric, and what raters said so far. `synthnb.evaluation.human.start_review` makes one.

    Parameters
    ----------
    facts : mapping
        What the review's file says: id, rubric, raters, counts, items' digests.
    items : sequence of Item
        What raters see.
    store : Store
        Where answers are written.
    """

    display_name: ClassVar[str] = "review"

    def __init__(self, facts: Mapping[str, Any], items: Sequence[Item], store: Store) -> None:
        self._facts = dict(facts)
        self._store = store
        self.id: str = facts["id"]
        """The review's id."""
        self.name: str = facts["name"]
        """What the reviewed frame is called."""
        self.rubric = Rubric.from_dict(facts["rubric"])
        """What is asked."""
        self._rubric_digest = self.rubric.digest
        self.items = tuple(items)
        """The items, by id; where they come from isn't in them."""
        self._by_id = {item.id: item for item in self.items}
        self._log: list[Rating] = []
        self._guests: list[Rating] = []
        self._seen: dict[Path, tuple[int, int]] = {}
        self.refresh()

    def __repr__(self) -> str:
        done = ", ".join(f"{rater} {self.progress(rater)[0]} of {len(self.items)}" for rater in self.raters)
        return f"<Review {self.id}: {len(self.items)} {self.kind}s, {self.rubric.title}; {done or 'no rater yet'}>"

    @property
    def kind(self) -> str:
        """What the items are: row or text."""
        return str(self._facts["kind"])

    @property
    def planned(self) -> int:
        """How many raters were planned."""
        return int(self._facts["raters"])

    @property
    def raters(self) -> list[str]:
        """Ids of those who rated, or said what qualifies them."""
        return sorted({rating.rater for rating in self._log})

    @property
    def frame_digest(self) -> str:
        """The digest of the reviewed frame."""
        return str(self._facts["synthetic"]["digest"])

    @property
    def note(self) -> str:
        """What was done to the items' form, and what isn't shown."""
        return str(self._facts["note"])

    def refresh(self) -> None:
        """Read the rating files anew where another notebook has written to them."""
        seen = self._store.sizes()
        if seen == self._seen and seen:
            return
        found: list[Rating] = []
        for path in seen:
            ratings = read_ratings(path)
            self._check(ratings, path.name)
            found += ratings
        known = {rating.to_line() for rating in found}
        self._log = found + [rating for rating in self._guests if rating.to_line() not in known]
        self._seen = seen

    def order(self, rater: str) -> list[Item]:
        """The items in the order in which a rater sees them, which is the rater's own."""
        places = generator(int(self._facts["order_seed"]), "review", "rater", check_rater(rater)).permutation(len(self.items))
        return [self.items[place] for place in places.tolist()]

    def answers(self, rater: str) -> dict[str, dict[str, int | str]]:
        """What a rater answered, by item and question."""
        return counting(rating for rating in self._log if rating.rater == rater).get(rater, {})

    def progress(self, rater: str) -> tuple[int, int]:
        """How many items a rater has rated in full, and how many there are."""
        asked = len(self.rubric.questions)
        return sum(len(answers) == asked for answers in self.answers(rater).values()), len(self.items)

    def rate(self, rater: str, item: str, question: str, rating: int | str | None, note: str = "", *, seconds: float | None = None) -> None:
        """Write one answer; a later one of the same rater to the same question counts instead.

        Parameters
        ----------
        rater : str
            The rater's id or role: 1 to 40 letters, digits, blanks or ``. @ - _``.
        item, question : str
            Their ids.
        rating : int or str or None
            One of the question's values (3.0 or a numpy integer is read as 3); None takes the answer back.
        note : str
            Words on it, up to 2,000 characters.
        seconds : float, optional
            How long it took.

        Raises
        ------
        OptionError
            There is no such item, question or value.
        StorageError
            It couldn't be written; what was written before is intact.
        """
        asked = self.rubric.question(question)
        value = None if rating is None else asked.value_of(rating)
        self._append(self._line(rater, item, note, question=question, rating=value, seconds=timed(seconds)))

    def remark(self, rater: str, item: str, note: str) -> None:
        """Write a note on an item; a later one counts instead."""
        self._append(replace(self._line(rater, item, note), kind="note"))

    def qualify(self, rater: str, qualification: str) -> None:
        """Write what qualifies a rater, as reports state it: "oncologist, 10 years"."""
        self._append(Rating(kind="rater", review=self.id, rater=check_rater(rater), note=_words(qualification), time=utc_now()))

    def undo(self, rater: str) -> str | None:
        """Take a rater's last answer back, and return the item it was about; None if there is nothing to take back."""
        self.refresh()  # the last answer may have been given in another notebook
        stack: list[Rating] = []
        for rating in self._log:
            if rating.rater == rater and rating.kind == "rating":
                if not rating.undo:
                    stack.append(rating)
                elif stack:
                    stack.pop()
        if not stack:
            return None
        last = stack.pop()
        earlier = next((one.rating for one in reversed(stack) if (one.item, one.question) == (last.item, last.question)), None)
        self._append(replace(last, rating=earlier, note="", seconds=None, time=utc_now(), undo=True))
        return last.item

    def notes(self, rater: str) -> dict[str, str]:
        """A rater's notes, by item."""
        return {rating.item: rating.note for rating in self._log if rating.rater == rater and rating.kind == "note"}

    def add(self, path: str | Path, *, keep: bool = True) -> int:
        """Take over the ratings of a file made elsewhere, and return how many were new.

        Parameters
        ----------
        path : str or Path
            A rating file of this review.
        keep : bool
            Write them into this project's files too; otherwise this object alone has them.

        Raises
        ------
        OptionError
            It holds ratings of another review, of another rubric, or of items that aren't as they are here.
        """
        ratings = read_ratings(path)
        self._check(ratings, Path(path).name)
        known = {rating.to_line() for rating in self._log}
        new = [rating for rating in ratings if rating.to_line() not in known]
        for rating in new:
            if keep:
                self._append(rating)
            else:
                self._guests.append(rating)
                self._log.append(rating)
        return len(new)

    def rating_file(self, rater: str) -> Path:
        """The file that holds a rater's answers, to be handed to whoever joins the review."""
        return self._store.rating_file(check_rater(rater))

    def widget(self, rater: str | None = None) -> Any:
        """A widget to rate the items in; without a rater, it asks who rates."""
        from synthnb.plugins import load

        return load("synthnb.displays", "review-widget")(self, rater)

    def origins(self) -> dict[str, str] | None:
        """Where each item comes from, for whoever computes results and isn't to rate any more; None if the key isn't on this machine."""
        origin = (self._store.key() or {}).get("origin", {})
        return {item.id: str(origin[item.id]) for item in self.items} if set(self._by_id) <= set(origin) else None

    def results(self) -> Results:
        """Scores of what was answered so far. The key is read here, and nowhere before."""
        self.refresh()
        roles = {rater: f"rater {number}" for number, rater in enumerate(self.raters, start=1)}
        given = {role: self.answers(rater) for rater, role in roles.items()}
        scores, disagreements, twice = compute_results(Answers(self.rubric, tuple(self._by_id), given, self.origins()))
        raters = tuple({"role": role, **self._rater(rater)} for rater, role in roles.items())
        finished = sum(rater["items"] == len(self.items) for rater in raters) >= self.planned
        return Results(
            scores=tuple(scores),
            disagreements=tuple(disagreements),
            raters=raters,
            double_rated=twice,
            finished=finished,
            notes=self._notes(raters, finished=finished),
        )

    def to_dict(self) -> dict[str, Any]:
        """The review as plain JSON types: counts, digests and scores; no item, no rater's id, no words of a rater but qualifications."""
        kept = self._store.key()
        facts = {name: self._facts[name] for name in ("id", "name", "synthetic", "real", "columns", "created", "counts", "twins", "note")}
        rubric = {name: getattr(self.rubric, name) for name in ("id", "version", "digest", "title", "instructions")}
        results = self.results().to_dict()
        more = {"kind": "review", "items": len(self.items), "unit": self.kind, "rubric": rubric, "planned_raters": self.planned}
        return facts | more | {"seed": None if kept is None else kept.get("seed"), "created": self._facts["created"]} | results

    def _rater(self, rater: str) -> dict[str, Any]:
        timings: dict[str, float] = {}
        for rating in self._log:
            if rating.rater == rater and rating.seconds is not None:
                timings[rating.item] = max(timings.get(rating.item, 0.0), rating.seconds)
        said = [rating.note for rating in self._log if rating.rater == rater and rating.kind == "rater"]
        seconds = round(median(timings.values()), 1) if timings else None
        return {"items": self.progress(rater)[0], "median_seconds": seconds, "qualification": said[-1] if said else "not stated"}

    def _notes(self, raters: Sequence[Mapping[str, Any]], *, finished: bool) -> tuple[str, ...]:
        notes = [] if finished else ["The review isn't finished: figures rest on the ratings so far."]
        if len(raters) < 2:
            notes.append("Fewer than two raters: how far people agree isn't known.")
        if self._facts["twins"]:
            notes.append(f"{self._facts['twins']} items have the same content as one of the other origin: nobody can tell those.")
        return (*notes, self.note)

    def _line(self, rater: str, item: str, note: str, **answer: Any) -> Rating:
        if item not in self._by_id:
            raise OptionError(
                f"There is no item {shown(item)} in this review.", fix=f"Items run from {self.items[0].id} to {self.items[-1].id}."
            )
        return Rating(
            kind="rating",
            review=self.id,
            rater=check_rater(rater),
            item=item,
            digest=self._by_id[item].digest,
            note=_words(note),
            time=utc_now(),
            rubric=self._rubric_digest,
            **answer,
        )

    def _append(self, rating: Rating) -> None:
        path = self._store.rating_file(rating.rater)
        append_rating(path, rating)
        self._log.append(rating)
        before, now = self._seen.get(path, (0, 0)), self._store.sizes().get(path, (0, 0))
        if now[0] - before[0] == len(rating.to_line()) + 1:  # else another notebook has written too: the next refresh reads its lines
            self._seen = self._seen | {path: now}

    def _check(self, ratings: Sequence[Rating], name: str) -> None:
        """Refuse ratings that belong elsewhere."""
        for rating in ratings:
            check_rater(rating.rater)
            if rating.review != self.id:
                said = f"{name} holds ratings of {shown(rating.review)}; this review is {self.id}."
                raise OptionError(said, fix="Choose a file of this review.")
            if rating.kind != "rater":
                self._check_item(rating, name)

    def _check_item(self, rating: Rating, name: str) -> None:
        item = self._by_id.get(rating.item)
        if item is None or item.digest != rating.digest:
            said = f"{name} rates {shown(rating.item)}, which isn't as it is in this review."
            raise OptionError(said, fix="Rate the items of this review's sample.")
        if rating.kind == "note":
            return
        if rating.rubric != self._rubric_digest:
            raise OptionError(f"{name} holds ratings by another rubric than {self.rubric.id}.", fix="Rate with the same rubric.")
        if rating.rating is not None and rating.rating not in self.rubric.question(rating.question).values:
            raise OptionError(f"{name} holds an answer that {rating.question} doesn't have.", fix="Choose a file that synthnb wrote.")


def _words(note: object) -> str:
    """A note of a sensible length, without signs that no JSON holds."""
    if not isinstance(note, str) or len(note) > LONGEST_NOTE:
        raise OptionError(f"A text of at most {LONGEST_NOTE:,} characters was expected; got {shown(note)}.", fix="Shorten it.")
    return note.encode("utf-8", "replace").decode().replace("\x00", "")
