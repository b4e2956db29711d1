"""Tables in files: `.csv` and `.parquet` in and out, whole or not at all."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from synthnb._files import write_atomically
from synthnb._optional import need
from synthnb.errors import FrameError, OptionError, shown

__all__ = ["SUFFIXES", "read_table", "write_table"]

SUFFIXES = (".csv", ".parquet")
"""The endings of the files that hold a table."""


def read_table(path: str | Path) -> Any:
    """Return the pandas frame that a `.csv` or `.parquet` file holds.

    Raises
    ------
    FrameError
        There is no such file, its ending isn't known, or it can't be read as a table.
    MissingExtraError
        A `.parquet` file is read with pyarrow, which isn't installed.
    """
    import pandas as pd

    file = Path(path)
    readers: dict[str, Callable[[Path], Any]] = {".csv": _read_csv, ".parquet": pd.read_parquet}
    if file.suffix.lower() not in SUFFIXES:
        raise FrameError(f"A .csv or .parquet file was expected; got {shown(str(path))}.", fix="Convert the table to one of these.")
    if not file.is_file():
        raise FrameError(f"There is no file at {shown(str(path))}.", fix="Correct the path.")
    if file.suffix.lower() == ".parquet":
        need("pyarrow", extra="parquet")
    try:
        return readers[file.suffix.lower()](file)
    except (ValueError, TypeError, OSError) as error:
        raise FrameError(
            f"{file.name} can't be read as a table: {error}.", fix="Check that it has a header row and one row a line."
        ) from error


def _read_csv(file: Path) -> Any:
    """Read a CSV; a row with more values than there are names is an error, not an index."""
    import warnings

    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            return pd.read_csv(file, index_col=False)
        except pd.errors.ParserWarning as error:
            raise ValueError("its rows have more values than its header has names") from error


def write_table(frame: Any, path: Path) -> None:
    """Write a pandas, polars or Arrow table; the file appears whole or not at all.

    Raises
    ------
    OptionError
        The ending isn't known.
    FrameError
        A column can't be written in this form, such as one of numbers and texts as `.parquet`.
    MissingExtraError
        A pandas frame is written as `.parquet` with pyarrow, which isn't installed.
    StorageError
        The disk is full, or the folder is missing or read-only; what was there before is intact.
    """
    import narwhals as nw

    ending = path.suffix.lower()
    if ending not in SUFFIXES:
        raise OptionError(f"A table is written as .csv or .parquet; got {shown(path.name)}.", fix="Choose one of these endings.")
    table = nw.from_native(frame, eager_only=True)
    if ending == ".parquet" and table.implementation.is_pandas():
        need("pyarrow", extra="parquet")
    try:
        write_atomically(path, table.write_csv if ending == ".csv" else table.write_parquet)
    except _refusals() as error:
        raise FrameError(
            f"The table can't be written as {ending}: {_first_line(error)}",
            fix="Give each column values of one kind, or choose the other ending.",
        ) from error


def _refusals() -> tuple[type[Exception], ...]:
    """What pandas, pyarrow and polars raise for a column that they can't write."""
    polars = sys.modules.get("polars")
    return (ValueError, TypeError, NotImplementedError, *([polars.exceptions.PolarsError] if polars else []))


def _first_line(error: Exception) -> str:
    return f"{(str(error).strip() or type(error).__name__).splitlines()[0].rstrip('.')}."
