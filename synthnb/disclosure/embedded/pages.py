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
    """Return the text that readers of a piece of HTML see."""
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
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style", "template"}:
            self._inside = ISLAND if ("id", ISLAND) in attrs else tag
            self.islands += [""] if self._inside == ISLAND else []

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style", "template"}:
            self._inside = ""

    def handle_comment(self, data: str) -> None:
        if data.startswith(MARK) and not self._inside:
            self.comments.append(data.removeprefix(MARK).removesuffix(" "))

    def handle_data(self, data: str) -> None:
        if self._inside == ISLAND:
            self.islands[-1] += data
        elif not self._inside:
            self.visible.append(data)
