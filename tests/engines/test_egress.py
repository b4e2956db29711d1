"""What may leave this machine, and what is looked for before it does."""

from __future__ import annotations

from typing import Any, get_args

import pandas as pd
import pytest

from synthnb.config import config_context
from synthnb.engines.egress import Rows, permit, preflight, scan, scan_frame
from synthnb.errors import OptionError
from synthnb.models.base import Locality, ModelInfo

PLANTED = pd.DataFrame({"age": [45, 61], "note": ["wrote to jane.doe@example.org", "fine"]})


def model(locality: Locality) -> ModelInfo:
    return ModelInfo(id="openai/x", name="x", provider="OpenAI", licence="", locality=locality)


HOSTED = model("hosted")
UNKNOWN: Any = "some"


@pytest.mark.parametrize("rows", get_args(Rows))
@pytest.mark.parametrize("locality", ["in-process", "local-server"])
def test_anything_may_go_to_a_model_on_this_machine(locality: Locality, rows: Rows) -> None:
    permit(model(locality), rows=rows, allowed=False, what="all of it")


def test_a_description_alone_may_go_to_a_hosted_model() -> None:
    permit(HOSTED, rows="none", allowed=False, what="the description")


@pytest.mark.parametrize("rows", ["summary", "synthetic"])
def test_a_hosted_model_needs_the_calls_allowance(rows: Rows) -> None:
    permit(HOSTED, rows=rows, allowed=True, what="it")
    with pytest.raises(OptionError, match=r"runs at OpenAI: the rows of 'trial' would leave this machine\. .*allow_hosted=True"):
        permit(HOSTED, rows=rows, allowed=False, what="the rows of 'trial'")


def test_real_rows_need_the_setting_too() -> None:
    with pytest.raises(OptionError, match=r"hosted_rows forbids it for real rows.*SYNTHNB_HOSTED_ROWS=1"):
        permit(HOSTED, rows="real", allowed=True, what="ten real rows")
    with config_context(hosted_rows=True):
        permit(HOSTED, rows="real", allowed=True, what="ten real rows")


def test_the_setting_alone_lets_no_real_row_go() -> None:
    with config_context(hosted_rows=True), pytest.raises(OptionError, match="allow_hosted=True"):
        permit(HOSTED, rows="real", allowed=False, what="ten real rows")


def test_an_unknown_kind_of_rows_is_refused() -> None:
    with pytest.raises(OptionError, match="What is sent must be one of none, summary, synthetic, real"):
        permit(HOSTED, rows=UNKNOWN, allowed=True, what="it")


def test_a_scan_says_which_text_holds_what() -> None:
    assert [(found.kind, found.text) for found in scan(["fine", "jane.doe@example.org"])] == [("e-mail address", 1)]


def test_a_frame_is_scanned_by_column_and_its_name_counts() -> None:
    frame = pd.DataFrame({"dob": pd.to_datetime(["1961-07-04"]), "visit": pd.to_datetime(["2024-01-01"]), "nhs_number": [4010232137]})
    assert {name: [found.kind for found in some] for name, some in scan_frame(frame).items()} == {
        "dob": ["date of birth"],
        "nhs_number": ["health number"],
    }


@pytest.mark.parametrize("rows", ["real", "summary"])
def test_identifiers_in_what_comes_from_real_rows_stop_the_call(rows: Rows) -> None:
    with pytest.raises(OptionError, match=r"1 of e-mail address \(spelt ••••\.•••@•••••••\.•••\); in 'note'") as caught:
        preflight(HOSTED, PLANTED, rows=rows, what="ten real rows")
    assert "jane" not in str(caught.value)


def test_identifiers_in_synthetic_rows_are_noted() -> None:
    found = preflight(HOSTED, PLANTED, rows="synthetic", what="the rows of 'made'")
    assert found.counts == {"identifiers_found": 1}
    assert "sent all the same: 1 of e-mail address" in found.notes[0]
    assert found.where == ("note",)


def test_the_policy_can_be_chosen() -> None:
    assert preflight(HOSTED, ["078-05-1120"], rows="real", what="rows", policy="warn").counts == {"identifiers_found": 1}
    with pytest.raises(OptionError, match="direct identifiers"):
        preflight(HOSTED, ["078-05-1120"], rows="synthetic", what="rows", policy="block")
    with pytest.raises(OptionError, match="The policy on identifiers must be one of block, warn"):
        preflight(HOSTED, [], rows="real", what="rows", policy=UNKNOWN)


def test_a_clean_scan_is_said_too() -> None:
    found = preflight(HOSTED, ["age 45"], rows="real", what="ten real rows")
    assert found.counts == {"identifiers_found": 0}
    assert "none was found" in found.notes[0]


def test_nothing_is_scanned_for_a_model_on_this_machine() -> None:
    found = preflight(model("in-process"), PLANTED, rows="real", what="ten real rows")
    assert (found.findings, found.notes, found.counts) == ((), (), {})


def test_postcodes_alone_stop_nothing() -> None:
    assert preflight(HOSTED, ["SW1A 1AA"], rows="real", what="rows").counts == {"identifiers_found": 0}
