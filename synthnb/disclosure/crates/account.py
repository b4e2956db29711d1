"""What a record says, in the shapes that crates need: runs, checks, tables, models, people.

A record may come from anywhere: parts of another shape are passed over, and
whatever is taken from it is a text, a number or one of the shapes here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from synthnb.disclosure.fields import catalogue
from synthnb.disclosure.folding import MAKING, SAYING, Entry, current, is_readable
from synthnb.disclosure.jsonld import source_type
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import plain, shown_digest, values_of
from synthnb.disclosure.saying import names_a_program, programs_in

__all__ = ["CHECKING", "TERMS", "Account", "Activity", "Model", "Person", "Table"]

CHECKING = ("evaluate", "review", "judge")
"""Kinds of entries that looked at what was made."""

TERMS = ("algorithmicMedia", "compositeSynthetic", "compositeWithTrainedAlgorithmicMedia", "trainedAlgorithmicMedia")
"""The terms of IPTC that a table can have."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ORCID = re.compile(r"(?:https?://orcid\.org/|ORCID(?: iD)?:?\s*)?\b(\d{4}-\d{4}-\d{4}-\d{3}[\dX])\b", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """A table, real or made, as it was at one moment."""

    name: str
    """What the notebook calls it."""
    digest: str = ""
    """``sha256:…`` of its content; empty if the record doesn't say."""
    rows: int | None = None
    """How many rows it has."""
    columns: tuple[str, ...] = ()
    """The names of its columns, if they are known."""
    nature: str = ""
    """``real`` or ``synthetic`` where the record says so."""
    origin: str = ""
    """The id of the run that its rows come from, if the record knows."""

    @property
    def key(self) -> str:
        """What tells it from other tables: its content, or its name where that isn't known."""
        return self.digest or f"name:{self.name}"


@dataclass(frozen=True)
class Model:
    """A language model: always an instrument, never an author."""

    name: str
    """Its name."""
    version: str = ""
    """The digest of its weights, or the version that replied."""
    provider: str = ""
    """Who runs it."""
    licence: str = ""
    """The licence of its weights."""


@dataclass(frozen=True)
class Person:
    """Somebody who is named as responsible, in the words in which that was stated."""

    name: str
    """The words, without the ORCID."""
    orcid: str = ""
    """``https://orcid.org/…``, if one was stated and its check digit holds."""


@dataclass(frozen=True)
class Activity:
    """Something that was done: a run, or a check."""

    id: str
    """The entry's id."""
    kind: str
    """The entry's kind."""
    name: str
    """What was done, in a few words."""
    started: str
    """When it began, in UTC; empty if that isn't known."""
    ended: str
    """When it ended, in UTC."""
    used: tuple[Table, ...] = ()
    """The tables it read."""
    made: Table | None = None
    """The table it made."""
    engine: str = ""
    """The engine or profile it ran."""
    version: str = ""
    """Synthnb's version."""
    model: Model | None = None
    """The language model that took part."""
    recipe: str = ""
    """The digest of the recipe."""
    prompts: tuple[str, ...] = ()
    """Digests of the prompts."""
    details: str = ""
    """Seed and counts, in a sentence."""
    partial: bool = False
    """It was stopped before it was done."""


@dataclass(frozen=True)
class Account:
    """A record, read.

    Parameters
    ----------
    record : mapping
        A record in the shape of a notebook's ``metadata.synthnb``.
    """

    record: Mapping[str, Any] = field(repr=False)
    """The record itself."""

    @cached_property
    def entries(self) -> list[Entry]:
        """The entries that count, in order."""
        found = self.record.get("entries")
        return current([entry for entry in found if is_readable(entry)] if isinstance(found, list) else [])

    @property
    def digest(self) -> str:
        """The record's digest."""
        return shown_digest(self.record)

    def said(self, name: str) -> list[str]:
        """The values of a field; empty if it isn't stated."""
        return values_of(mapping(self.record.get("fields")), name)

    def stated(self, name: str) -> list[str]:
        """The values of a field that a person stated or confirmed."""
        persons = {entry["id"] for entry in self.entries if entry["kind"] in SAYING}
        values = mapping(mapping(self.record.get("fields")).get(name)).get("values")
        found = [value for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []
        return [value for item in found if persons & set(_texts(item.get("from"))) and isinstance(value := item.get("value"), str)]

    def label(self, name: str) -> str:
        """What readers call a field."""
        known = catalogue().get(name)
        return known.label if known else name

    @cached_property
    def runs(self) -> tuple[Activity, ...]:
        """The runs that count and made cells, in order."""
        return tuple(_run(entry) for entry in self.entries if entry["kind"] in {*MAKING, "mix"} and _output(entry))

    @cached_property
    def checks(self) -> tuple[Activity, ...]:
        """The evaluations, reviews and judgements that count, in order."""
        return tuple(_check(entry) for entry in self.entries if entry["kind"] in CHECKING)

    @cached_property
    def made(self) -> tuple[Table, ...]:
        """The tables that runs made, each once, in order."""
        found = {run.made.key: run.made for run in self.runs if run.made}
        return tuple(found.values())

    @cached_property
    def sources(self) -> tuple[Table, ...]:
        """The tables that runs read and none of them made."""
        made = {table.key for table in self.made}
        return tuple({table.key: table for run in self.runs for table in run.used if table.key not in made}.values())

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """Who was stated to be responsible; nobody else is ever named, and no program."""
        return tuple(_person(text) for text in self.stated("responsiblePerson") if text not in self.programs)

    @cached_property
    def programs(self) -> tuple[str, ...]:
        """What was stated as a responsible person and names a program: a known product, or one that took part."""
        known = programs_in(self.entries)
        return tuple(text for text in self.stated("responsiblePerson") if names_a_program(text, known))

    @cached_property
    def models(self) -> tuple[Model, ...]:
        """The language models that took part, each once."""
        return tuple(dict.fromkeys(model for done in (*self.runs, *self.checks) if (model := done.model)))

    def source_type(self, names: Iterable[str] | None = None) -> str:
        """The IPTC term of some tables, by name or by the id of the run that made them, or of all."""
        wanted = None if names is None else set(names)
        made = [_as_run(entry) for entry in self.entries if entry["kind"] in {*MAKING, "mix"} and _output(entry)]
        chosen = [run for run in made if wanted is None or {str(run["output"].get("name")), run["id"]} & wanted] or made
        return source_type(chosen) if chosen else ""

    def source_type_of(self, detail: Mapping[str, Any]) -> str:
        """The IPTC term of an exported table, from what its export notes."""
        told = detail.get("source_type")
        return told if isinstance(told, str) and told in TERMS else self.source_type([str(detail.get("name")), str(detail.get("run"))])


def _output(entry: Entry) -> Mapping[str, Any]:
    return mapping(mapping(entry.get("detail")).get("output"))


def _as_run(entry: Entry) -> dict[str, Any]:
    """A run in the shape in which `source_type` looks at it."""
    detail = dict(mapping(entry.get("detail")))
    model = detail.get("model")
    return detail | {
        "id": entry["id"],
        "kind": entry["kind"],
        "model": model if isinstance(model, Mapping) else None,
        "inputs": _tables(detail.get("inputs")),
    }


def _tables(items: object) -> list[Mapping[str, Any]]:
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def _texts(items: object) -> list[str]:
    return [item for item in items if isinstance(item, str)] if isinstance(items, list) else []


def _run(entry: Entry) -> Activity:
    detail = mapping(entry.get("detail"))
    model, made = _model(detail.get("model")), _table(_output(entry), "synthetic")
    engine = plain(str(detail.get("engine") or "")).removeprefix("none")
    by = " and ".join(part for part in (engine, model.name if model else "") if part)
    return Activity(
        id=entry["id"],
        kind=entry["kind"],
        name=f"{_doing(entry['kind'])} “{made.name}”" + (f" by {by}" if by else ""),
        started=_moment(detail.get("started")),
        ended=_moment(detail.get("ended")) or entry["created"],
        used=tuple(_table(item, _nature(item)) for item in _tables(detail.get("inputs"))),
        made=made,
        engine=engine,
        version=plain(str(mapping(detail.get("versions")).get("synthnb") or "")),
        model=model,
        recipe=_digest(detail.get("recipe_digest")),
        prompts=_prompts(detail),
        details=_details(detail),
        partial=entry.get("partial") is True,
    )


def _doing(kind: str) -> str:
    words = {"generate": "Generate", "column": "Write a column of", "texts": "Write", "questions": "Write", "impute": "Fill", "mix": "Join"}
    return words.get(kind, kind.capitalize())


def _check(entry: Entry) -> Activity:
    detail = mapping(entry.get("detail"))
    data = _table(mapping(detail.get("synthetic")), "synthetic") if detail.get("synthetic") else None
    others = [_table(mapping(detail[name]), "real") for name in ("real", "holdout") if isinstance(detail.get(name), Mapping)]
    words = {"evaluate": "Evaluate", "review": "Review by people", "judge": "Judge by a model"}
    about = f" “{data.name}”" if data else ""
    how = plain(str(detail.get("profile") or mapping(detail.get("rubric")).get("id") or ""))
    return Activity(
        id=entry["id"],
        kind=entry["kind"],
        name=f"{words[entry['kind']]}{about}" + (f" with {how}" if how else ""),
        started="",
        ended=_moment(detail.get("created")) or entry["created"],
        used=(*([data] if data else []), *others),
        engine=how,
        version=_version(entry),
        model=_model(detail.get("judge")) if entry["kind"] == "judge" else None,
        details=_details(detail),
        partial=entry.get("partial") is True,
    )


def _version(entry: Entry) -> str:
    """Synthnb's version, as the entry names its tools."""
    said = entry["fields"].get("toolNameVersion")
    names = [text.partition(" ") for text in ([said] if isinstance(said, str) else _texts(said))]
    return plain(next((rest for name, _, rest in names if name == "synthnb"), ""))


def _table(item: Mapping[str, Any], nature: str = "") -> Table:
    rows = item.get("rows")
    columns = item.get("columns")
    return Table(
        name=plain(str(item.get("name") or "unnamed")),
        digest=_digest(item.get("digest")),
        rows=rows if isinstance(rows, int) and not isinstance(rows, bool) else None,
        columns=tuple(_texts(columns)),
        nature=nature,
        origin=str(mapping(item.get("origin")).get("run") or ""),
    )


def _nature(item: Mapping[str, Any]) -> str:
    origin = item.get("origin")
    return origin if origin in ("real", "synthetic") else "synthetic" if isinstance(origin, Mapping) else ""


def _model(value: object) -> Model | None:
    found = mapping(value)
    if not found:
        return None
    version = found.get("weights_digest") or found.get("returned") or found.get("requested") or ""
    parts = [found.get("name") or found.get("id") or "unnamed", version, found.get("provider") or "", found.get("licence") or ""]
    return Model(*(plain(str(part)) for part in parts))


def _prompts(detail: Mapping[str, Any]) -> tuple[str, ...]:
    """Digests of the prompts; never their words, which the record may keep out."""
    calls = mapping(detail.get("calls"))
    found = [_digest(item.get("digest")) for item in _tables(calls.get("templates"))]
    found += [_digest(calls.get("prompts_digest")), _digest(mapping(detail.get("parameters")).get("instruction_digest"))]
    return tuple(dict.fromkeys(digest for digest in found if digest))


def _details(detail: Mapping[str, Any]) -> str:
    parts = [f"Seed {detail['seed']}" if isinstance(detail.get("seed"), (int, str)) else ""]
    for key in ("requested", "delivered"):
        value = detail.get(key)
        parts += [f"{value:,} rows {key}"] if isinstance(value, int) and not isinstance(value, bool) else []
    return plain("; ".join(part for part in parts if part))


def _digest(value: object) -> str:
    return value if isinstance(value, str) and _DIGEST.fullmatch(value) else ""


def _moment(value: object) -> str:
    text = str(value or "")
    return text if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", text) else ""


def _person(text: str) -> Person:
    found = _ORCID.search(text)
    if found is None or not _check_digit_holds(found[1].upper()):
        return Person(plain(text))
    rest = re.sub(r"\s*[,;(\[]*\s*[)\]]*\s*$", "", text.replace(found[0], "").strip(" ,;()[]"))
    return Person(plain(rest) or f"ORCID {found[1]}", f"https://orcid.org/{found[1].upper()}")


def _check_digit_holds(orcid: str) -> bool:
    """ISO 7064 MOD 11-2, as ORCID uses it."""
    total = 0
    for sign in orcid.replace("-", "")[:-1]:
        total = (total + int(sign)) * 2
    return orcid[-1] == "0123456789X"[(12 - total % 11) % 11]
