"""Whatever was done to a crate is named, and nothing in it can harm who checks it."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synthnb._api.signing import new_signing_key, sign
from synthnb.disclosure.crates import describe_crate, verify_crate
from synthnb.disclosure.crates.contents import as_json
from synthnb.disclosure.crates.manifest import manifest, read_manifest
from synthnb.disclosure.crates.page_scripts import OURS, check_scripts
from synthnb.disclosure.crates.parts import LEDGER, METADATA, RECORD, Part, part_of_bytes
from synthnb.disclosure.crates.zipping import write_zip
from synthnb.disclosure.entries import entry_for_statements
from synthnb.disclosure.files import disclose_file
from synthnb.disclosure.ledger import Ledger
from synthnb.disclosure.verify import verify_path
from synthnb.jupyter.nbconvert.pages import _dashboard_script
from synthnb.jupyter.packages import export_package

Files = dict[str, Any]


def unpacked(crate: Path) -> Files:
    with zipfile.ZipFile(crate) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def packed(crate: Path, files: Files) -> None:
    """Pack as synthnb does, so that only what was changed inside shows."""
    parts: list[Part] = [part_of_bytes(name, content, "") for name, content in files.items()]
    write_zip(crate, parts)


def fitted(crate: Path, files: Files) -> None:
    """Pack with every digest brought up to date, in the metadata and in the manifest."""
    meta = json.loads(files[METADATA])
    for item in meta["@graph"]:
        if "sha256" in item and item["@id"] in files:
            item |= {"sha256": hashlib.sha256(files[item["@id"]]).hexdigest(), "contentSize": str(len(files[item["@id"]]))}
    given = files | {METADATA: as_json(meta)}
    given["manifest-sha256.txt"] = manifest(part_of_bytes(name, data, "") for name, data in given.items() if "manifest" not in name).content
    packed(crate, given)


def of_another_version(files: Files, **root: object) -> Files:
    """The same, with metadata that name another version and say something else of the whole."""
    meta = json.loads(files[METADATA])
    for item in meta["@graph"]:
        item |= {"instrument": {"@id": "#x"}} if item["@id"] == "#action-pack" else root if item["@id"] == "./" else {}
    meta["@graph"].append({"@id": "#x", "@type": "SoftwareApplication", "name": "synthnb", "version": "9.9"})
    meta["@graph"].append({"@id": "#model", "@type": "Person", "name": "GPT-4"})
    return files | {METADATA: as_json(meta)}


def wrong(crate: Path) -> dict[str, str]:
    return {finding.what: finding.status for finding in verify_crate(crate) if not finding.ok and finding.status != "not looked at"}


def test_a_crate_as_it_was_packed_is_fine(crate: Path) -> None:
    findings = verify_crate(crate)
    assert [finding for finding in findings if not finding.ok] == []
    assert {"packing", "metadata", "metadata: record", f"{RECORD}: record", "synthetic.csv", "trial.ipynb: cell", "trial.html: text"} <= {
        finding.what for finding in findings
    }


def test_verify_takes_crates(crate: Path) -> None:
    assert all(finding.ok for finding in verify_path(crate))


@pytest.mark.parametrize(
    "name", ["synthetic.csv", "trial.ipynb", "trial.html", RECORD, METADATA, "README.md", "ro-crate-preview.html", "manifest-sha256.txt"]
)
def test_a_changed_file_is_named(crate: Path, name: str) -> None:
    files = unpacked(crate)
    at = len(files[name]) // 2
    files[name] = files[name][:at] + bytes([files[name][at] ^ 1]) + files[name][at + 1 :]
    packed(crate, files)
    assert wrong(crate)


def test_single_bytes_changed_anywhere_in_the_zip_are_named(crate: Path) -> None:
    whole, draw = crate.read_bytes(), random.Random(5)
    for at in draw.sample(range(len(whole)), 12):
        changed = bytearray(whole)
        changed[at] ^= draw.randrange(1, 256)
        crate.write_bytes(changed)
        assert wrong(crate), at


def test_a_missing_file_is_named(crate: Path) -> None:
    files = unpacked(crate)
    del files["synthetic.parquet"]
    packed(crate, files)
    assert wrong(crate)["synthetic.parquet"] == "missing"


def test_an_added_file_is_named(crate: Path) -> None:
    packed(crate, unpacked(crate) | {"extra.csv": b"a\n1\n"})
    assert wrong(crate) == {"extra.csv": "changed"}


def test_packed_anew_it_is_told_apart_from_changed(crate: Path) -> None:
    files = unpacked(crate)
    with zipfile.ZipFile(crate, "w", zipfile.ZIP_DEFLATED) as anew:
        for name, content in files.items():
            anew.writestr(name, content)
    assert wrong(crate) == {"packing": "reformatted"}


def test_metadata_that_were_rewritten_whole_dont_follow_from_the_record(crate: Path) -> None:
    files = unpacked(crate)
    files[METADATA] = files[METADATA].replace(b"Dr Ana Ruiz", b"Dr Eve Rose")
    listed = read_manifest(files["manifest-sha256.txt"])
    listed[METADATA] = part_of_bytes(METADATA, files[METADATA], "").sha256
    files["manifest-sha256.txt"] = "".join(f"{digest}  {name}\n" for name, digest in listed.items()).encode()
    packed(crate, files)
    assert wrong(crate) == {"metadata: record": "changed"}


@pytest.mark.parametrize("name", ["README.md", "ro-crate-preview.html", "disclosure/provenance.json", "disclosure/provenance.svg"])
def test_what_is_written_from_the_record_is_written_anew(crate: Path, name: str) -> None:
    fitted(crate, unpacked(crate) | {name: b"{}<p>Real patients</p>"})
    assert wrong(crate)[f"{name}: record"] == "changed"


def test_a_file_that_only_the_manifest_lists_was_added(crate: Path) -> None:
    fitted(crate, unpacked(crate) | {"extra/secret.csv": b"patient\n1\n"})
    assert wrong(crate) == {"extra/secret.csv": "changed"}


def test_a_file_that_the_record_doesnt_account_for_was_added(crate: Path) -> None:
    files = unpacked(crate) | {"secret.csv": b"patient\n1\n"}
    meta = json.loads(files[METADATA])
    meta["@graph"].append({"@id": "secret.csv", "@type": "File", "name": "secret.csv", "sha256": "", "encodingFormat": "text/csv"})
    fitted(crate, files | {METADATA: as_json(meta)})
    assert wrong(crate)["metadata: record"] == "changed"


@pytest.mark.parametrize(
    "added", ["<script>x()</script>", '<p onclick="x()">a</p>', "<iframe></iframe>", '<img src="https://e.org/a.png">']
)
def test_a_page_that_runs_or_loads_more_is_named(crate: Path, added: str) -> None:
    page = unpacked(crate)["trial.html"].decode()
    assert check_scripts("trial.html", page.encode()).ok
    assert check_scripts("trial.html", page.replace("</body>", f"{added}</body>").encode()).status == "changed"


def test_what_the_pages_of_a_crate_run_is_looked_at(crate: Path) -> None:
    files = unpacked(crate)
    pages = ("trial.html", "ro-crate-preview.html")
    fitted(crate, files | {name: files[name].replace(b"</body>", b"<script>x()</script></body>") for name in pages})
    assert {wrong(crate)[f"{name}: scripts"] for name in pages} == {"changed"}


def test_the_dashboards_script_is_known() -> None:
    digest = hashlib.sha256(_dashboard_script().encode()).digest()
    assert base64.b64encode(digest).decode() in OURS  # a new script of pages goes into that list; those of earlier versions stay


def test_of_another_version_the_metadata_arent_looked_at_in_full(crate: Path) -> None:
    fitted(crate, of_another_version(unpacked(crate)))
    assert wrong(crate) == {}
    assert "It can't be told in full: every file has the digest that the metadata give" in " ".join(describe_crate(crate).split())


@pytest.mark.parametrize(
    ("root", "what"),
    [
        ({"creator": {"@id": "#model"}}, "a person who isn't named in the record"),
        ({"description": "Real patients."}, "the description"),
        ({"name": "Another"}, "the name"),
        ({"license": {"@id": "https://spdx.org/licenses/MIT.html"}}, "the licence"),
        ({"digitalSourceType": {"@id": "http://schema.org/DigitalCaptureDigitalSource"}}, "the source type"),
    ],
)
def test_another_version_changes_nothing_of_what_doesnt_depend_on_it(crate: Path, root: dict[str, object], what: str) -> None:
    fitted(crate, of_another_version(unpacked(crate), **root))
    (finding,) = [finding for finding in verify_crate(crate) if finding.what == "metadata: record"]
    assert (finding.status, finding.detail) == ("changed", f"The metadata don't follow from the record: {what}.")


def test_another_notebooks_record_is_named(crate: Path) -> None:
    files = unpacked(crate)
    notebook = json.loads(files["trial.ipynb"])
    notebook["metadata"]["synthnb"]["digest"] = f"sha256:{'0' * 64}"
    files["trial.ipynb"] = json.dumps(notebook).encode()
    packed(crate, files)
    assert {"trial.ipynb", "trial.ipynb: record"} <= set(wrong(crate))


@pytest.fixture
def with_ledger(fresh: Callable[..., Path], tmp_path: Path) -> Path:
    """A crate with the ledger's lines, among which another notebook's stood."""
    path = fresh()
    with Ledger(".synthnb/ledger.sqlite3") as ledger:
        for output in json.loads(path.read_text())["cells"][1]["outputs"]:
            for entry in output["data"]["application/vnd.synthnb.record+json"]["entries"]:
                ledger.append(entry)
                ledger.append(entry_for_statements({"name": "Another"}))
    export_package(path, "trial.zip")
    return tmp_path / "trial.zip"


def test_the_ledgers_lines_are_checked(with_ledger: Path) -> None:
    assert all(finding.ok for finding in verify_crate(with_ledger))
    files = unpacked(with_ledger)
    files[LEDGER] = files[LEDGER].replace(b'"number": 3', b'"number": 9')
    fitted(with_ledger, files)
    assert wrong(with_ledger)[f"{LEDGER}: lines"] == "changed"


def test_lines_that_were_removed_are_named(with_ledger: Path) -> None:
    files = unpacked(with_ledger)
    fitted(with_ledger, files | {LEDGER: b""})
    assert wrong(with_ledger)[f"{LEDGER}: lines"] == "changed"
    fitted(with_ledger, files | {LEDGER: b"".join(files[LEDGER].splitlines(keepends=True)[:-1])})
    (finding,) = [finding for finding in verify_crate(with_ledger) if finding.what == f"{LEDGER}: entries"]
    assert finding.detail.startswith("1 of 6 entries have no line there")


def test_lines_out_of_their_row_are_named(with_ledger: Path) -> None:
    files = unpacked(with_ledger)
    lines = files[LEDGER].splitlines(keepends=True)
    fitted(with_ledger, files | {LEDGER: b"".join([lines[1], lines[0], *lines[2:]])})
    detail = {finding.what: finding.detail for finding in verify_crate(with_ledger)}[f"{LEDGER}: lines"]
    assert detail == "Line 1 stands after line 3."


def test_signatures_go_along_and_are_checked(fresh: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_SIGNING_KEY", str(tmp_path / "key.pem"))
    path = fresh()
    disclose_file(path)
    new_signing_key()
    for file in (path, tmp_path / "synthetic.csv"):
        sign(file)
    export_package(path, "trial.zip")
    crate = tmp_path / "trial.zip"
    assert wrong(crate) == {}
    assert "Signed: synthetic.csv, trial.ipynb; whose keys these are" in " ".join(describe_crate(crate).split())
    files = unpacked(crate)
    name = "synthetic.csv.synthnb.dsse.json"
    files[name] = files[name].replace(b"a", b"b", 1)
    packed(crate, files)
    assert name in wrong(crate)


def test_what_the_record_names_and_the_crate_lacks_isnt_missing(fresh: Callable[..., Path]) -> None:
    path = fresh()
    Path("synthetic.parquet").unlink()
    export_package(path, "trial.zip")
    findings = {finding.what: finding.status for finding in verify_crate("trial.zip")}
    assert findings["trial.ipynb: synthetic.parquet"] == "not looked at"
    assert wrong(Path("trial.zip")) == {}


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"@graph": 3}', b'{"@graph": [3, {"@id": 4}]}', b"\xff", b'{"@graph": [{"@id": "../../x", "sha256": "y"}]}'],
    ids=["empty", "list", "number", "odd", "bytes", "way out"],
)
def test_odd_metadata_are_a_finding(crate: Path, content: bytes) -> None:
    packed(crate, unpacked(crate) | {METADATA: content})
    assert wrong(crate)


def test_a_zip_that_is_no_crate_is_a_finding(tmp_path: Path) -> None:
    write_zip(tmp_path / "x.zip", [part_of_bytes("a.txt", b"x", "")])
    assert wrong(tmp_path / "x.zip") == {"crate": "missing"}


def test_what_isnt_a_zip_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04 and nothing")
    assert wrong(tmp_path / "x.zip") == {"x.zip": "unreadable"}


def test_a_crate_in_a_crate_isnt_opened(crate: Path) -> None:
    packed(crate, unpacked(crate) | {"inner.zip": crate.read_bytes()})
    assert wrong(crate) == {"inner.zip": "changed"}
