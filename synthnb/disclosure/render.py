r"""The record as people read it in a notebook: a short Markdown block.

`render_block` is written twice, here and in the lab extension; the fixtures in
``tests/fixtures/disclosure`` bind them. It takes the value of
``metadata.synthnb`` and works on strings alone. The whole record is what
`synthnb.disclosure.page` shows. Blocks as the first version wrote them are
rendered by `synthnb.disclosure.migrating`.

**Text** (`inline`) makes a value safe inside Markdown:

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

**Value** (`told`) is what the block shows: each ``sha256:`` with 64 digits of ``0-9a-f`` is
cut to its first 12 digits, then ``…``; the result is written as text (`inline`); then a sign ``-`` or
``+`` at its beginning, or the ``.`` or ``)`` after decimal digits at its beginning, becomes a numeric
entity, so that no value begins a list. If nothing is left it is ``(blank)``: an item of a list without
text would make a heading of the line before.

**Layout.** Lines joined by ``\n``; a part that has nothing to say is left
out with its blank line::

    <!-- synthnb:disclosure:begin -->
                                                (blank)
    ### Synthetic data disclosure
                                                (blank)
    STATEMENT
                                                (blank)
    - **LABEL:** VALUE
    - **LABEL:**
        - VALUE
        - VALUE
                                                (blank)
    PROPOSED
                                                (blank)
    MISSING
                                                (blank)
    FOOTER
                                                (blank)
    <!-- synthnb:disclosure:end -->

*Statement*: the values of ``humanReadableStatement``, joined by ``<br>``; at most 6,
then ``<br>and N more``.
*List*: the catalogue's ``brief`` lines in order. Each shows the first of its ``fields``
that is stated, with one value on the label's own line, and of several each on a line of its own, which begins with four
spaces; at most 12, then a line ``    - and N more``. A value whose ``proposed`` is true is followed by ``` (proposed, not
confirmed)```. If none of its fields is stated the line shows its ``default``, and is left out if it has none. Without any
stated field in the whole record there is no list. Labels and defaults are the catalogue's and need no escaping.
*Proposed*: ``**Proposed by the tool, for a person to confirm:** `` + the labels of the
fields, in the catalogue's order, of which a value is proposed, joined by ``, ``, then ``.``.
*Missing*: ``**Not stated yet, and only a person can:** `` + the labels of
the required fields that aren't stated, joined by ``, ``; a label whose default
isn't ``not stated`` is followed by `` (DEFAULT)``; then
``. State them with `%synth disclose`.``. If none is missing the part is left out.
*Footer*: sentences joined by one space:

1. ``From N entries`` + (superseded S > 0: ``, S of them superseded by later
   ones``) + (stale current entries T > 0: ``, T whose output is no longer in
   this notebook``) + ``.`` ``N`` counts all entries; one is ``1 entry``; ``S``
   and ``T`` are plain numbers. ``T`` counts entries that are current, listed in
   ``stale`` and of another kind than ``disclose``, ``risk`` and ``sign-off``: what persons say needs no output.
2. If an item of ``unreadable`` exists: ``N unreadable entries were left aside.``
   (``1 unreadable entry was left aside.``)
3. ``Record `DIGEST` in this notebook's metadata; see all of it with `%synth disclose`, check it with `%synth verify`.``

``DIGEST`` is ``metadata.synthnb.digest`` if it matches ``sha256:[0-9a-f]{64}``
in full, else ``sha256:unknown``. Values come from ``metadata.synthnb.fields``
(`values[].value`), not from the entries; a field that is missing there, or
has another shape, is not stated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from synthnb.disclosure.fields import Field, Line, brief, catalogue, required
from synthnb.disclosure.folding import SAYING, current, is_readable
from synthnb.disclosure.reading import mapping

__all__ = ["BEGIN", "END", "PROPOSED", "inline", "plain", "render_block", "told"]

BEGIN = "<!-- synthnb:disclosure:begin -->"
"""The line on which the block begins."""
END = "<!-- synthnb:disclosure:end -->"
"""The line on which it ends."""

_LONGEST = 300
_MOST_STATEMENTS = 6
_MOST_VALUES = 12
_BLANK = "(blank)"
PROPOSED = " (proposed, not confirmed)"
"""What follows a value that nobody has confirmed."""
_SPACE = re.compile("[\t\n\v\f\r \x85\xa0\u2028\u2029]+")
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_ESCAPES = {ord(sign): f"&#{ord(sign)};" for sign in "&<>\"'`|*_[]~#!"} | {ord(sign): f"<span>&#{ord(sign)};</span>" for sign in "$\\"}
_WWW = re.compile(r"([wW]{3})\.")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SHORT = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}")
_BEGINS_LIST = re.compile(r"^([0-9]*)([-+.)])")


def plain(text: str) -> str:
    """Return a value on one line, without control characters, cut to 300 code points."""
    line = _UNSAFE.sub("�", _SPACE.sub(" ", text).strip(" "))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def inline(text: str) -> str:
    """Return a value as it may stand in Markdown."""
    escaped = plain(text).translate(_ESCAPES).replace("://", "&#58;//")
    return _WWW.sub(r"\1&#46;", escaped)


def short(text: str) -> str:
    """Return a text in which digests are cut to their first 12 digits."""
    return _SHORT.sub(r"\1…", text)


def told(text: str) -> str:
    """Return a value as the block shows it."""
    return _BEGINS_LIST.sub(_unlisted, inline(short(text))) or _BLANK


def _unlisted(found: re.Match[str]) -> str:
    """The beginning of a value, so that it begins no list."""
    digits, sign = found[1], found[2]
    return f"{digits}&#{ord(sign)};" if bool(digits) is (sign in ".)") else found[0]


def render_block(metadata: Mapping[str, Any]) -> str:
    """Return the Markdown block for a notebook's ``metadata.synthnb``."""
    fields = mapping(metadata.get("fields"))
    stated = [name for name in catalogue() if values_of(fields, name)]
    parts = [BEGIN, "### Synthetic data disclosure", _statement(fields), _list(fields) if stated else ""]
    parts += [_proposed(fields), missing_part(fields), _footer(metadata), END]
    return "\n\n".join(part for part in parts if part)


def values_of(fields: Mapping[str, Any], name: str) -> list[str]:
    """The values a record states for a field; none if it has another shape."""
    item = fields.get(name)
    values = item.get("values") if isinstance(item, Mapping) else None
    found = [value.get("value") for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []
    return [value for value in found if isinstance(value, str)]


def is_proposed(fields: Mapping[str, Any], name: str) -> bool:
    """Whether the tool proposed what a record states for a field, and no person confirmed it."""
    values = mapping(fields.get(name)).get("values")
    return any(isinstance(value, Mapping) and value.get("proposed") is True for value in values) if isinstance(values, list) else False


def shown_values(metadata: Mapping[str, Any]) -> list[str]:
    """Return the values that the block shows, as its readers see them."""
    fields = mapping(metadata.get("fields"))
    shown = values_of(fields, "humanReadableStatement")[:_MOST_STATEMENTS]
    for line in brief():
        shown += _of_line(line, fields)[1][:_MOST_VALUES]
    return [plain(short(value)) for value in shown]


def _statement(fields: Mapping[str, Any]) -> str:
    values = values_of(fields, "humanReadableStatement")
    more = [f"and {len(values) - _MOST_STATEMENTS} more"] if len(values) > _MOST_STATEMENTS else []
    return "<br>".join([*map(told, values[:_MOST_STATEMENTS]), *more])


def brief_values(fields: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Return the label and the values of each line of the block."""
    if not any(values_of(fields, name) for name in catalogue()):
        return []
    found = [(line, *_of_line(line, fields)) for line in brief()]
    told = [(line, values, PROPOSED if is_proposed(fields, name) else "") for line, name, values in found]
    return [(line.label, [f"{value}{end}" for value in values] or [line.default]) for line, values, end in told if values or line.default]


def _of_line(line: Line, fields: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The field that a line shows, and its values; none if none of its fields is stated."""
    return next(((name, found) for name in line.fields if (found := values_of(fields, name))), ("", []))


def _list(fields: Mapping[str, Any]) -> str:
    return "\n".join(text for line in brief() for text in _lines(line, fields))


def _lines(line: Line, fields: Mapping[str, Any]) -> Iterator[str]:
    name, values = _of_line(line, fields)
    end = PROPOSED if is_proposed(fields, name) else ""
    if len(values) < 2:
        said = f"{told(values[0])}{end}" if values else line.default
        yield from [f"- **{line.label}:** {said}"] if said else []
        return
    yield f"- **{line.label}:**"
    yield from (f"    - {told(value)}{end}" for value in values[:_MOST_VALUES])
    if len(values) > _MOST_VALUES:
        yield f"    - and {len(values) - _MOST_VALUES} more"


def _proposed(fields: Mapping[str, Any]) -> str:
    labels = [field.label for field in catalogue().values() if is_proposed(fields, field.id)]
    return f"**Proposed by the tool, for a person to confirm:** {', '.join(labels)}." if labels else ""


def missing_part(fields: Mapping[str, Any]) -> str:
    """What only a person can state and nobody has, with how to."""
    labels = [_missing_label(field) for field in required() if not values_of(fields, field.id)]
    return f"**Not stated yet, and only a person can:** {', '.join(labels)}. State them with `%synth disclose`." if labels else ""


def _missing_label(field: Field) -> str:
    return field.label if field.default == "not stated" else f"{field.label} ({field.default})"


def counts(metadata: Mapping[str, Any], *, said: bool = False) -> dict[str, int]:
    """How many entries a record holds, and how many are superseded, stale though current (what persons say too if asked), or unreadable."""
    found = metadata.get("entries")
    entries = [entry for entry in found if is_readable(entry)] if isinstance(found, list) else []
    stale, unreadable = metadata.get("stale"), metadata.get("unreadable")
    counting = current(entries)
    gone = stale if isinstance(stale, list) else []
    return {
        "all": len(entries),
        "superseded": len(entries) - len(counting),
        "stale": sum(entry["id"] in gone and (said or entry["kind"] not in SAYING) for entry in counting),
        "unreadable": len(unreadable) if isinstance(unreadable, list) else 0,
    }


def _footer(metadata: Mapping[str, Any]) -> str:
    ways = "see all of it with `%synth disclose`, check it with `%synth verify`"
    return f"{origin_part(metadata)} Record `{shown_digest(metadata)}` in this notebook's metadata; {ways}."


def origin_part(metadata: Mapping[str, Any], *, said: bool = False) -> str:
    """From how many entries the record comes, and how many of them don't count or can't be read."""
    number = counts(metadata, said=said)
    origin = f"From {_plural(number['all'], 'entry', 'entries')}"
    if number["superseded"]:
        origin += f", {number['superseded']} of them superseded by later ones"
    if number["stale"]:
        origin += f", {number['stale']} whose output is no longer in this notebook"
    aside = _plural(number["unreadable"], "unreadable entry was", "unreadable entries were")
    return f"{origin}. {aside} left aside." if number["unreadable"] else f"{origin}."


def _plural(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def shown_digest(metadata: Mapping[str, Any]) -> str:
    """The record's digest, or ``sha256:unknown`` if it isn't one."""
    found = metadata.get("digest")
    return found if isinstance(found, str) and _DIGEST.fullmatch(found) else "sha256:unknown"
