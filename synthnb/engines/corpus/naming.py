"""Concepts of passages as a model names them, each passage asked about at most twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synthnb.engines.corpus.concepts import read_concepts

if TYPE_CHECKING:
    from synthnb.engines.corpus.passages import Passages
    from synthnb.engines.corpus.prompts import Prompts
    from synthnb.engines.corpus.writing import Asked
    from synthnb.models.base import Reply

__all__ = ["name_concepts"]

_TIMES = 2


def name_concepts(passages: Passages, chunks: Sequence[int], prompts: Prompts, asked: Asked) -> list[tuple[int, Reply]]:
    """Let the model name the concepts of some chunks; those of the others, and where it can't, are counted.

    Returns
    -------
    list of (int, Reply)
        The chunks whose concepts a reply gave.
    """
    used: list[tuple[int, Reply]] = []
    missing = list(chunks)
    for attempt in range(_TIMES):
        requests = [
            prompts.concepts(("document", passages.name(chunk), "concepts", passages.chunks[chunk].within, attempt), passages.text(chunk))
            for chunk in missing
        ]
        replies = asked.ask(requests, "naming concepts", keep=bool(used))
        unread = []
        for chunk, reply in zip(missing, replies, strict=True):
            found = None if reply is None or reply.finish == "error" else read_concepts(reply.text)
            if found is None:
                unread.append(chunk)
            else:
                passages.named[chunk] = found
            if reply is not None and found is not None:
                used.append((chunk, reply))
            elif reply is not None:
                asked.calls.discard(reply, "the reply names no concept")
        missing = unread
    return used
