"""The kinds of text a corpus can be of, and the shape each has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from synthnb._novelty import words
from synthnb.errors import OptionError

__all__ = ["KINDS", "Kind", "KindName", "read_kind"]

KindName = Literal["note", "abstract", "message", "dialogue", "text"]

_SENTENCE_END = re.compile(r"[.!?…。！？](?=[\"'”’)\]]*(?:\s|$))|[。！？]")
_TURN = re.compile(r"^[*_]*([^\W\d_][\w .'’()-]{0,39}?)[*_]*:[*_]*\s*\S", re.MULTILINE)
_LEAST_TURNS = 3
_LEAST_SPEAKERS = 2


@dataclass(frozen=True)
class Kind:
    """One kind of text."""

    ask: str
    """How the prompt asks for it."""
    least_words: int
    """A shorter one hasn't its shape."""
    tokens: int
    """Enough for one, in most languages and models."""
    least_sentences: int = 1
    """A text with fewer hasn't its shape."""
    turns: bool = False
    """It is made of turns: at least three, each ``name: words`` on a line of its own, of at least two speakers."""

    def holds(self, text: str) -> bool:
        """Whether a text has the shape."""
        if self.turns:
            speakers = _TURN.findall(text)
            return len(speakers) >= _LEAST_TURNS and len({one.casefold() for one in speakers}) >= _LEAST_SPEAKERS
        sentences = len(_SENTENCE_END.findall(text)) or 1
        return len(words(text)) >= self.least_words and sentences >= self.least_sentences


KINDS: dict[str, Kind] = {
    "note": Kind("Write one short note, as it would be written down at work.", 5, 120),
    "abstract": Kind("Write one abstract of a study: background, methods, results and conclusion.", 40, 400, least_sentences=3),
    "message": Kind("Write one message, as it would be sent.", 3, 100),
    "dialogue": Kind("Write one dialogue. Each turn stands on its own line and begins with who speaks and a colon.", 0, 300, turns=True),
    "text": Kind("Write one text.", 3, 160),
}
"""By name."""


def read_kind(name: str) -> Kind:
    """The kind of that name.

    Raises
    ------
    OptionError
        There is none.
    """
    if name not in KINDS:
        raise OptionError.from_choice("A kind of text", name, list(KINDS))
    return KINDS[name]
