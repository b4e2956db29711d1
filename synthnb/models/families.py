"""Which family a model's id names."""

from __future__ import annotations

import re

__all__ = ["family_of"]

_FAMILIES = {
    "smollm": "smollm",
    "llama": "llama",
    "qwen": "qwen|qwq",
    "mistral": "mi[sx]tral|ministral|magistral|codestral|devstral",
    "gemma": "gemma",
    "gemini": "gemini",
    "phi": r"phi-?\d",
    "gpt": r"gpt|o[134](?![a-z\d])|chatgpt",
    "claude": "claude",
    "deepseek": "deepseek",
    "granite": "granite",
    "command": "command-?[ar]",
    "olmo": "olmo",
    "falcon": "falcon",
    "glm": "glm",
    "kimi": "kimi",
    "grok": "grok",
    "nemotron": "nemotron",
    "yi": r"yi-?\d",
}
_NAMES = {family: re.compile(rf"(?<![a-z])(?:{pattern})") for family, pattern in _FAMILIES.items()}


def family_of(name: str) -> str:
    """The family of a model, such as ``llama``, by its id; empty if unknown.

    A distilled model belongs to the family of its weights: ``deepseek-r1-distill-qwen-7b`` is a ``qwen``.
    """
    text = name.lower().rpartition("distill")[2]
    found = {family: match.start() for family, pattern in _NAMES.items() if (match := pattern.search(text))}
    return min(found, key=lambda family: found[family]) if found else ""
