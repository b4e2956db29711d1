"""A generator's file: what it holds, that an old one still draws, and that a hostile one does nothing."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import synthnb
from synthnb._frames import frame_digest
from synthnb.engines.generator import Generator
from synthnb.errors import OptionError, RecordError

OLD = Path(__file__).parents[1] / "fixtures" / "generators"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=80).round(2), "g": rng.choice(["a", "b", "<b>"], 80), "n": rng.integers(0, 5, 80)})
    made = synthnb.generate(frame, engine="trees", random_state=1)
    assert made.generator is not None
    return Path(made.generator.save(tmp_path_factory.mktemp("saved") / "one.synthgen"))


def changed(saved: Path, target: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """A copy of a file with some of its entries changed."""
    with zipfile.ZipFile(saved) as file:
        entries = {name: file.read(name) for name in file.namelist()}
    change(entries)
    with zipfile.ZipFile(target, "w") as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return target


def test_a_file_holds_one_json_and_plain_arrays(saved: Path) -> None:
    with zipfile.ZipFile(saved) as file:
        names = file.namelist()
        body = json.loads(file.read("generator.json"))
        for name in names[1:]:
            np.lib.format.read_array(io.BytesIO(file.read(name)), allow_pickle=False)
    assert names[0] == "generator.json"
    assert (body["schema"], body["engine"], body["holds_real_values"]) == ("synthnb.generator/1", "trees", True)
    assert [column["name"] for column in body["recipe"]["columns"]] == ["x", "g", "n"]


@pytest.mark.parametrize("path", sorted(OLD.glob("*.synthgen")), ids=lambda path: path.stem)
def test_a_file_of_an_earlier_version_still_draws(path: Path) -> None:
    said = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    made = synthnb.generate(path, rows=said["rows"], random_state=said["seed"])
    assert made.run.versions["synthnb"] >= said["synthnb"]
    assert list(made.frame.columns) == said["columns"]
    assert frame_digest(made.frame) == said["digest"]


def test_there_are_files_of_earlier_versions() -> None:
    assert {path.stem for path in OLD.glob("*.synthgen")} >= {"arf-0.1", "copula-0.1", "dp-0.1", "trees-0.1"}


class Bomb:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (exec, ("open('hacked', 'w').close()",))


def pickled(entries: dict[str, bytes]) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.array([Bomb()], dtype=object), allow_pickle=True)
    name = next(name for name in entries if name.endswith(".npy"))
    entries[name] = buffer.getvalue()


def huge(entries: dict[str, bytes]) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f8", "fortran_order": False, "shape": (10**13,)})
    entries[next(name for name in entries if name.endswith(".npy"))] = buffer.getvalue()


def with_json(edit: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, bytes]], object]:
    def change(entries: dict[str, bytes]) -> None:
        body = json.loads(entries["generator.json"])
        edit(body)
        entries["generator.json"] = json.dumps(body).encode()

    return change


HOSTILE: dict[str, tuple[Callable[[dict[str, bytes]], object], str]] = {
    "an object array": (pickled, "isn't an array of plain numbers"),
    "a header that lies": (huge, "another size than its header says"),
    "no JSON": (lambda entries: entries.pop("generator.json"), "isn't a generator's file"),
    "a later version": (with_json(lambda body: body.update(schema="synthnb.generator/2")), r"expected; it says.*Update synthnb"),
    "another schema": (with_json(lambda body: body.update(schema="x")), "Choose a file"),
    "an unknown layer": (with_json(lambda body: body.update(layers=["os"])), "isn't a generator's file"),
    "a recipe with a field too many": (with_json(lambda body: body["recipe"].update(run="rm")), "isn't a recipe"),
    "no arrays": (lambda entries: [entries.pop(name) for name in list(entries) if name.endswith(".npy")], "generator|trees"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_and_runs_nothing(name: str, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    change, message = HOSTILE[name]
    with pytest.raises(RecordError, match=message):
        Generator.load(changed(saved, tmp_path / "hostile.synthgen", change))
    assert not (tmp_path / "hacked").exists()


@pytest.mark.parametrize("content", [b"", b"PK", pickle.dumps({"a": 1}), b"\x93NUMPY"], ids=["empty", "cut", "pickle", "array"])
def test_another_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "not.synthgen"
    path.write_bytes(content)
    with pytest.raises(RecordError, match="isn't a generator's file, or is damaged"):
        Generator.load(path)


def test_every_array_may_be_damaged_without_a_crash(saved: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(saved) as file:
        arrays = [name for name in file.namelist() if name.endswith(".npy")]
    outcomes = set()
    for name in arrays:

        def damage(entries: dict[str, bytes], name: str = name) -> None:
            array = np.lib.format.read_array(io.BytesIO(entries[name]), allow_pickle=False)
            wrong = np.full_like(array, 2**14) if array.dtype.kind in "iu" and array.dtype.itemsize > 1 else np.zeros_like(array)
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, wrong, version=(1, 0))
            entries[name] = buffer.getvalue()

        try:
            Generator.load(changed(saved, tmp_path / "damaged.synthgen", damage)).sample(20, random_state=1)
            outcomes.add("drawn")
        except synthnb.errors.SynthnbError:
            outcomes.add("refused")
    assert "refused" in outcomes


def test_a_file_is_not_replaced_unasked(saved: Path) -> None:
    generator = Generator.load(saved)
    with pytest.raises(OptionError, match=r"one\.synthgen' exists"):
        generator.save(saved)
    assert generator.save(saved, overwrite=True) == saved


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="There is no file"):
        Generator.load(tmp_path / "none.synthgen")


def test_what_was_fitted_cannot_be_asked_to_learn_anew(saved: Path) -> None:
    with pytest.raises(OptionError, match="drawn from as it was fitted; an engine, rules can't be asked"):
        synthnb.generate(saved, engine="arf", rules=["x > 0"])
