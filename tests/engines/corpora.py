"""Documents and models that the tests of grounded questions share."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from synthnb.engines.corpus import Questions, write_questions
from synthnb.models.base import ModelInfo, Reply, Request
from synthnb.models.calls import Calls

CLINIC = Path(__file__).parents[1] / "fixtures" / "corpus" / "clinic"
Answer = Callable[[int, Request], str | BaseException]


class Scripted:
    """A model that answers with what a function says; an exception is a failed request, an interrupt is raised."""

    def __init__(self, answer: Answer, **info: Any) -> None:
        self.answer, self.asked = answer, list[Request]()
        self.tokens = (9, 5)
        self.info = ModelInfo(**({"id": "scripted", "name": "S", "provider": "test", "licence": "MIT", "locality": "in-process"} | info))

    def write(self, requests: Iterable[Request]) -> Iterator[tuple[int, Reply]]:
        for position, request in enumerate(requests):
            self.asked.append(request)
            found = self.answer(len(self.asked) - 1, request)
            if isinstance(found, KeyboardInterrupt):
                raise found
            text, error = ("", str(found)) if isinstance(found, BaseException) else (found, "")
            yield (
                position,
                Reply(
                    text=text,
                    tokens_in=self.tokens[0],
                    tokens_out=self.tokens[1],
                    finish="error" if error else "stop",
                    model="s-1",
                    error=error,
                ),
            )

    def close(self) -> None:
        pass


def data_of(request: Request) -> dict[str, Any]:
    """The data block of a request, read back."""
    block = re.search(r"<data>\n(.*?)\n</data>", request.prompt, re.DOTALL)
    assert block is not None
    found: dict[str, Any] = json.loads(block.group(1))
    return found


def told(request: Request) -> str:
    """What stands outside of the data block."""
    return request.prompt.rsplit("</data>", 1)[1]


def quoting(count: int, request: Request) -> str:
    """A capable model: questions about the text's own sentences, each quoted, none twice."""
    data = data_of(request)
    if "concepts" in told(request) and "Name up to" in told(request):
        return json.dumps({"topics": ["clinic"], "concepts": ["peak flow", "inhaler", f"detail {count}"]})
    texts = [data["text"]] if "text" in data else [data["first"], data["second"]]
    quotes = [list(re.findall(r"[A-Z][^.?!]{20,}\.", text)) for text in texts]
    wanted = re.search(r"Write (\d+) questions", told(request))
    items = []
    for number in range(int(wanted.group(1)) if wanted else 1):
        said = [listed[(count + number) % len(listed)] for listed in quotes]
        items.append(
            {"kind": "new", "question": f"What does statement {count}-{number} say of {said[0][:25]}?", "answer": said[0], "evidence": said}
        )
    return json.dumps({"questions": items})


def ask(model: Any, source: Any = CLINIC, **options: Any) -> Questions:
    """Questions with a seed, from the clinic's documents."""
    calls = model if isinstance(model, Calls) else Calls(model)
    settings: dict[str, Any] = {"questions": 6, "calls": calls, "seed": 1} | options
    return write_questions(source, **settings)
