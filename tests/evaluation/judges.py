"""Judges that answer by rule, so that what becomes of their verdicts is known beforehand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from synthnb.models.base import ModelInfo, Reply, Request

__all__ = ["Rule", "offered", "shown"]


class Rule:
    """A model that answers each request by a function of it."""

    def __init__(self, answer: Callable[[Request], str], *, family: str = "", name: str = "rule") -> None:
        self._answer = answer
        self.asked: list[Request] = []
        self.info = ModelInfo(
            id=name,
            name=name,
            provider="tests",
            licence="Apache-2.0",
            locality="in-process",
            family=family,
            seed_support=True,
            context=8192,
        )

    def write(self, requests: Iterable[Request]) -> Iterator[tuple[int, Reply]]:
        """Answer in order."""
        for place, request in enumerate(requests):
            self.asked.append(request)
            text = self._answer(request)
            yield place, Reply(text=text, tokens_in=10, tokens_out=1, finish="stop", model=self.info.name)

    def close(self) -> None:
        """Nothing is held."""


def shown(request: Request) -> list[str]:
    """The items of a request."""
    return re.findall(r"<item>\n(.*?)\n</item>", request.prompt, re.DOTALL)


def offered(request: Request) -> list[str]:
    """The answers in the order in which they are listed."""
    return re.findall(r"^(\w+): ", request.prompt.rpartition("</item>")[2], re.MULTILINE)
