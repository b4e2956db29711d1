"""A dataset's card: a README with the front matter that dataset hubs read, under the headings of Datasheets for Datasets.

What the record doesn't state stands there as not stated. The whole record is in a comment at the end,
and the disclosure is part of the text, so that the card can be verified by itself.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from synthnb.disclosure.crates.answers import UNSTATED
from synthnb.disclosure.crates.words import LICENCES, clean
from synthnb.disclosure.embedded import comment
from synthnb.disclosure.fields import catalogue
from synthnb.disclosure.render import inline, render_block

if TYPE_CHECKING:
    from jinja2 import Template

    from synthnb.disclosure.crates.account import Account
    from synthnb.disclosure.crates.datafiles import Found

__all__ = ["card"]

_SECTIONS = {
    "Motivation": ("intent", "roleOfAI", "fundingAndConflicts"),
    "Composition": ("isSynthetic", "syntheticShare", "digitalSourceType", "sensitiveInformation", "missingDataHandling"),
    "Collection process": (
        "sourceDatasets",
        "sourceTimeFrame",
        "collectionProcess",
        "approvals",
        "strategy",
        "modelName",
        "modelVersion",
        "seed",
    ),
    "Preprocessing, cleaning and labelling": ("postProcessing", "deduplication", "humanRaters", "machineAnnotationTools"),
    "Evaluation": ("evaluationProfile", "fidelityResults", "utilityResults", "privacyResults", "notEvaluated", "verification"),
    "Uses": ("intendedUse", "limitations", "biases", "socialImpact", "usageConditions", "releaseClass"),
    "Distribution": ("license", "url", "datePublished", "version"),
    "Maintenance": ("responsiblePerson", "maintenancePlan"),
}
"""The headings of Datasheets for Datasets, with evaluation added, and the fields under each."""
_SIZES = [
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
]
"""Below how many rows a hub uses which word for a size."""
_MOST_VALUES = 12


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader

    # Markdown, not HTML: every value goes through `inline`, which writes signs of both as entities.
    loader = PackageLoader("synthnb", "templates")
    found = Environment(loader=loader, autoescape=False, trim_blocks=True, lstrip_blocks=True)  # noqa: S701  # Markdown: values go through inline
    return found.get_template("card.md.j2")


def card(account: Account, found: Found) -> str:
    """Return the card of a record's tables as Markdown with front matter."""
    title = (account.said("name") or [table.name for table in account.made] or ["Synthetic data"])[0]
    return _template().render(
        front=_front_matter(account, found, title),
        title=inline(title),
        description=[inline(text) for text in account.said("description")],
        sections=[(heading, [_row(account, name) for name in fields if name in catalogue()]) for heading, fields in _SECTIONS.items()],
        files=[
            (inline(file.path), f"{file.rows:,}" if file.rows is not None else UNSTATED, f"{file.size:,}", file.sha256)
            for file in found.files
        ],
        block=render_block(account.record),
        record=comment(account.record),
    )


def _row(account: Account, name: str) -> tuple[str, str]:
    values = [text for text in account.said(name) if ": not evaluated" not in text]
    shown = [inline(text) for text in values[:_MOST_VALUES]] + (
        [f"and {len(values) - _MOST_VALUES} more"] if len(values) > _MOST_VALUES else []
    )
    field = catalogue()[name]
    unstated = UNSTATED if field.default == "not stated" else f"{UNSTATED} ({field.default})"
    return field.label, "<br>".join(shown) or unstated


def _front_matter(account: Account, found: Found, title: str) -> str:
    """YAML whose values are JSON strings, which YAML reads alike; nothing from data can leave its quotes."""
    rows = max((file.rows or 0 for file in found.files), default=0) or max((table.rows or 0 for table in account.made), default=0)
    lines = [f"pretty_name: {_quoted(title)}"]
    lines += _licence(account)
    lines += ["tags:", "- synthetic"]
    lines += ["- synthetic-text"] if any(run.kind in {"column", "texts", "questions"} for run in account.runs) else []
    lines += ["size_categories:", f"- {next((word for most, word in _SIZES if rows < most), 'n>1B')}"] if rows else []
    lines += [line for text in account.said("language")[:1] for line in ("language:", f"- {_quoted(text)}")]
    data = [file.path for file in found.files if file.media in {"text/csv", "application/jsonlines", "application/vnd.apache.parquet"}]
    lines += ["configs:", "- config_name: default", f"  data_files: {_quoted(data[0])}"] if data else []
    return "\n".join(
        [*lines, "synthnb:", f"  record: {_quoted(account.digest)}", f"  schema: {_quoted(str(account.record.get('schema')))}"]
    )


def _licence(account: Account) -> list[str]:
    """The licence that a person stated; hubs know many by name, any other is ``other`` with its name."""
    stated = account.stated("license")
    if not stated:
        return []
    known = [name for name in LICENCES if name.casefold() == stated[0].strip().casefold()]
    return [f"license: {known[0].lower()}"] if known else ["license: other", f"license_name: {_quoted(stated[0])}"]


def _quoted(text: str) -> str:
    written = json.dumps(clean(text)[:500], ensure_ascii=True)
    return written.translate({ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"})  # some readers show front matter as Markdown
