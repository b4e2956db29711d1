"""From the words of a description to the name of a column."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection, Sequence

__all__ = ["NOUN", "column_name", "event_of", "is_name", "noun_of", "phrase_of", "resolved", "sex_of", "trimmed"]

_LONGEST = 60
_MOST_WORDS = 6

NOUN = r"[^\W\d_][\w'/&-]*(?:\s[^\W_][\w'/&-]*){0,5}"
"""Up to six words."""


def _set(*lines: str) -> frozenset[str]:
    """The words of some lines."""
    return frozenset(word for line in lines for word in line.split())


_BOUNDARIES = _set(
    "with and or plus but a an the this that has have had having in are is was were be been their his her its whose who which",
    "where while mean average averaging median at on for by from between to as includes including include included contains",
    "record records recorded recording patients participants adults women men people respondents each every also then than if",
    "when us we our there about around approximately roughly nearly some them they it make generate simulate create columns",
    "column variables variable measured reported randomised randomized aged years given include collect collects i",
)
_INSIDE = frozenset({"in", "at", "on", "for", "of", "per", "to", "the"})
"""Words that may stand within the noun of a whole phrase, such as ``trust in parliament``."""
_TAILS = _set(
    "of was is were are at averages averaged ranges ranging range ranged varies varying lies about around approximately roughly",
    "equals has had have being be between from values value reported with to by in on for the a an occurred occurs happened seen",
    "observed found present whole number scale",
)
_HEADS = _set(
    "length number years quality duration date time level levels rate count history use amount size cost costs months days hours",
    "weeks units place type kind stage degree loss severity cause status proportion area volume distance source year age head",
    "change state burden",
)
_NO_NAMES = _set(
    "average averages averaging mean means median medians mode missing older younger over under above below half halves third thirds",
    "quarter quarters majority minority most all none both everyone everybody nobody others other rest remainder",
    "total totals sum distribution distributions distributed poisson gaussian lognormal log-normal skewed range ranges iqr interquartile",
    "sd se sem ci quartile quartiles percentile percentiles percent percentage points higher lower greater smaller more less fewer",
    "least maximum minimum max min limit unique",
    "limits confidence power significance alpha error margin year years yrs month months week weeks day days minute minutes n no not yes",
    "mmhg mmol umol μmol µmol nmol pmol mol bpm kpa eur euro euros usd dollars gbp pounds chf yen kg mg µg ug ng cm mm km ml dl",
    "almost nearly about approximately roughly exclusion inclusion excluded eligible respectively standard deviation deviations",
)
"""Words that stand where a name may, but name no column."""
_NO_PHRASES = re.compile(
    r"(?:.*\s)?distributions?|(?:almost|nearly|about|over|under|more\sthan|less\sthan)\s.*|margin\sof\serror"
    r"|(?:confidence|credible|prediction)\s(?:interval|limits?|level)|significance\slevel|odds\sratio|hazard\sratio|(?:relative\s)?risk\sratio"
    r"|mm\s?hg|(?:[kcmunµμp]?(?:g|mol|l|m|iu|eq|kat)|ml|dl|iu|u|cells|copies|beats|breaths)(?:\s?/\s?(?:[kcmdunµμ]?(?:l|g|m|mol)|kg|dl|ml|h|hr|min|s|day|year)[\d²³]?)+(?:\s?/\s?1\.73.*)?"
    r"|(?:in|of|the|at|with)|(?:and|or|but|from|by|with)(?:\s.*)?|.*\s(?:and|or|but|from|by|with|before|after|than)"
)
_FAMILY = re.compile(
    r"^(?:(?:log-?normal|normal|exponential|uniform|gaussian|poisson|weibull|negative[-\s]binomial|gamma|beta)(?:ly)?[-\s]distributed|log-?normal(?:ly)?|poisson)"
    r"\s(?=[^\W\d_])"
)
"""A distribution before the name of what has it."""
_SYNONYMS = {
    "ages": "age",
    "aged": "age",
    "gender": "sex",
    "sexes": "sex",
    "body mass index": "bmi",
    "systolic bp": "systolic blood pressure",
    "systolic": "systolic blood pressure",
    "systolic pressure": "systolic blood pressure",
    "sbp": "systolic blood pressure",
    "diastolic bp": "diastolic blood pressure",
    "diastolic": "diastolic blood pressure",
    "diastolic pressure": "diastolic blood pressure",
    "dbp": "diastolic blood pressure",
    "los": "length of stay",
    "hospital stay": "length of stay",
    "treatment": "arm",
    "treatment arm": "arm",
    "treatment group": "arm",
    "study arm": "arm",
    "trial arm": "arm",
    "intervention arm": "arm",
    "allocation": "arm",
}
_SEXES = {
    **dict.fromkeys(("female", "females", "women", "woman", "girls", "girl", "female patients", "female participants"), "female"),
    **dict.fromkeys(("male", "males", "men", "man", "boys", "boy", "male patients", "male participants"), "male"),
}
_EVENTS = {
    "admit": "admission",
    "admitted": "admission",
    "admission": "admission",
    "admitting": "admission",
    "discharge": "discharge",
    "discharged": "discharge",
    "enrol": "enrolment",
    "enrolled": "enrolment",
    "enroled": "enrolment",
    "enrolment": "enrolment",
    "enrollment": "enrolment",
    "recruited": "enrolment",
    "recruitment": "enrolment",
    "included": "enrolment",
    "diagnosed": "diagnosis",
    "diagnosis": "diagnosis",
    "interviewed": "interview",
    "interview": "interview",
    "interviews": "interview",
    "surveyed": "interview",
    "randomised": "randomisation",
    "randomized": "randomisation",
    "randomisation": "randomisation",
    "randomization": "randomisation",
    "hired": "hire",
    "hire": "hire",
    "founded": "founding",
    "founding": "founding",
    "born": "birth",
    "birth": "birth",
    "operated": "operation",
    "delivered": "delivery",
    "delivery": "delivery",
    "operation": "operation",
    "surgery": "surgery",
    "visit": "visit",
    "visited": "visit",
    "death": "death",
    "implanted": "implantation",
    "issued": "issue",
    "issue": "issue",
    "repaid": "repayment",
    "repayment": "repayment",
    "vaccinated": "vaccination",
    "vaccination": "vaccination",
    "follow-up": "follow_up",
    "last follow-up": "last_follow_up",
    "start": "start",
    "end": "end",
}


def is_name(noun: str) -> bool:
    """Whether a noun may name a column: not a figure, a unit, a quantity such as ``half``, nor a word of statistics.

    Examples
    --------
    >>> [is_name(noun) for noun in ("heart rate", "mmHg", "148", "almost all", "missing", "Poisson distribution")]
    [True, False, False, False, False, False]
    """
    low = " ".join(noun.lower().split()).strip(" .'-")
    words = low.split()
    if not words or not re.search(r"[^\W\d_]", words[0]):
        return False
    return not (all(word in _NO_NAMES for word in words) or _NO_PHRASES.fullmatch(low))


def column_name(words: str, taken: Collection[str] = ()) -> str:
    """Return a safe name for a column: small letters, digits and underscores, no word of Python's, not taken yet.

    Examples
    --------
    >>> column_name("Systolic BP (mmHg)"), column_name("class"), column_name("2nd visit", {"visit"})
    ('systolic_bp_mmhg', 'class_', 'x2nd_visit')
    """
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:_LONGEST].strip("_") or "column"
    name = f"x{name}" if name[0].isdigit() else name
    name = f"{name}_" if keyword.iskeyword(name) or name in {"true", "false", "none"} else name
    made, number = name, 2
    while made in taken:
        made, number = f"{name}_{number}", number + 1
    return made


def trimmed(words: str, *, backwards: bool = True) -> str:
    """The noun at the end (or, forwards, at the beginning) of some words: cut at words that a noun doesn't hold."""
    parts = re.findall(r"[^\s,;:()]+", words)
    while parts and parts[-1].lower() in _TAILS:
        parts.pop()
    while parts and parts[0].lower() in _BOUNDARIES | {"of"} and not (parts[0].lower() in _HEADS and parts[1:2] == ["of"]):
        parts.pop(0)
    kept: list[str] = []
    for i, part in enumerate(reversed(parts) if backwards else parts):
        low = part.lower()
        at = len(parts) - 1 - i if backwards else i
        joined = low == "of" and 0 < at < len(parts) - 1 and parts[at - 1].lower() in _HEADS
        known_head = low in _HEADS and at + 1 < len(parts) and parts[at + 1].lower() == "of"
        if (low in _BOUNDARIES and not known_head) or (low == "of" and not joined):
            break
        kept.append(part)
    return " ".join((reversed(kept) if backwards else kept) if len(kept) <= _MOST_WORDS else kept[:_MOST_WORDS])


def phrase_of(words: str) -> str:
    """The noun that some words end in; the whole of them where they are one phrase, such as ``trust in parliament``."""
    parts = re.findall(r"[^\s,;:()]+", words)
    while parts and parts[-1].lower() in _TAILS:
        parts.pop()
    while parts and parts[0].lower() in {"the", "a", "an", "and", "their", "mean", "average", "median", "but", "with"}:
        parts.pop(0)
    inner = [part.lower() for part in parts]
    whole = 1 < len(parts) <= _MOST_WORDS and all(word not in _BOUNDARIES or word in _INSIDE | _HEADS for word in inner)
    if whole and inner[0] not in _INSIDE | (_BOUNDARIES - _HEADS) and not re.search(r"(?:ed|ing)$", inner[0]):
        return " ".join(parts) if is_name(" ".join(parts)) else ""
    noun = trimmed(words)
    return noun if is_name(noun) else ""


def noun_of(words: str) -> str:
    """A noun in the one form that is used as a column's name; empty where it can name none."""
    low = " ".join(words.lower().split()).strip(" .'-")
    low = _FAMILY.sub("", low)
    low = re.sub(r"^(?:baseline|patient|patient's|participant|participants'|current|overall|mean|self-reported)\s(?=\w+$)", "", low)
    return _SYNONYMS.get(low, low) if is_name(low) else ""


def sex_of(words: str) -> str:
    """``"female"`` or ``"male"``, if that is what the words name; else empty."""
    return _SEXES.get(" ".join(words.lower().split()), "")


def event_of(word: str) -> str:
    """The noun of an event in time, such as ``admission`` for ``admitted``; empty if it is none."""
    low = " ".join(word.lower().split()).removesuffix(" date").removeprefix("date of ")
    return _EVENTS.get(low, "")


def resolved(words: str, names: Sequence[str]) -> str:
    """The one column that some words mean: by name, by event, or as the only one that has all these words; else empty."""
    noun = noun_of(words)
    if not noun:
        return ""
    name = column_name(noun)
    if name in names:
        return name
    event = event_of(noun)
    if event and f"{event}_date" in names:
        return f"{event}_date"
    wanted = {_stem(word) for word in name.split("_")}
    having = [other for other in names if wanted <= {_stem(word) for word in other.split("_")}]
    return having[0] if len(having) == 1 else ""


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word
