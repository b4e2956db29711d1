"""A generator's file: one JSON and arrays of numbers in a ZIP.

::

    generator.json           schema, engine, recipes, versions, each part's plain data
    fitted/NAME.npy          the engine's arrays
    layers/0/NAME.npy        the outermost layer's arrays

Every array's header is held against its entry's size before it is read, and object arrays are
refused, so that a hostile file can neither run code nor ask for memory it doesn't fill.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb import plugins
from synthnb._canonical import canonical
from synthnb._files import write_atomically
from synthnb.engines.base import State, versions
from synthnb.engines.generator import Generator
from synthnb.errors import OptionError, RecipeError, RecordError, reason, shown
from synthnb.recipes.recipe import Recipe

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines._layers import Layer

__all__ = ["SCHEMA", "checked_path", "layer_name", "read_generator", "read_layer", "write_generator"]

Array = np.ndarray[Any, Any]

SCHEMA = "synthnb.generator/1"
"""Name and major version of the file's shape."""

_JSON = "generator.json"
_MOST_JSON = 64 << 20
_MOST_BYTES = 16 << 30
_MOST_ENTRIES = 200_000
_DAY = (1980, 1, 1, 0, 0, 0)
_KINDS = "biufMm"


def checked_path(path: str | Path) -> Path:
    """Return the path of a generator's file.

    Raises
    ------
    OptionError
        It doesn't end in ``.synthgen``.
    """
    target = Path(path)
    if target.suffix != ".synthgen":
        raise OptionError(f"A generator is kept in a file that ends in .synthgen; got {shown(target.name)}.", fix="Choose such a name.")
    return target


def write_generator(generator: Generator, path: Path) -> None:
    """Write a generator's file whole or not at all.

    Raises
    ------
    StorageError
        It can't be written.
    """
    write_atomically(path, lambda temporary: temporary.write_bytes(to_bytes(generator)))


def to_bytes(generator: Generator) -> bytes:
    """The bytes of a generator's file; the same for the same generator."""
    parts: dict[str, State] = {"fitted": generator.fitted.to_state()}
    parts |= {f"layers/{number}": layer.to_state() for number, layer in enumerate(generator.layers)}
    body: dict[str, Json] = {
        "schema": SCHEMA,
        "engine": generator.engine,
        "recipe": generator.recipe.to_dict(),
        "inner": generator.inner.to_dict(),
        "versions": dict(generator.versions or versions()),
        "holds_real_values": generator.holds_real_values,
        "inputs": [dict(item) for item in generator.inputs],
        "layers": [layer_name(layer) for layer in generator.layers],
        "parts": {name: state.meta for name, state in parts.items()},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo(_JSON, _DAY), canonical(body), zipfile.ZIP_DEFLATED)
        for part, state in parts.items():
            for name, array in sorted(state.arrays.items()):
                file.writestr(zipfile.ZipInfo(f"{part}/{name}.npy", _DAY), _array_bytes(array), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _array_bytes(array: Array) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def read_generator(path: Path) -> Generator:
    """Read a generator's file.

    Raises
    ------
    RecordError
        It isn't one, is damaged, or is of a later major version.
    OptionError
        Its engine isn't installed.
    """
    try:
        with zipfile.ZipFile(path) as file:
            return _from_zip(file)
    except FileNotFoundError as error:
        raise RecordError(f"There is no file {shown(str(path))}.", fix="Check the path.") from error
    except (
        zipfile.BadZipFile,
        EOFError,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        AttributeError,
        RecipeError,
        MemoryError,
        RecursionError,
        OSError,
    ) as error:
        if isinstance(error, RecordError):
            raise
        raise RecordError(
            f"{shown(str(path))} isn't a generator's file, or is damaged: {reason(error)}.", fix="Save the generator again, or fit it anew."
        ) from error


def _from_zip(file: zipfile.ZipFile) -> Generator:
    entries = {entry.filename: entry for entry in file.infolist()}
    if len(entries) > _MOST_ENTRIES or sum(entry.file_size for entry in entries.values()) > _MOST_BYTES:
        raise ValueError("it would take too much memory")
    if entries[_JSON].file_size > _MOST_JSON:
        raise ValueError("its JSON is too large")
    body = json.loads(file.read(_JSON))
    _check_schema(body)
    parts = {name: State(meta, _arrays(file, entries, name)) for name, meta in body["parts"].items()}
    recipe, inner = Recipe.from_dict(body["recipe"]), Recipe.from_dict(body["inner"])
    if not body["layers"] and [column.name for column in recipe.columns] != [column.name for column in inner.columns]:
        raise ValueError("its two recipes name different columns")
    engine = plugins.load("synthnb.engines", str(body["engine"]))()
    return Generator(
        engine=str(body["engine"]),
        fitted=engine.restore(inner, parts["fitted"]),
        layers=tuple(read_layer(name, recipe, parts[f"layers/{number}"]) for number, name in enumerate(body["layers"])),
        recipe=recipe,
        inner=inner,
        versions={str(name): str(version) for name, version in body["versions"].items()},
        inputs=tuple(_input(item) for item in body["inputs"]),
    )


def _input(item: dict[str, Any]) -> dict[str, Json]:
    """What a file says of a frame that was learnt, in the types a run has."""
    told: dict[str, Json] = {"name": str(item["name"]), "columns": [str(name) for name in item["columns"]]}
    if isinstance(item.get("origin"), dict):  # what is known of where its rows came from
        told["origin"] = {str(key): value for key, value in item["origin"].items() if isinstance(value, (str, int, float))}
    return told | ({"rows": int(item["rows"]), "digest": str(item["digest"])} if "digest" in item else {})


def _check_schema(body: Any) -> None:
    schema = str(body.get("schema", "")) if isinstance(body, dict) else ""
    if schema != SCHEMA:
        later = schema.startswith("synthnb.generator/")
        raise RecordError(
            f"A file of schema {SCHEMA} was expected; it says {shown(schema)}.",
            fix="Update synthnb to read it." if later else "Choose a file that a generator's `save` wrote.",
        )


def _arrays(file: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], part: str) -> dict[str, Array]:
    start = f"{part}/"
    return {
        name.removeprefix(start).removesuffix(".npy"): _array(file, entry)
        for name, entry in entries.items()
        if name.startswith(start) and name.endswith(".npy") and "/" not in name.removeprefix(start)
    }


def _array(file: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Array:
    """One array, read only if its header says what its entry holds."""
    with file.open(entry) as stream:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise ValueError(f"{entry.filename} isn't in numpy's format 1.0")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
        count = int(np.prod(shape, dtype=object)) if shape else 1
        if dtype.kind not in _KINDS or dtype.names or fortran or any(size < 0 for size in shape):
            raise ValueError(f"{entry.filename} isn't an array of plain numbers")
        content = stream.read()
    if len(content) != count * dtype.itemsize:
        raise ValueError(f"{entry.filename} has another size than its header says")
    return np.frombuffer(content, dtype=dtype).reshape(shape).copy()


_LAYERS = {
    "identifiers": "synthnb.engines._layers.identifiers",
    "rules": "synthnb.engines._layers.rules",
    "survival": "synthnb.engines._layers.survival",
}


def layer_name(layer: Layer) -> str:
    """Return the word a file knows a layer by."""
    module = type(layer).__module__
    return next(name for name, home in _LAYERS.items() if module.startswith(home))


def read_layer(name: str, recipe: Recipe, state: State) -> Layer:
    """Return the layer of that name from what its `to_state` kept.

    Raises
    ------
    ValueError
        There is no such layer.
    RecordError
        The state isn't one of its.
    """
    from importlib import import_module

    if name not in _LAYERS:
        raise ValueError(f"it has a layer {shown(name)} that this version doesn't know")
    module = import_module(_LAYERS[name])
    layer: Layer = module.restore(state) if name == "rules" else module.restore(recipe, state)
    return layer
