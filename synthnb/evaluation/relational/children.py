"""How many children a parent has, and how far apart they are in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._intervals import newcombe
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Score, Step
from synthnb.evaluation.fidelity import UNCALIBRATED, ks_gap
from synthnb.evaluation.relational.keys import NO_RELATION, ONE_TABLE
from synthnb.evaluation.relational.tables import RelationalComparison

if TYPE_CHECKING:
    from synthnb.evaluation.relational.linked import Link, Linked

__all__ = ["CHILDLESS", "CHILDREN_STEP", "COUNTS", "GAPS", "MEAN"]

Array = NDArray[Any]

COUNTS = Definition(
    metric="children_per_parent",
    label="Number of children per parent",
    dimension="fidelity",
    direction="higher",
    reference="1 - sup |F_r - F_s| of the number of children, parents without any counting as 0",
)
MEAN = Definition(
    metric="children_mean_difference",
    label="Mean number of children, difference",
    dimension="fidelity",
    direction="none",
    reference="synthetic minus real mean number of children per parent; Welch 1947, doi 10.1093/biomet/34.1-2.28",
)
CHILDLESS = Definition(
    metric="childless_share_difference",
    label="Parents without a child, difference",
    dimension="fidelity",
    direction="none",
    reference="synthetic minus real share; Newcombe 1998, doi 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I",
)
GAPS = Definition(
    metric="time_between_children",
    label="Steps between successive children",
    dimension="fidelity",
    direction="higher",
    reference="1 - sup |F_r - F_s| of the differences of successive children's times (or other order) within a parent",
)
GIVES = (COUNTS, MEAN, CHILDLESS, GAPS)

_LEAST_PARENTS = 30
NO_ORDER = "Nothing orders the children of one parent: no order was declared, and they don't have exactly one date."


def children(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """All scores of each relation."""
    if not isinstance(comparison, RelationalComparison) or not comparison.links:
        reason = NO_RELATION if isinstance(comparison, RelationalComparison) else ONE_TABLE
        return Findings(scores=[definition.absent(reason) for definition in GIVES])
    found = Findings()
    for link in comparison.links:
        comparison.clock.check()
        found.scores += _of(link, comparison, parameters["size_draws"])
    return found


def _of(link: Link, comparison: RelationalComparison, draws: int) -> Iterator[Score]:
    parents = min(link.real.parents.rows, link.synthetic.parents.rows)
    if parents < comparison.minimum_cell:
        least = f"Each table of parents needs at least {comparison.minimum_cell} rows"
        yield from (_absent(definition, link, f"{least}; one has fewer.") for definition in GIVES)
        return
    yield _complement(COUNTS, link, lambda linked: linked.counts, comparison.seed, draws, n=link.synthetic.parents.rows)
    yield _mean(link)
    yield _childless(link, comparison.minimum_cell)
    if link.real.order is None:
        yield _absent(GAPS, link, NO_ORDER)
        return
    steps = _steps(link.synthetic)
    yield _complement(GAPS, link, _steps, comparison.seed, draws, n=len(steps), unit="seconds" if link.temporal else "as given")


def _absent(definition: Definition, link: Link, reason: str) -> Score:
    return definition.score(None, n=0, subject=link.subject, reason=reason)


def _complement(definition: Definition, link: Link, values: Any, seed: int, draws: int, *, n: int, unit: str = "parents") -> Score:
    """1 less the largest difference of the shares up to a value, beside that of real parents."""

    def measure(one: Linked, other: Linked) -> Array:
        return np.array([ks_gap(values(one), values(other)).complement])

    value = float(measure(link.real, link.synthetic)[0])
    if not np.isfinite(value):
        return _absent(definition, link, "No parent has two children in order, in the real or in the synthetic tables.")
    equal = link.like_for_like(measure, seed=seed, draws=draws)
    return definition.score(
        value,
        n=n,
        subject=link.subject,
        ceiling=float(equal.best[0]),
        matched=float(equal.matched[0]),
        parameters={"unit": unit, "interval": UNCALIBRATED} | equal.parameters,
    )


def _steps(linked: Linked) -> Array:
    """Differences between successive children of one parent."""
    assert linked.order is not None
    here = np.flatnonzero((linked.owner >= 0) & np.isfinite(linked.order))
    here = here[np.lexsort((linked.order[here], linked.owner[here]))]
    owner, order = linked.owner[here], linked.order[here]
    steps: Array = np.diff(order)[owner[1:] == owner[:-1]]
    return steps


def _mean(link: Link) -> Score:
    """Welch's interval; parents are independent of one another."""
    r, s = link.real.counts, link.synthetic.counts
    given: dict[str, Any] = {"unit": "parents", "real": round(float(r.mean()), 4), "synthetic": round(float(s.mean()), 4)}
    parts = [float(side.var(ddof=1)) / len(side) for side in (r, s)]
    interval = None
    if min(len(r), len(s)) >= _LEAST_PARENTS and sum(parts) > 0:
        from scipy.stats import t

        freedom = sum(parts) ** 2 / sum(part**2 / (len(side) - 1) for part, side in zip(parts, (r, s), strict=True))
        half = float(t.ppf(0.975, freedom)) * float(np.sqrt(sum(parts)))
        interval = float(s.mean() - r.mean()) - half, float(s.mean() - r.mean()) + half
    else:
        given["interval"] = f"{NO_INTERVAL} a mean of fewer than {_LEAST_PARENTS} parents, or of equal numbers"
    return MEAN.score(float(s.mean() - r.mean()), n=len(s), subject=link.subject, interval=interval, parameters=given)


def _childless(link: Link, minimum_cell: int) -> Score:
    """Newcombe's interval; withheld where so few real parents differ from the rest that it would tell how many."""
    r, s = link.real.counts == 0, link.synthetic.counts == 0
    without = int(r.sum())
    if 0 < without < minimum_cell or 0 < len(r) - without < minimum_cell:
        return _absent(CHILDLESS, link, f"Fewer than {minimum_cell} real parents have no child, or have one, so the share isn't shown.")
    p, q = float(s.mean()), float(r.mean())
    low, high = newcombe(p, len(s), q, len(r))
    return CHILDLESS.score(
        p - q,
        n=len(s),
        subject=link.subject,
        interval=(float(low), float(high)),
        parameters={"unit": "parents", "real": round(q, 4), "synthetic": round(p, 4)},
    )


CHILDREN_STEP = Step(name="children per parent", run=children, gives=GIVES, parameters={"size_draws": 3})
"""``relations-children``."""
