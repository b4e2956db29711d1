"""What the user's own analysis is: a function of a frame, and a name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Analysis"]

_LONGEST_NAME = 80
_FEWEST_RESAMPLES = 20
_MOST_RESAMPLES = 10_000


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """An analysis of one's own, to be run on real and on synthetic rows.

    Parameters
    ----------
    name : str
        What reports call it: 1 to 80 printable characters.
    function : callable
        Takes a pandas frame of all columns and returns one of

        - a number, or a pair of an estimate and its standard error,
        - a decision: a boolean or a text,
        - a mapping of terms to any of these, or to (estimate, low, high),
        - a frame with a row per term and the columns ``estimate``, and ``se`` or ``low`` and ``high``,
        - a fitted statsmodels result or lifelines model.

        It is given a copy. What it returns is shown in reports, so let it return
        summaries, not anybody's own values.
    terms : tuple of str
        The terms that decide; all of them if empty. Others are left out.
    null : float
        What an estimate is where there is no effect: 0, or 1 for ratios.
    resamples : int
        Resamples of the rows from which standard errors are taken where the function
        gives none; 0 for none.

    Raises
    ------
    OptionError
        A part isn't as described.

    Examples
    --------
    >>> Analysis(name="mean age", function=lambda frame: frame["age"].mean(), resamples=200).name
    'mean age'
    """

    name: str
    function: Callable[[pd.DataFrame], Any]
    terms: tuple[str, ...] = ()
    null: float = 0.0
    resamples: int = 0

    def __post_init__(self) -> None:
        for fits, what, fix in _expected(vars(self)):
            if not fits:
                raise OptionError(what, fix=fix)


def _expected(said: Mapping[str, Any]) -> Iterator[tuple[bool, str, str]]:
    """Whether each part is as described, what to say if it isn't, and what to do."""
    name, function, terms, null, resamples = (said[key] for key in ("name", "function", "terms", "null", "resamples"))
    named = isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME and name.isprintable()
    yield named, f"An analysis's name must have 1 to {_LONGEST_NAME} printable characters; got {shown(name)}.", "Choose another."
    what = f"An analysis must be a function of a frame; {name!r} got a {type(function).__name__}."
    yield callable(function), what, "Pass function=lambda frame: …."
    listed = isinstance(terms, tuple) and all(isinstance(term, str) for term in terms)
    yield listed, f"The terms of {name!r} must be a tuple of texts; got {shown(terms)}.", 'Write ("arm",).'
    number = not isinstance(null, bool) and isinstance(null, (int, float)) and math.isfinite(null)
    yield number, f"The null of {name!r} must be a number; got {shown(null)}.", "Pass 0, or 1 for ratios."
    enough = type(resamples) is int and (resamples == 0 or _FEWEST_RESAMPLES <= resamples <= _MOST_RESAMPLES)
    allowed = f"0, or from {_FEWEST_RESAMPLES} to {_MOST_RESAMPLES:,}"
    yield enough, f"The resamples of {name!r} must be {allowed}; got {shown(resamples)}.", "200 are enough for a standard error."
