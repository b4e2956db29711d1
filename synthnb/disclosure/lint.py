"""Find overclaims: words about privacy or law that nothing here can establish.

Applied by tests to every text that synthnb writes by itself, and to its documents. A
person's own statements are only warned about.

A line that names the words on purpose, as this lint's documentation must, ends
in the marker ``lint: names the words`` (in an HTML comment, say).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["MARKER", "Finding", "findings", "warnings"]

MARKER = "lint: names the words"
"""A line that holds this may name the words."""

_HOW_SAFE = "Say which attack was run, with its result and interval."
_WHAT_DONE = "Say what was done and measured, and leave the law to the reader."
_LAWS = r"(?:gdpr|ai[- ]act|hipaa|dsgvo|ccpa|fda|ich|legally|fully|privacy)"
_RULES = [
    (r"(?:de-?|pseudo)?anonym(?:ous(?:ly)?|i[sz](?:ed?|es|ing|ation)|ity)", _HOW_SAFE),
    (r"de-?identified", _HOW_SAFE),
    (rf"{_LAWS}[\s-]+compl(?:iant|iance)", _WHAT_DONE),
    (rf"(?:compl(?:iant|ies|y|iance)|conforms?|in (?:line|accordance))\s+with\s+(?:the\s+)?(?:eu\s+)?{_LAWS}", _WHAT_DONE),
    (r"privacy[\s-]+(?:preserving|safe|proof|guaranteed)", _HOW_SAFE),
    (r"preserv(?:es?|ing)\s+(?:the\s+)?privacy", _HOW_SAFE),
    (r"(?:fully|completely|totally|perfectly|100\s?%)\s+(?:private|safe|secure)", _HOW_SAFE),
    (r"guarantees?\s+(?:the\s+)?privacy", _HOW_SAFE),
    (r"(?:no|zero)\s+(?:privacy|re-?identification)\s+risks?", _HOW_SAFE),
    (r"(?:cannot|can't|can\s+not)\s+be\s+re-?identified", _HOW_SAFE),
    (r"risk-free", _HOW_SAFE),
]
_PATTERNS = [(re.compile(rf"(?<![\w-]){pattern}(?!\w)", re.IGNORECASE), suggestion) for pattern, suggestion in _RULES]


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
    allowed = [match.span() for match in re.finditer(rf"[^\n]*{re.escape(MARKER)}[^\n]*", text)]
    found = [
        Finding(match[0], match.start(), suggestion)
        for pattern, suggestion in _PATTERNS
        for match in pattern.finditer(text)
        if not any(start <= match.start() < end for start, end in allowed)
    ]
    return sorted(found, key=lambda finding: finding.position)


def warnings(text: str) -> list[str]:
    """Return a sentence for each overclaim in a person's own words."""
    return [f"“{found.phrase}” claims more than can be shown here. {found.suggestion}" for found in findings(text)]
