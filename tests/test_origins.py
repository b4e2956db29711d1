"""Which rows this process made, recognised after cutting, sorting and adding columns."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pytest

from synthnb._origins import Origin, Origins, quoting

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


@pytest.fixture
def strict() -> Origins:
    """Two hundred rows of few levels, whose columns are known to be synthetic."""
    known = Origins()
    known.register(RUN, FEW, synthetic=FEW.columns)
    return known


FEW = pd.DataFrame({"sex": ["f", "m", "m", "f", "m"] * 40, "arm": ["a", "b"] * 100})


@pytest.mark.parametrize(
    "frame",
    [FEW, FEW.head(40), FEW.iloc[::-1], FEW.assign(secret="x"), FEW[["arm", "sex"]], FEW[FEW["sex"] == "f"]],
    ids=["itself", "cut", "reversed", "wider", "reordered", "filtered"],
)
def test_columns_of_the_very_rows_that_were_made_are_synthetic(strict: Origins, frame: pd.DataFrame) -> None:
    assert strict.is_synthetic(frame, ["sex", "arm"])


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"sex": ["m", "f", "m", "f"] * 50, "arm": ["b", "a"] * 100}),
        FEW.set_axis(range(1, 201)),
        FEW.head(3),
        FEW[["sex"]],
        pd.concat([FEW, FEW]),
        pd.concat([FEW, FEW.head(1).set_axis([999])]),
        FEW.sample(40, random_state=1).reset_index(drop=True),
    ],
    ids=["the same values", "other labels", "so few that it may be chance", "narrower", "repeated", "one row more", "shuffled"],
)
def test_rows_that_only_hold_values_that_were_made_are_real(strict: Origins, frame: pd.DataFrame) -> None:
    assert strict.synthetic(frame) == frozenset()


def test_a_column_that_was_added_is_not_synthetic(strict: Origins) -> None:
    wider = FEW.assign(secret="x")
    assert strict.of(wider) == RUN
    assert strict.synthetic(wider) == {"sex", "arm"}
    assert not strict.is_synthetic(wider, ["sex", "secret"])


def test_texts_that_a_run_may_quote_are_told_from_levels() -> None:
    made = pd.DataFrame({"sex": ["f", "m"] * 10, "who": [f"P {i}" for i in range(20)], "n": range(20), "long": "a b c d e f"})
    assert quoting(made) == {"who", "long"}
    assert quoting(made, fresh=["who"]) == {"long"}
    assert quoting(made, made.assign(who=[f"P {i}" for i in range(19, 39)])) == {"who", "long"}
    assert quoting(made, made.assign(who=[f"P {i}" for i in range(20, 40)])) == {"long"}


def test_what_isnt_said_to_be_synthetic_is_real(origins: Origins) -> None:
    assert origins.of(MADE) == RUN
    assert origins.synthetic(MADE) == frozenset()


def test_odd_labels_and_texts_are_recognised_too() -> None:
    odd = pd.DataFrame({"a": pd.Series(["\ud800x", "y"], dtype=object, index=pd.Index(["\ud801", "z"], dtype=object)), "b": [1, 2]})
    known = Origins()
    known.register(RUN, odd, synthetic=["a", "b"])
    assert known.is_synthetic(odd, ["a"])
    assert not known.is_synthetic(odd.set_axis(pd.Index(["\ud801", "q"], dtype=object)), ["a"])


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
