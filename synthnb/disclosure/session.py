"""What this process has done so far: every entry, and which of them a notebook has seen.

An output can be silenced (``%%capture``, a trailing ``;``), yet its entry must
not be lost: it is kept here and shown again by the next ``%synth disclose``.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from synthnb._origins import Origins
from synthnb.disclosure.folding import MAKING
from synthnb.disclosure.notebook import MIME, content_digest

__all__ = ["Session", "session"]

_STAMPED = (*MAKING, "evaluate", "judge")
"""Kinds of what code did: these say which."""

Entry = dict[str, Any]


class Session:
    """The entries of one process, in the order in which they were made."""

    def __init__(self) -> None:
        self.kernel = ""
        """What runs the cells, as the record says it; empty outside a notebook."""
        self.reset()

    def reset(self) -> None:
        """Forget everything, as a new process would."""
        self._entries: dict[str, Entry] = {}
        self._bundles: dict[str, dict[str, Any]] = {}
        self.origins = Origins()
        """Which rows this process made."""
        self.recipes: dict[str, Any] = {}
        """What runs of this process were to make, by run id, where rules were declared."""
        self.code = ""
        """The source of the code cell that is running; empty between cells and outside a notebook."""
        self._is_aside = False

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Work that leaves no trace: what is remembered inside is forgotten again, and not written to the ledger."""
        before = self._entries, self._bundles, self.origins, self.recipes, self._is_aside
        self._entries, self._bundles, self.recipes = {**before[0]}, {**before[1]}, {**before[3]}
        self.origins, self._is_aside = copy.copy(self.origins), True
        try:
            yield
        finally:
            self._entries, self._bundles, self.origins, self.recipes, self._is_aside = before

    def remember(self, entry: Entry, *, folder: str | Path | None = None) -> Entry:
        """Keep an entry and write it to the ledger, and return it as it was kept.

        The ledger is the working folder's, or that of the folder of what the entry is about, where it is named.

        A run's or an evaluation's then says which code cell ran, and in which kernel; an export's, how far
        the ledger had come, so that a cut end is found. A ledger that fails, or settings that can't be read, are a warning and not an
        error: what the entry is about has been made by then.
        """
        from synthnb.disclosure.entries import stamped
        from synthnb.disclosure.ledger import noting, open_ledger
        from synthnb.errors import StorageError, SynthnbWarning

        if entry["id"] in self._entries:
            return self._entries[entry["id"]]
        if entry["kind"] in _STAMPED:
            entry = stamped(entry, code=self.code, kernel=self.kernel)
        if entry["kind"] == "export" and not self._is_aside:
            entry = noting(entry, folder=folder)
        self._entries[entry["id"]] = entry
        if self._is_aside:
            return entry
        try:
            if ledger := open_ledger(folder=folder):
                with ledger:
                    ledger.append(entry)
        except (StorageError, ValueError, RecursionError) as error:
            warnings.warn(f"Not written to the ledger: {error}", SynthnbWarning, stacklevel=2)
        return entry

    def as_kept(self, entry: Entry) -> Entry:
        """Return an entry as this process keeps it, if it does, else as it is."""
        return self._entries.get(entry["id"], entry)

    def entries(self) -> list[Entry]:
        """Every entry of this process, oldest first."""
        return list(self._entries.values())

    def mark_shown(self, entries: Iterable[Entry], bundle: dict[str, Any]) -> dict[str, Any]:
        """Note that an output carries these entries, and return it with the digests of what it shows."""
        shown = {kind: digest for kind, content in bundle.items() if kind != MIME and (digest := content_digest(content))}
        bundle[MIME] = bundle[MIME] | {"shown": shown}
        self._bundles |= {entry["id"]: bundle for entry in entries}
        return bundle

    def bundles(self) -> list[dict[str, Any]]:
        """The outputs shown so far, in the order of their entries, each once."""
        return list({id(bundle): bundle for key in self._entries if (bundle := self._bundles.get(key))}.values())

    def unseen(self) -> list[Entry]:
        """Entries that no output has carried yet."""
        return [entry for key, entry in self._entries.items() if key not in self._bundles]


session = Session()
"""The running process's session."""
