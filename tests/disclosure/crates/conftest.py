"""A folder with a notebook that made a table, the table as two files, and every package of it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb._frames import frame_digest
from synthnb._marks import COLUMN, Word, with_marks
from synthnb.disclosure.crates.account import Account
from synthnb.disclosure.entries import entry_for_report, entry_for_run, entry_for_statements
from synthnb.disclosure.folding import SCHEMA
from synthnb.disclosure.mixing import Part, entry_for_mix, mix_detail
from synthnb.disclosure.notebook import MIME
from synthnb.disclosure.record import Record
from synthnb.disclosure.session import session
from synthnb.disclosure.sidecar import write_data
from synthnb.jupyter.packages import PACKAGES, export_package
from tests.disclosure.samples import evaluated, made, notebook, written

Json = dict[str, Any]
STATED = {
    "name": "Trial replica",
    "description": "A replica of a trial for teaching.",
    "license": "CC-BY-4.0",
    "url": "https://example.org/replica",
    "datePublished": "2026-11-24",
    "responsiblePerson": "Dr Ana Ruiz, principal investigator, ORCID 0000-0002-1825-0097",
    "intent": "replica",
    "intendedUse": "Teaching.",
    "limitations": "No rare event is kept.",
    "biases": "As in the trial.",
    "sensitiveInformation": "The trial held health data.",
    "socialImpact": "None is foreseen.",
    "usageConditions": "DUO:0000042 and DUO:0000018; cite it.",
    "releaseClass": "controlled",
}


def table() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    weight = rng.normal(70, 9, 60).round(1)
    weight[3] = np.nan
    days = pd.date_range("2024-01-01", periods=60).strftime("%Y-%m-%d")
    return pd.DataFrame(
        {"age": rng.integers(20, 80, 60), "sex": rng.choice(["f", "m"], 60), "weight": weight, "day": days, "event": rng.random(60) < 0.5}
    )


def entries_of(frame: pd.DataFrame) -> list[Json]:
    """A generation, a column that a model wrote beside it, and a report."""
    output = {"name": "synthetic", "rows": len(frame), "columns": list(frame), "digest": frame_digest(frame)}
    run = made(output=output, delivered=len(frame), requested=len(frame), explained=[])
    head = {
        "name": "head",
        "rows": 20,
        "columns": ["age"],
        "digest": f"sha256:{'9' * 64}",
        "origin": {"run": run["id"], "name": "synthetic"},
    }
    calls = {"templates": [{"name": "note", "digest": f"sha256:{'8' * 64}"}]}
    noted = written(
        inputs=[head], calls=calls, output={"name": "notes", "rows": 20, "columns": ["age", "note"], "digest": f"sha256:{'e' * 64}"}
    )
    return [entry_for_run(run), entry_for_run(noted), entry_for_report(evaluated(synthetic=output))]


def account_of(*entries: Json, stated: Json | None = None) -> Account:
    said = [entry_for_statements(stated)] if stated else []
    return Account(Record.from_entries([*entries, *said]).to_dict())


def mixed() -> tuple[pd.DataFrame, Json]:
    """A table with 20 real rows and 30 synthetic ones, and its entry."""
    words: list[Word] = ["real" if row < 20 else "synthetic" for row in range(50)]
    frame = with_marks(table().head(50), words)
    parts = [Part("trial", 20, "real"), Part("synthetic", 30, {"run": "run-0123456789ab", "name": "synthetic", "depth": 1, "share": 1.0})]
    columns = [name for name in frame.columns if name != COLUMN]
    detail = mix_detail(parts, name="both", columns=columns, digest=frame_digest(frame), started="2026-11-23T16:00:00Z")
    return frame, entry_for_mix(detail)


def output_of(*entries: Json) -> Json:
    """An output of a cell that carries entries."""
    data = {"text/plain": "made", MIME: {"schema": SCHEMA, "entries": list(entries)}}
    return {"output_type": "display_data", "metadata": {}, "data": data}


def make_mixed_folder(folder: Path) -> Path:
    """The same with a mixed table exported too."""
    path = make_folder(folder)
    frame, entry = mixed()
    known = [*entries_of(table()), entry]
    export = write_data(frame, folder / "both.csv", frame_name="both", entries=known, folder=folder)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["cells"][1]["outputs"].append(output_of(entry, export))
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return path


def make_folder(folder: Path, *, stated: Json | None = None) -> Path:
    """Write the notebook and its tables, and return the notebook's path."""
    frame = table()
    entries = entries_of(frame)
    exports = [
        write_data(frame, folder / name, frame_name="synthetic", entries=entries, folder=folder)
        for name in ("synthetic.csv", "synthetic.parquet")
    ]
    said = STATED if stated is None else stated
    content = notebook(*entries, *exports, *([entry_for_statements(said)] if said else []))
    path = folder / "trial.ipynb"
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder with every package; not to be changed."""
    folder, before = tmp_path_factory.mktemp("packages"), Path.cwd()
    session.reset()
    os.chdir(folder)
    try:
        path = make_folder(folder)
        for ending in PACKAGES:
            export_package(path, folder / f"trial{ending}")
        yield folder
    finally:
        os.chdir(before)
        session.reset()


@pytest.fixture
def crate(packages: Path, tmp_path: Path) -> Path:
    """A copy of the crate, to be changed."""
    return Path(shutil.copy(packages / "trial.zip", tmp_path / "trial.zip"))


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Makes the notebook and its tables in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    session.reset()
    return lambda **given: make_folder(tmp_path, **given)
