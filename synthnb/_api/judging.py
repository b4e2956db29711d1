"""The verb that evaluates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from synthnb._api.keeping import entry_of
from synthnb._api.making import read_source
from synthnb._progress import Progress, no_progress
from synthnb.disclosure.session import session
from synthnb.errors import FrameError

if TYPE_CHECKING:
    from synthnb.evaluation.report import Report

__all__ = ["evaluate"]


def evaluate(
    synthetic: Any,
    real: Any = None,
    *,
    profile: str = "auto",
    holdout: Any = None,
    target: str | None = None,
    groups: str | Sequence[str] = (),
    names: tuple[str, str, str] = ("synthetic", "real", "holdout"),
    random_state: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Return the scores of a synthetic frame against the real one.

    Parameters
    ----------
    synthetic, real : frame, str or Path
        The frames to compare, or ``.csv`` or ``.parquet`` files.
    profile : str
        The named set of metrics; ``"auto"`` takes ``tabular-core/1``.
    holdout : frame, str or Path, optional
        Real rows the generator never saw. Without them attacks and utility
        aren't computed, and the report says so.
    target : str, optional
        The column a model would predict (train on synthetic, test on real).
    groups : sequence of str, optional
        Columns whose subgroups are shown.
    names : tuple of str
        What the three frames are called in the report.
    random_state : int, optional
        Seed from 0 to 2**32 - 1.
    progress : callable, optional
        Called as ``progress(done, total, what)``.

    Returns
    -------
    Report
        ``.scores``, each with value, interval, n and direction, or the reason why it wasn't computed.

    Raises
    ------
    FrameError
        A frame is empty, or the two have no column in common.
    OptionError
        The target or a group isn't a column.
    """
    from synthnb.evaluation.report import evaluate_frames

    if real is None:
        raise FrameError("A real frame to compare with was expected; got none.", fix="Pass the frame the synthetic one was made from.")
    synthetic, real = read_source(synthetic, "")[0], read_source(real, "")[0]
    report = evaluate_frames(
        synthetic,
        real,
        synthetic_name=names[0],
        real_name=names[1],
        holdout_name=names[2],
        holdout=None if holdout is None else read_source(holdout, "")[0],
        target=target,
        groups=groups,
        profile=profile,
        seed=random_state,
        progress=progress or no_progress,
    )
    session.remember(entry_of(report))
    return report
