"""From a model's reply to a text fit for a cell, or the reason why there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synthnb.models.base import Reply

__all__ = ["Text", "has_blanks", "read_reply", "read_text"]

_REFUSAL = re.compile(
    r"(i['’]?m|i am|we['’]re) (very )?sorry|sorry, (but )?i|i (can(no|['’])t|am unable|['’]m unable)|as an ai\b", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*(?=\s|$)")
_MARKS = re.compile(r"</?(?:data|examples)>|<\|[^|<>]*\|>|\[/?INST\]")
# What `prompts.as_data` escaped, copied as it stood there.
_ESCAPED = re.compile(r"\\u(003[ce]|005[bd])", re.IGNORECASE)
# "Here is the note:" on a line of its own, before the note.
_PREAMBLE = re.compile(r"^\s*(?:sure|certainly|of course|okay|here(?:['’]s| is| are))\b[^\n]{0,100}:\s*\n+(?=\s*\S)", re.IGNORECASE)
_BLANK = re.compile(
    r"[\[<{](?:(?:the|a|an|your|my|his|her|their|insert|enter|add|full|first|last)[ _-])?"
    r"(?:patient|name|doctor|dr|physician|provider|nurse|clinic|hospital|pharmacy|date|time|day|month|year|address|city|phone|number|e-?mail"
    r"|company|age|medication|medicine|drug|dosage|dose|location|sender|recipient|signature|title|diagnosis|reason|details?)"
    r"(?:[ _'’-][^\]>}\n]{0,40})?[\]>}]|_{4,}|\bX{3,}\b",
    re.IGNORECASE,
)
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


def read_reply(reply: Reply, *, lines: bool = False) -> Text:
    """Clean a reply that is one text: no quotation marks around it, no unfinished last sentence.

    Parameters
    ----------
    reply : Reply
        As the model gave it.
    lines : bool
        Keep line breaks, as between the turns of a dialogue; else the text becomes one line.
    """
    if reply.finish == "error":
        return Text(None, f"the model failed: {reply.error or 'no reason given'}")
    return read_text(reply.text, unfinished=reply.finish == "length", lines=lines)


def read_text(raw: str, *, unfinished: bool = False, lines: bool = False) -> Text:
    """Clean one text of a reply, which may have ended before the text did."""
    raw = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), raw)
    raw = _PREAMBLE.sub("", raw.encode("utf-8", "replace").decode().replace("\0", ""))
    text = _unquoted("\n".join(filter(None, (" ".join(line.split()) for line in raw.splitlines()))) if lines else " ".join(raw.split()))
    if not text:
        return Text(None, "the model wrote nothing")
    if _REFUSAL.match(text):
        return Text(None, "the model declined")
    if _MARKS.search(text):
        return Text(None, "the model repeated its prompt")
    return _finished(text) if unfinished else Text(text)


def has_blanks(text: str) -> bool:
    """Whether a text has a blank that somebody was to fill in, such as ``[Your Name]`` or ``<date>``."""
    return bool(_BLANK.search(text))


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
