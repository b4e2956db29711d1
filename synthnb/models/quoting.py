"""What a failed call may say: providers quote prompts in their errors, and these go into records."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from synthnb._canonical import digest_bytes

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.models.base import Request

__all__ = ["BLOT", "sealed", "unquoted"]

BLOT = "[prompt]"
"""What stands in an error for words of the prompt."""

_RUN = 12
"""Letters in a row, digits counted twice, that an error and a prompt share by quoting and not by chance."""
_GAP = 24
"""Characters between two quoted stretches that go with them: short values between the words of a template."""
_LONGEST = 2000
_ESCAPE = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|[nrtbf])")
_STATUS = re.compile(r"\bHTTP \d{3}\b")
_OWN = re.compile(
    r"the (?:connection|reply) broke off|the connection failed \(\w+\)|the server sent no reply|the server's reply isn't JSON"
    r"|the model gave no reply|is closed"
    r"|(?:no whole reply came within|the server said nothing for) [\d.e+]+ s"
    r"|the prompt has [\d,]+ tokens; the model reads [\d,]+"
    r"|no recorded reply fits the prompt"
)
"""What synthnb itself says, in which nobody is quoted."""


def unquoted(text: str, *requests: Request) -> str:
    """An error's text without what it quotes of the requests.

    A run of twelve letters that the text shares with a prompt, a system text or the values in a schema or grammar is
    taken for a quotation, whatever the case, spaces, signs and escapes between them. Digits count twice, so that
    a date or a number of six digits is a run.
    """
    text = html.unescape(text[:_LONGEST])
    letters, places = _letters(text)
    grams = {letters[at : at + _RUN] for at in range(len(letters) - _RUN + 1)}
    shared: set[str] = set()
    for said in {said for request in requests for said in _said(request)} if grams else ():
        other = _letters(said)[0]
        shared |= {gram for at in range(len(other) - _RUN + 1) if (gram := other[at : at + _RUN]) in grams}
    spans = [(places[at][0], places[at + _RUN - 1][1]) for at in range(len(letters) - _RUN + 1) if letters[at : at + _RUN] in shared]
    return _blotted(text, spans)


def sealed(text: str) -> str:
    """An error's text reduced to its status, or what synthnb itself says, and a digest of the rest."""
    kept = _STATUS.search(text) or _OWN.search(text)
    known = kept.group() if kept else "the call failed"
    if known == text:
        return text
    said = digest_bytes(text.encode("utf-8", "surrogatepass")).removeprefix("sha256:")[:16]
    return f"{known} (the provider's words aren't kept, as the run is sensitive; sha256 {said})"


def _blotted(text: str, spans: list[tuple[int, int]]) -> str:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start - merged[-1][1] <= _GAP:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    for start, end in reversed(merged):
        text = f"{text[:start]}{BLOT}{text[end:]}"
    return text


def _letters(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The letters of a text in lower case, digits twice, and where each begins and ends there."""
    letters: list[str] = []
    places: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        escape = _ESCAPE.match(text, at) if text[at] == "\\" else None
        end = escape.end() if escape else at + 1
        code = (escape[1] or escape[2]) if escape else None
        found = chr(int(code, 16)) if code else "" if escape else text[at]
        # Beyond the basic plane JSON writes a letter as two halves, so there it is left out on both sides.
        for letter in found.lower() if found.isalnum() and found < "\U00010000" else "":
            letters += [letter] * (2 if letter.isdigit() else 1)
            places += [(at, end)] * (2 if letter.isdigit() else 1)
        at = end
    return "".join(letters), places


def _said(request: Request) -> Iterator[str]:
    """The texts of a request in which there may be somebody's data."""
    yield from (text for text in (request.prompt, request.system, request.grammar, *request.stop) if text)
    yield from _values(dict(request.schema or {}))


def _values(schema: Json) -> Iterator[str]:
    if isinstance(schema, list):
        for part in schema:
            yield from _values(part)
    if isinstance(schema, dict):
        for name, part in schema.items():
            if name in {"enum", "const"}:
                yield json.dumps(part, default=str)
            else:
                yield from _values(part)
