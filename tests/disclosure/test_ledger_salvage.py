"""What is left of a damaged ledger is said, and can be saved."""

from __future__ import annotations

import json
import random
import sqlite3
from pathlib import Path

import pytest

from synthnb.disclosure.entries import sealed
from synthnb.disclosure.ledger import Ledger, salvage, write_salvaged
from synthnb.disclosure.ledger.chain import spans
from synthnb.errors import OptionError, StorageError

PAGE = 4096


def entry(number: int, text: str) -> dict[str, object]:
    fields = {"seed": f"{number}: ü"}
    return sealed(id=f"run-{number}", kind="generate", created="2026-01-01T00:00:00Z", slot="s", fields=fields, detail={"text": text})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger of 60 lines, short ones, long ones and some over several pages."""
    drawn = random.Random(3)
    found = tmp_path / "ledger.sqlite3"
    with Ledger(found) as ledger:
        for number in range(1, 61):
            ledger.append(entry(number, "x" * drawn.choice([10, 400, 3_000, 4_000, 20_000])))
    return found


def break_page(path: Path, number: int) -> None:
    data = bytearray(path.read_bytes())
    data[number * PAGE : (number + 1) * PAGE] = b"\xa5" * PAGE
    path.write_bytes(data)


def test_an_intact_ledger_is_read_whole_from_its_pages(path: Path) -> None:
    with Ledger(path) as ledger:
        assert list(salvage(path).lines) == ledger.lines()
    assert salvage(path).statement().startswith("Intact: 60 lines, 1 to 60. Whether lines followed")


def test_lines_still_in_the_log_are_read_too(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.append(entry(61, "y" * 9_000))
        assert [line.number for line in salvage(path).lines] == list(range(1, 62))


def test_every_page_may_break_and_the_rest_is_saved(path: Path) -> None:
    whole, pages = path.read_bytes(), path.stat().st_size // PAGE
    lost = []
    for number in range(pages):
        path.write_bytes(whole)
        break_page(path, number)
        found = salvage(path)
        assert all(line.problem() == "" for line in found.lines)
        lost.append(60 - len(found.lines))
    assert max(lost) <= 20
    assert sum(lost) / pages < 3


def test_a_broken_page_is_an_error_that_says_what_is_intact(path: Path) -> None:
    break_page(path, 1)
    with Ledger(path) as ledger, pytest.raises(StorageError, match=r"is damaged\. Intact: 60 lines, 1 to 60.*--salvage"):
        ledger.verify()


def test_lines_on_a_broken_page_are_named(path: Path) -> None:
    leaf = next(at for at in range(2, path.stat().st_size // PAGE) if path.read_bytes()[at * PAGE] == 13)
    break_page(path, leaf)
    with Ledger(path) as ledger, pytest.raises(StorageError, match=r"Intact: \d\d lines, .*Can't be read: \d+"):
        ledger.entries()


def test_a_changed_letter_is_a_line_that_was_changed(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"run-7"', b'"run-8"'))
    with Ledger(path) as ledger:
        assert any("Line 7 was changed" in problem for problem in ledger.verify())
    assert salvage(path).damaged == (7,)
    assert "Don't match their digest: 7." in salvage(path).statement()


def test_what_isnt_text_any_more_is_a_changed_line(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace("9: ü".encode(), b"9: \xff\xfe"))
    with Ledger(path) as ledger:
        assert any("Line 9 was changed" in problem for problem in ledger.verify())


def test_a_damaged_index_is_named(path: Path) -> None:
    data = path.read_bytes()
    index = next(at for at in range(2, len(data) // PAGE) if data[at * PAGE] == 10)
    at = data.index(b"run-5", index * PAGE)
    path.write_bytes(data[:at] + b"ruu-5" + data[at + 5 :])
    with Ledger(path) as ledger:
        assert any("The file around the lines is damaged" in problem for problem in ledger.verify())


def test_a_ledger_without_its_triggers_is_named(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER line_update")
    connection.close()
    with Ledger(path) as ledger:
        assert ledger.verify() == ["The file no longer refuses changes: line_update is gone from it."]


@pytest.mark.parametrize("cut", [0, 50, 100, 5_000, 50_000])
def test_a_file_cut_short_gives_what_is_there(path: Path, cut: int) -> None:
    path.write_bytes(path.read_bytes()[:cut])
    found = salvage(path)
    assert all(line.problem() == "" for line in found.lines)
    assert bool(found.lines) is (cut > 20_000)


def test_the_lines_are_saved_as_a_ledger_that_goes_on(path: Path, tmp_path: Path) -> None:
    break_page(path, 0)
    damaged = path.read_bytes()
    found = write_salvaged(path, tmp_path / "new.sqlite3")
    assert path.read_bytes() == damaged
    with Ledger(tmp_path / "new.sqlite3") as ledger:
        assert [line.number for line in ledger.lines()] == [line.number for line in found.lines]
        ledger.append(entry(99, "later"))
        assert ledger.entries()[-1]["id"] == "run-99"
        assert all("missing" in problem or "continue" in problem for problem in ledger.verify())


def test_the_lines_are_saved_as_json_lines(path: Path, tmp_path: Path) -> None:
    write_salvaged(path, tmp_path / "lines.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "lines.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["number"] for line in lines] == list(range(1, 61))
    assert lines[1]["previous"] == lines[0]["digest"]
    assert lines[4]["entry"]["id"] == "run-5"


@pytest.mark.parametrize("name", ["ledger.sqlite3", "ledger.sqlite3-wal"])
def test_the_damaged_file_is_never_written_over(path: Path, name: str) -> None:
    with pytest.raises(OptionError, match="other than the ledger"):
        write_salvaged(path, path.with_name(name), overwrite=True)


def test_a_file_that_is_there_is_kept(path: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text("mine", encoding="utf-8")
    with pytest.raises(OptionError, match=r"mine\.jsonl"):
        write_salvaged(path, tmp_path / "mine.jsonl")


def test_nothing_intact_is_said(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").write_bytes(b"\xff" * 9_000)
    with pytest.raises(StorageError, match="holds no intact line"):
        write_salvaged(tmp_path / "ledger.sqlite3", tmp_path / "new.sqlite3")
    assert not (tmp_path / "new.sqlite3").exists()


def test_a_random_byte_anywhere_never_makes_a_line_up(path: Path) -> None:
    whole, drawn = path.read_bytes(), random.Random(11)
    with Ledger(path) as ledger:
        true = set(ledger.lines())
    for _ in range(60):
        at = drawn.randrange(len(whole))
        path.write_bytes(whole[:at] + bytes([whole[at] ^ drawn.randrange(1, 256)]) + whole[at + 1 :])
        assert set(salvage(path).lines) <= true
        assert len(salvage(path).lines) > 30


def test_numbers_in_words() -> None:
    assert spans([1, 2, 3, 7, 9, 10]) == "1 to 3, 7 and 9 to 10"
    assert spans([4]) == "4"
    assert spans([]) == "none"
    assert spans(range(1, 40, 2)).endswith("and 14 more stretches")


def changed(path: Path, *statements: str) -> list[str]:
    """What `verify` says of a ledger after somebody's statements."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()
    with Ledger(path) as ledger:
        return ledger.verify()


def test_triggers_that_refuse_nothing_are_named(path: Path) -> None:
    quiet = "CREATE TRIGGER line_delete BEFORE DELETE ON line BEGIN SELECT 1; END"
    said = ["The file no longer refuses changes: line_delete is other than synthnb writes it."]
    assert changed(path, "DROP TRIGGER line_delete", quiet) == said


def test_a_trigger_that_somebody_added_is_named(path: Path) -> None:
    added = "CREATE TRIGGER aside AFTER INSERT ON line BEGIN SELECT 1; END"
    assert changed(path, added) == ["The file no longer refuses changes: aside is nothing that synthnb writes."]


def test_a_ledger_without_its_table_is_named(path: Path) -> None:
    assert changed(path, "DROP TRIGGER line_delete", "DROP TABLE line") == ["The table of lines is gone from it."]
    with Ledger(path) as ledger, pytest.raises(StorageError, match="has lost its table of lines"):
        ledger.append(sealed(id="a", kind="export", created="2026-11-23T16:00:00Z", slot="s", fields={}, detail={}))
