"""What Anthropic and Google call the same things: their requests as OpenAI's, and replies dressed as theirs."""

from __future__ import annotations

from typing import Any, Literal

Dialect = Literal["openai", "anthropic", "google"]


def dialect_of(path: str) -> Dialect | None:
    """Whose chat call a path is."""
    path = path.partition("?")[0]
    if path.endswith("/chat/completions"):
        return "openai"
    if path.endswith("/v1/messages"):
        return "anthropic"
    return "google" if path.endswith(":generateContent") else None


def key_of(headers: dict[str, str]) -> str:
    """The key that a call brings, in whichever header."""
    return headers.get("x-api-key") or headers.get("x-goog-api-key") or headers.get("authorization", "").removeprefix("Bearer ")


def as_openai(dialect: Dialect, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """A request's body as OpenAI's would be."""
    if dialect == "anthropic":
        messages = [{"role": "system", "content": _text(body["system"])}] if body.get("system") else []
        messages += [{"role": message["role"], "content": _text(message["content"])} for message in body["messages"]]
        rest = {name: value for name, value in body.items() if name != "system"}
        return {**rest, "messages": messages, "stop": body.get("stop_sequences")}
    if dialect == "google":
        settings = body.get("generationConfig", {})
        system = body.get("systemInstruction") or {}
        parts = [("system", system)] if system else []
        parts += [(content["role"], content) for content in body["contents"]]
        return {
            **settings,
            "model": path.rpartition("/")[2].partition(":")[0],
            "messages": [{"role": role, "content": _text(content["parts"])} for role, content in parts],
            "max_tokens": settings.get("maxOutputTokens"),
            "stop": settings.get("stopSequences"),
        }
    return body


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def dressed(dialect: Dialect, body: dict[str, Any]) -> dict[str, Any]:
    """OpenAI's reply as the dialect's would be."""
    if dialect == "openai" or "choices" not in body:
        return body
    choice, usage = body["choices"][0], body.get("usage") or {}
    text, cut = choice["message"]["content"], choice["finish_reason"] == "length"
    if dialect == "anthropic":
        return {
            "id": body["id"],
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [{"type": "text", "text": text}],
            "stop_reason": "max_tokens" if cut else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": usage.get("prompt_tokens", 0), "output_tokens": usage.get("completion_tokens", 0)},
        }
    counted = {"promptTokenCount": usage.get("prompt_tokens"), "candidatesTokenCount": usage.get("completion_tokens")}
    candidate = {
        "content": {"role": "model", "parts": [{"text": text}]},
        "finishReason": "MAX_TOKENS" if cut else "STOP",
        "index": 0,
    }
    return {"candidates": [candidate], "usageMetadata": counted, "modelVersion": body["model"], "responseId": body["id"]}
