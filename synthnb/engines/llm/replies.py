"""From one reply that holds several texts to each of them.

A text is taken only where its number says whose it is: never by counting lines. A
number that is missing, or stands twice, or is followed by a line without one, which may be the next
record's, leaves its record without a text, and the record is asked for again alone.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING

from synthnb.engines.llm.texts import Text, read_text

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.models.base import Reply

__all__ = ["read_several", "schema_for"]

_NUMBERED = re.compile(
    r"(?m)^[ \t>*_#-]*(?:(?:record|text|note|number|nr|no)\b\.?[ \t]*)?\(?(\d{1,3})[*_]*[.):][*_:]*(?:[ \t]+|(?=\n)|$)", re.IGNORECASE
)
_FENCE = re.compile(r"^\s*```[a-z]*\s*\n|\n?\s*```\s*$", re.IGNORECASE)
_PAIR = re.compile(r'"(\d{1,3})"\s*:\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
_TWICE = "the model gave the number twice"
_RUNS_ON = "the model went on on a line without a number"
_LEFT_OUT = "the model left it out of a reply for several"


def schema_for(count: int) -> dict[str, Json]:
    """The JSON Schema of a reply for several: one string for each number from 1."""
    names = [str(number) for number in range(1, count + 1)]
    return {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": names,
        "additionalProperties": False,
    }


def read_several(reply: Reply, count: int, *, lines: bool = False) -> list[Text]:
    """The texts in a reply for several records, in their order; one that can't be read has the reason.

    Parameters
    ----------
    reply : Reply
        Numbered lines, or a JSON object whose keys are numbers; a code fence around it does no harm.
    count : int
        Records asked for.
    lines : bool
        Keep line breaks within a text, which only an object can hold.
    """
    if reply.finish == "error":
        return [Text(None, f"the model failed: {reply.error or 'no reason given'}")] * count
    raw = _FENCE.sub("", reply.text)
    is_object = raw.lstrip().startswith("{")
    found = _from_json(raw) if is_object else _from_lines(raw)
    times = Counter(number for number, _ in found)
    last = found[-1][0] if found and reply.finish == "length" and not is_object else None
    texts = {number: text for number, text in found if times[number] == 1}
    made = []
    for number in range(1, count + 1):
        text = texts.get(number)
        if text is not None:
            made.append(read_text(text, unfinished=number == last, lines=lines))
        else:
            made.append(Text(None, _RUNS_ON if number in texts else _TWICE if times[number] else _LEFT_OUT))
    return made


def _from_json(raw: str) -> list[tuple[int, str | None]]:
    """Pairs of an object; those that are whole, where the object broke off."""
    try:
        pairs: Json = json.loads(raw, object_pairs_hook=lambda items: items)
    except (ValueError, RecursionError):
        return [(int(number), _unescaped(text)) for number, text in _PAIR.findall(raw)]
    if not isinstance(pairs, list):
        return []
    whole = [pair for pair in pairs if isinstance(pair, tuple)]
    return [(int(name), text) for name, text in whole if name.isdecimal() and len(name) <= 3 and isinstance(text, str)]


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return ""


def _from_lines(raw: str) -> list[tuple[int, str | None]]:
    """The line that follows each number; None where another line follows that one.

    After the last number a blank line ends the text: what comes then is the model's own remark.
    """
    marks = list(_NUMBERED.finditer(raw))
    ends = [mark.start() for mark in marks[1:]] + [len(raw)]
    made: list[tuple[int, str | None]] = []
    for mark, end in zip(marks, ends, strict=False):
        body = raw[mark.end() : end].strip()
        text, _, rest = (body.split("\n\n", 1)[0] if end == len(raw) else body).partition("\n")
        made.append((int(mark[1]), None if rest.strip() else text))
    return made
