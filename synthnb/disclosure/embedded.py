"""Records inside exported files: written so that no value can break out, and found again.

HTML holds the record in ``<script type="application/vnd.synthnb.record+json"
id="synthnb-record">``. Markdown ends in a comment ``<!-- synthnb:record JSON -->``.
In both, ``< > &`` and the two line separators of JavaScript are written as JSON
escapes, in Markdown also two hyphens in a row, so that neither ``</script>`` nor
``-->`` can occur.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from synthnb.disclosure.reading import parse_json

__all__ = ["ISLAND", "Embedded", "comment", "from_html", "from_markdown", "island_json", "visible_text"]

ISLAND = "synthnb-record"
"""The id of the element that holds the record in HTML."""
_OPENING = "<!-- synthnb:record "
_COMMENT = re.compile(r"<!-- synthnb:record (.*?) -->", re.DOTALL)
_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
_TWO_HYPHENS = "\\u002d\\u002d"


@dataclass(frozen=True)
class Embedded:
    """What was found in an exported file."""

    record: Mapping[str, Any]
    """The record, in the shape of a notebook's ``metadata.synthnb``."""
    visible: str
    """The text that readers see."""


def island_json(value: Any) -> str:
    """Return JSON that may stand inside an HTML ``script`` element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)


def comment(record: Mapping[str, Any]) -> str:
    """Return the Markdown comment that holds a record."""
    return f"{_OPENING}{island_json(record).replace('--', _TWO_HYPHENS)} -->"


def from_html(text: str) -> Embedded | str:
    """Return the record and the visible text of an HTML page, or a sentence saying why there is none."""
    page = _Page()
    try:
        page.feed(text)
        page.close()
    except AssertionError as error:  # what Python's parser raises for some declarations
        return f"The page can't be read: {error}."
    return _only(page.islands, "".join(page.visible), "page")


def from_markdown(text: str) -> Embedded | str:
    """Return the record and the visible text of a Markdown file, or a sentence saying why there is none."""
    body = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    return _only(_COMMENT.findall(text), re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL), "file")


def visible_text(html: str) -> str:
    """Return the text that readers of a piece of HTML see."""
    page = _Page()
    page.feed(html)
    page.close()
    return "".join(page.visible)


def _only(records: list[str], visible: str, where: str) -> Embedded | str:
    """The one record; of several, none can be told to be the right one."""
    if not records:
        return f"The {where} carries no record of synthnb."
    if len(records) > 1:
        return f"The {where} can't be read: it carries {len(records)} records where one was expected."
    try:
        record = parse_json(records[0])
    except ValueError as error:
        return f"The record can't be read: {error}."
    if not isinstance(record, dict) or not isinstance(record.get("entries"), list):
        return "The record can't be read: it has no list of entries."
    return Embedded(record, visible)


class _Page(HTMLParser):
    """Collects the islands and the visible text of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.islands: list[str] = []
        self.visible: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style", "template"}:
            self._inside = ISLAND if ("id", ISLAND) in attrs else tag
            self.islands += [""] if self._inside == ISLAND else []

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style", "template"}:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == ISLAND:
            self.islands[-1] += data
        elif not self._inside:
            self.visible.append(data)
