"""The user's variables: what is a frame, how one is named, what may be assigned."""

from __future__ import annotations

from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from synthnb.errors import FrameError, OptionError
from synthnb.jupyter.namespace import frame_names, is_frame, look_up, new_name

TRIAL = pd.DataFrame({"age": [40, 50]})


class Traced(pd.DataFrame):
    """A frame of a user's own class."""


@pytest.mark.parametrize("frame", [TRIAL, pl.DataFrame({"a": [1]}), pa.table({"a": [1]}), Traced({"a": [1]})], ids=type)
def test_tables_of_three_libraries_are_frames(frame: object) -> None:
    assert is_frame(frame)


@pytest.mark.parametrize("value", [None, 3, [1], {"a": [1]}, TRIAL["age"], pd.DataFrame], ids=repr)
def test_other_values_are_not(value: object) -> None:
    assert not is_frame(value)


def test_hidden_variables_are_not_offered() -> None:
    assert frame_names({"trial": TRIAL, "_1": TRIAL, "n": 3}) == ["trial"]


@pytest.mark.parametrize("expression", ["trial", "tables['visits']", "study.frame"])
def test_a_frame_is_found_by_name_key_or_attribute(expression: str) -> None:
    study = type("Study", (), {"frame": TRIAL})()
    assert look_up(expression, {"trial": TRIAL, "tables": {"visits": TRIAL}, "study": study}) is TRIAL


@pytest.mark.parametrize("expression", ["tril", "trial.copy()", "__import__('os')", "trial; 1", "tables[0]", "1"])
def test_nothing_else_is_evaluated(expression: str) -> None:
    with pytest.raises(OptionError, match="There is no frame named"):
        look_up(expression, {"trial": TRIAL, "tables": {}})


def test_an_unknown_frame_names_the_nearest_and_all() -> None:
    with pytest.raises(OptionError, match=r"Did you mean trial\? Frames here: other, trial\."):
        look_up("trail", {"trial": TRIAL, "other": TRIAL})


def test_a_variable_that_is_no_frame_is_named_with_its_type() -> None:
    with pytest.raises(FrameError, match=r"n should be a pandas, polars or Arrow table; it is of type int\."):
        look_up("n", {"n": 3})


@pytest.mark.parametrize("name", ["2x", "a b", "class", "a.b", ""])
def test_a_new_name_must_be_an_identifier(name: str) -> None:
    with pytest.raises(OptionError, match="A variable's name was expected"):
        new_name(name, {}, ours={}, overwrite=False)


def test_a_variable_of_the_users_is_not_lost() -> None:
    variables: dict[str, Any] = {"made": [1, 2]}
    with pytest.raises(OptionError, match=r"something of yours, of type list\. Choose another name or add --overwrite\."):
        new_name("made", variables, ours={}, overwrite=False)
    assert new_name("made", variables, ours={}, overwrite=True) == "made"
    assert new_name("made", variables, ours={"made": id(variables["made"])}, overwrite=False) == "made"


def test_of_what_generate_returned_the_frame_is_looked_up() -> None:
    import synthnb

    made = synthnb.generate(pd.DataFrame({"age": range(20, 80)}), rows=5, random_state=1)
    assert look_up("made", {"made": made}) is made.frame
