"""What entries tell that rules are about: runs, models, sources, what each frame became, and what was found of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from synthnb.disclosure.folding import JUDGING, MAKING, Entry, current, in_order
from synthnb.disclosure.generations import descent
from synthnb.disclosure.policy.asking import Used
from synthnb.disclosure.reading import mapping

if TYPE_CHECKING:
    from synthnb.disclosure.policy.policy import Sending

__all__ = ["Frame", "Seen", "real_sources", "sends_of"]

_UNCHANGED = ("export", "sign-off", "opt-out", "risk", "disclose")
"""Kinds after which neither the data nor what was found of them is another."""


@dataclass(frozen=True)
class Frame:
    """A frame that was made, as it now is."""

    name: str
    """What it is called."""
    content: str
    """The digest of its rows."""
    run: str
    """The run that made it so."""


class Seen:
    """Some entries, as rules look at them."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = in_order(entries)
        """All of them, in order."""

    @cached_property
    def counting(self) -> list[Entry]:
        """Those that aren't superseded."""
        return current(self.entries)

    @cached_property
    def runs(self) -> list[Entry]:
        """Those that made cells."""
        return [entry for entry in self.counting if entry["kind"] in MAKING]

    @cached_property
    def reports(self) -> list[Entry]:
        """Evaluations."""
        return [entry for entry in self.counting if entry["kind"] == "evaluate"]

    @property
    def engines(self) -> list[tuple[str, str]]:
        """Run and engine; a mixture is joined by none."""
        return [
            (entry["id"], str(_detail(entry)["engine"])) for entry in self.runs if _detail(entry).get("engine") not in {None, "", "none"}
        ]

    @cached_property
    def models(self) -> list[Used]:
        """Language models: those that wrote, checked and judged."""
        found = []
        for entry in self.counting:
            detail = _detail(entry)
            parts = {"judge": ("judge",)}.get(entry["kind"], ("model",)) if entry["kind"] in {*MAKING, *JUDGING} else ()
            models = [mapping(detail.get(part)) for part in parts] + [mapping(mapping(detail.get("parameters")).get("verifier"))]
            found += [_used(entry["id"], model) for model in models if model.get("locality")]
        return found

    @cached_property
    def sources(self) -> list[str]:
        """Names of the real data that were read."""
        return list(dict.fromkeys(name for entry in self.runs for name in real_sources(entry)))

    @cached_property
    def frames(self) -> list[Frame]:
        """Each frame that was made, as its last run left it."""
        last: dict[str, Frame] = {}
        for entry in self.runs:
            if isinstance(entry.get("frame"), str):
                last[entry["frame"]] = Frame(entry["frame"], str(entry.get("content")), entry["id"])
        return list(last.values())

    def reports_on(self, frame: Frame) -> list[Entry]:
        """Evaluations of a frame as it now is, the latest last."""
        return [entry for entry in self.reports if entry.get("content") == frame.content]

    def ever_reported_on(self, frame: Frame) -> list[Entry]:
        """The same, with those that a later one took the place of."""
        return [entry for entry in self.entries if entry["kind"] == "evaluate" and entry.get("content") == frame.content]

    @cached_property
    def risk(self) -> Entry | None:
        """The last risk record."""
        return next((entry for entry in reversed(self.entries) if entry["kind"] == "risk"), None)

    @cached_property
    def since_risk(self) -> list[Entry]:
        """What changed data, or what is known of them, since the risk record."""
        if self.risk is None:
            return []
        after = self.entries[self.entries.index(self.risk) + 1 :]
        return [entry for entry in after if entry["kind"] not in _UNCHANGED]

    @cached_property
    def depth(self) -> int:
        """Generations between real data and what was made."""
        return max((_depth(entry) for entry in self.runs), default=0)

    @cached_property
    def synthetic_sources(self) -> list[str]:
        """Runs that read a frame that was made by a run."""
        return [entry["id"] for entry in self.runs if entry["kind"] not in {"column", "mix"} and any(map(_is_made, _inputs(entry)))]


def sends_of(entry: Entry) -> Sending:
    """What of real data a run with a hosted model sent there: ``nothing``, ``summary`` or ``rows``."""
    detail = _detail(entry)
    asked = mapping(detail.get("parameters"))
    if entry["kind"] == "texts":
        return "nothing"
    if entry["kind"] == "generate":
        return "rows" if asked.get("share") == "rows" else "summary"
    if entry["kind"] == "column" and "placed" in asked:
        return "rows" if [*(asked.get("placed") or ()), *(asked.get("given") or ())] else "nothing"
    return "rows"


def real_sources(entry: Entry) -> list[str]:
    """Names of the real data that a run read."""
    return [str(frame.get("name")) for frame in _inputs(entry) if not _is_made(frame)]


def _inputs(entry: Entry) -> list[Mapping[str, Any]]:
    given = _detail(entry).get("inputs")
    return [mapping(frame) for frame in given] if isinstance(given, list) else []


def _is_made(frame: Mapping[str, Any]) -> bool:
    origin = frame.get("origin")
    return origin == "synthetic" or isinstance(origin, Mapping)


def _depth(entry: Entry) -> int:
    return descent({**_detail(entry), "kind": entry["kind"]})[0]


def _detail(entry: Entry) -> Mapping[str, Any]:
    return mapping(entry.get("detail"))


def _used(what: str, model: Mapping[str, Any]) -> Used:
    names = tuple(dict.fromkeys(str(model[key]) for key in ("requested", "id", "name") if model.get(key)))
    return Used(what, names or ("a model without a name",), str(model["locality"]))
