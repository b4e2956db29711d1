"""Venues: what a journal, a conference or a reporting guideline asks, as data files.

Each is a TOML file beside this module, in our own words; a third party's has the
same shape. Every problem of a file is listed at once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from synthnb.disclosure.fields import catalogue
from synthnb.disclosure.venues.names import VENUES
from synthnb.errors import OptionError, shown

__all__ = ["CAVEATS", "Item", "Mark", "Sentence", "Venue", "When", "find_venue", "read_venue", "sentences"]

Mark = Literal["V", "A", "S", "M"]
When = Literal["always", "model", "source", "raters"]

CAVEATS: dict[str, str] = {
    "V": "",
    "A": "known from its abstract; check the full text",
    "S": "as described by secondary sources; check the current text",
    "M": "as described by secondary sources; check the current text",
}
"""What is said of a demand that wasn't read in the primary text."""

_HERE = Path(__file__).parent
_LARGEST = 1_000_000
_VENUE_KEYS = {"id", "name", "version", "url", "mark", "places", "sentences", "items", "note", "about", "by"}
_ITEM_KEYS = {"id", "asks", "all", "any", "also", "when", "required", "mark", "outside"}
_TEXTS = ("id", "name", "by", "version", "url")


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing that is asked."""

    id: str
    """Its name; the guideline's own number where it has one."""
    asks: str
    """What is to be stated, in our words."""
    all: tuple[str, ...] = ()
    """Fields that must all be stated."""
    any: tuple[str, ...] = ()
    """Fields of which one must be stated."""
    also: tuple[str, ...] = ()
    """Fields that are shown if stated, and not missed."""
    when: When = "always"
    """What must have taken part for it to apply."""
    required: bool = True
    """Whether the venue demands it, rather than welcomes it."""
    mark: Mark = "V"
    """How well we know that it is asked."""
    outside: bool = False
    """It is about the study or the manuscript, which a data tool can't know."""


@dataclass(frozen=True, kw_only=True)
class Venue:
    """A journal, a conference or a reporting guideline."""

    id: str
    """The word after ``--for``."""
    name: str
    """What it is called."""
    by: str
    """Who publishes it."""
    version: str
    """Its version or date."""
    url: str
    """Where its current text is."""
    mark: Mark
    """How well we know it."""
    places: tuple[str, ...]
    """Where the text belongs."""
    sentences: tuple[str, ...]
    """Names of the sentences that its paragraph is made of, in order."""
    items: tuple[Item, ...]
    """What it asks, in its order."""
    note: str = ""
    """What to know before using it."""
    about: When = "always"
    """What the whole of it is about."""

    @property
    def caveat(self) -> str:
        """What is said where we didn't read its primary text."""
        return CAVEATS[self.mark]


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A sentence of a paragraph; left out unless what it needs is stated."""

    text: str = ""
    """With ``{field}`` for a field's values, and ``[…]`` around what is left out where its fields aren't stated."""
    each: str = ""
    """One for each value of ``field``: ``{subject}`` and ``{said}`` are its parts, ``{whole}`` all of it."""
    field: str = ""
    """The field of ``each``."""
    only: str = ""
    """What a value must hold for ``each`` to take it."""
    when: Literal["always", "model", "no model"] = "always"
    """Whether it is about a language model, or says that none took part."""


def find_venue(name: str) -> Venue:
    """Return a venue by its name, or read the ``.toml`` file at a path.

    Raises
    ------
    OptionError
        There is none of that name, or the file says what a venue can't say.
    """
    if not isinstance(name, str):
        raise OptionError.from_choice("venue", name, list(VENUES))
    if name.endswith(".toml"):
        return read_venue(Path(name).expanduser())
    if name.strip().casefold() not in VENUES:
        raise OptionError.from_choice("venue", name, [*VENUES, "the path of a .toml file"])
    return _known(name.strip().casefold())


@cache
def _known(name: str) -> Venue:
    return read_venue(_HERE / f"{name}.toml")


def read_venue(path: Path) -> Venue:
    """Read a venue's file.

    Raises
    ------
    OptionError
        It doesn't exist, isn't TOML, or says what a venue can't say; every problem is listed.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise OptionError(f"{path.name} has more than a megabyte; that is no venue.", fix="Name another file.")
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OptionError(f"The venue {shown(path.name)} can't be read: {reason}.", fix="Check the path, and that it is TOML.") from error
    if problems := list(_problems(said)):
        raise OptionError(f"The venue {shown(path.name)} can't be used: {'; '.join(problems[:20])}.", fix="Correct the file.")
    mark = said.get("mark", "V")
    items = tuple(_item(item, mark) for item in said["items"])
    given = {name: said[name] for name in (*_TEXTS, "note", "about") if name in said}
    return Venue(**given, mark=mark, places=tuple(said["places"]), sentences=tuple(said.get("sentences", ())), items=items)


def _item(said: Mapping[str, Any], mark: Mark) -> Item:
    given: dict[str, Any] = {"mark": mark} | {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
    return Item(**given)


def _problems(said: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{shown(name)} isn't known" for name in sorted(said.keys() - _VENUE_KEYS))
    yield from (f"{name} must be a text" for name in _TEXTS if not _is_text(said.get(name)))
    if not isinstance(said.get("note", ""), str):
        yield "note must be a text"
    if said.get("mark", "V") not in get_args(Mark):
        yield f"mark must be one of {', '.join(get_args(Mark))}; got {shown(said['mark'])}"
    if said.get("about", "always") not in get_args(When):
        yield f"about must be one of {', '.join(get_args(When))}; got {shown(said['about'])}"
    if not _are_texts(said.get("places")) or not said["places"]:
        yield "places must list where the text belongs"
    if not _are_texts(said.get("sentences", [])):
        yield "sentences must be a list of names"
    else:
        yield from (f"there is no sentence {shown(name)}" for name in said.get("sentences", []) if name not in sentences())
    items = said.get("items")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        yield "items must list what is asked, as [[items]]"
        return
    for place, item in enumerate(items, 1):
        yield from (f"item {place}: {problem}" for problem in _item_problems(item))
    ids = [str(item.get("id")) for item in items]
    yield from (f"the id {shown(name)} stands twice" for name in sorted({name for name in ids if ids.count(name) > 1}))


def _item_problems(item: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{shown(name)} isn't known" for name in sorted(item.keys() - _ITEM_KEYS))
    yield from (f"{name} must be a text" for name in ("id", "asks") if not _is_text(item.get(name)))
    yield from (f"{name} must be true or false" for name in ("required", "outside") if not isinstance(item.get(name, False), bool))
    for name, choices in (("mark", get_args(Mark)), ("when", get_args(When))):
        if name in item and item[name] not in choices:
            yield f"{name} must be one of {', '.join(choices)}; got {shown(item[name])}"
    named = [item.get(name, []) for name in ("all", "any", "also")]
    if not all(map(_are_texts, named)):
        yield "all, any and also must list fields"
        return
    yield from (f"there is no field {shown(name)}" for names in named for name in names if name not in catalogue())
    if bool(named[0] or named[1]) is bool(item.get("outside")):
        yield "it must either name fields in all or any, or be outside"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


@cache
def sentences() -> dict[str, Sentence]:
    """The sentences that paragraphs are made of, by name."""
    said = tomllib.loads((_HERE / "_sentences.toml").read_text(encoding="utf-8"))
    return {name: Sentence(**parts) for name, parts in said.items()}
