"""What a server says of a model: whether it serves it, its licence, its context."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from synthnb.errors import ModelMissingError, shown
from synthnb.models.base import ModelInfo
from synthnb.models.families import family_of
from synthnb.models.prices import find_price
from synthnb.models.remote.addresses import place_of
from synthnb.models.remote.wire import model_name

if TYPE_CHECKING:
    from synthnb.models.remote.addresses import Address

__all__ = ["Fetch", "described", "listed_by"]

Fetch = Callable[[str, dict[str, Any] | None], dict[str, Any] | None]
"""Gets the JSON object at an address, or posts one to it; None where there is none."""

_PROVIDERS = {"ollama": "Ollama", "vllm": "vLLM", "llama-server": "llama-server", "lmstudio": "LM Studio"}
_OLLAMA_CONTEXT = 4096  # what Ollama opens a model with unless told otherwise; it cuts longer prompts without a word
_MOST_LISTED = 12
_BLOB = re.compile(r"(?m)^FROM\s+\S*sha256[-:]([0-9a-f]{64})\s*$")
_NUM_CTX = re.compile(r"(?m)^num_ctx\s+(\d+)\s*$")


def described(address: Address, fetch: Fetch) -> ModelInfo:
    """What there is to say about a served model.

    Raises
    ------
    ModelMissingError
        A server that lists all it serves doesn't serve it.
    """
    served = listed_by(fetch(f"{address.base}/models", None))
    entry = _entry(address, served)
    # llama-server answers to any name; what it serves is in its list.
    name = model_name(served[0]["id"]) if address.dialect == "llama-server" and len(served) == 1 else address.model
    local = address.local
    info = ModelInfo(
        id=address.name,
        name=name,
        provider=_PROVIDERS.get(address.dialect, "OpenAI-compatible server" if local else ""),
        licence="",
        locality="local-server" if local else "hosted",
        context=_whole(entry.get("max_model_len")) or _whole(entry.get("context_length")),
        family=family_of(name),
        schemas=True,
        grammars=address.dialect in {"vllm", "llama-server"},
        at_once=address.at_once,
        price_in=0.0 if local else None,
        price_out=0.0 if local else None,
    )
    told = _told(info, address, fetch)
    # Without the digest of its weights, a model's name says what it is on that server only.
    return told if told.weights_digest else replace(told, provider=_placed(told.provider, address))


def _placed(kind: str, address: Address) -> str:
    place = place_of(address.base)
    return f"{kind} at {place}" if kind else place


def _told(info: ModelInfo, address: Address, fetch: Fetch) -> ModelInfo:
    """What the kind of server tells beyond its list."""
    if address.dialect == "ollama":
        return _by_ollama(info, fetch(f"{address.root}/api/show", {"model": address.model}) or {})
    if address.dialect == "llama-server":
        return _by_llama_server(info, fetch(f"{address.root}/props", None) or {})
    if address.dialect == "lmstudio":
        return _by_lmstudio(info, address, fetch(f"{address.root}/api/v0/models", None))
    return info if address.local else _priced(info, address)


def listed_by(answer: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The models in a server's list; empty if it has none."""
    found = (answer or {}).get("data")
    return [entry for entry in found if isinstance(entry, dict) and isinstance(entry.get("id"), str)] if isinstance(found, list) else []


def _entry(address: Address, served: list[dict[str, Any]]) -> dict[str, Any]:
    """The model's entry in the list; a server with a whole list that lacks it is asked no further."""
    for entry in served:
        if entry["id"] in {address.model, f"{address.model}:latest"}:
            return entry
    if served and address.dialect in {"ollama", "vllm", "lmstudio"}:
        names = sorted(entry["id"] for entry in served)
        more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
        pull = f"Run `ollama pull {address.model}`, or choose" if address.dialect == "ollama" else "Choose"
        raise ModelMissingError(
            f"{_PROVIDERS[address.dialect]} at {address.base} serves no model {shown(address.model)}.",
            fix=f"{pull} one of {', '.join(names[:_MOST_LISTED])}{more}.",
        )
    return {}


def _by_ollama(info: ModelInfo, told: dict[str, Any]) -> ModelInfo:
    """What Ollama's ``/api/show`` adds: licence, context, quantisation, and the digest in the name of the weights' file."""
    header = told.get("model_info") if isinstance(told.get("model_info"), dict) else {}
    details = told.get("details") if isinstance(told.get("details"), dict) else {}
    assert isinstance(header, dict)
    assert isinstance(details, dict)
    asked = _NUM_CTX.search(_line(told.get("parameters"), whole=True))
    trained = _whole(header.get(f"{header.get('general.architecture')}.context_length"))
    blob = _BLOB.search(_line(told.get("modelfile"), whole=True))
    return replace(
        info,
        licence=_line(header.get("general.license")) or _line(told.get("license")),
        developer=_line(header.get("general.organization")),
        quantisation=_line(details.get("quantization_level")),
        family=info.family or family_of(_line(details.get("family"))),
        context=int(asked[1]) if asked else min(trained, _OLLAMA_CONTEXT) if trained else None,
        weights_digest=f"sha256:{blob[1]}" if blob else "",
    )


def _by_llama_server(info: ModelInfo, told: dict[str, Any]) -> ModelInfo:
    settings = told.get("default_generation_settings")
    context = _whole(settings.get("n_ctx")) if isinstance(settings, dict) else None
    slots = _whole(told.get("total_slots"))
    # More calls than slots only wait at the server; a few do so that no slot is ever idle.
    return replace(info, context=context or info.context, at_once=min(info.at_once, slots + 2) if slots else info.at_once)


def _by_lmstudio(info: ModelInfo, address: Address, told: dict[str, Any] | None) -> ModelInfo:
    entry = next((entry for entry in listed_by(told) if entry["id"] == address.model), {})
    context = _whole(entry.get("loaded_context_length")) or _whole(entry.get("max_context_length"))
    return replace(
        info,
        context=context,
        quantisation=_line(entry.get("quantization")),
        developer=_line(entry.get("publisher")),
        family=info.family or family_of(_line(entry.get("arch"))),
    )


def _priced(info: ModelInfo, address: Address) -> ModelInfo:
    found = find_price(address.model, address=address.base)
    if found is None:
        return info
    return replace(info, price_in=found.price_in, price_out=found.price_out, context=info.context or found.context)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 31 else None


def _line(value: object, *, whole: bool = False) -> str:
    """A server's text: all of it, or its first line, cut."""
    text = value if isinstance(value, str) else ""
    return text if whole else (text.strip().splitlines() or [""])[0].strip()[:120]
