"""Whom a share is restricted to, told before it or after it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from synthnb.recipes.statements.page import POPULATION
from synthnb.recipes.statements.words import SHARE

if TYPE_CHECKING:
    from synthnb.recipes.statements.page import Clause, Page
    from synthnb.recipes.statements.statement import Level

__all__ = ["PEOPLE", "SHARE_HERE", "is_of_all", "is_of_others", "led", "refers_back", "restricted"]

_I = re.IGNORECASE
_FURTHEST = 120
SHARE_HERE = re.compile(rf"(?<![\w.])(?:about\s|around\s|approximately\s|roughly\s|~\s?)?(?P<share>{SHARE})", _I)
"""A share, with what says that it is about so."""
_LEAD = re.compile(
    r"(?:^\W*|[,:(]\s?|\b(?:and|but|while|whereas)\s)(?:and\s|but\s|while\s|whereas\s)?(?:among(?:st)?|of|in|for|within|out\sof)\s"
    r"(?:(?:the|these|those|all|our|both)\s)?(?:\d[\d,]*\s)?(?P<whom>[^,;:()%]{2,60}?),?\s(?:about\s|around\s|approximately\s|roughly\s|only\s|some\s|nearly\s|almost\s)?$",
    _I,
)
"""Whom a share is restricted to, told before it: ``Among women, 12 %``."""
_TABLE = re.compile(
    r"\b(?:survey|study|trial|cohort|sample|registry|table|data|dataset|population|total|general|addition|example|instance|course|fact|practice|last|past|previous|winter|summer)\b",
    _I,
)
_BACK = re.compile(r"(?:them|these|those|whom|which|it)", _I)
PEOPLE = re.compile(rf"\b(?:{POPULATION}|smokers|diabetics|those|others|arms?|groups?|controls|who)$", _I)
"""Words that mean some people."""
_BEHIND = re.compile(
    r"\s(?:of|in|among|amongst|with|on|for|within)\s(?:the\s|all\s|those\s)?(?P<whom>[^;().%]{2,60}?)(?=[,.;)]|\n|$|\sand\s|\sbut\s)", _I
)


def led(page: Page, clause: Clause, match: re.Match[str]) -> tuple[tuple[str, Level] | None, bool] | None:
    """The people that a share is restricted to by words before it, and whether they aren't known; None if there are no such words."""
    begin = max(clause.start, match.start() - _FURTHEST)
    found = _LEAD.search(("x" if begin > clause.start else "") + page.text[begin : match.start()])
    if not found:
        return None
    words = " ".join(found["whom"].split())
    if _BACK.fullmatch(words):
        start = page.sentence_start(max(page.sentence_start(match.start()) - 2, 0))
        return None, any(True for _ in SHARE_HERE.finditer(page.text, start, match.start()))
    if level := page.level_of(words):
        return level, False
    people = re.sub(r"^\d[\d,]*\s", "", words)
    return None, not (page.is_population(people) or _TABLE.search(words))


def is_of_all(page: Page, match: re.Match[str]) -> bool:
    """Whether a share says itself that it is of all."""
    return re.match(r"\sof\s(?:all|the\swhole)\b", page.text[match.end() :]) is not None


def refers_back(page: Page, match: re.Match[str], words: str) -> bool:
    """Whether ``30 % of whom`` may mean those of a share before it."""
    start = page.sentence_start(max(page.sentence_start(match.start()) - 2, 0))
    return _BACK.fullmatch(words) is not None and any(True for _ in SHARE_HERE.finditer(page.text, start, match.start()))


def is_of_others(page: Page, clause: Clause, at: int) -> bool:
    """Whether a share is restricted to people who aren't known by a column."""
    found = _BEHIND.match(page.text, at, clause.end)
    if not found or page.is_population(found["whom"]) or page.level_of(found["whom"]) or _TABLE.search(found["whom"]):
        return False
    told = re.search(r"^\samong|\b(?:those|who)\b", found.group(), _I) or PEOPLE.search(found["whom"])
    return told is not None


def restricted(page: Page, clause: Clause, at: int) -> tuple[tuple[str, Level] | None, int]:
    """The people a share is restricted to, told after it."""
    found = re.compile(
        r"\s(?:of|in|among|with|on|for)\s(?:the\s)?(?P<whom>[^\d,;:().%]{2,40}?)(?=[,.;)]|\n|$|\sand\s|\sbut\s|\swhile\s|\sversus\s|\svs\b|\sthan\s|\scompared)"
    ).match(page.text, at, clause.end)
    level = page.level_of(found["whom"]) if found else None
    return level, (found.end() if found and level else at)
