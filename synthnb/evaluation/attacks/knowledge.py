"""What an attacker knows, and what they would like to know: the same for every attack on secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from synthnb.evaluation._encode import shown_names

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column
    from synthnb.evaluation.base import Comparison, Definition, Score

__all__ = ["NO_KNOWN", "Knowledge", "knowledge"]

NO_KNOWN = "It needs a column an attacker knows that isn't a secret and is a number, a time or a category."


class Knowledge(NamedTuple):
    """Columns on either side of an attack."""

    secrets: list[Column]
    """Stated secrets that can be attacked."""
    known: list[Column]
    """What the attacker knows: the stated known columns, or all if none is stated; never a secret."""
    left_out: dict[str, str]
    """Stated secrets that can't be attacked, as reports show them, each with the reason."""

    def unattacked(self, definition: Definition) -> list[Score]:
        """A score with its reason for each secret that can't be attacked."""
        return [definition.score(None, n=0, subject=[shown], reason=reason) for shown, reason in self.left_out.items()]


def knowledge(comparison: Comparison) -> Knowledge:
    """Who knows what, from what the user states about the data."""
    usable, facts = comparison.of("number", "level"), comparison.facts
    secrets = [column for column in usable if column.name in facts.secrets]
    known = [column for column in usable if column.name not in facts.secrets and (column.name in facts.known or not facts.known)]
    found = {column.name for column in secrets}
    missed = [name for name in facts.secrets if name not in found]
    return Knowledge(secrets, known, {shown_names([name])[name]: _why_not(comparison, name) for name in missed})


def _why_not(comparison: Comparison, name: str) -> str:
    if comparison.column(name) is None:
        return "The synthetic frame doesn't have this secret, so nothing can be guessed from it."
    return "This secret is text; the attack takes numbers, times and categories."
