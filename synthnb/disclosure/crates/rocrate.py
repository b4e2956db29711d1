"""RO-Crate 1.3 with Process Run Crate 0.5: the metadata of a crate, and the crate itself.

Specifications: https://w3id.org/ro/crate/1.3 and https://w3id.org/ro/wfrun/process/0.5.
Each run, check and export is a ``CreateAction`` with its instruments, so that every output says
what made it. A model or a program is an instrument; ``agent`` and ``creator`` are persons who
were stated to be responsible, or are left out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from synthnb.disclosure.crates.conditions import usage_info
from synthnb.disclosure.crates.datafiles import exported
from synthnb.disclosure.crates.needs import ROCRATE, refuse_incomplete
from synthnb.disclosure.crates.parts import METADATA, PREVIEW, RECORD, Part, check_places
from synthnb.disclosure.crates.rows import rows_of
from synthnb.disclosure.crates.words import clean, joined, licence_address, reference
from synthnb.disclosure.crates.zipping import write_zip
from synthnb.disclosure.reading import mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from synthnb.disclosure.crates.account import Account, Activity, Model, Person, Table

__all__ = ["CONTEXT", "PACKING", "PROFILE", "SPECIFICATION", "metadata", "source_name", "write_crate"]

CONTEXT = "https://w3id.org/ro/crate/1.3/context"
"""The address of the context; a copy is in ``contexts/``, and it is never fetched."""
SPECIFICATION = "https://w3id.org/ro/crate/1.3"
"""What the metadata conform to."""
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
"""What the crate conforms to."""
_SOURCE_TYPES = {
    "algorithmicMedia": "AlgorithmicMediaDigitalSource",
    "compositeSynthetic": "CompositeSyntheticDigitalSource",
    "compositeWithTrainedAlgorithmicMedia": "CompositeWithTrainedAlgorithmicMediaDigitalSource",
    "trainedAlgorithmicMedia": "TrainedAlgorithmicMediaDigitalSource",
}
"""Schema.org's names for IPTC's terms, which the context of 1.3 has."""
PACKING = "Pack "
"""What the name of the action that packed the crate begins with; the crate's own name follows."""
_HOME = "https://pypi.org/project/synthnb/"
_UNKNOWN = "not stated"

Json = dict[str, Any]


def write_crate(account: Account, parts: Sequence[Part], target: Path, *, more: Iterable[str] = ()) -> None:
    """Write a crate as a zip: the parts, and the metadata about them.

    Parameters
    ----------
    account : Account
        The record.
    parts : sequence of Part
        Every file but the metadata and the manifest.
    target : Path
        The zip.
    more : iterable of str
        Problems found before, to be told with the others.

    Raises
    ------
    OptionError
        Something that only a person can state is missing, or files clash; the message lists all of it.
    StorageError
        The disk is full, or the folder is missing or read-only; what was there before is intact.
    """
    from synthnb.disclosure.crates.manifest import manifest
    from synthnb.disclosure.crates.parts import part_of_bytes

    refuse_incomplete(account, ROCRATE, form="A crate", more=more)
    check_places(parts)
    content = json.dumps(metadata(account, parts, name=target.name), indent=1, ensure_ascii=False) + "\n"
    described = [*parts, part_of_bytes(METADATA, content.encode(), "The metadata")]
    write_zip(target, [*described, manifest(described)])


def metadata(account: Account, parts: Sequence[Part], *, name: str) -> Json:
    """Return a crate's metadata as JSON-LD: flat, each entity once, in a fixed order.

    The record must state what `ROCRATE` names; ``name`` is the crate's own.
    """
    graph = _Graph(account, sorted(parts, key=lambda part: part.place), name)
    return {"@context": CONTEXT, "@graph": graph.entities()}


def source_name(term: str) -> str | None:
    """Schema.org's address of an IPTC term; None where it has no name for it."""
    return f"http://schema.org/{_SOURCE_TYPES[term]}" if term in _SOURCE_TYPES else None


def _id(part: Part) -> str:
    return quote(part.place)


def _ref(*names: str) -> Json | list[Json]:
    """References; a single one isn't a list, as RO-Crate recommends."""
    found = [{"@id": name} for name in dict.fromkeys(names)]
    return found[0] if len(found) == 1 else found


def _time(moment: str) -> str:
    """A time in UTC as the profile's checks read it: with an offset, and to the second."""
    return f"{moment[:19]}+00:00"


class _Graph:
    """The entities of a crate, gathered by id."""

    def __init__(self, account: Account, parts: Sequence[Part], name: str) -> None:
        self._account, self._parts, self._name = account, parts, name
        self._exports = exported(account)
        self._found: dict[str, Json] = {}

    def entities(self) -> list[Json]:
        """Descriptor and root first, then files, actions and what these refer to."""
        descriptor = {"@id": METADATA, "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": {"@id": SPECIFICATION}}
        files = [self._file(part) for part in self._parts]
        actions = [self._action(done) for done in (*self._account.runs, *self._account.checks)]
        actions += [self._export(part) for part in self._parts if part.maker] + [self._packing()]
        root = self._root([action["@id"] for action in actions])
        return [descriptor, root, *files, *actions, *self._found.values()]

    def _add(self, name: str, kind: str | list[str], /, **facts: Any) -> str:
        self._found.setdefault(name, {"@id": name, "@type": kind} | {key: value for key, value in facts.items() if value})
        return name

    def _root(self, actions: list[str]) -> Json:
        account = self._account
        root: Json = {
            "@id": "./",
            "@type": "Dataset",
            "name": clean(account.stated("name")[0]),
            "description": joined([account.stated("description")[0], *account.said("humanReadableStatement"), *self._not_synthetic()]),
            "datePublished": account.stated("datePublished")[0].strip(),
            "license": {"@id": self._licence(account.stated("license")[0])},
            "conformsTo": {"@id": self._add(PROFILE, ["CreativeWork", "Profile"], name="Process Run Crate", version="0.5")},
            "identifier": {"@id": self._record_digest()},
            "hasPart": _ref(*(_id(part) for part in self._parts if part.place != PREVIEW)),
            "mentions": _ref(*actions),
        }
        return root | self._if_stated() | self._source_type(account.source_type())

    def _if_stated(self) -> Json:
        """What the root says only where the record does."""
        account, found = self._account, Json()
        people = [self._person(person) for person in account.people]
        found |= {"creator": _ref(*people)} if people else {}
        found |= {"version": clean(account.stated("version")[0])} if account.stated("version") else {}
        found |= {"url": clean(account.stated("url")[0])} if account.stated("url") else {}
        found |= {"isBasedOn": _ref(*(self._table(table) for table in account.sources))} if account.sources else {}
        if info := usage_info(account):
            found["usageInfo"] = {"@id": self._add("#conditions", "CreativeWork", name="Conditions of use", text=info[0]["text"])}
        return found

    def _licence(self, licence: str) -> str:
        known = licence_address(licence)
        about = f"The licence as it was stated: {clean(licence)}"
        return self._add(known or "#licence", "CreativeWork", name=clean(licence), description=about, url=known)

    def _record_digest(self) -> str:
        name, value = "Digest of the disclosure record", self._account.digest
        return self._add("#record-digest", "PropertyValue", name=name, propertyID="synthnb record", value=value)

    def _source_type(self, term: str) -> Json:
        """An IPTC term, under the name that the context has for it."""
        name = source_name(term)
        if name is None:
            return {}
        return {"digitalSourceType": {"@id": self._add(name, "IPTCDigitalSourceEnumeration", name=f"IPTC digital source type {term}")}}

    def _not_synthetic(self) -> list[str]:
        """A sentence for each table here whose rows aren't all synthetic."""
        details = {part.place: self._table_detail(part) for part in self._parts}
        kinds = {place: rows_of(self._account, detail) for place, detail in details.items() if detail}
        return [f"{place} holds {rows.words()}" for place, rows in kinds.items() if not rows.are_synthetic]

    def _table_detail(self, part: Part) -> Mapping[str, Any]:
        """What the export of a table's file notes; empty for any other file."""
        entry = self._exports.get(part.place)
        return mapping(entry["detail"]) if entry and entry["id"] == part.maker else {}

    def _file(self, part: Part) -> Json:
        """A file; the page for readers is about the crate and no part of it, as RO-Crate has it."""
        about, detail = {"about": {"@id": "./"}} if part.place == PREVIEW else {}, self._table_detail(part)
        return {
            "@id": _id(part),
            "@type": "CreativeWork" if about else "File",
            "name": part.place.rpartition("/")[2],
            "description": part.what,
            "encodingFormat": part.media,
            "contentSize": str(part.size),
            "sha256": part.sha256,
        } | (self._source_type(self._account.source_type_of(detail)) if detail else about)

    def _person(self, person: Person) -> str:
        return self._add(person.orcid or reference("person", person.name), "Person", name=person.name)

    def _table(self, table: Table) -> str:
        rows = f"{table.rows:,} rows" if table.rows is not None else ""
        kind = {"real": "real data", "synthetic": "synthetic data"}.get(table.nature, "data")
        said = f"{kind}, {rows}".strip(", ")
        what = f"The table “{table.name}” in the notebook's memory: {said}. It isn't in this crate as such."
        return self._add(reference("table", table.key), "CreativeWork", name=table.name, description=what, identifier=table.digest)

    def _software(self, version: str) -> str:
        return self._add(reference("synthnb", version), "SoftwareApplication", name="synthnb", version=version or _UNKNOWN, url=_HOME)

    def _engine(self, done: Activity) -> str:
        name = reference("engine", done.engine, done.version)
        return self._add(name, "SoftwareApplication", name=f"synthnb engine {done.engine}", version=done.version or _UNKNOWN, url=_HOME)

    def _model(self, model: Model) -> str:
        parts = [f"run by {model.provider}" if model.provider else "", f"licence {model.licence}" if model.licence else ""]
        about = "; ".join(["A language model", *filter(None, parts), f"its address isn't stated; what is known of it is in {RECORD}"])
        name = reference("model", model.name, model.version)
        return self._add(
            name, "SoftwareApplication", name=model.name, version=model.version or _UNKNOWN, description=about, url={"@id": RECORD}
        )

    def _instruments(self, done: Activity) -> Json | list[Json]:
        names = [self._software(done.version)]
        names += [self._engine(done)] if done.engine and done.made else []
        names += [self._model(done.model)] if done.model else []
        return _ref(*names)

    def _action(self, done: Activity) -> Json:
        used = [self._table(table) for table in done.used]
        used += [self._recipe(done.recipe)] if done.recipe else []
        used += [self._add(reference("prompt", name), "CreativeWork", name="Prompt", identifier=name) for name in done.prompts]
        made = (
            self._table(done.made)
            if done.made
            else self._add(reference("result", done.id), "CreativeWork", name=f"Result of {done.name}", identifier=done.id)
        )
        action: Json = {
            "@id": reference("action", done.id),
            "@type": "CreateAction",
            "name": done.name,
            "description": done.details or done.name,
            "instrument": self._instruments(done),
            "result": _ref(made),
            "actionStatus": self._status("Failed" if done.partial else "Completed"),
        }
        action |= {"object": _ref(*used)} if used else {}
        action |= {"startTime": _time(done.started)} if done.started else {}
        action |= {"endTime": _time(done.ended)} if done.ended else {}
        action |= {"error": "It was stopped before it was done."} if done.partial else {}
        return action | self._agent()

    def _status(self, word: str) -> Json:
        return {"@id": self._add(f"http://schema.org/{word}ActionStatus", "ActionStatusType", name=word)}

    def _recipe(self, digest: str) -> str:
        parts = [part for part in self._parts if part.about == digest]
        return _id(parts[0]) if parts else self._add(reference("recipe", digest), "CreativeWork", name="Recipe", identifier=digest)

    def _agent(self) -> Json:
        people = [self._person(person) for person in self._account.people]
        return {"agent": _ref(*people)} if people else {}

    def _export(self, part: Part) -> Json:
        """The export that wrote a data file."""
        entry = next((entry for entry in self._account.entries if entry["id"] == part.maker), None)
        detail = entry.get("detail", {}) if entry else {}
        tables = [table for table in self._account.made if table.digest and table.digest == detail.get("content")]
        tables = tables or [table for table in self._account.made if table.name == detail.get("name")]
        versions = [run.version for run in self._account.runs if run.version]
        action: Json = {
            "@id": reference("action", part.maker, part.place),
            "@type": "CreateAction",
            "name": f"Export {part.place}",
            "description": f"Wrote {part.place} from the notebook",
            "instrument": _ref(self._software(versions[-1] if versions else "")),
            "result": _ref(_id(part)),
            "actionStatus": self._status("Completed"),
        }
        action |= {"object": _ref(*(self._table(table) for table in tables))} if tables else {}
        action |= {"endTime": _time(entry["created"])} if entry else {}
        return action | self._agent()

    def _packing(self) -> Json:
        from synthnb import __version__

        return {
            "@id": reference("action", "pack"),
            "@type": "CreateAction",
            "name": f"{PACKING}{self._name}",
            "description": "Wrote the notebook's exports, the record and this description",
            "instrument": _ref(self._software(__version__)),
            "result": _ref(*(_id(part) for part in self._parts if not part.maker)),
            "actionStatus": self._status("Completed"),
        } | self._agent()
