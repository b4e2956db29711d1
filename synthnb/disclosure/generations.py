"""How many generations lie between a table and data that weren't made by software, and how much of it is synthetic.

What is learnt from synthetic data adds its own errors to theirs, and after some
generations rare cases are gone (Shumailov et al. 2024, doi:10.1038/s41586-024-07566-y).
A depth is what is known: data of which nothing is known count as not made by software, so the
true depth may be larger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from synthnb.disclosure._phrases import named
from synthnb.disclosure.folding import TABLES
from synthnb.disclosure.reading import mapping

__all__ = ["deepest", "depth_words", "descent", "generations", "is_all_made", "known_of", "percent", "whence"]

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_DEEPEST = 1_000_000
_MOST_NAMED = 3


def descent(run: Mapping[str, Any]) -> tuple[int, float]:
    """Return how deep what a run made is, and which share of its rows is synthetic.

    Parameters
    ----------
    run : mapping
        ``Run.to_dict()``, or the detail of an entry of another kind that made cells.

    Returns
    -------
    depth : int
        For a table made: one more than the deepest table it was made from. A table in which cells or a column were
        filled, or that was joined from others, is as deep as the deepest of them, and 1 at least.
    share : float
        From 0 to 1.
    """
    sources = [_of_input(item) for item in _inputs(run)]
    deepest = max((depth for depth, _ in sources), default=0)
    if run.get("kind") == "mix":
        return max(1, deepest), _share(run.get("share"))
    if run.get("kind") in TABLES:
        return deepest + 1, 1.0
    return max(1, deepest), max((share for _, share in sources), default=0.0)


def is_all_made(run: Mapping[str, Any]) -> bool:
    """Whether every row of a table joined from others is one that a run is known to have made."""
    parts = _inputs(run)
    known = [mapping(part.get("origin")) for part in parts]
    return bool(parts) and all(origin and _share(origin.get("share", 1.0)) == 1 and not origin.get("claimed") for origin in known)


def _inputs(run: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = run.get("inputs")
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, (list, tuple)) else []


def _of_input(item: Mapping[str, Any]) -> tuple[int, float]:
    """How deep a table that was read is, as far as the run knew."""
    origin = item.get("origin")
    if origin == "synthetic":
        return 1, 1.0
    return known_of(origin) if isinstance(origin, Mapping) else (0, 0.0)


def known_of(origin: Mapping[str, Any]) -> tuple[int, float]:
    """Return the depth and the share that an input's ``origin``, or a file, states; what makes no sense counts as 1."""
    depth = origin.get("depth", 1)
    return (depth if isinstance(depth, int) and 0 < depth <= _DEEPEST else 1), _share(origin.get("share", 1.0))


def _share(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) and 0 <= value <= 1 else 1.0


def generations(depth: int) -> str:
    """``one generation``, ``two generations``."""
    return f"{_NUMBERS[depth] if depth < len(_NUMBERS) else f'{depth:,}'} generation{'s'[: depth != 1]}"


def percent(share: float) -> str:
    """A share as per cent; never 0 % or 100 % for what isn't none or all."""
    if 0 < share < 0.01 or 0.99 < share < 1:
        return "less than 1 %" if share < 0.5 else "more than 99 %"
    return f"{share:.0%}".replace("%", " %")


def depth_words(run: Mapping[str, Any], sources: str) -> str:
    """Return the field ``generationDepth`` of a run: how many generations, and from what.

    Parameters
    ----------
    run : mapping
        ``Run.to_dict()``.
    sources : str
        What it was made from, in words.
    """
    depth, _ = descent(run)
    made = [item for item in _inputs(run) if _of_input(item)[0]]
    if not made:
        return f"one generation from {sources or 'no data'}"
    seeds = [f"{named(item.get('name', ''))} ({_seed(item)})" for item in made[:_MOST_NAMED]]
    more = f" and {len(made) - _MOST_NAMED:,} more" if len(made) > _MOST_NAMED else ""
    whose = ", in the rows from" if run.get("kind") == "mix" else ", learnt from synthetic data:"
    return f"{generations(depth)}{whose} {', '.join(seeds)}{more}"


def _seed(item: Mapping[str, Any]) -> str:
    depth, share = _of_input(item)
    origin = mapping(item.get("origin"))
    run = f"{origin['run']}{' as the frame says; no row was recognised' if origin.get('claimed') else ''}" if origin.get("run") else ""
    told = [*([run] if run else []), f"{generations(depth)} deep", f"{percent(share)} of its rows synthetic"]
    return ", ".join(told)


def whence(depth: int, share: float) -> str:
    """What a table is, in words for a warning."""
    return f"{percent(share)} of its rows are synthetic, {generations(depth)} away from data that no software is known to have made"


def deepest(pairs: Iterable[tuple[int, float]]) -> tuple[int, float]:
    """The largest depth and the largest share of several tables."""
    listed = list(pairs)
    return max((depth for depth, _ in listed), default=0), max((share for _, share in listed), default=0.0)
