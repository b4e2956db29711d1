"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from synthnb.errors import StorageError

__all__ = ["create_whole", "write_atomically"]

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
    StorageError
        The disk is full, or the folder is missing or read-only; what was there before is intact.
    """
    temporary: Path | None = None
    try:
        mode = _mode(path)
        target = path.resolve() if path.is_symlink() else path
        if target.exists() and not target.is_file():
            raise OSError(errno.EINVAL, "it isn't a file but a device or a folder")
        temporary = target.with_name(f".{target.name[:40]}.{secrets.token_hex(6)}.tmp")
        os.close(os.open(temporary, _NEW, 0o666 if mode is None else mode | stat.S_IWUSR))
        if isinstance(content, bytes):
            temporary.write_bytes(content)
        else:
            content(temporary)
        _flush(temporary)
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(target)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise StorageError(
            f"{path.name} couldn't be written: {error.strerror or error}. What was there before is intact.",
            fix="Free some space or choose another folder.",
        ) from error


def _mode(path: Path) -> int | None:
    """The mode of a file that exists."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


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
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}.tmp")
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
