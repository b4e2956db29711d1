"""What a file turned out to carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from synthnb.disclosure.reading import parse_json

__all__ = ["Embedded", "Form", "only"]

Form = Literal["page", "stock page", "markdown", "text"]


@dataclass(frozen=True)
class Embedded:
    """What was found in an exported file."""

    record: Mapping[str, Any]
    """The record, in the shape of a notebook's ``metadata.synthnb``."""
    visible: str
    """The text that readers see."""
    form: Form = "page"
    """How the disclosure is shown: a page with the whole record, a page of stock nbconvert, Markdown, or typeset text."""


def only(records: list[str], visible: str, where: str, form: Form) -> Embedded | str:
    """Return the one record; of several, none can be told to be the right one."""
    if not records:
        return f"The {where} carries no record of synthnb."
    if len(records) > 1:
        return f"The {where} can't be read: it carries {len(records)} records where one was expected."
    try:
        record = parse_json(records[0])
    except ValueError as error:
        return f"The record can't be read: {error}."
    if not isinstance(record, dict) or not isinstance(record.get("entries"), list):
        return "The record can't be read: it has no list of entries."
    return Embedded(record, visible, form)
