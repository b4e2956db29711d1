"""A classifier of texts: logistic regression on TF-IDF weights of words and pairs of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._encode import level_text
from synthnb.evaluation.texts._tokens import Texts
from synthnb.evaluation.texts.embedding import word_runs

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.evaluation.base import Comparison

__all__ = ["CLASSIFIER", "Classifier", "Labelled", "label_of", "labelled", "learn"]

Array = NDArray[Any]
Words = Sequence[Sequence[str]]

CLASSIFIER = "logistic regression on tf-idf of words and pairs/1"
"""How scores name it."""

NO_LABEL = "No label was named: pass the column that says what a text was to show as label=."
MOST_CLASSES = 50
_FEATURES = 30_000


class Labelled(NamedTuple):
    """Texts with a label each."""

    texts: Texts
    """The texts that have a word and a label."""
    labels: Array
    """The label of each, as text."""

    def first(self, most: int) -> Labelled:
        """That many of them."""
        return self if len(self.labels) <= most else Labelled(self.texts.first(most), self.labels[:most])

    def among(self, classes: Array) -> Labelled:
        """Those of these classes."""
        return self.take(np.flatnonzero(np.isin(self.labels, classes)))

    def take(self, numbers: Array) -> Labelled:
        """Those of these numbers."""
        return Labelled(self.texts.take(numbers), self.labels[numbers])

    def classes(self, least: int) -> Array:
        """Labels that at least so many texts have."""
        found, counts = np.unique(self.labels, return_counts=True)
        kept: Array = found[counts >= least]
        return kept


def label_of(comparison: Comparison) -> str | None:
    """The column that says what a text was to show: the one stated, or else the target."""
    return comparison.facts.label or comparison.target


def labelled(comparison: Comparison, frame: pd.DataFrame | None, texts: Texts | None) -> Labelled:
    """The texts that have a label."""
    name = label_of(comparison)
    if texts is None or frame is None or name is None or name not in frame.columns:
        return Labelled(Texts((), np.zeros(0, dtype=np.intp)), np.zeros(0, dtype=str))
    spoken, cells = texts.spoken, frame[name]
    has = cells.notna().to_numpy()[spoken.rows]
    kept = spoken.take(np.flatnonzero(has))
    values = cells.astype(object).to_numpy()[kept.rows]
    return Labelled(kept, np.array([level_text(value) for value in values], dtype=str))


@dataclass(frozen=True, eq=False)
class Classifier:
    """What was learned from labelled texts."""

    classes: Array
    """The labels it tells apart."""
    weights: Any
    """From words to numbers."""
    model: Any
    """From numbers to probabilities."""

    def probabilities(self, texts: Words) -> Array:
        """Of each class for each text, shape (texts, classes)."""
        if self.model is None:
            return np.ones((len(texts), len(self.classes)))
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            made: Array = self.model.predict_proba(self.weights.transform(texts))
        return made

    def labels(self, texts: Words) -> Array:
        """The likeliest label of each text."""
        found: Array = self.classes[self.probabilities(texts).argmax(axis=1)]
        return found


def learn(data: Labelled) -> Classifier:
    """A classifier of the labels of these texts; of a single label, one that always says it."""
    classes = np.unique(data.labels)
    if len(classes) < 2:
        return Classifier(classes, None, None)
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    weights = TfidfVectorizer(analyzer=word_runs, sublinear_tf=True, max_features=_FEATURES)
    with threadpool_limits(1):
        # 10 is scikit-learn's usual choice for sparse rows of unit length, on which 1 shrinks to the class shares.
        model = LogisticRegression(C=10.0, max_iter=2000).fit(weights.fit_transform(data.texts.words), data.labels)
    return Classifier(model.classes_, weights, model)
