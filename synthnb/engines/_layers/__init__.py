"""Layers: what is taken off a frame before an engine learns it, and put back on what the engine draws.

::

    real frame ──► take off ──► what the engine learns
    synthetic rows ◄── put back ◄── what the engine draws

Identifiers are taken off because nothing about them is to be learnt. Columns that a rule
ties together are replaced by others that can't break it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from synthnb.engines.base import State, Unit

__all__ = ["Layer"]


class Layer(Protocol):
    """One thing taken off and put back."""

    @property
    def how(self) -> Mapping[str, str]:
        """How each column this layer makes is made, by name."""

    def rebuild(
        self, frame: pd.DataFrame, *, numbers: np.ndarray[Any, Any], seed: int, unit: Unit
    ) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
        """Put the layer's columns back on drawn rows.

        Parameters
        ----------
        frame : pandas.DataFrame
            Rows as the layer inside this one gave them.
        numbers : ndarray of int
            The rows' numbers in the whole output, increasing.
        seed, unit
            The run's seed, and what sets this attempt apart.

        Returns
        -------
        frame : pandas.DataFrame
            The same rows with this layer's columns.
        again : ndarray of bool
            Which rows must be drawn again.
        """

    def finish(self, frame: pd.DataFrame, *, seed: int) -> tuple[pd.DataFrame, dict[str, int], np.ndarray[Any, Any]]:
        """Settle what only the whole output can: return it, figures, and per row whether it must be left out."""

    def notes(self, counts: Mapping[str, int]) -> list[str]:
        """Sentences the reader of the run should see."""

    def to_state(self) -> State:
        """Everything needed to put the columns back, as plain data."""
