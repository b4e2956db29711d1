"""Distributions that a description names: ``visits are Poisson with mean 3``, ``log-normal income``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from synthnb.recipes.statements.naming import noun_of

if TYPE_CHECKING:
    from synthnb.recipes.statements.page import Clause, Page

__all__ = ["FAMILIES", "NAMED", "read_families"]

_I = re.IGNORECASE
_SUCH = r"(?:[- ]distribut(?:ion|ed))"
_PATTERNS = {
    "negative_binomial": rf"negative[- ]binomial(?:ly)?{_SUCH}?",
    "poisson": rf"poisson(?!\s(?:regression|model|process)){_SUCH}?",
    "lognormal": rf"log-?normal(?:ly)?{_SUCH}?",
    "weibull": rf"weibull(?!\s(?:regression|model)){_SUCH}?",
    "exponential": rf"exponential(?:ly)?{_SUCH}|(?<=\bis\s)exponential|(?<=\bare\s)exponential|(?<=\ban\s)exponential(?=\s(?:with|of)\b)",
    "gamma": rf"gamma{_SUCH}",
    "beta": rf"beta{_SUCH}",
    "uniform": rf"uniform(?:ly)?{_SUCH}|uniform(?:ly)?(?=\s(?:between|from|on|over)\b)|(?<=\bis\s)uniform|(?<=\bare\s)uniform",
    "normal": rf"(?<!-)(?<!log\s)normal(?:ly)?{_SUCH}|gaussian{_SUCH}?|bell[- ]shaped",
}
FAMILIES = tuple(_PATTERNS)
"""What a statement of kind ``family`` may name."""

NAMED = re.compile("|".join(rf"(?P<{name}>\b(?:{pattern}))" for name, pattern in _PATTERNS.items()), _I)
"""A distribution by name; the group that matches says which."""

_VERB = re.compile(r"\b(?:is|are|was|were|has|have|follows?|following|being)\s(?:approximately\s|roughly\s|about\s)?(?:an?\s|the\s)?$", _I)
_DENIED = re.compile(r"\b(?:not|no|never|isn't|aren't|nor|rather\sthan|instead\sof)\b[^,;.]{0,20}$", _I)
_NUMERIC = frozenset({"range", "moments", "quartiles", "correlation", "order"})


def read_families(page: Page) -> None:
    """Which column is drawn from a distribution that is named; where that isn't clear, nothing is read."""
    for clause in list(page.clauses):
        for match in NAMED.finditer(page.text, *clause):
            if any(stretch.start < match.end() and match.start() < stretch.end for stretch in page.left):
                continue
            column = "" if _DENIED.search(page.text[clause.start : match.start()]) else _column(page, clause, match)
            if column and not any(item.kind == "family" and item.column == column for item in page.found):
                family = str(match.lastgroup)
                whole = True if family in {"poisson", "negative_binomial"} else None
                page.add("family", *match.span(), column=column, family=family, whole=whole)
            else:
                page.leave(*match.span())


def _column(page: Page, clause: Clause, match: re.Match[str]) -> str:
    """The column that is meant: the noun before a verb, the noun right after, or the only column of numbers in the clause."""
    numeric = [item for item in page.found if item.kind in _NUMERIC and not _is_levelled(page, item.column)]
    here = list(dict.fromkeys(item.column for item in numeric if clause.start <= item.start < clause.end))
    before = page.text[clause.start : match.start()]
    if verb := _VERB.search(before):
        noun, _ = page.noun_left(clause.start + verb.start())
        name = page.named(noun) if noun else ""
        if name in here or (name and not here and noun_of(noun) and not _is_levelled(page, name)):
            return name
    after = re.match(r"\s(?P<noun>[^,;:.()\d]{2,60})", page.text[match.end() : clause.end])
    right = page.known(after["noun"], backwards=False) if after and here else ""
    if right in here:
        return right
    return here[0] if len(here) == 1 else _nearest(page, clause, match, here)


def _nearest(page: Page, clause: Clause, match: re.Match[str], here: list[str]) -> str:
    """The column of the stretch between commas that the word stands in, if it is the only one there."""
    start = max(page.text.rfind(mark, clause.start, match.start()) for mark in (", ", " and "))
    ends = [at for mark in (", ", " and ") if (at := page.text.find(mark, match.end(), clause.end)) >= 0]
    start, end = max(start, clause.start), min(ends, default=clause.end)
    near = list(dict.fromkeys(item.column for item in page.found if item.column in here and item.start < end and start < item.end))
    return near[0] if len(near) == 1 else ""


def _is_levelled(page: Page, column: str) -> bool:
    return any(item.column == column and item.kind in {"share", "levels", "dates", "unique", "text"} for item in page.found)
