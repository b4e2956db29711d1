"""Tables in files, in and out, whole or not at all.

===================  ==========================================================
``.csv``             bytes of the table alone; a cell such as ``=1+1`` stays as it is
``.jsonl .ndjson``   one JSON object a line; bytes of the table alone
``.parquet``         with text of ours in the file's metadata
``.arrow .feather``  the same in Arrow's own form
``.xlsx``            with text of ours in sheets of their own; no cell is a formula
===================  ==========================================================
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._arrow_files import ARROW, PARQUET, arrow_parts, digest_of, read_metadata, read_names, read_parts, write_parts
from synthnb._blocks import blocks_digest
from synthnb._excel import EXCEL, as_excel, read_excel, read_excel_metadata, write_excel
from synthnb._files import write_atomically, write_pair
from synthnb._optional import need
from synthnb.errors import FrameError, OptionError, SynthnbError, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BARE",
    "SUFFIXES",
    "Prepared",
    "check_ending",
    "is_table",
    "kept_text",
    "prepare_table",
    "read_table",
    "stored_column",
    "stored_digest",
    "stored_names",
    "write_table",
]

BARE = (".csv", ".jsonl", ".ndjson")
"""Endings of files that hold a table and have no room for anything else."""
SUFFIXES = (".csv", ".parquet", ".jsonl", ".ndjson", *ARROW, *EXCEL)
"""The endings of the files that hold a table."""
_LISTED = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"


def is_table(path: object) -> bool:
    """Whether something is the path of a file that holds a table, by its ending."""
    return isinstance(path, (str, Path)) and str(path).lower().endswith(SUFFIXES)


def read_table(path: str | Path) -> Any:
    """Return the pandas frame that a file holds.

    Raises
    ------
    FrameError
        There is no such file, its ending isn't known, or it can't be read as a table.
    MissingExtraError
        The file is read with pyarrow or openpyxl, which isn't installed.
    """
    import pandas as pd

    file = Path(path)
    ending = file.suffix.lower()
    if ending not in SUFFIXES:
        raise FrameError(f"A {_LISTED} file was expected; got {shown(str(path))}.", fix="Convert the table to one of these.")
    if not file.is_file():
        raise FrameError(f"There is no file at {shown(str(path))}.", fix="Correct the path.")
    readers: dict[str, Callable[[Path], Any]] = {".csv": _read_csv, ".parquet": pd.read_parquet}
    readers |= dict.fromkeys(ARROW, pd.read_feather) | dict.fromkeys(EXCEL, read_excel) | dict.fromkeys(BARE[1:], _read_lines)
    if ending in {*PARQUET, *ARROW}:
        need("pyarrow", extra="parquet")
    try:
        return readers[ending](file)
    except (ValueError, TypeError, OSError) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> FrameError:
    return FrameError(
        f"{file.name} can't be read as a table: {_first_line(error)}", fix="Check that it has a header row and one row a line."
    )


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


def _read_lines(file: Path) -> Any:
    """Read JSON Lines as they are: a text stays a text even if it looks like a number or a date."""
    import pandas as pd

    with file.open(encoding="utf-8-sig") as lines:
        rows = [_read_line(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    try:
        return pd.DataFrame(rows)
    except UnicodeEncodeError:  # half a surrogate pair, which pandas' own type of texts doesn't hold
        return pd.DataFrame(rows, dtype=object)


def _read_line(number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"line {number:,} isn't JSON") from error
    if not isinstance(row, dict):
        raise ValueError(f"line {number:,} should be an object with a value for each column")
    return row


@dataclass(frozen=True)
class Prepared:
    """A table that is ready to be written."""

    ending: str
    """The kind of file."""
    digest: str
    """Digest of the content as the file will hold it, for a file with room for it; else empty."""
    _write: Callable[[Path, Mapping[str, str], Sequence[tuple[str, str]]], object] = field(repr=False)

    def write(
        self,
        path: Path,
        *,
        metadata: Mapping[str, str] | None = None,
        words: Sequence[tuple[str, str]] = (),
        beside: tuple[Path, Callable[[Path], bytes]] | None = None,
    ) -> None:
        """Write the file; it appears whole or not at all.

        Parameters
        ----------
        path : Path
            Where to.
        metadata : mapping, optional
            Texts by name that go into the file, where it has room for them.
        words : sequence of (str, str), optional
            What a workbook's sheet says of the data.
        beside : tuple of Path and callable, optional
            A file that is about this one, and what returns its bytes, given where this one is for now. Both appear, or neither does.
        """

        def content(temporary: Path) -> None:
            with _refusing(self.ending):
                self._write(temporary, metadata or {}, words)

        if beside is None:
            write_atomically(path, content)
        else:
            write_pair(path, content, *beside)


def prepare_table(frame: Any, path: Path) -> Prepared:
    """Return a table made ready for a kind of file, with the digest of what it will hold; nothing is written.

    Raises
    ------
    OptionError, FrameError, MissingExtraError
        As `write_table` says.
    """
    from synthnb._frames import as_pandas, with_text_names

    ending = check_ending(path)
    frame = with_text_names(frame)
    if not getattr(frame, "shape", (1, 1))[1]:
        raise FrameError("A table with at least one column was expected; it has none.", fix="Check how it was loaded or filtered.")
    with _refusing(ending):
        if ending in EXCEL:
            need("openpyxl", extra="excel")
            sheet = as_excel(as_pandas(frame))
            return Prepared(
                ending,
                blocks_digest(list(sheet.columns), [sheet]),
                lambda at, kept, words: write_excel(at, sheet, metadata=kept, words=words),
            )
        if ending in BARE:
            return Prepared(ending, "", lambda at, _kept, _words: _write_bare(frame, at, ending))
        return Prepared(
            ending, digest_of(*arrow_parts(frame)), lambda at, kept, _: write_parts(at, ending, *arrow_parts(frame), metadata=kept)
        )


def check_ending(path: Path) -> str:
    """Return the ending that says in which form a table is written.

    Raises
    ------
    OptionError
        It isn't known.
    """
    ending = path.suffix.lower()
    if ending not in SUFFIXES:
        raise OptionError(f"A table is written as {_LISTED}; got {shown(path.name)}.", fix="Choose one of these endings.")
    return ending


def write_table(frame: Any, path: Path) -> None:
    """Write a pandas, polars or Arrow table; the file appears whole or not at all.

    Raises
    ------
    OptionError
        The ending isn't known.
    FrameError
        A column can't be written in this form, such as one of numbers and texts as `.parquet`.
    MissingExtraError
        The file is written with pyarrow or openpyxl, which isn't installed.
    StorageError
        The disk is full, or the folder is missing or read-only; what was there before is intact.
    """
    prepare_table(frame, path).write(path)


def _write_bare(frame: Any, path: Path, ending: str) -> None:
    import narwhals as nw

    if ending == ".csv":
        nw.from_native(frame, eager_only=True).write_csv(path)
        return
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_lines(frame))


def _lines(frame: Any) -> Iterator[str]:
    """Each row as a JSON object; missing cells are null, moments ISO 8601."""
    from synthnb._frames import as_pandas

    table = as_pandas(frame)
    names = [json.dumps(str(name)) for name in table.columns]
    for start in range(0, len(table), 10_000):
        part = table.iloc[start : start + 10_000]
        columns = [_json_cells(part[name]) for name in table.columns]
        for row in zip(*columns, strict=True):
            yield f"{{{', '.join(f'{name}: {cell}' for name, cell in zip(names, row, strict=True))}}}\n"


def _json_cells(column: pd.Series[Any]) -> list[str]:
    cells = column.astype(object).tolist()
    return ["null" if not here else _json(cell) for cell, here in zip(cells, column.notna(), strict=True)]


def _json(cell: Any) -> str:
    if hasattr(cell, "item"):  # a number of numpy's
        cell = cell.item()
    if isinstance(cell, (bool, int, float, str)):
        return json.dumps(cell, allow_nan=False)
    return json.dumps(cell.isoformat() if hasattr(cell, "isoformat") else str(cell))


def stored_digest(path: Path) -> str:
    """Return the digest of the content that a `.parquet`, `.arrow`, `.feather` or `.xlsx` file holds, as `Prepared.digest` has it.

    The file is read a part at a time. What is in its metadata, and how it is compressed, doesn't count.

    Raises
    ------
    FrameError
        It can't be read as a table, or is a file of another kind.
    MissingExtraError
        It is read with pyarrow or openpyxl, which isn't installed.
    """
    ending = path.suffix.lower()
    if ending not in {*PARQUET, *ARROW, *EXCEL}:
        raise FrameError(
            f"A .parquet, .arrow, .feather or .xlsx file was expected; got {shown(path.name)}.", fix="Compare its bytes instead."
        )
    try:
        if ending in EXCEL:
            sheet = read_excel(path)
            return blocks_digest(list(map(str, sheet.columns)), [sheet])
        return digest_of(*read_parts(path))
    except (ValueError, TypeError, OSError) as error:
        raise error if isinstance(error, FrameError) else _unreadable(path, error) from error


def kept_text(path: Path) -> dict[str, str]:
    """Return the texts by name that a file holds beside its table; none where it has no room for any. No rows are read.

    Raises
    ------
    FrameError
        It can't be read as a file of its kind.
    MissingExtraError
        It is read with pyarrow or openpyxl, which isn't installed.
    """
    ending = path.suffix.lower()
    try:
        if ending in EXCEL:
            return read_excel_metadata(path)
        return read_metadata(path)[1] if ending in {*PARQUET, *ARROW} else {}
    except (ValueError, TypeError, OSError) as error:
        raise _unreadable(path, error) from error


def stored_names(path: Path) -> list[str]:
    """Return the names of the columns that a `.parquet`, `.arrow`, `.feather` or `.xlsx` file holds.

    Raises
    ------
    FrameError
        It can't be read as a file of its kind.
    MissingExtraError
        It is read with pyarrow or openpyxl, which isn't installed.
    """
    try:
        return list(map(str, read_excel(path).columns)) if path.suffix.lower() in EXCEL else read_names(path)
    except (ValueError, TypeError, OSError) as error:
        raise _unreadable(path, error) from error


def stored_column(path: Path, name: str) -> list[Any]:
    """Return the cells of one column of such a file, read a part at a time.

    Raises
    ------
    FrameError
        It can't be read as a file of its kind, or has no such column.
    MissingExtraError
        It is read with pyarrow or openpyxl, which isn't installed.
    """
    try:
        if path.suffix.lower() in EXCEL:
            return list(read_excel(path)[name])
        return [cell for part in read_parts(path)[1] for cell in part.column(name).to_pylist()]
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise _unreadable(path, error) from error


@contextmanager
def _refusing(ending: str) -> Iterator[None]:
    """Say in one line what pandas, pyarrow, polars or openpyxl has against a column."""
    try:
        yield
    except SynthnbError:
        raise
    except UnicodeEncodeError as error:
        raise FrameError(
            f"A {ending} file holds no half characters (lone surrogates); a text in the table holds {shown(error.object[error.start])}.",
            fix="Remove them, or write the table as .jsonl.",
        ) from error
    except _refusals() as error:
        kinds = "Make the column text" if isinstance(error, NotImplementedError) else "Give each column values of one kind"
        raise FrameError(
            f"The table can't be written as {ending}: {_first_line(error)}", fix=f"{kinds}, or choose another ending."
        ) from error


def _refusals() -> tuple[type[Exception], ...]:
    polars = sys.modules.get("polars")
    return (ValueError, TypeError, KeyError, NotImplementedError, *([polars.exceptions.PolarsError] if polars else []))


def _first_line(error: BaseException) -> str:
    line = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    return f"{line if len(line) <= 300 else line[:300] + '…'}."
