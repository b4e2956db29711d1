"""How many rows, dates, missing cells, codes, free text, and how columns hang together."""

from __future__ import annotations

import re

from synthnb.recipes.statements.naming import NOUN, column_name, event_of, noun_of, phrase_of, resolved, sex_of, trimmed
from synthnb.recipes.statements.page import POPULATION, Clause, Page
from synthnb.recipes.statements.words import BETWEEN, DATE, PROSE, SHARE, UNIT, date_span, number_of, places_of, share_of

__all__ = ["read_correlations", "read_dates", "read_missing", "read_orders", "read_rows", "read_texts", "read_unique"]

_I = re.IGNORECASE
_NO_NOUN = (
    rf"(?:{UNIT}|kilograms?|kilomet(?:er|re)s?|met(?:er|re)s?|centimet(?:er|re)s?|lit(?:er|re)s?|grams?|percent|degrees?|calories|kcal|cigarettes|times|drinks"
    r"|in|for|among|of|per|to|at|on|from|and|or|by|with|without|versus|vs|than|is|are|was|were|had|have|has|who|that|when|if)\b"
)
"""What doesn't stand between a count and what is counted: units, and words that begin something else."""
_PRONOUN = r"(?:all|them|these|those|whom)\b"
_SOME = re.compile(
    r"\b(?:screened|invited|approached|contacted|assessed|including|includes?|included\sonly|among|whom|which|another|additional|further|remaining|lost|withdrew|each|every|any|first|last"
    r"|least|most|minimum|maximum|were|are|was|is|averages?|averaged|mean|median|only|about\severy|one\sin|not|never)\s(?:the\s|a\s|of\s)?$",
    _I,
)
"""What stands before a count of some only, or of something else."""
_OF_GROUPS = re.compile(r"\b(?:women|men|girls|boys|mothers|controls|smokers)$", _I)
_WHOLE = re.compile(
    rf"\b(?:{POPULATION}|sample|cohort|study|trial|survey|registry|total|overall|data\s?set|data|table|size|rows|records)\W*$", _I
)
_ROWS = re.compile(
    rf"(?<![\w.,/%±])(?P<rows>\d{{1,3}}(?:[, ]\d{{3}})+|\d+(?:\.\d+)?\s(?:million|thousand)|\d{{2,}})\s"
    rf"(?P<noun>(?:(?!{_NO_NOUN})[^\W\d_][\w'-]*\s){{0,4}}?(?!{_PRONOUN}){POPULATION})\b(?!\s(?:per|in\seach|each|apiece|years)|\s?\(\s?[\d.]+\s?%\s?\))",
    _I,
)
_TWO_GROUPS = re.compile(
    r"(?<![\w.,%])(?P<one>\d[\d,]*)\s(?P<first>cases|patients|women|men|girls|boys|females|males)(?:\s?\((?P<share1>[\d.]+)\s?%\))?\s(?:and|versus|vs\.?)\s(?P<two>\d[\d,]*)\s"
    r"(?:healthy\s|matched\s)?(?P<second>controls|women|men|girls|boys|females|males)\b(?:\s?\((?P<share2>[\d.]+)\s?%\))?",
    _I,
)
_N = re.compile(r"\bn\s?=\s?(?P<rows>\d[\d,]*)\b", _I)
_FIRST = re.compile(
    r"^\s*(?:an?\s|the\s)?(?:(?!mean|median|average|aged?\b|between|from|over|under|above|below|is\b|are\b|was\b|were\b|averag|ha[sd]\b|have\b|scor|cost|weigh|last|equal|most\b|least\b|up\b"
    r"|no\b|not\b|never\b|max|min|until|and\b|to\b|in\b|at\b|by\b|per\b)[\w-]+\s){0,5}?(?:of|with|among|for)?\s?"
    rf"(?P<rows>\d{{1,3}}(?:,\d{{3}})+|\d{{2,}})\s(?P<noun>(?:(?!{_NO_NOUN})[a-z-]+\s){{0,2}}(?!{_NO_NOUN}|years|months|days|weeks|hours|minutes|points|euros|dollars)[a-z-]+s)\b"
)
_DATES = re.compile(
    rf"(?P<lead>\b(?:between|from|in|during|since)\s|[(:,]\s?|\s)(?P<low>{DATE})(?:(?P<tie>{BETWEEN}|\suntil\s)(?P<high>{DATE}))?", _I
)
_EVENT = re.compile(r"\b(?:date\sof\s)?[a-z][a-z-]*(?:\sfollow-up)?\b(?:\sdates?)?", _I)
_MISSING = (
    re.compile(
        rf"(?P<share>{SHARE})\s(?:of\s(?:the\s|all\s)?(?P<noun>{PROSE}{{2,50}}?)\s(?:(?:values|cells|entries|measurements|data)\s)?(?:(?:are|is|were|was)\smissing|(?=and\s{SHARE}\sof\s[^.;]{{2,50}}\smissing)))",
        _I,
    ),
    re.compile(
        rf"(?P<noun>{PROSE}{{2,60}}?)\s(?:(?:values|cells)\s)?(?:(?:is|are|was|were)\s)?missing\s(?:in|for|with\sprobability)\s(?:about\s)?(?P<share>{SHARE})(?:\sof\s(?:the\s|all\s)?[a-z]+)?",
        _I,
    ),
    re.compile(rf"(?<=[,;(])\s?missing\s(?:in|for)\s(?:about\s)?(?P<share>{SHARE})(?P<noun>(?!))?", _I),
    re.compile(
        rf"(?P<share>{SHARE})\smissing(?:ness)?(?:\s(?:values|cells|data|entries))?(?:\s(?:in|for|on)\s(?P<noun>(?:{PROSE}|,){{2,80}}?)(?=[.;)]|$|,\s(?:and\s)?\d|\sand\s\d|\n))?",
        _I,
    ),
)
_PRONOUNS = frozenset({"it", "this", "they", "these", "which"})
_R = r"(?P<r>[-+]?(?:0?\.\d+|[01](?:\.\d+)?))(?![\d%])"
_EQUALS = (
    r"(?:\s?\(?\s?(?:at|of|is|was|with)?\s?(?:an?\s)?(?:correlation\s(?:coefficient\s)?(?:of\s)?)?"
    r"(?:r|rho|ρ|pearson's\sr|spearman's\srho)?\s?(?:=|of)?\s?)"
)
_A, _B = rf"(?P<a>{PROSE}{{2,50}}?)", rf"(?P<b>{PROSE}{{2,50}}?)"
_CORRELATIONS = (
    re.compile(
        rf"{_A}\sand\s{_B}\s(?:have|has|had|with|show)\s(?:an?\s)?(?:[a-z]+\s)?correlation\s(?:coefficient\s)?(?:of|=)\s?(?:r\s?=\s?)?{_R}",
        _I,
    ),
    re.compile(rf"correlation\s(?:coefficient\s)?(?:of\s)?(?:r\s?=\s?)?{_R}\sbetween\s{_A}\sand\s{_B}(?=[,.;)]|$|\n|\swith\s|\sand\s)", _I),
    re.compile(rf"correlation\sbetween\s{_A}\sand\s{_B}{_EQUALS}{_R}\)?", _I),
    re.compile(
        rf"{_A}\s(?:is|are|was|were)?\s?(?:(?:weakly|moderately|strongly|positively|negatively|inversely)\s)*correlate[sd]?(?:\s(?:weakly|moderately|strongly|positively|negatively|inversely))?\swith\s{_B}{_EQUALS}{_R}\)?",
        _I,
    ),
    re.compile(
        rf"{_A}\sand\s{_B}\s(?:are|is|were|was)?\s?(?:(?:weakly|moderately|strongly|positively|negatively|inversely)\s)*correlate[sd]?{_EQUALS}{_R}\)?",
        _I,
    ),
)
_BELOW = (
    r"(?P<below>before|no\slater\sthan|not\slater\sthan|not\safter|on\sor\sbefore"
    r"|below|lower\sthan|less\sthan|smaller\sthan|at\smost|not\sabove|earlier\sthan|(?:never\s|not\s)exceeds?)"
)
_ABOVE = (
    r"(?P<above>after|on\sor\safter|not\sbefore|never\sbefore|no\searlier\sthan|not\searlier\sthan|later\sthan"
    r"|above|higher\sthan|greater\sthan|larger\sthan|more\sthan|at\sleast|exceeds|not\sbelow|follows)"
)
_ORDER = re.compile(
    rf"(?P<first>[^\W\d_][\w'-]*(?:\s[\w'-]+){{0,4}}?)\s(?:(?:is|are|comes|come|happens|occurs|falls|lies|must|be|always|strictly|date|takes|place|can|cannot|the|as)\s)*"
    rf"(?:{_BELOW}|{_ABOVE})\s(?:the\s|that\sof\s)?(?P<second>[^\W\d_][\w'-]*(?:\s[\w'-]+){{0,3}})",
    _I,
)
_STRICT = {
    "before",
    "below",
    "lower than",
    "less than",
    "smaller than",
    "earlier than",
    "after",
    "later than",
    "above",
    "higher than",
    "greater than",
    "larger than",
    "more than",
    "exceeds",
    "follows",
}
_ID = r"(?:IDs?|identifiers?|identification\snumbers?|identity\snumbers?|codes?)"
_UNIQUE = (
    re.compile(
        rf"\bunique\s(?P<noun>(?:[^\W\d_][\w'-]*\s){{0,2}}(?:{_ID}|numbers?))(?:\s\(?(?:such\sas|like|e\.g\.|as)?\s?(?P<sample>[A-Z][A-Z0-9-]*\d+)\)?)?",
        _I,
    ),
    re.compile(rf"\b(?P<noun>(?:[^\W\d_][\w'-]*\s){{1,2}}?{_ID})\s(?:is|are|\()\s?(?:all\s)?unique\)?", _I),
    re.compile(
        rf"(?:\b(?:an?|the|their|own|with)\s|,\s|:\s)(?P<noun>(?:patient|participant|subject|person|household|firm|record|study|loan|customer|pupil|student|respondent|admission|visit|worker|employee)\s{_ID})\b(?:\s\(?(?:such\sas|like|e\.g\.|as)?\s?(?P<sample>[A-Z][A-Z0-9-]*\d+)\)?)?",
        _I,
    ),
)
_TEXT = re.compile(
    r"\b(?:an?|the|one|each|short|brief|with|and|their|including)\s"
    r"(?P<noun>(?:(?!short|brief|one|a|an|the|with|and|of|free-text|free)[^\W\d_][\w-]*\s){0,2}"
    r"(?:notes?|comments?|narratives?|letters?|transcripts?|abstracts?"
    r"|free[- ]text(?:\s(?:comments?|answers?|responses?|notes?|descriptions?))?"
    r"|(?:discharge|clinical|case|progress)\ssummar(?:y|ies)|testimon(?:y|ies)|complaint\stexts?))\b(?!\s(?:that|on\swhich))",
    _I,
)
_TEXT_MARK = re.compile(rf"(?P<noun>{NOUN})\s?(?:\(free[- ]text\)|\s(?:is|as)\s(?:a\s)?free[- ]text\b)", _I)


def read_rows(page: Page) -> None:
    """How many rows, and whom they are about."""
    for match in page.matches(_TWO_GROUPS):
        first, second = match["first"].lower(), match["second"].lower()
        counts = (number_of(match["one"]), number_of(match["two"]))
        if not _agree(match, counts) or _SOME_OF.search(page.text, max(match.start() - 14, 0), match.start()):
            page.leave(*match.span())
            continue
        column = "sex" if sex_of(first) and sex_of(second) else "group"
        levels = tuple(sex_of(word) or word.rstrip("s") for word in (first, second))
        page.add("rows", *match.span(), numbers={"rows": sum(counts)})
        page.add("levels", *match.span(), column=column, levels=levels, weights=counts)
    for pattern in (_ROWS, _N, _FIRST):
        for match in page.matches(pattern):
            before = page.text[max(match.start("rows") - 14, 0) : match.start("rows")]
            if re.search(r"(?:about|of|at|per|last|least|most)?\s?(?:in|out\sof|over|under|per)\s$", before, _I) and not re.search(
                r"data\sin\s$", before
            ):
                continue
            if _is_of_some(page, pattern, match):
                continue
            if noun := match.groupdict().get("noun"):
                page.population |= {noun.lower(), noun.lower().split()[-1], noun.lower().split()[-1].rstrip("s")}
            if not any(item.kind == "rows" for item in page.found):
                page.add(
                    "rows",
                    match.start("rows"),
                    match.end("rows") if pattern is _N else match.end(),
                    claim=match.span("rows"),
                    numbers={
                        "rows": number_of(
                            match["rows"].replace(" ", "")
                            if "illion" not in match["rows"] and "housand" not in match["rows"]
                            else match["rows"]
                        )
                    },
                )


_DENIED = re.compile(r"\b(?:not|no|never|cannot|without|nor|neither)\b|n't\b", _I)
_SOME_OF = re.compile(r"\b(?:including|whom|which|excluding|each)\s(?:were\s|are\s)?$", _I)


def _agree(match: re.Match[str], counts: tuple[float, float]) -> bool:
    """Whether percentages told with two counts are those of the two."""
    told = [(match[f"share{i + 1}"], counts[i]) for i in range(2)]
    return sum(counts) > 0 and all(share is None or abs(float(share) / 100 - count / sum(counts)) < 0.011 for share, count in told)


def _is_of_some(page: Page, pattern: re.Pattern[str], match: re.Match[str]) -> bool:
    """Whether a count is of a group only, so that it isn't how many rows there are."""
    before = page.text[page.sentence_start(match.start()) : match.start()]
    if pattern is _N:
        alone = len({found["rows"] for found in _N.finditer(page.text)}) == 1
        words = before.rstrip(" (,:")
        return not alone or bool(words and (not _WHOLE.search(words) or _OF_GROUPS.search(words)))
    if re.match(r"\s?\(\s?\d[\d.]*\s?%\s?\)|\s(?:each|apiece)\b", page.text[match.end() :]):
        return True
    if re.match(
        r"\s(?:(?:were|was|are|is|we)\s)?(?:initially\s)?(?:screened|invited|approached|contacted|assessed|declined|refused|withdrew|dropped|died)\b",
        page.text[match.end() :],
        _I,
    ):
        return True
    if re.search(r"\b(?:of|among)\sthe\s$", before, _I) and _OF_GROUPS.search(match["noun"]):
        return True
    verb = re.search(r"\b(?:were|are|was|is)\s(?:the\s)?$", before, _I)
    if verb and not _OF_GROUPS.search(match["noun"]):
        return not re.search(r"\b(?:there|participants|subjects|rows|sample|they)\s(?:were|are|was|is)\s$", before, _I)
    return _SOME.search(before) is not None


def read_dates(page: Page) -> None:
    """Stretches of the calendar in which something happened."""
    for clause in page.clauses:
        for match in page.matches(_DATES, clause):
            if page.denied(match.start()):
                continue
            if not match["high"] and not re.match(r"(?:in|during)\s", match["lead"], _I):
                continue
            if not match["lead"].strip() and not match["high"]:
                continue
            column, start = _event_near(page, clause, match)
            low, high = date_span(match["low"]), date_span(match["high"] or match["low"])
            if column and low and high:
                first, last = low[0], high[1]
                page.add(
                    "dates",
                    min(start, match.start()),
                    match.end(),
                    claim=(match.start("low"), match.end()),
                    column=column,
                    dates=(first.isoformat(), last.isoformat()),
                )


def _event_near(page: Page, clause: Clause, match: re.Match[str]) -> tuple[str, int]:
    """The date column that a stretch of the calendar is of: told before it in the clause, or right after it."""
    for word in reversed(list(_EVENT.finditer(page.text, clause.start, match.start()))):
        text = word.group().lower()
        if event := event_of(text):
            return f"{event}_date", word.start()
        if text.endswith((" date", " dates")) and len(text.split()) > 1:
            return column_name(noun_of(text.removesuffix("s"))), word.start()
        if text in {"date", "dates", "dated"}:
            noun = trimmed(page.text[clause.start : word.end()])
            return column_name(noun_of(noun if "date" in noun else "date")), word.start()
    return "", match.start()


def read_missing(page: Page) -> None:
    """Shares of missing cells."""
    for pattern in _MISSING:
        for match in page.matches(pattern):
            if page.denied(match.start("share")) or _DENIED.search(match.group()):
                page.leave(*match.span())
                continue
            share, places = share_of(match["share"]), places_of(match["share"]) + 2
            nouns = re.split(r",\s(?:and\s)?|\sand\s", match["noun"]) if match["noun"] else []
            nouns = [re.sub(r"\s(?:values|cells|measurements|is|are)$", "", noun.strip()) for noun in nouns]
            names = [
                page.near(match.start()) if noun.lower() in _PRONOUNS else page.known(noun, backwards=True)
                for noun in nouns
                if trimmed(noun) or noun.lower() in _PRONOUNS
            ]
            names = [name for name in names if name]
            if match["noun"] and all(
                page.is_population(noun.strip()) or re.search(r"\b(?:cells|values|data|entries)\b", noun) for noun in nouns
            ):
                names = []
            if not match["noun"]:
                before = [item for item in page.found if item.column and item.end <= match.start()]
                near = max(before, key=lambda item: item.end, default=None)
                tied = near is not None and re.fullmatch(
                    r"[\s,;()]*(?:and\s|with\s|but\s)?(?:about\s)?", page.text[near.end : match.start()]
                )
                names = [near.column] if near is not None and tied else []
            for name in names or [""]:
                page.add("missing", *match.span(), column=name, numbers={"share": share}, places=places)


def read_correlations(page: Page) -> None:
    """Correlations of two columns."""
    for clause in page.clauses:
        for pattern in _CORRELATIONS:
            for match in page.matches(pattern, clause):
                first = phrase_of(match["a"])
                a, b = page.known(match["a"], backwards=True), page.known(match["b"], backwards=False)
                r = number_of(match["r"])
                if _is_sign_unclear(page, match, r):
                    page.leave(*match.span())
                elif a and b and a != b:
                    page.add(
                        "correlation",
                        match.start() + max(match.group().find(first), 0) if first else match.start(),
                        match.end(),
                        column=a,
                        other=b,
                        numbers={"r": r},
                        places=places_of(match["r"]),
                    )


def _is_sign_unclear(page: Page, match: re.Match[str], r: float) -> bool:
    """Whether words around a correlation are against its sign, or deny it."""
    words = page.text[max(page.sentence_start(match.start()), match.start() - 20) : match.end()]
    negative, positive = (re.search(rf"\b{word}\b", words, _I) for word in ("(?:negative|inverse)(?:ly)?", "positive(?:ly)?"))
    return bool((negative and r > 0) or (positive and r < 0) or _DENIED.search(match.group()))


def read_orders(page: Page) -> None:
    """Which of two columns is never above the other."""
    for clause in page.clauses:
        at = clause.start
        while match := _ORDER.search(page.text, at, clause.end):
            at = match.start("first") + 1
            if re.search(r"\d", match.group()):
                continue
            first, second = _side(page, match["first"], backwards=True), _side(page, match["second"], backwards=False)
            if not first or not second or first == second:
                continue
            if _DENIED.search(page.text, match.end("first"), match.start("below" if match["below"] else "above")):
                page.leave(*match.span())
                at = match.end()
                continue
            word = " ".join((match["below"] or match["above"]).lower().split())
            low, high = (first, second) if match["below"] else (second, first)
            dates = low.endswith("_date") or high.endswith("_date")
            strict = word in _STRICT and not dates
            if not any(item.kind == "order" and (item.column, item.other) == (low, high) for item in page.found):
                page.add("order", *match.span(), claim=(match.start(), match.start()), column=low, other=high, strict=strict)
            at = match.end("below") if match["below"] else match.end("above")


def _side(page: Page, words: str, *, backwards: bool) -> str:
    """A column that is known, or the date of an event."""
    noun = trimmed(words, backwards=backwards)
    parts = noun.split()
    for size in range(len(parts), 0, -1):
        some = " ".join(parts[-size:] if backwards else parts[:size])
        if event := event_of(some):
            return f"{event}_date"
        if size > 1 and some.lower().endswith(" date"):
            return page.named(some)
        if found := resolved(some, page.names):
            return found
    return ""


def read_unique(page: Page) -> None:
    """Codes that differ from row to row."""
    for pattern in _UNIQUE:
        for match in page.matches(pattern):
            if page.denied(match.start()):
                continue
            noun = trimmed(match["noun"]) or match["noun"]
            name = column_name(re.sub(r"\bidentif\w+(?:\snumbers?)?|\bids\b", "id", noun.lower()))
            if not any(item.column == name and item.kind == "unique" for item in page.found):
                page.add("unique", *match.span(), column=name, pattern=_pattern(match.groupdict().get("sample") or ""))


def _pattern(sample: str) -> str:
    """How codes like a sample are spelt: its digits vary."""
    return re.sub(r"\d+", lambda run: f"[0-9]{{{len(run.group())}}}", sample)


def read_texts(page: Page) -> None:
    """Free text, to be written later."""
    for pattern in (_TEXT_MARK, _TEXT):
        for match in page.matches(pattern):
            if page.denied(match.start()):
                continue
            noun = trimmed(match["noun"]) or match["noun"]
            name = column_name(noun.rstrip("s") if noun.endswith(("notes", "comments", "letters")) else noun)
            if name not in page.names:
                page.add("text", *match.span(), column=name)
