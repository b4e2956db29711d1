"""What a stand-in server writes: a function of the request alone, so that runs can be compared byte for byte.

A reply follows the request's JSON Schema if it has one; it has a numbered line for each numbered line of the prompt
(or as many as the prompt asks for); otherwise it is a sentence of words drawn by a digest of prompt and seed.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from typing import Any

VOCABULARY = (
    "patient visit stable mild headache reports sleep better after dose review clinic today advised rest water walking "
    "follow-up weeks pressure normal lungs clear diet discussed family history noted tablets twice daily improved pain knee"
)
WORDS = VOCABULARY.split()
NUMBERED = re.compile(r"(?m)^\s*(\d{1,4})[.):]\s")
ASKED = re.compile(r"(?i)\b(?:write|give|return|answer with|exactly)\s+(\d{1,3})\s+(?:\w+[\s-]+){0,3}?(?:lines|rows|records|texts|items)\b")


def prompt_of(body: dict[str, Any]) -> str:
    """Everything said in a request, in one string."""
    parts = [body.get("system", "")] + [message.get("content", "") for message in body.get("messages", [])]
    return "\n".join(part if isinstance(part, str) else json.dumps(part) for part in parts if part)


def draw_of(body: dict[str, Any]) -> random.Random:
    """The generator that belongs to a request."""
    key = json.dumps([prompt_of(body), body.get("seed"), body.get("temperature")])
    return random.Random(hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest())


def answer(body: dict[str, Any]) -> str:
    """The text that belongs to a request."""
    return written(body, draw_of(body))


def repeated(body: dict[str, Any]) -> str:
    """A text of the right form that is the same for every request."""
    return written(body, random.Random(0))


def written(body: dict[str, Any], draw: random.Random) -> str:
    schema = schema_of(body)
    if schema is not None:
        return json.dumps(instance(schema, draw, schema), ensure_ascii=False)
    said = str((body.get("messages") or [{}])[-1].get("content", ""))
    asked = ASKED.search(said)
    numbers = [str(number) for number in range(1, int(asked[1]) + 1)] if asked else NUMBERED.findall(said)
    if numbers:
        return "\n".join(f"{number}. {sentence(draw)}" for number in numbers)
    return sentence(draw)


def schema_of(body: dict[str, Any]) -> dict[str, Any] | None:
    """The JSON Schema that a request wants its reply to follow."""
    wanted = body.get("response_format") or {}
    found = wanted.get("json_schema", {}).get("schema") if wanted.get("type") == "json_schema" else None
    return found if isinstance(found, dict) else None


def sentence(draw: random.Random) -> str:
    words = [draw.choice(WORDS) for _ in range(draw.randint(8, 16))]
    return f"{' '.join(words).capitalize()} {draw.randrange(10**6):06d}."


def instance(schema: dict[str, Any], draw: random.Random, root: dict[str, Any]) -> Any:
    """A value that follows the common parts of JSON Schema."""
    if "$ref" in schema:
        found: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return instance(found, draw, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return draw.choice(schema["enum"])
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return instance(draw.choice(schema[choice]), draw, root)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    return _typed(kind[0] if isinstance(kind, list) else kind, schema, draw, root)


def _typed(kind: str, schema: dict[str, Any], draw: random.Random, root: dict[str, Any]) -> Any:
    if kind == "object":
        return {name: instance(part, draw, root) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        least = schema.get("minItems", 1)
        count = draw.randint(least, max(least, schema.get("maxItems", least + 1)))
        return [instance(schema.get("items", {}), draw, root) for _ in range(count)]
    if kind == "integer":
        low = schema.get("minimum", 0)
        return draw.randint(low, schema.get("maximum", low + 100))
    if kind == "number":
        low = schema.get("minimum", 0.0)
        return round(draw.uniform(low, schema.get("maximum", low + 100.0)), 3)
    if kind == "boolean":
        return draw.random() < 0.5
    if kind == "null":
        return None
    text = sentence(draw)
    return text.ljust(schema.get("minLength", 0), "a")[: schema.get("maxLength", len(text))]
