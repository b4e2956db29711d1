"""What is left of a damaged ledger: which lines are intact, and a file of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from synthnb._files import write_atomically
from synthnb.disclosure.ledger.chain import Line, spans
from synthnb.disclosure.ledger.pages import read_pages
from synthnb.errors import OptionError, StorageError, shown

__all__ = ["Salvage", "salvage", "write_salvaged"]


@dataclass(frozen=True)
class Salvage:
    """What could be read of a ledger whatever state its file is in."""

    lines: tuple[Line, ...]
    """The intact lines, by number: each matches its own digest."""
    damaged: tuple[int, ...]
    """Numbers of lines that are there but don't match their digest."""

    @property
    def lost(self) -> tuple[int, ...]:
        """Numbers below the last intact one that no line was found for."""
        known = {line.number for line in self.lines} | set(self.damaged)
        return tuple(number for number in range(1, self.lines[-1].number if self.lines else 0) if number not in known)

    def statement(self) -> str:
        """What is intact and what isn't, in sentences."""
        if not self.lines:
            return "No line of it can be read."
        said = [f"Intact: {_counted(len(self.lines))}, {spans(line.number for line in self.lines)}."]
        said += [f"Don't match their digest: {spans(self.damaged)}."] if self.damaged else []
        said += [f"Can't be read: {spans(self.lost)}."] if self.lost else []
        return " ".join([*said, f"Whether lines followed line {self.lines[-1].number} can't be told from the file."])


def _counted(number: int) -> str:
    return f"{number:,} line{'' if number == 1 else 's'}"


def salvage(path: Path) -> Salvage:
    """Read what can be read of a ledger's file, page by page; the file isn't changed.

    Raises
    ------
    StorageError
        The file can't be read at all.
    """
    try:
        found = list(read_pages(path))
    except OSError as error:
        raise StorageError(f"The ledger {path.name} can't be read: {error.strerror or error}.", fix="Check who may read it.") from error
    intact = {line.number: line for line in found if not line.problem()}
    damaged = {line.number for line in found if line.number not in intact and 0 < line.number <= _highest(found, intact)}
    return Salvage(tuple(intact[number] for number in sorted(intact)), tuple(sorted(damaged)))


def _highest(found: Iterable[Line], intact: dict[int, Line]) -> int:
    """A damaged number may be anything; one far beyond the others is none."""
    return max(intact, default=0) + sum(line.number not in intact for line in found)


def write_salvaged(path: Path, out: Path, *, overwrite: bool = False) -> Salvage:
    """Write the intact lines of a ledger to a new file, each as it was; the ledger isn't touched.

    Parameters
    ----------
    path : Path
        The ledger.
    out : Path
        ``.jsonl`` for one line of JSON each, anything else for a new ledger. Its chain
        still shows which lines are gone, and goes on from the last.
    overwrite : bool
        Replace `out` if it is there.

    Raises
    ------
    OptionError
        There is such a file already, or it is the ledger itself.
    StorageError
        The ledger can't be read or has no intact line, or the new file can't be written.
    """
    from synthnb.disclosure.ledger.store import write_lines

    if not path.is_file():
        raise StorageError(f"There is no ledger at {shown(path.name)}.", fix="Run it in the project's folder, or set SYNTHNB_LEDGER.")
    beside = {path.with_name(f"{path.name}{ending}").resolve() for ending in ("", "-wal", "-shm")}
    if out.resolve() in beside or (out.exists() and out.samefile(path)):
        raise OptionError("A file other than the ledger was expected; the damaged ledger is kept as it is.", fix="Choose another name.")
    if out.exists() and not overwrite:
        raise OptionError.from_existing(out)
    found = salvage(path)
    if not found.lines:
        raise StorageError(f"The ledger {path.name} holds no intact line. It is as it was.", fix="Restore it from a backup.")
    if out.suffix.lower() == ".jsonl":
        rows = (json.dumps(line._asdict() | {"entry": line.read()}, ensure_ascii=False) + "\n" for line in found.lines)
        write_atomically(out, "".join(rows).encode())
    else:
        write_atomically(out, lambda temporary: write_lines(temporary, found.lines))
    return found
