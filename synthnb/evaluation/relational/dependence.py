"""What parents and their children have to do with one another.

::

    parents × children    one row per child, its parent's columns beside its own
    parents × summaries   one row per parent: how many children, and their means
    within a parent       likeness (ICC), change over time, likeness of successive children
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthnb._random import generator
from synthnb.evaluation._encode import Column
from synthnb.evaluation._intervals import difference
from synthnb.evaluation.base import NO_INTERVAL, Ceiling, Comparison, Definition, Findings, Score, Step, rounded
from synthnb.evaluation.fidelity import UNCALIBRATED, ks_gap
from synthnb.evaluation.pairs import contingency_similarity, correlation_similarity
from synthnb.evaluation.relational.children import NO_ORDER
from synthnb.evaluation.relational.families import COEFFICIENTS, LEAST_PARENTS, Coefficient, figures, measured
from synthnb.evaluation.relational.keys import NO_RELATION, ONE_TABLE
from synthnb.evaluation.relational.tables import RelationalComparison
from synthnb.evaluation.relational.views import Joined, Summaries, View, by_name, family_means
from synthnb.evaluation.validity import MEAN_OF_DIFFERENCES, worst

if TYPE_CHECKING:
    from synthnb.evaluation.relational.linked import Link, Linked

__all__ = ["DEPENDENCE_STEP", "MEANS"]

Array = NDArray[Any]
Pairs = list[tuple[Column, Column]]

_SPEARMAN = "1 - |ρ_r - ρ_s| / 2, Spearman, mean over pairs"
_JOINT = "1 - 0.5 Σ |p_r(i, j) - p_s(i, j)|, mean over pairs with a categorical column"


def _definition(metric: str, label: str, reference: str) -> Definition:
    return Definition(metric=metric, label=label, dimension="fidelity", direction="higher", reference=reference)


CORRELATION = _definition(
    "parent_child_correlation", "Correlations of parent and child", f"{_SPEARMAN} of a parent's and a child's column, one row per child"
)
CONTINGENCY = _definition(
    "parent_child_contingency", "Joint tables of parent and child", f"{_JOINT} of a parent's and a child's, one row per child"
)
SUMMARY_CORRELATION = _definition(
    "parent_summary_correlation",
    "Correlations of parents with their children's summaries",
    f"{_SPEARMAN} of a parent's column and the number of its children or a mean of theirs",
)
SUMMARY_CONTINGENCY = _definition(
    "parent_summary_contingency",
    "Joint tables of parents and their children's summaries",
    f"{_JOINT} of a parent's and the number of its children or a mean of theirs",
)
MEANS = _definition(
    "family_means", "Means over a parent's children", "1 - sup |F_r - F_s| of the means over each parent's children, mean over columns"
)
PAIRED = ((CORRELATION, CONTINGENCY), (SUMMARY_CORRELATION, SUMMARY_CONTINGENCY))
GIVES = (CORRELATION, CONTINGENCY, SUMMARY_CORRELATION, SUMMARY_CONTINGENCY, MEANS, *(coefficient.mean for coefficient in COEFFICIENTS))

_NO_PAIR = "No column of the parents and none of the children make such a pair."
_NO_FIGURES = "The children have no column of numbers or levels."


def dependence(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """All scores of each relation.

    Parameters of the profile: ``bins`` and ``levels`` of joint tables, ``most_pairs``
    (more are drawn at random), ``most_rows`` of joined children, ``most_columns`` of
    the children (likewise), ``most_shown`` differences of single columns, ``size_draws``.
    """
    if not isinstance(comparison, RelationalComparison) or not comparison.links:
        reason = NO_RELATION if isinstance(comparison, RelationalComparison) else ONE_TABLE
        return Findings(scores=[definition.absent(reason) for definition in GIVES])
    found = Findings()
    for link in comparison.links:
        found += _Relation(comparison, link, parameters).findings()
    return found


class _Relation:
    """The scores of one relation."""

    def __init__(self, comparison: RelationalComparison, link: Link, parameters: Mapping[str, Any]) -> None:
        self.comparison, self.link, self.parameters = comparison, link, parameters
        self.parents = [column for column in link.parent_columns if column.family in ("number", "level")]
        usable = [column for column in link.child_columns if column.family in ("number", "level")]
        self.drawn: dict[str, Any] = {}
        most = parameters["most_columns"]
        if len(usable) > most:
            chosen = np.sort(generator(comparison.seed, "relation", str(link.relation), "columns").choice(len(usable), most, replace=False))
            self.drawn = {"columns_drawn": most, "columns_in_all": len(usable)}
            usable = [usable[i] for i in chosen]
        self.children = usable
        self._as_parents = by_name(comparison.names[link.relation.parent], self.parents)
        self._as_children = by_name(comparison.names[link.relation.child], usable)

    def findings(self) -> Findings:
        sides = [self.link.real, self.link.synthetic]
        least = self.comparison.minimum_cell
        if min(int((side.counts > 0).sum()) for side in sides) < least:
            return Findings(scores=[self._absent(definition, f"Fewer than {least} parents have a child.") for definition in GIVES])
        found = self._pairs(*PAIRED[0], Joined(self._as_parents, self._as_children, self.parameters["most_rows"], self.comparison.seed))
        summaries = self._pairs(*PAIRED[1], Summaries(self._as_parents, self._as_children))
        found.scores += summaries.scores
        found.scores.append(self._means())
        for coefficient in COEFFICIENTS:
            self.comparison.clock.check()
            found.scores += self._coefficient(coefficient)
        return found

    def _absent(self, definition: Definition, reason: str) -> Score:
        return definition.score(None, n=0, subject=self.link.subject, reason=reason)

    def _like_for_like(self, measure: Any) -> Ceiling:
        return self.link.like_for_like(measure, seed=self.comparison.seed, draws=self.parameters["size_draws"])

    def _pairs(self, correlation: Definition, contingency: Definition, view: View) -> Findings:
        pairs, drawn = self._chosen(view.pairs)
        numeric = [pair for pair in pairs if pair[0].family == pair[1].family == "number"]
        joint = [pair for pair in pairs if pair not in numeric]
        real = view.table(self.link.real)
        base = replace(self.comparison, real=real, synthetic=real, memo={})

        def correlations(one: Linked, other: Linked) -> Array:
            self.comparison.clock.check()
            columns = list(dict.fromkeys(column for pair in numeric for column in pair))
            return correlation_similarity(numeric, columns, view.table(one), view.table(other))

        def joint_tables(one: Linked, other: Linked) -> Array:
            return contingency_similarity(joint, base, view.table(one), view.table(other), self.parameters)

        found = Findings()
        for definition, those, measure, why in (
            (correlation, numeric, correlations, MEAN_OF_DIFFERENCES),
            (contingency, joint, joint_tables, UNCALIBRATED),
        ):
            found += self._paired(definition, those, measure, {"interval": why} | drawn)
        return found

    def _chosen(self, pairs: Pairs) -> tuple[Pairs, dict[str, Any]]:
        most = self.parameters["most_pairs"]
        if len(pairs) <= most:
            return pairs, self.drawn
        rng = generator(self.comparison.seed, "relation", str(self.link.relation), "pairs")
        chosen = np.sort(rng.choice(len(pairs), most, replace=False))
        return [pairs[i] for i in chosen], self.drawn | {"pairs_drawn": most, "pairs_in_all": len(pairs)}

    def _paired(self, definition: Definition, pairs: Pairs, measure: Any, parameters: dict[str, Any]) -> Findings:
        if not pairs:
            return Findings(scores=[self._absent(definition, _NO_PAIR)])
        values = measure(self.link.real, self.link.synthetic)
        known = [(a, b, float(value)) for (a, b), value in zip(pairs, values, strict=True) if np.isfinite(value)]
        if not known:
            return Findings(scores=[self._absent(definition, "No pair has a value: the real columns are constant.")])
        equal = self._like_for_like(measure)
        score = definition.score(
            float(np.mean([value for *_, value in known])),
            n=self.link.synthetic.parents.rows,
            subject=self.link.subject,
            ceiling=_mean(equal.best),
            matched=_mean(equal.matched),
            parameters={"unit": "parents", "pairs": len(known)}
            | worst({f"{a.shown} × {b.shown}": value for a, b, value in known}, lambda _: True)
            | equal.parameters
            | parameters,
        )
        named = {column.name for column in self.comparison.columns}
        return Findings(scores=[score], pairs=[(a.name, b.name, 1 - value) for a, b, value in known if {a.name, b.name} <= named])

    def _means(self) -> Score:
        if not self.children:
            return self._absent(MEANS, _NO_FIGURES)

        def measure(one: Linked, other: Linked) -> Array:
            self.comparison.clock.check()
            return np.array(
                [ks_gap(*(family_means(side, column)[side.counts > 0] for side in (one, other))).complement for column in self.children]
            )

        values = measure(self.link.real, self.link.synthetic)
        equal = self._like_for_like(measure)
        return MEANS.score(
            _mean(values),
            n=int((self.link.synthetic.counts > 0).sum()),
            subject=self.link.subject,
            ceiling=_mean(equal.best),
            matched=_mean(equal.matched),
            parameters={"unit": "parents", "columns": len(values), "interval": UNCALIBRATED}
            | worst({column.shown: float(v) for column, v in zip(self.children, values, strict=True)}, lambda _: True)
            | equal.parameters
            | self.drawn,
        )

    def _coefficient(self, coefficient: Coefficient) -> Iterator[Score]:
        """The mean similarity, then the columns that differ most, each with an interval that holds for all columns at once."""
        if coefficient.ordered and self.link.real.order is None:
            yield self._absent(coefficient.mean, NO_ORDER)
            return
        if not self.children:
            yield self._absent(coefficient.mean, _NO_FIGURES)
            return

        def measure(one: Linked, other: Linked) -> Array:
            self.comparison.clock.check()
            r, s = (np.array([_plain(coefficient, side, column) for column in self.children]) for side in (one, other))
            similarity: Array = 1 - np.abs(r - np.where(np.isnan(s), 0.0, s)) / 2
            return np.maximum(similarity, 0.0)

        values = measure(self.link.real, self.link.synthetic)
        if not np.isfinite(values).any():
            yield self._absent(coefficient.mean, "It isn't defined for any real column: no parent has several children that differ.")
            return
        equal = self._like_for_like(measure)
        yield coefficient.mean.score(
            _mean(values),
            n=self.link.synthetic.parents.rows,
            subject=self.link.subject,
            ceiling=_mean(equal.best),
            matched=_mean(equal.matched),
            parameters={"unit": "parents", "columns": int(np.isfinite(values).sum()), "interval": MEAN_OF_DIFFERENCES}
            | equal.parameters
            | self.drawn,
        )
        yield from self._differences(coefficient, values)

    def _differences(self, coefficient: Coefficient, values: Array) -> Iterator[Score]:
        defined = [i for i in range(len(values)) if np.isfinite(values[i])]
        order = sorted(defined, key=lambda i: (values[i], self.children[i].name))[: self.parameters["most_shown"]]
        for i in order:
            column = self.children[i]
            r, s = (
                measured(coefficient, side, figures(column, side.children.values[column.name]), columns=len(defined))
                for side in (self.link.real, self.link.synthetic)
            )
            if not np.isfinite(s.value):
                reason = "It isn't defined for the synthetic column: it is constant, or no parent has several children."
                yield coefficient.own.score(None, n=s.parents, subject=(*self.link.subject, column.shown), reason=reason)
                continue
            d, low, high = difference(s.estimate, r.estimate)
            known = bool(np.isfinite([low, high]).all())
            why = (
                f"simultaneous over {len(defined)} columns"
                if known
                else f"{NO_INTERVAL} fewer than {LEAST_PARENTS} parents or an extreme coefficient"
            )
            yield coefficient.own.score(
                d,
                n=s.parents,
                subject=(*self.link.subject, column.shown),
                interval=(low, high) if known else None,
                parameters={"unit": "parents", "real": rounded(r.value, 4), "synthetic": rounded(s.value, 4), "interval": why}
                | ({"level": "the most frequent real level"} if column.family == "level" else {}),
            )


def _plain(coefficient: Coefficient, linked: Linked, column: Column) -> float:
    """The coefficient of one column, without its interval."""
    sums = coefficient.sums(linked, figures(column, linked.children.values[column.name])).sum(axis=1)
    return float(coefficient.back(coefficient.scale(sums), sums))


def _mean(values: Array) -> float | None:
    return float(np.nanmean(values)) if np.isfinite(values).any() else None


DEPENDENCE_STEP = Step(
    name="parents and children",
    run=dependence,
    gives=GIVES,
    parameters={
        "bins": 10,
        "levels": 20,
        "most_pairs": 600,
        "most_rows": 50_000,
        "most_columns": 30,
        "most_shown": 6,
        "size_draws": 3,
    },
)
"""``relations-dependence``."""
