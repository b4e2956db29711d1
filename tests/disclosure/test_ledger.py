"""The ledger is append-only, chained, shared by processes, and never in the way."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from synthnb.config import config_context
from synthnb.disclosure.entries import entry_for_export, sealed
from synthnb.disclosure.folding import digest_is_right
from synthnb.disclosure.ledger import Ledger, ledger_head, open_ledger
from synthnb.disclosure.session import Session
from synthnb.errors import StorageError

from .samples import entries


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / ".synthnb" / "ledger.sqlite3"
    with Ledger(found) as ledger:
        for entry in entries():
            ledger.append(entry)
    return found


def tamper(path: Path, statement: str) -> None:
    """Change the file behind the triggers' back."""
    connection = sqlite3.connect(path)
    connection.executescript(f"DROP TRIGGER line_update; DROP TRIGGER line_delete; {statement}")
    connection.close()


def test_entries_come_back_in_order(path: Path) -> None:
    with Ledger(path) as ledger:
        assert ledger.entries() == entries()
        assert [entry["kind"] for entry in ledger.entries(kind="evaluate")] == ["evaluate"]
        assert ledger.verify() == []


def test_the_file_is_its_owners_alone(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.append(entries()[0] | {"id": "another"})
        modes = {item.name: item.stat().st_mode & 0o777 for item in path.parent.glob("ledger*")}
    assert set(modes.values()) == {0o600}
    assert "ledger.sqlite3-wal" in modes


def test_the_same_entry_twice_is_one_line(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.append(entries()[0])
        assert len(ledger.entries()) == 3


@pytest.mark.parametrize("statement", ["UPDATE line SET id = 'x'", "DELETE FROM line"])
def test_lines_cant_be_changed_or_deleted(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE line SET entry = replace(entry, 'synthetic', 'real') WHERE number = 2", "Line 2 was changed after it was written"),
        ("UPDATE line SET digest = 'sha256:0' WHERE number = 1", "Line 1 was changed"),
        ("DELETE FROM line WHERE number = 2", "Line 2 is missing: line 3 follows line 1"),
        ("DELETE FROM line WHERE number = 1", "Line 1 is missing"),
    ],
)
def test_tampering_breaks_the_chain(path: Path, statement: str, problem: str) -> None:
    tamper(path, statement)
    with Ledger(path) as ledger:
        assert any(problem in found for found in ledger.verify())


def test_reading_leaves_the_folder_as_it_is(path: Path) -> None:
    before = {item.name: item.read_bytes() for item in path.parent.iterdir()}
    with Ledger(path) as ledger:
        assert len(ledger.entries()) == 3
        assert ledger.verify() == []
    assert {item.name: item.read_bytes() for item in path.parent.iterdir()} == before


def test_what_another_writes_meanwhile_is_read(path: Path) -> None:
    with Ledger(path) as writer, Ledger(path) as reader:
        writer.append(entries()[0] | {"id": "new"})
        assert len(reader.entries()) == 4
        assert reader.verify() == ["Line 4 holds no readable entry, or one that doesn't match its own digest."]


def test_a_read_only_folder_can_be_read(path: Path) -> None:
    path.chmod(0o444)
    path.parent.chmod(0o555)
    with Ledger(path) as ledger:
        assert len(ledger.entries()) == 3
    path.parent.chmod(0o755)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE line; CREATE VIEW line AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n",
        "DROP TABLE line; CREATE TABLE line (number, id, written, entry, previous, digest); INSERT INTO line VALUES (NULL, 1, 2, 3, 4, 5)",
    ],
    ids=["endless view", "other types"],
)
def test_a_file_that_only_looks_like_a_ledger_is_refused(path: Path, statement: str) -> None:
    tamper(path, statement)
    with Ledger(path) as ledger, pytest.raises(StorageError, match=r"isn't a ledger|is damaged"):
        ledger.verify()


def test_a_ledger_that_another_is_about_to_begin_is_empty(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").touch()
    with Ledger(tmp_path / "ledger.sqlite3") as ledger:
        assert ledger.entries() == []


def test_nothing_is_created_before_the_first_entry(tmp_path: Path) -> None:
    with Ledger(tmp_path / "new" / "ledger.sqlite3") as ledger:
        assert ledger.entries() == []
        assert ledger.verify() == []
    assert list(tmp_path.iterdir()) == []


def test_its_folder_stays_out_of_version_control(path: Path) -> None:
    assert (path.parent / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_the_settings_say_where_and_whether(tmp_path: Path) -> None:
    with config_context(ledger="off"):
        assert open_ledger() is None
    with config_context(ledger=str(tmp_path / "here.sqlite3")):
        found = open_ledger()
        assert found is not None
        assert found.path == tmp_path / "here.sqlite3"


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    script = (
        "import sys\n"
        "from synthnb.disclosure.entries import sealed\n"
        "from synthnb.disclosure.ledger import Ledger\n"
        "for n in range(20):\n"
        "    with Ledger(sys.argv[1]) as ledger:\n"
        "        ledger.append(sealed(id=f'{sys.argv[2]}-{n}', kind='x', created='2026-01-01T00:00:00Z', slot='s', fields={}, detail={}))\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", script, str(path), name]) for name in "abc"]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    with Ledger(path) as ledger:
        assert len(ledger.entries()) == 60
        assert ledger.verify() == []


def test_a_closed_ledger_says_so(path: Path) -> None:
    ledger = Ledger(path)
    ledger.close()
    ledger.close()
    with pytest.raises(StorageError, match=r"was closed.*are intact"):
        ledger.append(entries()[0])


def test_a_locked_ledger_says_so_and_what_is_intact(path: Path) -> None:
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with Ledger(path, patience=0.05) as ledger, pytest.raises(StorageError, match=r"is locked .* the lines written before"):
        ledger.append(entries()[0] | {"id": "new"})
    holder.close()


def test_a_damaged_ledger_says_so(path: Path) -> None:
    path.write_bytes(b"no database, just words " * 100)
    with Ledger(path) as ledger, pytest.raises(StorageError, match="isn't a ledger"):
        ledger.entries()


def test_a_full_disk_says_so_and_keeps_what_was_there(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.append(entries()[0])
        assert ledger._connection is not None
        pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
        ledger._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StorageError, match="the disk is full"):
            ledger.append(entries()[0] | {"id": "new", "detail": {"text": "x" * 100_000}})
        assert len(ledger.entries()) == 3
        assert ledger.verify() == []


def test_a_folder_in_the_way_says_so(tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    with Ledger(tmp_path / "ledger") as ledger, pytest.raises(StorageError, match="can't be opened"):
        ledger.append(entries()[0])


def noting(name: str, lines: int, digest: str) -> dict[str, object]:
    noted = {"ledger": {"lines": lines, "digest": digest}}
    return sealed(id=name, kind="export", created="2026-11-23T16:00:00Z", slot="s", fields={}, detail=noted)


def test_a_cut_end_is_seen_by_the_entries_it_held(path: Path) -> None:
    tamper(path, "DELETE FROM line WHERE number = 3")
    with Ledger(path) as ledger:
        assert ledger.verify() == ["The file no longer refuses changes: line_delete and line_update are gone from it."]
        assert ledger.lacking(entries()) == [
            "report-0123456789ab isn't in it, though an earlier entry is: its end was cut off, or it was made elsewhere."
        ]


def test_a_cut_end_is_seen_by_a_note_of_how_far_it_had_come(path: Path) -> None:
    with Ledger(path) as ledger:
        head = ledger.head()
        assert ledger.lacking([noting("export-1", *head)]) == []
    tamper(path, "DELETE FROM line WHERE number = 3")
    with Ledger(path) as ledger:
        assert ledger.lacking([noting("export-1", *head)]) == [
            "It had 3 lines when export-1 was written and has 2: its end was cut off.",
        ]
        assert ledger.lacking([noting("export-1", 2, "sha256:other")]) == ["Line 2 is another than when export-1 was written."]


def test_entries_made_elsewhere_are_no_sign(path: Path) -> None:
    with Ledger(path) as ledger:
        assert ledger.lacking([noting("export-1", 0, "")]) == []
        assert ledger.lacking(entries()) == []


def test_the_head_of_the_working_folders_ledger(path: Path, tmp_path: Path) -> None:
    with config_context(ledger=str(path)), Ledger(path) as ledger:
        assert ledger_head() == {"lines": 3, "digest": ledger.lines()[-1].digest}
    with config_context(ledger=str(tmp_path / "none.sqlite3")):
        assert ledger_head() is None
    with config_context(ledger="off"):
        assert ledger_head() is None


def test_an_id_that_is_filed_wrong_is_named(path: Path) -> None:
    tamper(path, "UPDATE line SET id = 'run-other' WHERE number = 2")
    with Ledger(path) as ledger:
        assert any("filed under the id of another entry" in found for found in ledger.verify())


def test_an_export_notes_how_far_the_ledger_had_come(path: Path) -> None:
    written = {"path": "t.html", "sha256": "sha256:1", "bytes": 1, "record_digest": "sha256:2"}
    with config_context(ledger=str(path)):
        entry = Session().remember(entry_for_export(written))
        assert Session().remember(entry_for_export(written))["detail"]["ledger"]["lines"] == 4
    with Ledger(path) as ledger:
        assert entry["detail"]["ledger"] == {"lines": 3, "digest": ledger.lines()[2].digest}
        assert digest_is_right(entry)
        assert ledger.lacking([entry], sure=True) == []
    with config_context(ledger="off"):
        assert "ledger" not in Session().remember(entry_for_export(written))["detail"]


def test_only_sure_signs_are_told_if_asked(path: Path) -> None:
    tamper(path, "DELETE FROM line WHERE number = 3")
    with Ledger(path) as ledger:
        assert ledger.lacking(entries(), sure=True) == []
        assert len(ledger.lacking([*entries(), noting("export-1", 3, "sha256:0")], sure=True)) == 1
