"""Signatures: who made one, whether it is right, and each way in which it may not be."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from synthnb._api.signing import key_path, new_signing_key, own_public_key, sign
from synthnb._api.verifying import check, verify
from synthnb.disclosure.signing import SUFFIX, Opened, open_envelope
from synthnb.disclosure.signing_keys import PublicKey, create_key, load_key, read_public
from synthnb.disclosure.verify import verify_path
from synthnb.errors import NotebookError, OptionError, StorageError

from .signed import project

Json = dict[str, Any]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "data.bin"
    path.write_bytes(b"1,2,3\n")
    return path


def signature(path: Path, *keys: Path) -> tuple[str, str]:
    """Status and detail of what is said of the signature."""
    found = {one.what: (one.status, one.detail) for one in check(path, keys=keys).findings}
    return found["signature"]


def opened(path: Path) -> Opened:
    found = open_envelope(path.with_name(path.name + SUFFIX).read_bytes())
    assert isinstance(found, Opened)
    return found


def rewritten(path: Path, change: Any) -> None:
    """Change an envelope's JSON."""
    place = path.with_name(path.name + SUFFIX)
    content = json.loads(place.read_text(encoding="utf-8"))
    change(content)
    place.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def payload(content: Json, old: str, new: str) -> None:
    text = base64.b64decode(content["payload"]).decode()
    assert old in text
    content["payload"] = base64.b64encode(text.replace(old, new).encode()).decode()


def another_key(folder: Path) -> PublicKey:
    return create_key(folder / "another.pem")


def test_a_signature_is_ones_own(table: Path, key: Path) -> None:
    sign(table, by="Ada Núñez")
    status, detail = signature(table)
    assert status == "ok"
    assert detail.startswith("Signed by you (key ")
    assert "It names “Ada Núñez”" in detail


def test_without_the_key_the_owner_isnt_known(table: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sign(table)
    public = own_public_key()
    monkeypatch.setenv("SYNTHNB_SIGNING_KEY", str(table.parent / "none.pem"))
    assert public is not None
    assert f"Signed by key {public.fingerprint}, whose owner isn't known here. It names nobody by name" in signature(table)[1]


def test_a_strangers_key_isnt_enough_where_a_signature_is_required(tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = project(tmp_path)
    sign(path)
    assert check(path, require_signature=True).exit_status == 0
    monkeypatch.setenv("SYNTHNB_SIGNING_KEY", str(tmp_path / "none.pem"))
    found = check(path, require_signature=True)
    assert (found.exit_status, found.signed) == (3, False)
    assert "signed by a key that isn't known here" in check(path).summary
    path.write_bytes(path.read_bytes().replace(b"Words of mine", b"Words of ours"))
    assert check(path, require_signature=True).exit_status == 1


def test_a_key_that_is_given_is_named(table: Path, key: Path) -> None:
    sign(table)
    public = key.with_suffix(".pub")
    detail = signature(table, public)[1]
    assert "Signed by signing-key (key " in detail
    assert "as given in signing-key.pub" in detail


def test_another_key_than_the_one_given_counts_as_unsigned(table: Path, key: Path, tmp_path: Path) -> None:
    sign(table)
    other = tmp_path / "other.pub"
    other.write_text(another_key(tmp_path).pem, encoding="utf-8")
    found = check(table, keys=[other])
    assert (found.outcome, found.signed) in {("unsigned", False), ("changed", False)}
    assert any(one.status == "unsigned" and "not by a key that was given" in one.detail for one in found.findings)


def test_the_project_says_whose_a_key_is(table: Path, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sign(table)
    (tmp_path / "ada.pub").write_text(key.with_suffix(".pub").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "synthnb-keys.toml").write_text('[keys]\n"Ada Núñez" = "ada.pub"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTHNB_SIGNING_KEY", str(tmp_path / "none.pem"))
    assert "Signed by Ada Núñez (key" in signature(table)[1]
    assert "as synthnb-keys.toml in the working folder says" in signature(table)[1]


@pytest.mark.parametrize("text", ["[keys]\na = 1\n", "[keys\n", 'keys = "x"\n', ""])
def test_a_list_of_keys_that_cant_be_read_is_said(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (tmp_path / "synthnb-keys.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OptionError, match=r"synthnb-keys\.toml"):
        verify(table)


def test_an_altered_signature_is_named(table: Path, key: Path) -> None:
    sign(table)
    rewritten(table, lambda it: it["signatures"][0].update(sig=base64.b64encode(bytes(64)).decode()))
    assert signature(table) == ("changed", signature(table)[1])
    assert "it was altered, or made by another key" in signature(table)[1]
    assert not check(table).signed


def test_a_replaced_payload_is_named(table: Path, key: Path) -> None:
    sign(table, by="Ada")
    rewritten(table, lambda it: payload(it, "Ada", "Eve"))
    assert signature(table)[0] == "changed"


def test_another_key_in_the_payload_is_named(table: Path, key: Path, tmp_path: Path) -> None:
    sign(table)
    own, other = own_public_key(), another_key(tmp_path)
    assert own is not None
    rewritten(table, lambda it: payload(it, own.raw.hex(), other.raw.hex()))
    rewritten(table, lambda it: it["signatures"][0].update(keyid=other.fingerprint))
    assert signature(table)[0] == "changed"


def test_another_artefact_is_named(table: Path, key: Path) -> None:
    sign(table)
    table.write_bytes(b"9,9,9\n")
    assert any(one.what == "signed content" and one.status == "changed" for one in check(table).findings)


def test_a_signature_of_another_file_is_named(table: Path, key: Path) -> None:
    place = sign(table)
    other = table.with_name("other.bin")
    other.write_bytes(b"4\n")
    place.rename(other.with_name(other.name + SUFFIX))
    assert any(one.detail == "It is about data.bin, not about this file." for one in check(other).findings)


def test_a_renamed_file_is_said_and_fine(table: Path, key: Path) -> None:
    place = sign(table)
    moved = table.rename(table.with_name("moved.bin"))
    place.rename(moved.with_name(moved.name + SUFFIX))
    assert any(one.status == "ok" and one.detail == "It is about data.bin, which had this content" for one in check(moved).findings)


def test_a_signature_past_its_day_is_outdated(table: Path, key: Path) -> None:
    sign(table, valid_until="2020-01-31")
    status, detail = signature(table)
    assert status == "outdated"
    assert "It was to count until 2020-01-31" in detail
    assert not check(table).signed


def test_a_signature_without_its_file_is_missing_it(table: Path, key: Path) -> None:
    place = sign(table)
    table.unlink()
    (finding,) = verify_path(place)
    assert (finding.what, finding.status) == ("data.bin", "missing")


def test_two_keys_sign_side_by_side(table: Path, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = sign(table, by="Ada")
    monkeypatch.setenv("SYNTHNB_SIGNING_KEY", str(tmp_path / "second.pem"))
    fingerprint = new_signing_key().fingerprint
    second = sign(table, by="Bo", role="reviewer")
    assert second.name == f"data.bin.{fingerprint[:8]}{SUFFIX}"
    details = [one.detail for one in check(table).findings if one.what.startswith("signature")]
    assert first.exists()
    assert len(details) == 2
    assert details[1].startswith("Signed as reviewer by you")


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"\xff", b'{"payload": 1}', b'{"payload": "e30=", "payloadType": "x", "signatures": []}', b"[" * 10_000]
)
def test_an_envelope_that_isnt_one_is_named(table: Path, data: bytes) -> None:
    table.with_name(table.name + SUFFIX).write_bytes(data)
    assert signature(table)[0] == "changed"


def test_an_envelope_laid_out_anew_is_said(table: Path, key: Path) -> None:
    place = sign(table)
    place.write_text(json.dumps(json.loads(place.read_text(encoding="utf-8"))), encoding="utf-8")
    assert {one.status for one in check(table).findings if one.what == "signature"} == {"ok", "reformatted"}


def test_the_envelope_is_an_in_toto_statement(table: Path, key: Path) -> None:
    sign(table, by="Ada")
    found = opened(table)
    assert found.statement["_type"] == "https://in-toto.io/Statement/v1"
    assert found.statement["subject"][0]["name"] == "data.bin"
    assert len(found.statement["subject"][0]["digest"]["sha256"]) == 64
    assert "://" not in found.statement["predicateType"]


def test_a_signature_is_checked_without_the_extra(table: Path, key: Path, tmp_path: Path) -> None:
    sign(table)
    script = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from synthnb._api.verifying import check\n"
        "print([one.status for one in check(sys.argv[1]).findings if one.what == 'signature'])"
    )
    environment = {**os.environ, "SYNTHNB_SIGNING_KEY": str(tmp_path / "none.pem")}
    done = subprocess.run([sys.executable, "-c", script, str(table)], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "['ok']\n"


def test_the_key_is_the_owners_alone_and_never_shown(key: Path) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    secret = key.read_text(encoding="ascii").split("\n")[1]
    loaded = load_key(key)
    assert secret not in repr(loaded)
    assert secret not in key.with_suffix(".pub").read_text(encoding="ascii")


def test_no_part_of_the_key_is_in_a_signature(table: Path, key: Path) -> None:
    text = base64.b64decode(json.loads(sign(table).read_text(encoding="utf-8"))["payload"]).decode()
    raw = load_key(key).secret.private_bytes_raw()
    assert raw.hex() not in text
    assert str(key.parent) not in text
    assert str(table.parent) not in text


def test_a_key_that_others_may_read_isnt_used(table: Path, key: Path) -> None:
    key.chmod(0o644)
    with pytest.raises(StorageError, match="Others than its owner may read the signing key"):
        sign(table)


def test_a_passphrase_is_needed_and_checked(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_SIGNING_KEY", str(tmp_path / "locked.pem"))
    new_signing_key("correct horse")
    monkeypatch.setenv("SYNTHNB_SIGNING_PASSPHRASE", "wrong horse")
    with pytest.raises(OptionError, match="with a passphrase that isn't right") as error:
        sign(table)
    assert "horse" not in str(error.value)
    monkeypatch.setenv("SYNTHNB_SIGNING_PASSPHRASE", "correct horse")
    assert sign(table).exists()


def test_a_second_key_doesnt_replace_the_first(key: Path) -> None:
    before = key.read_bytes()
    with pytest.raises(OptionError, match="There is a signing key already"):
        new_signing_key()
    assert key.read_bytes() == before


def test_without_a_key_nothing_is_signed(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_SIGNING_KEY", str(tmp_path / "none.pem"))
    with pytest.raises(OptionError, match="There is no signing key"):
        sign(table)
    assert key_path() == tmp_path / "none.pem"
    assert own_public_key() is None


@pytest.mark.parametrize("text", ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "-----BEGIN PRIVATE KEY-----"])
def test_what_isnt_a_public_key_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="An ed25519 public key in a PEM file was expected"):
        read_public(text, name="x")


@pytest.mark.parametrize(
    ("options", "message"),
    [({"valid_until": "soon"}, "A day such as 2027-12-31"), ({"role": "king"}, "role must be one of author, reviewer")],
)
def test_what_a_signature_cant_say_is_refused(table: Path, key: Path, options: dict[str, str], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        sign(table, **options)


def test_what_isnt_there_or_is_a_signature_isnt_signed(table: Path, key: Path) -> None:
    with pytest.raises(NotebookError, match=r"no file at 'x\.bin'"):
        sign(table.with_name("x.bin"))
    with pytest.raises(OptionError, match="is a signature itself"):
        sign(sign(table))


def test_a_read_only_folder_leaves_nothing_behind(tmp_path: Path, key: Path) -> None:
    path = project(tmp_path)
    blocked = path.with_name(path.name + SUFFIX)
    blocked.mkdir()
    with pytest.raises((StorageError, OptionError)):
        sign(path)
    assert not [one for one in tmp_path.iterdir() if one.name.endswith(".tmp")]
