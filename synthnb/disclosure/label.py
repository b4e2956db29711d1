"""The label: a record on one card, as a nutrition label sums up a food.

What it is, how it was made, from what, how it was checked and with which result, what it is for and
what not, who answers for it, and what nobody has stated. Everything is taken from the record, cut
where it is long, and never made up; marks are words and shapes, so that none is told by colour.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from synthnb.disclosure._phrases import named
from synthnb.disclosure.fields import required
from synthnb.disclosure.folding import current, is_readable
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import plain, shown_digest, values_of
from synthnb.disclosure.responsibilities import responsibilities_part

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["MARKS", "label_page", "label_part", "label_text", "label_view"]

MARKS = {"pass": ("✓", "passed"), "fail": ("✕", "FAILED"), "undecided": ("–", "undecided")}
"""The sign and the word for a gate's outcome."""

_LONGEST = 240
_MOST_VALUES = 3
_MOST_GATES = 6
_MOST_RESULTS = 5
_NOT_STATED = "not stated"
_DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}(?![0-9a-f])")
_ROWS = (
    ("What it is", ("humanReadableStatement",)),
    ("How it was made", ("madeInBrief", "strategy")),
    ("Language model", ("modelName",)),
    ("Made from", ("sourceDatasets",)),
)
_USES = (
    ("Made for", ("intent",)),
    ("Use it for", ("intendedUse",)),
    ("Don't use it for; limits", ("limitations",)),
    ("Known biases", ("biases",)),
    ("Personal or sensitive information", ("sensitiveInformation",)),
    ("Who may get it", ("releaseClass",)),
    ("Conditions of use", ("usageConditions", "license")),
)
_ANSWERS = (
    ("Who answers for it", ("responsiblePerson",)),
    ("Human oversight", ("oversightLevel",)),
    ("Verified by a person", ("verification",)),
    ("Signed off", ("reviewerSignOff",)),
)
_OPTIONAL = {"Language model", "Who may get it", "Conditions of use", "Signed off"}


def label_view(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the label shows, as plain texts.

    Parameters
    ----------
    record : mapping
        A notebook's ``metadata.synthnb`` or ``Record.to_dict()``. It may come from anywhere: parts of another shape are passed over.

    Returns
    -------
    dict
        ``title``; ``rows``, ``uses`` and ``answers``, each a list of ``(name, texts, stated)``; ``checks``, with ``sign``, ``word`` and
        ``text``; ``results``, a list of texts; ``unchecked``; ``missing``; ``state``; ``digest``.
    """
    record = mapping(record)
    fields = mapping(record.get("fields"))
    missing = [field.label for field in required() if not values_of(fields, field.id)]
    gates = _gates(record)
    return {
        "title": _title(fields),
        "rows": _rows(_ROWS, fields),
        "uses": _rows(_USES, fields),
        "answers": _rows(_ANSWERS, fields),
        "checks": gates[:_MOST_GATES],
        "more_checks": max(0, len(gates) - _MOST_GATES),
        "results": _results(fields),
        "unchecked": _unchecked(fields, gates),
        "missing": missing,
        "state": f"incomplete: of {len(required())} statements that only a person can make {len(missing)} are missing"
        if missing
        else "complete",
        "digest": shown_digest(record),
    }


def _title(fields: Mapping[str, Any]) -> str:
    names = values_of(fields, "name")
    return f"Synthetic data label: {_short(names[0], 80)}" if names else "Synthetic data label"


def _short(text: str, longest: int = _LONGEST) -> str:
    line = _DIGEST.sub(r"\1…", plain(text))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _rows(rows: tuple[tuple[str, tuple[str, ...]], ...], fields: Mapping[str, Any]) -> list[tuple[str, list[str], bool]]:
    found = []
    for name, ids in rows:
        values = next((stated for field in ids if (stated := values_of(fields, field))), [])
        if values or name not in _OPTIONAL:
            found.append((name, _cut(values) or [_NOT_STATED], bool(values)))
    return found


def _cut(values: list[str], most: int = _MOST_VALUES) -> list[str]:
    more = [f"and {len(values) - most} more, in the record"] if len(values) > most else []
    return [*(_short(value) for value in values[:most]), *more]


def _results(fields: Mapping[str, Any]) -> list[str]:
    """Results in brief, but for the sentence about gates, which are shown one by one."""
    found = [text for text in values_of(fields, "resultsInBrief") if ", gates: " not in text]
    return _cut(found or values_of(fields, "evaluationProfile"), _MOST_RESULTS)


def _unchecked(fields: Mapping[str, Any], gates: list[dict[str, str]]) -> list[str]:
    told = [f"Not evaluated: {text}" for text in _cut(values_of(fields, "notEvaluated"), 2)]
    return told if told or gates or _results(fields) else ["Nothing was evaluated."]


def _gates(record: Mapping[str, Any]) -> list[dict[str, str]]:
    """Each gate of the reports that count: those that failed first, the undecided ones in one line."""
    found = record.get("entries")
    entries = [entry for entry in found if is_readable(entry)] if isinstance(found, list) else []
    made: dict[str, list[dict[str, str]]] = {outcome: [] for outcome in ("fail", "pass")}
    undecided: dict[str, list[str]] = {}
    for entry in current(entries):
        listed = mapping(entry.get("detail")).get("gates") if entry["kind"] == "evaluate" else None
        for gate in map(mapping, listed if isinstance(listed, list) else []):
            outcome, about = str(gate.get("outcome")), str(entry.get("frame") or "")
            if outcome in made:
                made[outcome].append(_check(outcome, f"{_about(about)}{_figure(gate)}"))
            elif outcome == "undecided":
                undecided.setdefault(about, []).append(_short(str(gate.get("label")), 60))
    open_ones = [_check("undecided", f"{_about(about)}{_counted(labels)}") for about, labels in undecided.items()]
    return [*made["fail"], *_overrides(entries), *made["pass"], *open_ones]


def _about(frame: str) -> str:
    return f"{_short(named(frame), 70)}: " if frame else ""


def _check(outcome: str, text: str) -> dict[str, str]:
    sign, word = MARKS[outcome]
    return {"outcome": outcome, "sign": sign, "word": word, "text": _short(text)}


def _counted(labels: list[str]) -> str:
    more = f" and {len(labels) - 3} more" if len(labels) > 3 else ""
    return f"{len(labels)} gate{'' if len(labels) == 1 else 's'}: {', '.join(labels[:3])}{more}"


def _overrides(entries: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Who went past gates that failed, and why."""
    found = [mapping(entry.get("detail")) for entry in current(entries) if entry["kind"] == "override"]
    said = [f"for {named(detail.get('export'))}; reason given: {detail.get('reason')}" for detail in found]
    return [{"outcome": "override", "sign": "!", "word": "OVERRIDDEN", "text": _short(text)} for text in said]


def _figure(gate: Mapping[str, Any]) -> str:
    """A gate's label, value, interval and limit."""
    side = "at_most" if "at_most" in gate else "at_least"
    interval = f" [{_number(gate['low'])}, {_number(gate['high'])}]" if _is_number(gate.get("low")) and _is_number(gate.get("high")) else ""
    value = f" {_number(gate['value'])}{interval}" if _is_number(gate.get("value")) else ""
    limit = f", {side.replace('_', ' ')} {_number(gate[side])}" if _is_number(gate.get(side)) else ""
    return f"{_short(str(gate.get('label')), 90)}{value}{limit}"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(value: float) -> str:
    return f"{value:.3g}"


@cache
def _template(name: str) -> Template:
    from jinja2 import Environment, PackageLoader

    found = Environment(loader=PackageLoader("synthnb", "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return found.get_template(name)


def label_part(record: Mapping[str, Any], *, level: int = 3) -> str:
    """Return the label as a ``section`` of an HTML page, with its own style, without scripts; the duties are folded away under it.

    Parameters
    ----------
    record : mapping
        As for `label_view`.
    level : int
        The level of its heading.
    """
    from markupsafe import Markup

    view = label_view(record)
    duties = Markup(responsibilities_part(record))  # noqa: S704  # its template escapes every value
    return _template("label.html.j2").render(**view, parts=_parts(view), duties=duties, uid=view["digest"][7:15], level=level)


def label_page(record: Mapping[str, Any]) -> str:
    """Return the label as an HTML page that stands alone and fetches nothing."""
    from markupsafe import Markup

    body = Markup(label_part(record, level=1))  # noqa: S704  # its template escapes every value
    return _template("label_page.html.j2").render(title=label_view(record)["title"], body=body)


def _parts(view: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, list[str], bool]]]]:
    """The lists of the label under their headings; checks have a form of their own."""
    return [("Data", view["rows"]), ("Use", view["uses"]), ("Responsibility", view["answers"])]


def label_text(record: Mapping[str, Any]) -> str:
    """Return the label as lines of text."""
    view = label_view(record)
    lines = [view["title"]]
    for heading, rows in _parts(view):
        lines += ["", heading, *(f"  {name}: {'; '.join(texts)}" for name, texts, _ in rows)]
        lines += ["", "Checked", *(f"  {line}" for line in check_lines(view))] if heading == "Data" else []
    lines += ["", f"Not stated: {', '.join(view['missing'])}"] if view["missing"] else []
    return "\n".join([*lines, "", f"Disclosure {view['state']}.", f"Record {view['digest']}"])


def check_lines(view: Mapping[str, Any]) -> list[str]:
    """What was checked, a line each: gates with sign and word, then results, then what wasn't."""
    checks = [f"{check['sign']} {check['word']}: {check['text']}" for check in view["checks"]]
    more = [f"and {view['more_checks']} more, in the record"] if view["more_checks"] else []
    return [*checks, *more, *view["results"], *view["unchecked"]]
