"""Runs, reports and notebooks as the other parts hand them over."""

from __future__ import annotations

from typing import Any

from synthnb.disclosure.entries import entry_for_report, entry_for_run
from synthnb.disclosure.notebook import MIME

Json = dict[str, Any]


def made(**changes: Any) -> Json:
    """A generation by trees."""
    run = {
        "id": "run-0123456789ab",
        "kind": "generate",
        "engine": "trees",
        "engine_reason": "A real frame was given.",
        "recipe_digest": f"sha256:{'a' * 64}",
        "seed": 7,
        "started": "2026-11-23T15:40:00Z",
        "ended": "2026-11-23T15:40:03Z",
        "seconds": {"fit": 1.25, "sample": 0.5},
        "requested": 2139,
        "delivered": 2136,
        "explained": [{"count": 3, "reason": "exact copies of real rows"}],
        "counts": {"uncommon_copies_resampled": 12, "uncommon_copies_left": 1, "levels_pooled": 2},
        "parameters": {"min_leaf": 46},
        "account": {"method": "trees in a row", "missing_data": "the pattern first", "copies": "of rows that occur once"},
        "inputs": [{"name": "actg175", "rows": 2139, "columns": ["age", "sex"], "digest": f"sha256:{'b' * 64}"}],
        "output": {"name": "synthetic", "rows": 2136, "columns": ["age", "sex"], "digest": f"sha256:{'c' * 64}"},
        "model": None,
        "versions": {"python": "3.11.9", "synthnb": "0.1.0", "numpy": "2.1.0"},
        "columns": [],
        "notes": [],
        "partial": False,
    }
    return run | changes


def written(**changes: Any) -> Json:
    """A column by a language model."""
    model = {
        "id": "smollm2-135m",
        "name": "SmolLM2-135M-Instruct",
        "provider": "xllamacpp",
        "licence": "Apache-2.0",
        "locality": "in-process",
        "weights_digest": f"sha256:{'d' * 64}",
        "quantisation": "Q4_1",
        "open_weights": True,
        "developer": "Hugging Face",
        "adaptation": "none: prompted only",
        "requested": "local",
        "returned": "smollm2",
    }
    asked = {"column": "note", "prompt": "Write about {age}.", "system": "You write.", "placed": ["age"], "given": [], "temperature": 0.7}
    run = made(
        id="run-ba9876543210", kind="column", engine="llm", engine_reason="A text column is asked for.", explained=[], requested=2136
    )
    run["account"] = {"method": "row by row", "calls": "one per row", "other_models": "none"}
    run |= {"model": model, "parameters": asked, "counts": {"tokens_in": 20_000, "tokens_out": 8_000}, "ended": "2026-11-23T15:41:30Z"}
    return (
        run | {"output": {"name": "synthetic", "rows": 2136, "columns": ["age", "sex", "note"], "digest": f"sha256:{'e' * 64}"}} | changes
    )


def score(metric: str, dimension: str, value: float | None, *subject: str, **more: Any) -> Json:
    """A score of a report."""
    shape = {"metric": metric, "label": metric.upper(), "version": 1, "dimension": dimension, "subject": list(subject), "value": value}
    shape |= {"low": None, "high": None, "n": 100, "direction": "higher", "ceiling": None, "reference": "", "reason": None}
    return shape | {"parameters": {}, "seconds": 0.1} | more


def evaluated(**changes: Any) -> Json:
    """A report."""
    report = {
        "schema": "synthnb.report/1",
        "id": "report-0123456789ab",
        "profile": "tabular-core/1",
        "created": "2026-11-23T15:45:00Z",
        "seed": 3,
        "seconds": 4.5,
        "synthetic": {"name": "synthetic", "rows": 2136, "columns": 2, "digest": f"sha256:{'c' * 64}"},
        "real": {"name": "actg175", "rows": 1600, "columns": 2, "digest": f"sha256:{'b' * 64}"},
        "holdout": {"name": "held", "rows": 539, "columns": 2, "digest": f"sha256:{'f' * 64}"},
        "target": None,
        "groups": ["sex"],
        "minimum_cell": 11,
        "headline": "One plain sentence.",
        "scores": [
            score("ks", "fidelity", 0.97, "age"),
            score("ks", "fidelity", 0.9, "sex"),
            score("auc", "fidelity", 0.61, low=0.58, high=0.64, direction="half", ceiling=0.5),
            score("mia", "privacy", None, reason="too few hold-out rows"),
        ],
        "columns": [{"name": "age"}],
        "pairs": {"names": [], "errors": []},
        "subgroups": [{"suppressed": True}, {"suppressed": False}],
        "not_evaluated": [{"dimension": "text", "reason": "no text metric"}, {"dimension": "human", "reason": "no text metric"}],
    }
    return report | changes


def entries() -> list[Json]:
    """One entry of each of the three verbs that make or measure."""
    return [entry_for_run(made()), entry_for_run(written()), entry_for_report(evaluated(synthetic=written()["output"]))]


def notebook(*given: Json, cells: list[Json] | None = None) -> Json:
    """A notebook whose first code cell carries entries."""
    bundle = {MIME: {"schema": "synthnb.record/1", "entries": list(given)}, "text/html": "<b>made</b>", "text/plain": "made"}
    output = {"output_type": "display_data", "data": bundle, "metadata": {}}
    code = {"cell_type": "code", "id": "run", "metadata": {}, "execution_count": 1, "outputs": [output], "source": ["%synth generate"]}
    title = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": ["# Trial\n", "\n", "Zoë's words"]}
    found = cells if cells is not None else [title, code]
    return {
        "cells": found,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "other": {"b": 1, "a": 2}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
