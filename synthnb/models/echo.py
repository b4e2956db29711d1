"""A stand-in for a language model: no weights, no chance, an answer that repeats what it was shown.

For tests and documentation. Its texts say ``echo`` so that nobody takes them for
a model's.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence

from synthnb.models.base import ModelInfo, Reply, Request

__all__ = ["Echo", "open_echo"]

_OBJECT = re.compile(r"\{.*\}", re.DOTALL)
_MOST_VALUES = 6


class Echo:
    """Repeats the row it was shown in one sentence; the seed picks the opening word."""

    info = ModelInfo(
        id="echo",
        name="echo, a stand-in that is not a language model",
        provider="synthnb",
        licence="BSD-3-Clause",
        locality="in-process",
        context=None,
        open_weights=True,
        developer="synthnb",
        stand_in=True,
    )

    def write(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        """Yield one sentence for each request, in order."""
        for position, request in enumerate(requests):
            yield position, _reply(request)

    def close(self) -> None:
        """Hold nothing, so free nothing."""


def open_echo(_name: str = "echo") -> Echo:
    """Return the stand-in model."""
    return Echo()


def _reply(request: Request) -> Reply:
    mark = hashlib.sha256(f"{request.seed}\x1f{request.prompt}".encode("utf-8", "surrogatepass")).hexdigest()[:6]
    words = f"Echo {mark}: {_shown(request.prompt)}.".split()
    cut = words[: request.max_tokens]
    return Reply(
        text=" ".join(cut),
        tokens_in=len(f"{request.system} {request.prompt}".split()),
        tokens_out=len(cut),
        finish="length" if len(cut) < len(words) else "stop",
        model="echo",
    )


def _shown(prompt: str) -> str:
    """The values of the JSON object in a prompt; the prompt's end where there is none."""
    found = _OBJECT.search(prompt)
    try:
        row = json.loads(found.group()) if found else None
    except ValueError:
        row = None
    if isinstance(row, dict) and row:
        return "; ".join(f"{name} {value}" for name, value in list(row.items())[:_MOST_VALUES])
    return " ".join(prompt.split())[-200:].rstrip(".")
