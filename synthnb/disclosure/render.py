r"""The record as people read it in a notebook: a Markdown block.

`render_block` is written twice, here and in the lab extension; the fixtures in
``tests/fixtures/disclosure`` bind them. It takes the value of
``metadata.synthnb`` and works on strings alone.

**Text** (`inline`) makes a value safe inside a Markdown table cell:

1. each run of white space (tab, line feed, vertical tab, form feed, carriage
   return, space, U+0085, U+00A0, U+2028, U+2029) becomes one space, and spaces
   at both ends go;
2. each other control character (U+0000-U+001F, U+007F-U+009F), each
   direction override or isolate (U+202A-U+202E, U+2066-U+2069), U+FEFF and each lone
   surrogate becomes U+FFFD;
3. a text of more than 300 code points is cut to its first 299, then ``…``;
4. ``$`` and ``\`` become a numeric entity inside a ``span`` (so neither
   Markdown nor a typesetter of formulas that reads the page finds a pair of
   them), and each of ``& < > " ' ` | * _ [ ] ~ # !`` becomes a numeric entity;
5. ``://`` becomes ``&#58;//``, and the full stop after ``www`` (any case)
   ``&#46;``, so that no address turns into a link.

Step 4 goes character by character; step 5 works on its result. ``<`` never
survives, so no value can hold a comment's end or the block's own end marker.

**Layout.** Lines joined by ``\n``; a part that has nothing to say is left
out with its blank line::

    <!-- synthnb:disclosure:begin -->
                                                (blank)
    ### Synthetic data disclosure
                                                (blank)
    STATEMENT
                                                (blank)
    | | |
    |:--|:--|
    | **Section label** | |
    | Field label | VALUE<br>VALUE |
                                                (blank)
    MISSING
                                                (blank)
    FOOTER
                                                (blank)
    <!-- synthnb:disclosure:end -->

*Statement*: ``**In plain words:** `` (the field's label) + the values of
``humanReadableStatement``, shown like the
values of a table row, but not in the table.
*Table*: the catalogue's sections in order; in each, the fields in order that
have ``cell`` and are stated. A section without any is left out; so is the
table without any section. At most 6 values of a field are shown, then
``<br>and N more``. Labels are the catalogue's and need no escaping.
*Missing*: ``**Not stated yet, and only a person can:** `` + the labels of
the required fields that aren't stated, joined by ``, ``; a label whose default
isn't ``not stated`` is followed by `` (DEFAULT)``; then
``. State them with `%synth disclose`.``. If none is missing the part is left out.
*Footer*: sentences joined by one space:

1. ``From N entries`` + (superseded S > 0: ``, S of them superseded by later
   ones``) + (stale current entries T > 0: ``, T whose output is no longer in
   this notebook``) + ``.`` ``N`` counts all entries; one is ``1 entry``; ``S``
   and ``T`` are plain numbers. ``T`` counts entries that are current and
   listed in ``stale``.
2. If an item of ``unreadable`` exists: ``N unreadable entries were left aside.``
   (``1 unreadable entry was left aside.``)
3. ``Record `DIGEST` in this notebook's metadata; check it with `%synth verify`.``

``DIGEST`` is ``metadata.synthnb.digest`` if it matches ``sha256:[0-9a-f]{64}``
in full, else ``sha256:unknown``. Values come from ``metadata.synthnb.fields``
(`values[].value`), not from the entries; a field that is missing there, or
has another shape, is not stated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from synthnb.disclosure.fields import Field, catalogue, required, sections
from synthnb.disclosure.folding import current, is_readable
from synthnb.disclosure.reading import mapping

__all__ = ["BEGIN", "END", "inline", "plain", "render_block"]

BEGIN = "<!-- synthnb:disclosure:begin -->"
"""The line on which the block begins."""
END = "<!-- synthnb:disclosure:end -->"
"""The line on which it ends."""

_LONGEST = 300
_MOST_VALUES = 6
_SPACE = re.compile("[\t\n\v\f\r \x85\xa0\u2028\u2029]+")
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_ESCAPES = {ord(sign): f"&#{ord(sign)};" for sign in "&<>\"'`|*_[]~#!"} | {ord(sign): f"<span>&#{ord(sign)};</span>" for sign in "$\\"}
_WWW = re.compile(r"([wW]{3})\.")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def plain(text: str) -> str:
    """Return a value on one line, without control characters, cut to 300 code points."""
    line = _UNSAFE.sub("�", _SPACE.sub(" ", text).strip(" "))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def inline(text: str) -> str:
    """Return a value as it may stand in a Markdown table cell."""
    escaped = plain(text).translate(_ESCAPES).replace("://", "&#58;//")
    return _WWW.sub(r"\1&#46;", escaped)


def render_block(metadata: Mapping[str, Any]) -> str:
    """Return the Markdown block for a notebook's ``metadata.synthnb``."""
    fields = mapping(metadata.get("fields"))
    parts = [BEGIN, "### Synthetic data disclosure", _statement(fields), _table(fields), _missing(fields), _footer(metadata), END]
    return "\n\n".join(part for part in parts if part)


def values_of(fields: Mapping[str, Any], name: str) -> list[str]:
    """The values a record states for a field; none if it has another shape."""
    item = fields.get(name)
    values = item.get("values") if isinstance(item, Mapping) else None
    found = [value.get("value") for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []
    return [value for value in found if isinstance(value, str)]


def shown_values(metadata: Mapping[str, Any]) -> list[str]:
    """Return the values that the block shows, as its readers see them."""
    fields = metadata.get("fields")
    fields = fields if isinstance(fields, Mapping) else {}
    return [plain(value) for field in catalogue().values() if field.cell for value in values_of(fields, field.id)[:_MOST_VALUES]]


def _statement(fields: Mapping[str, Any]) -> str:
    values = values_of(fields, "humanReadableStatement")
    return f"**{catalogue()['humanReadableStatement'].label}:** {_cell(values)}" if values else ""


def _table(fields: Mapping[str, Any]) -> str:
    rows = [row for section in sections() for row in _rows(section.id, section.label, fields)]
    return "\n".join(["| | |", "|:--|:--|", *rows]) if rows else ""


def _rows(section: str, label: str, fields: Mapping[str, Any]) -> Iterator[str]:
    first = True
    for field in catalogue().values():
        values = values_of(fields, field.id) if field.section == section and _in_table(field) else []
        if values and first:
            yield f"| **{label}** | |"
            first = False
        if values:
            yield f"| {field.label} | {_cell(values)} |"


def _in_table(field: Field) -> bool:
    return field.cell and field.id != "humanReadableStatement"


def _cell(values: list[str]) -> str:
    more = [f"and {len(values) - _MOST_VALUES} more"] if len(values) > _MOST_VALUES else []
    return "<br>".join([*map(inline, values[:_MOST_VALUES]), *more])


def _missing(fields: Mapping[str, Any]) -> str:
    labels = [_missing_label(field) for field in required() if not values_of(fields, field.id)]
    return f"**Not stated yet, and only a person can:** {', '.join(labels)}. State them with `%synth disclose`." if labels else ""


def _missing_label(field: Field) -> str:
    return field.label if field.default == "not stated" else f"{field.label} ({field.default})"


def counts(metadata: Mapping[str, Any]) -> dict[str, int]:
    """How many entries a record holds, and how many are superseded, stale though current, or unreadable."""
    found = metadata.get("entries")
    entries = [entry for entry in found if is_readable(entry)] if isinstance(found, list) else []
    stale, unreadable = metadata.get("stale"), metadata.get("unreadable")
    counting = current(entries)
    return {
        "all": len(entries),
        "superseded": len(entries) - len(counting),
        "stale": sum(entry["id"] in stale for entry in counting) if isinstance(stale, list) else 0,
        "unreadable": len(unreadable) if isinstance(unreadable, list) else 0,
    }


def _footer(metadata: Mapping[str, Any]) -> str:
    number = counts(metadata)
    origin = f"From {_plural(number['all'], 'entry', 'entries')}"
    if number["superseded"]:
        origin += f", {number['superseded']} of them superseded by later ones"
    if number["stale"]:
        origin += f", {number['stale']} whose output is no longer in this notebook"
    sentences = [f"{origin}."]
    if number["unreadable"]:
        sentences.append(f"{_plural(number['unreadable'], 'unreadable entry was', 'unreadable entries were')} left aside.")
    sentences.append(f"Record `{shown_digest(metadata)}` in this notebook's metadata; check it with `%synth verify`.")
    return " ".join(sentences)


def _plural(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def shown_digest(metadata: Mapping[str, Any]) -> str:
    """The record's digest, or ``sha256:unknown`` if it isn't one."""
    found = metadata.get("digest")
    return found if isinstance(found, str) and _DIGEST.fullmatch(found) else "sha256:unknown"
