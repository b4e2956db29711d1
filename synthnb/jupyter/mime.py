"""Mime bundles: what each result looks like in every place a notebook is read.

Pure functions, plain data in and ``{mime type: content}`` out. Each bundle holds
HTML without scripts, Markdown and text that stand on their own, and the JSON
from which the lab extension and ``synthnb disclose`` work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb.config import get_config
from synthnb.evaluation._size import compact
from synthnb.jupyter import _words
from synthnb.jupyter._model_views import compiled_view, differences_view, scaling_view
from synthnb.jupyter._report_views import report_view
from synthnb.jupyter._views import Json, export_view, findings_title, models_view, profile_view, rows_view, run_view

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = [
    "RECORD_MIME",
    "REPORT_MIME",
    "WIDGET_MIME",
    "budgets_bundle",
    "compiled_bundle",
    "differences_bundle",
    "export_bundle",
    "findings_bundle",
    "models_bundle",
    "predictions_bundle",
    "profile_bundle",
    "progress_bundle",
    "progress_html",
    "record_bundle",
    "render",
    "report_bundle",
    "scaling_bundle",
    "split_bundle",
    "synthesis_bundle",
    "widget_metadata",
]

RECORD_MIME = "application/vnd.synthnb.record+json"
"""What a verb adds to the disclosure."""
REPORT_MIME = "application/vnd.synthnb.report+json"
"""An evaluation report, from which the dashboard is drawn."""
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
"""A live widget, known to the kernel."""

_LARGEST = 290_000
_CHARTS = 60
_TEMPLATES = Path(__file__).parents[1] / "templates"


@cache
def _environment(kind: str) -> Environment:
    """Templates of one kind; whatever they print is escaped for it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html.j2"]),
        finalize=None if kind == "html" else _words.markdown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(name: str, **context: object) -> str:
    """A template's text, with what it is given escaped for its kind."""
    return _environment(name.split(".")[-2]).get_template(name).render(**context).strip() + "\n"


def _record(entries: Sequence[Mapping[str, Any]]) -> Json:
    return {"schema": "synthnb.record/1", "entries": [dict(entry) for entry in entries]}


def synthesis_bundle(frame: Any, run: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> Json:
    """The card under a generation: a preview, what was made and how, counts that add up.

    Parameters
    ----------
    frame : pandas.DataFrame or polars.DataFrame
        The synthetic table. Its first ``preview_rows`` rows are shown.
    run : mapping
        ``Run.to_dict()``.
    entries : sequence of mappings
        What this run adds to the record.
    """
    view = run_view(frame, run, get_config().preview_rows)
    return {
        "text/html": render("synthesis.html.j2", **view),
        "text/markdown": render("synthesis.md.j2", **view),
        "text/plain": _synthesis_text(view),
        RECORD_MIME: _record(entries),
    }


def _synthesis_text(view: Json) -> str:
    why = "".join(f"\n  {number} {reason}" for number, reason in view["explained"])
    facts = "".join(f"\n{name}: {words}" for name, words, _ in view["facts"])
    notes = "".join(f"\nNote: {note}" for note in view["notes"])
    partial = "\nStopped early: this is what was finished." if view["partial"] else ""
    counts = f"\nrequested {view['requested']} = delivered {view['delivered']} + explained {view['explained_sum']}{why}"
    return f"{view['title']}{partial}{counts}{facts}{notes}"


def report_bundle(report: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], widget: bool = False) -> Json:
    """An evaluation report: static HTML with charts and complete tables, Markdown, text and the JSON.

    Parameters
    ----------
    report : mapping
        ``Report.to_dict()``.
    entries : sequence of mappings
        What this evaluation adds to the record.
    widget : bool, default False
        Add a live dashboard too; display it with ``widget_metadata()``.
    """
    return {
        "text/html": _report_html(report),
        "text/markdown": render("report.md.j2", **report_view(report, 0)),
        "text/plain": _report_text(report_view(report, 0)),
        REPORT_MIME: _kept(report),
        RECORD_MIME: _record(entries),
    } | (_widget_view(report) if widget else {})


def _kept(report: Mapping[str, Any]) -> Json:
    """A report's JSON as a notebook keeps it; a bare one as it is."""
    return compact(report) if report.get("scores") is not None else dict(report)


def _report_html(report: Mapping[str, Any]) -> str:
    """The static report, with as many charts as stay under the size limit."""
    charts = _CHARTS
    html = render("report.html.j2", **report_view(report, charts))
    while charts and len(html.encode()) > _LARGEST:
        charts //= 2
        html = render("report.html.j2", **report_view(report, charts))
    return html


def _report_text(view: Json) -> str:
    lines = [view["headline"], *_part_lines(view["gates"])]
    for block in view["dimensions"]:
        lines += ["", block["heading"], f"  {block['reading']}"]
        lines += [
            f"  {name}: {value} ({span}; ceiling {ceiling}; n {n}; {way})"
            for name, value, span, ceiling, n, way, _ in block["rows"] + block["more"]
        ]
    lines += [*_part_lines(view["parts"]), "", "Not evaluated", *(f"  {dimension}: {reason}" for dimension, reason in view["absent"])]
    return "\n".join(lines)


def _part_lines(parts: Sequence[Json]) -> list[str]:
    """The tables of a report as lines, each under its title."""
    lines: list[str] = []
    for table in parts:
        if table["text"]:
            lines += ["", table["title"], *(f"  {row[0]}: {'; '.join(part for part in row[1:] if part)}" for row in table["rows"])]
    return lines


def _widget_view(report: Mapping[str, Any]) -> Json:
    """The live dashboard's own part of a bundle; its metadata are in ``widget_metadata``."""
    from synthnb.widgets.report import ReportWidget

    view = ReportWidget(report=dict(report))._repr_mimebundle_()
    return {WIDGET_MIME: view[0][WIDGET_MIME]} if view else {}


def widget_metadata() -> Json:
    """The display metadata that goes with a widget; without it Colab shows nothing."""
    from anywidget._util import get_repr_metadata

    return dict(get_repr_metadata())


def record_bundle(record_html: str, record_md: str, record_text: str, entries: Sequence[Mapping[str, Any]]) -> Json:
    """The disclosure record, already rendered and escaped by ``disclosure``, as an output."""
    from markupsafe import Markup

    return {
        "text/html": render("record.html.j2", body=Markup(record_html)),  # noqa: S704  # disclosure escapes what it renders
        "text/markdown": record_md,
        "text/plain": record_text,
        RECORD_MIME: _record(entries),
    }


def models_bundle(rows: Sequence[Mapping[str, Any]]) -> Json:
    """The language models that can be used, as a table."""
    return _table_bundle("Models", models_view(rows), "No model is registered.")


def findings_bundle(findings: Sequence[Mapping[str, Any] | str]) -> Json:
    """What ``verify`` checked, one line each, under a sentence that says how many differ."""
    return _table_bundle(findings_title(findings), rows_view(findings), "There was nothing to check.")


def _table_bundle(title: str, table: Json, empty: str, *, headed: bool = False) -> Json:
    view = table | {"title": title, "empty": empty}
    head = [" | ".join(view["head"])] if headed and view["rows"] else []
    lines = [*head, *("  ".join(part for part in row if part) for row in view["rows"])]
    return {
        "text/html": render("table.html.j2", **view),
        "text/markdown": render("table.md.j2", **view),
        "text/plain": "\n".join([title, *lines]) if lines else empty,
    }


def profile_bundle(profile: Mapping[str, Any]) -> Json:
    """What each column is taken for: `synthnb.recipes.profile.Profile.to_dict`'s mapping as a table."""
    title = f"What the {len(profile['columns']):,} columns of {_words.clean(profile['table'])} are taken for"
    return _table_bundle(title, profile_view(profile), "There is no column.", headed=True)


def split_bundle(split: Sequence[Mapping[str, Any]]) -> Json:
    """How a privacy budget is about to be spent, step by step."""
    rows = [
        {"step": step["name"], "times": step["times"], "ρ each": f"{step['rho']:.3g}", "noise": f"{step['mechanism']}, {step['scale']:.3g}"}
        for step in split
    ]
    return _table_bundle("The privacy budget, before any of it is spent", rows_view(rows), "No budget is spent.", headed=True)


def budgets_bundle(accounts: Sequence[Mapping[str, Any]]) -> Json:
    """The privacy budgets of this machine: limits, what was spent and what is left."""
    rows = [
        {
            "account": account["name"],
            "limit": f"ε = {account['epsilon']:g}, δ = {account['delta']:g}",
            "runs": len(account["spendings"]),
            "spent so far": f"ε = {account['epsilon_spent']:.3g}",
            "one more run may have": f"ε = {account['epsilon_left']:.3g}",
        }
        for account in accounts
    ]
    told = "Privacy budgets (spending is added up as ρ of zCDP, so that two ε don't simply add)" if rows else "Privacy budgets"
    return _table_bundle(told, rows_view(rows), "No privacy budget has been opened here yet.", headed=True)


def compiled_bundle(compiled: Mapping[str, Any]) -> Json:
    """A description as a recipe: columns, each number with its source, what was said, ten rows and what it cost.

    Parameters
    ----------
    compiled : mapping
        `synthnb._api.describing.shape_of`'s.
    """
    view = compiled_view(compiled)
    return {
        "text/html": render("compiled.html.j2", **view),
        "text/markdown": render("compiled.md.j2", **view),
        "text/plain": _compiled_text(view),
    }


def _compiled_text(view: Json) -> str:
    lines = [view["title"], view["said"]]
    for title, rows in (("Columns", view["columns"]), ("Numbers", view["numbers"]), ("What the description says", view["statements"])):
        lines += [f"{title}:", *(f"  {'  '.join(part for part in row if part)}" for row in rows)] if rows else []
    sample = view["sample"]
    lines += [f"{len(sample['rows'])} rows drawn from it:", f"  {'  '.join(sample['head'])}"] if sample["rows"] else []
    lines += [f"  {'  '.join('missing' if value is None else value for value in row)}" for row in sample["rows"]]
    return "\n".join([*lines, *(f"Note: {note}" for note in view["notes"]), *(f"{name}: {words}" for name, words, _ in view["facts"])])


def scaling_bundle(law: Mapping[str, Any]) -> Json:
    """A scaling law: a sentence, the curve, its parameters with intervals, and what the sizes can't tell.

    Parameters
    ----------
    law : mapping
        `synthnb.evaluation.scaling.ScalingLaw.to_dict`'s; its plot is drawn there, from numbers and an escaped name.
    """
    from markupsafe import Markup

    view = scaling_view(law)
    plot = Markup(law.get("svg") or "")  # noqa: S704  # evaluation draws it, and escapes the one name in it
    rows = [" ".join(filter(None, row)) for row in view["parameters"]]
    lines = [view["title"], view["summary"], str(law.get("text") or ""), *rows, *(f"Note: {one}" for one in view["warnings"]), view["said"]]
    return {
        "text/html": render("scaling.html.j2", **view, plot=plot),
        "text/markdown": render("scaling.md.j2", **view),
        "text/plain": "\n".join(filter(None, lines)),
    }


def predictions_bundle(predictions: Sequence[Any], *, unit: str) -> Json:
    """What a scaling law says at some sizes: `synthnb.evaluation.scaling.Prediction` one a row."""
    rows = [
        {
            _words.clean(unit): f"{one.size:,g}",
            "error": f"{one.error:.4g}",
            "interval": f"{one.low:.4g} to {one.high:.4g}",
            "how": "extrapolated" if one.extrapolated else "within what was measured",
        }
        for one in predictions
    ]
    return _table_bundle("What the law says", rows_view(rows), "No size was asked for.", headed=True)


def differences_bundle(found: Mapping[str, Any]) -> Json:
    """What changed between two runs: thing by thing, prompts word by word, and how far apart what came out lies.

    Parameters
    ----------
    found : mapping
        `synthnb.disclosure.differences.Differences.to_dict`'s.
    """
    view = differences_view(found)
    lines = [view["title"], *("  ".join(filter(None, row)) for row in view["changes"])]
    for name, words in view["prompts"]:
        said = "".join(text if sign == " " else f"[{sign}{text}{sign}]" for sign, text in words)
        lines.append(f"Prompt {name}: {said}")
    lines += ["  ".join(filter(None, row)) for row in view["distances"]]
    return {
        "text/html": render("differences.html.j2", **view),
        "text/markdown": render("differences.md.j2", **view),
        "text/plain": "\n".join([*lines, *(f"Note: {note}" for note in view["notes"])]),
    }


def export_bundle(entry: Mapping[str, Any], note: str = "", overrides: Sequence[Mapping[str, Any]] = ()) -> Json:
    """A file that was written: where, its digest and its record's; with it, what was said to go past gates that failed."""
    view = export_view(entry, note)
    lines = [view["title"], *(f"{name}: {words}" for name, words, _ in view["facts"]), *([view["note"]] if view["note"] else [])]
    return {
        "text/html": render("export.html.j2", **view),
        "text/markdown": render("export.md.j2", **view),
        "text/plain": "\n".join(lines),
        RECORD_MIME: _record([*overrides, entry]),
    }


def progress_html(done: int, total: int, what: str, seconds: float) -> str:
    """The one line that shows work going on, to be updated in place."""
    whole = max(0, total)
    return render("progress.html.j2", done=min(max(0, done), whole), total=whole, what=_words.clean(what), seconds=f"{seconds:.0f}")


def progress_bundle(done: int, total: int, what: str, seconds: float) -> Json:
    """The same with words for a place without HTML."""
    state = f" {done:,} of {total:,}," if total > 0 else ""
    return {"text/html": progress_html(done, total, what, seconds), "text/plain": f"{_words.clean(what)}:{state} {seconds:.0f} s"}
