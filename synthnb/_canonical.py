"""Canonical JSON (RFC 8785) and the versioned digest taken over it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Json = Any
"""A value made of None, bool, int, float, str, list and dict with string keys."""

_CHUNK = 1 << 20


def canonical(value: Json) -> bytes:
    """The one byte string that stands for a JSON value (RFC 8785)."""
    import rfc8785

    return rfc8785.dumps(value)


def digest(value: Json) -> str:
    """``"sha256:<hex>"`` over the canonical form of a JSON value."""
    return digest_bytes(canonical(value))


def digest_bytes(data: bytes) -> str:
    """``"sha256:<hex>"`` over bytes as they are."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def digest_file(path: str | os.PathLike[str]) -> str:
    """``"sha256:<hex>"`` over a file's bytes, read in pieces."""
    sha = hashlib.sha256()
    with Path(path).open("rb") as file:
        while piece := file.read(_CHUNK):
            sha.update(piece)
    return f"sha256:{sha.hexdigest()}"


def without_nulls(mapping: Mapping[str, Json]) -> dict[str, Json]:
    """A shallow copy of a mapping without the keys that hold nothing."""
    return {key: value for key, value in mapping.items() if value is not None}


def without(mapping: Mapping[str, Json], *keys: str) -> dict[str, Json]:
    """A shallow copy of a mapping with some keys left out."""
    return {key: value for key, value in mapping.items() if key not in keys}
