"""Means, medians and limits, as descriptions state them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from synthnb.recipes.statements.doubts import is_denied
from synthnb.recipes.statements.naming import column_name, event_of, noun_of, trimmed
from synthnb.recipes.statements.page import POPULATION, Clause, Page
from synthnb.recipes.statements.words import BETWEEN, NUMBER, PROSE, SHARE, UNIT, are_of_one_scale, number_of, numbers_of, places_of

if TYPE_CHECKING:
    from synthnb.recipes.statements.statement import Kind

__all__ = ["read_ages", "read_limits", "read_moments", "read_quartiles"]

_I = re.IGNORECASE
_U = rf"(?:\s?(?P<unit>{UNIT}|%)(?![A-Za-z]))?"
_SPREAD = r"(?:SD|s\.d\.|standard\sdeviation)"
_MOMENTS = re.compile(
    rf"(?<![\w.])(?P<mean>{NUMBER}){_U}\s?(?:"
    rf"(?:±|\+/-|\+-)\s?(?P<sd1>{NUMBER})"
    rf"|(?:[(\[,]\s?)?(?:(?:and|with)\s)?(?:an?\s|the\s)?{_SPREAD}\s?(?:of|=|:|is|was)?\s?(?P<sd2>{NUMBER})"
    rf")(?:\s?(?P<unit2>{UNIT}|%)(?![A-Za-z]))?(?P<close>\s?[)\]])?(?:\s?(?P<unit3>{UNIT})(?![A-Za-z]))?",
    _I,
)
_MOMENTS_LISTED = re.compile(
    rf"(?:(?:mean|average)\s?\({_SPREAD}\)[,:]?\s(?P<noun>{PROSE}{{2,60}}?)[\s,:]*(?:of|is|was|=)?|(?P<noun2>{PROSE}{{2,60}}?),?\s(?:mean|average)\s?\({_SPREAD}\)[,:]?)"
    rf"\s?(?P<mean>{NUMBER}){_U}\s?\((?P<sd>{NUMBER})\)(?:\s?(?P<unit3>{UNIT})(?![A-Za-z]))?",
    _I,
)
_MEAN = re.compile(
    rf"(?:\b(?:mean|average)\s(?P<noun>{PROSE}{{2,60}}?)\s?(?:\bof\b|\bis\b|\bwas\b|\bare\b|=|:)?\s?(?:about\s|around\s|approximately\s)?"
    rf"|(?P<noun2>{PROSE}{{2,60}}?)\s(?:averages|averaged|averaging|(?:has|have|had|with)\s(?:a|an)\s(?:mean|average)\sof)\s(?:about\s|around\s|approximately\s)?"
    rf"|\b(?:mean|average)\s?(?:of\s|is\s|=\s?|:\s?)?)"
    rf"(?<![\w.])(?P<mean>{NUMBER}){_U}",
    _I,
)
_OF_ONE_GROUP = re.compile(
    rf"\s(?:in|for|among|on|at)\s[^.,;:()\d]{{2,40}}?,?\s?(?:and|but|versus|vs\.?|while|against|compared\s(?:with|to)|,)\s(?:about\s)?{NUMBER}(?:\s?(?:{UNIT}|%))?(?:\s?\([^()]*\))?\s(?:in|for|among|on|at)\s",
    _I,
)
"""The first of two groups that aren't known by a column."""
_NEXT_GROUP = re.compile(rf"\s?,?\s?(?:and|but|versus|vs\.?|while|against)?\s(?P<mean>{NUMBER}){_U}(?=\s(?:in|for|among)\s)", _I)
_OTHER_MEANS = re.compile(r"\b(?:geometric|harmonic|weighted|adjusted|marginal)\s(?:mean|average)", _I)
_OTHERS = re.compile(
    r"\s(?:with|on|under|receiving|given)\s(?:the\s)?(?:placebo|drug|treatment|control|active|usual|standard|therapy)\b"
    r"|\s(?:in|for|among)\s(?:the\s)?[^.,;()]{0,40}?\b(?:arms?|groups?|controls|cases|men|women|boys|girls|smokers|those|who|without)\b",
    _I,
)
"""Some of the people only, who aren't known by a column."""
_QUARTILES = re.compile(
    rf"(?<![\w.])(?P<median>{NUMBER}){_U}\s?(?:[(\[,]\s?)?(?:and\s|with\s)?(?:an?\s|the\s)?(?P<what>IQR|inter-?quartile\srange|quartiles|range)\s?"
    rf"(?:of|from|=|:|,|is|was)?\s?(?P<q1>{NUMBER})(?:\s?{UNIT})?{BETWEEN}(?P<q3>{NUMBER})(?:\s?(?P<unit2>{UNIT}))?(?:\s?[)\]])?(?:\s?(?P<unit3>{UNIT})(?![A-Za-z]))?",
    _I,
)
_QUARTILES_LISTED = re.compile(
    rf"median\s?[(\[]IQR[)\]][,:]?\s(?P<noun>{PROSE}{{2,60}}?)[\s,:]*(?:of|is|was|=)?\s?(?P<median>{NUMBER}){_U}\s?[(\[](?P<q1>{NUMBER}){BETWEEN}"
    rf"(?P<q3>{NUMBER})[)\]](?:\s?(?P<unit3>{UNIT})(?![A-Za-z]))?",
    _I,
)
_SPREAD_BEFORE = re.compile(rf"(?:±|\+/-|\+-|{_SPREAD}\s?(?:of|=|:|is|was)?|\d\s?[(\[]|\d,)\s?$", _I)
"""What makes the number behind it a spread, and no median."""
_MEDIAN = re.compile(
    rf"\bmedian\s(?:(?P<noun>{PROSE}{{2,60}}?)\s?(?:\bof\b|\bis\b|\bwas\b|=|:)\s?|(?:of\s|is\s|=\s?|:\s?)?)(?:about\s)?(?<![\w.])(?P<median>{NUMBER}){_U}",
    _I,
)
_YEARS = r"(?:\s?(?P<span>years?|months?|weeks?|days?)(?:\sof\sage|\sold)?)"
_AGES = (
    re.compile(
        rf"\bage[sd]?(?:\sis|\sare|\sranges|\sranging)?\s?(?:from|between|in\sthe\srange)?:?\s?(?P<low>\d+){BETWEEN}(?P<high>\d+)\b{_YEARS}?",
        _I,
    ),
    re.compile(r"\bbetween\s(?P<low>\d+)\sand\s(?P<high>\d+)\s?years?\s(?:of\sage|old)", _I),
    re.compile(rf"(?<![\d.])(?P<low>\d+){BETWEEN}(?P<high>\d+)[ -]years?(?:\sof\sage|[ -]olds?)\b", _I),
    re.compile(rf"\bage[sd]?\s(?:from\s)?(?P<low>\d+){_YEARS}?\s?(?:\+|(?:or|and)\s(?:older|over|above|more|up(?:wards)?))", _I),
    re.compile(r"(?<![\d.])(?P<low>\d+)\s?years?\s(?:or|and)\s(?:older|over|above)\b", _I),
    re.compile(r"\b(?:aged?\s(?:of\s)?(?:at\sleast|≥|>=)|at\sleast)\s?(?P<low>\d+)\s?years?\s(?:old|of\sage)\b", _I),
    re.compile(rf"\bage[sd]?\s?(?:of\s)?(?:at\sleast|≥|>=)\s?(?P<low>\d+){_YEARS}?", _I),
    re.compile(rf"\bage[sd]?\s?(?:of\s)?(?:at\smost|up\sto|≤|<=)\s?(?P<high>\d+){_YEARS}?", _I),
    re.compile(rf"\b(?:aged\s(?:over|above)|older\sthan|over\sthe\sage\sof|age\s(?:over|above|>))\s?(?P<above>\d+){_YEARS}?", _I),
    re.compile(rf"\b(?:aged\s(?:under|below)|younger\sthan|under\sthe\sage\sof|age\s(?:under|below|<))\s?(?P<below>\d+){_YEARS}?", _I),
    re.compile(r"\b(?:over|above)\s(?P<above>\d+)\s?years?\s(?:of\sage|old)\b", _I),
    re.compile(r"\b(?:under|below)\s(?P<below>\d+)\s?years?\s(?:of\sage|old)\b", _I),
)
_PAIR = re.compile(
    rf"(?P<lead>\b(?:between|from|ranging\sfrom|ranges\sfrom|range[sd]?(?:\sof|\sis|:)?|ranging|within|scale\s(?:of|from)|scored)\s"
    rf"|[(\[]\s?(?:range:?\s)?|(?<=\w)[ :]\s?)"
    rf"(?P<low>{NUMBER})(?:\s?(?:{UNIT}|%))?(?P<tie>{BETWEEN})(?P<high>{NUMBER}){_U}(?P<close>\s?[)\]])?",
    _I,
)
_INTERVAL = re.compile(r"\b(?:IQR|inter-?quartile(?:\srange)?|quartiles|CI|confidence\sinterval|interval)\s?(?:of|from|:|,|=)?\s?$", _I)
_ONE_SIDE = re.compile(
    rf"(?P<tie>\b(?:never\s(?:above|below|more\sthan|less\sthan|exceed(?:s|ing))|at\sleast|no\sless\sthan|not\sbelow|minimum\s(?:of\s)?|at\smost|no\smore\sthan|not\sabove|up\sto|maximum\s(?:of\s)?|above|over|more\sthan"
    rf"|greater\sthan|below|under|less\sthan|exceeding)\s|[≥≤<>]=?\s?)(?P<number>{NUMBER})(?!\s?:|[\d,.]*\d){_U}",
    _I,
)
_NOT_NEGATIVE = re.compile(r"\b(?:never|not|non-?)\s?negative\b", _I)
_MEASURED = re.compile(
    r"\b(?:age|bmi|income|wage|salary|cost|price|score|weight|height|pressure|rate|level|count|number|amount|size|duration|length|hours|time|egfr|ldl"
    r"|hba1c|glucose|cholesterol|fraction|distance|area|years|months|days)\b",
    _I,
)
_LOW = ("at least", "no less than", "not below", "minimum", "≥", ">=", "above", "over", "more than", "greater than", "exceeding", ">")
_NEVER = {
    "never above": "high",
    "never more than": "high",
    "never exceeds": "high",
    "never exceeding": "high",
    "never below": "low",
    "never less than": "low",
}
_STRICT = ("above", "over", "more than", "greater than", "exceeding", "below", "under", "less than")


def read_moments(page: Page) -> None:
    """Means with their standard deviations, and means alone."""
    for clause in page.clauses:
        for match in page.matches(_MOMENTS_LISTED, clause):
            noun, start = (match["noun"] or match["noun2"]).strip(), match.start("noun" if match["noun"] else "noun2")
            if re.fullmatch(UNIT, noun, _I):
                noun, start = page.noun_left(start)
            if noun:
                _add_moments(page, clause, match, noun, start, match["sd"])
        carried = ""
        for match in page.matches(_MOMENTS, clause):
            after_group = carried and re.search(
                r"\s(?:in|for|among)\s[^.;]{2,60}$", page.text[max(clause.start, match.start() - 200) : match.start()]
            )
            noun, start = (carried, match.start()) if after_group and _bare(page, match) else page.noun_left(match.start())
            if noun:
                _add_moments(page, clause, match, noun, start, match["sd1"] or match["sd2"])
            carried = noun
        for match in page.matches(_MEAN, clause):
            noun, start = page.noun_left(match.start("mean"))
            other = _OTHER_MEANS.search(page.text, match.start() - 12 if match.start() > 12 else 0, match.start("mean"))
            counted = re.search(
                r"\b(?:of|in|among|for)\sthe\s$", page.text[max(clause.start, match.start("mean") - 12) : match.start("mean")], _I
            )
            if noun and not other and not counted and not re.match(r"\s?(?:-|–|to)\s?\d", page.text[match.end() :]):
                _add_moments(page, clause, match, noun, start, None)
                _add_next_groups(page, clause, noun)


def _add_moments(page: Page, clause: Clause, match: re.Match[str], noun: str, start: int, sd: str | None) -> None:
    end = match.end()
    if match.groupdict().get("close") and "(" not in match.group() and "[" not in match.group():
        end = match.start("close")
    when, after = _group_right(page, clause, end)
    if when is None and _is_of_others(page, clause, end):
        return
    told = [match["mean"], *([sd] if sd else [])]
    if not are_of_one_scale(*told) or _is_denied_figure(page, clause, match.start("mean")):
        return
    numbers = dict(zip(("mean", "sd"), numbers_of(*told, most=999), strict=False))
    page.add(
        "moments",
        min(start, match.start()),
        after,
        claim=(match.start("mean"), after),
        column=page.named(noun),
        numbers=numbers,
        places=max(map(places_of, told)),
        unit=_unit(match),
        when=when,
        whole=_counted(noun),
    )


def _add_next_groups(page: Page, clause: Clause, noun: str) -> None:
    """The rest of ``163 cm for women and 177 cm for men``."""
    while page.found and page.found[-1].when and (more := _NEXT_GROUP.match(page.text, page.found[-1].end, clause.end)):
        if _group_right(page, clause, more.end())[0] is None:
            return
        _add_moments(page, clause, more, noun, more.start("mean"), None)


def _is_of_others(page: Page, clause: Clause, at: int) -> bool:
    """Whether a number is of some only, who aren't known by a column."""
    return _OTHERS.match(page.text, at, clause.end) is not None or _OF_ONE_GROUP.match(page.text, at, clause.end) is not None


def _is_denied_figure(page: Page, clause: Clause, at: int) -> bool:
    """Whether a number is what something is said not to be."""
    return re.search(r"(?:\b(?:not|never|no\slonger)|n't)\b[^,;:()]{0,20}$", page.text[clause.start : at], _I) is not None


def _bare(page: Page, match: re.Match[str]) -> bool:
    """Whether a number follows straight on another group's, as in ``163 (SD 7) in women and 176 (SD 7) in men``."""
    return re.search(r"(?:\sand|,|\sversus|\svs\.?|\sbut)\s$", page.text[max(match.start() - 120, 0) : match.start()]) is not None


def _group_right(page: Page, clause: Clause, at: int) -> tuple[Any, int]:
    """The people a number is restricted to, told after it; and where that ends."""
    found = re.compile(
        r"\s(?:in|for|among)\s(?:the\s)?(?P<group>[^\d,;:().]{2,40}?)(?=,|\.|;|\)|\sand\s|\sbut\s|\swhile\s|\s?versus\s|\svs\b|\n|$)"
    ).match(page.text, at, clause.end)
    level = page.level_of(found["group"]) if found else None
    return level, (found.end() if found and level else at)


def _unit(match: re.Match[str]) -> str:
    found = match.groupdict()
    unit = found.get("unit3") or found.get("unit2") or found.get("unit") or ""
    return " ".join(re.sub(r"\s(?:of\sage|old)$", "", unit, flags=_I).split())


def _counted(noun: str) -> bool | None:
    """Whether a noun says that it is counted."""
    low = noun.lower()
    return True if re.match(r"(?:number|count|no\.)\sof\s", low) or low.endswith((" count", " visits")) else None


def read_quartiles(page: Page) -> None:
    """Medians, with quartiles or a range."""
    for clause in page.clauses:
        for match in page.matches(_QUARTILES_LISTED, clause):
            _add_quartiles(page, clause, match, match["noun"].strip(), match.start())
        for match in page.matches(_QUARTILES, clause):
            if _SPREAD_BEFORE.search(page.text, max(match.start() - 24, 0), match.start()) or _is_denied_figure(
                page, clause, match.start()
            ):
                continue
            noun, start = page.noun_left(match.start())
            if noun and match["what"].lower() == "range":
                _add_median_and_range(page, match, noun, start)
            elif noun:
                _add_quartiles(page, clause, match, noun, start)
        for match in page.matches(_MEDIAN, clause):
            noun, start = page.noun_left(match.start("median"))
            if noun:
                _add_median(page, clause, match, noun, start)
                while page.found[-1:] and page.found[-1].when and (more := _NEXT_GROUP.match(page.text, page.found[-1].end, clause.end)):
                    if not _add_median(page, clause, more, noun, more.start("mean"), name="mean", further=True):
                        break


def _add_median(
    page: Page, clause: Clause, match: re.Match[str], noun: str, start: int, *, name: str = "median", further: bool = False
) -> bool:
    """A median alone, perhaps of some people only."""
    when, after = _group_right(page, clause, match.end())
    if (when is None and (further or _is_of_others(page, clause, match.end()))) or _is_denied_figure(page, clause, match.start(name)):
        return False
    page.add(
        "quartiles",
        start,
        after,
        claim=(match.start(), after),
        column=page.named(noun),
        numbers={"median": number_of(match[name])},
        places=places_of(match[name]),
        unit=_unit(match),
        when=when,
        whole=_counted(noun),
    )
    return True


def _add_quartiles(page: Page, clause: Clause, match: re.Match[str], noun: str, start: int) -> None:
    when, after = _group_right(page, clause, match.end())
    if (when is None and _is_of_others(page, clause, match.end())) or not are_of_one_scale(match["median"], match["q1"], match["q3"]):
        return
    page.add(
        "quartiles",
        min(start, match.start()),
        after,
        claim=(match.start("median"), after),
        column=page.named(noun),
        numbers=dict(zip(("median", "q1", "q3"), _three(match), strict=True)),
        places=max(places_of(match[name]) for name in ("median", "q1", "q3")),
        unit=_unit(match),
        when=when,
        whole=_counted(noun),
    )


def _three(match: re.Match[str]) -> tuple[float, ...]:
    """A median with its quartiles, or its limits, in one scale."""
    return numbers_of(match["median"], match["q1"], match["q3"])


def _add_median_and_range(page: Page, match: re.Match[str], noun: str, start: int) -> None:
    """``63 (range 40 to 85)``: a median, or a mean, with limits."""
    kind: Kind = "moments" if re.search(r"\b(?:mean|average)\b", page.text[start : match.start()], _I) else "quartiles"
    name = "mean" if kind == "moments" else "median"
    said: dict[str, Any] = {"column": page.named(noun), "unit": _unit(match), "whole": _counted(noun)}
    places = max(places_of(match[part]) for part in ("median", "q1", "q3"))
    page.add(kind, start, match.end("median"), claim=match.span("median"), numbers={name: _three(match)[0]}, places=places, **said)
    numbers = dict(zip(("low", "high"), _three(match)[1:], strict=True))
    page.add("range", match.start("what"), match.end(), numbers=numbers, places=places, **said)


def read_ages(page: Page) -> None:
    """Limits of an age, which need no noun of their own."""
    for pattern in _AGES:
        for match in page.matches(pattern):
            shared = re.search(rf"{SHARE}[^,.;]{{0,40}}$", page.text[max(match.start() - 120, 0) : match.start()])
            compound = match.group().lower().startswith("age ") and trimmed(
                page.text[: match.start()].rsplit("\n", 1)[-1][-30:].rpartition(".")[2]
            )
            if shared or compound or re.match(r"\s?(?:±|\+/-|\(SD|years\s\(SD)", page.text[match.end() :]):
                continue
            told = match.groupdict()
            if _of_some(page, match, two_sided=True) or is_denied(page, *match.span()):
                page.leave(*match.span())
                continue
            strict = bool(told.get("above") or told.get("below"))
            low, high = told.get("low") or told.get("above"), told.get("high") or told.get("below")
            numbers = {name: number_of(value) for name, value in (("low", low), ("high", high)) if value}
            page.add("range", match.start(), match.end(), column="age", numbers=numbers, strict=strict, unit=_plural(told.get("span")))


def _plural(span: str | None) -> str:
    """The unit of an age."""
    return f"{span.lower().rstrip('s')}s" if span else "years"


def read_limits(page: Page) -> None:
    """Limits of anything else."""
    for clause in page.clauses:
        for match in page.matches(_PAIR, clause):
            _read_pair(page, match)
        for match in page.matches(_ONE_SIDE, clause):
            _read_side(page, match)
        for match in page.matches(_NOT_NEGATIVE, clause):
            noun, start = page.noun_left(match.start())
            if noun:
                page.add("range", start, match.end(), column=page.named(noun), numbers={"low": 0.0})


def _read_pair(page: Page, match: re.Match[str]) -> None:
    lead = match["lead"].lower().strip()
    noun, start = page.noun_left(match.start())
    tied = bool(match["tie"].strip())
    bare = lead in {"", ":"}
    if (
        not noun
        or not tied
        or (bare and match["tie"].strip().lower() in {"and", "through"})
        or (lead == "between" and match["tie"].strip() != "and")
    ):
        return
    if _about_time(match) or _not_a_noun(page, noun) or _is_interval(page, match, start):
        return
    if _of_some(page, match, two_sided=True) or is_denied(page, *match.span()):
        return
    low, high = numbers_of(match["low"], match["high"])
    end = match.end() if not match["close"] or "(" in match["lead"] or "[" in match["lead"] else match.start("close")
    page.add(
        "range",
        start,
        end,
        claim=match.span(),
        column=page.named(noun),
        numbers={"low": low, "high": high},
        places=max(places_of(match["low"]), places_of(match["high"])),
        unit=_unit(match),
        whole=_counted(noun) or (True if "whole number" in page.text[start : match.start()] else None),
    )


def _is_interval(page: Page, match: re.Match[str], start: int) -> bool:
    """Whether a pair of numbers is around another number, or of quartiles, or of two scales, so that it may be no limits."""
    before = page.text[max(match.start() - 24, 0) : match.start()]
    bracketed = match["lead"].strip() in {"(", "["} and re.search(rf"{NUMBER}\s?(?:{UNIT}|%)?\s?$", before, _I)
    quartiles = _INTERVAL.search(page.text[start : match.start("low")])
    return bool(bracketed or quartiles or not are_of_one_scale(match["low"], match["high"]))


def _read_side(page: Page, match: re.Match[str]) -> None:
    noun, start = page.noun_left(match.start())
    tie = " ".join(match["tie"].lower().replace(" of", "").split())
    percent = match["unit"] == "%" and not any(item.column == page.named(noun) and item.unit == "%" for item in page.found)
    known = column_name(noun_of(noun)) in {*page.names, *_measures(noun)}
    if not noun or not known or percent or _of_some(page, match) or _not_a_noun(page, noun) or event_of(noun):
        return
    if is_denied(page, *match.span()):
        return
    page.add(
        "range",
        start,
        match.end(),
        claim=match.span(),
        column=page.named(noun),
        numbers={_NEVER.get(tie) or ("low" if tie in _LOW else "high"): number_of(match["number"])},
        strict=tie in {*_STRICT, "<", ">"},
        places=places_of(match["number"]),
        unit=_unit(match),
        whole=_counted(noun),
    )


def _of_some(page: Page, match: re.Match[str], *, two_sided: bool = False) -> bool:
    """Whether a limit tells some from others, as in ``22 % have a BMI over 30``."""
    before = re.search(rf"{SHARE}[^,.;]{{0,40}}$", page.text[max(match.start() - 120, 0) : match.start()], _I)
    tied = r"in|for|among|:|\(" if two_sided else r"in|for|among|:|,|\("
    return bool(before or re.match(rf"\s?(?:{tied})?\s?(?:about\s)?{SHARE}", page.text[match.end() :], _I))


def _measures(noun: str) -> set[str]:
    """The noun's name, if it is one of something measured; a limit on one side alone says too little to take any noun."""
    return {column_name(noun_of(noun))} if _MEASURED.search(noun) else set()


def _about_time(match: re.Match[str]) -> bool:
    """Whether a pair of numbers is of years on a calendar."""
    years = all(re.fullmatch(r"(?:1[789]|20|21)\d\d", match[name]) for name in ("low", "high"))
    return years and not match["unit"]


def _not_a_noun(page: Page, noun: str) -> bool:
    return (
        page.is_population(noun)
        or re.fullmatch(POPULATION, noun, _I) is not None
        or re.fullmatch(r"(?:n|table|trial|study|survey)", noun, _I) is not None
    )
