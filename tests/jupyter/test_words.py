"""Values as words."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.jupyter import _words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, None),
        (math.nan, None),
        (pd.NA, None),
        (pd.NaT, None),
        (np.float32(1.5), "1.5"),
        (72.39999999999, "72.4"),
        (np.int64(12), "12"),
        (True, "True"),
        (math.inf, "inf"),
        (pd.Timestamp("2026-01-02"), "2026-01-02"),
        (dt.time(8, 30), "08:30:00"),
        ({"a": [1]}, "{'a': [1]}"),
    ],
)
def test_cell(value: Any, words: str | None) -> None:
    assert _words.cell(value) == words


def test_clean_cuts_and_shows_what_hides() -> None:
    assert _words.clean("a\u202eb\x07c\nd") == "a[U+202E]b[U+0007]c⏎d"
    assert _words.clean("x" * 100) == "x" * 79 + "…"


def test_clean_keeps_letters_of_every_script() -> None:
    assert _words.clean("Ærø مرحبا 日本 👩‍⚕️") == "Ærø مرحبا 日本 👩‍⚕️"


def test_markdown_leaves_no_markup() -> None:
    assert _words.markdown("a|b *c* <i> https://x www.y") == r"a\|b \*c\* &lt;i&gt; https&#58;//x www&#46;y"


@pytest.mark.parametrize(("value", "words"), [(0.12345, "0.123"), (-0.0001, "0.000"), (-0.5, "−0.500"), (None, "–"), (math.nan, "–")])
def test_fixed(value: Any, words: str) -> None:
    assert _words.fixed(value) == words


@pytest.mark.parametrize(("columns", "words"), [(3, "t, 1,500 rows × 3 columns"), (["a", "b"], "t, 1,500 rows × 2 columns")])
def test_table_line(columns: Any, words: str) -> None:
    assert _words.table_line({"name": "t", "rows": 1500, "columns": columns}) == words
