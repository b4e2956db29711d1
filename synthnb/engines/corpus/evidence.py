"""Where a quotation stands in a document: the exact slice, whatever the model made of white space and quotation marks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from synthnb._canonical import digest_bytes
from synthnb._novelty import words

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.engines.corpus.chunks import Passage

__all__ = ["Evidence", "check_evidence", "locate"]

# Signs of one character for another of one character, so that offsets stay.
_ALIKE = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "‚": "'",
        "‛": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "–": "-",
        "—": "-",
        "‐": "-",
        "‑": "-",
        "−": "-",
    }
)
_AROUND = " \t\n\"'“”‘’«»„…"
_SPACE = re.compile(r"\s+")
_LEAST_CHARACTERS = 8
_LEAST_WORDS = 2
_BARE = re.compile(r'(?<!\\)"')
_ESCAPED = re.compile(r"\\(?:u[0-9a-fA-F]{4}|[nrt\"\\/bf])")


class Evidence(NamedTuple):
    """A slice of a document that a question's answer follows from."""

    passage: Passage
    """Where it stands."""
    text: str
    """The slice itself, as the document has it."""


def locate(text: str, quote: str, start: int = 0, end: int | None = None) -> tuple[int, int] | None:
    """Return the offsets of a quotation in a text, or None.

    White space counts as one blank, typographic quotation marks and dashes as plain ones, and what encloses the
    quotation (marks, dots, blanks) is ignored; case counts only if the quotation stands there with it. JSON escapes
    that a model copied from its prompt are read. A quotation of less than two words or eight characters is none.

    Parameters
    ----------
    text : str
        The document.
    quote : str
        What a model says it holds.
    start, end : int
        Where to look.

    Returns
    -------
    tuple of int or None
        ``(first, last)`` such that ``text[first:last]`` is the quotation; the first place where it stands.
    """
    view, places = _flat(text, start, len(text) if end is None else end)
    lowered = view.lower()
    for flat in _spellings(quote):
        found = view.find(flat)
        if found < 0 and len(lowered) == len(view):
            found = lowered.find(flat.lower())
        if found >= 0:
            return places[found], places[found + len(flat) - 1] + 1
    return None


def _spellings(quote: str) -> Iterator[str]:
    """The quotation as it may stand in the text, with one blank for white space; none if it is too short to be one."""
    for written in (quote, _unescaped(quote)):
        flat = _SPACE.sub(" ", written.strip(_AROUND).translate(_ALIKE)).strip(_AROUND)
        for tried in dict.fromkeys((flat, flat.rstrip("." + _AROUND))):
            if (len(words(tried)) >= _LEAST_WORDS and len(tried) >= _LEAST_CHARACTERS) or len(words(tried)) >= 2 * _LEAST_WORDS:
                yield tried


def _unescaped(quote: str) -> str:
    """The quotation with the escapes of JSON read; empty if it has none."""
    if not _ESCAPED.search(quote):
        return ""
    try:
        return str(json.loads('"' + _BARE.sub(r'\\"', quote.replace("\n", "\\n").replace("\t", "\\t")) + '"'))
    except ValueError:
        return ""


def _flat(text: str, start: int, end: int) -> tuple[str, list[int]]:
    """The slice with each run of white space as one blank, and where each of its characters stands in the text."""
    pieces: list[str] = []
    places: list[int] = []
    place = start
    for gap in _SPACE.finditer(text, start, end):
        pieces.append(text[place : gap.start()])
        places.extend(range(place, gap.start() + 1))
        pieces.append(" ")
        place = gap.end()
    pieces.append(text[place:end])
    places.extend(range(place, end))
    return "".join(pieces).translate(_ALIKE), places


def check_evidence(frame: pd.DataFrame, texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the rows of a frame of questions whose evidence does not stand where they say; none if all do.

    Parameters
    ----------
    frame : pandas.DataFrame
        As `write_questions` gives it, perhaps after it was saved and loaded again.
    texts : mapping of str to str
        The documents' texts by name: `Corpus.texts` of `read_documents`.

    Returns
    -------
    list of dict
        ``row`` (its label in the frame's index), ``document`` and ``reason``.
    """
    found = []
    for label, row in zip(frame.index, frame.to_dict("records"), strict=True):
        for document, start, end, evidence in _quoted(row):
            reason = _missing(texts, document, start, end, evidence)
            if reason:
                found.append({"row": label, "document": document, "reason": reason})
    return found


def _quoted(row: Mapping[Any, Any]) -> Iterator[tuple[Any, Any, Any, Any]]:
    names: Sequence[str] = ("document", "start", "end", "evidence")
    for suffix in ("", "_2"):
        cells = [row.get(f"{name}{suffix}") for name in names]
        if isinstance(cells[3], str):
            yield cells[0], cells[1], cells[2], cells[3]


def _missing(texts: Mapping[str, str], document: Any, start: Any, end: Any, evidence: str) -> str:
    if document not in texts:
        return "the document isn't there"
    try:
        held = texts[document][int(start) : int(end)]
    except (TypeError, ValueError):
        return "it has no offsets"
    return "" if held == evidence else f"the document holds something else there ({digest_bytes(held.encode())[:19]}…)"
