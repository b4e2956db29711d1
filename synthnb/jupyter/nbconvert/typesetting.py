"""A document typeset by Typst, where there is no browser: every text is a string of Typst, so that none is a command."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from synthnb._optional import need
from synthnb.errors import SynthnbError
from synthnb.jupyter.nbconvert.markup import Writer, document
from synthnb.jupyter.nbconvert.pictures import Pictures

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["TypstWriter", "typeset"]

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")
_CODE = re.compile(r".{1,88}$|.{1,87} (?=\S)|.{88}")  # what a line of code holds, up to a space if there is one
_LONG_WORD = re.compile(r"\S{60}(?=\S)")  # a line may end after so much without a space
_BREAKS = re.compile(r'(#(?:link|image)\("(?:[^"\\]|\\.)*")|_|[^\W_][\w.:/=&+%-]{13}(?=\w)')
"""In a cell: an address, which stays as it is, or a piece after which a line may end."""
_STRINGS = re.compile(r'"((?:[^"\\]|\\.)*)"')
_SIZES = ((3, 9.0), (6, 8.0), (9, 7.0), (14, 6.0), (sys.maxsize, 4.5))
"""Up to how many columns a table is set in which size."""
_LINE = 1_000  # so many letters of one point are as wide as the page's text
_LONGEST_WORD = 14
_LONG_CELL = 1_500
_PAGE = """
#set page(paper: "a4", margin: 20mm, numbering: "1")
#set text(size: 10pt)
#set par(justify: false)
#set table(stroke: 0.4pt + luma(160), inset: 5pt)
#show raw: set text(size: 8.5pt)
#show table.cell: set par(justify: false)
"""


class TypstWriter(Writer):
    """Writes a document's parts as calls of Typst's functions."""

    @override
    def text(self, text: str) -> str:
        return f"#{_string(_LONG_WORD.sub(lambda found: found[0] + chr(0x200B), text))};" if text else ""

    @override
    def emphasis(self, inner: str) -> str:
        return f"#emph[{inner}];"

    @override
    def strong(self, inner: str) -> str:
        return f"#strong[{inner}];"

    @override
    def struck(self, inner: str) -> str:
        return f"#strike[{inner}];"

    @override
    def code(self, text: str) -> str:
        return f"#raw({_string(text)});"

    @override
    def link(self, inner: str, address: str) -> str:
        return f"#link({_string(address)})[{inner}];"

    @override
    def newline(self) -> str:
        return "#linebreak();"

    @override
    def math(self, text: str, *, display: bool) -> str:
        return self.verbatim(text) if display else self.code(text)

    @override
    def heading(self, inner: str, level: int) -> str:
        return f"#heading(level: {level})[{inner}];\n"

    @override
    def paragraph(self, inner: str) -> str:
        return f"#par[{inner}];\n"

    @override
    def quote(self, inner: str) -> str:
        return f"#quote(block: true)[{inner}];\n"

    @override
    def listing(self, items: Sequence[str], *, first: int | None) -> str:
        parts = "".join(f"[{item}], " for item in items)
        return f"#list({parts});\n" if first is None else f"#enum(start: {first}, {parts});\n"

    @override
    def verbatim(self, text: str) -> str:
        lines = [piece for line in text.expandtabs(4).split("\n") for piece in _CODE.findall(line) or [""]]
        return f"#block(width: 100%, fill: luma(246), inset: 6pt)[#raw({_string(chr(10).join(lines))}, block: true)];\n"

    @override
    def table(self, rows: Sequence[Sequence[str]], *, header: bool) -> str:
        size = next(size for width, size in _SIZES if len(rows[0]) <= width)
        columns = "".join(f"{share:.0f}fr, " for share in _shares(list(zip(*rows, strict=True)), _LINE / size))
        cells = ["".join(f"[{_BREAKS.sub(_may_end, cell)}], " for cell in row) for row in rows]
        if header:
            cells[0] = f"table.header({cells[0]}), "
        # A row that is higher than a page would be cut if it couldn't be split.
        whole = all(len(cell) < _LONG_CELL for row in rows for cell in row)
        cell = f"#set table.cell(breakable: {'false' if whole else 'true'});"
        rules = f"#set text(size: {size}pt); #set table(inset: {size * 0.4:g}pt); {cell}"
        return f"#block[{rules} #table(columns: ({columns}), {''.join(cells)});];\n"

    @override
    def picture(self, name: str, description: str) -> str:
        return f"#image({_string(name)}, alt: {_string(description or 'A picture')});\n"

    @override
    def rule(self) -> str:
        return "#line(length: 100%, stroke: 0.4pt);\n"


def _may_end(found: re.Match[str]) -> str:
    """A piece of a cell, after which a line may end; addresses stay as they are."""
    return found[0] if found[1] else f"{found[0]}\u200b"


def _shares(columns: Sequence[Sequence[str]], line: float) -> list[float]:
    """How many letters wide each column is: its longest word at least; what is spare goes where more is written."""
    texts = [["".join(_STRINGS.findall(cell)) for cell in column] for column in columns]
    words = [max((len(word) for text in column for word in re.split(r"[\s_]", text)), default=0) for column in texts]
    least = [min(word, _LONGEST_WORD) + 2 for word in words]
    wish = [max(sum(map(len, column)) / len(column), min(max(map(len, column)), 18)) for column in texts]
    more = [max(min(much, 60) + 2 - little, 0.0) for much, little in zip(wish, least, strict=True)]
    spare = max(line - sum(least), 0.0) / (sum(more) or 1.0)
    return [little + spare * extra for little, extra in zip(least, more, strict=True)]


def _string(text: str) -> str:
    """A text as a string of Typst."""
    clean = _UNSAFE.sub("\ufffd", text).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + clean.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r") + '"'


def typeset(notebook: NotebookNode, *, title: str, folder: str | Path | None = None) -> bytes:
    """Return a notebook as a tagged PDF file, typeset by Typst.

    Raises
    ------
    MissingExtraError
        The package ``typst`` isn't installed.
    SynthnbError
        Typst refuses the document, even without its pictures.
    """
    engine = need("typst", extra="pdf")
    problem = ""
    # A picture may be broken in a way that only the typesetter finds; the text is worth more than the picture.
    for kinds in (("svg", "png", "jpg", "gif", "webp"), ()):
        pictures = Pictures(*kinds, folder=folder)
        body = document(notebook, TypstWriter(), pictures)
        source = f"#set document(title: {_string(title)}, date: none)\n{_PAGE}\n{body}"
        with tempfile.TemporaryDirectory(prefix="synthnb-") as place:
            for name, data in pictures.files.items():
                (Path(place) / name).write_bytes(data)
            main = Path(place) / "main.typ"
            main.write_text(source, encoding="utf-8")
            try:
                made: bytes = engine.compile(str(main), root=place)
            except engine.TypstError as error:
                problem = " ".join(str(error).split())[:300]
            else:
                return made
    raise SynthnbError(f"Typst should have set the document; it says: {problem}.", fix="Export it as .html, and print that from a browser.")
