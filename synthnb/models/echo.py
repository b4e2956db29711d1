"""A stand-in for a language model: no weights, no chance, an answer that repeats what it was shown.

For tests and documentation. Its texts say ``echo`` so that nobody takes them for
a model's. A prompt with numbered records gets a numbered line for each, and a
request with a JSON Schema gets the least that follows it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from synthnb.models.base import ModelInfo, Reply, Request

if TYPE_CHECKING:
    from synthnb._canonical import Json

__all__ = ["Echo", "open_echo"]

_OBJECT = re.compile(r"\{.*\}", re.DOTALL)
_RECORD = re.compile(r"(?m)^[ \t]*(\d{1,3})[.):][ \t]+(.+)$")
_MOST_VALUES = 6
_LONGEST = 200
_DEEPEST = 20


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
        family="echo",
        seed_support=True,
        schemas=True,
        price_in=0.0,
        price_out=0.0,
    )

    def write(self, requests: Iterable[Request]) -> Iterator[tuple[int, Reply]]:
        """Yield one reply for each request, in order."""
        for position, request in enumerate(requests):
            yield position, _reply(request)

    def close(self) -> None:
        """Hold nothing, so free nothing."""


def open_echo(_name: str = "echo") -> Echo:
    """Return the stand-in model."""
    return Echo()


def _reply(request: Request) -> Reply:
    mark = hashlib.sha256(f"{request.seed}\x1f{request.prompt}".encode("utf-8", "surrogatepass")).hexdigest()[:6]
    text, finish = _cut(_written(request, mark), request)
    return Reply(
        text=text,
        tokens_in=len(f"{request.system} {request.prompt}".split()),
        tokens_out=len(text.split()),
        finish="length" if finish else "stop",
        model="echo",
    )


def _written(request: Request, mark: str) -> str:
    records = dict(_RECORD.findall(request.prompt))
    if request.schema is not None:
        return json.dumps(_Instance(request.schema, mark, records).of(request.schema), ensure_ascii=False)
    if records:
        return "\n".join(f"{number}. Echo {mark}: {_shown(record)}." for number, record in records.items())
    return f"Echo {mark}: {_shown(request.prompt)}."


def _cut(text: str, request: Request) -> tuple[str, bool]:
    """The text up to a word that stops it, or as many words as are allowed; whether it was cut by these."""
    for sign in request.stop:
        text = text.partition(sign)[0]
    words = re.findall(r"\S+\s*", text)
    kept = "".join(words[: request.max_tokens]).rstrip() if len(words) > request.max_tokens else text
    return kept, len(words) > request.max_tokens


def _shown(prompt: str) -> str:
    """The values of the JSON object in a prompt; the prompt's end where there is none."""
    found = _OBJECT.search(prompt)
    try:
        row = json.loads(found.group()) if found else None
    except (ValueError, RecursionError):
        row = None
    if isinstance(row, dict) and row:
        return "; ".join(f"{name} {value}" for name, value in list(row.items())[:_MOST_VALUES])
    return " ".join(prompt.split())[-_LONGEST:].rstrip(".")


@dataclass
class _Instance:
    """The least value that follows a JSON Schema; choices and numbers go by the mark."""

    root: Any
    mark: str
    records: dict[str, str]
    drawn: int = field(default=0)

    def of(self, schema: Any, name: str = "", deep: int = 0) -> Json:
        """A value for a part of the schema; None where it is nested beyond reason."""
        if not isinstance(schema, dict) or deep > _DEEPEST:
            return None
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][self._draw(len(schema["enum"]))]
        if "$ref" in schema:
            return self.of(self._referred(str(schema["$ref"])), name, deep + 1)
        for several in ("anyOf", "oneOf"):
            if schema.get(several):
                return self.of(schema[several][self._draw(len(schema[several]))], name, deep + 1)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        return self._typed(kind[0] if isinstance(kind, list) else kind, schema, name, deep)

    def _typed(self, kind: str, schema: dict[str, Any], name: str, deep: int) -> Json:
        if kind == "object":
            parts = schema.get("properties", {})
            return {key: self.of(part, key, deep + 1) for key, part in parts.items() if key in schema.get("required", parts)}
        if kind == "array":
            return [self.of(schema.get("items", {}), name, deep + 1) for _ in range(schema.get("minItems", 1))]
        if kind in {"integer", "number"}:
            return self._number(schema, kind)
        if kind == "boolean":
            return bool(self._draw(2))
        return None if kind == "null" else self._text(schema, name)

    def _number(self, schema: dict[str, Any], kind: str) -> Json:
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + ("exclusiveMinimum" in schema))
        high = schema.get("maximum", schema.get("exclusiveMaximum", low + 101) - ("exclusiveMaximum" in schema))
        drawn = low + self._draw(max(1, int(high - low) + 1))
        return int(drawn) if kind == "integer" else min(drawn, high)

    def _text(self, schema: dict[str, Any], name: str) -> str:
        said = f"Echo {self.mark}: {_shown(self.records[name])}." if name in self.records else f"echo {self.mark} {self._draw(1000)}"
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        return said.ljust(least, ".")[:most]

    def _draw(self, count: int) -> int:
        """A number below ``count``, each a function of the mark and of how many were drawn before."""
        self.drawn += 1
        return int(hashlib.sha256(f"{self.mark}\x1f{self.drawn}".encode()).hexdigest(), 16) % count

    def _referred(self, reference: str) -> Any:
        found = self.root
        for part in reference.removeprefix("#/").split("/"):
            found = found.get(part, {}) if isinstance(found, dict) else {}
        return found
