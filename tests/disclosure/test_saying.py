"""Who says something is a person; a program answers for nothing."""

from __future__ import annotations

import pytest

from synthnb.config import config_context
from synthnb.disclosure.saying import names_a_program, person, programs_in
from synthnb.errors import OptionError

from .samples import entries


@pytest.mark.parametrize(
    "text",
    [
        "GPT-4, ORCID 0000-0002-1825-0097",
        "ChatGPT",
        "OpenAI GPT-4o (chat)",
        "Claude",
        "Claude 3.5 Sonnet",
        "Gemini Pro",
        "Gemma 2",
        "an AI",
        "LLM",
    ],
)
def test_known_products_are_programs(text: str) -> None:
    assert names_a_program(text)


@pytest.mark.parametrize("text", ["Claude Shannon", "Gemma Example, PI", "Ai Weiwei", "Ada Núñez (with ChatGPT)", "G. P. Tanaka", ""])
def test_people_who_share_a_word_with_a_product_are_not(text: str) -> None:
    assert not names_a_program(text)


def test_what_took_part_in_the_record_is_a_program() -> None:
    known = programs_in(entries())
    assert names_a_program("smollm2", known)
    assert names_a_program("Trees, the engine", known)
    assert not names_a_program("Ada Trees", known)


def test_a_program_states_nothing() -> None:
    with pytest.raises(OptionError, match="'ChatGPT' names a program"):
        person("ChatGPT")
    with config_context(person="GPT-4, author"), pytest.raises(OptionError, match="names a program"):
        person()
