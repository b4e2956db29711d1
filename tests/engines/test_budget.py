"""Accounts of privacy budget: set once, booked before use, never overspent, whatever happens to the file or the process."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from synthnb.engines.dp.accounting import rho_of
from synthnb.engines.dp.budget import Budgets, book, budgets_path
from synthnb.errors import OptionError, StorageError

RHO = rho_of(1.0, 1e-6)
SPEND = "import sys; from synthnb.engines.dp.budget import Budgets; Budgets(sys.argv[1]).spend('trial', float(sys.argv[2]), what='race')"
SPEND_AND_HANG = f"{SPEND}; print('spent', flush=True); import time; time.sleep(60)"


@pytest.fixture
def budgets(tmp_path: Path) -> Budgets:
    made = Budgets(tmp_path / "budgets.sqlite3", patience=5.0)
    made.limit("trial", epsilon=1.0, delta=1e-6)
    return made


def test_spendings_add_up_in_rho(budgets: Budgets) -> None:
    budgets.spend("trial", RHO / 4, what="first")
    account = budgets.spend("trial", RHO / 4, what="second")
    assert account.spent == pytest.approx(RHO / 2)
    assert account.left == pytest.approx(RHO / 2)
    assert [one.what for one in account.spendings] == ["first", "second"]
    assert account.epsilon_spent == pytest.approx(account.epsilon_left)


def test_the_whole_budget_can_be_spent_and_no_more(budgets: Budgets) -> None:
    assert budgets.spend("trial", RHO, what="all").epsilon_spent == pytest.approx(1.0)
    with pytest.raises(OptionError, match=r"'trial' doesn't hold enough.*0 of 1 is left"):
        budgets.spend("trial", RHO / 1000, what="more")


def test_a_refused_spending_leaves_no_trace(budgets: Budgets) -> None:
    with pytest.raises(OptionError, match="doesn't hold enough"):
        budgets.spend("trial", 2 * RHO, what="too much")
    account = budgets.account("trial")
    assert account is not None
    assert account.spent == 0.0


def test_a_limit_is_set_once(budgets: Budgets) -> None:
    assert budgets.limit("trial", epsilon=1.0, delta=1e-6).epsilon == 1.0
    with pytest.raises(OptionError, match=r"is ε = 1, δ = 1e-06 and is set once; got ε = 2"):
        budgets.limit("trial", epsilon=2.0, delta=1e-6)


def test_a_name_without_a_limit_can_spend_nothing(budgets: Budgets) -> None:
    with pytest.raises(OptionError, match=r"No limit is set for the data set 'other'.*open_budget\('other'"):
        budgets.spend("other", RHO, what="x")


@pytest.mark.parametrize(("epsilon", "delta"), [(0.0, 1e-6), (float("nan"), 1e-6), (1.0, 0.0), (1.0, 1.0), (True, 1e-6)])
def test_a_senseless_limit_is_refused(budgets: Budgets, epsilon: float, delta: float) -> None:
    with pytest.raises(OptionError, match="epsilon above 0 and delta between 0 and 1"):
        budgets.limit("new", epsilon=epsilon, delta=delta)


@pytest.mark.parametrize("rho", [0.0, -1.0, float("nan"), float("inf")])
def test_a_spending_gives_nothing_back(budgets: Budgets, rho: float) -> None:
    with pytest.raises(OptionError, match="finite ρ above 0"):
        budgets.spend("trial", rho, what="x")


def test_of_two_processes_that_race_for_the_rest_one_wins(budgets: Budgets) -> None:
    command = [sys.executable, "-c", SPEND, str(budgets.path), str(0.7 * RHO)]
    racing = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate()[1] for process in racing]
    assert sorted(process.returncode == 0 for process in racing) == [False, True]
    assert sum("doesn't hold enough" in error for error in errors) == 1
    account = budgets.account("trial")
    assert account is not None
    assert account.spent == pytest.approx(0.7 * RHO)


def test_what_a_killed_process_booked_stays_spent(budgets: Budgets) -> None:
    command = [sys.executable, "-c", SPEND_AND_HANG, str(budgets.path), str(RHO)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "spent\n"
        os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(OptionError, match="doesn't hold enough"):
        budgets.spend("trial", RHO / 2, what="again")


def test_lines_can_be_neither_changed_nor_removed(budgets: Budgets) -> None:
    budgets.spend("trial", RHO / 2, what="x")
    with sqlite3.connect(budgets.path) as connection, pytest.raises(sqlite3.IntegrityError, match="what is spent stays spent"):
        connection.execute("DELETE FROM spending")
    with sqlite3.connect(budgets.path) as connection, pytest.raises(sqlite3.IntegrityError, match="a limit is set once"):
        connection.execute("UPDATE budget SET epsilon = 99")


def test_a_damaged_file_stops_the_spending(tmp_path: Path) -> None:
    path = tmp_path / "budgets.sqlite3"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StorageError, match=r"budgets.sqlite3 isn't a file of budgets. Nothing was spent"):
        Budgets(path).spend("trial", RHO, what="x")


def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(StorageError, match="isn't a file of budgets"):
        Budgets(path).limit("trial", epsilon=1.0, delta=1e-6)
    assert path.read_bytes() == before


def test_a_locked_file_stops_the_spending(budgets: Budgets) -> None:
    holder = sqlite3.connect(budgets.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StorageError, match=r"is locked by another program. Nothing was spent"):
            Budgets(budgets.path, patience=0.1).spend("trial", RHO, what="x")
    finally:
        holder.close()


def test_a_file_that_cannot_be_written_stops_the_spending(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(StorageError, match=r"Nothing was spent.*SYNTHNB_BUDGET"):
        Budgets(tmp_path / "file" / "budgets.sqlite3").limit("trial", epsilon=1.0, delta=1e-6)


def test_looking_creates_nothing(tmp_path: Path) -> None:
    assert Budgets(tmp_path / "none.sqlite3").accounts() == []
    assert list(tmp_path.iterdir()) == []


def test_a_table_is_known_by_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from synthnb._frames import frame_digest

    monkeypatch.setenv("SYNTHNB_BUDGET", str(tmp_path / "mine.sqlite3"))
    assert budgets_path() == tmp_path / "mine.sqlite3"
    frame = pd.DataFrame({"x": [1, 2, 3]})
    Budgets().limit(frame_digest(frame), epsilon=1.0, delta=1e-6)
    assert book("content", frame, RHO, what="dp")["epsilon_left"] == 0.0
    with pytest.raises(OptionError, match="No limit is set"):
        book("content", frame.assign(x=[1, 2, 4]), RHO, what="dp")


def test_an_account_shows_itself(budgets: Budgets) -> None:
    text = str(budgets.spend("trial", RHO, what="dp"))
    assert text == "trial: ε = 1 of 1 spent in 1 run at δ = 1e-06; one more run may have ε = 0."
