"""The verb that assesses the risk of giving data away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from synthnb._display import Shown
from synthnb.disclosure.session import session

if TYPE_CHECKING:
    from synthnb.disclosure.folding import Entry
    from synthnb.disclosure.record import Record

__all__ = ["Risk", "assess_risk", "risk_in", "state_risk_of"]


@dataclass(frozen=True)
class Risk(Shown):
    """A risk record as it stands: what attacks showed, what a person said, what is recommended, what is missing."""

    display_name: ClassVar[str] = "risk"

    answers: Mapping[str, str]
    """What a person said, by question."""
    attacks: tuple[Mapping[str, Any], ...]
    """What each kind of attack showed on each frame, ``not attacked`` too."""
    generation: tuple[str, ...]
    """How the data were made, a sentence for each run."""
    proposed: str
    """An assessment from the record, for a person to confirm or to put in other words."""
    recommended: str
    """The release class that the record and the answers recommend; no permission."""
    reasons: tuple[Mapping[str, str], ...]
    """Why: ``rule``, ``at_most`` and ``said``."""
    missing: tuple[str, ...]
    """Questions without an answer that a complete risk record needs."""
    problems: tuple[str, ...]
    """Why there is no complete risk record that is later than the last run and report; empty where there is one."""
    entry: Mapping[str, Any] | None = None
    """The entry that was added to the record, if something was said."""
    warnings: tuple[str, ...] = ()
    """What the lint says of the person's words, which stand as they are."""

    def to_dict(self) -> dict[str, Any]:
        """The risk record as plain JSON types, without the entry."""
        return {
            "answers": dict(self.answers),
            "attacks": [dict(attack) for attack in self.attacks],
            "generation": list(self.generation),
            "proposed": self.proposed,
            "recommended": self.recommended,
            "reasons": [dict(reason) for reason in self.reasons],
            "missing": list(self.missing),
            "problems": list(self.problems),
        }

    def __repr__(self) -> str:
        state = f"lacks {', '.join(self.missing)}" if self.missing else "complete"
        return f"<Risk: recommended release class {self.recommended}, {state}>"


def assess_risk(record: Record | None = None, *, by: str | None = None, **answers: str) -> Risk:
    """Return the risk record of some data, after adding what is said to this session's disclosure.

    Parameters
    ----------
    record : Record, optional
        What was done; this session by default.
    by : str, optional
        Who says it; the setting ``person`` by default.
    **answers : str
        What a person says, by question: ``intent``, ``intended_use``, ``audience``, ``source_class``, ``sensitivity``, ``preparation``,
        ``assessment`` (``"as proposed"`` confirms the text from the record), ``residual_risk``, ``contractual``, ``technical``,
        ``governance``, ``release_model``, ``conditions`` and ``release``. What was said before stands where it isn't said anew.
        Without any, nothing is added.

    Returns
    -------
    Risk
        ``.attacks``, ``.recommended`` with ``.reasons``, ``.missing`` and ``.problems``.

    Raises
    ------
    OptionError
        An answer is to no question, isn't a text, or isn't among the choices; all such are named.
    """
    from synthnb.disclosure.risk import entry_for_risk

    entries = session.entries() if record is None else list(record.entries)
    if not answers:
        return risk_in(entries, by=by)
    entry = session.remember(entry_for_risk(answers, entries, by=by)[0])
    return risk_in([*entries, entry], by=by, added=entry)


def state_risk_of(path: str | Path, answers: Mapping[str, str], *, by: str | None = None) -> Risk:
    """Add a risk record to a notebook file's record, and return it.

    Parameters
    ----------
    path : str or Path
        The notebook; its cell and metadata are brought up to date.
    answers : mapping of str to str
        As for `assess_risk`.
    by : str, optional
        Who says it; the setting ``person`` by default.

    Raises
    ------
    OptionError
        As for `assess_risk`.
    NotebookError, StorageError
        It isn't a notebook, or can't be written; it is as it was.
    """
    from synthnb.disclosure.adding import add_to_notebook
    from synthnb.disclosure.risk import entry_for_risk

    before: list[Entry] = []

    def build(entries: list[Entry]) -> Entry:
        before.extend(entries)
        return entry_for_risk(answers, entries, by=by)[0]

    entry = session.remember(add_to_notebook(path, build), folder=Path(path).resolve().parent)
    return risk_in([*before, entry], by=by, added=entry)


def risk_in(entries: list[Entry], *, by: str | None = None, added: Entry | None = None) -> Risk:
    """Return the risk record as some entries have it."""
    from synthnb.disclosure.policy.seeing import Seen
    from synthnb.disclosure.reading import mapping
    from synthnb.disclosure.risk import answered, attacks_in, generation_of, missing_of, problems_of, proposed_assessment, recommend
    from synthnb.disclosure.saying import person

    last = Seen(entries).risk
    detail = mapping(last.get("detail")) if last is not None else {}
    said = answered(entries)
    who = person(by) or ({"by": str(detail["by"])} if detail.get("by") else {})
    found = recommend(entries, said | who)
    return Risk(
        answers=said,
        attacks=tuple(attack.to_dict() for attack in attacks_in(entries)),
        generation=tuple(generation_of(entries)),
        proposed=proposed_assessment(entries),
        recommended=found.release,
        reasons=tuple(found.to_dict()["reasons"]),
        missing=tuple(missing_of(said)),
        problems=tuple(problems_of(entries)),
        entry=added,
        warnings=tuple(map(str, mapping(added.get("detail")).get("warnings", ()))) if added is not None else (),
    )
