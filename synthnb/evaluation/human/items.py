"""What raters see: rows or texts of both frames in one form, drawn half and half, in an order that says nothing.

A number as 3.0 in one frame and 3 in the other, a missing cell spelled in two
ways, an identifier or the order of columns would tell the origin without
anybody judging the content. Decimals follow the frame that has fewer.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from synthnb._canonical import digest
from synthnb._random import generator
from synthnb.errors import FrameError, OptionError, shown
from synthnb.evaluation.human.readings import are_flags, flag, moment, read_alike, told_apart

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Item", "Sample", "draw_sample", "item_digest"]

Kind = Literal["row", "text"]
Content = str | tuple[tuple[str, str | None], ...]
Cells = list[str | None]

_LONGEST_CELL = 2_000
_LONGEST_TEXT = 20_000
_LONGEST_NAME = 120
_REFERENCE_ROWS = 5_000
_MOST_DECIMALS = 6
_MISSING = {"", "na", "n/a", "missing", "nan", "nat", "null", "none", "<na>", "#n/a", "-", "."}
_LINE_ENDS = re.compile(r"\r\n?|\u2028|\u2029")
_BLANK_ENDS = re.compile(r"[ \t]+(?=\n|$)")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ue000-\uf8ff]")
"""Control signs, those that turn the direction of writing, and those without a shape; joiners of letters stay."""


@dataclass(frozen=True)
class Item:
    """One thing to be rated; it doesn't know where it comes from."""

    id: str
    """Its place in the sample, such as ``item-007``."""
    kind: Kind
    """A row or a text."""
    content: Content
    """The text, or the row as pairs of name and value, None for missing."""
    digest: str
    """Over the content, salted so that it can't be guessed from a rating file."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        content = self.content if isinstance(self.content, str) else [list(pair) for pair in self.content]
        return {"id": self.id, "kind": self.kind, "content": content, "digest": self.digest}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Item:
        """Read an item back."""
        content = data["content"]
        pairs = content if isinstance(content, str) else tuple((str(name), None if v is None else str(v)) for name, v in content)
        return cls(str(data["id"]), "text" if isinstance(content, str) else "row", pairs, str(data["digest"]))


@dataclass(frozen=True)
class Sample:
    """The items of a review and, apart from them, where they come from."""

    items: tuple[Item, ...]
    """In the order of their ids."""
    key: Mapping[str, str]
    """By item id: real or synthetic."""
    columns: tuple[str, ...]
    """What is shown of a row; the text column of a text."""
    left_out: tuple[str, ...]
    """Columns that aren't shown, since they name rows or only one frame has them."""
    twins: int
    """Items whose content is also that of an item from the other frame."""
    rows: Mapping[str, int]
    """By item id: its row's number in the frame it comes from."""
    told: tuple[str, ...] = ()
    """Columns whose spelling alone still tells the frames apart."""


def item_digest(salt: str, content: Content) -> str:
    """``"sha256:…"`` over a review's salt and an item's content."""
    return digest([salt, content if isinstance(content, str) else [list(pair) for pair in content]])


def draw_sample(
    synthetic: pd.DataFrame,
    real: pd.DataFrame | None,
    *,
    n: int,
    text: str | None,
    columns: Sequence[str] | None,
    seed: int,
    salt: str,
    secret: str | None = None,
) -> Sample:
    """Draw a blinded sample.

    Parameters
    ----------
    synthetic, real : pandas.DataFrame
        The frames; without a real one, all items are synthetic.
    n : int
        How many items; half of them real, if there is a real frame.
    text : str or None
        The column whose texts are items; rows are, if it is None.
    columns : sequence of str or None
        What of a row is shown; all that both frames have and that name nobody, if None.
    seed : int
        Decides which rows are drawn.
    salt : str
        Goes into each item's digest.
    secret : str, optional
        Decides alone which place an item gets, and with it what the key says; for raters whom
        the seed could reach. Without it the seed decides that too.

    Raises
    ------
    FrameError
        A column isn't there, or a frame has too few rows or texts.
    """
    frames = [synthetic] if real is None else [real, synthetic]
    origins = ["synthetic"] if real is None else ["real", "synthetic"]
    known = [_reference(frame, origin, seed) for frame, origin in zip(frames, origins, strict=True)]
    names, left_out = ([text], []) if text is not None else _shown_columns(known, columns)
    for name in names:
        if any(name not in frame.columns for frame in frames):
            raise FrameError(f"Each frame must have the column {shown(name)}.", fix="Name a column that all frames have.")
    taken = [_drawn(frame, origin, _share(n, origin, real), text, seed) for frame, origin in zip(frames, origins, strict=True)]
    references = [frame[names] for frame in known]
    parts = [frame[names].iloc[rows] for frame, rows in zip(frames, taken, strict=True)]
    contents = _texts(parts) if text is not None else _rows(parts, references, names)
    pool = [
        (origin, content, int(row))
        for origin, found, rows in zip(origins, contents, taken, strict=True)
        for content, row in zip(found, rows, strict=True)
    ]
    order = generator(seed, "review", "order").permutation(len(pool)).tolist() if secret is None else _places(len(pool), secret)
    kind: Kind = "row" if text is None else "text"
    return replace(_placed([pool[at] for at in order], names, left_out, kind, salt), told=_told(contents))


def _told(contents: list[list[Content]]) -> tuple[str, ...]:
    """Columns, as they are shown, whose spelling tells the frames apart."""
    rows = [[item for item in side if not isinstance(item, str)] for side in contents]
    if len(rows) < 2 or not all(rows):
        return ()
    labels = [label for label, _ in rows[0][0]]
    return tuple(label for at, label in enumerate(labels) if told_apart([[item[at][1] for item in side] for side in rows]))


def _places(n: int, secret: str) -> list[int]:
    """An order that follows from the secret alone."""
    return sorted(range(n), key=lambda at: hashlib.sha256(f"{secret}:{at}".encode()).digest())


def _placed(pool: list[tuple[str, Content, int]], names: list[str], left_out: list[str], kind: Kind, salt: str) -> Sample:
    width = max(3, len(str(len(pool))))
    items, key, rows = [], {}, {}
    for place, (origin, content, row) in enumerate(pool, start=1):
        item = Item(f"item-{place:0{width}d}", kind, content, item_digest(salt, content))
        items.append(item)
        key[item.id], rows[item.id] = origin, row
    sides = {origin: {content for side, content, _ in pool if side == origin} for origin, *_ in pool}
    both = set.intersection(*sides.values()) if len(sides) > 1 else set()
    return Sample(tuple(items), key, tuple(names), tuple(left_out), sum(content in both for _, content, _ in pool), rows)


def _share(n: int, origin: str, real: Any) -> int:
    """How many of the items are of this origin."""
    if real is None:
        return n
    return n // 2 if origin == "real" else n - n // 2


def _shown_columns(frames: list[pd.DataFrame], columns: Sequence[str] | None) -> tuple[list[str], list[str]]:
    from synthnb.recipes.columns import guess_kind

    if columns is not None:
        if not columns:
            raise OptionError("At least one column to show was expected; got none.", fix="Name columns, or leave them out.")
        return list(columns), [str(name) for name in frames[0].columns if name not in columns]
    shared = [str(name) for name in frames[0].columns if all(name in frame.columns for frame in frames)]
    kept = [name for name in shared if all(guess_kind(frame[name]).kind != "identifier" for frame in frames)]
    if not kept:
        raise FrameError("The frames share no column that could be shown.", fix="Rename columns so that they match, or name them.")
    everything = dict.fromkeys(str(name) for frame in frames for name in frame.columns)
    return kept, [name for name in everything if name not in kept]


def _drawn(frame: pd.DataFrame, origin: str, wanted: int, text: str | None, seed: int) -> NDArray[np.intp]:
    """Numbers of the rows that are drawn."""
    cells = [] if text is None else frame[text].tolist()
    here = [not _is_missing(cell) and str(cell).strip() != "" for cell in cells]
    rows = np.arange(len(frame)) if text is None else np.flatnonzero(here)
    if len(rows) < wanted:
        what = "rows" if text is None else "texts"
        raise FrameError(f"The {origin} frame has {len(rows)} {what}; {wanted} were to be drawn.", fix="Ask for fewer items with n.")
    return np.asarray(generator(seed, "review", origin).choice(rows, wanted, replace=False), dtype=np.intp)


def _reference(frame: pd.DataFrame, origin: str, seed: int) -> pd.DataFrame:
    """Rows that tell how values are written."""
    if len(frame) <= _REFERENCE_ROWS:
        return frame
    return frame.iloc[np.sort(generator(seed, "review", "form", origin).choice(len(frame), _REFERENCE_ROWS, replace=False))]


def _texts(parts: list[pd.DataFrame]) -> list[list[Content]]:
    return [[_cut(_text(cell), _LONGEST_TEXT) for cell in part.iloc[:, 0]] for part in parts]


def _text(cell: Any) -> str:
    """A text without what its storage adds: one sort of line end, no control signs, no blanks at the ends."""
    if _is_missing(cell):
        return ""
    plain = str(cell)[: 2 * _LONGEST_TEXT].encode("utf-8", "replace").decode()
    lines = _LINE_ENDS.sub("\n", unicodedata.normalize("NFC", plain))
    return _BLANK_ENDS.sub("", _UNSEEN.sub("", lines)).strip()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}… (cut)"


def _is_missing(cell: Any) -> bool:
    return cell is None or type(cell).__name__ in ("NAType", "NaTType") or (isinstance(cell, (float, np.floating)) and cell != cell)


def _rows(parts: list[pd.DataFrame], references: list[pd.DataFrame], names: list[str]) -> list[list[Content]]:
    written = [_column([part[name] for part in parts], [reference[name] for reference in references]) for name in names]
    labels = [_cut(_text(name), _LONGEST_NAME) or "(no name)" for name in names]
    return [
        [tuple((label, _short(columns[at][row])) for label, columns in zip(labels, written, strict=True)) for row in range(len(part))]
        for at, part in enumerate(parts)
    ]


def _short(cell: str | None) -> str | None:
    return None if cell is None else _cut(cell, _LONGEST_CELL)


def _column(cells: list[pd.Series[Any]], references: list[pd.Series[Any]]) -> list[Cells]:
    """The cells of one column in each frame, written alike."""
    from synthnb.recipes.columns import guess_kind

    plain, known = [_plain(series) for series in cells], [_plain(series) for series in references]
    if are_flags(known):
        return [[None if cell is None else flag(cell) or _word(cell) for cell in column] for column in plain]
    kinds = [guess_kind(series).kind or "text" for series in references]
    plain, read = read_alike(plain, known)
    if read is not known:
        kinds = ["date" if any(isinstance(cell, dt.date) for cell in read[0]) else "real"]
    kind, known = kinds[0], read
    if kind in ("integer", "real"):
        return _numbers(plain, known)
    if kind in ("date", "datetime"):
        return _moments(plain, known)
    spelling = _spelling(known[0]) if kind == "category" else {}
    return [[None if cell is None else spelling.get(_word(cell).casefold(), _word(cell)) for cell in column] for column in plain]


def _plain(series: pd.Series[Any]) -> list[Any]:
    """Cells as Python values, None for missing however it is spelled."""
    cells = series.astype(object)
    return [None if _is_missing(cell) or (isinstance(cell, str) and cell.strip().casefold() in _MISSING) else cell for cell in cells]


def _word(cell: Any) -> str:
    """A value as text: whole numbers without a point."""
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer() and abs(float(cell)) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.timedelta):
        return str(dt.timedelta(seconds=round(cell.total_seconds())))
    return _text(cell)


def _spelling(cells: list[Any]) -> dict[str, str]:
    """How the first frame spells each level, where it spells it in one way only."""
    found: dict[str, set[str]] = {}
    for cell in cells:
        if cell is not None:
            found.setdefault(_word(cell).casefold(), set()).add(_word(cell))
    return {key: next(iter(spellings)) for key, spellings in found.items() if len(spellings) == 1}


def _numbers(columns: list[list[Any]], references: list[list[Any]]) -> list[Cells]:
    values = [np.array([number for cell in column if (number := _number(cell)) is not None]) for column in references]
    finite = [found[np.isfinite(found)] for found in values]
    present = [found for found in finite if len(found)]
    decimals = min((_decimals(found) for found in present), default=0)
    sizes = [float(np.median(np.abs(found))) for found in present]
    small = 0 < min(sizes, default=0.0) < 100 * 10.0**-_MOST_DECIMALS
    form = ".4g" if small else f".{decimals}f"
    return [[None if cell is None else _written(cell, form) for cell in column] for column in columns]


def _number(cell: Any) -> float | None:
    try:
        return float(cell)
    except (TypeError, ValueError, OverflowError):
        return None


def _written(cell: Any, form: str) -> str:
    value = _number(cell)
    if value is None or value != value:
        return _word(cell)
    if not np.isfinite(value):
        return "infinite" if value > 0 else "minus infinite"
    text = format(value, form if abs(value) < 1e15 else ".6g")
    return text.lstrip("-") if float(text) == 0 else text


def _decimals(values: NDArray[np.float64]) -> int:
    """The fewest decimals, up to 6, that 99 % of the values need."""
    for decimals in range(_MOST_DECIMALS):
        scaled = values * 10.0**decimals
        if (np.abs(scaled - np.round(scaled)) <= 1e-6 * np.maximum(1.0, np.abs(scaled) * 1e-3)).mean() >= 0.99:
            return decimals
    return _MOST_DECIMALS


def _moments(columns: list[list[Any]], references: list[list[Any]]) -> list[Cells]:
    """Dates, with hours or seconds only where every frame has them."""
    known = [[at for cell in column if (at := moment(cell)) is not None] for column in references]
    fineness = min((_fineness(found) for found in known if found), default=0)
    form = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")[fineness]
    return [[None if cell is None else _stamp(cell, form) for cell in column] for column in columns]


def _stamp(cell: Any, form: str) -> str:
    at = moment(cell)
    return _word(cell) if at is None else at.strftime(form)


def _fineness(moments: list[dt.datetime]) -> int:
    if all((moment.hour, moment.minute, moment.second) == (0, 0, 0) for moment in moments):
        return 0
    return 1 if all(moment.second == 0 for moment in moments) else 2
