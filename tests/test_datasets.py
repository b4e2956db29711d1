from __future__ import annotations

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from synthnb._packages import is_there
from synthnb.datasets import ACTG175, ACTG175_COLUMNS, fetch_actg175
from synthnb.errors import SynthnbError


@pytest.fixture
def trial() -> pd.DataFrame:
    if not is_there(ACTG175):
        pytest.fail("ACTG 175 isn't in the cache. Run: python -c 'import synthnb.datasets as d; d.fetch_actg175()'")
    return fetch_actg175()


def test_actg175_has_its_patients_and_readable_names(trial: pd.DataFrame) -> None:
    assert trial.shape == (2139, 22)
    assert list(trial.columns) == list(ACTG175_COLUMNS.values())


def test_actg175_arms_are_those_of_the_published_trial(trial: pd.DataFrame) -> None:
    counts = {"zidovudine": 532, "zidovudine + didanosine": 522, "zidovudine + zalcitabine": 524, "didanosine": 561}
    assert trial["arm"].value_counts().to_dict() == counts


def test_actg175_labels_follow_the_codes(trial: pd.DataFrame) -> None:
    first = trial.iloc[1]
    assert (first["sex"], first["race"], first["prior_therapy"], first["arm"]) == ("female", "white", "over 52 weeks", "didanosine")
    assert trial["sex"].value_counts().to_dict() == {"male": 1771, "female": 368}


def test_actg175_prior_therapy_is_ordered_and_matches_its_days(trial: pd.DataFrame) -> None:
    assert trial["prior_therapy"].cat.ordered
    days = trial.groupby("prior_therapy", observed=True)["prior_therapy_days"]
    assert days.max()["none"] == 7
    assert days.median().to_list() == [0.0, 164.5, 844.0]


def test_actg175_keeps_what_is_missing_and_whole_numbers_whole(trial: pd.DataFrame) -> None:
    assert trial["cd4_week96"].isna().sum() == 797
    assert trial["cd4_week96"].dtype == "Int64"
    assert trial.drop(columns="cd4_week96").notna().all(axis=None)


def test_actg175_events_are_booleans(trial: pd.DataFrame) -> None:
    assert trial["event"].dtype == bool
    assert int(trial["event"].sum()) == 521


def test_actg175_comes_from_a_file_where_there_is_no_network(trial: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "lifelines.whl", "w") as wheel:
        wheel.write(ACTG175.path, ACTG175.member)
    monkeypatch.setenv("SYNTHNB_CACHE_DIR", str(tmp_path / "cache"))
    pd.testing.assert_frame_equal(fetch_actg175(file=tmp_path / "lifelines.whl"), trial)


def test_actg175_without_network_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(SynthnbError, match=r"pip couldn't get ACTG 175.*bring the file from another machine and pass its path"):
        fetch_actg175()
