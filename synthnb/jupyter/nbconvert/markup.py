"""A notebook as a document for typesetting: one walk over cells and Markdown, written by any `Writer`.

Markdown is parsed into a tree, so that each piece of text meets the writer by itself
and no value can mean anything to the typesetter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from html import unescape
from typing import TYPE_CHECKING, Any, Protocol

from synthnb.disclosure.embedded import visible_text

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from synthnb.jupyter.nbconvert.pictures import Pictures

__all__ = ["Writer", "document"]

_LONGEST = 20_000
_LONGEST_PROSE = 200_000
_DEEPEST = 4  # LaTeX sets no list within more than four
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-_]|.\x08")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_LINK = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x20\x7f]+", re.IGNORECASE)
_MARKS = re.compile(r"<!--.*?-->", re.DOTALL)


class Writer(Protocol):
    """Writes the parts of a document in one language; what comes as ``inner`` is written already, ``text`` isn't."""

    def text(self, text: str) -> str:
        """Plain text."""

    def emphasis(self, inner: str) -> str:
        """Emphasised text."""

    def strong(self, inner: str) -> str:
        """Strong text."""

    def struck(self, inner: str) -> str:
        """Text struck out."""

    def code(self, text: str) -> str:
        """Code within a line."""

    def link(self, inner: str, address: str) -> str:
        """A link to a web or mail address."""

    def newline(self) -> str:
        """The end of a line."""

    def math(self, text: str, *, display: bool) -> str:
        """A formula in TeX."""

    def heading(self, inner: str, level: int) -> str:
        """A heading, 1 to 6."""

    def paragraph(self, inner: str) -> str:
        """A paragraph."""

    def quote(self, inner: str) -> str:
        """A quotation of paragraphs."""

    def listing(self, items: Sequence[str], *, first: int | None) -> str:
        """A list of items, numbered from the first, or with bullets."""

    def verbatim(self, text: str) -> str:
        """Code or output, line by line."""

    def table(self, rows: Sequence[Sequence[str]], *, header: bool) -> str:
        """A table, whose first row may be a header."""

    def picture(self, name: str, description: str) -> str:
        """A picture kept beside."""

    def rule(self) -> str:
        """A line across."""


def document(notebook: NotebookNode, writer: Writer, pictures: Pictures) -> str:
    """Return what readers of a notebook see, cell by cell."""
    return "\n".join(part for cell in notebook.cells for part in _cell(cell, _Walk(writer, pictures, cell.get("attachments"))))


def _cell(cell: NotebookNode, walk: _Walk) -> Iterator[str]:
    if cell.cell_type == "markdown":
        yield walk.markdown(cell.source)
    elif cell.cell_type == "code":
        if cell.source.strip():
            yield walk.writer.verbatim(_cut(cell.source))
        for output in cell.get("outputs", ()):
            yield walk.output(output)
    elif cell.source.strip():
        yield walk.writer.verbatim(_cut(cell.source))


def _cut(text: str) -> str:
    text = _ANSI.sub("", text).replace("\r\n", "\n").rstrip("\n")
    text = re.sub(r"^.*\r(?=.)", "", text, flags=re.MULTILINE)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n… ({len(text):,} characters; the rest is in the notebook)"


@cache
def _parser() -> Any:
    import mistune

    return mistune.create_markdown(renderer=None, plugins=["table", "strikethrough", "math", "url"])


class _Walk:
    """The walk over one cell."""

    def __init__(self, writer: Writer, pictures: Pictures, attachments: Mapping[str, Any] | None) -> None:
        self.writer = writer
        self._pictures = pictures
        self._attachments = attachments
        self._depth = 0

    def markdown(self, text: str) -> str:
        """A Markdown text; what is too long or nested too deep stays as it is written."""
        text = _MARKS.sub("", text)
        if len(text) > _LONGEST_PROSE:
            return self.writer.verbatim(_cut(text))
        try:
            return self._blocks(_parser()(text))
        except RecursionError:
            return self.writer.verbatim(_cut(text))

    def output(self, output: NotebookNode) -> str:
        """An output in the form that paper shows best."""
        if output.output_type == "stream":
            return self.writer.verbatim(_cut(output.text))
        if output.output_type == "error":
            return self.writer.verbatim(_cut("\n".join(output.traceback) or f"{output.ename}: {output.evalue}"))
        bundle = output.get("data", {})
        name = self._pictures.of_output(bundle)
        if name is not None:
            return self.writer.picture(name, _cut(str(bundle.get("text/plain", "")))[:200])
        if isinstance(bundle.get("text/markdown"), str):
            return self.markdown(bundle["text/markdown"])
        if isinstance(bundle.get("text/plain"), str):
            return self.writer.verbatim(_cut(bundle["text/plain"]))
        return self._html(bundle["text/html"]) if isinstance(bundle.get("text/html"), str) else ""

    def _html(self, html: str) -> str:
        try:
            text = visible_text(html)
        except AssertionError:
            return ""
        return self.writer.verbatim(_cut(text)) if text.strip() else ""

    def _blocks(self, tokens: Sequence[Mapping[str, Any]]) -> str:
        return "\n".join(filter(None, map(self._block, tokens)))

    def _block(self, token: Mapping[str, Any]) -> str:
        kind, writer = token["type"], self.writer
        if kind == "heading":
            return writer.heading(self._inline(token["children"]), token["attrs"]["level"])
        if kind in {"paragraph", "block_text"}:
            return writer.paragraph(self._inline(token["children"]))
        if kind in {"block_quote", "list"}:
            return self._nested(token)
        if kind == "table":
            return self._table(token)
        if kind == "thematic_break":
            return writer.rule()
        if kind == "block_math":
            return writer.math(token["raw"], display=True)
        if kind == "block_html":
            return self._html(token["raw"])
        return writer.verbatim(_cut(token["raw"])) if kind == "block_code" else self._blocks(token.get("children", ()))

    def _nested(self, token: Mapping[str, Any]) -> str:
        """A quotation or a list; within four others it is written flat."""
        if self._depth >= _DEEPEST:
            return self._blocks(token["children"])
        self._depth += 1
        try:
            if token["type"] == "block_quote":
                return self.writer.quote(self._blocks(token["children"]))
            attrs = token["attrs"]
            first = attrs.get("start", 1) if attrs["ordered"] else None
            return self.writer.listing([self._blocks(item["children"]) for item in token["children"]], first=first)
        finally:
            self._depth -= 1

    def _table(self, token: Mapping[str, Any]) -> str:
        rows: list[list[str]] = []
        blank_header = True
        for part in token["children"]:
            if part["type"] == "table_head":
                rows.append([self._inline(cell["children"]) for cell in part["children"]])
                blank_header = not any(_words(cell["children"]) for cell in part["children"])
            else:
                rows += [[self._inline(cell["children"]) for cell in row["children"]] for row in part["children"]]
        width = max(map(len, rows), default=0)
        filled = [[*row, *[""] * (width - len(row))] for row in (rows[1:] if blank_header else rows)]
        return self.writer.table(filled, header=not blank_header) if filled and width else ""

    def _inline(self, tokens: Sequence[Mapping[str, Any]]) -> str:
        return "".join(map(self._span, tokens))

    def _span(self, token: Mapping[str, Any]) -> str:
        kind, writer = token["type"], self.writer
        if kind == "text":
            return writer.text(unescape(token["raw"]))
        if kind in {"emphasis", "strong", "strikethrough"}:
            write = {"emphasis": writer.emphasis, "strong": writer.strong, "strikethrough": writer.struck}[kind]
            return write(self._inline(token["children"]))
        if kind == "codespan":
            return writer.code(unescape(token["raw"]))
        if kind == "link":
            inner, address = self._inline(token["children"]), token["attrs"]["url"]
            return writer.link(inner, address) if _LINK.fullmatch(address) else inner
        if kind == "image":
            return self._image(token)
        if kind == "inline_math":
            return writer.math(token["raw"], display=False)
        if kind == "linebreak" or (kind == "inline_html" and _BREAK.fullmatch(token["raw"])):
            return writer.newline()
        if kind == "inline_html":
            return ""
        return writer.text(" ") if kind == "softbreak" else self._inline(token.get("children", ()))

    def _image(self, token: Mapping[str, Any]) -> str:
        described = _words(token["children"])
        address = token["attrs"]["url"]
        name = self._pictures.of_address(address, self._attachments)
        if name is None:
            return self.writer.text(f"[picture left out: {': '.join(filter(None, [described, address[:300]]))}]")
        return self.writer.picture(name, described)


def _words(tokens: Sequence[Mapping[str, Any]]) -> str:
    return "".join(unescape(token.get("raw", "")) or _words(token.get("children", ())) for token in tokens).strip()
