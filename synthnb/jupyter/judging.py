"""``%synth evaluate``, ``compare`` and ``judge``: from the words of a line to a report, a comparison or a judgement."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synthnb._api import compare, evaluate, judge
from synthnb._api.words import read_families, read_gates, read_limits, read_survival
from synthnb.jupyter.namespace import look_up
from synthnb.jupyter.progress import CellProgress

if TYPE_CHECKING:
    from synthnb.evaluation.comparing import SynthesesComparison
    from synthnb.evaluation.judge import Judgement
    from synthnb.evaluation.report import Report

__all__ = ["compare_as_asked", "evaluate_as_asked", "judge_as_asked", "stated_words"]

_COLUMNS = ("secrets", "known", "keys", "text")


def stated_words(given: Namespace, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What a line states about the data, by the names that `evaluate` has for it."""
    said: dict[str, Any] = {name: getattr(given, name) for name in (*_COLUMNS, "population", "label", "sources")}
    for name in ("replicates", "examples"):
        said[name] = None if getattr(given, name) is None else look_up(getattr(given, name), variables)
    recipe = given.recipe
    said["recipe"] = look_up(recipe, variables) if recipe is not None and not recipe.endswith(".json") else recipe
    said["survival"] = None if given.survival is None else read_survival(given.survival)
    said["analyses"] = {name: look_up(name, variables) for name in given.analysis or ()} or None
    said["relations"] = given.relation or None
    return {name: value for name, value in said.items() if value is not None}


def evaluate_as_asked(given: Namespace, variables: Mapping[str, Any]) -> Report:
    """Evaluate the frames that a line names."""
    synthetic = look_up(given.frame, variables)
    said = _said(given, variables)
    with CellProgress("Evaluating") as progress:
        return evaluate(
            synthetic, said.pop("real"), names=(given.frame, given.against or "none", given.holdout or "holdout"), progress=progress, **said
        )


def compare_as_asked(given: Namespace, variables: Mapping[str, Any]) -> SynthesesComparison:
    """Evaluate each of the frames that a line names, and set them side by side."""
    frames = [look_up(name, variables) for name in given.frame]
    said = _said(given, variables)
    with CellProgress("Comparing") as progress:
        return compare(
            *frames,
            against=said.pop("real"),
            names=given.frame,
            utility=given.utility,
            privacy=given.privacy,
            real_name=given.against or "none",
            holdout_name=given.holdout or "holdout",
            progress=progress,
            **said,
        )


def _said(given: Namespace, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What a line says that both verbs take."""
    real, holdout = (None if name is None else look_up(name, variables) for name in (given.against, given.holdout))
    return {
        "real": real,
        "profile": given.profile or "auto",
        "holdout": holdout,
        "target": given.target,
        "groups": given.groups or (),
        "gates": read_gates(given.gate or ()),
        "random_state": given.seed,
        **stated_words(given, variables),
    }


def judge_as_asked(given: Namespace, variables: Mapping[str, Any]) -> Judgement:
    """Have a model judge the frame that a line names."""
    said = {"n": given.n, "rubric": given.rubric, "repeats": given.repeats}
    with CellProgress("Judging") as progress:
        return judge(
            look_up(given.frame, variables),
            None if given.against is None else look_up(given.against, variables),
            model=given.model,
            text=given.text,
            pairs=given.pairs,
            others={family: look_up(name, variables) for family, name in read_families(given.other or ()).items()},
            names=(given.frame, given.against or "real"),
            limits=read_limits(
                tokens=given.limit_tokens, cost=given.limit_cost, minutes=given.limit_minutes, watt_hours=given.limit_watt_hours
            ),
            allow_hosted=given.allow_hosted,
            identifiers=given.identifiers,
            sensitive=given.sensitive,
            random_state=given.seed,
            progress=progress,
            **{name: value for name, value in said.items() if value is not None},
        )
