"""Signatures: an in-toto statement about files in a DSSE envelope, beside what it is about.

The statement (https://in-toto.io/Statement/v1) names each file with its SHA-256. Its predicate, of type `PREDICATE`,
says when and by whom it was signed, with which version, the digests of the record and of its substance, and what there is in
each file, piece by piece (`synthnb.disclosure.manifest`). The envelope is DSSE 1.0.2 with ed25519.

A signature shows that whoever has the private key signed these bytes. It doesn't
show who that is: that has to be known from elsewhere. When it was signed is what the signer says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthnb._clock import utc_now
from synthnb._optional import need
from synthnb.disclosure.reading import mapping, parse_json
from synthnb.disclosure.signing_keys import PrivateKey, PublicKey

__all__ = ["FOLDER", "PREDICATE", "SUFFIX", "Opened", "envelope", "open_envelope", "place_of", "statement"]

SUFFIX = ".synthnb.dsse.json"
"""What is appended to a file's name to name its signature."""
FOLDER = "folder"
"""What a folder's own signature is named after; it lies inside."""
STATEMENT = "https://in-toto.io/Statement/v1"
"""The type of the statement."""
PREDICATE = "urn:synthnb:predicate:signed:1"
"""The type of what is said about the files; a name that leads nowhere."""
PAYLOAD = "application/vnd.in-toto+json"
"""The envelope's payload type."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Opened:
    """An envelope that was read; nothing of it has been checked."""

    statement: Json
    """What it states."""
    signatures: tuple[tuple[str, bytes], ...]
    """Each signature: the key's fingerprint, and the signature's bytes."""
    payload: bytes
    """What was signed."""
    exact: bool
    """Whether the file is, byte for byte, as synthnb writes it."""

    @property
    def predicate(self) -> Mapping[str, Any]:
        """What it says about its subjects."""
        return mapping(self.statement.get("predicate"))

    @property
    def subjects(self) -> dict[str, str]:
        """``sha256:…`` by name."""
        listed = self.statement.get("subject")
        items = [mapping(item) for item in listed] if isinstance(listed, list) else []
        return {str(item.get("name")): f"sha256:{mapping(item.get('digest')).get('sha256')}" for item in items}

    @property
    def artefacts(self) -> Mapping[str, Any]:
        """The manifests by name."""
        return mapping(self.predicate.get("artefacts"))

    @property
    def own_key(self) -> PublicKey | None:
        """The public key that the envelope brings along: whose it is, it can't show."""
        text = mapping(self.predicate.get("signer")).get("public_key")
        if not isinstance(text, str) or not re.fullmatch("[0-9a-f]{64}", text):
            return None
        return PublicKey(bytes.fromhex(text))

    def signed_by(self, keys: Iterable[PublicKey]) -> PublicKey | None:
        """The first of some keys with which a signature is right."""
        by_fingerprint = dict(self.signatures)
        return next((key for key in keys if (said := by_fingerprint.get(key.fingerprint)) and _is_right(key, said, self.payload)), None)


def place_of(path: Path) -> Path:
    """Return where the signature of a file or a folder lies."""
    return path / f"{FOLDER}{SUFFIX}" if path.is_dir() else path.with_name(path.name + SUFFIX)


def statement(
    artefacts: Mapping[str, Json],
    *,
    key: PublicKey,
    who: str,
    role: str = "author",
    valid_until: str | None = None,
    sign_off: str | None = None,
    signed: str | None = None,
) -> Json:
    """Return what is to be signed.

    Parameters
    ----------
    artefacts : mapping
        Manifests by name.
    key : PublicKey
        With which it will be checked.
    who : str
        Who signs; empty if nobody is named.
    role : {"author", "reviewer"}
        In which role.
    valid_until : str, optional
        The day, as ``2027-12-31``, after which it doesn't count any more.
    sign_off : str, optional
        The id of the sign-off's entry that is signed along.
    signed : str, optional
        When; now by default.
    """
    from synthnb import __version__

    signer = {"name": who or None, "role": role, "fingerprint": key.fingerprint, "public_key": key.raw.hex()}
    about = {"signed": signed or utc_now(), "valid_until": valid_until, "sign_off": sign_off, "tool": f"synthnb {__version__}"}
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": made["sha256"].removeprefix("sha256:")}} for name, made in artefacts.items()],
        "predicateType": PREDICATE,
        "predicate": about | {"signer": signer, "artefacts": dict(artefacts)},
    }


def envelope(content: Json, key: PrivateKey) -> bytes:
    """Return a statement in an envelope, signed, as it is written to a file."""
    dsse, signer = need("securesystemslib.dsse", extra="sign"), need("securesystemslib.signer", extra="sign")
    sealed = dsse.Envelope(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(), PAYLOAD, {})
    sealed.sign(signer.CryptoSigner(key.secret, _library_key(key.public)))
    return _laid_out(sealed)


def open_envelope(data: bytes) -> Opened | str:
    """Return what is in an envelope, or a sentence saying why it can't be read. Nothing is checked yet."""
    dsse = need("securesystemslib.dsse", extra="sign")
    try:
        found = dsse.Envelope.from_dict(parse_json(data))
        content = parse_json(found.payload)
        signatures = tuple((name, bytes.fromhex(signature.signature)) for name, signature in found.signatures.items())
    except Exception as error:  # noqa: BLE001  # the library raises whatever a part of another shape leads to
        return f"It isn't a signed envelope: {type(error).__name__}."
    if not isinstance(content, dict) or found.payload_type != PAYLOAD:
        return "It isn't an in-toto statement."
    if content.get("_type") != STATEMENT or content.get("predicateType") != PREDICATE:
        return "It is a statement of another kind than synthnb makes."
    return Opened(content, signatures, found.payload, _laid_out(found) == data)


def _laid_out(sealed: Any) -> bytes:
    return (json.dumps(sealed.to_dict(), indent=1) + "\n").encode()


def _library_key(key: PublicKey) -> Any:
    return need("securesystemslib.signer", extra="sign").SSlibKey(key.fingerprint, "ed25519", "ed25519", {"public": key.raw.hex()})


def _is_right(key: PublicKey, signature: bytes, payload: bytes) -> bool:
    dsse, signer = need("securesystemslib.dsse", extra="sign"), need("securesystemslib.signer", extra="sign")
    sealed = dsse.Envelope(payload, PAYLOAD, {key.fingerprint: signer.Signature(key.fingerprint, signature.hex())})
    try:
        sealed.verify([_library_key(key)], 1)
    except (need("securesystemslib.exceptions", extra="sign").VerificationError, ValueError):
        return False
    return True
