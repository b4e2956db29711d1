"""The paragraph of a venue: sentences in which only stated values stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from synthnb.disclosure.venues.reading import Sentence, sentences

if TYPE_CHECKING:
    from synthnb.disclosure.venues.filling import Filled
    from synthnb.disclosure.venues.stating import Statements, Value

__all__ = ["paragraph", "prompts"]

_FIELD = re.compile(r"\{(\w+)\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_PARTS = re.compile("(“[^”]*”(?: in “[^”]*”)?): (.*)", re.DOTALL)
_DIGEST = re.compile(r"sha256:([0-9a-f]{12})[0-9a-f]{52}")
_MOST = 6
_CODE = "{"
"""How a value begins that is JSON and not a sentence."""


def paragraph(filled: Filled) -> str:
    """Return the text to paste: a sentence only where what it says is stated, digests cut to 12 digits."""
    said = filled.statements
    found = [text for name in filled.venue.sentences for text in _written(sentences()[name], said)]
    return " ".join(dict.fromkeys(found))


def prompts(filled: Filled) -> list[str]:
    """Return the prompts as the record has them, for a venue whose items ask for them."""
    asked = any("fullPrompt" in (*answer.item.all, *answer.item.any) for answer in filled.answers if answer.status != "not applicable")
    return [value.text for value in filled.statements.values("fullPrompt") if value.counts] if asked else []


def _written(sentence: Sentence, said: Statements) -> Iterator[str]:
    if sentence.when == "model" and said.part != "writing":
        return
    if sentence.when == "no model" and said.part != "none":
        return
    if sentence.each:
        yield from _one_each(sentence, said)
        return
    text = _OPTIONAL.sub(lambda part: part[1] if _all_stated(part[1], said) else "", sentence.text)
    if _all_stated(text, said):
        yield _ended(_filled_in(text, {name: "; ".join(map(_shown, _usable(said, name))) for name in _FIELD.findall(text)}))


def _filled_in(template: str, parts: Mapping[str, str]) -> str:
    """A template with its parts put in, in one pass: what stands in a part is never read as a template."""
    return _FIELD.sub(lambda name: parts[name[1]], template)


def _all_stated(text: str, said: Statements) -> bool:
    return all(_usable(said, name) for name in _FIELD.findall(text))


def _one_each(sentence: Sentence, said: Statements) -> Iterator[str]:
    usable = [value for value in _usable(said, sentence.field) if sentence.only in value.text]
    found = [value for value in usable if not _split(value)[1].startswith(_CODE)]
    for value in found[:_MOST]:
        subject, rest = _split(value)
        parts = {"whole": _shown(value), "subject": subject or "the data", "said": rest}
        text = _ended(_filled_in(sentence.each, parts))
        yield text[:1].upper() + text[1:]
    if len(found) > _MOST:
        yield f"The record holds {len(found) - _MOST:,} more such statements."


def _usable(said: Statements, name: str) -> list[Value]:
    return [value for value in said.values(name) if value.counts or value.is_proposed]


def _split(value: Value) -> tuple[str, str]:
    found = _PARTS.fullmatch(_shown(value))
    return (found[1], found[2]) if found else ("", _shown(value))


def _shown(value: Value) -> str:
    text = _DIGEST.sub(r"sha256:\1…", value.text)
    text = text.removesuffix(".")
    return f"{text} (proposed by the tool, not confirmed)" if value.is_proposed else text


def _ended(text: str) -> str:
    """A sentence with one mark at its end."""
    return text[:-1] if text.endswith(("?.", "!.", ".”.", "…”.")) else text
