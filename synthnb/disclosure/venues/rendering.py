"""A venue's text as Markdown, HTML, plain text, LaTeX or JSON; every value is escaped for where it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from synthnb.disclosure.embedded.tex import escape_tex
from synthnb.disclosure.venues.reading import CAVEATS
from synthnb.disclosure.venues.writing import paragraph, prompts
from synthnb.errors import OptionError

if TYPE_CHECKING:
    from jinja2 import Environment

    from synthnb.disclosure.venues.filling import Answer, Filled, Status

__all__ = ["FORMATS", "SCHEMA", "render", "shape"]

SCHEMA = "synthnb.venue/1"
"""The version of the JSON form."""
FORMATS = ("md", "html", "text", "json", "latex")
"""What a text can be rendered as."""

_ENDING = {"md": "md", "html": "html", "text": "txt", "latex": "tex"}
_ENTITIES = {ord(sign): f"&#{ord(sign)};" for sign in "&<>[]`|~#!"} | {ord(sign): f"<span>&#{ord(sign)};</span>" for sign in "$\\"}
_FIRST = re.compile(r"^([-+=:]|[0-9]+(?=[.)]))")
_WWW = re.compile(r"([wW]{3})\.")
_LONGEST_SHOWN = 400


def shape(filled: Filled) -> dict[str, Any]:
    """Return a venue's text as plain JSON types."""
    venue = filled.venue
    return {
        "schema": SCHEMA,
        "venue": venue.id,
        "name": venue.name,
        "by": venue.by,
        "version": venue.version,
        "url": venue.url,
        "caveat": venue.caveat,
        "note": venue.note,
        "places": list(venue.places),
        "record": filled.digest,
        "complete": filled.is_complete,
        "required": filled.counts(),
        "optional": filled.counts(required=False),
        "paragraph": paragraph(filled),
        "prompts": prompts(filled),
        "items": [answer.to_dict() for answer in filled.answers],
        "to_state": [vars(need) for need in filled.to_state],
        "notes": list(filled.notes),
    }


def render(filled: Filled, form: str = "md") -> str:
    """Return a venue's text.

    Parameters
    ----------
    filled : Filled
        The venue held against a record.
    form : {"md", "html", "text", "json", "latex"}
        ``html`` is a fragment without scripts; ``latex`` a fragment for
        UTF-8 sources; characters that pdfLaTeX has no sign for need LuaLaTeX or XeLaTeX.

    Raises
    ------
    OptionError
        There is no such form.
    """
    if form not in FORMATS:
        raise OptionError.from_choice("format", form, list(FORMATS))
    if form == "json":
        return json.dumps(shape(filled), indent=1, ensure_ascii=False) + "\n"
    context = shape(filled) | {
        "title": title(filled),
        "counted": counted(filled),
        "rows": [_row(answer, filled.venue.mark) for answer in filled.answers],
        "caveat": filled.venue.caveat,
        "cell": [need.label for need in filled.to_state],
    }
    return _environment(form).get_template(f"venue.{_ENDING[form]}.j2").render(context).strip() + "\n"


def title(filled: Filled) -> str:
    """The venue, and how much of what it requires is reported."""
    counts = filled.counts()
    applicable = counts["filled"] + counts["partly filled"] + counts["missing"]
    return f"{filled.venue.name}: {counts['filled']} of {applicable} required items filled"


def counted(filled: Filled) -> str:
    """How many items have each status; a count of what is reported, and of nothing else."""
    outside = sum(answer.status == "outside" for answer in filled.answers)
    parts = {
        "Required": _listed(filled.counts()),
        "Optional": _listed(filled.counts(required=False)),
        "Outside what a data tool can know": str(outside or ""),
    }
    said = ". ".join(f"{name}: {words}" for name, words in parts.items() if words)
    return f"{said}. This counts what is reported; it says nothing about quality."


def _listed(counts: dict[Status, int]) -> str:
    return ", ".join(f"{number} {status}" for status, number in counts.items() if number)


def _row(answer: Answer, mark: str) -> dict[str, Any]:
    item = answer.item
    kind = "" if item.outside else "required" if item.required else "optional"
    caveat = CAVEATS[item.mark] if item.mark != mark else ""  # the venue's own stands above the checklist
    return {
        "id": item.id,
        "asks": item.asks,
        "kind": kind,
        "caveat": f" ({caveat})" if caveat else "",
        "status": answer.status,
        "slug": answer.status.replace(" ", "-"),
        "reason": answer.reason,
        "values": [
            {"label": value.label, "text": _cut(value.text), "mark": f" ({value.lacks})" if value.lacks else ""} for value in answer.values
        ],
        "needs": [{"label": need.label, "what": need.what, "how": need.how} for need in answer.needs],
    }


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}… (cut; whole in the record)"


@cache
def _environment(form: str) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    # Braces are LaTeX's own signs.
    values, blocks = (("<<", ">>"), ("<%", "%>")) if form == "latex" else (("{{", "}}"), ("{%", "%}"))
    return Environment(
        loader=PackageLoader("synthnb", "templates"),
        variable_start_string=values[0],
        variable_end_string=values[1],
        block_start_string=blocks[0],
        block_end_string=blocks[1],
        autoescape=select_autoescape(["html.j2"]),
        finalize=_ESCAPES.get(form),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _markdown(value: object) -> str:
    """A value as it may stand in a Markdown paragraph or table cell: no markup, no formula, no link."""
    text = str(value).translate(_ENTITIES).replace("*", "\\*").replace("_", "\\_").replace("://", "&#58;//")
    return _FIRST.sub(lambda found: f"&#{ord(found[1][0])};{found[1][1:]}", _WWW.sub(r"\1&#46;", text))


def _latex(value: object) -> str:
    """A value as it may stand in LaTeX text, also where brackets would begin a command's option."""
    return escape_tex(str(value)).replace("[", "{[}").replace("]", "{]}").replace("\ufffd", "(?)")


_ESCAPES: dict[str, Callable[[object], str]] = {"md": _markdown, "latex": _latex}
