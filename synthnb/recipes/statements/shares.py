"""Shares and levels, as descriptions state them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from synthnb.recipes.statements.naming import column_name, phrase_of, sex_of, trimmed
from synthnb.recipes.statements.restrictions import PEOPLE, SHARE_HERE, is_of_all, is_of_others, led, refers_back, restricted
from synthnb.recipes.statements.words import COUNT, SHARE, number_of, places_of, share_of

if TYPE_CHECKING:
    from synthnb.recipes.statements.page import Clause, Page
    from synthnb.recipes.statements.statement import Level

__all__ = ["read_arms", "read_levels", "read_shares"]

_I = re.IGNORECASE
_WORD = r"[^\s,;:().%]+"
_OF = re.compile(
    r"\s(?:of|in|among)\s(?:the\s|all\s|our\s|these\s)?(?P<whom>[^\W\d_][\w'-]*(?:\s[^\W\d_][\w'-]*){0,3}?)(?=\s(?:are|is|were|was|be|being|have|has|had|with|who|report|use|take|die|live|work|own|smoke|receive|get|on)|[,.;)]|$|\sand\s|\sbut\s|\swhile\s|\sversus\s|\svs\b)",
    _I,
)
_VERB = re.compile(
    r"(?:,?\s(?:who|that|which))?(?:\s?(?P<verb>are|is|were|was|be|being|have\s(?:a|an|had)|has\s(?:a|an)|had\s(?:a|an)|have|has|had|with(?:\sa|\san)?|on|use[sd]?|report(?:s|ed)?|receive[sd]?|take[s]?|took|own(?:s|ed)?)\b)?\s+(?:currently\s|a\s|an\s|the\s)?",
    _I,
)
_HAVING = re.compile(r"^(?:have|has|had|with|on|use|report|receive|take|took|own)", _I)
_ITEM = re.compile(
    r"(?P<item>[^\W_](?:[\w'+<>≥≤-]|/(?=[^\W\d]))*(?:\s(?!and\s|or\s|but\s|while\s|with\s|versus\s|vs\b|whereas\s|has\s|have\s|had\s|are\s|is\s|were\s|was\s|at\sbaseline|overall|in\sthe\s|in\s\d|among\s|who\s|compared\s|\d[\d.,]*\s?%)(?:[\w'+<>≥≤-]|/(?=[^\W\d]))+){0,5})",
    _I,
)
_NO_SHARE = re.compile(
    r"\s(?:missing|of\s(?:the\s)?[\w\s]{1,40}\s(?:values|cells)|confidence|CI\b|power|interval|higher|lower|greater|smaller|fewer|above|below|points?\b"
    r"|(?:more|less)\s(?:\w+\s){0,3}than|increase|decrease|reduction|rise|fall|drop|growth|on\saverage|average|error|margin|discount|interest|per\s|a\syear|annual"
    r"|of\s(?:the\s)?(?:total\s)?variance|or\s(?:more|less|higher|lower|above|below|over|under))",
    _I,
)
_LIMIT = re.compile(
    r"(?:\bby|\d\s?%?\s(?:to|or)|\b(?:is|are|was|were)(?:\snot|\snever|n't)|\b(?:another|additional|further|remaining|extra)|\b(?:reduction|increase|decrease|change|rise|drop|power|error|discount|alpha|level)(?:\sof|\sis|\swas)?"
    r"|\b(?:grew|rose|fell|dropped|grows|falls|rises|least|most|minimum|maximum|exceeds?)|\bat\s(?:least|most)|\bup\sto|\bthan|(?<!just\s)(?<!slightly\s)(?<!little\s)\b(?:over|under|above|below)|±|\d\s?[-–]|\bfrom\s[\d.]+\s?%?\sto|\bbetween\s[\d.]+\s?%?\sand|\bSD)\s?$",
    _I,
)
_AND_SO_ON = r"[\s,]*(?:and|but|versus|vs\.?|while|compared\swith)?\s*"
_OLDER = re.compile(r"(?:older|younger|over|under|aged|above|below|more|less|fewer|at\sleast)\b", _I)
_STOPS = frozenset({"missing"})
_NOBODYS = re.compile(
    r"(?:(?:almost|nearly|about|around|over|under|more|than|just|only|all|half|most|many|some|few|both|each|majority|minority|the|an?|third|quarter|average|averages?|error"
    r"|margin|missing|values|cells|data|others?|none|unknown|rest|remaining|remainder|one|any|total|overall|respectively|time|mean|median|up)(?:\s|$))+|[\d\W].*|[^\W\d_]|.*\bmargin\sof\serror",
    _I,
)
"""Words that name nothing which some have and others don't."""
_DENIED = re.compile(
    r"\b(?:not|no|never|nor|cannot|without|lacks?|lacking|neither|none|except|unless|than|excluding)\b|n't\b|\b(?:over|under|above|below|least|most|to)\s\d",
    _I,
)
_MEASURED = re.compile(
    r"(?:\b(?:hba1c|bmi|age|ejection\sfraction|saturation|haematocrit|hematocrit|score|level|levels|pressure|humidity|temperature|yield|return|margin|income|price|wage|inflation"
    r"|discount|weight|height|mean|average|median)|(?:interest|growth|tax|inflation|exchange|discount|heart|filtration)\srates?)$",
    _I,
)
"""What is measured in percent, and is no share of the rows."""
_NUMBERED_LEVEL = re.compile(r"(?P<head>\S+)\s(?:\d+|[ivx]+|[a-z])", _I)
"""``grade 2``, ``stage IV``, ``arm B``."""
_RAISED = re.compile(r"(?:high|low|raised|elevated|increased|reduced|decreased|poor|good|normal|abnormal|uncontrolled)\b", _I)
_SEVERAL = re.compile(r"(?:(?<!s)(?<!statu)(?<!basi)s|history|comorbidity|use|treatment|medication|therapy|disease|including|include)$", _I)
"""Headers of things of which one may have several."""
_HAPPENED = frozenset(
    {"observed", "seen", "found", "reported", "present", "achieved", "recorded", "used", "noted", "diagnosed", "given", "detected"}
)
_FURTHEST = 300
_MOST_ARMS = 20
_GRADES = frozenset(
    {
        "mild",
        "moderate",
        "severe",
        "low",
        "medium",
        "high",
        "none",
        "never",
        "former",
        "current",
        *("primary", "secondary", "tertiary", "university", "small", "large"),
    }
)
"""Words that can only be levels of something."""
_RATIO = re.compile(r"(?<![\d:])(?P<ratio>\d{1,2}(?::\d{1,2})+)(?![\d:])", _I)
_RANDOM = re.compile(r"\b(?:randomi[sz]ed|randomi[sz]ation|allocated|assigned|allocation)\b", _I)
_ARMS = re.compile(
    rf"(?<![\w.])(?P<count>{COUNT})\s(?:(?:equal(?:ly\ssized)?|treatment|parallel|study|trial|balanced)\s)*(?P<what>arms|groups)\b", _I
)
_COMPARED = re.compile(
    rf"\bcompar(?:ing|es|ed)\s(?:the\s)?(?P<one>{_WORD}(?:\s{_WORD}){{0,2}}?)\s(?:with|to|and|versus|vs\.?|against)\s(?:the\s|a\s)?"
    rf"(?P<two>{_WORD}(?:\s(?!in\b|for\b|among\b|on\b|with\b){_WORD}){{0,2}})(?=\s?[(,.;)]|$|\sin\s|\sfor\s|\samong\s|\son\s|\swith\s)",
    _I,
)
_PER_ARM = re.compile(rf"(?<![\w.])(?P<count>\d[\d,]*)\s(?:{_WORD}\s)?(?:per|in\seach|in\severy)\s(?:arm|group)\b", _I)
_NAMES = r"(?:[^\W_][\w'+./-]*(?:\s(?!or\s|and\s|versus\s|vs\b|in\s|with\s|for\s|at\s|to\s|on\s)[\w'+./-]+){0,4})"
_LIST = re.compile(rf"(?P<list>{_NAMES}(?:\s?,\s(?!and\s|or\s){_NAMES})*(?:\s?,?\s(?:and|or|versus|vs\.?)\s{_NAMES}))", _I)
_PARENS = re.compile(
    r"(?P<noun>[^\W\d_][\w'-]*(?:\s[\w'-]+){0,4})\s?\((?P<list>[^()\d%]{1,30}(?:(?:,|/|\sor\s|\sand\s|\svs\.?\s|;)[^()%]{1,30})+)\)", _I
)
_COLON = re.compile(
    r"(?P<noun>[^\W\d_][\w'-]*(?:\s[\w'-]+){0,3})(?:\s?:\s|\s(?:is|was|be)\s(?:one\sof|either|graded|coded|recorded|classified)\s(?:as\s)?|\swith\s(?:the\s)?levels\s)(?P<list>[^.;:()%\n]{3,200})",
    _I,
)
_NUMBERED = re.compile(r"(?P<noun>[^\W\d_][\w'-]*(?:\s[\w'-]+){0,4})\s?\((?P<list>\d+(?:,\s?\d+){2,20})\)")
_WORDS = re.compile(r"(?P<list>[^\W\d_][\w-]*(?:,\s[^\W\d_][\w-]*){2,20})(?=\s*$)")
_FIGURES = re.compile(r"\b(?:mean|median|sd|aged|between|range)\b", _I)
_COLUMNS = re.compile(r"\b(?:columns|variables|fields)\b(?:\sare|\sinclude|\sof|\sfor)?\s?:?\s(?P<list>[^.;:\n]{3,400})", _I)
_ABOUT_COLUMNS = re.compile(r"\b(?:columns?|variables?|fields?|include[sd]?|following|note|aim|outcomes?|exposures?)\b", _I)


class _Told(NamedTuple):
    """One share with what it is of."""

    start: int
    end: int
    share: float
    places: int
    item: str
    having: bool
    """Whether it is something that some have, rather than a level."""
    when: tuple[str, Level] | None
    """The people it is restricted to."""
    header: str
    before: bool = False
    """Whether its item stands before it."""


def read_shares(page: Page) -> None:
    """Shares: of a level, or of those of whom something is true."""
    carried: _Told | None = None
    for clause in list(page.clauses):
        told: list[_Told] = []
        lead: tuple[str, Level] | None = None
        unclear = False
        for match in page.matches(SHARE_HERE, clause):
            if (people := led(page, clause, match)) is not None:
                lead, unclear = people
            last = told[-1] if told else None
            found = _told(page, clause, match, last) or (_carried(page, clause, match, carried, lead) if lead and not told else None)
            if unclear or (found and lead and found.when not in {None, lead}):
                page.leave(match.start(), found.end if found else match.end())
            elif found:
                told.append(found._replace(when=lead) if lead and not is_of_all(page, match) else found)
        carried = told[0] if len(told) == 1 and told[0].when else None
        for group in _grouped(page, _filled(told)):
            _keep(page, group)


def _carried(page: Page, clause: Clause, match: re.Match[str], before: _Told | None, when: tuple[str, Level]) -> _Told | None:
    """The second of ``Among women, 12 % have osteoporosis; among men, 4 %``."""
    if before is None or page.text[match.end() : clause.end].strip(" .)\n"):
        return None
    return before._replace(
        start=match.start(), end=match.end(), share=share_of(match["share"]), places=places_of(match["share"]), when=when
    )


def _told(page: Page, clause: Clause, match: re.Match[str], last: _Told | None) -> _Told | None:
    """What one share is of; None if that isn't clear."""
    begin = max(clause.start, last.end if last else clause.start, match.start() - _FURTHEST)
    left = page.text[begin : match.start()]
    if _NO_SHARE.match(page.text, match.end()) or _LIMIT.search(page.text[max(clause.start, match.start() - 40) : match.start()]):
        return None
    found = _listed(page, match, last, begin, left) or _in_brackets(page, match, begin, left) or _of_noun(page, clause, match, begin, left)
    found = found or _of_next_group(page, clause, match, last, left) or _behind(page, clause, match, last, begin)
    if found or last or re.search(r"\b(?:of|with|and|a|the|by|to|from|per|for|on)\s?$", left):
        return found
    if re.match(r"\s(?:of|among|in)\s", page.text[match.end() :]):
        return None
    return _with_item(match, begin, left, before=True)


def _with_item(match: re.Match[str], begin: int, left: str, *, end: int | None = None, before: bool = False) -> _Told | None:
    """A share of the item that stands before it."""
    item, header = _item_left(left)
    if header and item.lower() in _HAPPENED:
        item, header = header, ""
    if not item or re.search(r"[<>≥≤=]", left[max(left.rfind(item) - 3, 0) :]):
        return None
    start = begin + max(left.rfind(item.split()[0]), 0)
    share, places = share_of(match["share"]), places_of(match["share"])
    return _Told(start, match.end() if end is None else end, share, places, item, having=True, when=None, header=header, before=before)


def _listed(page: Page, match: re.Match[str], last: _Told | None, begin: int, left: str) -> _Told | None:
    """``weekly 49 %``, after another such."""
    ends = re.match(r"\s?(?:[,.;)]|$|and\b|or\b|\n)", page.text[match.end() :])
    return _with_item(match, begin, left, before=True) if last is not None and last.before and ends else None


def _in_brackets(page: Page, match: re.Match[str], begin: int, left: str) -> _Told | None:
    """``mild (50 %)``."""
    closed = re.match(r"\s?[)\],;]", page.text[match.end() :])
    if not closed or not re.search(r"[(\[]\s?$", left):
        return None
    end = match.end() + (1 if page.text[match.end() : match.end() + 1] in ")]" else 0)
    left = left.rstrip(" ([")
    if counted := re.search(r"(?:(?P<colon>:\s?)|\s)\d[\d,]*$", left):  # 148 (37 %)
        left = left[: counted.start()]
        if not counted["colon"] and not re.search(r"[^\W\d]$", left):
            return None
    return _with_item(match, begin, left, end=end)


def _of_noun(page: Page, clause: Clause, match: re.Match[str], begin: int, left: str) -> _Told | None:
    """``diabetes in 35 %``, ``the prevalence of asthma is 8 %``, ``died: 8 %``, each perhaps of some people only."""
    when, after = restricted(page, clause, match.end())
    among = re.search(r"\s(?:in|for)\s(?:about\s)?$", left)
    if when is None and is_of_others(page, clause, match.end()):
        return None
    if among and (found := _with_item(match, begin, left[: among.start()], end=after)):
        return found._replace(when=when)
    stated = re.search(r"\s?(?:\b(?:is|was|are|were|of|at)\s|:\s|=\s?)(?:about\s)?$", left)
    noun = (_rate(left[: stated.start()]) or _alone(left[: stated.start()], page.text[match.end() :])) if stated else ""
    if not noun or _MEASURED.search(left[: stated.start() if stated else None].rstrip()) or _MEASURED.search(noun):
        return None
    start = begin + max(left.rfind(noun), 0)
    return _Told(start, after, share_of(match["share"]), places_of(match["share"]), noun, having=True, when=when, header="")


def _of_next_group(page: Page, clause: Clause, match: re.Match[str], last: _Told | None, left: str) -> _Told | None:
    """The second of ``12 % in the drug arm and 20 % in the placebo arm``."""
    if last is None or not last.item or not last.when or not re.fullmatch(_AND_SO_ON, left, _I):
        return None
    when, after = restricted(page, clause, match.end())
    return (
        last._replace(start=match.start(), end=after, share=share_of(match["share"]), places=places_of(match["share"]), when=when)
        if when
        else None
    )


def _filled(told: list[_Told]) -> list[_Told]:
    """Shares of some people, as in ``30 % of smokers and 8 % of others have COPD``, with what is told only once."""
    for i in range(len(told) - 1, -1, -1):
        if not told[i].item and i + 1 < len(told):
            told[i] = told[i]._replace(item=told[i + 1].item, having=told[i + 1].having)
    return [item for item in told if item.item]


def _behind(page: Page, clause: Clause, match: re.Match[str], last: _Told | None, begin: int) -> _Told | None:
    """``60 % female``, ``35 % have diabetes``, ``30 % of smokers have COPD``."""
    text, end = page.text, match.end()
    whom = _OF.match(text, end, clause.end)
    when = None
    if whom:
        when = page.level_of(whom["whom"])
        if when is None and (not page.is_population(whom["whom"]) or refers_back(page, match, whom["whom"])):
            return None
        if re.match(r"\s(?:with|on|who)\b", text[whom.end() :], _I):  # of some of them only
            return None
        end = whom.end()
    verb = _VERB.match(text, end, clause.end)
    item = _ITEM.match(text, verb.end(), clause.end) if verb else None
    if when and re.match(rf"\s?,?\s(?:and|but|versus|vs\.?|against)\s(?:about\s)?{SHARE}", text[end:], _I):
        return _Told(match.start(), end, share_of(match["share"]), places_of(match["share"]), "", having=True, when=when, header="")
    if (
        verb is None
        or item is None
        or item["item"].lower() in _STOPS
        or re.match(r"(?:of|in|at|per|a|by|to|for|higher|lower|more|less|and|or|confidence)\b", item["item"], _I)
    ):
        return None
    after = item.end()
    right, after = restricted(page, clause, after)
    if right and when and right != when:
        return None
    when = when or right
    if when is None and is_of_others(page, clause, after):
        return None
    words = item["item"]
    if _OLDER.match(words):
        return None
    if page.is_population(words) and not sex_of(words):
        return None
    if (
        not verb["verb"]
        and re.search(r"\s(?:in|out\sof)\s", match["share"])
        and (sex_of(words.split()[0]) or PEOPLE.search(words.split()[0]))
    ):
        return None  # one in three women
    having = bool(_HAVING.match(verb["verb"] or "")) or (not verb["verb"] and last is not None and last.having)
    return _Told(
        match.start(), after, share_of(match["share"]), places_of(match["share"]), words, having, when, _header(text[begin : match.start()])
    )


def _item_left(left: str) -> tuple[str, str]:
    """The item at the end of some words, and the noun it is a level of, as in ``severity was mild``."""
    header = _header(left)
    rest = re.split(r"\b(?:is|was|were|are)\s(?:either\s)?|:\s?|\(", left)[-1] if header else left
    rest = re.sub(r"^[\s,)]*(?:and|or|but|versus|vs\.?)?\s+", "", rest)
    if more := re.search(r"[^\W_][\w-]*\sor\s(?:higher|more|above|over|older|less|fewer|lower|below|longer)\s*$", rest, _I):
        return " ".join(more.group().split()), header
    rest = re.split(r"[,;()]\s?", rest)[-1]
    rest = re.sub(r"^\s*(?:and|or)\s+", "", rest)
    single = re.fullmatch(r"\s*(?:[^\W\d]\w*\s)?[A-Z]\s*", rest) or (header and re.fullmatch(r"\s*[\w+-]+\s*", rest))
    item = rest.strip() if single else trimmed(rest)
    return item, header


def _header(left: str) -> str:
    """The noun of ``Education: …``, ``education is …`` or ``education (…``."""
    found = re.search(r"(?P<noun>[^\W\d_][\w'-]*(?:\s[\w'-]+){0,5})\s?(?::|\(|\b(?:is|was|were|are)\b)[^,;:()%]{0,40}$", left)
    noted = re.search(r"(?P<noun>[^\W\d_][\w'-]*(?:\s[\w'-]+){0,5})\s\([^()]{1,40}\)\s[\w-]+\s?$", left)
    noun = phrase_of((noted or found or {"noun": ""})["noun"])
    return "" if _ABOUT_COLUMNS.search(noun) or re.fullmatch(r"(?:there|it|they|this|of|whom|who)", noun, _I) else noun


def _rate(left: str) -> str:
    """The noun of a prevalence or a rate."""
    found = re.search(
        r"(?:prevalence|proportion|share|rate|frequency|probability|incidence|risk)\sof\s(?P<noun>[^,;:()%\d]{2,50}?)(?:\s(?:is|was))?$",
        left,
        _I,
    )
    if found:
        return trimmed(found["noun"], backwards=False)
    found = re.search(r"(?P<noun>[^,;:()%\d]{2,50}?)\s(?:prevalence|rate|frequency)$", left.strip(), _I)
    return trimmed(found["noun"]) if found else ""


def _alone(left: str, right: str) -> str:
    """A noun that is all there is before a share, as in ``Mortality at 30 days was``, with no level behind it."""
    if not re.match(r"\s?(?:[.,;)\n]|$|in\b|among\b|for\b|of\sthe\b|and\s\d|overall\b)", right):
        return ""
    words = re.sub(r"^[\s,]*(?:and\s|the\s|overall\s)*", "", left, flags=_I).strip()
    return (
        words
        if re.fullmatch(r"[^\W\d_][\w'-]*(?:\s[\w'-]+){0,4}", words) and not re.search(r"\b(?:mean|median|of|with|is|was|sd)\b", words, _I)
        else ""
    )


def _grouped(page: Page, told: list[_Told]) -> list[list[_Told]]:
    """Shares that follow one another in one list."""
    groups: list[list[_Told]] = []
    for item in told:
        tied = groups and re.fullmatch(r"[\s,);]*(?:and|or|but)?\s*", page.text[groups[-1][-1].end : item.start], _I)
        if tied and item.when is None and groups[-1][-1].when is None and (not item.header or item.header == groups[-1][0].header):
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups


def _keep(page: Page, group: list[_Told]) -> None:
    """Statements from shares that belong together: one of levels, or one each."""
    if _of_sexes(group):
        header, levels = "sex", [sex_of(item.item) or " ".join(item.item.split()) for item in group]
    else:
        header, levels = ("", []) if len(group) < 2 or all(sex_of(item.item) for item in group) else _levels_of(group)
    if header:
        page.add(
            "levels",
            group[0].start,
            group[-1].end,
            column=page.named(header),
            levels=tuple(levels),
            weights=tuple(item.share for item in group),
            places=max(item.places for item in group) + 2,
        )
        return
    if len(group) > 2 and group[0].before and not group[0].header and abs(sum(item.share for item in group) - 1) < 0.02:
        return  # levels of something that isn't named
    if _is_unnamed_whole(page, group) or _is_unclear_list(group):
        return
    for item in group:
        column, level = _column_of(page, item, alone=len(group) == 1)
        if column and not (item.when and sex_of(item.item)):
            numbers = {"share": item.share}
            when = item.when if item.when and item.when[0] != column else None
            page.add("share", item.start, item.end, column=column, level=level, numbers=numbers, places=item.places + 2, when=when)


def _of_sexes(group: list[_Told]) -> bool:
    """Whether a list is of the sexes and of others than two."""
    known = [sex_of(item.item) for item in group]
    return len(group) > 2 and {"female", "male"} <= set(known) and abs(sum(item.share for item in group) - 1) < 0.015


def _is_unnamed_whole(page: Page, group: list[_Told]) -> bool:
    """Whether a list such as ``20 % urban, 80 % rural`` makes the whole of something that isn't named."""
    bare = not any(re.search(r"\b(?:is|are|was|were)\b", page.text[item.start : item.end], _I) for item in group)
    plain = not any((item.having and not item.before) or item.when or item.header or sex_of(item.item) for item in group)
    return len(group) > 1 and bare and plain and abs(sum(item.share for item in group) - 1) < 0.005


def _is_unclear_list(group: list[_Told]) -> bool:
    """Whether a list is neither of levels that make the whole nor of things one may have several of."""
    header, items = group[0].header, [" ".join(item.item.lower().split()) for item in group]
    if len(group) < 2 or any(item.when for item in group):
        return False
    listed = all(item.before for item in group[1:]) and all(item.header in {"", header} for item in group)
    numbered = [_NUMBERED_LEVEL.fullmatch(item) for item in items]
    same = len({found["head"] for found in numbered if found}) == 1
    return bool((listed and header and not _SEVERAL.search(header)) or (all(numbered) and same) or any(item in _GRADES for item in items))


def _column_of(page: Page, item: _Told, *, alone: bool) -> tuple[str, Level]:
    """The column that a share is of, and the level."""
    if sex := sex_of(re.sub(r"\s(?:sex|gender)$", "", item.item, flags=_I)):
        return "sex", sex
    named = item.header and not item.having and not re.fullmatch(r"(?:sample|table|half|rest)", item.header, _I)
    if alone and named and not item.when:
        return page.named(item.header), " ".join(item.item.split())
    plain = re.sub(r"^(?:non-|non\s|not\s|no\s|without\s|never\s(?=smok))", "", item.item, flags=_I)
    measured = _MEASURED.search(plain) and (item.before or not item.having) and not _RAISED.match(plain)
    if _NOBODYS.fullmatch(item.item.lstrip(" -*•")) or _DENIED.search(plain) or measured or sex_of(plain):
        return "", True
    return page.boolean_of(item.item)


def _levels_of(group: list[_Told]) -> tuple[str, list[str]]:
    """The noun and the levels of a list of shares that add up to all; no noun where they are of different things."""
    items = [" ".join(item.item.split()) for item in group]
    total = sum(item.share for item in group)
    header = group[0].header
    whole = abs(total - 1) < 0.015 * len(group)
    graded = (len(items) > 2 or total > 1) and all(item.lower() in _GRADES for item in items)
    if header and (whole or graded or not group[0].having):
        return header, items
    if not whole or (group[0].having and len(group) < 3):
        return "", []
    last = [item.split()[-1] for item in items]
    if len(set(last)) == 1 and all(len(item.split()) > 1 for item in items):
        return ("smoking" if last[0].lower() == "smokers" else last[0]), [item.rsplit(" ", 1)[0] for item in items]
    if len(items) > 2 and len(items[0].split()) > 1 and all(len(item.split()) == 1 for item in items[1:]):
        rest, _, first = items[0].rpartition(" ")
        return rest, [first, *items[1:]]
    heads = [item.rpartition(" ")[0].lower() for item in items]
    numbered = all(_NUMBERED_LEVEL.fullmatch(item) for item in items)
    if (len(items) > 2 or numbered) and heads[0] and len(set(heads)) == 1:
        return header or heads[0], items if header else [item.rpartition(" ")[2] for item in items]
    if len(items[-1].split()) > 1 and all(len(item.split()) == 1 for item in items[:-1]):
        first, _, rest = items[-1].partition(" ")
        return rest, [*items[:-1], first]
    return "", []


def read_arms(page: Page) -> None:
    """Arms of a trial, and in what ratio."""
    for clause in page.clauses:
        ratio = next(page.matches(_RATIO, clause), None)
        arms = next(page.matches(_ARMS, clause), None)
        random = list(_RANDOM.finditer(page.text, *clause))
        if not random and not (arms and arms["what"].lower() == "arms"):
            continue
        count = int(number_of(arms["count"])) if arms else len(ratio["ratio"].split(":")) if ratio else 0
        anchors = [match for match in (ratio, arms, *reversed(random)) if match]
        tried = [(match, *_arm_names(page, clause, match.end(), count)) for match in anchors]
        anchor, names, end = next((found for found in tried if found[1]), tried[0])
        weights = tuple(float(part) for part in ratio["ratio"].split(":")) if ratio else ()
        compared = _COMPARED.search(page.text, *clause)
        if not names and compared and count in {0, 2}:
            names = [compared["one"].strip(), compared["two"].strip()]
        if not names and (ratio or arms) and 2 <= count <= _MOST_ARMS:
            names = [f"arm {number}" for number in range(1, count + 1)]
        told = any(item.column == "arm" for item in page.found)
        if len(names) < 2 or told or (weights and (len(weights) != len(names) or not any(weights))):
            continue
        for match in (ratio, arms):
            if match and match is not anchor:
                page.claim(*match.span())
        page.add("levels", anchor.start(), end, column="arm", levels=tuple(names), weights=weights or (1.0,) * len(names))
    for match in page.matches(_PER_ARM):
        arm = next((item for item in page.found if item.column == "arm" and item.levels), None)
        if arm and not any(item.kind == "rows" for item in page.found):
            page.add("rows", *match.span(), numbers={"rows": number_of(match["count"]) * len(arm.levels)})


def _arm_names(page: Page, clause: Clause, at: int, count: int) -> tuple[list[str], int]:
    """Names of arms after ``to``, ``between`` or in brackets."""
    found = re.compile(r"(?:[^.;()%\d]{0,40}?\b(?:to|between|of|receive)\s(?:either\s)?|\s?[(:,]\s?)").match(page.text, at, clause.end)
    listed = _LIST.match(page.text, found.end(), clause.end) if found else None
    inside = re.compile(r"\s?\((?P<list>[^()\d%]{3,120})\)").match(page.text, at, clause.end)
    listed = (
        inside
        or listed
        or re.compile(
            rf"\b(?:arms?|treatment|groups?)\s?(?::|is|are)\s(?P<list>{_LIST.pattern})".replace(
                "(?P<list>(?P<list>", "(?P<list>(?P<inner>"
            ),
            _I,
        ).search(page.text, clause.start, at)
    )
    if not listed:
        return [], at
    names = _split(listed["list"])
    if len(names) > 1 and re.search(r"\s(?:treatment|therapy|arms?|groups?)$", names[-1], _I) and " " not in names[0]:
        names[-1] = names[-1].rsplit(" ", 1)[0]
    if count and len(names) != count:
        return [], at
    end = listed.end() + (1 if page.text[listed.end() : listed.end() + 1] == ")" else 0)
    return names, max(end, at)


def _split(text: str) -> list[str]:
    """Items of a list: between commas, slashes and the last ``and`` or ``or``."""
    parts = re.split(r"\s?[,;/]\s?(?:and\s|or\s)?|\s(?:and|or|versus|vs\.?)\s", " ".join(text.split()))
    return list(dict.fromkeys(re.sub(r"^(?:a|an|the)\s", "", part.strip(" .'\"")) for part in parts if part.strip(" .'\"")))


def read_levels(page: Page) -> None:
    """Levels without shares, and plain lists of columns."""
    for match in page.matches(_PARENS):
        noun = trimmed(match["noun"])
        items = _split(match["list"])
        if noun and len(items) > 1 and all(len(item.split()) <= 4 for item in items) and not _ABOUT_COLUMNS.search(noun):
            _keep_levels(page, match, noun, items)
    for match in page.matches(_NUMBERED):
        noun = trimmed(match["noun"])
        if noun:
            _keep_levels(page, match, noun, _split(match["list"]))
    for match in page.matches(_COLON):
        noun = trimmed(match["noun"])
        listed = _LIST.match(match["list"]) or (None if noun.endswith("s") else _WORDS.match(match["list"]))
        items = _split(listed["list"]) if listed else []
        words = (
            listed is not None and len(items) > 1 and all(len(item.split()) <= 3 for item in items) and not _FIGURES.search(listed["list"])
        )
        if noun and listed and words and not _ABOUT_COLUMNS.search(noun) and not page.is_population(noun):
            _keep_levels(page, match, noun, items, end=match.start("list") + listed.end())
    for match in _COLUMNS.finditer(page.text):
        _keep_columns(page, match)


def _keep_levels(page: Page, match: re.Match[str], noun: str, items: list[str], end: int | None = None) -> None:
    column = page.named(noun)
    start = match.start() + max(match["noun"].rfind(noun.split()[0]), 0)
    if any(item.column == column and item.levels for item in page.found):
        return
    if {item.lower() for item in items} in ({"yes", "no"}, {"true", "false"}):
        page.add("column", start, end or match.end(), column=column, level=True)
        return
    if column == "sex":
        items = [sex_of(item) or {"f": "female", "m": "male"}.get(item.lower(), item) for item in items]
    page.add("levels", start, end or match.end(), column=column, levels=tuple(items))


def _keep_columns(page: Page, match: re.Match[str]) -> None:
    """Columns that are only named."""
    at = match.start("list")
    for piece in re.finditer(r"[^,]+", match["list"]):
        for part in re.finditer(r"(?:(?!\sand\s).)+", piece.group(), re.DOTALL):
            words = re.sub(r"^\s*(?:and|a|an|the)\s+", "", part.group())
            plain = re.split(r"[(\d%]|\b(?:between|from|with|in|is|are|as|at)\b", words)[0].strip()
            start = at + piece.start() + part.start() + part.group().find(plain)
            name = page.named(trimmed(plain)) if plain else ""
            if (
                name
                and name not in page.names
                and page.free(start, start + len(plain))
                and len(plain.split()) <= 4
                and re.fullmatch(r"[^\W\d_][\w' /-]*", plain)
            ):
                page.add("column", start, start + len(plain), column=column_name(name))
