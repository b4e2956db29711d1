"""``%synth scale`` and ``replay``: from the words of the line to a law, or to a run made again."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synthnb._api.words import read_sizes
from synthnb._tables import SUFFIXES, read_table
from synthnb.errors import OptionError
from synthnb.jupyter.namespace import look_up
from synthnb.jupyter.progress import CellProgress
from synthnb.jupyter.publish import publish_bundle

if TYPE_CHECKING:
    from synthnb.evaluation.scaling import ScalingLaw

__all__ = ["fit_as_asked", "fit_table", "replay_as_asked"]


def fit_table(table: Any, *, size: str, error: str, weight: str | None, seed: int | None) -> ScalingLaw:
    """Fit a scaling law to the columns of a frame.

    Raises
    ------
    OptionError
        The frame has no such column, or its numbers make no law.
    """
    import narwhals as nw

    from synthnb.evaluation.scaling import fit_scaling

    read = nw.from_native(table, eager_only=True)
    for name in filter(None, (size, error, weight)):
        if name not in read.columns:
            raise OptionError.from_choice("A column", name, list(read.columns))
    weights = None if weight is None else read[weight].to_list()
    return fit_scaling(read[size].to_list(), read[error].to_list(), weights=weights, unit=size, seed=seed)


def fit_as_asked(given: Namespace, variables: Mapping[str, Any]) -> Any:
    """Fit a scaling law to the measurements named, and show what it says at the sizes asked for."""
    from synthnb.jupyter.mime import predictions_bundle

    is_file = given.frame.lower().endswith(SUFFIXES) and given.frame not in variables
    table = read_table(given.frame) if is_file else look_up(given.frame, variables)
    law = fit_table(table, size=given.size, error=given.error, weight=given.weight, seed=given.seed)
    sizes = read_sizes(given.at)
    if sizes:
        publish_bundle(predictions_bundle([law.predict(size) for size in sizes], unit=given.size))
    return law


def replay_as_asked(given: Namespace, variables: Mapping[str, Any]) -> None:
    """Make a run again from the replies that were kept, and tell what came of it."""
    from synthnb._api import replay

    with CellProgress("Replaying") as progress:
        publish_bundle({"text/plain": replay(given.run, frames=variables, progress=progress).summary})
