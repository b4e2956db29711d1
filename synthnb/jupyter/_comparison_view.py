"""A comparison of syntheses as it is shown: one table, one plot, in HTML, Markdown and text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synthnb._api import entry_of
from synthnb.disclosure.session import session
from synthnb.evaluation.comparing import SynthesesComparison, said
from synthnb.jupyter._words import DASH, clean, count, direction, fixed, table_line
from synthnb.jupyter.mime import RECORD_MIME, render

if TYPE_CHECKING:
    from synthnb.evaluation.report import Report

__all__ = ["comparison_bundle", "comparison_view", "show_comparison"]

Json = dict[str, Any]

_HEADINGS = {
    "validity": "Validity",
    "fidelity": "Fidelity",
    "utility": "Utility",
    "privacy": "Privacy",
    "bias": "Bias and subgroups",
    "text": "Text",
    "human": "Human review",
    "judge": "Judged by a model",
    "copies": "Exact copies",
    "diagnostic": "Overfitting diagnostics, no evidence about privacy",
}
_LARGEST = 100_000
"""Bytes the HTML may have."""
BEST, LEVEL = "▲", "≈"
"""After the best value; after those whose interval overlaps it."""
_KEY = f"{BEST} best by value; {LEVEL} interval overlaps the best one’s; {DASH} not computed or no interval."


def show_comparison(comparison: SynthesesComparison) -> tuple[Json, Json]:
    """The comparison as a bundle, with the reports' entries, so that the disclosure knows of each."""
    entries = [session.remember(entry_of(report)) for report in _known(comparison)]
    bundle = comparison_bundle(comparison.to_dict(), comparison.svg(), entries)
    return (session.mark_shown(entries, bundle) if entries else bundle), {}


def _known(comparison: SynthesesComparison) -> Sequence[Report]:
    return comparison.reports


def comparison_bundle(comparison: Mapping[str, Any], plot: str, entries: Sequence[Mapping[str, Any]]) -> Json:
    """A comparison in every form a notebook shows.

    Parameters
    ----------
    comparison : mapping
        `synthnb.evaluation.comparing.SynthesesComparison.to_dict`'s.
    plot : str
        Its SVG; drawn there, from numbers and escaped names.
    entries : sequence of mappings
        What its evaluations add to the record.
    """
    view = comparison_view(comparison)
    record = {RECORD_MIME: {"schema": "synthnb.record/1", "entries": [dict(entry) for entry in entries]}} if entries else {}
    return {"text/html": _html(view, plot), "text/markdown": render("comparison.md.j2", **view), "text/plain": _text(view)} | record


def comparison_view(comparison: Mapping[str, Any]) -> Json:
    """What the templates show: words only, every string from the data cleaned."""
    names = [clean(one["name"]) for one in comparison["syntheses"]]
    return {
        "title": f"{count(len(names))} syntheses compared against {table_line(comparison['real'])}",
        "said": clean(said(comparison["front"]), 2000),
        "facts": _facts(comparison),
        "head": ["Score", *names, "Ceiling", "Reading"],
        "blocks": [block for name in _dimensions(comparison["rows"]) if (block := _block(name, comparison["rows"]))],
        "key": _KEY,
        "omitted": comparison["omitted"],
        "left_out": 0,
        "notes": [clean(note, 400) for note in comparison["notes"]],
    }


def _facts(comparison: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    held = comparison["holdout"]
    facts = [
        ("Profile", f"{clean(comparison['profile'])}, seed {comparison['seed']}", comparison["profile_digest"]),
        ("Hold-out", table_line(held) if held else "none, so attacks and utility weren’t computed", (held or {}).get("digest", "")),
    ]
    facts += [("Target", clean(comparison["target"]), "")] if comparison["target"] else []
    facts += [("Groups", ", ".join(clean(group) for group in comparison["groups"]), "")] if comparison["groups"] else []
    for one in comparison["syntheses"]:
        gates = ", ".join(f"{number} {outcome}" for outcome, number in one["gates"].items() if number)
        facts.append(
            (clean(one["name"]), f"{count(one.get('rows'))} rows; gates: {gates or 'none'}; {one['report']}", one.get("digest") or "")
        )
    return facts


def _dimensions(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    found = dict.fromkeys(row["dimension"] for row in rows)
    return [name for name in _HEADINGS if name in found] + [name for name in found if name not in _HEADINGS]


def _block(dimension: str, rows: Sequence[Mapping[str, Any]]) -> Json:
    return {"heading": _HEADINGS.get(dimension, clean(dimension)), "rows": [_row(row) for row in rows if row["dimension"] == dimension]}


def _row(row: Mapping[str, Any]) -> list[str]:
    subject = ", ".join(clean(part) for part in row["subject"])
    name = f"{clean(row['label'])}{f' ({subject})' if subject else ''}"
    cells = [_cell(value, _sign(i, row)) for i, value in enumerate(row["values"])]
    return [name, *cells, _ceiling(row["values"]), direction(row)]


def _sign(i: int, row: Mapping[str, Any]) -> str:
    return f" {BEST}" if i in row["best"] else f" {LEVEL}" if i in row["level"] else ""


def _cell(value: Mapping[str, Any], sign: str) -> str:
    if value["value"] is None:
        return DASH
    span = "" if value["low"] is None else f" [{fixed(value['low'])}, {fixed(value['high'])}]"
    return f"{fixed(value['value'])}{span}{sign}"


def _ceiling(values: Sequence[Mapping[str, Any]]) -> str:
    """The ceiling, or from where to where: it depends on how many rows a synthesis has."""
    found = sorted({fixed(value["ceiling"]) for value in values if value["ceiling"] is not None})
    return DASH if not found else found[0] if len(found) == 1 else f"{found[0]} to {found[-1]}"


def _html(view: Json, plot: str) -> str:
    """The static page, with as many rows as stay under the limit; the rest are counted."""
    from markupsafe import Markup

    drawn = Markup(plot)  # noqa: S704  # evaluation draws it, and escapes the names in it
    html: str = render("comparison.html.j2", **view, plot=drawn)
    while len(html.encode()) > _LARGEST and any(block["rows"] for block in view["blocks"]):
        longest = max(view["blocks"], key=lambda block: len(block["rows"]))
        kept = len(longest["rows"]) // 2
        view = view | {
            "left_out": view["left_out"] + len(longest["rows"]) - kept,
            "blocks": [block | {"rows": block["rows"][:kept]} if block is longest else block for block in view["blocks"]],
        }
        html = render("comparison.html.j2", **view, plot=drawn)
    return html


def _text(view: Json) -> str:
    lines = [view["title"], view["said"], *(f"{name}: {words}" for name, words, _ in view["facts"])]
    for block in view["blocks"]:
        lines += ["", block["heading"], *("  " + " | ".join(row) for row in [view["head"], *block["rows"]])]
    return "\n".join([*lines, "", view["key"], *(f"Note: {note}" for note in view["notes"])])
