"""What a policy may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from synthnb.disclosure.fields import catalogue

__all__ = ["CLASSES", "RELEASES", "SENDING", "Gate", "Needs", "Policy", "Source"]

SCHEMA = "synthnb.policy/1"
"""Name and version of the file's shape."""

DataClass = Literal["open", "internal", "confidential", "special"]
Sending = Literal["nothing", "summary", "rows"]
Release = Literal["local", "team", "controlled", "public"]

CLASSES: tuple[DataClass, ...] = ("open", "internal", "confidential", "special")
"""How sensitive real data are, from the least."""
SENDING: tuple[Sending, ...] = ("nothing", "summary", "rows")
"""What of real data may go to a hosted model, from the least."""
RELEASES: tuple[Release, ...] = ("local", "team", "controlled", "public")
"""Who may get the data, from the fewest."""

Rule = Literal[
    "engines.allowed",
    "models.allowed",
    "models.localities",
    "sources",
    "classes.to_hosted",
    "evaluation.profiles",
    "evaluation.gates",
    "evaluation.minimum_cell",
    "fields.required",
    "generation.most_depth",
    "generation.synthetic_sources",
    "release",
    "retention",
]
"""What can be locked, named as it stands in the file."""

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


class _Part(BaseModel):
    """A table of the file: no key that isn't known, no value of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Engines(_Part):
    """Which engines may make rows."""

    allowed: list[Name] | None = None
    """Names of engines; any, if left out."""


class Models(_Part):
    """Which language models may take part."""

    allowed: list[Name] | None = None
    """Names as `synthnb models list` tells them; ``*`` stands for anything, as in ``ollama/*``."""
    localities: list[Literal["in-process", "local-server", "hosted"]] | None = None
    """Where their weights may run."""


class Source(_Part):
    """How sensitive a source is."""

    name: Name
    """The name of a frame or a file in the record; ``*`` stands for anything."""
    class_: DataClass = Field(alias="class")
    """``open``, ``internal``, ``confidential`` or ``special``."""


class ToHosted(_Part):
    """What of real data may go to a hosted model, by class: ``nothing``, ``summary`` or ``rows``."""

    open: Sending | None = None
    """Of open data."""
    internal: Sending | None = None
    """Of internal data."""
    confidential: Sending | None = None
    """Of confidential data."""
    special: Sending | None = None
    """Of special categories of data, such as health data."""


class DataClasses(_Part):
    """What holds for classes of data."""

    default: DataClass | None = None
    """The class of a source that isn't among ``sources``; without it such a source is refused, where there are ``sources``."""
    to_hosted: ToHosted = ToHosted()
    """What may go to a hosted model."""


class Gate(_Part):
    """A limit on a metric."""

    at_least: float | None = Field(default=None, allow_inf_nan=False, strict=False)
    """The least value that passes."""
    at_most: float | None = Field(default=None, allow_inf_nan=False, strict=False)
    """The largest value that passes."""

    @model_validator(mode="after")
    def _one_side(self) -> Gate:
        if (self.at_least is None) is (self.at_most is None):
            raise ValueError("a gate has either at_least or at_most")
        return self


class Evaluation(_Part):
    """How data must have been evaluated."""

    profiles: list[Name] | None = None
    """Profiles of which one must have been used."""
    gates: dict[Name, Gate] = {}
    """Limits by metric that must hold."""
    minimum_cell: int | None = Field(default=None, ge=1, le=1_000_000)
    """The least smallest group for which a figure is shown."""


class Fields(_Part):
    """What must be stated."""

    required: list[Name] = []
    """Fields of the catalogue."""

    @field_validator("required")
    @classmethod
    def _known(cls, names: list[str]) -> list[str]:
        return _known_fields(names)


class Generation(_Part):
    """What synthetic data may be made from."""

    most_depth: int | None = Field(default=None, ge=1, le=1_000)
    """Most generations between real data and these: 1 if they are made from real data."""
    synthetic_sources: bool | None = None
    """Whether synthetic data may be the source of synthetic data."""


class Needs(_Part):
    """What a release class needs, beyond what holds for all."""

    fields: list[Name] = []
    """Fields that must be stated."""
    profiles: list[Name] | None = None
    """Profiles of which one must have been used."""
    gates: dict[Name, Gate] = {}
    """Limits that must hold; an undecided one doesn't."""
    risk_record: bool | None = None
    """A complete risk record, later than the last run and report."""
    within_recommendation: bool | None = None
    """The class chosen isn't more open than the one recommended."""
    sign_off: bool | None = None
    """A reviewer's sign-off of the record as it is."""
    signature: bool | None = None
    """A signature beside the file."""

    @field_validator("fields")
    @classmethod
    def _known(cls, names: list[str]) -> list[str]:
        return _known_fields(names)


class ReleaseClasses(_Part):
    """Who may get the data, and what that needs."""

    allowed: list[Release] | None = None
    """Classes that may be chosen."""
    local: Needs = Needs()
    """Data that stay on this machine."""
    team: Needs = Needs()
    """Data for named colleagues."""
    controlled: Needs = Needs()
    """Data for people who apply for them."""
    public: Needs = Needs()
    """Data for anyone."""


class Retention(_Part):
    """How long things are kept; nothing is deleted here."""

    replies_days: int | None = Field(default=None, ge=0, le=100_000)
    """Days after which kept replies of language models are overdue."""


class Overrides(_Part):
    """Which rules can be gone past with a reason."""

    allowed: bool | None = None
    """False: none."""
    locked: list[Rule] = []
    """Rules that can't."""


class Policy(_Part):
    """A policy file."""

    schema_: Literal["synthnb.policy/1"] = Field(default="synthnb.policy/1", alias="schema")
    """The version of the file's shape."""
    name: Name
    """What it is called in records and messages."""
    contact: Annotated[str, Field(max_length=200)] = ""
    """Whom to ask."""
    extends: Annotated[str, Field(max_length=4_000)] = ""
    """The path of a policy that this one makes stricter, relative to this file."""
    engines: Engines = Engines()
    """Which engines may make rows."""
    models: Models = Models()
    """Which language models may take part."""
    sources: list[Source] = []
    """Real data, each with its class; of several lines that fit, the most sensitive counts."""
    classes: DataClasses = DataClasses()
    """What holds for classes of data."""
    evaluation: Evaluation = Evaluation()
    """How data must have been evaluated."""
    fields: Fields = Fields()
    """What must be stated."""
    generation: Generation = Generation()
    """What synthetic data may be made from."""
    release: ReleaseClasses = ReleaseClasses()
    """Who may get the data, and what that needs."""
    retention: Retention = Retention()
    """How long things are kept."""
    overrides: Overrides = Overrides()
    """Which rules can be gone past with a reason."""


def _known_fields(names: list[str]) -> list[str]:
    from difflib import get_close_matches

    for name in names:
        if name not in catalogue():
            near = get_close_matches(name, catalogue(), n=1)
            raise ValueError(f"no field {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return names
