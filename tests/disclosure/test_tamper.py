"""Every single changed bit is named: 200 random places in each kind of artefact, with the seeds fixed."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from synthnb._api.signing import sign
from synthnb._api.verifying import check
from synthnb.disclosure.crates.parts import part_of_bytes
from synthnb.disclosure.crates.zipping import write_zip
from synthnb.errors import SynthnbError

from .signed import project

if TYPE_CHECKING:
    from synthnb.disclosure.verify import Finding

PLACES = 200
Span = tuple[int, int]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with all kinds of files, unsigned."""
    folder = tmp_path_factory.mktemp("tampered")
    project(folder, parquet=True, lean=True)
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path, key: Path) -> Path:
    """A copy of it to change."""
    return Path(shutil.copytree(whole, tmp_path / "project"))


def seen(path: Path) -> list[Finding] | str:
    """What a check finds, or the one sentence with which it refuses."""
    try:
        return list(check(path).findings)
    except SynthnbError as error:
        return str(error)


def unnamed(file: Path, span: Span | None = None, *, about: Path | None = None, seed: int = 1) -> list[int]:
    """Flip one bit at each of 200 places in turn, and return the places where the check said the same as before."""
    before, data = seen(about or file), file.read_bytes()
    low, high = span or (0, len(data))
    draw = random.Random(seed)
    quiet = []
    for _ in range(PLACES):
        place, bit = draw.randrange(low, high), draw.randrange(8)
        changed = bytearray(data)
        changed[place] ^= 1 << bit
        file.write_bytes(changed)
        if seen(about or file) == before:
            quiet.append(place)
    file.write_bytes(data)
    return quiet


def span_of(path: Path, begin: bytes, end: bytes) -> Span:
    data = path.read_bytes()
    low = data.index(begin)
    return low, data.index(end, low) + len(end)


def cell(path: Path) -> Span:
    return span_of(path, b"<!-- synthnb:disclosure:begin -->", b"<!-- synthnb:disclosure:end -->")


def record(path: Path) -> Span:
    return span_of(path, b'  "synthnb": {\n   "schema"', b'"digest": "sha256:')


def test_in_a_signed_notebook(folder: Path) -> None:
    path = folder / "trial.ipynb"
    sign(path)
    assert unnamed(path) == []


def test_in_a_signature(folder: Path) -> None:
    path = folder / "t.csv"
    assert unnamed(sign(path), about=path) == []


@pytest.mark.parametrize("part", [cell, record], ids=["cell", "metadata"])
def test_in_what_an_unsigned_notebooks_record_covers(folder: Path, part: Callable[[Path], Span | None]) -> None:
    path = folder / "trial.ipynb"
    assert unnamed(path, part(path)) == []


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_in_a_data_file(folder: Path, name: str) -> None:
    assert unnamed(folder / name) == []


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_in_a_sidecar(folder: Path, name: str) -> None:
    assert unnamed(folder / f"{name}.synthnb.json", about=folder / name) == []


def test_in_a_signed_archive(tmp_path: Path, key: Path) -> None:
    path = tmp_path / "x.zip"
    write_zip(path, [part_of_bytes(f"{name}.txt", name.encode() * 500, "") for name in "abc"])
    sign(path)
    assert unnamed(path) == []


def test_in_a_signed_ledger(folder: Path) -> None:
    path = folder / ".synthnb" / "ledger.sqlite3"
    sign(path)
    assert unnamed(path) == []


def test_in_the_lines_of_an_unsigned_ledger(folder: Path) -> None:
    path = folder / ".synthnb" / "ledger.sqlite3"
    assert unnamed(path, span_of(path, b'{"content":', b'"slot":')) == []


def test_what_an_unsigned_ledger_leaves_open_is_little_and_no_line(folder: Path) -> None:
    path = folder / ".synthnb" / "ledger.sqlite3"
    quiet = unnamed(path)
    lines = path.read_bytes()
    assert all(not lines[place : place + 1].isalnum() or place < 100 for place in quiet), "bytes of the header and of unused room"
