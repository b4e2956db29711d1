"""Which rows this process made, recognised after cutting, sorting and adding columns."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pytest

from synthnb._origins import Origin, Origins

MADE = pd.DataFrame({"age": [41, 52, 63], "arm": ["a", "b", None]})
RUN = Origin("run-0123456789ab", "made")


@pytest.fixture
def origins() -> Origins:
    known = Origins()
    known.register(RUN, MADE)
    return known


@pytest.mark.parametrize(
    "frame",
    [MADE, MADE.head(1), MADE.iloc[::-1], MADE.assign(note="x"), MADE[["arm", "age"]], pd.concat([MADE, MADE])],
    ids=["itself", "cut", "reversed", "wider", "reordered", "repeated"],
)
def test_rows_that_were_made_are_known(origins: Origins, frame: pd.DataFrame) -> None:
    assert origins.of(frame) == RUN


@pytest.mark.parametrize(
    "frame",
    [MADE.assign(age=[41, 52, 64]), MADE[["age"]], pd.concat([MADE, MADE.assign(age=99)]), pd.DataFrame({"x": [1]})],
    ids=["changed", "narrower", "mixed", "other"],
)
def test_anything_else_is_not(origins: Origins, frame: pd.DataFrame) -> None:
    assert origins.of(frame) is None


def test_polars_rows_are_known_among_themselves() -> None:
    known = Origins()
    known.register(RUN, pl.from_pandas(MADE))
    assert known.of(pl.from_pandas(MADE).head(2)) == RUN


def test_only_so_many_frames_are_remembered(origins: Origins) -> None:
    for number in range(40):
        origins.register(Origin(f"run-{number:012x}", "later"), pd.DataFrame({"n": [number]}))
    assert origins.of(MADE) is None
    assert origins.of(pd.DataFrame({"n": [39]})) == Origin(f"run-{39:012x}", "later")


def test_text_that_utf8_cannot_hold_is_known_too() -> None:
    odd = pd.DataFrame({"a": pd.Series(["\ud800x", "y"], dtype=object), "b": [1, 2]})
    known = Origins()
    known.register(RUN, odd)
    assert known.of(odd.iloc[::-1]) == RUN
    assert known.of(odd.assign(b=3)) is None


class Pair:
    """A value that is also a sequence."""

    def __repr__(self) -> str:
        return "pair"

    def __len__(self) -> int:
        return 2

    def __getitem__(self, at: int) -> int:
        return (1, 2)[at]


def test_objects_that_are_sequences_are_known_too() -> None:
    odd = pd.DataFrame({"a": pd.Series([Pair(), Pair()], dtype=object), "b": [1, 2]})
    known = Origins()
    known.register(RUN, odd)
    assert known.of(odd.iloc[::-1]) == RUN
    assert known.of(odd.assign(b=3)) is None
