"""Items: one form for both frames, half and half, and nothing that tells where one comes from."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.errors import FrameError, OptionError
from synthnb.evaluation.human.items import Item, Sample, draw_sample

N = 40


def draw(synthetic: Any, real: Any, n: int = N, **more: Any) -> Sample:
    other = None if real is None else pd.DataFrame(real)
    settings: dict[str, Any] = {"text": None, "columns": None, "seed": 3, "salt": "s"} | more
    return draw_sample(pd.DataFrame(synthetic), other, n=n, **settings)


def cells(sample: Sample, column: str, origin: str) -> set[str | None]:
    return {dict(item.content)[column] for item in sample.items if sample.key[item.id] == origin and not isinstance(item.content, str)}


def both(synthetic: Any, real: Any) -> tuple[set[str | None], set[str | None]]:
    """The cells of one column as raters see them, of each origin."""
    sample = draw({"x": synthetic}, {"x": real}, columns=["x"])
    return cells(sample, "x", "synthetic"), cells(sample, "x", "real")


def test_half_of_the_items_are_real_and_the_order_is_the_seeds() -> None:
    frame = {"x": range(50)}
    sample = draw(frame, frame)
    assert sorted(sample.key.values()) == ["real"] * 20 + ["synthetic"] * 20
    assert list(sample.key.values()) != sorted(sample.key.values())
    assert draw(frame, frame).items == sample.items
    assert draw(frame, frame, seed=4).key != sample.key


def test_without_real_rows_every_item_is_synthetic() -> None:
    assert set(draw({"x": range(50)}, None).key.values()) == {"synthetic"}


def test_an_odd_number_is_drawn_in_full() -> None:
    assert len(draw({"x": range(50)}, {"x": range(50)}, n=41).items) == 41


def test_whole_numbers_look_alike_whatever_stores_them() -> None:
    synthetic, real = both([1.0, 2.0] * 20, [1, 2] * 20)
    assert synthetic == real == {"1", "2"}


def test_decimals_are_those_of_the_coarser_frame() -> None:
    synthetic, real = both(np.linspace(1, 2, 40) / 3, [0.5, 0.4, 0.6, 0.3] * 10)
    assert {len(str(value)) for value in synthetic | real} == {3}


def test_small_numbers_keep_their_digits() -> None:
    synthetic, real = both([1.234567e-9] * 40, [2.5e-9, 1e-9] * 20)
    assert synthetic == {"1.235e-09"}
    assert real == {"2.5e-09", "1e-09"}


def test_infinite_and_huge_numbers_are_written() -> None:
    synthetic, _ = both([np.inf, -np.inf, 1e300, 2.0] * 10, [1.0, 2.0] * 20)
    assert synthetic == {"infinite", "minus infinite", "1e+300", "2"}


@pytest.mark.parametrize("spelled", ["", "NA", "nan", "None", "-", " n/a ", None, np.nan, pd.NA, pd.NaT])
def test_missing_is_missing_however_it_is_spelled(spelled: Any) -> None:
    synthetic, real = both(["a", spelled] * 20, ["a", None] * 20)
    assert synthetic == real == {"a", None}


@pytest.mark.parametrize("flags", [["yes", "no"], [1, 0], ["TRUE", "False"], [1.0, 0.0]])
def test_booleans_are_yes_and_no(flags: list[Any]) -> None:
    synthetic, real = both(flags * 20, [True, False] * 20)
    assert synthetic == real == {"yes", "no"}


def test_dates_are_written_to_the_coarser_step() -> None:
    days = pd.date_range("2020-01-01", periods=40)
    synthetic, real = both(days.astype(str) + " 10:11:12", days)
    assert synthetic | real <= {str(day.date()) for day in days}
    _, same = both(days.tz_localize("UTC"), [dt.date(2020, 1, 1)] * 40)
    assert same == {"2020-01-01"}


def test_levels_are_spelled_as_the_real_frame_does() -> None:
    synthetic, real = both(["FEMALE", "male ", "other"] * 20, ["Female", "Male"] * 20)
    assert real == {"Female", "Male"}
    assert synthetic == {"Female", "Male", "other"}


def test_the_order_of_columns_is_the_real_frames() -> None:
    sample = draw({"b": range(50), "a": range(50), "only": range(50)}, {"a": range(50), "b": range(50)})
    assert {tuple(dict(item.to_dict()["content"])) for item in sample.items} == {("a", "b")}
    assert sample.left_out == ("only",)


DAYS = list(pd.date_range("2020-03-13", periods=2)) * 20


@pytest.mark.parametrize(
    ("synthetic", "real"),
    [
        (["2.0", "3.0"] * 20, [2, 3] * 20),
        (["061", "007"] * 20, [61, 7] * 20),
        (["66,329", "1,200"] * 20, [66329, 1200] * 20),
        (["57%", "3 %"] * 20, [57, 3] * 20),
        ([f"{day:%d/%m/%Y}" for day in DAYS], DAYS),
        ([f"{day:%d %b %Y}" for day in DAYS], [f"{day:%Y-%m-%d}" for day in DAYS]),
        (["Y", "N"] * 20, ["yes", "no"] * 20),
        (["Y", "N"] * 20, [1, 0] * 20),
        (["+5", "1e1"] * 20, ["5", "10"] * 20),
    ],
)
def test_the_same_values_are_written_alike_from_either_side(synthetic: Any, real: Any) -> None:
    assert len(set(map(frozenset, (*both(synthetic, real), *both(real, synthetic))))) == 1
    assert draw({"x": synthetic}, {"x": real}, columns=["x"]).told == ()


def test_codes_that_both_frames_spell_alike_keep_their_zeros() -> None:
    synthetic, real = both(["061", "007"] * 20, ["061", "093"] * 20)
    assert (synthetic, real) == ({"061", "007"}, {"061", "093"})


@pytest.mark.parametrize(("synthetic", "real"), [(["57%"] * 40, [0.57, 0.3] * 20), (["03/04/2020", "05/06/2020"] * 20, DAYS)])
def test_what_can_be_read_in_two_ways_is_left_and_named(synthetic: Any, real: Any) -> None:
    assert both(synthetic, real)[0] == set(synthetic)
    assert draw({"x": synthetic}, {"x": real}, columns=["x"]).told == ("x",)


@pytest.mark.parametrize(
    ("synthetic", "real"), [(["a", "bb c"] * 20, ["Dd", "e"] * 20), ([1, 22] * 20, [-3, 444] * 20), ([None] * 40, [1, 2] * 20)]
)
def test_values_that_differ_are_content_and_no_spelling(synthetic: Any, real: Any) -> None:
    assert draw({"x": synthetic}, {"x": real}, columns=["x"]).told == ()


def test_identifiers_are_not_shown() -> None:
    names = [f"P-{7919 * i % 9973:04d}" for i in range(60)]
    sample = draw({"id": names, "x": [1, 2] * 30}, {"id": names[::-1], "x": [1, 2] * 30})
    assert sample.columns == ("x",)
    assert sample.left_out == ("id",)


def test_the_index_is_no_part_of_an_item() -> None:
    frame = pd.DataFrame({"x": [1, 2] * 25}, index=[f"secret {i}" for i in range(50)])
    assert "secret" not in str(draw(frame, frame).items)


def test_items_do_not_hold_their_origin() -> None:
    sample = draw({"x": range(50)}, {"x": range(50)})
    assert "synthetic" not in str(sample.items)
    assert "real" not in str(sample.items)


def test_texts_lose_what_storage_adds() -> None:
    odd = pd.Series(["\ufeff A\r\nb \x00\x1b[0m\ud800 "] * 40 + [""] * 9, dtype=object)
    sample = draw({"t": odd}, {"t": ["A\nb"] * 40}, text="t")
    found = {origin: {item.content for item in sample.items if sample.key[item.id] == origin} for origin in ("real", "synthetic")}
    assert found == {"real": {"A\nb"}, "synthetic": {"A\nb [0m?"}}


def test_a_text_of_a_megabyte_is_cut() -> None:
    sample = draw({"t": ["x" * 1_000_000] * 20}, {"t": ["y"] * 20}, text="t")
    assert max(len(str(item.content)) for item in sample.items) < 20_100


def test_twins_are_counted() -> None:
    assert draw({"x": [1] * 50}, {"x": [1] * 50}, columns=["x"]).twins == N
    assert draw({"x": [1] * 50}, {"x": [2] * 50}, columns=["x"]).twins == 0


def test_the_salt_changes_every_digest() -> None:
    frame = {"x": range(50)}
    one, other = (draw(frame, frame, salt=salt).items for salt in "ab")
    assert [item.content for item in one] == [item.content for item in other]
    assert not {item.digest for item in one} & {item.digest for item in other}


def test_an_item_survives_being_written() -> None:
    item = draw({"x": [1, None] * 25}, {"x": [1, None] * 25}).items[0]
    assert Item.from_dict(item.to_dict()) == item


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(FrameError, match="The real frame has 5 rows; 20 were to be drawn"):
        draw({"x": range(50)}, {"x": range(5)})


def test_texts_that_are_empty_do_not_count() -> None:
    with pytest.raises(FrameError, match="The synthetic frame has 3 texts; 20 were to be drawn"):
        draw({"t": ["a"] * 3 + [None] * 90}, {"t": ["b"] * 50}, text="t")


@pytest.mark.parametrize("more", [{"text": "x"}, {"columns": ["x"]}])
def test_a_column_that_one_frame_lacks_is_named(more: Any) -> None:
    with pytest.raises(FrameError, match="Each frame must have the column 'x'"):
        draw({"y": range(50)}, {"x": range(50)}, **more)


def test_frames_without_a_common_column_are_refused() -> None:
    with pytest.raises(FrameError, match="The frames share no column that could be shown"):
        draw({"y": range(50)}, {"x": range(50)})


def test_no_column_at_all_is_refused() -> None:
    with pytest.raises(OptionError, match="At least one column to show was expected"):
        draw({"x": range(50)}, {"x": range(50)}, columns=[])
