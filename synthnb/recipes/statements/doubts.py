"""What a description says that rules must leave: exclusions, negations, comparisons, and statements in words alone.

A wrong reading is worse than none. What is left here is in no statement, and is listed as unread.
"""

from __future__ import annotations

import re

from synthnb.recipes.statements.page import POPULATION, Clause, Page
from synthnb.recipes.statements.words import NUMBER, SHARE, UNIT

__all__ = ["is_denied", "leave_doubtful", "leave_said_in_words", "segment_at"]

_I = re.IGNORECASE
_FAMILY = re.compile(
    r"\b(?:poisson|(?:negative\s)?binomial|exponential|weibull|gamma|beta|uniform|bimodal|multimodal|zero-inflated|heavy-tailed)"
    r"(?:ly)?(?:\s(?:distribution|distributed))?\b",
    _I,
)
"""A shape that no statement holds."""
_CRITERIA = re.compile(r"\b(?:exclusions?|exclusion\scriteri(?:a|on)|contraindications?|ineligib\w+)\b", _I)
"""A whole sentence about who isn't in the table."""
_LISTED_BELOW = re.compile(r"(?:[^\S\n]*\n[^\S\n]*(?:[-*•]|\d+[.)])[^\n]*)+")
_LEFT_OUT = re.compile(
    r"\b(?:is|are|was|were|be|been|being|get|got)\s(?:\w+ly\s)?(?:excluded|removed|dropped|discarded|omitted|screened\sout|left\sout|ineligible|barred"
    r"|(?:not|never)\s(?:\w+ly\s)?(?:be\s)?(?:included|eligible|enrolled|allowed|permitted|accepted|considered|admitted|recruited|sampled|in\b))"
    r"|\b(?:cannot|can\snot|may\snot|must\snot|will\snot|could\snot|won't|can't)\s(?:take\spart|participate|enrol|enroll|join|enter|apply|be\s(?:included|enrolled|admitted))",
    _I,
)
_SAVE_FOR = re.compile(
    r"\b(?:exclud(?:e|es|ed|ing)|except(?:ing|\sfor)?|other\sthan|apart\sfrom|rather\sthan|instead\sof|leaving\sout|rul(?:es|ed|ing)\sout)\b",
    _I,
)
_COMPARED = re.compile(
    rf"(?<![\w.]){NUMBER}\s?(?:%|percent|per\s?cent|percentage\spoints?|times|fold|{UNIT})?\s?(?:as\s(?:\w+\s)?(?:as\b)"
    r"|(?:higher|lower|greater|smaller|larger|bigger|older|younger|taller|heavier|lighter|longer|shorter|better|worse|cheaper|dearer|richer|poorer"
    r"|faster|slower|earlier|later|fewer|(?:more|less)(?=\s(?:\w+\s){0,3}than\b|\s(?:likely|often|common|frequent)))\b)"
    r"|\b(?:twice|thrice|double|triple|half)\s(?:as|that\sof|the\s(?:rate|risk|mean|share|number)\sof)\b",
    _I,
)
_DENIAL = re.compile(r"\b(?:not|no|never|nobody|none|neither|nor|cannot|without|hardly|rarely|seldom|false\sthat)\b|n't\b", _I)
_DENIED_SUBJECT = re.compile(r"^\W*(?:no|nobody|none|neither|never|not|hardly\sany(?:body|one)?)\b", _I)
_DENIED_VERB = re.compile(
    r"\b(?:is|are|was|were|do|does|did|has|have|had|can|could|may|might|must|will|would|should|shall)(?:\s?not|\snever|n't)\b", _I
)
_DENIED_WHOLE = re.compile(
    rf"\W*(?:no\s(?:one|{POPULATION}|arms?|groups?|sites?|cent(?:er|re)s?)|nobody|none\sof|neither|not\s(?:all|every|a\ssingle|one)"
    r"|it\sis(?:\snot|n't)\s(?:true|known|clear)|it\sis\s(?:false|untrue|unclear|unknown)|there\s(?:is|are|was|were)\sno)\b",
    _I,
)
_BUT_NOT = re.compile(r"\b(?:but\snot|unless)\b", _I)
_FIGURE = re.compile(rf"{NUMBER}|{SHARE}", _I)
_FLIPPED = re.compile(
    rf"\s*(?:(?P<nobody>(?:no\s(?:one|{POPULATION})|nobody|none(?:\sof\s(?:the|our|these)\s{POPULATION})?)\s(?:is|are|was|were|(?:may|can|should|must|will)\sbe)\s)"
    rf"|(?P<not>(?:(?:the|all|our|these)\s)?{POPULATION}\s(?:(?:is|are|was|were)\s(?:not|never)|(?:may|can|could|should|must|will|shall)\s?(?:not|never)\sbe)\s)"
    rf"|(?:(?:the|all|any)\s)?{POPULATION}\s(?=[^,]*excluded))"
    r"(?P<than>older|younger)\sthan\s(?P<number>\d+)(?:\syears?)?(?:\s(?:of\sage|old))?(?P<out>\s(?:is|are|was|were)\sexcluded)?\s*",
    _I,
)
"""``No patient is older than 80``, ``Patients must not be older than 75 years``, ``Patients older than 75 were excluded``."""
_IN_WORDS = re.compile(
    rf"{SHARE}|\b(?:half|halves|(?:a|one|two|three|four)[ -](?:thirds?|quarters?|fifths?|sixths?|eighths?|tenths?)|\w+\sper\s?cent"
    r"|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|dozens?|hundreds|thousands|millions)(?![\w-])"
    r"|equal(?:ly)?\s(?:many|numbers?|parts?|shares?|proportions?|sizes?|split|likely|common)|as\smany|evenly\ssplit"
    rf"|nobody|no\sone|none\sof|no\s{POPULATION}|not\sall|most\s(?:of|{POPULATION})|majority|minority|(?:almost|nearly)\s(?:all|every|no|none)"
    rf"|all\s(?:of\s(?:the|them|whom)|{POPULATION})|every(?:one|body)?\b|each\s(?:second|third|fourth|fifth|tenth)|twice|double|triple|hardly\s\w+|equals"
    rf"|(?:few|some|many|several)\s(?:of\s|{POPULATION})|the\ssame\s(?:number|share|mean|proportion)"
    r"|(?:higher|lower|greater|smaller|larger|older|younger|taller|heavier|longer|shorter|more|less|fewer)\s(?:\w+\s){0,3}than"
    r"|(?:increas|decreas|declin)(?:e|es|ed|ing)\swith|(?:positively|negatively|inversely|strongly|weakly|moderately)\s(?:correlated|associated|related)"
    r"|correlates?\swith|uncorrelated|independent\sof|(?:cannot|must\snot|may\snot|should\snot|never)\s(?:be\s|lie\s)?(?:above|below|before|after|exceed)"
    r")\b",
    _I,
)
"""Shares, and what says something of the table without a figure."""


def segment_at(page: Page, clause: Clause, at: int) -> Clause:
    """The stretch from one comma to the next that a place stands in."""
    start = page.text.rfind(", ", clause.start, at)
    end = page.text.find(", ", at, clause.end)
    return Clause(start + 2 if start >= 0 else clause.start, end if end >= 0 else clause.end)


def leave_doubtful(page: Page) -> None:
    """Leave who is excluded and what is only compared, before anything is read."""
    for clause in list(page.clauses):
        words = page.text[clause.start : clause.end]
        if flipped := _FLIPPED.fullmatch(words):
            _keep_flipped(page, clause, flipped)
            continue
        if _DENIED_WHOLE.match(words) and _FIGURE.search(words):
            page.leave(*clause)
        elif _CRITERIA.search(words):
            below = _LISTED_BELOW.match(page.text, clause.end) or _LISTED_BELOW.match(page.text, page.sentence_end(clause.end))
            page.leave(clause.start, max(page.sentence_end(clause.end), below.end() if below else 0))
        elif _LEFT_OUT.search(words) or _BUT_NOT.search(words):
            page.leave(*clause)
        elif aside := _SAVE_FOR.search(page.text, *clause):
            page.leave(segment_at(page, clause, aside.start()).start, clause.end)
        for match in _COMPARED.finditer(page.text, *clause):
            page.leave(*segment_at(page, clause, match.start()))


def _keep_flipped(page: Page, clause: Clause, match: re.Match[str]) -> None:
    """The limit that a plain denial of an age beyond it sets."""
    if bool(match["nobody"] or match["not"]) == bool(match["out"]):  # denied twice, or not at all
        page.leave(*clause)
        return
    end = "high" if match["than"].lower() == "older" else "low"
    page.add("range", *clause, column="age", numbers={end: float(match["number"])}, unit="years")


def is_denied(page: Page, start: int, end: int) -> bool:
    """Whether a negation may turn around what stands between two places; if so, its clause is left."""
    clause = next(clause for clause in page.clauses if clause.end >= start)
    segment = segment_at(page, clause, start)
    before, after = page.text[clause.start : start], page.text[end : clause.end]
    if _DENIAL.search(page.text[segment.start : start]):
        page.leave(*segment)
        return True
    denied = (
        _DENIED_SUBJECT.match(before)
        or _DENIED_VERB.search(before)
        or _DENIED_VERB.match(after.lstrip())
        or re.search(r"\b(?:is|are|was|were)(?:\snot|\snever|n't)\b", after, _I)
    )
    if denied:
        page.leave(*clause)
    return bool(denied)


def leave_said_in_words(page: Page) -> None:
    """List what says something without a figure, where no statement accounts for it."""
    for clause in list(page.clauses):
        for match in _FAMILY.finditer(page.text, *clause):
            if any(item.kind == "family" and item.start < match.end() and match.start() < item.end for item in page.found):
                continue
            if " " in match.group() or re.search(
                r"\b(?:is|are|has|have|follows?)\s(?:an?\s)?$", page.text[clause.start : match.start()], _I
            ):
                page.leave(*match.span())
        for match in page.matches(_IN_WORDS, clause):
            if not any(item.start <= match.start() < item.end for item in page.found):
                page.leave(*segment_at(page, clause, match.start()))
