"""A column of levels: stated shares as they are, and what is left divided as the model says, or evenly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from synthnb.recipes.statements.stated import sex_levels

if TYPE_CHECKING:
    from synthnb.recipes.distributions import Source
    from synthnb.recipes.draft import Known
    from synthnb.recipes.recipe import Level
    from synthnb.recipes.statements.stated import Stated

__all__ = ["Categories", "categories_of"]

_OTHER = "other"
_CLOSE = 1e-9


class Categories(NamedTuple):
    """Levels with their shares, and who stated each."""

    levels: list[Level]
    """In order."""
    weights: list[float]
    """Their shares."""
    sources: list[Source]
    """Who stated each share."""
    notes: list[str]
    """What had to be assumed, in words that follow the column's name."""

    @property
    def body(self) -> dict[str, Any]:
        """The distribution as a recipe has it."""
        return {"family": "categorical", "levels": self.levels, "weights": self.weights}


def categories_of(stated: Stated, guess: Mapping[str, float], known: Known | None = None) -> Categories:
    """Return the levels of a column.

    Parameters
    ----------
    stated : Stated
        What is stated of it.
    guess : mapping of str to float
        The model's shares by level; empty if there are none.
    known : Known, optional
        What a summary tells of it, in place of the model.
    """
    if known is not None and known.shares:
        return _summarised(stated, known)
    levels, notes = _levels(stated, guess)
    left = max(0.0, 1 - sum(stated.shares.values()))
    open_levels = [level for level in levels if level not in stated.shares]
    shares = _divided(left, open_levels, guess)
    source: Source = (
        "model" if shares and _all_guessed(open_levels, guess) else "user" if len(open_levels) == 1 and stated.shares else "default"
    )
    if shares and source == "default":
        notes.append("no shares were stated; its levels are drawn equally often")
    weights = [stated.shares[level] if level in stated.shares else shares[level] for level in levels]
    return Categories([*levels], weights, ["user" if level in stated.shares else source for level in levels], notes)


def _summarised(stated: Stated, known: Known) -> Categories:
    """Stated levels and shares, and what is left divided as it is among the summary's levels.

    Levels whose shares are withheld, and all that are too rare to be named as one level ``other``, divide evenly what the summary
    leaves of the whole; it says of how many rows that is, not of which.
    """
    shares: dict[Level, float | None] = dict(known.shares)
    if stated.levels and not all(isinstance(level, str) for level in shares):
        shares = {str(level): share for level, share in shares.items()}
    if known.unnamed:
        shares.setdefault(_OTHER, None)
    if stated.closed:
        shares = {level: shares.get(level) for level in stated.levels}
    total = sum(share for share in shares.values() if share is not None)
    hidden = [level for level, share in shares.items() if share is None]
    rest = max(0.0, 1 - total) / len(hidden) if hidden and not stated.closed else total / max(1, len(shares) - len(hidden)) or 1.0
    whole = {level: rest if share is None else share for level, share in shares.items()}
    left = max(0.0, 1 - sum(stated.shares.values()))
    open_levels = [level for level in whole if level not in stated.shares] if left > _CLOSE else []
    among = sum(whole[level] for level in open_levels) or 1.0
    weights: dict[Level, float] = {**dict(stated.shares.items()), **{level: left * whole[level] / among for level in open_levels}}
    order = [level for level in dict.fromkeys([*whole, *stated.levels, *stated.shares]) if level in weights or level in stated.levels]
    notes = ["the shares of some levels are withheld; what was left was divided evenly"] if set(hidden) & set(open_levels) else []
    follows = bool(stated.shares) and len(open_levels) == 1
    sources: list[Source] = [
        "user" if level in stated.shares or follows else "default" if level in hidden else "summary" for level in order
    ]
    return Categories(order, [weights.get(level, 0.0) for level in order], sources, notes)


def _levels(stated: Stated, guess: Mapping[str, float]) -> tuple[list[str], list[str]]:
    """The levels there are, and what had to be assumed of them."""
    levels = list(sex_levels(stated))
    total = sum(stated.shares.values())
    complete = stated.closed or total >= 1 - _CLOSE or (stated.name == "sex" and len(levels) == 2)
    if not complete:
        known = {level.lower() for level in levels}
        levels += [level for level in guess if level.lower() not in known]
    if not levels:
        return ["a", "b"], ["its levels weren't stated; a and b were taken"]
    if not complete and set(levels) <= set(stated.shares):
        return [*levels, _OTHER], [f"{1 - total:.3g} was left; the level '{_OTHER}' was taken for it"]
    if len(levels) == 1 and not stated.shares:
        return [*levels, _OTHER], [f"only one of its levels was stated; the level '{_OTHER}' was taken for the rest"]
    return levels, []


def _all_guessed(levels: list[str], guess: Mapping[str, float]) -> bool:
    found = [_guessed(level, guess) for level in levels]
    return bool(found) and None not in found and sum(share or 0.0 for share in found) > 0


def _guessed(level: str, guess: Mapping[str, float]) -> float | None:
    return next((share for other, share in guess.items() if other.lower() == level.lower()), None)


def _divided(left: float, levels: list[str], guess: Mapping[str, float]) -> dict[str, float]:
    """What is left, over the levels whose shares aren't stated."""
    if not _all_guessed(levels, guess):
        return {level: left / len(levels) for level in levels}
    shares = {level: _guessed(level, guess) or 0.0 for level in levels}
    whole = sum(shares.values())
    return {level: left * share / whole for level, share in shares.items()}
