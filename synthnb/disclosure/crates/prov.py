"""W3C PROV: what was made of what, by which activity, with which software, and who answers for it.

Entities are tables, files, recipes and prompts (by digest alone), the record and reports.
Activities are runs, evaluations, reviews and exports. Agents are persons who were stated to be
responsible, and software: synthnb and language models, which act on behalf of these persons.
`graph` gathers them, `prov_json` writes them as PROV-JSON
(https://www.w3.org/submissions/prov-json/); `synthnb.disclosure.crates.prov_picture` draws them.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from synthnb.disclosure.crates.account import Account, Activity, Model, Person, Table
    from synthnb.disclosure.folding import Entry

__all__ = ["Graph", "Node", "graph", "prov_json"]

Kind = Literal["entity", "activity", "agent"]
Relation = tuple[str, str, str]
"""Its name in PROV, and the ids of the two nodes in the order in which PROV-JSON names them."""

_ROLES = {
    "used": ("prov:activity", "prov:entity"),
    "wasGeneratedBy": ("prov:entity", "prov:activity"),
    "wasDerivedFrom": ("prov:generatedEntity", "prov:usedEntity"),
    "wasAssociatedWith": ("prov:activity", "prov:agent"),
    "wasAttributedTo": ("prov:entity", "prov:agent"),
    "actedOnBehalfOf": ("prov:delegate", "prov:responsible"),
}
_PREFIXES = {"synthnb": "urn:synthnb:", "schema": "https://schema.org/"}


@dataclass(frozen=True)
class Node:
    """An entity, an activity or an agent."""

    kind: Kind
    """Which of the three."""
    label: str
    """What readers call it."""
    note: str = ""
    """A second line: rows, a digest, a time."""
    type: str = ""
    """Its PROV type or one of synthnb's, with the prefix."""
    started: str = ""
    """When an activity began."""
    ended: str = ""
    """When it ended."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Further attributes, names with prefix."""


@dataclass
class Graph:
    """Nodes by id, and how they are related."""

    nodes: dict[str, Node] = field(default_factory=dict)
    """By id, in the order in which they were added."""
    relations: list[Relation] = field(default_factory=list)
    """Each once."""

    def add(self, name: str, node: Node) -> str:
        """Add a node unless there is one of that id, and return the id."""
        self.nodes.setdefault(name, node)
        return name

    def relate(self, relation: str, one: str, other: str) -> None:
        """Add a relation of two nodes, once."""
        if one != other and (relation, one, other) not in self.relations:
            self.relations.append((relation, one, other))


def graph(account: Account) -> Graph:
    """Return what a record says of provenance."""
    found = Graph()
    people = [_person(found, person) for person in account.people]
    for done in account.runs:
        _run(found, done, account, people)
    for done in account.checks:
        _check(found, done, people)
    for entry in account.entries:
        if entry["kind"] == "export":
            _export(found, entry, account, people)
    record = found.add(
        "record", Node("entity", "Disclosure record", account.digest[:19] + "…", "synthnb:Record", facts={"synthnb:digest": account.digest})
    )
    for person in people:
        found.relate("wasAttributedTo", record, person)
    return found


def _short(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _person(found: Graph, person: Person) -> str:
    facts = {"schema:identifier": person.orcid} if person.orcid else {}
    return found.add(
        f"person-{_short(person.name, person.orcid)}", Node("agent", person.name, "responsible person", "prov:Person", facts=facts)
    )


def _table(found: Graph, table: Table) -> str:
    rows = f"{table.rows:,} rows" if table.rows is not None else ""
    facts = {"synthnb:digest": table.digest} if table.digest else {}
    facts |= {"synthnb:rows": str(table.rows)} if table.rows is not None else {}
    kind = {"real": "real data", "synthetic": "synthetic data"}.get(table.nature, "")
    note = ", ".join(part for part in (kind, rows) if part)
    return found.add(f"table-{_short(table.key)}", Node("entity", f"“{table.name}”", note, "synthnb:Table", facts=facts))


def _software(found: Graph, version: str, people: Iterable[str]) -> str:
    name = found.add(
        f"software-{_short(version)}",
        Node(
            "agent",
            f"synthnb {version}".strip(),
            "software",
            "prov:SoftwareAgent",
            facts={"schema:softwareVersion": version} if version else {},
        ),
    )
    for person in people:
        found.relate("actedOnBehalfOf", name, person)
    return name


def _model(found: Graph, model: Model, people: Iterable[str]) -> str:
    facts = {"schema:softwareVersion": model.version} if model.version else {}
    name = found.add(
        f"model-{_short(model.name, model.version)}", Node("agent", model.name, "language model", "prov:SoftwareAgent", facts=facts)
    )
    for person in people:
        found.relate("actedOnBehalfOf", name, person)
    return name


def _agents(found: Graph, done: Activity, activity: str, people: list[str], *, software: bool) -> None:
    if software:
        found.relate("wasAssociatedWith", activity, _software(found, done.version, people))
    if done.model:
        found.relate("wasAssociatedWith", activity, _model(found, done.model, people))
    for person in people:
        found.relate("wasAssociatedWith", activity, person)


def _activity(found: Graph, done: Activity, kind: str) -> str:
    facts = {"schema:description": done.details} if done.details else {}
    facts |= {"synthnb:partial": "true"} if done.partial else {}
    note = done.ended[:10] if done.ended else ""
    return found.add(done.id, Node("activity", done.name, note, kind, done.started, done.ended, facts))


def _run(found: Graph, done: Activity, account: Account, people: list[str]) -> None:
    activity = _activity(found, done, "synthnb:Run")
    made = _table(found, done.made) if done.made else ""
    for table in done.used:
        used = _table(found, table)
        found.relate("used", activity, used)
        found.relate("wasDerivedFrom", made, used)
        for earlier in account.runs:
            if earlier.id == table.origin and earlier.made:
                found.relate("wasDerivedFrom", used, _table(found, earlier.made))
    if done.recipe:
        recipe = found.add(
            f"recipe-{_short(done.recipe)}",
            Node("entity", "Recipe", done.recipe[:19] + "…", "synthnb:Recipe", facts={"synthnb:digest": done.recipe}),
        )
        found.relate("used", activity, recipe)
    for prompt in done.prompts:
        node = Node("entity", "Prompt", prompt[:19] + "…", "synthnb:Prompt", facts={"synthnb:digest": prompt})
        found.relate("used", activity, found.add(f"prompt-{_short(prompt)}", node))
    if made:
        found.relate("wasGeneratedBy", made, activity)
        for person in people:
            found.relate("wasAttributedTo", made, person)
    _agents(found, done, activity, people, software=True)


def _check(found: Graph, done: Activity, people: list[str]) -> None:
    activity = _activity(found, done, {"review": "synthnb:Review"}.get(done.kind, "synthnb:Evaluation"))
    for table in done.used:
        found.relate("used", activity, _table(found, table))
    label = {"review": "Ratings", "judge": "Judgement"}.get(done.kind, "Report")
    result = found.add(f"result-{_short(done.id)}", Node("entity", label, done.engine, "synthnb:Report"))
    found.relate("wasGeneratedBy", result, activity)
    _agents(found, done, activity, people, software=done.kind != "review")


def _export(found: Graph, entry: Entry, account: Account, people: list[str]) -> None:
    detail = mapping(entry.get("detail"))
    path, digest = plain(str(detail.get("path") or "file")), str(detail.get("sha256") or "")
    activity = found.add(entry["id"], Node("activity", f"Export {path}", entry["created"][:10], "synthnb:Export", "", entry["created"]))
    facts = {"synthnb:digest": digest} if re.fullmatch(r"sha256:[0-9a-f]{64}", digest) else {}
    node = Node("entity", path, f"{digest[:19]}…" if facts else "", "synthnb:File", facts=facts)
    file = found.add(f"file-{_short(path, digest)}", node)
    found.relate("wasGeneratedBy", file, activity)
    content = detail.get("content")
    sources = [table for table in account.made if table.digest and table.digest == content]
    sources = sources or [table for table in account.made if table.name == plain(str(detail.get("name") or ""))]
    for table in sources:
        found.relate("used", activity, _table(found, table))
        found.relate("wasDerivedFrom", file, _table(found, table))
    versions = [run.version for run in account.runs if run.version]
    found.relate("wasAssociatedWith", activity, _software(found, versions[-1] if versions else "", people))
    for person in people:
        found.relate("wasAssociatedWith", activity, person)


def prov_json(account: Account) -> dict[str, Any]:
    """Return a record's provenance as PROV-JSON."""
    found = graph(account)
    document: dict[str, Any] = {"prefix": _PREFIXES}
    for kind in ("entity", "activity", "agent"):
        document[kind] = {f"synthnb:{name}": _attributes(node) for name, node in found.nodes.items() if node.kind == kind}
    for number, (relation, one, other) in enumerate(found.relations, 1):
        first, second = _ROLES[relation]
        document.setdefault(relation, {})[f"_:r{number}"] = {first: f"synthnb:{one}", second: f"synthnb:{other}"}
    return {key: value for key, value in document.items() if value}


def _attributes(node: Node) -> dict[str, Any]:
    shape: dict[str, Any] = {"prov:label": node.label} | dict(node.facts)
    shape |= {"prov:type": {"$": node.type, "type": "prov:QUALIFIED_NAME"}} if node.type else {}
    shape |= {"prov:startTime": node.started} if node.started else {}
    return shape | ({"prov:endTime": node.ended} if node.ended else {})
