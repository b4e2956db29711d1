"""Shares and figures that are said to be approximate: ``almost half``, ``just over 40 %``, ``roughly a third``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from synthnb.recipes.statements.words import NUMBER, SHARE

if TYPE_CHECKING:
    from synthnb.recipes.statements.page import Page
    from synthnb.recipes.statements.statement import Statement

__all__ = ["hedged"]

_I = re.IGNORECASE
_BELOW = r"almost|nearly|just\s(?:under|below|short\sof)|slightly\s(?:under|below|less\sthan)|a\slittle\s(?:under|less\sthan)|not\squite"
_ABOVE = r"just\s(?:over|above)|slightly\s(?:over|above|more\sthan)|a\slittle\s(?:over|more\sthan)"
_NEAR = r"about|around|approximately|approx\.?|roughly|circa|ca\.|close\sto|or\sso|~|≈"
_HEDGE = re.compile(rf"(?:\b(?P<below>{_BELOW})|\b(?P<above>{_ABOVE})|(?P<near>(?:\b|(?=[~≈])){_NEAR}))\s?$", _I)
_AFTER = re.compile(r"\s?(?:or\sso|approximately|roughly)\b", _I)
_FIGURE = re.compile(rf"{SHARE}|{NUMBER}", _I)
_PERCENT = re.compile(r"%|percent|per\s?cent|pct", _I)
_STEP, _COARSE = 0.01, 0.02
_LONGEST = 24


def hedged(item: Statement, page: Page) -> Statement:
    """The statement with the word that makes its first figure approximate, which moves a share by 0.01 if it is in percent, else by 0.02.

    A share that is ``almost`` or ``just over`` a figure isn't that figure; one that is ``about`` it is taken as it is.
    """
    if item.kind in {"rows", "dates", "unique", "text", "column", "levels", "order", "family"} or not item.numbers:
        return item
    for figure in _FIGURE.finditer(page.text, item.start, item.end):
        hedge = _HEDGE.search(page.text, max(figure.start() - _LONGEST, 0), figure.start())
        if hedge is None and not _AFTER.match(page.text, figure.end()):
            return item
        word = "about" if hedge is None else " ".join(hedge.group().lower().split())
        share = item.numbers.get("share")
        if share is None or hedge is None or hedge["near"]:
            return replace(item, approximate=word)
        step = (_STEP if _PERCENT.search(figure.group()) else _COARSE) * (-1 if hedge["below"] else 1)
        moved = round(share + step, 6)
        return replace(item, approximate=word, numbers={**item.numbers, "share": moved if 0 < moved < 1 else share})
    return item
