"""Verbs about language models."""

from __future__ import annotations

from synthnb.jupyter.verbs.base import Option, Verb

__all__ = ["MODELS"]

MODELS: tuple[Verb, ...] = (
    Verb(
        name="models",
        summary="List the language models: licence, context, where they run, price, and whether they are ready.",
        example="%synth models",
    ),
    Verb(
        name="key",
        summary="Take a provider's key through a field that nothing saves; it is kept in this process only.",
        options=(Option(name="PROVIDER", help="Whose key: openai, anthropic, google or server.", takes="provider", required=True),),
        example="%synth key openai",
    ),
)
