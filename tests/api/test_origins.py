"""What rows are taken for: real ones never for synthetic ones because of their values, marks, claims or files, nor the other way round."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import synthnb
from synthnb._api.origins import depth_of
from synthnb._marks import COLUMN
from synthnb._optional import need
from synthnb.disclosure.session import session
from synthnb.errors import OptionError, SynthnbWarning


def people(n: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame({"age": draw.normal(50, 10, n).round(2), "bmi": draw.normal(25, 4, n).round(2), "sex": draw.choice(["f", "m"], n)})


def levels(n: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame({"sex": draw.choice(["f", "m"], n), "site": draw.choice(["A", "B"], n), "dead": draw.choice([0, 1], n)})


REAL, OTHERS, FEW = people(150, 1), people(200, 2), levels(400, 1)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    session.reset()
    yield
    session.reset()


def generated(source: Any, rows: int = 200, seed: int = 1) -> pd.DataFrame:
    frame: pd.DataFrame = synthnb.generate(source, engine="copula", rows=rows, random_state=seed).frame
    return frame


@pytest.fixture
def made() -> pd.DataFrame:
    return generated(REAL)


def counts(frame: Any) -> dict[str, int]:
    return {str(word): int(many) for word, many in synthnb.origin_of(frame).value_counts().items() if many}


def said(field: str, entry: dict[str, Any]) -> str:
    return str(entry["fields"][field])


def mixture() -> dict[str, Any]:
    return next(entry for entry in reversed(session.entries()) if entry["kind"] == "mix")


@pytest.mark.parametrize("real", [FEW, FEW.head(300)], ids=["more rows", "as many rows"])
def test_a_real_table_of_few_levels_isnt_exported_as_what_a_run_made(real: pd.DataFrame) -> None:
    generated(FEW, rows=300)
    with pytest.raises(OptionError, match="'real' isn't one, or has changed since"):
        synthnb.write_table(real, "patients.csv", frame_name="real")
    assert not Path("patients.csv").exists()


@pytest.mark.parametrize(
    "cut",
    [lambda made: made[made["sex"] == "f"], lambda made: made.sample(frac=1, random_state=1).reset_index(drop=True)],
    ids=["filtered", "shuffled"],
)
def test_what_a_run_made_of_few_levels_is_exported(cut: Any) -> None:
    entry = synthnb.write_table(cut(generated(FEW, rows=300)), "made.csv")
    assert entry["detail"]["share"] == 1.0
    assert [entry["kind"] for entry in session.entries()] == ["generate", "export"]


@pytest.mark.parametrize("attrs", [True, False])
def test_rows_marked_real_stay_real_when_they_are_mixed_in_as_synthetic(made: pd.DataFrame, attrs: bool) -> None:
    both = synthnb.mix(REAL, made).frame
    both.attrs = both.attrs if attrs else {}
    with pytest.warns(SynthnbWarning, match="150 of the 350 rows of 'synthetic', which is mixed in as synthetic, are marked real"):
        mixed = synthnb.mix(OTHERS, both)
    assert counts(mixed.frame) == {"real": 350, "synthetic": 200}
    assert mixed.run["share"] == pytest.approx(200 / 550)
    assert "150 rows marked real" in said("isSynthetic", mixture())
    assert synthnb.write_table(mixed.frame, "big.csv")["detail"]["share"] == pytest.approx(200 / 550)


def test_synthetic_rows_cant_be_stated_to_be_real_in_part(made: pd.DataFrame) -> None:
    half, marked = pd.concat([REAL, made], ignore_index=True), synthnb.mix(REAL, made).frame
    for frame in (half, marked):
        with pytest.raises(OptionError, match="200 of the 350 rows of the frame were made by run-"):
            synthnb.mark(frame, "real")
        with pytest.raises(OptionError, match=r"200 of the 350 rows of 'real' were made by run-.*synthnb\.origin_of"):
            synthnb.mix(frame, OTHERS)


def test_rows_that_only_marks_call_synthetic_cant_be_stated_to_be_real() -> None:
    with pytest.raises(OptionError, match="'real' was made by software, as their marks say"):
        synthnb.mix(synthnb.mark(OTHERS, "synthetic"), REAL)


def test_a_real_table_of_which_a_run_repeats_rows_can_be_stated_to_be_real() -> None:
    source = pd.concat([REAL, REAL.head(2)], ignore_index=True)
    run = generated(source)
    from synthnb._origins import Origin

    session.origins.register(Origin("run-copies", "copies"), source)
    assert counts(synthnb.mark(source, "real")) == {"real": 152}
    assert len(synthnb.mix(source, run).frame) == 352


def replaced(made: pd.DataFrame) -> pd.DataFrame:
    return made.assign(**{str(name): OTHERS[name].to_numpy() for name in OTHERS})


def test_a_frame_that_only_says_that_a_run_made_it_is_no_child_of_that_run(made: pd.DataFrame) -> None:
    stale = replaced(made)
    assert stale.attrs == made.attrs
    assert counts(stale) == {"unknown": 200}
    assert depth_of(stale) == (0, 0.0)
    generated(stale)
    assert "origin" not in session.entries()[-1]["detail"]["inputs"][0]


def test_what_a_frame_says_of_a_run_elsewhere_is_noted_as_said(made: pd.DataFrame) -> None:
    synthnb.write_table(made, "made.parquet")
    session.reset()
    with pytest.warns(SynthnbWarning, match="2 generations deep"):
        generated(pd.read_parquet("made.parquet"))
    assert session.entries()[-1]["detail"]["inputs"][0]["origin"]["claimed"] is True
    assert "as the frame says; no row was recognised" in said("generationDepth", session.entries()[-1])


def test_a_mark_doesnt_outlive_the_row_it_was_on(made: pd.DataFrame) -> None:
    marked = synthnb.mark(made)
    part = marked.copy()
    part.iloc[:100, :3] = OTHERS.head(100).to_numpy()
    assert counts(replaced(marked)) == {"unknown": 200}
    assert counts(part) == {"synthetic": 100, "unknown": 100}
    with pytest.warns(SynthnbWarning, match="100 of the 200 rows of 'part' aren't what their marks say"):
        entry = synthnb.write_table(part, "part.csv", frame_name="part")
    assert entry["detail"]["share"] == 0.5
    assert "100 rows of unknown origin" in said("syntheticShare", mixture())
    assert pd.read_csv("part.csv")[COLUMN].value_counts().to_dict() == {"synthetic": 100, "unknown": 100}


def test_a_mark_that_was_filled_down_over_real_rows_doesnt_count(made: pd.DataFrame) -> None:
    both = pd.concat([synthnb.mark(made), OTHERS])
    both[COLUMN] = both[COLUMN].ffill()
    assert counts(both) == {"synthetic": 200, "unknown": 200}


def test_marks_of_few_levels_stand_when_the_rows_are_shuffled_but_not_when_they_are_replaced() -> None:
    marked = synthnb.mark(generated(FEW, rows=300))
    assert counts(marked.sample(frac=1, random_state=1).reset_index(drop=True)) == {"synthetic": 300}
    marked.loc[:, FEW.columns] = FEW.head(300).to_numpy()
    assert counts(marked) == {"unknown": 300}


def test_marks_that_nothing_contradicts_stand_and_are_called_marks() -> None:
    synthnb.write_table(synthnb.mark(OTHERS, "synthetic"), "others.csv", frame_name="others")
    assert said("isSynthetic", mixture()) == "“others”: mixed, 200 rows marked synthetic, not recognised as a run’s"
    assert "may be real people's" in said("humanReadableStatement", mixture())
    assert said("digitalSourceType", mixture()).startswith("“others”: compositeSynthetic")


def test_what_was_stated_when_rows_were_mixed_stands(made: pd.DataFrame) -> None:
    mixed = synthnb.mix(REAL, OTHERS)
    assert counts(mixed.frame) == {"real": 150, "synthetic": 200}
    with warnings.catch_warnings():
        warnings.simplefilter("error", SynthnbWarning)
        assert synthnb.write_table(mixed.frame, "mixed.csv")["detail"]["share"] == pytest.approx(200 / 350)


def paste(path: str) -> None:
    """Other rows in the place of a file's own, with its notes as they were."""
    if path.endswith("xlsx"):
        book = need("openpyxl", extra="excel").load_workbook(path)
        for at, row in enumerate(OTHERS.to_numpy().tolist(), 2):
            for column, cell in enumerate(row, 1):
                book["Data"].cell(at, column, cell)
        book.save(path)
        return
    notes = pa.Table.from_pandas(OTHERS, preserve_index=False)
    if path.endswith("parquet"):
        pq.write_table(notes.replace_schema_metadata(pq.read_schema(path).metadata), path)
        return
    with pa.OSFile(path) as file:
        kept = pa.ipc.open_file(file).schema.metadata
    with pa.ipc.new_file(path, notes.schema.with_metadata(kept)) as out:
        out.write_table(notes.replace_schema_metadata(kept))


@pytest.mark.parametrize("ending", ["xlsx", "parquet", "arrow"])
def test_a_files_notes_dont_vouch_for_other_rows(made: pd.DataFrame, ending: str) -> None:
    path = f"made.{ending}"
    synthnb.write_table(made, path)
    session.reset()
    paste(path)
    with pytest.warns(SynthnbWarning, match=rf"{path} isn't the file that the record in it is about.*taken for real"):
        frame = synthnb.read_table(path)
    assert counts(frame) == {"unknown": 200}
    with pytest.warns(SynthnbWarning, match="taken for real"):
        assert depth_of(path) == (0, 0.0)


def test_a_column_that_no_run_made_isnt_what_rows_of_a_file_are_known_by(made: pd.DataFrame) -> None:
    synthnb.write_table(made.assign(chol=OTHERS["bmi"]), "wider.csv")
    session.reset()
    assert counts(synthnb.read_table("wider.csv")[["age", "bmi", "sex"]]) == {"synthetic": 200}


def test_a_file_and_its_record_that_were_renamed_together_are_still_known(made: pd.DataFrame) -> None:
    synthnb.write_table(made, "made.csv")
    Path("made.csv").rename("renamed.csv")
    Path("made.csv.synthnb.json").rename("renamed.csv.synthnb.json")
    assert depth_of("renamed.csv") == (1, 1.0)


def test_a_record_beside_a_file_that_says_nothing_of_it_is_warned_of(made: pd.DataFrame) -> None:
    synthnb.write_table(made, "made.csv")
    REAL.to_csv("other.csv", index=False)
    Path("made.csv.synthnb.json").rename("other.csv.synthnb.json")
    with pytest.warns(SynthnbWarning, match=r"What made other\.csv isn't known, though other\.csv\.synthnb\.json is there"):
        assert depth_of("other.csv") == (0, 0.0)


def test_a_table_joined_from_two_runs_is_synthetic_and_no_composite(made: pd.DataFrame) -> None:
    entry = synthnb.write_table(pd.concat([made, generated(REAL, rows=50, seed=2)]), "all.csv", frame_name="all")
    assert entry["detail"]["share"] == 1.0
    assert said("isSynthetic", mixture()).startswith("“all”: synthetic, ")
    assert said("digitalSourceType", mixture()) == "“all”: algorithmicMedia"
    assert said("humanReadableStatement", mixture()).startswith("“all” is made of synthetic rows only: ")


def test_a_table_that_was_read_and_mixed_is_listed_in_the_same_words(made: pd.DataFrame) -> None:
    read = session.entries()[0]["fields"]["sourceDatasets"]
    synthnb.mix(REAL, made)
    assert mixture()["fields"]["sourceDatasets"][0] == read[0]


def test_parts_without_a_name_are_called_what_they_are(made: pd.DataFrame) -> None:
    synthnb.mix(REAL, made, name="", real_name="")
    assert mixture()["fields"]["sourceDatasets"][0].startswith("rows real, as stated: 150 rows")


def test_the_deepest_of_several_tables_of_one_result_counts(made: pd.DataFrame) -> None:
    class Several:
        def __init__(self, *frames: pd.DataFrame) -> None:
            self.frames = dict(enumerate(frames))

    with pytest.warns(SynthnbWarning, match="2 generations deep"):
        second = generated(made)
    assert depth_of(Several(made, second)) == (2, 1.0)
