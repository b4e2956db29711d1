"""What a browser would show of an HTML page, as plain text.

The standard library's parser takes a time that grows with the square of some damaged pages' length;
this one looks at each character a bounded number of times, and knows only what is needed for text.
"""

from __future__ import annotations

import re
from html import unescape

__all__ = ["html_text"]

# No quantifier gives back what it took, and none passes the next `<`: the time is linear.
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]*+)((?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+)>|<(/?)([A-Za-z][A-Za-z0-9:-]*+)([^<>]*+)>")
_ATTRIBUTE = re.compile(r"([^\s=/\"'<>]++)(?:\s*+=\s*+(\"[^\"]*+\"|'[^']*+'|[^\s\"'<>]++))?")
_COMMENT = re.compile(r"/\*(?:[^*]++|\*(?!/))*+\*/")
_NOTHING = re.compile(r"0*+\.?0*+(?:[a-z]++|%)?")
_RAW = {"script", "style", "textarea", "title", "xmp", "noembed", "noframes"}
_SILENT = {"head", "template", "noscript", "svg", "math", "iframe", "object", "select", "audio", "video", "canvas"}
_BLOCKS = {"div", "section", "article", "aside", "header", "footer", "nav", "main", "form", "dialog"}
_NEVER_HIDDEN = {"html", "body", "option", "optgroup", "colgroup", "rp", "rt"} | {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
}
"""Elements that are empty, or whose end can't be told."""
_APART = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "dl", "blockquote", "pre", "hr", "figure"} | _BLOCKS
_LINES = {"br", "li", "tr", "dt", "dd", "caption", "figcaption", "option", "address", "details", "summary", "fieldset", "legend"}
_ROWS, _PARTS = {"tr", "tbody", "thead", "tfoot", "table"}, {"tbody", "thead", "tfoot"}
_ENDED = {
    "p": (_APART | _LINES - {"br", "summary"}, _APART | _PARTS | {"li", "dt", "dd", "tr", "td", "th", "details", "fieldset", "body"}),
    "li": ({"li"}, {"ul", "ol", "menu", "body"}),
    **dict.fromkeys(("dt", "dd"), ({"dt", "dd"}, {"dl", "body"})),
    **dict.fromkeys(("td", "th"), ({"td", "th"} | _ROWS - {"table"}, _ROWS)),
    "tr": (_ROWS - {"table"}, _ROWS - {"tr"}),
    **dict.fromkeys(_PARTS, (_PARTS, {"table"})),
}
"""Elements that needn't be closed: before which tags, and at whose closing, they end."""
_HOLDERS = {"ul", "ol", "menu", "dl", "table"}
_SPACES = re.compile(r"[ \t\r\n\f]+")


class _Page:
    """A page being read from left to right."""

    def __init__(self, text: str, *, heed_hidden: bool) -> None:
        self.text, self.heed_hidden = text, heed_hidden
        self.pieces: list[str] = []
        self.silent: list[str] = []
        """What isn't shown: the element hidden, and those in it of which the end matters."""
        self._behind_summary: list[str] = []
        self._pre = 0

    def read(self) -> str:
        place = 0
        while (sign := self.text.find("<", place)) >= 0:
            self._say(self.text[place:sign])
            place = self._after(sign)
        self._say(self.text[place:])
        return "".join(self.pieces)

    def _after(self, sign: int) -> int:
        """Take what begins with ``<`` and return where it ends."""
        if self.text.startswith("<!--", sign):
            return _behind(self.text, "-->", sign + 4)
        if self.text[sign + 1 : sign + 2] in {"!", "?"}:
            return _behind(self.text, ">", sign + 2)
        tag = _TAG.match(self.text, sign)
        if tag is None:
            self._say("<")
            return sign + 1
        closing, name, attributes = (one or other for one, other in zip(tag.groups()[:3], tag.groups()[3:], strict=True))
        name = name.lower()
        if name in _RAW and not closing:
            end = re.compile(f"</{name}[^<>]*>", re.IGNORECASE).search(self.text, tag.end())
            return len(self.text) if end is None else end.end()
        self._close(name) if closing else self._open(name, attributes or "")
        self._break(name)
        return tag.end()

    def _open(self, name: str, attributes: str) -> None:
        if name == "body":
            self.silent, self._behind_summary = [], []
        if attributes.endswith("/"):
            return
        self._end(name, closing=False)
        self._pre += name == "pre"
        if self.silent == ["details"] and name == "summary" and not self._behind_summary:
            self.silent, self._behind_summary = [], ["details"]
        elif self.silent:
            if name == self.silent[-1] or (self.silent[0] in _ENDED and name in _HOLDERS):
                self.silent.append(name)
        elif self.heed_hidden and (name in _SILENT or _is_hidden(name, attributes)):
            self.silent.append(name)

    def _close(self, name: str) -> None:
        if name in {"summary", "details"} and self._behind_summary:
            self.silent, self._behind_summary = self._behind_summary, []
        self._end(name, closing=True)
        if self.silent and name == self.silent[-1]:
            self.silent.pop()
        self._pre -= name == "pre" and self._pre > 0

    def _end(self, name: str, *, closing: bool) -> None:
        """End a hidden element that needn't be closed, where this tag ends it."""
        if self.silent and self.silent[-1] in _ENDED and name in _ENDED[self.silent[-1]][closing]:
            self.silent.pop()

    def _break(self, name: str) -> None:
        if not self.silent and (name in _APART or name in _LINES):
            self.pieces.append("\n\n" if name in _APART else "\n")
        elif not self.silent and name in {"td", "th"}:
            self.pieces.append(" ")

    def _say(self, text: str) -> None:
        if text and not self.silent:
            plain = unescape(text)
            self.pieces.append(plain if self._pre else _SPACES.sub(" ", plain))


def html_text(page: str) -> str:
    """The text of a page: blocks on lines of their own, without scripts, styles, comments and what the page itself hides.

    Hidden is what has ``hidden``, ``aria-hidden="true"`` or an inline style with ``display: none``, ``visibility: hidden``
    or ``font-size: 0``, and what is in a ``<template>``, a closed ``<dialog>`` or closed ``<details>``, except its summary.
    Style sheets aren't read: what only they hide is kept. Where an element that hides its content must be closed and
    never is, what it would swallow is kept.
    """
    reader = _Page(page, heed_hidden=True)
    text = reader.read()
    if reader.silent and reader.silent[0] not in _ENDED:
        text = _Page(page, heed_hidden=False).read()
    return "\n".join(line.removeprefix(" ") for line in text.split("\n"))


def _is_hidden(name: str, attributes: str) -> bool:
    """Whether the page itself says that an element isn't shown."""
    if name in _NEVER_HIDDEN:
        return False
    found = {key.lower(): unescape(value.strip("\"'")) for key, value in _ATTRIBUTE.findall(attributes)}
    if name in {"dialog", "details"} and "open" not in found:
        return True
    return "hidden" in found or found.get("aria-hidden", "").strip().lower() == "true" or _hides(found.get("style", ""))


def _hides(style: str) -> bool:
    """Whether declarations, of which the last of a property counts, show nothing."""
    parts = (part.partition(":") for part in _COMMENT.sub(" ", style).lower().split(";"))
    said = {name.strip(): value.replace("!important", "").strip() for name, _, value in parts}
    size = said.get("font-size", "")
    return said.get("display") == "none" or said.get("visibility") in {"hidden", "collapse"} or bool(size and _NOTHING.fullmatch(size))


def _behind(text: str, mark: str, start: int) -> int:
    found = text.find(mark, start)
    return len(text) if found < 0 else found + len(mark)
