"""From a model's reply to a text fit for a cell, or the reason why there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synthnb.models.base import Reply

__all__ = ["Text", "read_reply"]

_REFUSAL = re.compile(
    r"(i['’]?m|i am|we['’]re) (very )?sorry|sorry, (but )?i|i (can(no|['’])t|am unable|['’]m unable)|as an ai\b", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*(?=\s|$)")
_MARKS = re.compile(r"</?data>|<\|[^|<>]*\|>")
_QUOTES = {'"': '"', "“": "”", "'": "'", "‘": "’"}


@dataclass(frozen=True)
class Text:
    """What became of a reply: a text, or the reason why there is none."""

    text: str | None
    """The text; None if there is none."""
    reason: str = ""
    """Why there is none."""
    cut: bool = False
    """An unfinished last sentence was dropped."""


def read_reply(reply: Reply) -> Text:
    """Clean a reply: one line, no quotation marks around it, no unfinished last sentence."""
    if reply.finish == "error":
        return Text(None, f"the model failed: {reply.error or 'no reason given'}")
    text = _unquoted(" ".join(reply.text.split()))
    if not text:
        return Text(None, "the model wrote nothing")
    if _REFUSAL.match(text):
        return Text(None, "the model declined")
    if _MARKS.search(text):
        return Text(None, "the model repeated its prompt")
    if reply.finish == "length":
        return _finished(text)
    return Text(text)


def _unquoted(text: str) -> str:
    if len(text) > 1 and _QUOTES.get(text[0]) == text[-1] and text[0] not in text[1:-1] and text[-1] not in text[1:-1]:
        return text[1:-1].strip()
    return text


def _finished(text: str) -> Text:
    ends = list(_SENTENCE_END.finditer(text))
    if not ends:
        return Text(None, "the model finished no sentence within the tokens allowed")
    kept = text[: ends[-1].end()]
    return Text(kept, cut=len(kept) < len(text))
