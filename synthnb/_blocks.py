"""A table's content, digested block by block: in memory that doesn't grow with the table.

The scheme (``synthnb.rows/1``): SHA-256 over a canonical JSON header with the column
names, then for every 65,536 rows and each column a canonical JSON line ``{class, bytes}`` and
the cells' bytes as `synthnb._frames.frame_digest` has them, then the number of rows. It doesn't depend on
the file's format, its row groups or its compression. A number stored as integer or float, or a word as string or
category, counts as the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from synthnb._canonical import canonical
from synthnb._frames import column_content

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BLOCK", "SCHEME", "blocks_digest", "even"]

SCHEME = "synthnb.rows/1"
BLOCK = 65_536
"""Rows in a block."""


def blocks_digest(names: Sequence[str], parts: Iterable[pd.DataFrame]) -> str:
    """Return ``"sha256:<hex>"`` over a table that comes in parts of any size.

    Parameters
    ----------
    names : sequence of str
        The columns.
    parts : iterable of pandas.DataFrame
        Its rows, in order, with these columns.
    """
    sha = hashlib.sha256(canonical({"scheme": SCHEME, "columns": [_portable(name) for name in names]}))
    rows = 0
    for block in even(parts):
        rows += len(block)
        for position in range(block.shape[1]):
            kind, pieces = column_content(block.iloc[:, position])
            sha.update(canonical({"class": kind, "bytes": [len(piece) for piece in pieces]}))
            for piece in pieces:
                sha.update(piece)
    sha.update(canonical({"rows": rows}))
    return f"sha256:{sha.hexdigest()}"


def _portable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def even(parts: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Cut and join parts to blocks of `BLOCK` rows; the last may be shorter."""
    import pandas as pd

    waiting: list[pd.DataFrame] = []
    have = 0
    for part in parts:
        start = 0
        while have + len(part) - start >= BLOCK:
            cut = part.iloc[start : start + BLOCK - have]
            yield pd.concat([*waiting, cut], ignore_index=True) if waiting else cut
            start, have, waiting = start + len(cut), 0, []
        if start < len(part):
            waiting.append(part.iloc[start:])
            have += len(part) - start
    if waiting:
        yield pd.concat(waiting, ignore_index=True) if len(waiting) > 1 else waiting[0]
