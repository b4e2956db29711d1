"""A model whose every answer a test decides."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from synthnb.models.base import ModelInfo, Reply, Request

Answer = Callable[[int, Request], str | Exception]
"""From the number of the call and the request to the text, or to a failed request."""


class Scripted:
    """A model that answers with what a function says; an exception is a failed request.

    Parameters
    ----------
    answer : Answer
        What it answers.
    order : int, optional
        Replies come in an order drawn by this seed; by default in that of the requests.
    """

    def __init__(self, answer: Answer, *, order: int | None = None, **info: Any) -> None:
        self.answer, self.asked, self.closed, self.order = answer, list[Request](), 0, order
        self.info = ModelInfo(**({"id": "scripted", "name": "S", "provider": "test", "licence": "MIT", "locality": "in-process"} | info))

    def write(self, requests: Iterable[Request]) -> Iterator[tuple[int, Reply]]:
        try:
            if self.order is not None:
                replies = [(i, self._reply(request)) for i, request in enumerate(requests)]
                yield from random.Random(self.order).sample(replies, len(replies))
            else:
                for position, request in enumerate(requests):
                    yield position, self._reply(request)
        finally:
            self.closed += 1

    def _reply(self, request: Request) -> Reply:
        self.asked.append(request)
        found = self.answer(len(self.asked) - 1, request)
        text, error = ("", str(found)) if isinstance(found, Exception) else (found, "")
        return Reply(text=text, tokens_in=10, tokens_out=5, finish="error" if error else "stop", model="scripted-0.1", error=error)

    def close(self) -> None:
        pass


def numbered(count: int, _request: Request) -> str:
    return f"Text {count}."
