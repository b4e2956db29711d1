"""The header of a GGUF file: what a model says about itself, read without loading it.

::

    "GGUF"  version u32  tensors u64  entries u64
    entry:  key (u64 length, bytes)  type u32  value      … entries times
    …       tensors, which are not read

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import IO, Any

from synthnb.errors import ModelFileError, shown

__all__ = ["quantisation", "read_header"]

_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
_LONGEST = 1 << 20
_MOST_ENTRIES = 4096
_MOST_ITEMS = 1 << 24
_FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L",
    14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 32: "BF16",
}  # fmt: skip


class _Damaged(Exception):
    """The bytes don't follow the format."""


def read_header(path: Path) -> dict[str, Any]:
    """Return the entries of a GGUF file's header; lists are left out.

    Raises
    ------
    ModelFileError
        The file isn't a GGUF file, or its header is damaged or cut off.
    """
    with path.open("rb") as file:
        if (magic := file.read(4)) != b"GGUF":
            raise ModelFileError(
                f"{shown(path.name)} isn't a GGUF model: it begins with {shown(magic)}.", fix="Pass the path of a .gguf file."
            )
        try:
            return _entries(file)
        except (_Damaged, struct.error, UnicodeDecodeError, MemoryError, OverflowError) as error:
            raise ModelFileError(f"The header of {shown(path.name)} is damaged or cut off.", fix="Get a fresh copy.") from error


def quantisation(header: dict[str, Any]) -> str:
    """How the weights are stored, such as ``Q4_1``; empty if the header doesn't say."""
    return _FILE_TYPES.get(header.get("general.file_type", -1), "")


def _entries(file: IO[bytes]) -> dict[str, Any]:
    version, _tensors, count = _unpack(file, "<IQQ")
    if not 2 <= version <= 3 or count > _MOST_ENTRIES:
        raise _Damaged
    found = {}
    for _ in range(count):
        key = _text(file)
        value = _value(file, _unpack(file, "<I")[0])
        if value is not None:
            found[key] = value
    return found


def _unpack(file: IO[bytes], form: str) -> tuple[Any, ...]:
    return struct.unpack(form, file.read(struct.calcsize(form)))


def _text(file: IO[bytes]) -> str:
    length = _unpack(file, "<Q")[0]
    if length > _LONGEST:
        raise _Damaged
    data = file.read(length)
    if len(data) < length:
        raise _Damaged
    return data.decode("utf-8", "replace")


def _value(file: IO[bytes], kind: int) -> Any:
    if kind in _SCALARS:
        return _unpack(file, _SCALARS[kind])[0]
    if kind == _STRING:
        return _text(file)
    if kind != _ARRAY:
        raise _Damaged
    _skip_list(file)
    return None


def _skip_list(file: IO[bytes]) -> None:
    kind, count = _unpack(file, "<IQ")
    if count > _MOST_ITEMS:
        raise _Damaged
    if kind in _SCALARS:
        file.seek(struct.calcsize(_SCALARS[kind]) * count, 1)
        return
    if kind != _STRING:
        raise _Damaged
    for _ in range(count):
        length = _unpack(file, "<Q")[0]
        if length > _LONGEST:
            raise _Damaged
        file.seek(length, 1)
