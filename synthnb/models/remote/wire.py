"""Requests and replies as an OpenAI-compatible server takes and gives them (chat completions, streamed).

::

    data: {"choices": [{"delta": {"content": "Seen "}}]}             pieces of the text
    data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}      its end; a stream without one was cut off
    data: {"choices": [], "usage": {"prompt_tokens": 12, …}}         what it cost
    data: [DONE]
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from synthnb.models.base import Reply, Request
from synthnb.models.remote.faults import Lasting, Passing, said_by

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.models.keys import Key

__all__ = ["OPTIONAL", "Dialect", "Pieces", "body_of", "estimated_tokens", "model_name"]

Dialect = Literal["openai", "ollama", "vllm", "llama-server", "lmstudio"]
"""Whose additions to the protocol a server understands."""

OPTIONAL = (
    "response_format",
    "structured_outputs",
    "grammar",
    "chat_template_kwargs",
    "repeat_penalty",
    "repetition_penalty",
    "stream_options",
    "seed",
    "stop",
    "top_p",
    "temperature",
    "max_tokens",
)
"""What a request can do without when a server refuses it."""

_PATH = re.compile(r"/|~|\.{1,2}[\\/]|[A-Za-z]:[\\/]")
_RANDOM_SEED = 0xFFFFFFFF  # llama.cpp draws its own seed when given this one
_CHARACTERS_PER_TOKEN = 4
_MOST_CHARACTERS = 64  # for each token asked for; longer than any token there is, on average
_SPARE_CHARACTERS = 65_536
_LONGEST_NAME = 200


def body_of(request: Request, model: str, dialect: Dialect, without: frozenset[str]) -> dict[str, Json]:
    """The body of a call; parameters in ``without`` are left out."""
    system = [{"role": "system", "content": _clean(request.system)}] if request.system else []
    body: dict[str, Json] = {
        "model": model,
        "messages": [*system, {"role": "user", "content": _clean(request.prompt)}],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "seed": request.seed % _RANDOM_SEED,
        "stream": True,
        "stream_options": {"include_usage": True},
        **_additions(request, dialect),
    }
    if request.stop:
        body["stop"] = list(request.stop)
    if request.schema is not None:
        schema = dict(request.schema)
        strict = {"strict": True} if _is_strict(schema) else {}
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema, **strict}}
    if "max_tokens" in without:
        body["max_completion_tokens"] = request.max_tokens
    return {name: value for name, value in body.items() if name not in without}


def _additions(request: Request, dialect: Dialect) -> dict[str, Json]:
    """What some servers understand beyond OpenAI's protocol."""
    found: dict[str, Json] = {}
    if dialect == "llama-server":
        found |= {"grammar": request.grammar} if request.grammar else {}
        found |= {"repeat_penalty": request.repeat_penalty} if request.repeat_penalty != 1.0 else {}
    if dialect == "vllm":
        found |= {"structured_outputs": {"grammar": request.grammar}} if request.grammar else {}
        found |= {"repetition_penalty": request.repeat_penalty} if request.repeat_penalty != 1.0 else {}
    if dialect in {"llama-server", "vllm"}:
        found["chat_template_kwargs"] = {"enable_thinking": False}
    return found


def _is_strict(schema: Json) -> bool:
    """Whether OpenAI takes a schema as strict: each of its objects names all it may hold, and requires it.

    Rules: https://platform.openai.com/docs/guides/structured-outputs. Other servers follow a schema without the mark.
    """
    if isinstance(schema, list):
        return all(_is_strict(part) for part in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        whole = schema.get("additionalProperties") is False and set(schema.get("properties", {})) == set(schema.get("required", []))
        return whole and all(_is_strict(part) for part in schema.get("properties", {}).values())
    return all(_is_strict(part) for name, part in schema.items() if name not in {"enum", "const", "default"})


def _clean(text: str) -> str:
    """A text that UTF-8 can carry: halves of surrogate pairs become question marks."""
    return text.encode("utf-8", "replace").decode()


def estimated_tokens(text: str) -> int:
    """About how many tokens a text has, where a server doesn't count them: one for four bytes of UTF-8."""
    return -(-len(text.encode("utf-8", "replace")) // _CHARACTERS_PER_TOKEN)


@dataclass
class Pieces:
    """A reply as it comes in."""

    request: Request
    """What was asked."""
    asked: str
    """The model asked for, in case the reply doesn't name one."""
    key: Key | None = None
    """What the server was shown; it is blotted out before anything is cut."""
    done: bool = False
    """The server said that it is over."""
    estimated: bool = False
    """The server didn't count the tokens, so `reply` estimated them."""
    _text: list[str] = field(default_factory=list)
    _length: int = 0
    _finish: str = ""
    _model: str = ""
    _fingerprint: str = ""
    _usage: dict[str, Any] = field(default_factory=dict)

    def line(self, line: str) -> None:
        """Take one line of the stream.

        Raises
        ------
        Passing
            It isn't JSON, or it is an error of the server's.
        Lasting
            It asks for a tool, or the text has grown far beyond what was asked for.
        """
        if not line.startswith("data:"):
            return
        data = line[5:].strip()
        if data == "[DONE]":
            self.done = True
        elif data:
            self.take(_read(data))

    def take(self, event: Mapping[str, Any]) -> None:
        """Take one event of the stream, or a reply that came as a whole."""
        if event.get("error"):
            raise Passing(f"the server broke off: {said_by(json.dumps(event).encode(), self._scrubbed).words}")
        self._model = model_name(self._short(event.get("model"))) or self._model
        self._fingerprint = self._short(event.get("system_fingerprint")) or self._fingerprint
        if isinstance(usage := event.get("usage"), dict):
            self._usage = usage
        choices = event.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            self._choice(choices[0])

    def _choice(self, choice: Mapping[str, Any]) -> None:
        part = choice.get("delta") or choice.get("message") or {}
        content = part.get("content") if isinstance(part, dict) else None
        if content is not None and not isinstance(content, str):
            raise Passing("the reply's text isn't a string")
        if content:
            self._text.append(content)
            self._length += len(content)
        if self._length > self.request.max_tokens * _MOST_CHARACTERS + _SPARE_CHARACTERS:
            raise Lasting(f"the reply went on far beyond the {self.request.max_tokens:,} tokens asked for")
        self._finish = self._short(choice.get("finish_reason")) or self._finish

    def _short(self, value: object) -> str:
        """A name that the server gives; empty if it isn't a text."""
        return self._scrubbed(_clean(value))[:_LONGEST_NAME] if isinstance(value, str) else ""

    def _scrubbed(self, said: str) -> str:
        return said if self.key is None else self.key.scrub_said(said)

    @property
    def begun(self) -> bool:
        """Some of the text, or its end, is there."""
        return bool(self._text or self._finish)

    def reply(self) -> Reply:
        """The whole reply.

        Raises
        ------
        Passing
            It was cut off.
        Lasting
            The provider held it back.
        """
        if not self._finish and not (self.done and self._text):
            raise Passing("the reply broke off" if self._text else "the server sent no reply")
        if self._finish in {"content_filter", "tool_calls", "function_call"}:
            raise Lasting(f"the provider ended the reply with {self._finish!r}")
        text = _clean("".join(self._text))
        text = text if self.key is None else self.key.scrub(text)
        read, wrote = (_count(self._usage.get(name)) for name in ("prompt_tokens", "completion_tokens"))
        self.estimated = read is None or wrote is None
        return Reply(
            text=text,
            tokens_in=estimated_tokens(self.request.system + self.request.prompt) if read is None else read,
            tokens_out=estimated_tokens(text) if wrote is None else wrote,
            finish="length" if self._finish == "length" else "stop",
            model=self._model or self.asked,
            fingerprint=self._fingerprint,
        )


def _read(data: str) -> dict[str, Any]:
    try:
        event = json.loads(data)
    except (ValueError, RecursionError):
        raise Passing("the server's reply isn't JSON") from None
    if not isinstance(event, dict):
        raise Passing("the server's reply isn't a JSON object")
    return event


def model_name(served: str) -> str:
    """A model's name as a server gives it; of a file's path, which says more about the machine than about the model, the last part."""
    return re.split(r"[\\/]", served)[-1] if _PATH.match(served) else served


def _count(value: object) -> int | None:
    """A count of tokens that can be one; None otherwise."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 40 else None
