"""Which elements are open in a piece of HTML, and whether one of them hides what lies in it.

Only what an element says of itself is looked at: its name, ``hidden``, and its own style.
What style sheets do, or where something is drawn, isn't.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from html.parser import HTMLParser

__all__ = ["VOID_TAGS", "OpenElements", "hides", "without_hidden"]

VOID_TAGS = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"])
"""Elements that have no end."""
_NEVER_SHOWN = re.compile("audio|canvas|datalist|iframe|noembed|noframes|noscript|object|script|style|template|title|video")
_ENDS_PARAGRAPH = re.compile(
    "address|article|aside|blockquote|details|div|dl|fieldset|figure|footer|form|h1|h2|h3|h4|h5|h6|"
    "header|hr|main|nav|ol|p|pre|section|table|ul"
)
_ESCAPED = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\")
_HIDING = re.compile(
    r"(?:^|[;{\s])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|content-visibility\s*:\s*hidden"
    r"|(?:opacity|font-size|zoom|scale)\s*:\s*0*\.?0+(?:%|[a-z]*)\s*(?:;|!|$))",
    re.IGNORECASE,
)

Attributes = Sequence[tuple[str, str | None]]


def hides(tag: str, attrs: Attributes) -> bool:
    """Whether an element doesn't show what lies in it."""
    given = dict(attrs)
    style = re.sub(r"/\*.*?(?:\*/|$)", "", given.get("style") or "", flags=re.DOTALL)
    plain = _ESCAPED.sub(_letter, style)
    return (
        _NEVER_SHOWN.fullmatch(tag) is not None
        or "hidden" in given
        or (tag == "dialog" and "open" not in given)
        or bool(_HIDING.search(plain))
    )


def _letter(found: re.Match[str]) -> str:
    number = int(found[1], 16) if found[1] else 0
    return chr(number) if 0 < number < 0x110000 else ""


class OpenElements:
    """The elements that are open, from the outermost to the innermost."""

    def __init__(self) -> None:
        self._open: list[tuple[str, bool]] = []
        self._counts: Counter[str] = Counter()
        self._hiding = 0

    @property
    def is_hidden(self) -> bool:
        """Whether one of them hides what lies in it."""
        return self._hiding > 0

    @property
    def tags(self) -> list[str]:
        """Their names."""
        return [tag for tag, _ in self._open]

    def start(self, tag: str, attrs: Attributes) -> None:
        """Note that an element begins."""
        if _ENDS_PARAGRAPH.fullmatch(tag) and self._open and self._open[-1][0] == "p":
            self._pop()
        if tag not in VOID_TAGS:
            self._open.append((tag, hides(tag, attrs)))
            self._counts[tag] += 1
            self._hiding += self._open[-1][1]

    def end(self, tag: str) -> list[str]:
        """Note that an element ends, and return what ends with it, the innermost first; nothing if it isn't open."""
        ended: list[str] = []
        while self._counts[tag] and tag not in ended[-1:]:
            ended.append(self._pop())
        return ended

    def _pop(self) -> str:
        tag, hidden = self._open.pop()
        self._counts[tag] -= 1
        self._hiding -= hidden
        return tag


_FENCED = re.compile(
    r"^ {0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)|(?<!`)(`+)(?!`)[^\n]*?(?<!`)\2(?!`)", re.MULTILINE | re.DOTALL
)


def without_hidden(markdown: str) -> str:
    """Return a Markdown text without what HTML in it hides; code is text."""
    page = _Shown(markdown)
    page.feed(_FENCED.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), markdown))
    page.close()
    return "".join(page.shown())


class _Shown(HTMLParser):
    """Finds where elements that hide begin and end, in lines and columns of the text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self._text = text
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._elements = OpenElements()
        self._changes: list[tuple[int, bool]] = [(0, False)]

    def shown(self) -> list[str]:
        """The pieces of the text that aren't hidden."""
        ends = [*(at for at, _ in self._changes[1:]), len(self._text)]
        return [self._text[start:end] for (start, hidden), end in zip(self._changes, ends, strict=True) if not hidden]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._elements.start(tag, attrs)
        self._note()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not {"svg", "math"}.intersection(self._elements.tags):
            self.handle_starttag(tag, attrs)  # in HTML the slash ends nothing

    def handle_endtag(self, tag: str) -> None:
        self._elements.end(tag)
        self._note()

    def _note(self) -> None:
        line, column = self.getpos()
        if self._elements.is_hidden is not self._changes[-1][1]:
            self._changes.append((self._starts[line - 1] + column, self._elements.is_hidden))
