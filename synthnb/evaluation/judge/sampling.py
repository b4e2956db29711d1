"""What a judge is given: items of one or several synthetic frames among real ones, or the items that people rated."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from synthnb._frames import frame_digest, to_pandas
from synthnb.errors import OptionError, shown
from synthnb.evaluation.human.items import Item, draw_sample

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.evaluation.human import Review, Rubric

__all__ = ["Lot", "check_number", "of_frames", "of_review"]

_MOST_ITEMS = 5_000


@dataclass(frozen=True, kw_only=True)
class Lot:
    """Items to judge, and what is known of them that the judge isn't told."""

    items: tuple[Item, ...]
    """In one form, in an order that says nothing."""
    key: Mapping[str, str]
    """Where each comes from: real or synthetic."""
    rubric: Rubric
    """What is asked."""
    described: Mapping[str, Any]
    """The judged frame's name, rows and digest."""
    makers: Mapping[str, str] = field(default_factory=dict)
    """By synthetic item: the family of the model that made it."""
    people: Mapping[str, Sequence[Mapping[str, int | str]]] = field(default_factory=dict)
    """By question: each rater's answers by item."""
    text: str = "text"
    """What the column of the texts is called, if texts are judged."""

    @property
    def cells(self) -> pd.DataFrame:
        """Everything that would be sent of the items, by column: a label as it is shown, and its values from the top."""
        import pandas as pd

        found: dict[str, list[str]] = {}
        for item in self.items:
            pairs = ((self.text, item.content),) if isinstance(item.content, str) else item.content
            for label, value in pairs:
                if value is not None:
                    found.setdefault(label, []).append(value)
        return pd.DataFrame({label: pd.Series(values, dtype=object) for label, values in found.items()})


def check_number(what: str, number: Any, least: int, most: int, fix: str) -> None:
    """Refuse what isn't a whole number of that range.

    Raises
    ------
    OptionError
        It is out of range, or no whole number.
    """
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
        raise OptionError(f"{what} must be from {least} to {most:,}; got {shown(number)}.", fix=fix)


def of_frames(
    synthetic: Any,
    real: Any,
    *,
    n: int,
    rubric: Rubric,
    text: str | None,
    columns: Sequence[str] | None,
    name: str,
    family: str,
    others: Mapping[str, Any],
    seed: int,
) -> Lot:
    """Draw items of a synthetic frame, and of others, among real ones.

    Parameters
    ----------
    synthetic, real : frame
        What is judged; real rows or None.
    n : int
        How many items, 2 to 5,000; half of them real. Of several synthetic frames equally many are drawn.
    rubric, text, columns : Rubric, str and sequence of str
        What is asked, and what is shown.
    name, family : str
        What the frame is called, and the family of the model that made it, empty if none or unknown.
    others : mapping
        Further synthetic frames by the family that made them.
    seed : int
        Where the draw starts.

    Raises
    ------
    OptionError
        ``n`` is out of range, or the rubric asks for the origin and there are no real rows.
    FrameError
        A column isn't there, or a frame has too few rows.
    """
    check_number("n", n, 2, _MOST_ITEMS, fix="Choose one in that range.")
    if rubric.asks_origin and real is None:
        raise OptionError(f"The rubric {rubric.id} asks whether items are real; no real frame was given.", fix="Pass one.")
    made = to_pandas(synthetic, "synthetic frame")[0]
    tables = {family: made} | {maker: to_pandas(other, f"frame of {maker}")[0] for maker, other in others.items()}
    if len(tables) < 1 + len(others):
        raise OptionError(f"others holds the family {shown(family)} that made the judged frame.", fix="Leave it out.")
    pool, makers = _pool(tables, n if real is None else n - n // 2, seed)
    against = None if real is None else to_pandas(real, "real frame")[0]
    drawn = draw_sample(pool, against, n=n, text=text, columns=columns, seed=seed, salt=secrets.token_hex(16))
    return Lot(
        items=drawn.items,
        key=drawn.key,
        rubric=rubric,
        described={"name": name, "rows": len(made), "columns": int(made.shape[1]), "digest": frame_digest(made)},
        makers={item: makers[drawn.rows[item]] for item, origin in drawn.key.items() if origin == "synthetic" and makers},
        text=text or "text",
    )


def _pool(tables: Mapping[str, pd.DataFrame], wanted: int, seed: int) -> tuple[pd.DataFrame, list[str]]:
    """The synthetic rows to draw from, as many of each frame; and who made each."""
    import pandas as pd

    from synthnb._random import generator

    if len(tables) == 1:
        ((maker, table),) = tables.items()
        return table, [maker] * len(table)
    share = -(-wanted // len(tables))
    parts = [
        table if len(table) <= share else table.iloc[generator(seed, "judge", "pool", maker).choice(len(table), share, replace=False)]
        for maker, table in tables.items()
    ]
    common = [name for name in parts[0].columns if all(name in part.columns for part in parts)]
    makers = [maker for maker, part in zip(tables, parts, strict=True) for _ in range(len(part))]
    return pd.concat([part[common] for part in parts], ignore_index=True), makers


def of_review(review: Review, *, family: str) -> Lot:
    """The items of a review by people, with what they answered.

    Raises
    ------
    OptionError
        The review's key isn't on this machine, so where its items come from isn't known.
    """
    key = review.origins()
    if key is None:
        raise OptionError(
            f"Where the items of {review.id} come from isn't known here: its key is elsewhere.", fix="Judge where it was begun."
        )
    people = [review.answers(rater) for rater in review.raters]
    by_question = {
        question.id: [{item: answers[question.id] for item, answers in one.items() if question.id in answers} for one in people]
        for question in review.rubric.questions
    }
    return Lot(
        items=review.items,
        key=key,
        rubric=review.rubric,
        described={"name": review.name, "rows": None, "digest": review.frame_digest},
        makers={item: family for item, origin in key.items() if origin == "synthetic" and family},
        people=by_question,
        text=review.to_dict()["columns"][0] if review.items[0].kind == "text" else "text",
    )
