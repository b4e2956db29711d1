"""Privacy budgets across runs, notebooks and processes: how much may be spent on a data set, and what was.

An SQLite file. A limit is set once for a name; each spending is appended in one transaction *before* any noise is
drawn, so that a process killed in between has spent. Spendings add up in ρ of zero-concentrated differential privacy
(`synthnb.engines.dp.accounting`). Triggers refuse updates and deletions by ordinary clients; whoever deletes the file
starts anew, which no file can prevent.

A data set is known by the name its holder gives it or by the digest of its content. A table that has
changed has another digest and so no account until a limit is set for it: it never gets a fresh budget silently.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from synthnb._clock import utc_now
from synthnb.config import get_config
from synthnb.engines.dp.accounting import epsilon_of, rho_of
from synthnb.errors import OptionError, StorageError, shown

if TYPE_CHECKING:
    from synthnb._canonical import Json

__all__ = ["BY_CONTENT", "Account", "Budgets", "Spending", "book", "budgets_path"]

BY_CONTENT = "content"
"""The name that stands for the digest of the table at hand."""

_PATIENCE = 10.0
_SLACK = 1e-9
_LONGEST_NAME = 200
_SCHEMA = """
CREATE TABLE IF NOT EXISTS budget (
    name TEXT PRIMARY KEY NOT NULL,
    epsilon REAL NOT NULL CHECK (epsilon > 0),
    delta REAL NOT NULL CHECK (delta > 0 AND delta < 1),
    written TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS spending (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    rho REAL NOT NULL CHECK (rho > 0),
    what TEXT NOT NULL,
    written TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS budget_update BEFORE UPDATE ON budget BEGIN SELECT RAISE(ABORT, 'a limit is set once'); END;
CREATE TRIGGER IF NOT EXISTS budget_delete BEFORE DELETE ON budget BEGIN SELECT RAISE(ABORT, 'a limit is set once'); END;
CREATE TRIGGER IF NOT EXISTS spending_update BEFORE UPDATE ON spending BEGIN SELECT RAISE(ABORT, 'what is spent stays spent'); END;
CREATE TRIGGER IF NOT EXISTS spending_delete BEFORE DELETE ON spending BEGIN SELECT RAISE(ABORT, 'what is spent stays spent'); END;
PRAGMA user_version = 1;
"""
_CAUSES = {
    "locked": ("is locked by another program", "Close it, or wait and run again."),
    "busy": ("is locked by another program", "Close it, or wait and run again."),
    "readonly": ("is read-only", "Make the file and its folder writable, or set SYNTHNB_BUDGET to another path."),
    "permission denied": ("can't be written", "Make its folder writable, or set SYNTHNB_BUDGET to another path."),
    "unable to open": ("can't be opened", "Make its folder writable, or set SYNTHNB_BUDGET to another path."),
    "full": ("couldn't grow: the disk is full", "Free some space and run again."),
    "malformed": ("is damaged", "Restore it from a copy; what was spent must not be forgotten."),
    "not a database": ("isn't a file of budgets", "Set SYNTHNB_BUDGET to another path, or restore it from a copy."),
}


class Spending(NamedTuple):
    """One line of an account."""

    rho: float
    """ρ of zero-concentrated differential privacy."""
    what: str
    """What it was spent on."""
    written: str
    """When, in UTC."""


@dataclass(frozen=True)
class Account:
    """What may be spent on a data set, and what was."""

    name: str
    """The data set's declared name or its content's digest."""
    epsilon: float
    """ε of the limit."""
    delta: float
    """δ of the limit."""
    spendings: tuple[Spending, ...] = ()
    """What was spent, in order."""

    @property
    def limit(self) -> float:
        """ρ that the limit allows."""
        return rho_of(self.epsilon, self.delta)

    @property
    def spent(self) -> float:
        """ρ spent so far."""
        return math.fsum(one.rho for one in self.spendings)

    @property
    def left(self) -> float:
        """ρ that may still be spent."""
        return max(0.0, self.limit - self.spent)

    @property
    def epsilon_spent(self) -> float:
        """ε spent so far, at the limit's δ."""
        return epsilon_of(self.spent, self.delta)

    @property
    def epsilon_left(self) -> float:
        """ε of one further run, at the limit's δ, that would use up what is left."""
        return epsilon_of(self.left, self.delta)

    def to_dict(self) -> dict[str, Json]:
        """The account as plain JSON types."""
        return {
            "name": self.name,
            "epsilon": self.epsilon,
            "delta": self.delta,
            "epsilon_spent": self.epsilon_spent,
            "epsilon_left": self.epsilon_left,
            "rho_spent": self.spent,
            "rho_left": self.left,
            "spendings": [dict(one._asdict()) for one in self.spendings],
        }

    def __str__(self) -> str:
        runs = f"{len(self.spendings)} run{'s' * (len(self.spendings) != 1)}"
        return (
            f"{self.name}: ε = {self.epsilon_spent:.3g} of {self.epsilon:g} spent in {runs} at δ = {self.delta:g}; "
            f"one more run may have ε = {self.epsilon_left:.3g}."
        )


def budgets_path() -> Path:
    """Where budgets are kept: ``SYNTHNB_BUDGET``, or a file in the user's data folder."""
    if chosen := get_config().budget:
        return Path(chosen).expanduser()
    from platformdirs import user_data_path

    return user_data_path("synthnb") / "budgets.sqlite3"


def book(name: str, frame: Any, rho: float, *, what: str) -> dict[str, Json]:
    """Book a spending on an account before anything is looked at, and return what a record says of it.

    Parameters
    ----------
    name : str
        The account, or ``"content"`` for the one named by the frame's digest.
    frame : frame
        The table to be looked at.
    rho : float
        What will be spent at most.
    what : str
        What for.

    Raises
    ------
    OptionError
        There is no such account, or it doesn't hold enough.
    StorageError
        The file can't be written; nothing is spent and nothing may be looked at.
    """
    if name == BY_CONTENT:
        from synthnb._frames import frame_digest

        name = frame_digest(frame)
    account = Budgets().spend(name, rho, what=what)
    body = account.to_dict()
    return {key: body[key] for key in ("epsilon", "delta", "epsilon_spent", "epsilon_left")} | {
        "name": "by content" if name.startswith("sha256:") else name
    }


class Budgets:
    """All accounts in a file.

    Parameters
    ----------
    path : str or Path, optional
        The SQLite file; by default as the settings say.
    patience : float
        Seconds to wait while another process writes.

    Raises
    ------
    StorageError
        From every method: the file is locked, read-only or damaged, or the disk is full.
    """

    def __init__(self, path: str | Path | None = None, *, patience: float = _PATIENCE) -> None:
        self.path = Path(path) if path is not None else budgets_path()
        """Where the file is."""
        self._patience = patience

    def limit(self, name: str, *, epsilon: float, delta: float) -> Account:
        """Set what may be spent on a data set, once; the same limit again changes nothing.

        Raises
        ------
        OptionError
            Another limit was set before, or the figures make no sense.
        """
        _check_limit(name, epsilon, delta)
        with self._connected() as connection:
            account = _read(connection, name)
            if account is None:
                connection.execute("INSERT INTO budget VALUES (?, ?, ?, ?)", (name, float(epsilon), float(delta), utc_now()))
                return Account(name, float(epsilon), float(delta))
        if (account.epsilon, account.delta) != (epsilon, delta):
            raise OptionError(
                f"The limit of {shown(name)} is ε = {account.epsilon:g}, δ = {account.delta:g} and is set once; "
                f"got ε = {epsilon:g}, δ = {delta:g}.",
                fix="Keep to it: a limit that can be raised later is none.",
            )
        return account

    def spend(self, name: str, rho: float, *, what: str) -> Account:
        """Book a spending, or refuse it whole; return the account as it is afterwards.

        Raises
        ------
        OptionError
            There is no such account, or it doesn't hold enough.
        """
        if not (math.isfinite(rho) and rho > 0):
            raise OptionError(f"A spending must be a finite ρ above 0; got {shown(rho)}.", fix="Plan the run again.")
        with self._connected() as connection:
            account = _read(connection, name)
            if account is None:
                raise OptionError(
                    f"No limit is set for the data set {shown(name)}.",
                    fix=f"Set it first, once, for all runs to come: synthnb.open_budget({name!r}, epsilon=…, delta=…).",
                )
            if account.spent + rho > account.limit * (1.0 + _SLACK):
                raise OptionError(
                    f"The budget of {shown(name)} doesn't hold enough: this run would spend ε = {epsilon_of(rho, account.delta):.3g} "
                    f"at δ = {account.delta:g}, and {account.epsilon_left:.3g} of {account.epsilon:g} is left.",
                    fix="Ask for a smaller epsilon, or draw more rows from a generator saved earlier, which costs nothing.",
                )
            spending = Spending(float(rho), what, utc_now())
            connection.execute("INSERT INTO spending (name, rho, what, written) VALUES (?, ?, ?, ?)", (name, *spending))
        return Account(name, account.epsilon, account.delta, (*account.spendings, spending))

    def account(self, name: str) -> Account | None:
        """One data set's account, or None if no limit was set."""
        return next((one for one in self.accounts() if one.name == name), None)

    def accounts(self) -> list[Account]:
        """Every account, by name; the file isn't created by looking."""
        if not self.path.exists():
            return []
        with self._connected() as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM budget ORDER BY name")]
            return [account for name in names if (account := _read(connection, name))]

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """A connection inside one transaction that is kept whole or not at all."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=self._patience, isolation_level=None)
            try:
                _prepare(connection)
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            finally:
                connection.close()
        except StorageError:
            raise
        except (sqlite3.Error, OSError) as error:
            known = (said for sign, said in _CAUSES.items() if sign in str(error).lower())
            what, fix = next(known, (f"failed: {error}", "Set SYNTHNB_BUDGET to another path."))
            raise StorageError(
                f"The file of budgets {self.path.name} {what}. Nothing was spent, and nothing was looked at.", fix=fix
            ) from error


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA trusted_schema = OFF")
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name NOT IN ('budget', 'spending') AND type = 'table'").fetchone():
            raise sqlite3.DatabaseError("not a database of budgets")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_SCHEMA)
    connection.execute("PRAGMA synchronous = FULL")


def _check_limit(name: Any, epsilon: Any, delta: Any) -> None:
    if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST_NAME or name == BY_CONTENT:
        raise OptionError(
            f"A data set's name of 1 to {_LONGEST_NAME} characters was expected; got {shown(name)}.", fix="Use a name that stays the same."
        )
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one) for one in (epsilon, delta))
    if not numbers or epsilon <= 0 or not 0 < delta < 1:
        raise OptionError(
            f"A limit needs epsilon above 0 and delta between 0 and 1; got {shown(epsilon)} and {shown(delta)}.",
            fix="Choose both on purpose; delta well below one over the number of rows.",
        )


def _read(connection: sqlite3.Connection, name: str) -> Account | None:
    """One account; a file of somebody else's making may hold what ours never would."""
    found = connection.execute("SELECT epsilon, delta FROM budget WHERE name = ?", (name,)).fetchone()
    if found is None:
        return None
    lines = connection.execute("SELECT rho, what, written FROM spending WHERE name = ? ORDER BY number", (name,)).fetchall()
    epsilon, delta = found
    if not (epsilon > 0 and 0 < delta < 1) or not all(isinstance(rho, float) and rho > 0 and math.isfinite(rho) for rho, _, _ in lines):
        raise sqlite3.DatabaseError("malformed lines")
    return Account(name, epsilon, delta, tuple(Spending(*line) for line in lines))
