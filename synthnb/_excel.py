"""Excel workbooks: a sheet of data whose cells are values and never formulas, and a sheet that says what they are.

Excel holds less than a frame: a million rows, numbers to 2**53, moments without a time zone, text
without control characters. What it can't hold is refused, never cut; what it writes in another way
(an empty text becomes an empty cell) is settled before the content is digested, so that a file read back has the same digest.
"""

from __future__ import annotations

import errno
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._optional import need
from synthnb.errors import FrameError, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EXCEL", "as_excel", "cut", "read_excel", "read_excel_metadata", "read_excel_words", "write_excel"]

EXCEL = (".xlsx",)
_DATA, _WORDS, _RECORD = "Data", "Disclosure", "Disclosure record"
_MOST_ROWS, _MOST_COLUMNS, _LONGEST = 1_048_575, 16_384, 32_767
_LARGEST = 2**53
_PIECE = 30_000
"""Characters of the record in a cell."""
_PROPERTY = 250
"""Characters of a document property that every reader takes."""
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPED = re.compile("_x[0-9A-Fa-f]{4}_")
"""How Excel writes a character that XML can't hold; text that looks like it would be read as another."""
_RETURN = "_x000D_"
_FIRST_YEAR = 1901
"""Excel takes 1900 for a leap year."""


def as_excel(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with the cells as Excel gives them back.

    Raises
    ------
    FrameError
        Excel can't hold it; the message names the column and what is in it.
    """
    import pandas as pd

    rows, columns = frame.shape
    if rows > _MOST_ROWS or columns > _MOST_COLUMNS:
        raise FrameError(
            f"A sheet holds {_MOST_ROWS:,} rows and {_MOST_COLUMNS:,} columns; the table has {rows:,} and {columns:,}.",
            fix="Write it as .parquet or .csv.",
        )
    for name in frame.columns:
        _refuse_text(name, f"the column name {shown(name)}")
    cells = {name: pd.Series([_cell(value, name) for value in _objects(frame[name])], dtype=object) for name in frame.columns}
    return pd.DataFrame(cells, columns=list(frame.columns))


def _objects(column: pd.Series[Any]) -> list[Any]:
    """Cells as Python's own values, missing ones as None."""
    return [value if here else None for value, here in zip(column.astype(object).tolist(), column.notna(), strict=True)]


def _cell(value: Any, name: str) -> Any:
    import datetime as dt

    if value is None or isinstance(value, bool):
        return value
    if hasattr(value, "item"):  # a number of numpy's
        value = value.item()
    if isinstance(value, str):
        _refuse_text(value, f"a text in column {shown(name)}")
        return value or None
    if isinstance(value, (int, float)):
        if not math.isfinite(value) or (isinstance(value, int) and abs(value) > _LARGEST):
            raise FrameError(f"Excel holds whole numbers to 2**53, and no infinite ones; column {shown(name)} has {value}.", fix=_OTHER)
        return value
    if isinstance(value, dt.datetime):
        exact = value.microsecond % 1000 == 0 and not getattr(value, "nanosecond", 0)
        plain = exact and value.tzinfo is None and value.year >= _FIRST_YEAR
        return dt.datetime.combine(value.date(), value.time()) if plain else value.isoformat()
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time()) if value.year >= _FIRST_YEAR else value.isoformat()
    return str(value)


_OTHER = "Make the column text, or write the table as .parquet."


def _refuse_text(text: str, what: str) -> None:
    if len(text) > _LONGEST:
        raise FrameError(
            f"A cell of Excel holds {_LONGEST:,} characters; {what[:200]} has {len(text):,}.", fix="Write the table as .parquet."
        )
    if _CONTROL.search(text) or _ESCAPED.search(text):
        raise FrameError(
            f"Excel holds no control characters, no half characters and nothing like _x0000_ in text; {what[:200]} does.",
            fix="Remove them, or write the table as .jsonl.",
        )


def write_excel(path: Path, table: pd.DataFrame, *, metadata: Mapping[str, str], words: Sequence[tuple[str, str]]) -> None:
    """Write a workbook: the data, what they are in words, and text kept under names.

    Parameters
    ----------
    path : Path
        The file.
    table : pandas.DataFrame
        What `as_excel` returned.
    metadata : mapping
        Texts by name: short ones become document properties, all stand in a hidden sheet.
    words : sequence of (str, str)
        What the visible sheet says.
    """
    openpyxl = need("openpyxl", extra="excel")
    book = openpyxl.Workbook(write_only=True)
    try:
        _build(book, table, metadata, words)
        book.save(path)
    except Exception as error:
        if type(error).__name__ != "SerialisationError":  # lxml's, for a disk that is full
            raise
        raise OSError(errno.ENOSPC, "no room for it, or for the temporary files that a workbook needs") from error


def _build(book: Any, table: pd.DataFrame, metadata: Mapping[str, str], words: Sequence[tuple[str, str]]) -> None:
    _fill(book.create_sheet(_DATA), [list(table.columns), *table.itertuples(index=False, name=None)])
    if words:
        _fill(book.create_sheet(_WORDS), [[label[:_LONGEST], cut(text)] for label, text in words], widths=(34, 110))
    if metadata:
        hidden = book.create_sheet(_RECORD)
        hidden.sheet_state = "hidden"
        _fill(hidden, _pieces(metadata))
        _properties(book, metadata)


def _fill(sheet: Any, rows: Iterable[Sequence[Any]], *, widths: Sequence[int] = ()) -> None:
    for letter, width in zip("AB", widths, strict=False):
        sheet.column_dimensions[letter].width = width
    for row in rows:
        sheet.append([_exactly(sheet, value) for value in row])


def _exactly(sheet: Any, value: Any) -> Any:
    """A cell that holds just this value: openpyxl takes "=…" for a formula and "#N/A" for an error, and cuts numbers to 16 digits."""
    if isinstance(value, str):
        text, kind = value.replace("\r", _RETURN), "s"
    elif isinstance(value, float) and float(f"{value:.16g}") != value:
        text, kind = repr(value), "n"
    else:
        return value
    cell = need("openpyxl.cell", extra="excel").WriteOnlyCell(sheet, text)
    cell.data_type = kind
    return cell


def _pieces(metadata: Mapping[str, str]) -> Iterator[list[str]]:
    """Each text cut to cells. ``_x`` is spelt so that no reader takes it for an escaped character."""
    for name, text in metadata.items():
        safe = text.replace("_x", "_\\u0078")
        yield from ([name, safe[start : start + _PIECE]] for start in range(0, len(safe), _PIECE))


def _properties(book: Any, metadata: Mapping[str, str]) -> None:
    kind = need("openpyxl.packaging.custom", extra="excel").StringProperty
    for name, text in metadata.items():
        if len(text) <= _PROPERTY:
            book.custom_doc_props.append(kind(name=name, value=text))


def read_excel(path: Path) -> pd.DataFrame:
    """Return the first sheet's table.

    Raises
    ------
    ValueError, OSError, KeyError
        It isn't a workbook.
    """
    import pandas as pd

    with _opened(path) as book:
        rows = book.worksheets[0].iter_rows(values_only=True)
        names = [_read_text(str(name)) for name in next(rows, ())]
        cells = [[_read_text(value) if isinstance(value, str) else value for value in row] for row in rows]
    if len(set(names)) < len(names):
        raise ValueError(f"the column name {next(name for name in names if names.count(name) > 1)!r} occurs more than once")
    columns = {name: pd.Series([row[at] if at < len(row) else None for row in cells], dtype=object) for at, name in enumerate(names)}
    return pd.DataFrame({name: column.infer_objects() for name, column in columns.items()})


def _read_text(text: str) -> str:
    return text.replace(_RETURN, "\r")


def read_excel_metadata(path: Path) -> dict[str, str]:
    """Return the texts kept under names.

    Raises
    ------
    ValueError, OSError, KeyError
        It isn't a workbook.
    """
    with _opened(path) as book:
        if _RECORD not in book.sheetnames:
            return {}
        found: dict[str, str] = {}
        for row in book[_RECORD].iter_rows(values_only=True):
            name, text = str(row[0]), str(row[1] or "")
            found[name] = found.get(name, "") + text
        return found


def read_excel_words(path: Path) -> list[tuple[str, str]] | None:
    """Return what the visible sheet says, line by line; None where there is no such sheet.

    Raises
    ------
    ValueError, OSError, KeyError
        It isn't a workbook.
    """
    with _opened(path) as book:
        if _WORDS not in book.sheetnames:
            return None
        rows = [[_read_text(str(cell or "")) for cell in (*row, "", "")[:2]] for row in book[_WORDS].iter_rows(values_only=True)]
        return [(label, text) for label, text in rows]


def cut(text: str) -> str:
    """Words for people, without what Excel can't hold."""
    return _CONTROL.sub("�", text)[: _LONGEST - 1]


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A workbook open for reading, closed again; formulas that somebody put in are read as the values they had."""
    import zipfile

    openpyxl = need("openpyxl", extra="excel")
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ValueError("it isn't an Excel workbook") from error
    try:
        yield book
    finally:
        book.close()
