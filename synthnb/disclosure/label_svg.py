"""The label as a picture: an SVG whose text is text, with a title and a description for those who can't see it.

It is laid out without a font at hand: widths are estimates, on the wide side, so that a line
wraps early rather than running out of the card. The card has its own ground and ink, light or
dark as the reader prefers, and so can be read on any page.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from synthnb.disclosure.label import check_lines, label_text, label_view

__all__ = ["label_svg", "wrapped"]

_WIDTH = 680
_MARGIN = 22
_NAMES = 168
_SIZE = 13
_LINE = 18
_MOST_LINES = 5
_NARROW = set("iljtfr.,:;'|!()[] ")
_WIDE = set("mwMWGOQ@%—…✓✕")
_STYLE = """
.sn-picture{--ground:#fff;--ink:#161616;--dim:#4d4d4d}
@media (prefers-color-scheme:dark){.sn-picture{--ground:#161616;--ink:#f2f2f2;--dim:#bdbdbd}}
.sn-picture .sn-ground{fill:var(--ground);stroke:var(--ink);stroke-width:2}
.sn-picture text{fill:var(--ink);font:13px system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.sn-picture .sn-big{font-size:21px;font-weight:700}
.sn-picture .sn-head,.sn-picture .sn-name{font-weight:600}
.sn-picture .sn-dim{fill:var(--dim);font-style:italic}
.sn-picture .sn-fine{fill:var(--dim);font-size:11px}
.sn-picture line{stroke:var(--ink)}
"""
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def label_svg(record: Mapping[str, Any]) -> str:
    """Return the label as an SVG document that stands alone: text as text, no script, nothing fetched.

    Parameters
    ----------
    record : mapping
        A notebook's ``metadata.synthnb`` or ``Record.to_dict()``.
    """
    view = label_view(record)
    drawing = _Drawing()
    drawing.title(view["title"])
    drawing.rows("Data", view["rows"])
    drawing.rows("Checked", [("", [line], True) for line in check_lines(view)])
    drawing.rows("Use", view["uses"])
    drawing.rows("Responsibility", view["answers"])
    if view["missing"]:
        drawing.rows("Not stated, and only a person can", [("", [", ".join(view["missing"])], True)])
    drawing.fine(f"Disclosure {view['state']}.")
    drawing.fine(f"Record {view['digest']}")
    name = f"sn-label-{view['digest'][7:15]}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="sn-picture" role="img" aria-labelledby="{name}-title {name}-desc" '
        f'viewBox="0 0 {_WIDTH} {drawing.height}" width="{_WIDTH}" height="{drawing.height}">\n'
        f'<title id="{name}-title">{_safe(view["title"])}</title>\n<desc id="{name}-desc">{_safe(label_text(record))}</desc>\n'
        f"<style>{_STYLE}</style>\n"
        f'<rect class="sn-ground" x="1" y="1" width="{_WIDTH - 2}" height="{drawing.height - 2}"/>\n'
        + "\n".join(drawing.parts)
        + "\n</svg>\n"
    )


class _Drawing:
    """Lines of text from top to bottom."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._y = _MARGIN + 12

    @property
    def height(self) -> int:
        """The card's height so far."""
        return self._y + 4

    def title(self, text: str) -> None:
        """The card's name over a thick line."""
        for line in wrapped(text, _WIDTH - 2 * _MARGIN, size=21):
            self._text(_MARGIN, line, "sn-big")
            self._y += 27
        self._rule(6)

    def rows(self, heading: str, rows: Iterable[tuple[str, list[str], bool]]) -> None:
        """A heading, and names with their texts beside them; a row without a name has the whole width."""
        self._y += 4
        self._text(_MARGIN, heading, "sn-head")
        self._y += 6
        self._rule(2)
        for name, texts, stated in rows:
            left = _MARGIN + _NAMES if name else _MARGIN
            lines = [line for text in texts for line in wrapped(text, _WIDTH - _MARGIN - left)]
            names = list(wrapped(name, _NAMES - 12))
            for at in range(max(len(names), len(lines))):
                if at < len(names):
                    self._text(_MARGIN, names[at], "sn-name")
                if at < len(lines):
                    self._text(left, lines[at], "" if stated else "sn-dim")
                self._y += _LINE
            self._y += 3
        self._y += 3

    def fine(self, text: str) -> None:
        """A line of small print."""
        self._text(_MARGIN, text, "sn-fine")
        self._y += 16

    def _text(self, x: int, text: str, kind: str) -> None:
        chosen = f' class="{kind}"' if kind else ""
        self.parts.append(f'<text x="{x}" y="{self._y}"{chosen}>{_safe(text)}</text>')

    def _rule(self, thickness: int) -> None:
        y = self._y - 2 + thickness // 2
        self.parts.append(f'<line x1="{_MARGIN}" x2="{_WIDTH - _MARGIN}" y1="{y}" y2="{y}" stroke-width="{thickness}"/>')
        self._y += thickness + 16


def _safe(text: str) -> str:
    """A text as it may stand in XML."""
    return escape(_UNSAFE.sub("�", text))


def wrapped(text: str, width: float, *, size: int = _SIZE) -> Iterator[str]:
    """Yield a text's lines, none wider than so many pixels by estimate, at most five; what is left is cut."""
    lines = list(_lines(text, width, size))
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"{lines[_MOST_LINES - 1].rstrip()} …"]
    yield from lines


def _lines(text: str, width: float, size: int) -> Iterator[str]:
    line, used = "", 0.0
    for word in text.split():
        for piece in _pieces(word, width, size):
            wide = _estimate(piece, size)
            if line and used + wide + size * 0.3 > width:
                yield line
                line, used = piece, wide
            else:
                line, used = (f"{line} {piece}", used + wide + size * 0.3) if line else (piece, wide)
    if line:
        yield line


def _pieces(word: str, width: float, size: int) -> Iterator[str]:
    """A word, or parts of one that is wider than a line."""
    piece, used = "", 0.0
    for letter in word:
        wide = _estimate(letter, size)
        if piece and used + wide > width:
            yield piece
            piece, used = "", 0.0
        piece, used = piece + letter, used + wide
    yield piece


def _estimate(text: str, size: int) -> float:
    return size * sum(map(_letter, text))


def _letter(letter: str) -> float:
    """A letter's width in sizes of the font, on the wide side."""
    if letter in _NARROW:
        return 0.42
    if letter in _WIDE or unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    return 0.79 if letter.isupper() else 0.65
