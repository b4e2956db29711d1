"""What was done, listed: filters, gates and overrides in sight, one entry in full, JSON Lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from IPython.utils.capture import capture_output

import synthnb
from synthnb.cli.main import cli
from synthnb.disclosure.entries import sealed
from synthnb.disclosure.gating import entry_for_override
from synthnb.disclosure.ledger import Ledger
from synthnb.disclosure.ledger.selecting import entry_beginning, select
from synthnb.disclosure.session import session
from synthnb.errors import OptionError, StorageError
from synthnb.jupyter.listing import entry_bundle, listing_bundle

Json = dict[str, Any]
GATE = {"metric": "auc", "label": "AUC", "outcome": "fail", "value": 0.9, "at_most": 0.6}


def entry(kind: str = "generate", name: str = "made", *, day: int = 1, detail: Json | None = None, **fields: str) -> Json:
    created = f"2026-11-{day:02d}T10:00:00.123456Z"
    return sealed(id=f"{kind}-{day}", kind=kind, created=created, slot=f"{kind}:{name}", fields=fields, detail=detail or {})


MADE = entry(detail={"requested": 10, "delivered": 4, "engine": "trees", "inputs": [{"name": "real"}], "output": {"name": "made"}})
WRITTEN = entry("column", "made", day=2, detail={"model": {"id": "smollm2-135m", "name": "SmolLM2"}})
JUDGED = entry("evaluate", "made", day=3, detail={"headline": "Far apart.", "gates": [GATE, GATE | {"outcome": "pass"}]})
PASSED = entry_for_override(JUDGED | {"frame": "made"}, [GATE], "Shown to students only.", export="t.html", created="2026-11-04T10:00:00Z")
ALL = [MADE, WRITTEN, JUDGED, PASSED]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    session.reset()
    with Ledger(".synthnb/ledger.sqlite3") as ledger:
        for one in ALL:
            ledger.append(one)
    return tmp_path


def called(*words: str) -> str:
    done = CliRunner().invoke(cli, ["runs", *words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ALL),
        ({"kind": "generate, evaluate"}, [MADE, JUDGED]),
        ({"since": "2026-11-02"}, ALL[1:]),
        ({"since": "2026-11-03T11:00+01:00"}, ALL[2:]),
        ({"frame": "real"}, [MADE]),
        ({"frame": "made"}, ALL),
        ({"model": "SMOL"}, [WRITTEN]),
        ({"limit": 2}, ALL[2:]),
        ({"kind": "column", "since": "2026-11-05"}, []),
    ],
)
def test_entries_are_selected(asked: Json, found: list[Json]) -> None:
    assert select(ALL, **asked) == found


def test_so_long_ago_is_understood() -> None:
    now = datetime.now(UTC)
    recent = MADE | {"id": "new", "created": (now - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%SZ")}
    assert select([MADE, recent], since="12h") == [recent]
    assert select([MADE, recent], since="2h") == []


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(OptionError, match=r"since 'bla'.*kind 'foo', which none of column.*limit 0, where 1 or more"):
        select(ALL, kind="foo", since="bla", limit=0)


def test_one_entry_is_named_by_a_beginning() -> None:
    assert entry_beginning(ALL, "gen") == MADE
    with pytest.raises(OptionError, match="none begins with 'x'"):
        entry_beginning(ALL, "x")
    with pytest.raises(OptionError, match="4 entries begin with ''"):
        entry_beginning(ALL, "")


def test_failed_gates_and_overrides_are_in_sight() -> None:
    lines = listing_bundle(ALL)["text/plain"].splitlines()
    assert lines[0] == "Runs: 4 entries"
    assert lines[1] == "2026-11-01 10:00:00  generate  made  4 of 10 rows, trees engine  generate-1"
    assert "1 passed, 1 FAILED: AUC" in lines[3]
    assert "for t.html: Shown to students only.  overridden: auc" in lines[4]
    assert listing_bundle(ALL)["text/html"].count("<strong>") == 3


def test_an_empty_list_says_why() -> None:
    assert listing_bundle([])["text/plain"] == "No run has been recorded here yet."
    assert listing_bundle([], {"frame": "x", "kind": None})["text/plain"] == "No entry matches (frame x)."


def test_one_entry_in_full_says_whether_its_digest_holds() -> None:
    assert "matches the entry" in entry_bundle(MADE)["text/plain"]
    assert "does NOT match" in entry_bundle(MADE | {"slot": "generate:other"})["text/plain"]


def test_hostile_values_stay_text() -> None:
    name = "<script>alert(1)</script>\u202e|`x`"
    hostile = entry("generate", name, detail={"requested": 1, "delivered": 1, "engine": "<img src=x>"}, seed="<b>" + "x" * 50_000)
    for bundle in (listing_bundle([hostile]), entry_bundle(hostile)):
        assert "<script" not in bundle["text/html"]
        assert "<img" not in bundle["text/html"] + bundle["text/markdown"]
        assert "\u202e" not in bundle["text/html"].split("<details>")[0]
        assert len(bundle["text/html"]) < 64_000


def test_the_command_lists_shows_and_writes(project: Path) -> None:
    assert called("--kind", "evaluate").splitlines()[0] == "Runs: 1 entry (kind evaluate)"
    assert called("col").startswith("column-2\n")
    assert [json.loads(line) for line in called("--json").splitlines()] == ALL
    assert "Written to runs.jsonl: 4 entries" in called("--to", "runs.jsonl")
    assert [json.loads(line) for line in (project / "runs.jsonl").read_text(encoding="utf-8").splitlines()] == ALL


def test_a_listing_is_replaced_where_nothing_is_lost(project: Path) -> None:
    called("--to", "runs.jsonl", "--kind", "evaluate")
    assert "Written to runs.jsonl: 4 entries" in called("--to", "runs.jsonl")
    strange = json.dumps(entry("generate", "elsewhere", day=5), ensure_ascii=False) + "\n"
    (project / "runs.jsonl").write_text(strange, encoding="utf-8")
    with pytest.raises(OptionError, match=r"runs\.jsonl' exists"):
        called("--to", "runs.jsonl")
    assert (project / "runs.jsonl").read_text(encoding="utf-8") == strange


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--to", "runs.csv"], r"ends in \.jsonl"),
        (["--to", "mine.jsonl"], r"mine\.jsonl"),
        (["gen", "--kind", "generate"], "got both"),
    ],
)
def test_the_command_refuses_what_would_go_wrong(words: list[str], message: str) -> None:
    Path("mine.jsonl").write_text("mine", encoding="utf-8")
    with pytest.raises(OptionError, match=message):
        called(*words)


def test_a_damaged_ledger_is_said_and_salvaged(project: Path) -> None:
    path = project / ".synthnb" / "ledger.sqlite3"
    damaged = b"\0" * 4096 + path.read_bytes()[4096:]
    path.write_bytes(damaged)
    with pytest.raises(StorageError, match=r"Intact: 4 lines, 1 to 4.*--salvage"):
        called()
    assert "Intact: 4 lines, 1 to 4." in called("--salvage", "new.sqlite3")
    assert path.read_bytes() == damaged
    with Ledger("new.sqlite3") as ledger:
        assert ledger.entries() == ALL


def test_the_magic_takes_the_same_words(project: Path, shell: Any) -> None:
    with capture_output() as captured:
        for line in ("%synth runs --kind generate --limit 1", "%synth runs column", "%synth runs --to here.jsonl"):
            assert shell.run_cell(line).success
    texts = [output.data["text/plain"] for output in captured.outputs]
    assert texts[0].startswith("Runs: 1 entry (kind generate, limit 1)")
    assert texts[1].startswith("column-2")
    assert (project / "here.jsonl").is_file()


def test_ids_from_the_list_go_into_a_comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"age": range(40), "sex": ["f", "m"] * 20})
    for seed in (1, 2):
        synthnb.generate(frame, rows=10, name="listed", random_state=seed)._repr_mimebundle_()
    one, other = [found["id"] for found in synthnb.runs(frame="listed")]
    assert "seed" in str(synthnb.diff(one, other[:12]).to_dict()["changes"])
