"""Which synthetic rows to keep, by what a classifier trained on the real rows makes of their labels.

At each stage of its training the classifier gives the row's own label a probability p. Over E stages

::

    confidence  = 1/E Σ p              from 0 to 1
    uncertainty = 1/E Σ p (1 − p)      from 0 to 1/4, of the data and not of the model

A row is dropped if its confidence is low and its uncertainty is low too: the classifier was sure from early on, and
of another opinion. A row that is hard either way has a high uncertainty and stays.

Seedat, Huynh, van Breugel and van der Schaar 2024, "Curated LLM: Synergy of LLMs and Data Curation for tabular
augmentation in low-data regimes", arXiv 2312.12112; the figures are those of Seedat and others 2022, "Data-IQ",
arXiv 2210.13043. Stages are those of boosting. The thresholds are those of the authors' code: 0.2 for the confidence,
and for the uncertainty 0.75 of the range of all; where no uncertainty reaches 0.2, which is their fixed threshold, that
range says nothing, and 0.2 is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb._frames import to_pandas
from synthnb._random import resolve_seed
from synthnb.engines._encoding.table import LEVEL_KINDS, MISSING, ORDINARY, Coder, encode_table
from synthnb.errors import FrameError, OptionError, shown
from synthnb.recipes.infer import infer_recipe

if TYPE_CHECKING:
    import pandas as pd

    from synthnb._canonical import Json
    from synthnb.recipes.recipe import Recipe

__all__ = ["Curated", "curate", "figures"]

Array = np.ndarray[Any, Any]

STAGES = 100
"""Stages of boosting, each of which has its say."""
CONFIDENCE = 0.2
"""A row is dropped only if its confidence is at most this."""
UNCERTAINTY = 0.2
"""… and its uncertainty at most this, where no row has a larger one."""
RANGE = 0.75
"""… and else at most this share of the range of all uncertainties."""

_LEAST_ROWS = 10
_MOST_CLASSES = 20
_BANDS = 3


@dataclass(frozen=True)
class Curated:
    """What became of each row."""

    frame: Any
    """The rows that are kept, in the kind of frame that was given."""
    kept: Array
    """bool per row given: whether it is kept."""
    confidence: Array
    """float per row given, from 0 to 1; NaN where its label is missing."""
    uncertainty: Array
    """float per row given, from 0 to 1/4; NaN likewise."""
    thresholds: dict[str, Json]
    """``confidence``, ``uncertainty``, ``rule``, ``stages``, ``classes``, ``real_rows`` and ``not_judged``."""

    @property
    def note(self) -> str:
        """How many rows were dropped by which thresholds, in a sentence."""
        dropped, told = int((~self.kept).sum()), self.thresholds
        return (
            f"Curation dropped {dropped:,} of {len(self.kept):,} rows: to their label, a classifier trained on {told['real_rows']:,} "
            f"real rows gave a confidence of at most {told['confidence']} with an uncertainty of at most {told['uncertainty']:.3f} "
            "(arXiv 2312.12112)."
        )


def curate(
    synthetic: Any,
    real: Any,
    *,
    target: str,
    seed: int | None = None,
    confidence: float = CONFIDENCE,
    percentile: float | None = None,
    recipe: Recipe | None = None,
) -> Curated:
    """Return the synthetic rows whose labels a classifier trained on the real rows doesn't confidently contradict.

    Parameters
    ----------
    synthetic, real : frame
        pandas, polars or Arrow; the real one has at least ten rows with a label and every column of the synthetic one.
    target : str
        The column of labels; one of many different numbers is cut into thirds of the real rows.
    seed : int, optional
        The classifier's.
    confidence : float
        Threshold of the confidence, 0 to 1.
    percentile : float, optional
        Take this percentile (0 to 100) of the uncertainties as their threshold, in place of the rule above.
    recipe : Recipe, optional
        What the real frame's columns are; inferred by default.

    Raises
    ------
    OptionError
        A threshold is outside its range, or the target isn't a column of both.
    FrameError
        There are too few real rows or labels, or too many different ones.
    """
    _check(confidence, percentile)
    known, _ = to_pandas(real, what="real frame")
    inside, restore = to_pandas(synthetic, what="synthetic frame")
    described = recipe or infer_recipe(known, table="real", rows=len(known), seed=0)
    names = [column.name for column in described.columns if column.kind not in {"text", "identifier", "empty"}]
    for place, frame in (("real", known), ("synthetic", inside)):
        if target not in names or target not in frame:
            raise OptionError.from_choice(f"The target, a column of the {place} frame", target, [name for name in names if name in frame])
    features = [name for name in names if name != target and name in inside]
    known = _in_one_order(known, names)
    coders = _coders(known, described, [*features, target])
    labels, own = _labels(known, inside, coders[target])
    probability = _stages(
        _matrix(known, features, coders), labels, _matrix(inside, features, coders), own, seed=resolve_seed(0 if seed is None else seed)
    )
    return _judged(inside, restore, probability, own, labels, confidence, percentile)


def figures(probability: Array) -> tuple[Array, Array]:
    """Confidence and uncertainty of rows.

    Parameters
    ----------
    probability : ndarray of float, stages by rows
        What each stage gave the row's own label.

    Examples
    --------
    >>> confidence, uncertainty = figures(np.array([[0.5, 0.1], [0.7, 0.3]]))
    >>> confidence.round(3).tolist(), uncertainty.round(3).tolist()
    ([0.6, 0.2], [0.23, 0.15])
    """
    return probability.mean(axis=0), (probability * (1 - probability)).mean(axis=0)


def _check(confidence: Any, percentile: Any) -> None:
    for label, value, most in (
        ("The threshold of the confidence", confidence, 1),
        ("The percentile of the uncertainties", percentile, 100),
    ):
        if value is None and most == 100:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            raise OptionError(f"{label} must be from 0 to {most}; got {shown(value)}.", fix="Choose a number in that range.")


def _in_one_order(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The rows in an order of their own, so that the one they came in changes nothing."""
    keys = np.array(["\x1f".join(map(repr, row)) for row in frame[names].itertuples(index=False, name=None)], dtype=object)
    return frame.iloc[np.argsort(keys, kind="stable")].reset_index(drop=True)


def _coders(known: pd.DataFrame, recipe: Recipe, names: list[str]) -> dict[str, Coder]:
    columns = tuple(column for column in recipe.columns if column.name in names)
    table = encode_table(known, recipe.model_copy(update={"columns": columns}))
    return {coder.column.name: coder for coder in table.coders}


def _numbers(cells: pd.Series[Any], coder: Coder) -> tuple[Array, Array]:
    """Cells as floats, and which are there; a level that the real rows don't have is as good as missing."""
    from synthnb.engines._encoding.codec import Levels, without_arrow

    plain = without_arrow(cells)
    here = plain.notna().to_numpy()
    if isinstance(coder.cells, Levels):
        known = {str(level): place for place, level in enumerate(_texts(coder))}
        places = np.array([known.get(str(cell), -1) if there else -1 for cell, there in zip(plain.astype(object), here, strict=True)])
        return places.astype("f8"), places >= 0
    states = np.where(here, ORDINARY, MISSING).astype("i1")
    return np.asarray(coder.cells.read(plain, states), dtype="f8"), states == ORDINARY


def _texts(coder: Coder) -> list[Any]:
    import pandas as pd

    if isinstance(coder.dtype, pd.CategoricalDtype):
        return [coder.dtype.categories[place] for place in coder.levels]
    return list(coder.levels)


def _matrix(frame: pd.DataFrame, features: list[str], coders: dict[str, Coder]) -> Array:
    """Features as floats: a column per level of a category of few, and missing numbers below all others."""
    columns = [np.zeros(len(frame))]
    for name in features:
        coder = coders[name]
        values, here = _numbers(frame[name], coder)
        if coder.column.kind in LEVEL_KINDS and not coder.ordered and coder.size <= _MOST_CLASSES:
            columns += [(here & (values == level)).astype("f8") for level in range(coder.size)]
        else:
            least = float(coder.values.min()) if coder.size else 0.0
            columns.append(np.where(here, values, least - 1.0))
    return np.column_stack(columns)


def _labels(known: pd.DataFrame, inside: pd.DataFrame, coder: Coder) -> tuple[Array, Array]:
    """Classes of the real and of the synthetic rows; -1 where missing, -2 where the real rows don't have it."""
    import pandas as pd

    (real, here), (own, there) = _numbers(known[coder.column.name], coder), _numbers(inside[coder.column.name], coder)
    if coder.column.kind not in LEVEL_KINDS and coder.size > _MOST_CLASSES:
        cuts = np.unique(np.quantile(real[here], np.arange(1, _BANDS) / _BANDS))
        real, own = (np.searchsorted(cuts, values, side="right").astype("f8") for values in (real, own))
    classes = np.unique(real[here])
    if here.sum() < _LEAST_ROWS or not 2 <= len(classes) <= _MOST_CLASSES:
        raise FrameError(
            f"Curation needs at least {_LEAST_ROWS} real rows with a label of 2 to {_MOST_CLASSES} classes; "
            f"{shown(coder.column.name)} has {int(here.sum()):,} rows and {len(classes):,} classes.",
            fix="Choose another target, or leave curation out.",
        )
    missing = inside[coder.column.name].isna().to_numpy()
    place = pd.Index(classes)
    return (
        np.where(here, place.get_indexer(real), -1),
        np.where(missing, -1, np.where(there, np.where(np.isin(own, classes), place.get_indexer(own), -2), -2)),
    )


def _stages(real: Array, labels: Array, synthetic: Array, own: Array, *, seed: int) -> Array:
    """The probability of each synthetic row's own label at each stage; 0 for a label that no real row has."""
    from sklearn.ensemble import GradientBoostingClassifier

    here = labels >= 0
    leaf = max(2, min(20, int(here.sum()) // 20))
    model = GradientBoostingClassifier(n_estimators=STAGES, min_samples_leaf=leaf, random_state=seed).fit(real[here], labels[here])
    column = {int(label): at for at, label in enumerate(model.classes_)}
    at = np.array([column.get(int(label), -1) for label in own])
    rows = np.arange(len(own))
    return np.array([np.where(at >= 0, stage[rows, at], 0.0) for stage in model.staged_predict_proba(synthetic)])


def _judged(
    inside: pd.DataFrame, restore: Any, probability: Array, own: Array, labels: Array, confidence: float, percentile: float | None
) -> Curated:
    sure, unsure = figures(probability)
    judged = own != -1
    sure, unsure = np.where(judged, sure, np.nan), np.where(judged, unsure, np.nan)
    spread = unsure[judged]
    if percentile is None and spread.max(initial=0.0) < UNCERTAINTY:
        limit, rule = UNCERTAINTY, "fixed: no uncertainty is larger"
    elif percentile is None:
        limit, rule = float(RANGE * np.ptp(spread)), f"{RANGE} of the range of the uncertainties"
    else:
        limit = float(np.percentile(spread, percentile)) if len(spread) else 0.0
        rule = f"the {percentile:g}th percentile of the uncertainties"
    kept = ~(judged & (np.nan_to_num(sure, nan=1.0) <= confidence) & (np.nan_to_num(unsure, nan=1.0) <= limit))
    thresholds: dict[str, Json] = {
        "confidence": confidence,
        "uncertainty": limit,
        "rule": rule,
        "stages": STAGES,
        "classes": len(np.unique(labels[labels >= 0])),
        "real_rows": int((labels >= 0).sum()),
        "not_judged": int((~judged).sum()),
    }
    return Curated(restore(inside[kept].reset_index(drop=True)), kept, sure, unsure, thresholds)
