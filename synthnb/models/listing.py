"""What there is to choose from: models on this machine, servers that answer here, vendors, and plug-ins."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from synthnb.errors import OptionError
from synthnb.models.base import LARGEST_CONTEXT
from synthnb.models.downloads import DEFAULT, DOWNLOADS
from synthnb.models.keys import VARIABLES, find_key

if TYPE_CHECKING:
    from synthnb._canonical import Json

__all__ = ["FORMS", "VENDORS", "rows_of", "vendor_rows"]

VENDORS = {"anthropic": "Anthropic", "google": "Google", "openai": "OpenAI"}
"""Hosted vendors, by the first part of their models' names."""
_SERVERS = {
    "llama-server": "llama-server",
    "lmstudio": "LM Studio",
    "ollama": "Ollama",
    "server": "the server of the setting `server`",
    "vllm": "vLLM",
}
FORMS = {name: f"{name}/MODEL" for name in [*VENDORS, *_SERVERS]} | {"replay": "replay:FILE"}
"""By entry point, how its models are named."""
_KIND = {form: name for name, form in FORMS.items()}
_OWNERS = {"vllm": "vllm", "llama-server": "llamacpp"}
"""What a server's list says of its models' owner, where its port is one that anything may listen on."""
_PATIENCE = 0.3
_MOST_BYTES = 1 << 20
_MOST_SERVED = 100


def rows_of(names: Sequence[str]) -> list[dict[str, Json]]:
    """A row for each name, with the models of servers that answer in place of the servers' own."""
    # Each thread sees the settings of a `config_context` around the call.
    with ThreadPoolExecutor(max_workers=10) as pool:
        rows = [done.result() for done in [pool.submit(copy_context().run, _rows, name) for name in names]]
    return [row for several in rows for row in several]


def vendor_rows(provider: str) -> list[dict[str, Json]]:
    """A row for each model of a vendor that the installed snapshot of prices knows."""
    if provider not in VENDORS:
        raise OptionError.from_choice("A provider", provider, list(VENDORS))
    from synthnb.models.prices import list_prices

    key = _key(provider)
    return [
        _listed(
            f"{provider}/{model}",
            VENDORS[provider],
            installed=bool(key),
            locality="hosted",
            context=price.context,
            price=(price.price_in, price.price_out),
            key=key,
            note=f"price from {price.source}",
        )
        for model, price in list_prices(provider)
    ]


def _rows(name: str) -> list[dict[str, Json]]:
    kind = _KIND.get(name, name)
    if kind in _SERVERS:
        return _served(kind, name)
    if kind in VENDORS:
        return [_vendor(kind, name)]
    if name in DOWNLOADS or name == "local":
        return [_pulled(name)]
    if name == "echo":
        from synthnb.models.echo import Echo

        return [_listed(name, Echo.info.name, installed=True, size=0, licence=Echo.info.licence, price=(0.0, 0.0))]
    if kind == "replay":
        return [_listed(name, "replies recorded in a file", installed=True, price=(0.0, 0.0))]
    return [_listed(name, "from a plug-in", installed=True, locality=None)]


def _pulled(name: str) -> dict[str, Json]:
    known = DOWNLOADS.get(name, DOWNLOADS[DEFAULT])
    pinned = known.pinned
    return _listed(
        name,
        f"the same as {DEFAULT}" if name == "local" else pinned.title,
        installed=pinned.path.is_file() and pinned.path.stat().st_size == pinned.member_size,
        size=pinned.member_size,
        licence=pinned.licence,
        context=min(known.context, LARGEST_CONTEXT),
        price=(0.0, 0.0),
    )


def _vendor(kind: str, name: str) -> dict[str, Json]:
    key = _key(kind)
    note = "" if key else f"set {VARIABLES[kind][0]}, or use %synth key {kind}"
    if find_spec("pydantic_ai") is None:
        note = "needs: pip install 'synthnb[remote]'"
    return _listed(name, f"any model of {VENDORS[kind]}", installed=bool(key), locality="hosted", key=key, note=note)


def _key(provider: str) -> str:
    """Where a provider's key is found; empty if it isn't."""
    try:
        found = find_key(provider, patience=_PATIENCE)
    except OptionError:
        return ""
    return found.key.source if found.key else ""


def _served(kind: str, name: str) -> list[dict[str, Json]]:
    """The models of a kind of server that answers on this machine, or one row that says that none does."""
    from synthnb.models.remote.addresses import default_base, is_loopback

    base = default_base(kind)
    title = f"any model of {_SERVERS[kind]}"
    if not base:
        return [_listed(name, title, installed=False, locality=None, note="set SYNTHNB_SERVER to its address")]
    if not is_loopback(base):
        return [_listed(name, title, installed=True, locality="hosted", note=f"at {base}, which wasn't asked")]
    entries = list(_entries(base, kind))[:_MOST_SERVED]
    if not entries:
        return [_listed(name, title, installed=False, locality="local-server", price=(0.0, 0.0), note=f"nothing answers at {base}")]
    return [
        _listed(
            f"{kind}/{entry['id']}",
            f"served by {_SERVERS[kind]}",
            installed=True,
            locality="local-server",
            context=entry.get("max_model_len") if isinstance(entry.get("max_model_len"), int) else None,
            price=(0.0, 0.0),
            note=f"at {base}",
        )
        for entry in entries
    ]


def _entries(base: str, kind: str) -> Iterable[dict[str, Any]]:
    from synthnb.models.remote.describing import listed_by

    for entry in listed_by(_fetched(base)):
        if entry.get("owned_by") == _OWNERS.get(kind, entry.get("owned_by")):
            yield entry


def _fetched(base: str) -> dict[str, Any] | None:
    """A server's list of models; asked with the standard library, which reads no proxy from the environment."""
    parts = urlsplit(base)
    opened = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = opened(parts.hostname or "", parts.port, timeout=_PATIENCE)
    try:
        connection.request("GET", f"{parts.path}/models", headers={"Accept": "application/json"})
        found = json.loads(connection.getresponse().read(_MOST_BYTES))
    except (OSError, http.client.HTTPException, ValueError, RecursionError):
        return None
    finally:
        connection.close()
    return found if isinstance(found, dict) else None


def _listed(
    name: str,
    title: str,
    *,
    installed: bool,
    size: int | None = None,
    licence: str | None = None,
    locality: str | None = "in-process",
    context: int | None = None,
    price: tuple[float | None, float | None] = (None, None),
    key: str | None = None,
    note: str = "",
) -> dict[str, Json]:
    return {
        "name": name,
        "title": title,
        "installed": installed,
        "size": size,
        "licence": licence,
        "locality": locality,
        "context": context,
        "price_in": price[0],
        "price_out": price[1],
        "key": key,
        "note": note,
    }
