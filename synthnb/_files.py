"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from synthnb.errors import OptionError, StorageError, shown

__all__ = ["create_whole", "write_atomically", "write_pair"]

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def write_atomically(path: Path, content: bytes | Callable[[Path], object]) -> None:
    """Write a file whole or not at all.

    The content goes into a temporary file in the same folder, which then takes the
    place of what was there. A file that exists keeps its mode, a new one gets
    what the umask leaves; a link stays, and the file behind it is written.

    Parameters
    ----------
    path : Path
        The file.
    content : bytes or callable
        Its bytes, or a function that writes them to the path it is given. What
        that raises is passed on, except for errors of the system.

    Raises
    ------
    OptionError
        No file can have this name.
    StorageError
        The disk is full, or the folder is missing or read-only; what was there before is intact.
    """
    with _explained(path), _staged(path, content) as (temporary, target):
        temporary.replace(target)


def write_pair(path: Path, content: Callable[[Path], object], beside: Path, about: Callable[[Path], bytes]) -> None:
    """Write a file and one beside it that is about it: both appear whole, or neither does.

    Parameters
    ----------
    path : Path
        The file.
    content : callable
        Writes it to the path it is given, as for `write_atomically`.
    beside : Path
        The other file.
    about : callable
        Takes where the first file is for now and returns the bytes of the other.

    Raises
    ------
    OptionError
        No file can have this name.
    StorageError
        The disk is full, or the folder is missing or read-only; what was there of both is intact.
    """
    with _explained(path), _staged(path, content) as (first, target):
        words = about(first)
        with _explained(beside), _staged(beside, words) as (second, place), _undone(target):
            first.replace(target)
            second.replace(place)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn an error of the system into one that says what is intact and what to do."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(
            f"{path.name} couldn't be written: {error.strerror or error}. What was there before is intact.",
            fix="Free some space or choose another folder.",
        ) from error


@contextmanager
def _staged(path: Path, content: bytes | Callable[[Path], object]) -> Iterator[tuple[Path, Path]]:
    """A temporary file with the content, and the place it is to take; the temporary file is gone afterwards."""
    mode = _mode(path)
    target = path.resolve() if path.is_symlink() else path
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "it isn't a file but a device or a folder")
    temporary = _temporary(target)
    try:
        os.close(os.open(temporary, _NEW, 0o666 if mode is None else mode | stat.S_IWUSR))
        if isinstance(content, bytes):
            temporary.write_bytes(content)
        else:
            content(temporary)
        _flush(temporary)
        if mode is not None:
            temporary.chmod(mode)
        yield temporary, target
    finally:
        temporary.unlink(missing_ok=True)


def _temporary(target: Path) -> Path:
    return target.with_name(f".{target.name[:40]}.{secrets.token_hex(6)}.tmp")


@contextmanager
def _undone(target: Path) -> Iterator[None]:
    """Put back what was at a place if something goes wrong."""
    kept = _temporary(target) if target.exists() else None
    try:
        if kept is not None:
            _keep(target, kept)
        try:
            yield
        except BaseException:
            target.unlink(missing_ok=True) if kept is None else kept.replace(target)
            raise
    finally:
        if kept is not None:
            kept.unlink(missing_ok=True)


def _keep(target: Path, kept: Path) -> None:
    try:
        os.link(target, kept)
    except OSError:  # a file system without links
        shutil.copy2(target, kept)


def _mode(path: Path) -> int | None:
    """The mode of a file that exists."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise OptionError(f"{shown(path.name)} can't be the name of a file: {error}.", fix="Choose another name.") from error


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def create_whole(path: Path, make: Callable[[Path], object]) -> None:
    """Create a file that only its owner may read, whole, unless there is one; of several processes, the first wins.

    Parameters
    ----------
    path : Path
        The file, in a folder that exists.
    make : callable
        Writes it to the path it is given. What it raises is passed on.

    Raises
    ------
    OSError
        The disk is full, or the folder is read-only; nothing is left behind.
    """
    temporary = _temporary(path)
    try:
        os.close(os.open(temporary, _NEW, 0o600))
        make(temporary)
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
        except OSError:  # a file system without links: an empty file, which whoever opens it completes
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    finally:
        temporary.unlink(missing_ok=True)
