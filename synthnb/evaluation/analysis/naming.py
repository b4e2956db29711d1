"""What terms are called in a report, without naming a cell that few rows hold.

A model's terms carry levels (``arm[T.b]``), and a mapping's keys can be cells of any
column. A name is shown unless a part of it, between signs, is a text of the real
frame, or a level fewer than the minimum cell of real rows hold, or a number in it is
a cell of a number column that as few hold, or it has a date or a time of day in it.
Others are called by their place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from synthnb.evaluation._bins import cut
from synthnb.evaluation._encode import level_text
from synthnb.evaluation.analysis.rare import holds_rare_number

if TYPE_CHECKING:
    from synthnb.evaluation.analysis.estimates import Key
    from synthnb.evaluation.base import Comparison

__all__ = ["is_intercept", "key_text", "shown_terms"]

_LONGEST = 400
_MOST_PARTS = 40
_SIGNS = re.compile(r"[^\W_]+|_", re.UNICODE)
_INTERCEPTS = frozenset({"const", "Intercept", "(Intercept)"})


def shown_terms(keys: Iterable[Key], comparison: Comparison) -> dict[Key, str]:
    """What each term is called; no two alike."""
    rare = comparison.remembered("rare cells", lambda: _rare(comparison))
    names: dict[Key, str] = {}
    used: set[str] = set()
    for place, key in enumerate(keys, start=1):
        name = key_text(key)
        if (
            len(name) > _LONGEST
            or not name.isprintable()
            or not name.strip()
            or holds_rare_number(name, comparison)
            or any(part in rare for part in _parts(name))
        ):
            name = f"term {place}"
        short = cut(name)
        names[key] = short if short not in used else f"{short[:70]} ({place})"
        used.add(names[key])
    return names


def key_text(key: Key) -> str:
    """A term's name as a text; the parts of a name in several levels are joined."""
    return ": ".join(level_text(part) for part in key) if isinstance(key, tuple) else level_text(key)


def is_intercept(key: Key) -> bool:
    """Whether a term is a model's constant, by its last part: ``const``, ``Intercept`` or ``(Intercept)``."""
    return key_text(key).rsplit(": ", 1)[-1] in _INTERCEPTS


def _parts(name: str) -> Iterable[str]:
    """Every stretch of the name that begins and ends at a word's boundary; of a name of many words, all are one stretch."""
    words = [(found.start(), found.end()) for found in _SIGNS.finditer(name)][:_MOST_PARTS]
    for i, (start, _) in enumerate(words):
        for _, end in words[i:]:
            yield name[start:end]
    yield name


def _rare(comparison: Comparison) -> set[str]:
    """Texts and rare levels of the real frame, less what columns are called."""
    cells: set[str] = set()
    for name in comparison.frames.real.columns:
        column = comparison.column(name)
        if column is not None and column.family == "number":
            continue
        if column is not None and column.family == "level":
            codes = comparison.real.values[column.name]
            counts = np.bincount(codes[codes >= 0], minlength=len(column.levels))
            cells |= {level for level, count in zip(column.levels, counts, strict=True) if count < comparison.minimum_cell}
        else:
            cells |= {level_text(cell) for cell in comparison.frames.real[name].dropna().unique()}
    return cells - {str(name) for name in comparison.frames.real.columns}
