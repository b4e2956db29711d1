"""The verb that checks: a file, an archive or a folder, with the keys that are known here."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb.errors import OptionError, StorageError, shown

if TYPE_CHECKING:
    from synthnb.disclosure.signing_keys import PublicKey
    from synthnb.disclosure.verify import Verification

__all__ = ["KEYS", "check", "describe", "known_keys", "verify"]

KEYS = "synthnb-keys.toml"
"""Whose public keys a project knows."""


def verify(path: str | Path, *, keys: Iterable[str | Path] = ()) -> list[dict[str, str]]:
    """Return what was checked in a notebook, an export, a data file, an archive or a folder, and what differs.

    Parameters
    ----------
    path : str or Path
        What to check.
    keys : iterable of str or Path
        Files with the public keys whose signatures count; all, if none is given.

    Returns
    -------
    list of dict
        ``what``, ``status`` (``ok`` or in which way it differs) and ``detail``; ``artefact``, where there are several.

    Raises
    ------
    NotebookError
        The file doesn't exist or isn't what its ending says.
    OptionError
        A key can't be read.
    """
    return [finding.to_dict() for finding in check(path, keys=keys).findings]


def check(path: str | Path, *, keys: Iterable[str | Path] = (), require_signature: bool = False, strict: bool = False) -> Verification:
    """Check as `verify` does, and say what it comes to.

    Parameters
    ----------
    path, keys
        As for `verify`.
    require_signature : bool
        What isn't signed by a known key counts as ``unsigned``; so it does where keys are given.
    strict : bool
        What a formatter or a stripper did counts as changed, and so does what wasn't looked at.

    Raises
    ------
    NotebookError, StorageError, OptionError
        As for `verify`.
    """
    from synthnb.disclosure.verify import Trust, Verification, verify_with

    given = [_read_key(file, source=f"as given in {Path(file).name}") for file in keys]
    required = require_signature or bool(given)
    trust = Trust(tuple(given or known_keys()), only_these=bool(given), required=required)
    findings, standing = verify_with(path, trust)
    if any((finding.what, finding.status) == ("cell", "removed") for finding in findings):
        _note_opt_out(Path(path))
    name = Path(path).name or Path(path).resolve().name
    known, strangers = (frozenset(file for file, how in standing.items() if how == wanted) for wanted in ("known", "stranger"))
    return Verification(name, tuple(findings), known, required=required, strict=strict, by_strangers=strangers)


def _note_opt_out(path: Path) -> None:
    """Note in the ledger beside a notebook, if there is one, that its disclosure cell was deleted."""
    from synthnb.disclosure.files import read_notebook
    from synthnb.disclosure.opting import note_opt_out

    if path.is_file() and path.suffix.lower() == ".ipynb":
        note_opt_out(read_notebook(path)["metadata"], path)


def describe(path: str | Path, found: Verification) -> str:
    """What a crate says was done, in words, for somebody who has nothing else; nothing for what isn't one."""
    from synthnb.disclosure.crates import describe_crate

    return describe_crate(path, found.findings) if Path(path).suffix.lower() == ".zip" and Path(path).is_file() else ""


def known_keys() -> list[PublicKey]:
    """The public keys that are known here: one's own, and those that ``synthnb-keys.toml`` in the working folder lists under ``[keys]``.

    Raises
    ------
    OptionError
        The file, or a key in it, can't be read.
    """
    from synthnb._api.signing import own_public_key

    own = own_public_key()
    listed = [_read_key(path, owner=owner, source=f"as {KEYS} in the working folder says") for owner, path in _listed().items()]
    return [*([] if own is None else [own]), *listed]


def _listed() -> dict[str, Path]:
    """Files of public keys by owner."""
    import tomllib

    place = Path.cwd() / KEYS
    if not place.is_file():
        return {}
    try:
        found: Any = tomllib.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OptionError(f"{KEYS} can't be read: {error}.", fix="Correct it.") from error
    keys = found.get("keys")
    if not isinstance(keys, dict) or not all(isinstance(path, str) for path in keys.values()):
        raise OptionError(
            f"A file for each owner was expected under [keys] in {KEYS}; got {shown(keys)}.",
            fix='For example: [keys] with "Ada Núñez" = "keys/ada.pub".',
        )
    return {owner: place.parent / path for owner, path in keys.items()}


def _read_key(path: str | Path, *, owner: str = "", source: str) -> PublicKey:
    from synthnb.disclosure.signing_keys import read_public

    file = Path(path).expanduser()
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            text = opened.read(65_536)
    except OSError as error:
        raise StorageError(f"The key {file.name} can't be read: {error.strerror or error}.", fix="Correct the path.") from error
    return read_public(text, name=file.name, owner=owner or file.stem, source=source)
