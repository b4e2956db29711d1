"""Whether references can be followed: keys that are unique, references that name a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Score, Step
from synthnb.evaluation.relational.tables import RelationalComparison
from synthnb.evaluation.validity import bounded

if TYPE_CHECKING:
    from synthnb.evaluation.relational.linked import Link

__all__ = ["KEYS_STEP", "ONE_TABLE", "PARENT_KEYS", "REFERENCES"]

PARENT_KEYS = Definition(
    metric="parent_key_uniqueness",
    label="Keys that name one row",
    dimension="validity",
    direction="higher",
    reference="1 - rows whose key is missing or occurred before / rows of the parent's table",
)
REFERENCES = Definition(
    metric="reference_integrity",
    label="References that name a row",
    dimension="validity",
    direction="higher",
    reference="1 - references that name no row of the parent's table / references that are given",
)

ONE_TABLE = "There is one table; relations need several: see synthnb.evaluation.relational.evaluate_tables."
"""Why a step for several tables finds nothing in one."""
NO_RELATION = "No relation between the tables was declared."
"""Why a step for relations finds nothing without one."""

_OF_THESE_ROWS = f"{NO_INTERVAL} a count over all rows that were made, which is no estimate"


def keys(comparison: Comparison, _parameters: Mapping[str, Any]) -> Findings:
    """Both shares of each relation, beside those of the real tables."""
    if not isinstance(comparison, RelationalComparison) or not comparison.links:
        reason = NO_RELATION if isinstance(comparison, RelationalComparison) else ONE_TABLE
        return Findings(scores=[definition.absent(reason) for definition in (PARENT_KEYS, REFERENCES)])
    found = Findings()
    seen: set[tuple[str, str]] = set()
    for link in comparison.links:
        key = link.relation.parent, link.relation.key
        if key not in seen:
            found.scores.append(_unique(link, comparison.minimum_cell))
        seen.add(key)
        found.scores.append(_followed(link, comparison.minimum_cell))
    return found


def _unique(link: Link, minimum_cell: int) -> Score:
    real, made = link.integrity
    given = {"unit": "rows", "key": _shown(link.relation.key), "count": made.bad_keys, "interval": _OF_THESE_ROWS}
    if not made.parents:
        return PARENT_KEYS.absent("The synthetic table of the parents has no rows.", parameters=given)
    return PARENT_KEYS.score(
        1 - made.bad_keys / made.parents,
        n=made.parents,
        subject=link.subject[:1],
        ceiling=_share(real.bad_keys, real.parents, minimum_cell),
        parameters=given,
    )


def _followed(link: Link, minimum_cell: int) -> Score:
    real, made = link.integrity
    given = {
        "unit": "references",
        "relation": _shown(str(link.relation)),
        "count": made.orphans,
        "share_missing": {
            **bounded(real.missing / max(real.children, 1), real.children, minimum_cell),
            "synthetic": round(made.missing / max(made.children, 1), 4),
        },
        "interval": _OF_THESE_ROWS,
    }
    if made.children == made.missing:
        return REFERENCES.absent("No synthetic row has a reference.", parameters=given)
    return REFERENCES.score(
        1 - made.orphans / (made.children - made.missing),
        n=made.children - made.missing,
        subject=link.subject,
        ceiling=_share(real.orphans, real.children - real.missing, minimum_cell),
        parameters=given,
    )


def _share(bad: int, n: int, minimum_cell: int) -> float | None:
    """The real tables' own share; none where so few rows are wrong that the share would tell how many."""
    return None if not n or 0 < bad < minimum_cell else 1 - bad / n


def _shown(text: str) -> str:
    return text if len(text) <= 160 else f"{text[:159]}…"


KEYS_STEP = Step(name="keys and references", run=keys, gives=(PARENT_KEYS, REFERENCES))
"""``relations-keys``."""
