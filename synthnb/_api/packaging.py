"""Descriptions and crates of a notebook: gathers what goes into them, and writes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthnb._files import write_atomically
from synthnb.config import get_config
from synthnb.errors import OptionError, RecipeError, StorageError, shown

if TYPE_CHECKING:
    from pathlib import Path

    from synthnb.disclosure.crates.account import Account
    from synthnb.disclosure.crates.contents import Contents
    from synthnb.disclosure.crates.datafiles import Found
    from synthnb.disclosure.crates.parts import Part

__all__ = ["ENDINGS", "Packed", "ending_of", "withheld", "write_package"]

_MOST_RECIPES = 200


@dataclass(frozen=True)
class Packed:
    """A notebook, ready to be described or packed."""

    record: Mapping[str, Any]
    """Its record, in the shape of ``metadata.synthnb``."""
    folder: Path
    """The folder it lies in, to which the record's paths are relative."""
    stem: str
    """Its name without the ending."""
    notebook: Callable[[], bytes]
    """Gives its bytes, with the disclosure up to date."""
    is_as_saved: bool
    """Whether these bytes are the saved file's own, so that its signature holds for them."""
    page: Callable[[], bytes]
    """Gives it as an HTML page that carries the record."""


def write_package(packed: Packed, target: Path) -> None:
    """Write what a file's ending says: a crate, a description or a card.

    Raises
    ------
    OptionError
        The ending isn't one of `ENDINGS`, something that only a person can state is missing, or an exported table was changed;
        the message lists all of it and nothing is written.
    StorageError
        The disk is full, or the folder is missing or read-only; what was there before is intact.
    """
    from synthnb.disclosure.crates.account import Account
    from synthnb.disclosure.crates.datafiles import data_files

    ending = ending_of(target)
    if ending is None:
        raise OptionError.from_choice("A package's ending", target.suffix, sorted(ENDINGS))
    account = Account(packed.record)
    if not account.entries:
        raise OptionError(
            "A notebook with a record was expected; nothing in this one was made by synthnb.", fix="Run a verb of synthnb first."
        )
    ENDINGS[ending](packed, account, data_files(account, packed.folder), target)


def withheld(record: Mapping[str, Any], target: Path) -> dict[str, str]:
    """Return the tables that a crate leaves out because not all of their rows are synthetic, and what these are, by place.

    Other packages hold no rows, and leave nothing out.
    """
    from synthnb.disclosure.crates.account import Account
    from synthnb.disclosure.crates.contents import Contents

    return Contents(Account(record), "", target.name).withheld if ending_of(target) == ".zip" else {}


def ending_of(path: Path) -> str | None:
    """Which of `ENDINGS` a file has, or None."""
    return next((ending for ending in ENDINGS if path.name.lower().endswith(ending) and len(path.name) > len(ending)), None)


def _write_croissant(packed: Packed, account: Account, found: Found, target: Path) -> None:
    from synthnb.disclosure.crates.contents import as_json
    from synthnb.disclosure.crates.croissant import croissant
    from synthnb.disclosure.crates.validating import refuse_invalid

    content = croissant(account, found, base=_way(target.parent, packed.folder))
    refuse_invalid(content)
    write_atomically(target, as_json(content))


def _way(start: Path, folder: Path) -> str:
    """What leads from the description's folder to the notebook's; the description stands there or above."""
    here, there = start.resolve(), folder.resolve()
    if not there.is_relative_to(here):
        raise OptionError(
            f"A place in the notebook's folder or above it was expected; got {shown(start.name)}.",
            fix="Write the description beside the data, so that it can say where they are.",
        )
    way = there.relative_to(here).as_posix()
    return "" if way == "." else f"{way}/"


def _write_prov(_packed: Packed, account: Account, _found: Found, target: Path) -> None:
    from synthnb.disclosure.crates.contents import as_json
    from synthnb.disclosure.crates.prov import prov_json

    write_atomically(target, as_json(prov_json(account)))


def _write_picture(_packed: Packed, account: Account, _found: Found, target: Path) -> None:
    from synthnb.disclosure.crates.prov_picture import prov_picture

    write_atomically(target, f"{prov_picture(account)}\n".encode())


def _write_card(_packed: Packed, account: Account, found: Found, target: Path) -> None:
    from synthnb.disclosure.crates.card import card

    write_atomically(target, card(account, found).encode())


def _write_crate(packed: Packed, account: Account, found: Found, target: Path) -> None:
    from synthnb.disclosure.crates.needs import ROCRATE, refuse_incomplete
    from synthnb.disclosure.crates.rocrate import write_crate

    refuse_incomplete(account, ROCRATE, form="A crate", more=found.problems)
    write_crate(account, _parts(packed, account, found, target.name), target)


def _parts(packed: Packed, account: Account, found: Found, name: str) -> list[Part]:
    """Everything in a crate but its metadata and its manifest."""
    from synthnb.disclosure.crates.contents import Contents, as_json
    from synthnb.disclosure.crates.parts import RECORD, part_of_bytes

    contents = Contents(account, packed.stem, name)
    made = {contents.notebook: packed.notebook(), contents.page: packed.page(), RECORD: as_json(packed.record)}
    parts = [
        *(part_of_bytes(place, data, contents.what(place)) for place, data in made.items()),
        *contents.provenance(),
        *_data_parts(contents, found, packed.folder),
        *_recipes(packed.folder, account),
        *(_signature(contents, packed.folder, contents.notebook) if packed.is_as_saved else []),
        *_ledger(packed.folder, account, contents),
    ]
    return [*parts, *contents.explained(parts)]


def _data_parts(contents: Contents, found: Found, folder: Path) -> list[Part]:
    """The tables but those withheld, with their sidecars and signatures."""
    from synthnb.disclosure.crates.parts import part_of_file
    from synthnb.disclosure.sidecar import SUFFIX

    parts = []
    for file in found.files:
        if file.path in contents.withheld:
            continue
        beside = {f"{file.path}{SUFFIX}": file.sidecar} if file.sidecar else {}
        for place, source in ({file.path: file.file} | beside).items():
            parts.append(part_of_file(place, source, contents.what(place), maker=file.entry))
        parts += _signature(contents, folder, file.path)
    return parts


def _signature(contents: Contents, folder: Path, name: str) -> list[Part]:
    """A file's signature, if there is one beside it."""
    from synthnb.disclosure.crates.parts import part_of_file
    from synthnb.disclosure.signing import SUFFIX

    place = f"{name}{SUFFIX}"
    file = folder / place
    return [part_of_file(place, file, contents.what(place))] if file.is_file() and not file.is_symlink() else []


def _recipes(folder: Path, account: Account) -> list[Part]:
    """Recipe files beside the notebook that a run used, as their digests tell."""
    from synthnb.disclosure.crates.parts import part_of_file
    from synthnb.recipes.io import MOST_BYTES, SUFFIX, read_recipe

    wanted = {run.recipe for run in account.runs if run.recipe}
    parts = []
    for file in sorted(folder.glob(f"*{SUFFIX}"))[:_MOST_RECIPES]:
        if file.is_symlink() or not file.is_file() or file.stat().st_size > MOST_BYTES:
            continue
        try:
            digest = read_recipe(file).digest
        except (RecipeError, StorageError, OptionError):
            continue
        if digest in wanted:
            parts.append(part_of_file(file.name, file, "The recipe of a run", about=digest))
    return parts


def _ledger(folder: Path, account: Account, contents: Contents) -> list[Part]:
    """The ledger's lines about this record, with the digests that chain them, as JSON Lines."""
    from synthnb.disclosure.crates.parts import LEDGER, part_of_bytes
    from synthnb.disclosure.ledger import open_ledger

    chosen = get_config().ledger
    ledger = None if chosen == "off" else open_ledger(folder / chosen)
    if ledger is None:
        return []
    known = {entry["id"] for entry in account.record.get("entries", []) if isinstance(entry, Mapping)}
    try:
        with ledger:
            lines = [line for line in ledger.lines() if line.id in known]
    except StorageError:
        return []
    text = "".join(f"{json.dumps(line._asdict(), ensure_ascii=False)}\n" for line in lines)
    return [part_of_bytes(LEDGER, text.encode(), contents.what(LEDGER))] if lines else []


ENDINGS: dict[str, Callable[[Packed, Account, Found, Path], None]] = {
    ".croissant.json": _write_croissant,
    ".prov.json": _write_prov,
    ".prov.svg": _write_picture,
    ".card.md": _write_card,
    ".zip": _write_crate,
}
"""The endings of files that are written here, and what writes them."""
