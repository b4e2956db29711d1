"""Where the answers of a frame of questions say that they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from synthnb.evaluation.base import NO_INTERVAL

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COUNTED", "NO_SOURCES", "Span", "spans"]

COUNTED = f"{NO_INTERVAL} a count of everything there is; nothing is estimated"
NO_SOURCES = "The documents weren't stated: pass their texts by name as sources=."


class Span(NamedTuple):
    """Evidence, as a row states it."""

    text: str
    """What is quoted."""
    document: Any
    """The name of its document."""
    start: Any
    """Where it begins there, in characters."""
    end: Any
    """Where it ends."""

    def stands(self, sources: Mapping[str, str]) -> bool:
        """Whether the document holds it there."""
        held = sources.get(self.document) if isinstance(self.document, str) else None
        if held is None or not self.text:
            return False
        try:
            start, end = int(self.start), int(self.end)
        except (TypeError, ValueError):
            return self.text in held
        return 0 <= start <= end and held[start:end] == self.text


def spans(frame: pd.DataFrame) -> Iterator[list[Span]]:
    """The evidence of each row of a frame of questions; none where a cell is empty."""
    cells = {name: frame[name].astype(object).to_list() for name in frame.columns}
    blank = [None] * len(frame)
    parts = ("evidence", "document", "start", "end")
    for i in range(len(frame)):
        rows = ([cells.get(f"{part}{suffix}", blank)[i] for part in parts] for suffix in ("", "_2"))
        yield [Span(*row) for row in rows if isinstance(row[0], str) and row[0]]
