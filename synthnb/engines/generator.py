"""A generator: a fitted engine with its layers and its recipe, to draw from, to save and to load.

A file is a ZIP of one JSON and arrays of numbers in numpy's own format, nothing else: loading it
runs no code. What an engine learnt from real rows may hold their values; such a file is as
confidential as the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from synthnb._frames import to_pandas
from synthnb._random import resolve_seed
from synthnb.engines._choice import reads_of
from synthnb.engines._requests import checked_rows, fixed_cells
from synthnb.engines.sampling import Asked, draw_blocks, draw_rows
from synthnb.errors import FrameError, OptionError, shown
from synthnb.scale import INLINE, Runner

if TYPE_CHECKING:
    import pandas as pd

    from synthnb._canonical import Json
    from synthnb.engines._layers import Layer
    from synthnb.engines._layers.rules import RulesLayer
    from synthnb.engines.base import FittedEngine
    from synthnb.recipes.conditions import Conditions
    from synthnb.recipes.recipe import Recipe

__all__ = ["Generator"]


@dataclass(frozen=True)
class Generator:
    """Draws rows of one table.

    Examples
    --------
    >>> import pandas as pd, synthnb
    >>> real = pd.DataFrame({"age": range(20, 80), "sex": ["f", "m"] * 30})
    >>> generator = synthnb.generate(real, random_state=7).generator
    >>> len(generator.sample(5, random_state=1))
    5
    """

    engine: str
    """The engine's registered name."""
    fitted: FittedEngine
    """What draws."""
    layers: tuple[Layer, ...]
    """What is put back around it, outermost first."""
    recipe: Recipe
    """The table as a whole, as it comes out."""
    inner: Recipe
    """The table as the engine sees it."""
    versions: dict[str, str] = field(default_factory=dict)
    """Versions of what fitted it."""
    inputs: tuple[dict[str, Json], ...] = ()
    """``{"name", "rows", "columns", "digest"}`` of each frame it learnt; without rows and digest where these are private."""

    @cached_property
    def learnt(self) -> frozenset[str]:
        """Columns the engine itself knows."""
        return frozenset(column.name for column in self.inner.columns if column.kind != "text")

    @cached_property
    def rules(self) -> RulesLayer | None:
        """The layer that keeps the recipe's rules, if there are any."""
        from synthnb.engines._layers.rules import RulesLayer

        return next((layer for layer in self.layers if isinstance(layer, RulesLayer)), None)

    @property
    def holds_real_values(self) -> bool:
        """Whether the generator, and a file of it, may hold values of real rows."""
        return reads_of(self.engine) == "rows"

    def sample(
        self,
        rows: int | None = None,
        *,
        random_state: int | None = None,
        given: pd.DataFrame | None = None,
        where: str | None = None,
        on: str = "inline",
    ) -> pd.DataFrame:
        """Return drawn rows as a pandas frame; fewer than asked for are an error, since nothing here could explain them.

        Parameters
        ----------
        rows : int, optional
            How many; as many as ``given`` has, else as many as the recipe says.
        random_state : int, optional
            Seed from 0 to 2**32 - 1.
        given : pandas.DataFrame, optional
            Columns fixed from outside, one row for each row to make.
        where : str, optional
            A condition every row must meet, such as ``"age > 65 and sex == 'F'"``.
        on : str
            Where to run; see `synthnb.scale.open_runner`.

        Raises
        ------
        OptionError
            The engine can't honour the condition, or it isn't one.
        FrameError
            Some rows couldn't be made.
        """
        from synthnb.scale import open_runner

        asked = self.ask(rows, seed=resolve_seed(random_state), given=given, where=where)
        made = draw_rows(self, asked, runner=open_runner(on))
        if made.missing:
            reasons = "; ".join(f"{count:,}: {reason}" for reason, count in made.missing.items())
            raise FrameError(f"Of {asked.rows:,} rows {len(made.frame):,} could be made ({reasons}).", fix="Ask for a wider condition.")
        return self.ordered(made.frame)

    def ask(self, rows: int | None, *, seed: int, given: pd.DataFrame | None = None, where: str | None = None) -> Asked:
        """Return what a call asks for, checked against what this generator can do.

        Raises
        ------
        OptionError
            It can't be done.
        """
        wanted = checked_rows(rows if rows is not None else len(given) if given is not None else self.recipe.rows, len(self.recipe.columns))
        if given is not None:
            given = self._checked_given(given, wanted)
        return Asked(rows=wanted, seed=seed, given=given, where=self._parsed(where))

    def _parsed(self, where: str | None) -> Conditions | None:
        if not where:
            return None
        from synthnb.recipes.conditions import parse_conditions

        return parse_conditions(where, self.recipe.columns)

    def _checked_given(self, given: pd.DataFrame, wanted: int) -> pd.DataFrame:
        given, _ = to_pandas(given, what="frame of given columns")
        if len(given) != wanted:
            raise OptionError(
                f"`given` has {len(given):,} rows, but {wanted:,} are to be made.", fix="Leave the number of rows out, or give as many."
            )
        made = {name for layer in self.layers for name in layer.how}
        for name in set(given) & made:
            raise OptionError(
                f"The column {shown(name)} is made around the engine (by a rule, as an identifier, or as a time to an event) "
                "and can't be fixed.",
                fix="Leave it out of `given`.",
            )
        fixed = fixed_cells(given, self.recipe)
        if "given" not in self.fitted.conditions:
            raise OptionError(
                f"The engine {self.engine} can't draw the other columns for fixed ones.",
                fix="Use the engine trees, copula, arf, dp or sampler.",
            )
        return fixed

    def ordered(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return drawn rows with the columns in the recipe's order."""
        return frame[[column.name for column in self.recipe.columns if column.name in frame]]

    def blocks(self, rows: int, *, random_state: int | None = None, runner: Runner = INLINE) -> Iterator[pd.DataFrame]:
        """Yield a large table in pieces of at most `synthnb.engines.base.BLOCK` rows, so that it needn't fit in memory.

        Raises
        ------
        OptionError
            A rule concerns the table as a whole, so that no piece of it can be settled alone.
        """
        if any(rule.of_table for rule in self.recipe.rules):
            raise OptionError("A rule of the recipe concerns the whole table, which can't be made in pieces.", fix="Use `sample`.")
        for part in draw_blocks(self, self.ask(rows, seed=resolve_seed(random_state)), runner=runner):
            yield self.ordered(part.frame)

    def notes(self, counts: dict[str, int]) -> list[str]:
        """Sentences about the fit and about the rows that were drawn."""
        return [*self.fitted.notes(counts), *(note for layer in self.layers for note in layer.notes(counts))]

    @property
    def how(self) -> dict[str, str]:
        """How each column is made, by name."""
        made = {column.name: f"left out: {column.why}" for column in self.recipe.columns if column.kind == "text"}
        made |= dict(self.fitted.how)
        for layer in reversed(self.layers):
            made |= dict(layer.how)
        return made

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the generator into one file, and return its path.

        Raises
        ------
        OptionError
            There is a file of that name.
        StorageError
            It can't be written; nothing half-written is left.
        """
        from synthnb.engines.saving import checked_path, write_generator
        from synthnb.recipes.rules import FunctionRule

        target = checked_path(path)
        if any(isinstance(rule, FunctionRule) for rule in self.recipe.rules):
            raise OptionError(
                "A rule of this generator is a Python function, which no file carries.", fix="Write the rule as an expression."
            )
        if target.exists() and not overwrite:
            raise OptionError(f"{shown(str(target))} exists.", fix="Choose another name, or overwrite it with overwrite=True.")
        write_generator(self, target)
        return target

    @classmethod
    def load(cls, path: str | Path) -> Generator:
        """Read what `save` wrote, by this version or an earlier one.

        Raises
        ------
        RecordError
            It isn't a generator's file, is damaged, or is of a later major version.
        """
        from synthnb.engines.saving import read_generator

        return read_generator(Path(path))

    def to_dict(self) -> dict[str, Json]:
        """What can be told of the generator without its arrays."""
        return {
            "engine": self.engine,
            "recipe": self.recipe.to_dict(),
            "parameters": dict(self.fitted.parameters),
            "how": self.how,
            "versions": dict(self.versions),
            "holds_real_values": self.holds_real_values,
        }
