"""What a judgement by a language model states about the catalogue's fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthnb.disclosure._phrases import named
from synthnb.disclosure._report_fields import sentences

__all__ = ["judgement_fields"]

Fields = dict[str, Any]
_MOST_SCORES = 3


def judgement_fields(judgement: Mapping[str, Any]) -> Fields:
    """Return the fields that a judgement by a language model states; it never counts as people's."""
    subject = named(judgement["name"])
    judge, rubric, verdicts = judgement["judge"], judgement["rubric"], judgement["verdicts"]
    counts = ", ".join(f"{count:,} {origin}" for origin, count in judgement["items"].items())
    asked = (
        f"{counts} {judgement['unit']}s, each {judgement['repeats']} times, {judgement['pairs']:,} pairs in both orders; rubric "
        f"{named(rubric['title'])} ({rubric['id']}/{rubric['version']}); {verdicts['read']:,} of {verdicts['wanted']:,} verdicts read"
    )
    warnings = judgement.get("warnings", [])
    notes = [note for note in (judgement.get("calls") or {}).get("notes", []) if note not in warnings]
    results = [judgement["standing"], asked, *sentences(judgement["scores"]), *warnings, *notes]
    family = f", family {judge['family']}" if judge.get("family") else ""
    told = "; ".join(said.partition(" (")[0] for said in sentences(judgement["scores"])[:_MOST_SCORES])
    return {
        "resultsInBrief": f"{subject}, judged by a language model, not by people: {told or 'no figure could be computed'}",
        "judgeResults": [f"{subject}: {result}" for result in results],
        "machineAnnotationTools": f"{subject}: judged by {named(judge['name'])} ({judge['provider']}{family}), temperature "
        f"{judgement['temperature']:g}, seed {judgement['seed']}, prompt {judgement['prompt_digest']}",
        "recordSchema": "synthnb.record/1",
    }
