"""What a journal, a conference or a guideline asks, answered from a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from synthnb._display import Shown
from synthnb.errors import NotebookError, OptionError, shown

if TYPE_CHECKING:
    from synthnb.disclosure.record import Record
    from synthnb.disclosure.venues.filling import Filled

__all__ = ["VenueText", "record_of_notebook", "venue_text"]


@dataclass(frozen=True)
class VenueText(Shown):
    """A venue's paragraph and checklist, made of what a record states and of nothing else."""

    display_name: ClassVar[str] = "venue"
    filled: Filled
    """The venue's items with what the record states about each."""

    @property
    def paragraph(self) -> str:
        """The text to paste; a sentence stands in it only where what it says is stated."""
        from synthnb.disclosure.venues.writing import paragraph

        return paragraph(self.filled)

    @property
    def missing(self) -> tuple[str, ...]:
        """Ids of the required items that the record doesn't answer, or answers in part."""
        wanting = {"missing", "partly filled"}
        return tuple(answer.item.id for answer in self.filled.answers if answer.item.required and answer.status in wanting)

    def to_dict(self) -> dict[str, Any]:
        """The paragraph, every item with its status, values and what is lacking, and counts, as plain JSON types."""
        from synthnb.disclosure.venues.rendering import shape

        return shape(self.filled)

    def render(self, form: str = "md") -> str:
        """The text as ``md``, ``html``, ``text``, ``latex`` or ``json``.

        Raises
        ------
        OptionError
            There is no such form.
        """
        from synthnb.disclosure.venues.rendering import render

        return render(self.filled, form)

    def __str__(self) -> str:
        return self.render("text")


def venue_text(record: Record | Mapping[str, Any] | str | Path | None, venue: str) -> VenueText:
    """Return what a venue asks for, answered from a record.

    Nothing is invented: what isn't stated is listed as missing, with how to
    state it, and what only a person can state is never filled.

    Parameters
    ----------
    record : Record, mapping, str, Path or None
        What ``disclose`` returned, a notebook's ``metadata.synthnb``, or a notebook's file, which isn't changed; None for this session.
    venue : str
        Such as ``"icmje"`` or ``"neurips"``, or the path of a ``.toml`` file of the same shape.

    Returns
    -------
    VenueText
        ``.paragraph``, ``.missing``, ``.render("latex")``, ``.to_dict()``.

    Raises
    ------
    OptionError
        There is no such venue, or the record is of another kind.
    NotebookError
        The notebook's file doesn't exist or isn't one.
    """
    from synthnb.disclosure.venues.filling import fill
    from synthnb.disclosure.venues.reading import find_venue

    wanted = find_venue(venue)
    return VenueText(fill(wanted, _shape_of(record)))


def _shape_of(record: Record | Mapping[str, Any] | str | Path | None) -> Mapping[str, Any]:
    if record is None:
        from synthnb._api.keeping import disclose

        return disclose().to_dict()
    if isinstance(record, (str, Path)):
        return record_of_notebook(record)
    if isinstance(record, Mapping):
        return record
    if not hasattr(record, "to_dict") or not hasattr(record, "entries"):
        raise OptionError(
            f"A record, a notebook's file or None was expected; got {shown(type(record).__name__)}.", fix="Pass what disclose() returned."
        )
    return record.to_dict()


def record_of_notebook(path: str | Path) -> dict[str, Any]:
    """Return the record in a notebook's file, from its metadata and from what its outputs carry; the file isn't changed.

    Raises
    ------
    NotebookError
        It doesn't exist, isn't a notebook, or a later version of synthnb wrote its record.
    """
    from synthnb.disclosure.files import read_notebook
    from synthnb.disclosure.notebook import harvest
    from synthnb.disclosure.record import Record

    notebook = read_notebook(path)
    found = harvest(notebook["cells"], notebook["metadata"])
    if found["newer"]:
        raise NotebookError(
            f"{Path(path).name} holds a record of a later version of synthnb.", fix="Update synthnb: pip install -U synthnb"
        )
    return Record(tuple(found["entries"]), tuple(found["stale"])).to_dict()
