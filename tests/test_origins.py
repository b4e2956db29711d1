"""Which rows this process made, recognised after cutting, sorting and adding columns."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pytest

from synthnb._origins import Origin, Origins, quoting

MADE = pd.DataFrame({"age": range(40), "arm": ["a", "b", None, "a"] * 10})
RUN = Origin("run-0123456789ab", "made")


@pytest.fixture
def origins() -> Origins:
    known = Origins()
    known.register(RUN, MADE)
    return known


@pytest.mark.parametrize(
    "frame",
    [MADE, MADE.head(4), MADE.iloc[::-1], MADE.assign(note="x"), MADE[["arm", "age"]], pd.concat([MADE, MADE])],
    ids=["itself", "cut", "reversed", "wider", "reordered", "repeated"],
)
def test_rows_that_were_made_are_known(origins: Origins, frame: pd.DataFrame) -> None:
    assert origins.whole(frame) == RUN


@pytest.mark.parametrize(
    "frame",
    [
        MADE.assign(age=[*range(39), 999]),
        MADE[["age"]],
        pd.concat([MADE, MADE.assign(age=99)]),
        pd.DataFrame({"x": [1]}),
        MADE.head(1).reset_index(drop=True),
    ],
    ids=["changed", "narrower", "mixed", "other", "so few that it may be chance"],
)
def test_anything_else_is_not(origins: Origins, frame: pd.DataFrame) -> None:
    assert origins.whole(frame) is None


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
    assert strict.whole(wider) == RUN
    assert strict.synthetic(wider) == {"sex", "arm"}
    assert not strict.is_synthetic(wider, ["sex", "secret"])


def test_texts_that_a_run_may_quote_are_told_from_levels() -> None:
    made = pd.DataFrame({"sex": ["f", "m"] * 10, "who": [f"P {i}" for i in range(20)], "n": range(20), "long": "a b c d e f"})
    assert quoting(made) == {"who", "long"}
    assert quoting(made, fresh=["who"]) == {"long"}
    assert quoting(made, made.assign(who=[f"P {i}" for i in range(19, 39)])) == {"who", "long"}
    assert quoting(made, made.assign(who=[f"P {i}" for i in range(20, 40)])) == {"long"}


def test_what_isnt_said_to_be_synthetic_is_real(origins: Origins) -> None:
    assert origins.whole(MADE) == RUN
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
    assert known.whole(pl.from_pandas(MADE).head(9)) == RUN


def test_only_so_many_frames_are_remembered(origins: Origins) -> None:
    for number in range(40):
        origins.register(Origin(f"run-{number:012x}", "later"), pd.DataFrame({"n": [number]}))
    assert origins.whole(MADE) is None
    assert origins.whole(pd.DataFrame({"n": [39]})) == Origin(f"run-{39:012x}", "later")


def test_text_that_utf8_cannot_hold_is_known_too() -> None:
    odd = pd.DataFrame({"a": pd.Series(["\ud800x", "y"], dtype=object), "b": [1, 2]})
    known = Origins()
    known.register(RUN, odd)
    assert known.whole(odd.iloc[::-1]) == RUN
    assert known.whole(odd.assign(b=3)) is None


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
    assert known.whole(odd.iloc[::-1]) == RUN
    assert known.whole(odd.assign(b=3)) is None


def rows(n: int, start: int = 0) -> pd.DataFrame:
    return pd.DataFrame({"x": [(start + i) ** 0.5 for i in range(n)], "s": ["f", "m"] * (n // 2)})


@pytest.fixture
def wide() -> Origins:
    known = Origins()
    known.register(RUN, rows(200), synthetic=["x"])
    return known


@pytest.mark.parametrize(
    ("frame", "made"),
    [
        (pd.concat([rows(50, 900), rows(200)], ignore_index=True), 200),
        (pd.concat([rows(50, 900), rows(200)]).sample(frac=1, random_state=1), 200),
        (pd.concat([rows(50, 900), rows(200).head(60)], ignore_index=True).assign(more=1), 60),
        (rows(50, 900), 0),
        (pd.concat([rows(400, 900), rows(200).head(3)], ignore_index=True), 0),
    ],
    ids=["put together", "shuffled", "in part", "none", "so few that they may be copies"],
)
def test_rows_that_were_made_are_known_among_others(wide: Origins, frame: pd.DataFrame, made: int) -> None:
    found = wide.recognise(frame)
    assert int((found.which >= 0).sum()) == made
    assert not found.edited.any()
    assert (wide.whole(frame) is None) is True


def test_rows_of_few_levels_are_known_only_all_one_after_the_other(strict: Origins) -> None:
    real = pd.DataFrame({"sex": ["m", "f"] * 50, "arm": ["b", "a"] * 50})
    many = pd.concat([FEW.sample(1000, replace=True, random_state=2), FEW], ignore_index=True)
    assert (strict.recognise(many).which >= 0).sum() == 200
    assert (strict.recognise(pd.concat([real, FEW], ignore_index=True)).which >= 0).tolist() == [*[False] * 100, *[True] * 200]
    assert (strict.recognise(real).which < 0).all()
    assert (strict.recognise(pd.concat([real, FEW]).sample(frac=1, random_state=1)).which < 0).all()


def test_a_few_rows_that_a_small_run_made_too_are_not_taken_for_its_own() -> None:
    known = Origins()
    known.register(RUN, pd.DataFrame({"age": [25, 31], "sex": ["f", "m"]}))
    real = pd.DataFrame({"age": range(20, 60), "sex": ["m", "f"] * 20})
    assert (known.recognise(real).which < 0).all()


def test_integers_are_known_beside_missing_cells() -> None:
    known = Origins()
    made = pd.DataFrame({"n": range(200)})
    known.register(RUN, made)
    assert int((known.recognise(pd.concat([pd.DataFrame({"n": [float("nan")]}), made], ignore_index=True)).which >= 0).sum()) == 200


def test_a_row_that_was_changed_is_known_only_where_the_frame_says_whose_it_is(wide: Origins) -> None:
    changed = rows(200).assign(z=1)
    changed.loc[[3, 5], "s"] = "x"
    assert wide.recognise(changed.drop(columns="z")).edited.sum() == 0
    changed.attrs["synthnb"] = {"run": RUN.run}
    changed.loc[7, "x"], changed.loc[7, "s"] = 99.0, "y"
    wide.register(RUN, rows(200).assign(z=1))
    found = wide.recognise(changed)
    assert found.edited[[3, 5, 7]].tolist() == [True, True, False]
    assert int((found.which >= 0).sum()) == 199


def test_some_columns_of_a_run_are_known_by_their_index_labels(strict: Origins) -> None:
    assert (strict.recognise(pl.from_pandas(FEW).select("sex")).which >= 0).all()
    assert (strict.recognise(FEW[["sex"]].iloc[::-1].reset_index(drop=True).head(30)).which < 0).all()
    assert (strict.recognise(FEW[["sex"]].head(3)).which < 0).all()
    assert (strict.recognise(FEW[["sex"]].assign(real=1)).which < 0).all()
