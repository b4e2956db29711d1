"""Zips: the same bytes for the same content, a changed byte shows, and what is dangerous isn't opened."""

from __future__ import annotations

import random
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from synthnb.disclosure.crates.parts import Part, check_places, part_of_bytes, part_of_file
from synthnb.disclosure.crates.zipping import is_as_packed, open_zip, write_zip
from synthnb.errors import NotebookError, OptionError, StorageError

PARTS = [part_of_bytes("b/ü.txt", b"hello" * 40, "x"), part_of_bytes("a.txt", b"", "x"), part_of_bytes("c.json", b"{}", "x")]


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    write_zip(tmp_path / "a.zip", PARTS)
    return tmp_path / "a.zip"


def as_packed(path: Path) -> bool:
    with open_zip(path) as opened:
        return is_as_packed(opened)


def test_the_order_of_the_parts_makes_no_difference(packed: Path, tmp_path: Path) -> None:
    write_zip(tmp_path / "b.zip", PARTS[::-1])
    assert (tmp_path / "b.zip").read_bytes() == packed.read_bytes()
    assert as_packed(packed)


def test_every_single_changed_byte_shows(packed: Path) -> None:
    whole, draw = packed.read_bytes(), random.Random(1)
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= draw.randrange(1, 256)
        packed.write_bytes(changed)
        try:
            assert not as_packed(packed), at
        except NotebookError:
            continue


def test_bytes_before_or_after_it_show(packed: Path) -> None:
    whole = packed.read_bytes()
    packed.write_bytes(b"#!" + whole)
    assert not as_packed(packed)
    packed.write_bytes(whole + b"\0")
    assert not as_packed(packed)


def test_packed_anew_it_can_still_be_read(packed: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "new.zip", "w", zipfile.ZIP_DEFLATED) as zipped:
        for part in PARTS:
            zipped.writestr(part.place, part.content if isinstance(part.content, bytes) else b"")
    with open_zip(tmp_path / "new.zip") as opened:
        assert opened.places == ["a.txt", "b/ü.txt", "c.json"]
        assert opened.sha256("b/ü.txt") == PARTS[0].sha256
        assert not is_as_packed(opened)


def _named(name: str, mode: int = 0) -> Callable[[zipfile.ZipFile], None]:
    def add(zipped: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        zipped.writestr(info, b"x")

    return add


def _twice(zipped: zipfile.ZipFile) -> None:
    zipped.writestr("a.txt", b"x")
    zipped.writestr("A.txt", b"x")


@pytest.mark.parametrize(
    ("add", "said"),
    [
        (_named("../../evil.txt"), "a name that leads out of a folder"),
        (_named("/etc/evil.txt"), "a name that leads out of a folder"),
        (_named("C:evil.txt"), "a name that leads out of a folder"),
        (_named("a/../../evil.txt"), "a name that leads out of a folder"),
        (_named("link", stat.S_IFLNK | 0o777), "a link"),
        (_twice, "two files of one name"),
        (lambda zipped: zipped.writestr("bomb", bytes(90 << 20)), "would unpack to"),
    ],
    ids=["up", "root", "drive", "through", "link", "twice", "bomb"],
)
def test_what_is_dangerous_isnt_opened(tmp_path: Path, add: Callable[[zipfile.ZipFile], None], said: str) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w", zipfile.ZIP_DEFLATED) as zipped:
        add(zipped)
    with pytest.raises(NotebookError, match=f"{said}.*Nothing was unpacked"):
        open_zip(tmp_path / "bad.zip")


def test_a_file_that_changes_meanwhile_isnt_packed(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a\n1\n")
    part = part_of_file("data.csv", tmp_path / "data.csv", "x")
    (tmp_path / "data.csv").write_text("a\n2\n")
    with pytest.raises(StorageError, match=r"data\.csv changed while it was being packed"):
        write_zip(tmp_path / "a.zip", [part])
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.parametrize("place", ["../a", "a//b", "a\\b", "C:a", "a/ b", "", "a\nb", "ro-crate-metadata.json"])
def test_places_that_arent_safe_are_refused(place: str, tmp_path: Path) -> None:
    part = Part(place, tmp_path / "x", "0" * 64, 0, "text/plain", "x")
    with pytest.raises(OptionError, match="plain names of their own were expected"):
        check_places([part])


def test_two_parts_in_one_place_are_refused() -> None:
    with pytest.raises(OptionError, match=r"'B\.csv beside b\.csv'"):
        check_places([part_of_bytes("b.csv", b"", "x"), part_of_bytes("B.csv", b"", "x")])
