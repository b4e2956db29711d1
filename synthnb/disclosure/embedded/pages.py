"""Records in HTML pages.

``< > &`` and the two line separators of JavaScript are written as JSON escapes,
so that ``</script>`` can't occur. What stock nbconvert writes has the comment of
Markdown instead of the ``script`` element.
"""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

from synthnb.disclosure.embedded.found import Embedded, only
from synthnb.disclosure.embedded.hiding import VOID_TAGS, OpenElements

__all__ = ["ISLAND", "from_html", "island_json", "visible_text"]

ISLAND = "synthnb-record"
"""The id of the element that holds the record in HTML."""
MARK = " synthnb:record "
"""What the comment that holds a record begins with."""
_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def island_json(value: Any) -> str:
    """Return JSON that may stand inside an HTML ``script`` element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)


def from_html(text: str) -> Embedded | str:
    """Return the record and the visible text of an HTML page, or a sentence saying why there is none."""
    page = _Page()
    try:
        page.feed(text)
        page.close()
    except AssertionError as error:  # what Python's parser raises for some declarations
        return f"The page can't be read: {error}."
    if page.islands:
        return only(page.islands, "".join(page.visible), "page", "page")
    return only(page.comments, "".join(page.visible), "page", "stock page")


def visible_text(html: str) -> str:
    """Return the text of a piece of HTML, without what its elements hide."""
    page = _Page()
    page.feed(html)
    page.close()
    return "".join(page.visible)


class _Page(HTMLParser):
    """Collects the islands, the comments that hold records, and the visible text of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.islands: list[str] = []
        self.comments: list[str] = []
        self.visible: list[str] = []
        self._open = OpenElements()
        self._is_island = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_island = tag in {"script", "style", "template"} and ("id", ISLAND) in attrs
        self.islands += [""] if self._is_island else []
        self._open.start(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID_TAGS and not {"svg", "math"}.intersection(self._open.tags):
            self.handle_starttag(tag, attrs)  # in HTML the slash ends nothing

    def handle_endtag(self, tag: str) -> None:
        self._is_island = False
        self._open.end(tag)

    def handle_comment(self, data: str) -> None:
        if data.startswith(MARK) and not {"script", "style", "template"}.intersection(self._open.tags):
            self.comments.append(data.removeprefix(MARK).removesuffix(" "))

    def handle_data(self, data: str) -> None:
        if self._is_island:
            self.islands[-1] += data
        elif not self._open.is_hidden:
            self.visible.append(data)
