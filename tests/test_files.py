"""Files appear whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthnb._files import write_atomically
from synthnb.errors import StorageError


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir())


def test_bytes_are_written_and_nothing_is_left_beside(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.txt", b"new")
    assert (tmp_path / "a.txt").read_bytes() == b"new"
    assert names(tmp_path) == ["a.txt"]


def test_a_function_writes_to_the_path_it_is_given(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.txt", lambda path: path.write_text("by a function", encoding="utf-8"))
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "by a function"


def test_a_new_file_honours_the_umask(tmp_path: Path, umask: None) -> None:
    write_atomically(tmp_path / "a.txt", b"")
    assert mode(tmp_path / "a.txt") == 0o640


@pytest.mark.parametrize("given", [0o600, 0o664, 0o444])
def test_a_file_that_exists_keeps_its_mode(tmp_path: Path, umask: None, given: int) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    path.chmod(given)
    write_atomically(path, b"new")
    assert (mode(path), path.read_bytes()) == (given, b"new")


def test_a_link_stays_and_its_file_is_written(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "file")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "file").read_bytes() == b"new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_the_function_raises_is_passed_on_and_the_old_file_stays(tmp_path: Path, error: type[BaseException]) -> None:
    (tmp_path / "a.txt").write_bytes(b"old")

    def stop(path: Path) -> None:
        path.write_bytes(b"half")
        raise error("stopped")

    with pytest.raises(error, match="stopped"):
        write_atomically(tmp_path / "a.txt", stop)
    assert (tmp_path / "a.txt").read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_in_the_way_is_left_and_so_is_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match=r"folder couldn't be written: .* intact"):
        write_atomically(tmp_path / "folder", b"x")
    assert names(tmp_path) == ["folder"]


def test_a_missing_folder_is_an_error_of_storage(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"a\.txt couldn't be written: No such file.* choose another folder"):
        write_atomically(tmp_path / "none" / "a.txt", b"x")


def test_links_in_a_circle_are_an_error_of_storage(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "a")
    with pytest.raises(StorageError, match="a couldn't be written"):
        write_atomically(tmp_path / "a", b"x")
