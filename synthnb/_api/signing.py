"""The verbs that sign: a key made once, files signed with it, and a reviewer's sign-off."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb.disclosure.session import session
from synthnb.errors import NotebookError, OptionError, shown

if TYPE_CHECKING:
    from synthnb.disclosure.signing_keys import PrivateKey, PublicKey

__all__ = ["key_path", "new_signing_key", "own_public_key", "sign", "sign_off"]

VARIABLE = "SYNTHNB_SIGNING_PASSPHRASE"
"""Where the passphrase of the signing key is looked for first."""
_PATIENCE = 3.0
_MOST_FILES = 10_000


def key_path() -> Path:
    """Where the private key is: the setting ``signing_key``, else in the user's data folder."""
    from synthnb.config import get_config

    chosen = get_config().signing_key
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_data_path

    return user_data_path("synthnb") / "signing-key.pem"


def _public_path() -> Path:
    return key_path().with_suffix(".pub")


def new_signing_key(passphrase: str | None = None) -> PublicKey:
    """Make this user's signing key, and keep its public half beside it.

    Raises
    ------
    OptionError
        There is one already.
    StorageError
        It can't be written.
    """
    from synthnb._files import write_atomically
    from synthnb.disclosure.signing_keys import create_key

    public = create_key(key_path(), passphrase)
    write_atomically(_public_path(), public.pem.encode())
    return public


def own_public_key() -> PublicKey | None:
    """The public half of this user's key, if there is one; no passphrase is asked for."""
    from synthnb.disclosure.signing_keys import read_public

    try:
        text = _public_path().read_text(encoding="ascii")
    except (OSError, ValueError):
        return None
    return read_public(text, name=_public_path().name, owner="you", source="your own")


def _private_key() -> PrivateKey:
    from synthnb.disclosure.signing_keys import is_locked, load_key

    path = key_path()
    return load_key(path, _passphrase() if is_locked(path) else None)


def _passphrase() -> str | None:
    """From the environment, else from the keyring, else from whoever sits at the terminal."""
    found = os.environ.get(VARIABLE) or _from_keyring()
    if found or not (sys.stdin is not None and sys.stdin.isatty()):
        return found
    from getpass import getpass

    return getpass("Passphrase of the signing key: ")


def _from_keyring() -> str | None:
    """Ask the keyring on a thread: one behind a locked desktop may never answer."""
    found: list[str | None] = []
    thread = threading.Thread(target=lambda: found.append(_ask_keyring()), daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    return found[0] if found else None


def _ask_keyring() -> str | None:
    try:
        import keyring

        return keyring.get_password("synthnb", "signing-key")
    except Exception:  # noqa: BLE001  # not installed, or a backend of somebody else's that fails: the passphrase is asked for elsewhere
        return None


def sign(
    path: str | Path, *, by: str | None = None, role: str = "author", valid_until: str | None = None, sign_off: str | None = None
) -> Path:
    """Sign a file, or everything in a folder, and return where the signature was written.

    Parameters
    ----------
    path : str or Path
        A notebook, an export, a data file, an archive or a folder.
    by : str, optional
        Who signs; the setting ``person`` by default.
    role : {"author", "reviewer"}
        In which role.
    valid_until : str, optional
        The day, as ``2027-12-31``, until which it is to count.
    sign_off : str, optional
        The id of the sign-off that is signed along.

    Raises
    ------
    NotebookError
        There is no such file, or it isn't the notebook it should be.
    OptionError
        There is no key, its passphrase isn't right, or a day isn't one.
    StorageError
        The signature can't be written.
    """
    from synthnb._files import write_atomically
    from synthnb.disclosure.saying import person
    from synthnb.disclosure.signing import envelope, statement

    target = Path(path)
    _check_day(valid_until)
    if role not in {"author", "reviewer"}:
        raise OptionError.from_choice("role", role, ["author", "reviewer"])
    artefacts = _artefacts(target)
    key = _private_key()
    said = statement(artefacts, key=key.public, who=person(by).get("by", ""), role=role, valid_until=valid_until, sign_off=sign_off)
    place = _place(target, key.public)
    write_atomically(place, envelope(said, key))
    return place


def _check_day(day: str | None) -> None:
    from datetime import date

    try:
        if day is not None and date.fromisoformat(day).isoformat() != day:
            raise ValueError(day)
    except ValueError:
        raise OptionError(f"A day such as 2027-12-31 was expected; got {shown(day)}.", fix="Write year, month and day.") from None


def _artefacts(target: Path) -> dict[str, Any]:
    """A manifest for each file, by name; in a folder by its path from there."""
    from synthnb.disclosure.manifest import manifest_of
    from synthnb.disclosure.verify.folders import files_of, is_to_be_signed
    from synthnb.disclosure.verify.signatures import is_signature

    if target.is_dir():
        names = [name for name in files_of(target)[0] if is_to_be_signed(name)]
        if not names or len(names) > _MOST_FILES:
            raise OptionError(f"A folder of 1 to {_MOST_FILES:,} files was expected; got {len(names):,}.", fix="Sign a part of it.")
        return {name: manifest_of(target / name) for name in names}
    if not target.is_file():
        raise NotebookError(f"There is no file at {shown(target.name)}.", fix="Correct the path.")
    if is_signature(target):
        raise OptionError(f"{target.name} is a signature itself.", fix="Sign the file it is about.")
    return {target.name: manifest_of(target)}


def _place(target: Path, key: PublicKey) -> Path:
    """Beside the file; where another key has signed already, under this key's name."""
    from synthnb.disclosure.signing import SUFFIX, Opened, place_of
    from synthnb.disclosure.verify.signatures import open_signature

    place = place_of(target)
    if target.is_dir() or not place.exists():
        return place
    opened = open_signature(place, "signature")
    if isinstance(opened, Opened) and key.fingerprint not in dict(opened.signatures):
        return place.with_name(f"{target.name}.{key.fingerprint[:8]}{SUFFIX}")
    return place


def sign_off(path: str | Path, *, reviewer: str, scope: str, by: str | None = None, signed: bool = False) -> dict[str, Any]:
    """Add a reviewer's sign-off to a notebook file's record, and return its entry.

    Parameters
    ----------
    path : str or Path
        The notebook; its cell and metadata are brought up to date.
    reviewer : str
        Name and role, such as ``"Ada Núñez, statistician"``.
    scope : str
        What was reviewed.
    by : str, optional
        Who enters it, if not the reviewer; the setting ``person`` by default.
    signed : bool
        Sign the notebook with this user's key too.

    Raises
    ------
    OptionError
        Reviewer or scope is missing, or the notebook has no record.
    NotebookError, StorageError
        It isn't a notebook, or can't be written.
    """
    from synthnb.disclosure.signing_off import sign_off_file

    if signed:
        _private_key()  # so that a missing key is said before anything is written
    entry = session.remember(sign_off_file(path, reviewer=reviewer, scope=scope, by=by), folder=Path(path).resolve().parent)
    if signed:
        sign(path, by=reviewer, role="reviewer", sign_off=entry["id"])
    return entry
