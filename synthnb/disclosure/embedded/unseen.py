"""Whether readers of an exported file see what its record says.

Markdown holds the disclosure's block line by line. A page of ours holds each value of
the block, and besides the label and the whole record as `synthnb.disclosure.page` writes it; a
page of stock nbconvert only the values. Typeset text is compared by its letters and
digits without accents: line breaks, ligatures and hyphens are the typesetter's business.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from synthnb.disclosure.embedded.pages import visible_text
from synthnb.disclosure.label import label_part
from synthnb.disclosure.migrating import layouts
from synthnb.disclosure.page import page_part

if TYPE_CHECKING:
    from synthnb.disclosure.embedded.found import Embedded

__all__ = ["unseen"]

_NOT_SHOWN = "<!--"
_OTHER = re.compile("[^0-9A-Za-z]+")


def unseen(found: Embedded) -> list[str]:
    """Return what the record says and readers of the file don't see, the digest first.

    Parameters
    ----------
    found : Embedded
        What `read_embedded` gave; its record must match the schema.
    """
    return min((_unseen(found, *layout) for layout in layouts(found.record)), key=len)


def _unseen(found: Embedded, block: str, values: list[str]) -> list[str]:
    """What isn't seen, if the cell is in this layout."""
    said = str(found.record.get("digest"))
    if found.form == "text":
        return [value for value in (said, *values) if _letters(value) not in _letters(found.visible)]
    if said not in found.visible:
        return [said]
    text = _spaced(found.visible)
    if found.form == "markdown":
        return [line for line in block.split("\n") if not line.startswith(_NOT_SHOWN) and _spaced(line) not in text]
    if found.form == "page":
        part = _spaced(visible_text(label_part(found.record) + page_part(found.record)))
        if part not in text:
            return ["the whole record"]
        text = text.replace(part, " ")
    return [value for value in values if _spaced(value) not in text]


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _letters(text: str) -> str:
    return _OTHER.sub("", unicodedata.normalize("NFKD", text))
