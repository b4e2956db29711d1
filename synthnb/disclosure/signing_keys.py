"""Keys to sign with (ed25519): one private key per user, outside every project; public keys to hand around.

The private key is a PEM file (PKCS 8) that only its owner may read, in the user's
data folder, under a passphrase if one was given. A public key is a PEM file (SubjectPublicKeyInfo, RFC 8410). Its
fingerprint is the SHA-256 of its 32 bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synthnb._files import create_whole
from synthnb._optional import need
from synthnb.errors import OptionError, StorageError, shown

__all__ = ["PrivateKey", "PublicKey", "create_key", "is_locked", "load_key", "read_public"]

_PREFIX = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of an ed25519 key (RFC 8410, section 10.1)."""
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+?)-----END PUBLIC KEY-----")
_LARGEST = 65_536


@dataclass(frozen=True)
class PublicKey:
    """A key to check signatures with."""

    raw: bytes
    """Its 32 bytes."""
    owner: str = ""
    """Whose it is, as far as is known here."""
    source: str = ""
    """Who says so."""

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of its bytes, in hexadecimal digits."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def pem(self) -> str:
        """The key as a file holds it."""
        body = base64.b64encode(_PREFIX + self.raw).decode()
        return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"


@dataclass(frozen=True)
class PrivateKey:
    """A key to sign with; showing it shows no secret."""

    secret: Any = field(repr=False)
    """What the library `cryptography` signs with."""
    public: PublicKey
    """Its public half."""


def create_key(path: Path, passphrase: str | None = None) -> PublicKey:
    """Make a private key that only its owner may read, and return its public half.

    Raises
    ------
    OptionError
        There is a key already: replacing it would orphan what it signed.
    StorageError
        The folder is read-only or the disk is full.
    """
    ed25519 = need("cryptography.hazmat.primitives.asymmetric.ed25519", extra="sign")
    forms = need("cryptography.hazmat.primitives.serialization", extra="sign")
    if path.exists():
        raise OptionError(f"There is a signing key already, {path.name}.", fix="Use it, or move it away first: what it signed needs it.")
    secret = ed25519.Ed25519PrivateKey.generate()
    how = forms.BestAvailableEncryption(passphrase.encode()) if passphrase else forms.NoEncryption()
    data = secret.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, how)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        create_whole(path, lambda place: place.write_bytes(data))
    except OSError as error:
        raise StorageError(f"The signing key couldn't be written: {error.strerror or error}.", fix="Make its folder writable.") from error
    return _half(secret)


def _half(secret: Any) -> PublicKey:
    return PublicKey(secret.public_key().public_bytes_raw())


def is_locked(path: Path) -> bool:
    """Whether a private key is under a passphrase."""
    return b"ENCRYPTED" in _bytes_of(path)[:64]


def load_key(path: Path, passphrase: str | None = None) -> PrivateKey:
    """Return a private key.

    Raises
    ------
    OptionError
        There is none, it is under another passphrase, or it isn't an ed25519 key. The message holds nothing of it.
    StorageError
        Others may read it, or it can't be read.
    """
    ed25519 = need("cryptography.hazmat.primitives.asymmetric.ed25519", extra="sign")
    forms = need("cryptography.hazmat.primitives.serialization", extra="sign")
    data = _bytes_of(path)
    if path.stat().st_mode & 0o077:
        raise StorageError(f"Others than its owner may read the signing key {path.name}.", fix=f"Run: chmod 600 on {path.name}")
    try:
        secret = forms.load_pem_private_key(data, passphrase.encode() if passphrase else None)
    except (ValueError, TypeError, UnicodeError):
        said = "a passphrase that isn't right" if passphrase else "no passphrase, or it isn't a private key"
        raise OptionError(f"The signing key {path.name} can't be opened with {said}.", fix="Give its passphrase.") from None
    if not isinstance(secret, ed25519.Ed25519PrivateKey):
        raise OptionError(f"An ed25519 key was expected; {path.name} holds another kind.", fix="Run: synthnb signing-key new")
    return PrivateKey(secret, _half(secret))


def _bytes_of(path: Path) -> bytes:
    if not path.is_file():
        raise OptionError(f"There is no signing key {path.name}.", fix="Make one: synthnb signing-key new")
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError as error:
        raise StorageError(
            f"The signing key {path.name} can't be read: {error.strerror or error}.", fix="Check who may read it."
        ) from error


def read_public(text: str, *, name: str, owner: str = "", source: str = "") -> PublicKey:
    """Return the public key in a PEM file's text.

    Raises
    ------
    OptionError
        It isn't an ed25519 public key.
    """
    found = _PEM.search(text)
    try:
        data = base64.b64decode("".join(found[1].split()), validate=True) if found else b""
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != len(_PREFIX) + 32 or not data.startswith(_PREFIX):
        hint = " It holds a private key, which nobody else should have." if "PRIVATE KEY" in text else ""
        raise OptionError(
            f"An ed25519 public key in a PEM file was expected; {shown(name)} isn't one.{hint}",
            fix="Use what synthnb signing-key export-public wrote.",
        )
    return PublicKey(data[len(_PREFIX) :], owner, source)
