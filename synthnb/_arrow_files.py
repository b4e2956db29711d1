"""Parquet and Arrow files: written and read a part at a time, with words of ours in their metadata.

What pandas needs to read a table back stays. Other notes that a frame or a schema carries, such as pandas' ``attrs``, are
left out: nobody looked at them. What is ours is text under keys of our own, which other readers pass over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._blocks import BLOCK, blocks_digest
from synthnb._optional import need

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ARROW", "PARQUET", "arrow_parts", "digest_of", "read_metadata", "read_names", "read_parts", "write_parts"]

PARQUET = (".parquet",)
ARROW = (".arrow", ".feather")
"""Two names of one form: Arrow's own file, of which Feather is the second version."""
_GROUP = 2 * BLOCK
"""Rows in a row group: whoever reads one needs memory for one."""


def arrow_parts(frame: Any) -> tuple[Any, Iterator[Any]]:
    """Return an Arrow schema for a pandas, polars or Arrow table with unique strings for names, and its rows in parts.

    Raises
    ------
    ValueError, TypeError
        Arrow has no type for a column.
    MissingExtraError
        There is no pyarrow.
    """
    pa = need("pyarrow", extra="parquet")
    if hasattr(frame, "iloc"):
        schema = pa.Schema.from_pandas(frame)
        return schema, _pandas_parts(pa, frame, schema)
    table = (frame if hasattr(frame, "to_batches") else frame.to_arrow()).unify_dictionaries()
    return table.schema, (table.slice(start, _GROUP) for start in range(0, max(len(table), 1), _GROUP))


def _pandas_parts(pa: Any, frame: pd.DataFrame, schema: Any) -> Iterator[Any]:
    for start in range(0, max(len(frame), 1), _GROUP):
        yield pa.Table.from_pandas(frame.iloc[start : start + _GROUP], schema=schema)


def digest_of(schema: Any, parts: Iterator[Any]) -> str:
    """Return the digest of the content of Arrow tables that come one after the other; see `synthnb._blocks`."""
    from synthnb._frames import as_pandas

    return blocks_digest(schema.names, (as_pandas(part) for part in parts if len(part)))


def write_parts(path: Path, ending: str, schema: Any, parts: Iterator[Any], metadata: Mapping[str, str]) -> None:
    """Write parts as a Parquet or Arrow file with text in its metadata."""
    kept = {**_of_pandas(schema), **{key.encode(): text.encode() for key, text in metadata.items()}}
    whole = schema.with_metadata(kept)
    if ending in PARQUET:
        import pyarrow.parquet as pq

        with pq.ParquetWriter(path, whole) as writer:
            for part in parts:
                writer.write_table(part.replace_schema_metadata(kept), row_group_size=_GROUP)
        return
    pa = need("pyarrow", extra="parquet")
    squeezed = "lz4" if pa.Codec.is_available("lz4") else None
    with pa.ipc.new_file(path, whole, options=pa.ipc.IpcWriteOptions(compression=squeezed, unify_dictionaries=True)) as writer:
        for part in parts:
            writer.write_table(part.replace_schema_metadata(kept), max_chunksize=_GROUP)


def _of_pandas(schema: Any) -> dict[bytes, bytes]:
    """What pandas needs to read the table back, without the ``attrs`` of somebody's session; others' notes stay out too."""
    text = (schema.metadata or {}).get(b"pandas")
    if text is None:
        return {}
    told = json.loads(text)
    return {b"pandas": json.dumps({key: value for key, value in told.items() if key != "attributes"}).encode()}


def read_metadata(path: Path) -> tuple[list[str], dict[str, str]]:
    """Return the names of a file's columns and the text in its metadata; no rows are read.

    Raises
    ------
    ValueError, OSError
        It isn't such a file.
    """
    need("pyarrow", extra="parquet")
    if path.suffix.lower() in PARQUET:
        import pyarrow.parquet as pq

        schema = pq.read_schema(path)
    else:
        with _open_arrow(path) as file:
            schema = file.schema
    found = {key.decode("utf-8", "replace"): text.decode("utf-8", "replace") for key, text in (schema.metadata or {}).items()}
    return list(schema.names), found


def read_names(path: Path) -> list[str]:
    """Return the names of a file's columns, without those that hold pandas' index; no rows are read.

    Raises
    ------
    ValueError, OSError
        It isn't such a file.
    """
    names, kept = read_metadata(path)
    try:
        index = json.loads(kept.get("pandas", "{}"))["index_columns"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return names
    return [name for name in names if not (isinstance(index, list) and name in index)]


def _open_arrow(path: Path) -> Any:
    import pyarrow as pa

    return pa.ipc.open_file(pa.memory_map(str(path)))


def read_parts(path: Path) -> tuple[Any, Iterator[Any]]:
    """Return a file's Arrow schema, and its rows as tables, read one after the other.

    Raises
    ------
    ValueError, OSError
        It isn't such a file, or is damaged.
    """
    need("pyarrow", extra="parquet")
    if path.suffix.lower() in PARQUET:
        import pyarrow.parquet as pq

        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
        return schema, _parquet_tables(path)
    with _open_arrow(path) as arrow:
        schema = arrow.schema
    return schema, _arrow_tables(path)


def _parquet_tables(path: Path) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=BLOCK):
            yield pa.Table.from_batches([batch])


def _arrow_tables(path: Path) -> Iterator[Any]:
    import pyarrow as pa

    with _open_arrow(path) as file:
        for number in range(file.num_record_batches):
            yield pa.Table.from_batches([file.get_batch(number)])
