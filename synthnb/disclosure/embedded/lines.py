"""Records in comments of text files: one comment in Markdown, lines in programs and typeset sources.

In Markdown two hyphens in a row are written as JSON escapes too, so that ``-->``
can't occur. A record in lines is ASCII; it is cut so that no line begins or ends in a
space, which editors would take away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from synthnb.disclosure.embedded.found import Embedded, only
from synthnb.disclosure.embedded.hiding import without_hidden
from synthnb.disclosure.embedded.pages import island_json

__all__ = ["comment", "comment_lines", "from_lines", "from_markdown", "line_record", "unlike_record", "without_lines"]

_OPENING = "<!-- synthnb:record "
_COMMENT = re.compile(r"<!-- synthnb:record (.*?) -->", re.DOTALL)
_TWO_HYPHENS = "\\u002d\\u002d"
_LINE = re.compile(r"^[ \t]*(?:#|%|//)[ \t]*synthnb:record[ \t]+(\S.*?)[ \t\r]*$", re.MULTILINE)
_LIKE = re.compile(r"(<!-- |^[ \t]*(?:(?:#|%|//)[ \t]*)*)synthnb:record", re.MULTILINE)
_WIDTH = 100


def comment(record: Mapping[str, Any]) -> str:
    """Return the Markdown comment that holds a record, on one line."""
    return f"{_OPENING}{island_json(record).replace('--', _TWO_HYPHENS)} -->"


def comment_lines(record: Mapping[str, Any], sign: str) -> str:
    """Return the lines that hold a record behind a comment's sign, such as ``#`` or ``%``."""
    text = json.dumps(record, separators=(",", ":")).replace("  ", "\\u0020\\u0020").replace("--", _TWO_HYPHENS)
    return "\n".join(f"{sign} synthnb:record {part}" for part in _parts(text))


def _parts(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        end = min(at + _WIDTH, len(text))
        while end < len(text) and " " in text[end - 1 : end + 1]:
            end -= 1
        yield text[at:end]
        at = end


def from_markdown(text: str) -> Embedded | str:
    """Return the record and the visible text of a Markdown file, or a sentence saying why there is none."""
    body = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    try:
        shown = without_hidden(re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL))
    except AssertionError as error:  # what Python's parser raises for some declarations
        return f"The file can't be read: {error}."
    return only(_COMMENT.findall(text), shown, "file", "markdown")


def from_lines(text: str) -> Embedded | str:
    """Return the record and the visible text of a script, whose prose is in comments, or a sentence saying why there is none."""
    parts = _LINE.findall(text)
    records = ["".join(parts)] if parts else _COMMENT.findall(text)
    prose = re.sub(r"^[ \t]*(?:#|//) ?", "", _LINE.sub("", text), flags=re.MULTILINE)
    return only(records, re.sub(r"<!--.*?-->", "", prose, flags=re.DOTALL), "file", "markdown")


def unlike_record(text: str) -> str:
    """Return somebody's text as it may stand beside a record: with a space in what would be taken for one."""
    return _LIKE.sub(r"\1synthnb: record", text)


def line_record(text: str) -> list[str]:
    """Return the record that the comment lines of a text hold, if there are any."""
    parts = _LINE.findall(text)
    return ["".join(parts)] if parts else []


def without_lines(text: str) -> str:
    """Return a text without the comment lines that hold its record."""
    return _LINE.sub("", text)
