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
_HIDDEN = re.compile(r"(?:^|\s)hidden(?:\s|=|/|$)|display\s*:\s*none|visibility\s*:\s*hidden|aria-hidden\s*=\s*[\"']?true", re.IGNORECASE)
_RAW = {"script", "style", "textarea", "title", "xmp", "noembed", "noframes"}
_SILENT = {"head", "template", "noscript", "svg", "math", "iframe", "object", "select", "audio", "video", "canvas"}
# Elements that must be closed; only these can be hidden as a whole without knowing where they end.
_CLOSED = {
    "div",
    "span",
    "section",
    "article",
    "aside",
    "header",
    "footer",
    "nav",
    "main",
    "table",
    "ul",
    "ol",
    "dl",
    "form",
    "a",
    "b",
    "i",
    "em",
    "strong",
}
_APART = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "dl", "blockquote", "pre", "hr", "figure"} | (
    _CLOSED & {"div", "section", "article", "aside", "header", "footer", "nav", "main", "form"}
)
_LINES = {"br", "li", "tr", "dt", "dd", "caption", "figcaption", "option", "address", "details", "summary", "fieldset", "legend"}
_SPACES = re.compile(r"[ \t\r\n\f]+")


class _Page:
    """A page being read from left to right."""

    def __init__(self, text: str, *, heed_hidden: bool) -> None:
        self.text, self.heed_hidden = text, heed_hidden
        self.pieces: list[str] = []
        self.silent: list[str] = []
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
            self.silent.clear()
        if attributes.endswith("/"):
            return
        hidden = self.heed_hidden and name in _CLOSED and _HIDDEN.search(attributes) is not None
        if hidden or (self.heed_hidden and name in _SILENT) or (self.silent and name == self.silent[-1]):
            self.silent.append(name)
        self._pre += name == "pre"

    def _close(self, name: str) -> None:
        if self.silent and name == self.silent[-1]:
            self.silent.pop()
        self._pre -= name == "pre" and self._pre > 0

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
    """The text of a page: blocks on lines of their own, without scripts, styles, comments and what is hidden.

    Where an element that hides its content is never closed, what it would swallow is kept.
    """
    reader = _Page(page, heed_hidden=True)
    text = reader.read()
    if reader.silent:
        text = _Page(page, heed_hidden=False).read()
    return "\n".join(line.removeprefix(" ") for line in text.split("\n"))


def _behind(text: str, mark: str, start: int) -> int:
    found = text.find(mark, start)
    return len(text) if found < 0 else found + len(mark)
