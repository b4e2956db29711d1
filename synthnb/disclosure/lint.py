"""Find overclaims: words about privacy or law that nothing here can establish.

Applied by tests to every text that synthnb writes by itself, and to its documents. A
person's own statements are only warned about.

A line that names the words on purpose, as this lint's documentation must, ends
in the marker ``lint: names the words`` (in an HTML comment, say).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["MARKER", "Finding", "findings", "places", "warnings"]

MARKER = "lint: names the words"
"""A line that holds this may name the words."""

_HOW_SAFE = "Say which attack was run, with its result and interval."
_WHAT_DONE = "Say what was done and measured, and leave the law to the reader."
_WHO_LOOKED = "Say who looked at it, and what came of it."
_LAWS = r"(?:(?:eu\s+)?gdpr|(?:eu\s+)?ai[- ]act|hipaa|dsgvo|rgpd|ccpa|lgpd|fda|ich|legally|fully|privacy|data[- ]protection)"
_A_LAW = r"(?:the\s+)?(?:eu\s+)?(?:gdpr|ai[- ]act|hipaa|dsgvo|rgpd|ccpa|lgpd|data[- ]protection(?:\s+law)?)"
_RISK = r"(?:privacy|re-?identification|disclosure)\s+risks?"
_PERSONAL = r"personal(?:ly\s+identifiable)?\s+(?:data|information)"
_FULLY = r"(?:fully|completely|totally|perfectly|100\s?%|guaranteed)"
_RULES = [
    (r"(?:de-?|pseudo)?anonym(?:ous(?:ly)?|i[sz](?:ed?|es|ing|ation)|ity)", _HOW_SAFE),
    (r"(?:guaranteed\s+)?de-?identifi(?:ed|cation(?:\s+(?:is\s+)?guaranteed)?)", _HOW_SAFE),
    (rf"{_LAWS}[\s-]+(?:compl(?:iant|iance)|conform)", _WHAT_DONE),
    (rf"(?:compl(?:iant|ies|y|iance)|conforms?|in (?:line|accordance))\s+with\s+(?:the\s+)?(?:eu\s+)?{_LAWS}", _WHAT_DONE),
    (rf"{_A_LAW}\s+(?:does\s+not|doesn't|do\s+not|no\s+longer)\s+appl(?:y|ies)", _WHAT_DONE),
    (rf"(?:outside|beyond|out\s+of|exempt\s+from|not\s+subject\s+to|free\s+from)\s+(?:the\s+)?(?:scope\s+of\s+)?{_A_LAW}", _WHAT_DONE),
    (r"(?:fda|ema|mhra|ce)[\s-]+(?:approved|cleared|certified|validated)", _WHO_LOOKED),
    (r"(?:approved|cleared|certified|endorsed)\s+by\s+(?:the\s+)?(?:fda|ema|mhra|pdpc|ico|cnil)", _WHO_LOOKED),
    (r"privacy[\s-]+(?:preserving|safe|proof|guaranteed)", _HOW_SAFE),
    (
        r"(?:preserv|protect|ensur|guarante)(?:es?|ing)\s+(?:the\s+|(?:patients?|people|everyone)'?s?'?\s+)?(?:privacy|confidentiality)",
        _HOW_SAFE,
    ),
    (rf"{_FULLY}\s+(?:private|safe|secure|confidential)", _HOW_SAFE),
    (rf"(?:no|zero)\s+{_RISK}", _HOW_SAFE),
    (r"(?:no|zero|without(?:\s+any)?)\s+risks?\s+(?:of|to)\s+(?:privacy|re-?identification|disclosure|identification)", _HOW_SAFE),
    (r"(?:can\s?not|can't|can\s+never|impossible\s+to)\s+(?:be\s+)?(?:re-?identif(?:y|ied)|traced?(?:\s+back)?)", _HOW_SAFE),
    (r"(?:no\s+one|nobody|no\s+(?:person|patient|individual))\s+can\s+(?:ever\s+)?be\s+(?:re-?)?identified", _HOW_SAFE),
    (rf"(?:holds?|contains?|includes?|with|has|have|so|thus|hence|therefore)\s+(?:there\s+(?:are|is)\s+)?no\s+{_PERSONAL}", _HOW_SAFE),
    (rf"(?:free\s+(?:of|from)|is\s+not|are\s+not|isn't|aren't)\s+{_PERSONAL}", _HOW_SAFE),
    (r"safe\s+to\s+(?:share|publish|release|give\s+away)", _HOW_SAFE),
    (r"risk-free", _HOW_SAFE),
    (r"anonym(?:e[rnsm]?|isiert(?:e[rnsm]?)?|ität|isées?|isés?|es)?", _HOW_SAFE),
    (r"(?:dsgvo|datenschutz)[\s-]*konform(?:e[rnsm]?)?", _WHAT_DONE),
    (r"keine\s+personenbezogenen\s+daten", _HOW_SAFE),
    (r"conformes?\s+(?:au|à\s+la)\s+(?:rgpd|loi)", _WHAT_DONE),
    (r"aucune\s+donnée\s+(?:personnelle|à\s+caractère\s+personnel)", _HOW_SAFE),
    (r"respectueu(?:x|ses?)\s+de\s+la\s+vie\s+privée", _HOW_SAFE),
]
_PATTERNS = [(re.compile(rf"(?<![\w-]){pattern}(?!\w)", re.IGNORECASE), suggestion) for pattern, suggestion in _RULES]
_DENIED = re.compile(
    r"(?:\b(?:not|never|nor|neither|nicht|pas|ni)|n't)\s+(?:(?:be|been|made|necessarily|thereby|called|mean|als)\s+)?$", re.IGNORECASE
)
_IDENTITIES = re.compile(r"(?:de-?|pseudo)?(?:anonym|identifi)", re.IGNORECASE)
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
_PLACE = re.compile(r"(?<![\w:/.~-])(?:~/|/(?=[\w.-]+/)|file:/+|[A-Za-z]:[\\/]|\\\\(?=\w))[^\s,;:)\]}\"'”»]+")
_ALIKE = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2019": "'", "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-"})


@dataclass(frozen=True)
class Finding:
    """One overclaim."""

    phrase: str
    """The words as they stand in the text."""
    position: int
    """Where they begin, in characters."""
    suggestion: str
    """What to write instead."""


def findings(text: str) -> list[Finding]:
    """Return the overclaims in a text, in order.

    Examples
    --------
    >>> [found.phrase for found in findings("The data are fully private and GDPR-compliant.")]
    ['fully private', 'GDPR-compliant']
    """
    ends = [*(match.start() for match in re.finditer("\n", text)), len(text)]
    lines = zip([0, *(end + 1 for end in ends)], ends, strict=False)
    allowed = [(start, end) for start, end in lines if MARKER in text[start:end]]
    places = [place for place, sign in enumerate(text) if sign not in _INVISIBLE]
    plain = "".join(text[place] for place in places).translate(_ALIKE)
    found: dict[int, Finding] = {}
    for pattern, suggestion in _PATTERNS:
        for match in pattern.finditer(plain):
            start, end = places[match.start()], places[match.end() - 1] + 1
            if not _is_denied(plain, match) and not any(first <= start < last for first, last in allowed):
                found.setdefault(start, Finding(text[start:end], start, suggestion))
    return [found[start] for start in sorted(found)]


def _is_denied(text: str, match: re.Match[str]) -> bool:
    """Whether a word about identities comes right after a denial, which claims nothing."""
    return bool(_IDENTITIES.match(match[0]) and _DENIED.search(text[max(0, match.start() - 40) : match.start()]))


def warnings(text: str) -> list[str]:
    """Return a sentence for each overclaim in a person's own words."""
    return [f"“{found.phrase}” claims more than can be shown here. {found.suggestion}" for found in findings(text)]


def places(text: str) -> list[str]:
    """Return a sentence for each place on a machine that a person's own words name: every export would tell it."""
    found = dict.fromkeys(re.split(r"[\\/]+", match[0].rstrip("."))[-1] for match in _PLACE.finditer(text))
    return [f"Where “{name}” lies on a machine is stated, and every export tells it. Name the file alone." for name in found]
