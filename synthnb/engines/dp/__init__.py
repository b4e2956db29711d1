"""The engine ``dp``: rows drawn from noisy counts, with a formal promise of (ε, δ)-differential privacy.

::

    declared domain ──► plan: how ε is split, shown and booked before anything is spent
                         │
    real rows ──► noisy counts of each column ──► bins
              ──► noisy choice of pairs or tables ──► noisy counts of those       the only looks at the rows
                         │
                         ▼
                  a distribution over bins ──► any number of rows                 costs nothing more

Two tables are neighbours if one has one row more than the other; how many rows there are is private too, and
estimated from the noisy counts. The noise comes from the operating system's secret randomness and is kept nowhere: were it
drawn from the run's seed, whoever knows the seed could subtract it. So fitting twice gives two different
generators, by design; drawing from one fitted generator repeats with the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from typing_extensions import override

from synthnb._random import generator
from synthnb.engines.base import Drawn, Engine, Progress, State, no_progress
from synthnb.engines.dp.aim import adapt
from synthnb.engines.dp.bins import Leaves, Marginal, bin_leaves, first_cells, onto_simplex, refine
from synthnb.engines.dp.budget import book
from synthnb.engines.dp.domain import Domain, declared_domains
from synthnb.engines.dp.graph import Clique, Graph
from synthnb.engines.dp.noise import Noise
from synthnb.engines.dp.plan import DELTA, Method, Plan, Wishes, plan_steps
from synthnb.engines.dp.tree import consistent, grow_tree, independent
from synthnb.engines.dp.values import Values
from synthnb.errors import FrameError, RecordError, reason, shown

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines._choice import Reads
    from synthnb.engines.base import Unit
    from synthnb.recipes.conditions import Conditions
    from synthnb.recipes.recipe import Recipe

__all__ = ["Dp", "FittedDp"]

Array = np.ndarray[Any, Any]

_FEWEST_BINS, _MOST_BINS = 3, 32
_ROWS_PER_CELL = {"tree": 2.0, "aim": 0.5}
"""Rows that a cell of a pair's table should hold on average, in standard deviations of its noise; ``aim`` weighs noise itself."""

_TARGET_WEIGHT = 2.0
_NOT_REPEATABLE = "fresh secret randomness, kept nowhere: fitting is not repeatable, by design; drawing from the fitted generator is"
_METHODS = {
    "tree": "pairs of columns along a spanning tree chosen by the exponential mechanism (MST type)",
    "aim": "tables chosen one after the other where the model was worst (AIM type), fitted as a junction tree",
}


class Dp(Engine):
    """The engine ``dp``.

    Parameters
    ----------
    epsilon : float
        ε of the whole run; there is no default.
    delta : float
        δ; well below one over the number of rows.
    method : {"tree", "aim"}
        ``tree`` takes well under a second; ``aim`` is slower and nearer to the real table.
    degree : {2, 3}
        For ``aim``: most columns of a table.
    domain : mapping
        By column what may occur: ``[least, largest]``, ``[least, largest, step]``, a list of levels, or a mapping with ``min``,
        ``max``, ``step``, ``levels``, ``missing``; a None in a list says that cells may be missing. Columns whose limits the
        recipe declares and those stored as booleans may be left out.
    budget : str, optional
        The account to book the spending on; ``"content"`` for the one of this very table's content.
    """

    reads: ClassVar[Reads] = "noisy counts"
    not_for_tables: ClassVar[str] = "its guarantee is about one row, and a person has rows in several tables"

    def __init__(
        self,
        *,
        epsilon: float | None = None,
        delta: float = DELTA,
        method: Method = "tree",
        degree: int = 2,
        domain: Mapping[str, Any] | None = None,
        budget: str | None = None,
    ) -> None:
        self._wishes = Wishes(epsilon, delta, method, degree)
        self._domain = dict(domain or {})
        self._budget = budget
        self.announce: Callable[[list[dict[str, Json]]], object] | None = None
        """Is told the split of the budget, step by step as in `Step`, before any of it is spent."""

    @override
    def fit(self, frame: pd.DataFrame | None, recipe: Recipe, *, seed: int, progress: Progress = no_progress) -> FittedDp:
        """Count a frame with noise. The seed plays no part.

        Raises
        ------
        OptionError
            There is no ε, a column's domain isn't declared, or the account doesn't hold enough.
        FrameError
            There is no frame, or no column that can be made.
        StorageError
            The account can't be booked; nothing was looked at.
        """
        if frame is None:
            raise FrameError("The engine dp learns from a frame; there is none.", fix="Pass the real frame, or use the engine sampler.")
        domains = declared_domains(frame, recipe, self._domain)
        if not domains:
            raise FrameError("At least one column of numbers, dates or levels was expected; there is none.", fix="Declare a domain.")
        plan = plan_steps(domains, self._wishes)
        if self.announce is not None:
            self.announce(plan.to_list())
        booked = None if self._budget is None else book(self._budget, frame, plan.rho, what=f"dp {self._wishes.method}")
        return count_and_fit(frame, recipe, domains, plan, self._wishes, noise=Noise(), progress=progress, booked=booked)

    def restore(self, recipe: Recipe, state: State) -> FittedDp:
        """Return what `FittedDp.to_state` kept."""
        return _restored(recipe, state)


def count_and_fit(
    frame: pd.DataFrame,
    recipe: Recipe,
    domains: Mapping[str, Domain],
    plan: Plan,
    wishes: Wishes,
    *,
    noise: Noise,
    progress: Progress = no_progress,
    booked: Mapping[str, Json] | None = None,
) -> FittedDp:
    """Spend a plan on a frame. Everything that looks at the rows is in here."""
    index = {name: domain.encode(frame[name]) for name, domain in domains.items()}
    leaves, rows = _count_columns(index, domains, plan, noise, progress)
    deviation = max(plan.table_variance, 1e-9) ** 0.5
    most = int(np.clip(np.sqrt(rows / (_ROWS_PER_CELL[wishes.method] * deviation)), _FEWEST_BINS, _MOST_BINS))
    marginals = [
        bin_leaves(domain, one, most=most, deviation=float(plan.counts[j][0]) ** 0.5)
        for j, (domain, one) in enumerate(zip(domains.values(), leaves, strict=True))
    ]
    codes = np.column_stack([marginal.bin_of(one) for marginal, one in zip(marginals, index.values(), strict=True)])
    graph, tables = _learn(codes, marginals, rows, recipe, list(domains), plan, wishes, noise, progress)
    names = list(domains)
    chosen: list[Json] = [[names[j] for j in columns] for columns in tables]
    told: dict[str, Json] = {
        "epsilon": wishes.epsilon,
        "delta": plan.delta,
        "rho": plan.rho,
        "neighbours": "one row more or less",
        "method": wishes.method,
        "degree": wishes.degree if wishes.method == "aim" else 2,
        "split": plan.to_list(),
        "noise": _NOT_REPEATABLE,
        "rows_estimated": round(rows),
        "bins": {name: marginal.bins for name, marginal in zip(names, marginals, strict=True)},
        "tables": chosen,
        "domain": {name: domain.to_dict() for name, domain in domains.items()},
        "budget": None if booked is None else dict(booked),
    }
    return FittedDp(recipe, tuple(domains.values()), tuple(marginals), graph, told)


def _count_columns(
    index: Mapping[str, Array], domains: Mapping[str, Domain], plan: Plan, noise: Noise, progress: Progress
) -> tuple[list[Leaves], float]:
    """Noisy counts of every column, and the number of rows that they agree on."""
    first = [first_cells(domain) for domain in domains.values()]
    noisy = []
    for j, (name, one) in enumerate(index.items()):
        low, _ = first[j]
        true = np.bincount(np.searchsorted(low, one, side="right") - 1, minlength=len(low))
        noisy.append((true + noise.gaussian(plan.counts[j][0], len(low))).astype("f8"))
        progress(j, len(index), f"counting {name}")
    precision = np.array([1.0 / (len(counts) * float(plan.counts[j][0])) for j, counts in enumerate(noisy)])
    rows = max(1.0, float(sum(counts.sum() * weight for counts, weight in zip(noisy, precision, strict=True)) / precision.sum()))
    leaves = []
    for j, one in enumerate(index.values()):
        found = Leaves(*first[j], onto_simplex(noisy[j], rows))
        for variance in plan.counts[j][1:]:
            found = refine(found, one, rows, variance, noise)
        leaves.append(found)
    return leaves, rows


def _learn(
    codes: Array,
    marginals: Sequence[Marginal],
    rows: float,
    recipe: Recipe,
    names: list[str],
    plan: Plan,
    wishes: Wishes,
    noise: Noise,
    progress: Progress,
) -> tuple[Graph, list[tuple[int, ...]]]:
    """The distribution over bins, and which tables were counted for it."""
    if len(names) < 2:
        return independent(marginals), []
    if wishes.method == "tree":
        assert plan.choice is not None
        assert plan.table is not None
        edges = len(names) - 1
        pairs = grow_tree(
            codes,
            marginals,
            rows,
            epsilon=plan.choice,
            variance=plan.table,
            noise=noise,
            told=lambda done: progress(done, edges, "counting pairs"),
        )
        return consistent(marginals, pairs, rows), [pair.columns for pair in pairs]
    roles = {column.name: column.role for column in recipe.columns}
    graph, tables, _ = adapt(
        codes,
        marginals,
        rows,
        rho=plan.tables_rho,
        rounds=plan.rounds,
        degree=wishes.degree,
        weights=[_TARGET_WEIGHT if roles[name] == "target" else 1.0 for name in names],
        noise=noise,
        told=lambda share: progress(round(100 * share), 100, "counting tables"),
    )
    return graph, tables


@dataclass(frozen=True)
class FittedDp:
    """Noisy counts that rows can be drawn from; nothing in it but what the promise covers."""

    recipe: Recipe
    """What is made."""
    domains: tuple[Domain, ...]
    """What each column may hold."""
    marginals: tuple[Marginal, ...]
    """Noisy distributions of the columns."""
    graph: Graph
    """The distribution over their bins."""
    parameters: Mapping[str, Json]
    """What was promised, spent and chosen."""
    _values: dict[str, tuple[Values, ...]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def how(self) -> Mapping[str, str]:
        """How each column was made, by name."""
        made = {domain.column.name: "drawn from noisy counts, within the declared domain" for domain in self.domains}
        left = {c.name: f"left out: {c.why}" for c in self.recipe.columns if c.name not in made and c.kind == "text"}
        return made | left

    @property
    def account(self) -> Mapping[str, str]:
        """What the engine says of itself, in the disclosure's words."""
        told = self.parameters
        return {
            "method": f"differential privacy with ε = {told['epsilon']:g} and δ = {told['delta']:g} for one row more or less: noisy counts "
            f"of columns and of {_METHODS[str(told['method'])]}; discrete Gaussian noise from secret randomness; accounted in "
            "zero-concentrated differential privacy. Names, types and the declared domain are taken as public; "
            "what this record says of the real table elsewhere is not covered",
            "missing_data": "missing cells are counted as a level of their own where the domain declares them, "
            "else as its least value or last level",
            "record_links": "none; a row is drawn from noisy counts, not derived from one source row",
            "copies": "not looked for: that would read the real rows outside the promise",
        }

    @property
    def conditions(self) -> frozenset[str]:
        """Both kinds of condition hold by construction, those on several columns together excepted."""
        return frozenset({"given", "where"})

    @property
    def rows(self) -> int:
        """How many rows the real table has, estimated from noisy counts."""
        return int(self.parameters["rows_estimated"])

    def draw(self, rows: Array, *, seed: int, unit: Unit, given: pd.DataFrame | None = None, where: Conditions | None = None) -> Drawn:
        """Draw some rows of one block; see `FittedEngine.draw`."""
        top = int(rows.max(initial=-1)) + 1
        uniforms = np.column_stack([generator(seed, "sample", "clique", i, *unit).random(top)[rows] for i in range(len(self.graph.tree))])
        values = self._values_for(where)
        fixed: dict[str, Any] = {} if given is None else {str(name): given[name].reset_index(drop=True) for name in given}
        codes, possible = self.graph.draw(uniforms, self._evidence(values, fixed, where))
        made: dict[str, Any] = {}
        for j, domain in enumerate(self.domains):
            name = domain.column.name
            if name in fixed:
                made[name] = fixed[name]
                continue
            random = generator(seed, "sample", "column", name, *unit).random((top, 2))[rows]
            made[name] = domain.decode(values[j].draw(codes[:, j], random))
        made |= {name: cells for name, cells in fixed.items() if name not in made}
        order = [column.name for column in self.recipe.columns if column.name in made]
        frame = pd.DataFrame({name: made[name] for name in [*order, *(name for name in made if name not in order)]})
        short = ~possible
        if where is not None:
            short |= ~np.asarray(where.mask(frame), dtype=bool)
        return Drawn(frame, {}, short if short.any() else None)

    def _values_for(self, where: Conditions | None) -> tuple[Values, ...]:
        """For each column which values may be drawn; kept, since the same condition comes with every block."""
        text = "" if where is None else where.text
        if text not in self._values:
            by_column = {} if where is None else where.by_column
            self._values[text] = tuple(
                Values.of(domain, marginal, by_column.get(domain.column.name))
                for domain, marginal in zip(self.domains, self.marginals, strict=True)
            )
        return self._values[text]

    def _evidence(self, values: Sequence[Values], fixed: Mapping[str, pd.Series[Any]], where: Conditions | None) -> dict[int, Array]:
        """A weight for each bin of the columns that are fixed or restricted."""
        found: dict[int, Array] = {}
        for j, domain in enumerate(self.domains):
            name, marginal = domain.column.name, self.marginals[j]
            if name in fixed:
                bins = marginal.bin_of(domain.encode(fixed[name]))
                found[j] = np.eye(marginal.bins)[bins]
            elif where is not None and name in where.by_column:
                found[j] = values[j].open[None]
        return found

    def notes(self, counts: Mapping[str, int]) -> list[str]:  # noqa: ARG002 - nothing is counted while drawing
        """What the promise is, what the noise does, and what was left out."""
        told = self.parameters
        noisy = max((step["scale"] for step in told["split"] if step["mechanism"] == "gaussian"), default=0.0)
        notes = [
            f"ε = {told['epsilon']:g} and δ = {told['delta']:g} were spent, for one row more or less: the split is in the run. "
            f"Counts carry noise of a standard deviation of up to about {noisy:.0f} rows; groups not much larger aren't reliable.",
            "Running it again spends as much again, and gives other rows even with the same seed: the noise must not be known. "
            "Save the generator to draw more rows from the same counts at no further cost.",
        ]
        if told["budget"] is None:
            notes.append("The spending was booked on no account: several runs on the same rows add up, and nobody keeps count.")
        if self.rows * told["delta"] >= 1.0:
            notes.append(f"δ = {told['delta']:g} is not below one over about {self.rows:,} rows: choose a smaller one.")
        return [*notes, *_on_left_out(self.recipe, {domain.column.name for domain in self.domains})]

    def to_state(self) -> State:
        """Noisy counts and declared domains as plain data."""
        meta: dict[str, Json] = {
            "parameters": dict(self.parameters),
            "columns": [domain.column.name for domain in self.domains],
            "tree": [{"columns": list(c.columns), "parent": c.parent, "shared": list(c.shared)} for c in self.graph.tree],
        }
        arrays = {f"table{i}": np.asarray(table, dtype="f8") for i, table in enumerate(self.graph.tables)}
        for j, marginal in enumerate(self.marginals):
            arrays |= {f"{item.name}{j}": np.asarray(getattr(marginal, item.name)) for item in fields(marginal)}
        return State(meta, arrays)


def _on_left_out(recipe: Recipe, made: set[str]) -> list[str]:
    return [
        f"Column {shown(column.name)} was left out: {column.why}. If it is a category, declare its levels in domain."
        for column in recipe.columns
        if column.kind == "text" and column.name not in made
    ]


def _restored(recipe: Recipe, state: State) -> FittedDp:
    try:
        told = dict(state.meta["parameters"])
        columns = {column.name: column for column in recipe.columns}
        domains = tuple(Domain.restored(columns[name], told["domain"][name]) for name in state.meta["columns"])
        marginals = tuple(_restored_marginal(state.arrays, j) for j in range(len(domains)))
        tree = tuple(Clique(tuple(c["columns"]), int(c["parent"]), tuple(c["shared"])) for c in state.meta["tree"])
        sizes = tuple(marginal.bins for marginal in marginals)
        tables = tuple(np.asarray(state.arrays[f"table{i}"], dtype="f8") for i in range(len(tree)))
        for i, (clique, table) in enumerate(zip(tree, tables, strict=True)):
            if table.shape != tuple(sizes[j] for j in clique.columns) or not clique.parent < i or not np.isfinite(table).all():
                raise ValueError(f"table {i} has another shape than its columns")
        if sorted({j for clique in tree for j in clique.columns}) != list(range(len(domains))):
            raise ValueError("its tables don't hold every column")
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise RecordError(
            f"The saved generator isn't one of the engine dp: {reason(error)}.", fix="Save it again, or fit it anew."
        ) from error
    return FittedDp(recipe, domains, marginals, Graph(sizes, tree, tables), told)


def _restored_marginal(arrays: Mapping[str, Array], j: int) -> Marginal:
    low, width, label = (arrays[f"{name}{j}"].astype("i8") for name in ("low", "width", "bin"))
    mass, variance = (arrays[f"{name}{j}"].astype("f8") for name in ("mass", "variance"))
    right = len(low) == len(width) == len(label) == len(mass) > 0 and np.array_equal(np.unique(label), np.arange(len(variance)))
    if not right or not (np.isfinite(mass).all() and (mass >= 0).all() and (width > 0).all() and (np.diff(low) > 0).all()):
        raise ValueError(f"the counts of column {j} don't fit together")
    return Marginal(low, width, mass, label, variance)
