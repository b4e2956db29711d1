"""Who has which duty when data are synthetic, and what a record says about each.

Provider, tool, user and institution have different duties: who supplies a model doesn't answer
for how it was used, a tool that states its method doesn't answer for the choice of it, and no
program answers for anything. The shares are derived for this project from what journals and guidance
on synthetic data ask of each. They assign nothing: contracts and law do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from synthnb.disclosure.fields import catalogue
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import plain, values_of

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["ABOUT", "PARTIES", "Duty", "Share", "responsibilities", "responsibilities_part"]

Share = Literal["has it", "takes part", "–"]

PARTIES = {
    "provider": "Provider of the model",
    "tool": "Tool (synthnb)",
    "user": "User",
    "institution": "Institution",
}
"""The four parties, and their names for readers."""

ABOUT = (
    "Who usually has which duty, and what the record says about it. It assigns none: contracts, institutions and law do. "
    "No model and no program can answer for data; a person does."
)
"""What a reader must know before the table."""

_MOST_SAID = 2


@dataclass(frozen=True)
class Duty:
    """One duty, and how the four share it."""

    name: str
    """What is to be done."""
    provider: Share
    """The share of whoever supplies the language model."""
    tool: Share
    """The share of the tool and its makers."""
    user: Share
    """The share of whoever makes the data."""
    institution: Share
    """The share of the institution where that is done."""
    fields: tuple[str, ...]
    """Fields of the record that say something about it."""
    without: str = ""
    """What is said where no language model wrote anything; empty if the duty is there all the same."""

    def share(self, party: str) -> Share:
        """The share of one of the parties."""
        shares: dict[str, Share] = {"provider": self.provider, "tool": self.tool, "user": self.user, "institution": self.institution}
        return shares[party]


DUTIES = (
    Duty(
        "What the model is and may be used for",
        "has it",
        "–",
        "takes part",
        "–",
        ("modelName", "modelProvider", "providerTerms"),
        "none used",
    ),
    Duty("Accuracy of what the model wrote", "–", "takes part", "has it", "–", ("verification", "judgeResults"), "no text by a model"),
    Duty("Choice of method and settings", "–", "takes part", "has it", "–", ("madeInBrief",)),
    Duty("That the tool does what it states", "–", "has it", "takes part", "–", ("toolNameVersion",)),
    Duty("Lawful use of the real data", "–", "–", "has it", "has it", ("approvals", "sensitiveInformation")),
    Duty("Review of what came out", "–", "takes part", "has it", "takes part", ("verification", "reviewerSignOff", "humanResults")),
    Duty("Release and conditions of use", "–", "–", "takes part", "has it", ("releaseClass", "usageConditions", "residualRisk")),
    Duty("Maintenance and corrections", "–", "–", "has it", "takes part", ("maintenancePlan",)),
    Duty("Contact when something goes wrong", "–", "–", "has it", "takes part", ("responsiblePerson",)),
)
"""Every duty, in the order readers see them."""


def responsibilities(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each duty with the share of every party and what the record says.

    Parameters
    ----------
    record : mapping
        A notebook's ``metadata.synthnb`` or ``Record.to_dict()``; parts of another shape are passed over.

    Returns
    -------
    list of dict
        ``duty``; ``shares`` by party (``has it``, ``takes part`` or ``–``); ``says``, a list of texts; ``missing``, labels of its
        fields that only a person can state and nobody has.
    """
    fields = mapping(mapping(record).get("fields"))
    no_model = not values_of(fields, "modelName")
    return [_row(duty, fields, no_model=no_model) for duty in DUTIES]


def _row(duty: Duty, fields: Mapping[str, Any], *, no_model: bool) -> dict[str, Any]:
    shares = {party: duty.share(party) for party in PARTIES}
    if no_model and duty.without:
        return {"duty": duty.name, "shares": dict.fromkeys(PARTIES, "–"), "says": [f"No language model: {duty.without}"], "missing": []}
    says = [_said(field, values) for field in duty.fields if (values := _results(values_of(fields, field)))]
    missing = [catalogue()[name].label for name in duty.fields if catalogue()[name].fill == "human" and not values_of(fields, name)]
    return {"duty": duty.name, "shares": shares, "says": says, "missing": missing}


def _results(values: list[str]) -> list[str]:
    """Values but for those that say that there is no result."""
    return [value for value in values if ": not evaluated: " not in value]


def _said(name: str, values: list[str]) -> str:
    more = f" and {len(values) - _MOST_SAID} more" if len(values) > _MOST_SAID else ""
    return f"{catalogue()[name].label}: {'; '.join(map(plain, values[:_MOST_SAID]))}{more}"


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader

    found = Environment(loader=PackageLoader("synthnb", "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return found.get_template("responsibilities.html.j2")


def responsibilities_part(record: Mapping[str, Any]) -> str:
    """Return the matrix as an HTML table with a caption; every value is escaped."""
    return _template().render(parties=PARTIES, rows=responsibilities(record), about=ABOUT)
