"""Declared domains: what may be declared, what is refused, and cells to numbers and back in every type."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.engines.dp.domain import Domain, declared_domains
from synthnb.errors import OptionError, RecordError
from synthnb.recipes.infer import infer_recipe

N = 60
HOURS = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(N) * 7, unit="h")
GONE = np.arange(N) % 7 == 0
SPAN = ["2024-01-01", "2024-03-01", None]
KINDS: dict[str, tuple[Any, Any]] = {
    "int64": (pd.Series(np.arange(N)), [0, 59]),
    "Int64": (pd.Series(np.arange(N)).astype("Int64").mask(GONE), [0, 59, None]),
    "float64": (pd.Series(np.arange(N) / 10).mask(GONE), [0, 5.9, None]),
    "float32": (pd.Series(np.arange(N) / 4).astype("float32"), {"min": 0, "max": 20, "step": 0.25}),
    "arrow int": (pd.Series(np.arange(N)).astype("int64[pyarrow]").mask(GONE), [0, 59, None]),
    "with a step": (pd.Series(np.arange(N) / 2), [0, 30, 0.5]),
    "Decimal": (pd.Series([Decimal(i) / 4 for i in range(N)], dtype=object), {"min": 0, "max": 20, "step": "0.25"}),
    "str": (pd.Series(["a", "b"] * 30), ["a", "b"]),
    "objects": (pd.Series(["a", None, "b"] * 20, dtype=object), ["a", "b", None]),
    "string": (pd.Series(["a", "b"] * 30).astype("string").mask(GONE), ["a", "b", None]),
    "bool": (pd.Series([True, False] * 30), None),
    "boolean": (pd.Series([True, False] * 30).astype("boolean").mask(GONE), [False, True, None]),
    "ordered": (pd.Series(pd.Categorical(["lo", "hi"] * 30, categories=["lo", "hi"], ordered=True)).mask(GONE), ["lo", "hi", None]),
    "days": (pd.Series(HOURS.normalize()).mask(GONE), SPAN),
    "moments": (pd.Series(HOURS).mask(GONE), SPAN),
    "zoned": (pd.Series(HOURS.tz_localize("Europe/Madrid")), SPAN),
    "zoned days": (pd.Series(HOURS.normalize().tz_localize("America/New_York")).mask(GONE), SPAN),
    "periods": (pd.Series(pd.period_range("2020-01", periods=N, freq="M")), ["2020-01-01", "2025-12-31"]),
    "date texts": (pd.Series([str(hour.date()) for hour in HOURS]), ["2024-01-01", "2024-03-01"]),
    "date objects": (pd.Series([hour.date() for hour in HOURS], dtype=object), ["2024-01-01", "2024-03-01"]),
    "times": (pd.Series([hour.time() for hour in HOURS], dtype=object), ["00:00", "23:59"]),
    "spans": (pd.Series(pd.to_timedelta(np.arange(N), unit="min")).mask(GONE), ["0min", "60min", None]),
}


def domain(cells: Any, declared: Any, **changes: Any) -> Domain:
    frame = pd.DataFrame({"x": cells, "other": np.arange(len(cells)) % 5})
    recipe = infer_recipe(frame, table="t", rows=1, seed=0)
    columns = tuple(column.model_copy(update=changes) if column.name == "x" else column for column in recipe.columns)
    given = {"other": [0, 9]} | ({} if declared is None else {"x": declared})
    return declared_domains(frame, recipe.model_copy(update={"columns": columns}), given)["x"]


@pytest.mark.parametrize("name", KINDS)
def test_every_type_goes_to_numbers_and_back(name: str) -> None:
    cells, declared = KINDS[name]
    one = domain(cells, declared)
    pd.testing.assert_series_equal(one.decode(one.encode(cells)), cells, check_names=False)


@pytest.mark.parametrize("name", KINDS)
def test_a_domain_survives_saving(name: str) -> None:
    one = domain(*KINDS[name])
    index = np.array([0, one.size - 1])
    back = Domain.restored(one.column, one.to_dict())
    assert (back.size, back.missing) == (one.size, one.missing)
    pd.testing.assert_series_equal(back.decode(index), one.decode(index))


def test_every_column_without_a_declaration_is_named_with_an_example() -> None:
    frame = pd.DataFrame({"age": range(60), "sex": ["f", "m"] * 30, "day": HOURS.normalize(), "well": [True, False] * 30})
    recipe = infer_recipe(frame, table="t", rows=1, seed=0)
    with pytest.raises(OptionError, match=r"not declared: 'age', 'sex', 'day'\..*domain=\{'age': \[0, 100\], 'sex': \['first level'"):
        declared_domains(frame, recipe, {})


def test_nothing_learnt_from_the_data_counts_as_declared() -> None:
    recipe = infer_recipe(pd.DataFrame({"sex": ["f", "m"] * 30, "x": range(60)}), table="t", rows=1, seed=0)
    assert recipe.columns[0].levels == ("f", "m")
    with pytest.raises(OptionError, match="not declared: 'sex'"):
        declared_domains(None, recipe, {"x": [0, 9]})


def test_limits_in_the_recipe_are_declarations() -> None:
    one = domain(pd.Series(range(60)), None, minimum=18, maximum=90)
    assert one.decode(np.array([0, one.size - 1])).tolist() == [18, 90]


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ([9, 0], "least value must not exceed the largest; got 9 and 0"),
        ([0, 5, 9, 2], r"\[least, largest, step\] was expected; got \[0, 5, 9, 2\]"),
        ([0, 5, 9], "the step must not exceed the range; got 9"),
        (["a", "z"], "numbers were expected; got 'a'"),
        ([0, float("inf")], "finite numbers were expected; got inf"),
        ({"min": 0, "max": 9, "step": 0}, "a step above 0"),
        ({"min": 0, "max": 9, "step": 0.5}, "at most 0 decimal places"),
        ({"low": 0}, "may hold levels, max, min, missing, step; got 'low'"),
        ({"min": 0}, "both min and max"),
        ({"levels": []}, "1 to 10,000 levels"),
        ({"levels": [1, 1.0]}, "each level may be listed once only"),
        ("0-9", "a list or a mapping was expected; got '0-9'"),
        ([0, 2**60], "more than can be told apart"),
    ],
)
def test_a_declaration_that_cannot_be_is_refused(declared: Any, message: str) -> None:
    with pytest.raises(OptionError, match=f"'x': .*{message}"):
        domain(pd.Series(range(60)), declared)


def test_an_unknown_column_is_named() -> None:
    recipe = infer_recipe(pd.DataFrame({"age": range(60)}), table="t", rows=1, seed=0)
    with pytest.raises(OptionError, match=r"got 'agee'.*Did you mean 'age'"):
        declared_domains(None, recipe, {"agee": [0, 9]})


def test_numbers_beyond_a_bound_are_put_on_it() -> None:
    assert domain(pd.Series([-5, 3, 500] * 20), [0, 9]).encode(pd.Series([-5, 3, 500])).tolist() == [0, 3, 9]
    assert domain(pd.Series([0.5] * 59 + [1.0]), [0, 9]).encode(pd.Series([np.inf, -np.inf])).tolist() == [90, 0]


def test_levels_not_listed_count_as_missing_or_as_the_last() -> None:
    cells = pd.Series(["a", "b", "c"] * 20)
    assert domain(cells, ["a", "b", None]).encode(cells[:3]).tolist() == [0, 1, 2]
    assert domain(cells, ["a", "b", "other"]).encode(cells[:3]).tolist() == [0, 1, 2]
    assert domain(cells, ["a", "b"]).encode(cells[:3]).tolist() == [0, 1, 1]


@pytest.mark.parametrize(("bounds", "step"), [([0, 1], 0.01), ([18, 90], 1.0), ([0, 99.5], 0.1), ([0, 1_000_000], 1.0)])
def test_the_step_of_a_float_follows_from_its_bounds_alone(bounds: list[float], step: float) -> None:
    one = domain(pd.Series(np.linspace(0, 1, 60)), bounds)
    assert one.decode(np.array([1]))[0] - one.decode(np.array([0]))[0] == pytest.approx(step)


def test_numbers_kept_as_levels() -> None:
    cells = pd.Series([3, 1, 2] * 20)
    one = domain(cells, {"levels": [1, 2, 3]})
    assert one.encode(cells[:3]).tolist() == [2, 0, 1]
    assert one.decode(np.array([2, 0])).tolist() == [3, 1]


def test_a_saved_domain_that_lies_is_refused() -> None:
    one = domain(pd.Series(range(60)), [0, 59])
    with pytest.raises(RecordError, match=r"saved domain of 'x' isn't one: its grid is impossible"):
        Domain.restored(one.column, one.to_dict() | {"step": 0})
