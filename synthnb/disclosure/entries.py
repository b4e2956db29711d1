"""Entries: what one run of a verb adds to the record, built from plain mappings.

A builder fills the catalogue's fields with plain English made here, never by a
model; what only a person can state is left alone. The mapping itself is kept in
``detail``, without secrets, and the entry ends in its digest.
"""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from synthnb._canonical import digest, digest_bytes, without
from synthnb._clock import utc_now
from synthnb.disclosure._phrases import named
from synthnb.disclosure.fields import Field, catalogue
from synthnb.disclosure.folding import SAYING, SCHEMA, Entry
from synthnb.errors import OptionError, shown

__all__ = [
    "StatementError",
    "entry_for_export",
    "entry_for_judgement",
    "entry_for_report",
    "entry_for_run",
    "entry_for_statements",
    "sealed",
    "stamped",
    "stateable",
]

_LARGEST = 2**53 - 1
_DEEPEST = 40
_LONE = re.compile("[\ud800-\udfff]")
_SECRET_NAMES = re.compile(
    r"(api[_-]?key|secret|password|passwd|authorization|bearer|credential|access[_-]?token|auth[_-]?token)", re.IGNORECASE
)
_SECRET_SHAPES = re.compile(
    r"\b(sk-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|AKIA[A-Z0-9]{16}|AIza[\w-]{30,}|xox[abp]-[\w-]{10,})"
)
_REDACTED = "(secret left out)"


def entry_for_run(run: Mapping[str, Any], *, created: str | None = None) -> Entry:
    """Return the entry of a generation or of a column that a model wrote.

    Parameters
    ----------
    run : mapping
        ``Run.to_dict()``, or the same shape from elsewhere.
    created : str, optional
        When the entry was made; the run's end by default, so that the same run
        always gives the same entry.
    """
    from synthnb.disclosure._run_fields import run_fields, slot_of
    from synthnb.disclosure.policy.stating import policy_field

    run = _portable(run, 1)
    return sealed(
        id=str(run["id"]),
        kind=str(run["kind"]),
        created=created or str(run["ended"]),
        slot=slot_of(run),
        partial=bool(run.get("partial", False)),
        fields=run_fields(run) | policy_field(named(run.get("output", {}).get("name", "")), run.get("policy")),
        detail=dict(run),
        about=run.get("output"),
    )


def entry_for_report(report: Mapping[str, Any], *, created: str | None = None) -> Entry:
    """Return the entry of an evaluation.

    Parameters
    ----------
    report : mapping
        ``Report.to_dict()``. Scores of single columns or pairs are summed up per
        metric; the output beside the entry has them all.
    created : str, optional
        When the entry was made; the report's time by default.
    """
    from synthnb.disclosure._report_fields import report_detail, report_fields
    from synthnb.disclosure.policy.stating import policy_field

    report = _portable(report, 1)
    return sealed(
        id=str(report["id"]),
        kind="evaluate",
        created=created or str(report["created"]),
        slot=f"evaluate:{report['synthetic']['name']}",
        fields=report_fields(report) | policy_field(f"{named(report['synthetic']['name'])}, evaluation", report.get("policy")),
        detail=report_detail(report),
        about=report["synthetic"],
    )


def entry_for_judgement(judgement: Mapping[str, Any], *, created: str | None = None) -> Entry:
    """Return the entry of a judgement by a language model.

    Parameters
    ----------
    judgement : mapping
        ``Judgement.to_dict()``.
    created : str, optional
        When; the judgement's time by default.
    """
    from synthnb.disclosure._judging_fields import judgement_fields

    judgement = _portable(judgement, 1)
    return sealed(
        id=str(judgement["id"]),
        kind="judge",
        created=created or str(judgement["created"]),
        slot=f"judge:{judgement['name']}:{judgement['judge']['id']}:{judgement['rubric']['id']}",
        fields=judgement_fields(judgement),
        detail=dict(judgement),
        about=judgement.get("synthetic"),
    )


def entry_for_statements(
    statements: Mapping[str, str | list[str]], *, by: str | None = None, created: str | None = None, known: Iterable[Entry] = ()
) -> Entry:
    """Return the entry of what a person states.

    Parameters
    ----------
    statements : mapping
        Text by field id; an empty text withdraws an earlier statement. Fields that
        a person fills or confirms are allowed, but for a reviewer's sign-off, which `synthnb.disclosure.signing_off` binds
        to what was reviewed. The words are kept as they are.
    by : str, optional
        Who states it; the setting ``person`` by default. Without either the record doesn't say.
    created : str, optional
        When; now by default.
    known : iterable of entries
        The record so far: a model or an engine that took part in it isn't a person.

    Raises
    ------
    OptionError
        A field doesn't exist or isn't a person's to fill in so, a statement isn't a text, or a program is named where a person
        should be; the message names all of them, and `fields` of the error has their ids.
    """
    from synthnb.disclosure.lint import places, warnings
    from synthnb.disclosure.saying import person, programs_in

    programs = programs_in(known)
    wrong = {name: problem for name, text in statements.items() if (problem := _statement_problem(name, text, programs))}
    if wrong:
        raise StatementError(wrong)
    texts = [text for value in statements.values() for text in ([value] if isinstance(value, str) else value)]
    return sealed(
        id=f"said-{secrets.token_hex(6)}",
        kind="disclose",
        created=created or utc_now(),
        slot="disclose",
        fields=dict(statements),
        detail={"warnings": [warning for text in texts for warning in (*warnings(text), *places(text))]} | person(by),
    )


class StatementError(OptionError):
    """Statements that can't be recorded as they are, by field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        fixes = [_FIXES[name] for name in problems if name in _FIXES]
        if len(fixes) < len(problems):
            fixes.append(f"The fields are: {', '.join(field.id for field in stateable())}.")
        super().__init__(
            f"Statements about fields that a person fills were expected; got {'; '.join(problems.values())}.", fix=" ".join(fixes)
        )
        self.fields = tuple(problems)
        """The ids of the fields."""


_SIGNED = "reviewerSignOff"
_FIXES = {
    _SIGNED: "A sign-off binds to what was reviewed: %synth sign-off, or synthnb sign-off NOTEBOOK.",
    "responsiblePerson": "Name the person who answers for these data.",
}


def stateable() -> list[Field]:
    """Return the fields that a person can state or confirm in words."""
    return [field for field in catalogue().values() if field.fill != "machine" and field.id != _SIGNED]


_CLASSES = ("local", "team", "controlled", "public")


def _is_no_class(text: str) -> bool:
    """Whether a text that isn't blank doesn't begin with a release class."""
    words = text.lower().split()
    return bool(words) and words[0].strip(".,:;()") not in _CLASSES


def _statement_problem(name: str, text: object, programs: Collection[str]) -> str:
    from synthnb.disclosure.saying import names_a_program

    field = catalogue().get(name)
    if field is None:
        return f"no field {shown(name)}"
    if field.fill == "machine":
        return f"{name}, which is filled from what ran"
    if name == _SIGNED:
        return f"{name}, which isn't stated in words alone"
    if not (isinstance(text, str) or (isinstance(text, list) and all(isinstance(item, str) for item in text))):
        return f"{name} = {shown(text)}, which isn't a text"
    if name == "releaseClass" and (
        other := next((item for item in ([text] if isinstance(text, str) else text) if _is_no_class(item)), None)
    ):
        return f"releaseClass = {shown(other)}, which doesn't begin with one of {', '.join(_CLASSES)}"
    named = next((item for item in ([text] if isinstance(text, str) else text) if names_a_program(item, programs)), None)
    return f"{name} = {shown(named)}, which names a program" if name == "responsiblePerson" and named else ""


def entry_for_export(export: Mapping[str, Any], *, created: str | None = None) -> Entry:
    """Return the entry of a file that was written.

    Parameters
    ----------
    export : mapping
        ``path`` (relative to the notebook's folder), ``sha256``, ``bytes``,
        ``record_digest``; for a table also ``name``, ``rows`` and ``columns``, ``other_columns`` if no run made some of them,
        then with the IPTC term of the whole as ``source_type``; ``sidecar`` if the
        record stands beside the file instead of in it; ``policy`` as `synthnb.disclosure.policy.stating.outcome_of` gives it.
    """
    from synthnb.disclosure.policy.stating import policy_field

    path = str(export["path"])
    beside = export.get("sidecar")
    changed = {"humanReadableStatement": f"{path} holds {export['changed']}."} if export.get("changed") else {}
    other = export.get("other_columns")
    if other:
        columns = f"{'column' if len(other) == 1 else 'columns'} {', '.join(other)}"
        changed["isSynthetic"] = f"{path}: mixed, no run made its {columns}: these cells may be observations"
        changed |= {"digitalSourceType": f"{path}: {export['source_type']}"} if export.get("source_type") else {}
    marking = f"{path}: record in {beside}, beside the unchanged data" if beside else f"{path}: record embedded in the file"
    return sealed(
        id=f"export-{secrets.token_hex(6)}",
        kind="export",
        created=created or utc_now(),
        slot=f"export:{path}",
        fields={"outputDigests": f"{path}: {export['sha256']}", "marking": f"{marking}, unsigned", "recordSchema": SCHEMA}
        | changed
        | policy_field(path, export.get("policy")),
        detail=dict(export),
    )


def sealed(
    *,
    id: str,  # noqa: A002  # the entry's own word
    kind: str,
    created: str,
    slot: str,
    fields: Mapping[str, Any],
    detail: Mapping[str, Any],
    partial: bool = False,  # the entry's own word
    about: Mapping[str, Any] | None = None,
) -> Entry:
    """Return an entry with its digest: without secrets, with values that every JSON reader reads alike."""
    said = {name: value for name, value in fields.items() if value or kind in SAYING}
    entry = {"id": id, "kind": kind, "created": created, "slot": slot, "partial": partial, "fields": said, "detail": dict(detail)}
    frame = {"frame": about.get("name"), "content": about.get("digest")} if about else {}
    clean: Entry = _portable(entry | frame, 1)
    return clean | {"digest": digest(clean)}


def stamped(entry: Entry, *, code: str, kernel: str) -> Entry:
    """Return the entry of a run or an evaluation with the digest of the code cell that ran, and the kernel it ran in.

    Parameters
    ----------
    entry : entry
        One that nobody has seen yet: its digest changes.
    code : str
        The cell's source, of which only the digest is kept; empty if it isn't known.
    kernel : str
        What ran it, such as ``ipykernel 7.1.0 on Linux x86_64``; empty if it isn't known.
    """
    added: dict[str, Any] = {}
    if code:
        added["codeDigest"] = f"{entry['slot']}: {digest_bytes(code.encode('utf-8', 'surrogatepass'))} (the source of the cell that ran)"
    if kernel:
        tools = entry["fields"].get("toolNameVersion") or []
        added["toolNameVersion"] = [*(tools if isinstance(tools, list) else [tools]), f"kernel: {kernel}"]
    if not added:
        return entry
    clean: Entry = _portable(without(entry, "digest") | {"fields": entry["fields"] | added}, 1)
    return clean | {"digest": digest(clean)}


def _portable(value: Any, level: int) -> Any:
    """Plain JSON that Python and JavaScript read alike."""
    if isinstance(value, Mapping) and level <= _DEEPEST:
        return {
            _portable(str(key), level): _REDACTED if _is_secret(str(key), item) else _portable(item, level + 1)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)) and level <= _DEEPEST:
        return [_portable(item, level + 1) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, (int, float)):
        return value if abs(value) <= _LARGEST else str(value)
    return _SECRET_SHAPES.sub(_REDACTED, _LONE.sub("�", str(value)))


def _is_secret(key: str, value: object) -> bool:
    return bool(_SECRET_NAMES.search(key)) and isinstance(value, str) and bool(value)
