"""Who says what only a person can."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["names_a_program", "person", "programs_in"]

_LONGEST = 200
_PROGRAMS = re.compile(
    r"(?:(?:the|an?|ai|model|assistant|openai|anthropic|google|microsoft|meta|github)\W+)*"
    r"(?:(?:chat\W?gpt|gpt|chatbot|copilot|deepseek|llama|mixtral|qwen|smollm|synthnb)(?:\W?\d|\b)"
    r"|(?:large\W+)?language\W+model\b|llms?\b|artificial\W+intelligence\b"
    r"|(?:claude|gemini|gemma|mistral|grok|bard)(?:\W+(?:ai|code|opus|sonnet|haiku|instant|pro|flash|ultra|nano|advanced|small|large|v?\d[\d.]*b?))+\b"
    r"|(?:claude|gemini|gemma|mistral|grok|bard|ai|a\.i\.|openai|anthropic)\W*$)",
    re.IGNORECASE,
)
"""Products that write texts, where a name should begin; those that are people's names too count only alone or with a version."""


def person(by: str | None = None) -> dict[str, str]:
    """Return who makes a statement as an entry's ``detail`` has it: ``{"by": NAME}``, or nothing where nobody is named.

    Parameters
    ----------
    by : str, optional
        A name, with a role if one likes; the setting ``person`` (``SYNTHNB_PERSON``) by default. A model or a program states nothing.

    Raises
    ------
    OptionError
        It isn't a text, is longer than 200 characters, or names a program.
    """
    from synthnb.config import get_config
    from synthnb.errors import OptionError, shown

    given: object = get_config().person if by is None else by
    if not isinstance(given, str) or len(given) > _LONGEST:
        raise OptionError(f"The name of a person, of at most {_LONGEST} characters, was expected; got {shown(given)}.", fix="Shorten it.")
    name = " ".join(given.split())
    if names_a_program(name):
        raise OptionError(f"The name of a person was expected; {shown(name)} names a program.", fix="Name the person who answers for it.")
    return {"by": name} if name else {}


def names_a_program(text: str, known: Iterable[str] = ()) -> bool:
    """Whether words that should name a person name a program: a known product, or one that took part.

    Parameters
    ----------
    text : str
        Name, and what else was stated behind a comma, a semicolon or a bracket.
    known : iterable of str
        What took part, as `programs_in` gives it.
    """
    name = " ".join(re.split(r"[,;(\[]", text, maxsplit=1)[0].split())
    return _PROGRAMS.match(name) is not None or name.casefold() in {program.casefold() for program in known}


def programs_in(entries: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the names of the models and engines that took part in what entries are about."""
    found: set[object] = set()
    for entry in entries:
        detail = entry.get("detail")
        run = detail if isinstance(detail, Mapping) else {}
        found.add(run.get("engine"))
        for model in (run.get("model"), run.get("judge")):
            found |= {model.get(key) for key in ("id", "name", "requested", "returned")} if isinstance(model, Mapping) else set()
    return {name for name in found if isinstance(name, str) and name}
