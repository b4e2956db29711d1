"""The verb that evaluates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from synthnb._api.governing import governed, limits_for
from synthnb._api.keeping import entry_of
from synthnb._api.making import read_source
from synthnb._api.origins import heed_compared
from synthnb._api.stating import gather_facts, names_of
from synthnb._progress import Progress, no_progress
from synthnb.disclosure.session import session
from synthnb.errors import FrameError

if TYPE_CHECKING:
    from synthnb.evaluation.facts import Facts
    from synthnb.evaluation.profiles import Profile
    from synthnb.evaluation.report import Report

__all__ = ["evaluate"]

_LONGEST_NAME = 200


def evaluate(
    synthetic: Any,
    real: Any = None,
    *,
    profile: str = "auto",
    holdout: Any = None,
    target: str | None = None,
    groups: str | Sequence[str] = (),
    gates: Mapping[str, float] | None = None,
    names: tuple[str, str, str] = ("synthetic", "real", "holdout"),
    override: str | None = None,
    random_state: int | None = None,
    progress: Progress | None = None,
    **stated: Any,
) -> Report:
    """Return the scores of a synthetic frame against the real one.

    Parameters
    ----------
    synthetic, real : frame, str or Path, or mapping of frames
        The frames to compare, or files of them; of several tables, mappings from name to frame.
        Texts and questions may be evaluated without real ones.
    profile : str
        The named set of metrics and gates, or a ``.toml`` file that extends one. ``"auto"`` takes ``tabular-core/1``,
        ``text-core/1`` where text columns are named, ``corpus-core/1`` where sources are, ``relational-core/1`` for mappings.
    holdout : frame, str or Path, optional
        Real rows the generator never saw. Without them attacks and utility
        aren't computed, and the report says so.
    target : str, optional
        The column a model would predict (train on synthetic, test on real).
    groups : sequence of str, optional
        Columns whose subgroups are shown.
    gates : mapping, optional
        Other limits for gates of the profile, by metric; each change is in the report.
    names : tuple of str
        What the three frames are called in the report.
    override : str, optional
        Why it is evaluated although a rule of the policy is broken; the record states it.
    random_state : int, optional
        Seed from 0 to 2**32 - 1.
    progress : callable, optional
        Called as ``progress(done, total, what)``.
    **stated
        What only you can state; see `synthnb.evaluation.facts.Facts`. Columns: ``secrets`` (an attacker would guess them),
        ``known`` (an attacker knows them), ``keys``, ``survival`` (time and event), ``text``, ``label``. Numbers: ``population``.
        Else: ``recipe`` (whose rules are counted), ``analyses`` (functions of a frame), ``replicates``, ``attributes``
        (texts asked for by column and level), ``examples`` (texts shown in prompts), ``sources`` (a folder of documents),
        ``relations`` (of several tables).

    Returns
    -------
    Report
        ``.scores``, each with value, interval, n and direction, or the reason why it wasn't computed; ``.gates``.

    Raises
    ------
    FrameError
        A frame is empty, or the two have no column in common.
    OptionError
        A column that is named isn't there, or the profile can't be used.

    Examples
    --------
    >>> import pandas as pd
    >>> real = pd.DataFrame({"age": range(20, 80), "smokes": [True, False, False] * 20})
    >>> report = evaluate(real.sample(60, random_state=1), real, random_state=1)
    >>> next(score.value for score in report.scores if score.metric == "column_shapes")
    1.0
    """
    from synthnb.evaluation._visible import visible
    from synthnb.evaluation.report import evaluate_frames

    names = (visible(names[0], _LONGEST_NAME), visible(names[1], _LONGEST_NAME), visible(names[2], _LONGEST_NAME))
    facts = gather_facts(stated, made=synthetic)
    tables = getattr(synthetic, "frames", None) or synthetic
    with governed("evaluate", override=override) as under:
        limits = limits_for(under, _profile_of(profile, facts, isinstance(tables, Mapping)), gates or {}) if under.force else gates
        if isinstance(tables, Mapping):
            ways: dict[str, Any] = {"profile": profile, "gates": limits, "names": names, "seed": random_state, "progress": progress}
            report = _evaluate_tables(tables, real, holdout, stated, **ways)
        else:
            if real is None and not (facts.text or facts.sources):
                raise FrameError(
                    "A real frame to compare with was expected; got none.", fix="Pass the frame the synthetic one was made from."
                )
            heed_compared(synthetic, real, names)
            report = evaluate_frames(
                read_source(synthetic, "")[0],
                None if real is None else read_source(real, "")[0],
                synthetic_name=names[0],
                real_name=names[1],
                holdout_name=names[2],
                holdout=None if holdout is None else read_source(holdout, "")[0],
                target=target,
                groups=groups,
                profile=profile,
                facts=facts,
                gates=limits,
                seed=random_state,
                progress=progress or no_progress,
            )
        if under.force is not None:
            tightened = set(limits or {}) - set(gates or {})
            report = replace(report, policy=under.outcome, gates=_by_policy(report.gates, tightened, under.force.name))
        session.remember(entry_of(report))
        under.remember_exceptions(report.id, report.synthetic)
    return report


def _profile_of(named: str, facts: Facts, several: bool) -> Profile:
    """The profile that is going to be used; `evaluate` chooses by what is stated where none is named."""
    from synthnb.evaluation.profiles import find_profile
    from synthnb.evaluation.report import profile_for

    if named != "auto":
        return find_profile(named)
    return find_profile("relational-core/1" if several else profile_for(facts))


def _by_policy(gates: Sequence[Mapping[str, Any]], tightened: Set[str], policy: str) -> tuple[dict[str, Any], ...]:
    """Gates with the policy as the source of the limits that it set."""
    return tuple({**gate} | ({"source": f"the policy {policy}"} if gate["metric"] in tightened else {}) for gate in gates)


def _evaluate_tables(
    synthetic: Mapping[str, Any],
    real: Any,
    holdout: Any,
    stated: Mapping[str, Any],
    *,
    profile: str,
    gates: Mapping[str, float] | None,
    names: tuple[str, str, str],
    seed: int | None,
    progress: Progress | None,
) -> Report:
    from synthnb.evaluation.relational import evaluate_tables

    for what, tables in (("real", real), ("hold-out", holdout)):
        if not isinstance(tables, Mapping) and not (what == "hold-out" and tables is None):
            raise FrameError(
                f"Several synthetic tables need a mapping of {what} ones; got {names_of(tables)}.", fix='Pass {"patients": …, "visits": …}.'
            )
    return evaluate_tables(
        {name: read_source(table, "")[0] for name, table in synthetic.items()},
        {name: read_source(table, "")[0] for name, table in real.items()},
        relations=stated.get("relations") or (),
        holdout=None if holdout is None else {name: read_source(table, "")[0] for name, table in holdout.items()},
        synthetic_name=names[0],
        real_name=names[1],
        holdout_name=names[2],
        profile="relational-core/1" if profile == "auto" else profile,
        gates=gates,
        seed=seed,
        progress=progress or no_progress,
    )
