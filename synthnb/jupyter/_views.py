"""What the templates show: runs and lists as headings, facts and rows of words.

Plain data in, plain data out. Nothing here knows about HTML; the templates
escape, and every string from the data has been through ``clean``.
"""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from typing import Any

from synthnb.jupyter._model_views import cost_words, model_words, price_words, where_words
from synthnb.jupyter._words import cell, clean, count, fixed, label, moment, percent, plain, short, table_line, words

__all__ = [
    "DIMENSIONS",
    "Json",
    "export_view",
    "findings_title",
    "models_view",
    "profile_view",
    "rows_view",
    "run_view",
]

Json = dict[str, Any]
MOST_COLUMNS = 12
"""Columns of a preview; the rest are counted."""
DIMENSIONS: dict[str, tuple[str, str]] = {name: (heading, note) for name, (heading, note) in words()["dimensions"].items()}
"""Heading of each dimension and what a reader must know first."""


def _pairs(mapping: Mapping[str, Any] | None) -> str:
    return ", ".join(f"{label(name)} {plain(value)}" for name, value in (mapping or {}).items())


# --- runs ---------------------------------------------------------------------------------


def _names(frame: Any) -> list[str]:
    return [clean(name) for name in frame.columns]


def _head(frame: Any, rows: int) -> list[tuple[object, ...]]:
    """The first rows of a pandas or polars frame, whatever its columns are called."""
    if hasattr(frame, "itertuples"):
        return list(frame.head(rows).itertuples(index=False, name=None))
    return list(frame.head(rows).rows())


def _missing(frame: Any) -> list[int]:
    """Missing values of each column, by position."""
    counts = frame.isna().sum().tolist() if hasattr(frame, "isna") else frame.null_count().row(0)
    return [int(count) for count in counts]


def _is_figure(value: object) -> bool:
    return cell(value) is None or (isinstance(value, numbers.Real) and not isinstance(value, bool))


def _shown_columns(names: Sequence[str], made: set[str]) -> list[int]:
    """Positions of the columns in a preview: the first ones, and always those just made."""
    if len(names) <= MOST_COLUMNS:
        return list(range(len(names)))
    new = [at for at, name in enumerate(names) if name in made][:MOST_COLUMNS]
    rest = [at for at in range(len(names)) if at not in new]
    return sorted(new + rest[: MOST_COLUMNS - len(new)])


def _preview(frame: Any, run: Mapping[str, Any], rows: int) -> Json:
    if not _is_made(run):
        return {"head": [], "numeric": [], "rows": [], "more_columns": 0, "more_rows": 0}
    names = _names(frame)
    made = {clean(column.get("name")) for column in run.get("columns", [])} if run.get("kind") == "column" else set()
    at = _shown_columns(names, made)
    head = _head(frame, rows)
    return {
        "head": [(names[i], names[i] in made) for i in at],
        "numeric": [place for place, i in enumerate(at) if head and all(_is_figure(row[i]) for row in head)],
        "rows": [[cell(row[i]) for i in at] for row in head],
        "more_columns": len(names) - len(at),
        "more_rows": max(0, len(frame) - rows),
    }


def _is_made(run: Mapping[str, Any]) -> bool:
    """Whether every row may be shown: generated here, or a column for rows that were.

    Rows of unknown origin may be real, and a text about them may quote them; completed rows are real but for the cells filled;
    questions quote the documents they were written from.
    """
    if run.get("kind") == "impute":
        return False
    if run.get("kind") == "questions":
        return bool((run.get("parameters") or {}).get("public"))
    return run.get("kind") != "column" or all(table.get("origin") for table in run.get("inputs", []))


def _run_columns(frame: Any, run: Mapping[str, Any]) -> list[list[str]]:
    """One line for each column: name, kind, how it was made, missing values."""
    missing = dict(zip(_names(frame), _missing(frame), strict=True))
    rows = max(1, len(frame))
    return [
        [name := clean(column.get("name")), clean(column.get("kind")), clean(column.get("how"), 200), percent(missing.get(name, 0) / rows)]
        for column in run.get("columns", [])
    ]


def _run_facts(run: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What was made, how and from what: (name, words, the full value on hovering)."""
    seconds = run.get("seconds") or {}
    spent = ", ".join(f"{label(name)} {fixed(value, 1)} s" for name, value in seconds.items())
    output = run.get("output") or {}
    facts = [
        ("How", ". ".join(part for part in (f"{clean(run.get('engine'))} engine", clean(run.get("engine_reason"), 300)) if part), ""),
        ("Model", model_words(run.get("model")), str((run.get("model") or {}).get("weights_digest", ""))),
        ("Calls", cost_words(run.get("calls")), ""),
        *(
            ("From", f"{_source_words(table, run)}, {short(table.get('digest', 'digest withheld'))}", str(table.get("digest", "")))
            for table in run.get("inputs", [])
        ),
        ("Seed", clean(run.get("seed")), ""),
        ("Recipe", short(run.get("recipe_digest")), str(run.get("recipe_digest"))),
        ("Result", short(output.get("digest")), str(output.get("digest"))),
        ("Run", ", ".join(part for part in (clean(run.get("id")), moment(run.get("started")), spent) if part), ""),
        ("Checked", _checked(run), ""),
    ]
    return [(name, words, hint) for name, words, hint in facts if words]


def _source_words(table: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    """What was read: a table, documents, or the questions that were held out of those written from them."""
    if run.get("kind") != "questions" or table.get("columns"):
        return table_line(table)
    one = "document" if table == run["inputs"][0] else "question"
    rows = table.get("rows")
    return f"{clean(table.get('name'))}, {count(rows)} {one}{'' if rows == 1 else 's'}"


def _checked(run: Mapping[str, Any]) -> str:
    """How what was made was checked; empty where nothing here checks it."""
    if run.get("kind") == "questions":
        return f"answers by {clean((run.get('parameters') or {}).get('verify') or 'nothing')}"
    return "" if run.get("kind") == "texts" else "not yet: %synth evaluate compares it with real data"


def _said(run: Mapping[str, Any], made: str) -> str:
    """What the rows shown are, or why none are."""
    if run.get("kind") == "impute":
        return "Only missing cells were filled, by draws; the rows are the real table's, so none is shown."
    if run.get("kind") == "questions":
        if _is_made(run):
            return "A model wrote the questions; their evidence is quoted from the documents."
        return "A model wrote the questions, and their evidence is quoted from documents that aren't declared public, so none is shown."
    if run.get("kind") != "column":
        return "These rows were generated, not observed."
    if _is_made(run):
        return f"Column {made} was written by a model for rows that were generated, not observed."
    return (
        f"Only column {made} was written here. Where the other columns come from isn't known to synthnb, "
        "so no rows are shown: they may be real, and a text can quote them."
    )


def _title(run: Mapping[str, Any], made: str) -> str:
    kinds = {"column": f"Column {made} in", "impute": "Completed table", "texts": "Synthetic texts", "questions": "Questions"}
    what = kinds.get(str(run.get("kind")), "Synthetic table")
    return f"{what} {table_line(run.get('output') or {})}"


def run_view(frame: Any, run: Mapping[str, Any], rows: int) -> Json:
    """Everything the synthesis card says."""
    explained = [(count(entry.get("count")), clean(entry.get("reason"), 300)) for entry in run.get("explained", [])]
    made = ", ".join(clean(column.get("name")) for column in run.get("columns", []))
    return {
        "title": _title(run, made),
        "said": _said(run, made),
        "partial": bool(run.get("partial")),
        "facts": _run_facts(run),
        "requested": count(run.get("requested")),
        "delivered": count(run.get("delivered")),
        "explained_sum": count(sum(entry.get("count", 0) for entry in run.get("explained", []))),
        "explained": explained,
        "counts": [(label(name), count(value)) for name, value in (run.get("counts") or {}).items()],
        "notes": [clean(note, 400) for note in run.get("notes", [])],
        "columns": _run_columns(frame, run),
        "settings": [("Parameters", _pairs(run.get("parameters"))), ("Versions", _pairs(run.get("versions")))],
        "preview": _preview(frame, run, rows),
    }


# --- lists --------------------------------------------------------------------------------


def models_view(rows: Sequence[Mapping[str, Any]]) -> Json:
    """Models: whether they are ready, size, licence, context, where they run, price, whether a key was found (never which)."""
    lines = []
    for row in rows:
        key = row.get("key")
        line = {
            "name": row.get("name"),
            "title": row.get("title"),
            "ready": "yes" if row.get("installed") else "no",
            "size": _megabytes(row.get("size")),
            "licence": row.get("licence"),
            "context": None if row.get("context") is None else f"{row['context']:,} tokens",
            "where": where_words(row["locality"]) if row.get("locality") else None,
            "price": price_words(row),
            "key": None if key is None else f"from {key}" if key else "none",
            "note": row.get("note"),
        }
        lines.append(line)
    used = [name for name in (lines[0] if lines else {}) if any(line[name] for line in lines)]
    return rows_view([{name: line[name] for name in used} for line in lines])


def _megabytes(size: Any) -> str | None:
    return None if size is None else f"{size / 1e6:,.1f} MB"


def profile_view(profile: Mapping[str, Any]) -> Json:
    """A profile's columns, one line each."""
    head = ["Column", "Kind", "Role", "Distinct", "Missing", "To look at"]
    rows = [
        [
            clean(column["name"]),
            clean(column["kind"]),
            clean(column["role"]),
            count(column["distinct"]),
            percent(column["missing"]),
            clean("; ".join(column["flags"]), 300),
        ]
        for column in profile["columns"]
    ]
    return {"head": head, "rows": rows}


def findings_title(findings: Sequence[Mapping[str, Any] | str]) -> str:
    """How many checks agree, in one sentence."""
    known = [finding["status"] for finding in findings if isinstance(finding, Mapping) and "status" in finding]
    if len(known) < len(findings):
        return "What differs"
    wrong = sum(status not in {"ok", "not looked at"} for status in known)
    return f"{wrong} of {len(known)} checks differ." if wrong else f"Nothing differs in {len(known)} checks."


def export_view(entry: Mapping[str, Any], note: str) -> Json:
    """A written file: where, how large, its digest and its record's."""
    detail = entry.get("detail") or {}
    facts = [
        ("File", clean(detail.get("path"), 300), ""),
        ("Size", f"{count(detail.get('bytes'))} bytes", ""),
        ("Rows", count(detail["rows"]) if "rows" in detail else "", ""),
        ("Digest", short(detail.get("sha256")), str(detail.get("sha256"))),
        ("Record", short(detail.get("record_digest")), str(detail.get("record_digest"))),
        ("Record kept in", clean(detail.get("sidecar"), 300), ""),
    ]
    return {"title": f"Written: {clean(detail.get('path'), 300)}", "note": clean(note, 400), "facts": [fact for fact in facts if fact[1]]}


def rows_view(rows: Sequence[Mapping[str, Any] | str]) -> Json:
    """A table of mappings (or sentences), one column for each name that occurs."""
    mappings: list[Mapping[str, Any]] = [row if isinstance(row, Mapping) else {"finding": row} for row in rows]
    names = list(dict.fromkeys(name for row in mappings for name in row))
    return {
        "head": [label(name) for name in names],
        "rows": [["" if row.get(name) is None else plain(row[name]) for name in names] for row in mappings],
    }
