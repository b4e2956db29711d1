"""A description while it is read: its clauses, what was read so far, and which numbers that accounts for."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any, NamedTuple

from synthnb.recipes.statements.naming import column_name, noun_of, phrase_of, resolved, sex_of, trimmed
from synthnb.recipes.statements.statement import Kind, Level, Statement
from synthnb.recipes.statements.words import NUMBER, UNIT, straightened

__all__ = ["POPULATION", "Clause", "Page"]

POPULATION = (
    r"(?:patients?|participants?|people|persons?|adults?|subjects?|respondents?|individuals?|households?|firms?|companies|workers?|employees"
    r"|records?|rows|children|students?|pupils?|residents?|citizens?|customers?|cases|visits|admissions|hospitali[sz]ations|births|newborns?"
    r"|mothers|pregnancies|women|men|girls|boys|farms?|farmers?|schools?|loans?|claims?|applicants?|donors?|recipients?|users?|members"
    r"|volunteers|veterans|nurses|physicians|doctors|survivors|infants|adolescents|outpatients|inpatients|families|villages|voters|businesses"
    r"|enterprises|borrowers|tenants|all|them|these|those|whom)"
)
"""Whom a table is about."""

_CLAUSE_END = re.compile(r"\.(?=\s|$)(?<!e\.g\.)(?<!i\.e\.)(?<!vs\.)|;|[!?](?=\s|$)|\n(?=\s*(?:\n|[-*•]\s))")
_FURTHEST = 400
_BOOLEANS = {
    **dict.fromkeys(("smokers", "smoker", "smoke", "smoking", "smoked", "current smokers", "current smoker"), "smoker"),
    **dict.fromkeys(("diabetics", "diabetic", "diabetic patients"), "diabetes"),
    **dict.fromkeys(("hypertensive", "hypertensives"), "hypertension"),
    **dict.fromkeys(("obese",), "obesity"),
    **dict.fromkeys(("dead", "die", "deaths", "death", "deceased"), "died"),
}
_NOT = re.compile(r"^(?:non-|non\s|not\s|no\s|without\s|never\s(?=smok))", re.IGNORECASE)
_NEGATED = re.compile(
    r"(?:\b(?:no|not|never|without|nor|cannot|more\sthan|less\sthan|fewer\sthan|at\sleast|at\smost|up\sto|(?<!just\s)(?<!slightly\s)(?:over|under))|n't)\s(?:\w+\s){0,2}$",
    re.IGNORECASE,
)
_NUMBERS = re.compile(NUMBER)
_I = re.IGNORECASE


class Clause(NamedTuple):
    """A stretch of the description."""

    start: int
    end: int


class Page:
    """A description and what was read from it."""

    def __init__(self, text: str) -> None:
        self.original = text
        self.text = straightened(text)
        self.found: list[Statement] = []
        self.population: set[str] = set()
        self._claimed: list[Clause] = []
        self._left: list[Clause] = []
        self._ends = [mark.end() for mark in _CLAUSE_END.finditer(self.text) if mark.group() != ";"]

    @property
    def clauses(self) -> Iterator[Clause]:
        """From one full stop, semicolon or bullet to the next."""
        start = 0
        for mark in _CLAUSE_END.finditer(self.text):
            yield Clause(start, mark.start())
            start = mark.end()
        yield Clause(start, len(self.text))

    @property
    def names(self) -> list[str]:
        """Columns so far."""
        names = [name for item in self.found for name in (item.column, item.other, item.when[0] if item.when else "")]
        return list(dict.fromkeys(name for name in names if name))

    @property
    def left(self) -> list[Clause]:
        """Stretches that are left unread."""
        return self._left

    def free(self, start: int, end: int) -> bool:
        """Whether no statement accounts for anything between two places."""
        return not any(start < taken.end and taken.start < end for taken in (*self._claimed, *self._left))

    def leave(self, start: int, end: int) -> None:
        """Leave a stretch: no statement is read from it, and it is listed as unread."""
        self._left.append(Clause(start, end))

    def claim(self, start: int, end: int) -> None:
        """Take note that what stands there is accounted for."""
        self._claimed.append(Clause(start, end))

    def matches(self, pattern: re.Pattern[str], clause: Clause | None = None) -> Iterator[re.Match[str]]:
        """What a pattern finds where nothing is accounted for yet."""
        for match in pattern.finditer(self.text, *(clause or (0, len(self.text)))):
            if self.free(*match.span()):
                yield match

    def add(self, kind: Kind, start: int, end: int, *, claim: tuple[int, int] | None = None, **said: Any) -> Statement:
        """Keep a statement, with the words it was read from."""
        raw = self.original[start:end]
        start, end = start + len(raw) - len(raw.lstrip(" ,\n")), start + len(raw.rstrip(" ,\n"))
        made = Statement(kind=kind, start=start, end=end, text=self.original[start:end], **said)
        self.found.append(made)
        self.claim(*(claim or (start, end)))
        return made

    def named(self, words: str) -> str:
        """The name of the column that a noun means; the same for the same noun."""
        noun = noun_of(words)
        return column_name("sex" if noun in {"sex", "gender"} else noun) if noun else ""

    def sentence_start(self, at: int) -> int:
        """Where the sentence of a place begins; a semicolon ends none."""
        number = bisect_right(self._ends, at)
        return max(self._ends[number - 1] if number else 0, at - _FURTHEST)

    def sentence_end(self, at: int) -> int:
        """Where the sentence of a place ends; a semicolon ends none."""
        number = bisect_left(self._ends, at)
        return self._ends[number] if number < len(self._ends) else len(self.text)

    def noun_left(self, at: int) -> tuple[str, int]:
        """The noun that stands before a number, perhaps with other figures between, and where it begins; empty if there is none."""
        start = self.sentence_start(at)
        left = self.text[start:at]
        mean = list(_CENTRE.finditer(left))
        if mean and (after := _without_tails(left[mean[-1].end() :])) and not _FIGURE.search(after) and not re.search(r"[,;:()]", after):
            return after, start + mean[-1].start()
        if aged := _AGED.search(left):
            return "age", start + aged.start()
        bare = _AMOUNTS.sub("", _FAMILY.sub("", left))
        if not re.search(r"[^\W\d_]", bare):
            return "", at
        segment = re.split(r"[,;()\[\]]", bare)[-1]
        if ":" in left[len(bare) : len(bare) + 2] or ":" in segment:
            noun = trimmed(
                segment.rsplit(":", 1)[0] if ":" in segment and not segment.rsplit(":", 1)[1].strip() else segment.rsplit(":", 1)[-1],
                backwards=False,
            )
        else:
            noun = phrase_of(segment)
        place = start + max(left.rfind(noun.split()[0], 0, len(bare)) if noun else 0, 0)
        if not noun or _FIGURE.search(noun) or any(stretch.start <= place < stretch.end for stretch in self._left):
            return "", at
        return noun, place

    def known(self, words: str, *, backwards: bool) -> str:
        """The column that some words mean, known already or named by them; the noun at their end, or at their beginning."""
        noun = phrase_of(words) if backwards else trimmed(words, backwards=False)
        parts = words.split()
        for size in range(len(parts), 0, -1):
            if found := resolved(" ".join(parts[-size:] if backwards else parts[:size]), self.names):
                return found
        return self.named(noun)

    def near(self, at: int) -> str:
        """The column of the last statement before a place, in the same sentence; empty if there is none."""
        start = self.sentence_start(at)
        before = [item for item in self.found if item.column and start <= item.start and item.end <= at]
        return max(before, key=lambda item: item.end).column if before else ""

    def level_of(self, words: str) -> tuple[str, Level] | None:
        """The column and the level that some people are of, such as ``women`` or ``non-smokers``; None if that isn't known."""
        low = re.sub(
            rf"^(?:the|{POPULATION})\s(?:with\s|who\s(?:are\s|have\s|had\s)?|on\s|in\s)?(?=\w)", "", " ".join(words.lower().split())
        )
        low = re.sub(r"^the\s", "", low).strip()
        if sex := sex_of(low):
            return "sex", sex
        arm = re.sub(r"\s?(?:arm|group|patients|participants)$", "", low).strip()
        if re.search(r"\s(?:arm|group)$", low) and arm and not any(item.column == "arm" and item.levels for item in self.found):
            return "arm", arm
        for item in self.found:
            named = next((level for level in item.levels if arm == level.lower() or arm == f"{level.lower()} {item.column}"), None)
            if named is not None and item.kind in {"levels", "share"}:
                return item.column, named
        plain = _NOT.sub("", low)
        name = self.named(_BOOLEANS.get(plain, plain)) if plain else ""
        known = name in {item.column for item in self.found if item.kind == "share" and item.level is True} or plain in _BOOLEANS
        return (name, plain == low) if name and known else None

    def boolean_of(self, words: str) -> tuple[str, bool]:
        """The column of true and false that some words name, and whether they mean true."""
        low = re.sub(r"^(?:(?:their|his|her|its|an?|the|own)\s)+", "", " ".join(words.lower().split()))
        plain = _NOT.sub("", low)
        return self.named(_BOOLEANS.get(plain, plain)), plain == low

    def denied(self, at: int) -> bool:
        """Whether a negation stands right before a place, such as ``without a note`` or ``not admitted in``."""
        return _NEGATED.search(self.text[max(self.sentence_start(at), at - 60) : at]) is not None

    def is_population(self, words: str) -> bool:
        """Whether some words mean the people or things the table is about."""
        low = re.sub(r"^(?:the|all|our|these|study)\s", "", " ".join(words.lower().split()))
        return low in self.population or (re.fullmatch(POPULATION, low) is not None and not sex_of(low))

    def unread(self) -> list[str]:
        """What was left, and numbers that nothing accounts for with the words around them, in the order of the text."""
        left: list[tuple[int, str]] = []
        end = 0
        for stretch in sorted(self._left):
            if stretch.end > end and (words := " ".join(self.original[max(stretch.start, end) : stretch.end].strip(" ,;:.\n").split())):
                left.append((stretch.start, words))
                end = stretch.end
        numbers = [match for match in _NUMBERS.finditer(self.text) if self.free(*match.span()) and not _in_word(self.text, match)]
        left += [(match.start(), _around(self.original, match)) for match in numbers]
        return list(dict.fromkeys(words for _, words in sorted(left)))


_AGED = re.compile(
    r"\bage[sd]?\s[^,;()]{1,20}\s(?:older|over|above|more|up|younger|under|below)\s?[(,]\s?(?:with\s)?(?:an?\s|the\s)?(?:mean|average|median)?(?:\sage)?(?:\sof|\sis|:)?\s?$",
    _I,
)
_FAMILY = re.compile(
    r"(?:^|\s)(?:(?:is|are|has|have|follows?|from|with|of)\s)?(?:an?\s|the\s)?(?:negative\s)?[\w-]+\sdistribution\s(?:(?:with|of|and|has|having)\s)?(?:an?\s|the\s)?(?:mean|median|average)?(?:\sof|\s=)?\s?$",
    _I,
)
_CENTRE = re.compile(r"\b(?:mean|average|median)\b(?:\s?\([A-Za-z ]+\))?", re.IGNORECASE)
_FIGURE = re.compile(rf"(?<![\w-]){NUMBER}")
_AMOUNTS = re.compile(
    rf"(?:(?<=[(\[,])\s?{UNIT}(?=\s?[)\],:])|\+/-|\+-|[\s,;:()\[\]±≈~=%-]|(?<![\w-]){NUMBER}(?:\s?{UNIT}(?![A-Za-z]))?|(?<![\w-])(?:from|between|to|and|with|an?|the|of|is|was|are|were|at|least|most|up|mean|average|median|averages|averaged"
    r"|sd|iqr|standard|deviation|interquartile|quartiles|range|ranges|ranging|ranged|scored|on|scale|not|never|below|above|no|less|more|than|has|have|had|whole|number|measured|about"
    r"|around|approximately|normally|distributed|gaussian|exponential(?:ly)?|uniform(?:ly)?|weibull|negative[-\s]binomial|(?:gamma|beta)[-\s]distributed|right-skewed|left-skewed|skewed|heavily|strongly|highly|truncated|bounded|restricted|limited|capped|minimum|maximum|lognormal|log-normal|poisson|years|values?|lies|lie|varies|must|be|always|it)\b)*$",
    re.IGNORECASE,
)


def _without_tails(text: str) -> str:
    """Words between ``mean`` and its number, without what ties them."""
    plain = re.sub(r"^[\s,:]+", "", text)
    plain = re.sub(r"(?:^|\s)(?:of|is|was|were|are|about|around|approximately|roughly|a|an|the|=|:|,|≈|~)*\s*$", "", plain).strip(" ,:=")
    plain = re.sub(r"\s(?:of|is|was|were|are|about|around|approximately|at)$", "", plain)
    return "" if plain.lower() in {"of", "is", "was", "and", "value"} else re.sub(r"^(?:the|their)\s", "", plain)


def _in_word(text: str, match: re.Match[str]) -> bool:
    """Whether digits belong to a name such as ``HbA1c``, ``COVID-19`` or ``24-hour``."""
    before, after = text[max(match.start() - 1, 0) : match.start()], text[match.end() : match.end() + 1]
    return before.isalpha() or after.isalpha() or before in {"_", "/"} or (before == "-" and text[max(match.start() - 2, 0)].isalpha())


def _around(text: str, match: re.Match[str]) -> str:
    start = max(text.rfind(" ", 0, max(match.start() - 24, 0)) + 1, 0)
    end = text.find(" ", min(match.end() + 18, len(text)))
    return " ".join(text[start : end if end > 0 else len(text)].split())
