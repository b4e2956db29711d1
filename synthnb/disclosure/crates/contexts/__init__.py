"""JSON-LD contexts that are brought along, so that what is written here can be read without a network."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

__all__ = ["BUNDLED", "bundled_context"]

BUNDLED = {"https://w3id.org/ro/crate/1.3/context": "ro-crate-1.3.jsonld"}
"""Files here by the address that they are the copy of."""


def bundled_context(address: str) -> dict[str, Any]:
    """Return the context of an address.

    Raises
    ------
    KeyError
        It isn't brought along.
    """
    text = files("synthnb.disclosure.crates.contexts").joinpath(BUNDLED[address]).read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content
