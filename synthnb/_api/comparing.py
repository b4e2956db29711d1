"""The verb that compares syntheses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synthnb._api.judging import evaluate
from synthnb._progress import Progress, no_progress
from synthnb._random import resolve_seed
from synthnb.errors import OptionError, shown
from synthnb.evaluation._visible import visible

if TYPE_CHECKING:
    from synthnb.evaluation.comparing import SynthesesComparison

__all__ = ["compare"]


def compare(
    *syntheses: Any,
    against: Any = None,
    names: Sequence[str] = (),
    profile: str = "auto",
    holdout: Any = None,
    target: str | None = None,
    groups: str | Sequence[str] = (),
    gates: Mapping[str, float] | None = None,
    utility: str | None = None,
    privacy: str | None = None,
    real_name: str = "real",
    holdout_name: str = "holdout",
    random_state: int | None = None,
    progress: Progress | None = None,
    **stated: Any,
) -> SynthesesComparison:
    """Return the scores of several syntheses of the same real rows, side by side.

    Parameters
    ----------
    *syntheses : frame, Synthesis, str or Path, or mapping of frames
        Two or more.
    against : frame, str or Path, or mapping of frames
        The real rows.
    names : sequence of str, optional
        What the syntheses are called, one each and all different; ``synthesis 1`` and so on by default.
    profile, holdout, target, groups, gates, **stated
        As for `evaluate`; the same for each.
    utility, privacy : str, optional
        Metrics of the two axes.
    real_name, holdout_name : str
        What the real rows and the hold-out are called.
    random_state : int, optional
        Seed from 0 to 2**32 - 1, shared by all.
    progress : callable, optional
        Called as ``progress(done, total, what)``.

    Returns
    -------
    SynthesesComparison
        ``.rows``, ``.front``, and ``.reports`` with everything that was computed.

    Raises
    ------
    FrameError, OptionError
        As `evaluate` does; also if there are fewer than two syntheses, or their names aren't as many or not different.
    """
    from synthnb.evaluation.comparing import MOST_SYNTHESES, compare_syntheses

    if not 2 <= len(syntheses) <= MOST_SYNTHESES:
        raise OptionError(f"From 2 to {MOST_SYNTHESES} syntheses were expected; got {len(syntheses)}.", fix="Pass several of them.")
    called = _called(names, len(syntheses))
    seed, tell = resolve_seed(random_state), progress or no_progress
    reports = {}
    for i, (name, synthesis) in enumerate(zip(called, syntheses, strict=True)):
        reports[name] = evaluate(
            synthesis,
            against,
            profile=profile,
            holdout=holdout,
            target=target,
            groups=groups,
            gates=gates,
            names=(name, real_name, holdout_name),
            random_state=seed,
            progress=_part(tell, i, len(called), name),
            **stated,
        )
    return compare_syntheses(reports, utility=utility, privacy=privacy)


def _called(names: Sequence[str], of: int) -> list[str]:
    """What the syntheses are called, as reports show it."""
    from synthnb.evaluation._encode import shown_names

    given: list[Any] = list(names) or [f"synthesis {i + 1}" for i in range(of)]
    called = [visible(name, len(name)) for name in given if isinstance(name, str)]
    if isinstance(names, str) or not len(set(called)) == len(called) == len(given) == of:
        raise OptionError(f"{of} different names were expected; got {shown(names)}.", fix="Name each synthesis once, as a text.")
    return list(shown_names(called).values())


def _part(tell: Progress, at: int, of: int, name: str) -> Progress:
    """Progress of one synthesis as part of all."""

    def told(done: int, total: int, what: str) -> None:
        tell(at * total + done, of * total, f"{name}: {what}")

    return told
