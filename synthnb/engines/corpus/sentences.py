"""Where the sentences of a document are, and which of its words carry meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from synthnb._novelty import words
from synthnb.engines.corpus._stopwords import STOP_WORDS

__all__ = ["Sentence", "content_words", "estimate_tokens", "find_sentences", "is_prose"]

_PARAGRAPH = re.compile(r"\n[ \t]*\n")
# A line that opens a list item, a field, a heading, a table or a quotation begins a sentence of its own.
_ITEM = re.compile(r"\n(?=[ \t]*(?:[-*+•:#>|=~^]|\d{1,3}[.)][ \t]|\.\.[ \t]))|(?<=[-=~^*#]{3})\n")
# Nothing that was taken is given back, and only the first sign of a run is tried: the time is linear.
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’)\]]*+\s++|[。！？]+[」』”）]*\s*")
_ABBREVIATED = re.compile(
    r"(?:^|[\s(\[\"'“])(?:[^\W\d_]|[A-Z][a-z]?|Mrs|Prof|Sen|Rev|Gen|vs|etc|e\.g|i\.e|cf|al|Fig|figs?|Eq|eqs?|No|Nos|Vol|vol|pp|ed|eds|approx|resp|Inc|Ltd|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|z\.B|bzw|ca|usw)\.$"
)
_INITIALS = re.compile(r"(?:[A-Z]\.){2,}$")
_LETTERS = re.compile(r"[A-Za-z \n]")
_WIDE = re.compile(r"[^\x00-\x7f]")
_LEAST_WORDS, _MOST_WORDS = 6, 45
_PROSE = re.compile(r"[\"'“(]?[^\W\d_].*[.!。！][\"'”’)\]]*$", re.DOTALL)
_CITED = re.compile(
    r"\b(?:pp|Vol|vol|eds?|Proc|al|Eds)\.|\b(?:Proceedings|Transactions|Technical Report|Journal of|Lecture Notes)\b"
    r"|\b(?:1[89]|20)\d\d[.)]*$"
)
_LEAST_FUNCTION_WORDS = 0.2
_MARKUP = re.compile(r"https?://|[`{}<>|\\=_*]|::|\.\.\s|\$")


class Sentence(NamedTuple):
    """A sentence as a slice of its document."""

    start: int
    """Offset of its first character."""
    end: int
    """Offset after its last one."""
    opens: bool
    """It is the first of its paragraph."""


def find_sentences(text: str) -> list[Sentence]:
    """Return the sentences of a text in order; between them there is only white space.

    A paragraph ends at an empty line. Within one, a sentence ends at ``.``, ``!``, ``?`` or ``…`` before
    white space and anything but a small letter, unless an abbreviation or an initial stands there; at ``。``,
    ``！`` or ``？``; and before a line that opens a list item, a field or a heading.
    """
    found = []
    for start, end in _pieces(text, _PARAGRAPH, 0, len(text)):
        opens = True
        for first, last in _pieces(text, _ITEM, start, end):
            for begin, stop in _split(text, first, last):
                found.append(Sentence(begin, stop, opens))
                opens = False
    return found


def _pieces(text: str, border: re.Pattern[str], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The slices between borders, without white space around them; empty ones are left out."""
    begin = start
    for match in border.finditer(text, start, end):
        yield from _stripped(text, begin, match.start())
        begin = match.end()
    yield from _stripped(text, begin, end)


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    for match in _END.finditer(text, start, end):
        if _ends_a_sentence(text, begin, match, end):
            yield from _stripped(text, begin, match.end())
            begin = match.end()
    yield from _stripped(text, begin, end)


def _ends_a_sentence(text: str, begin: int, match: re.Match[str], end: int) -> bool:
    sign = match.group()
    if sign[0] in "。！？":
        return True
    if match.end() >= end or text[match.end()].islower():
        return False
    before = text[max(begin, match.start() - 12) : match.start() + 1]
    return not (sign[0] == "." and (_ABBREVIATED.search(before) or _INITIALS.search(before)))


def _stripped(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end


def is_prose(sentence: str) -> bool:
    """Whether this can stand as evidence: a sentence of 6 to 45 words with a full stop, and no markup, table or citation.

    Of an English one, a fifth of the words are function words.
    """
    found = words(sentence)
    if not _LEAST_WORDS <= len(found) <= _MOST_WORDS or not _PROSE.fullmatch(sentence):
        return False
    if (
        _MARKUP.search(sentence)
        or _CITED.search(sentence)
        or any(sentence.count(one) != sentence.count(other) for one, other in ("()", "[]", "“”"))
    ):
        return False
    if sum(word in STOP_WORDS for word in found) < _LEAST_FUNCTION_WORDS * len(found) and sentence.isascii():
        return False
    return sum(word.isalpha() for word in found) >= 0.7 * len(found)


def content_words(text: str) -> list[str]:
    """The words of a text that carry meaning: no stop word of seven languages, and at least two characters long."""
    return [word for word in words(text) if word not in STOP_WORDS and (len(word) > 1 or word.isdigit() or not word.isascii())]


def estimate_tokens(text: str) -> int:
    """How many tokens a model takes for a text in a prompt, rather too many than too few.

    Letters without accents and blanks count a third of a token each, digits and signs one and a fifth, other characters
    two, and what is escaped in a prompt (brackets, and ends of lines) six and two. No model's own tokenizer is asked:
    a hosted one has none to ask.
    """
    letters, other = len(_LETTERS.findall(text)), len(_WIDE.findall(text))
    escaped = sum(map(text.count, "<>[]"))
    plain = len(text) - letters - other - escaped
    return int(letters / 3 + plain * 1.2 + other * 2 + escaped * 6 + text.count("\n") * 5 / 3) + 1
