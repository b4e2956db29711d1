"""Texts as points: weights of their words and character runs, brought down to a few dimensions.

::

    texts ──► runs of 1, 2 words ──► TF-IDF ──┐
          └─► runs of 3 characters ► TF-IDF ──┴──► unit rows ──► truncated SVD, 64 dimensions

It needs no model and no network and is fitted on the texts compared, so its points mean
nothing beyond one evaluation. It sees words and spelling, not meaning: two texts that
say the same in other words are far apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation.texts._tokens import Texts, grams

if TYPE_CHECKING:
    from synthnb.evaluation.base import Comparison
    from synthnb.evaluation.texts._columns import TextColumn

__all__ = ["EMBEDDER", "WEIGHTS", "Points", "points_of", "similarities_of"]

Array = NDArray[Any]

WEIGHTS = "tf-idf/1"
"""Words, pairs of words and runs of three characters, 20,000 of each, log counts, the two halves of equal length."""
EMBEDDER = "tf-idf + svd/1"
"""These, in 64 dimensions."""

_MOST_TEXTS = 4000
_LONGEST = 20_000
_FEATURES = 20_000
_DIMENSIONS = 64


@dataclass(frozen=True, eq=False)
class Weights:
    """TF-IDF rows of the texts of a column, those of the three frames one below another."""

    rows: Any
    """Sparse, of unit length."""
    place: dict[str, int]
    """The row of each text."""

    def of(self, texts: Texts) -> Any:
        """The rows of these texts."""
        return self.rows[[self.place[text] for text in texts.strings]]


@dataclass(frozen=True, eq=False)
class Points:
    """Texts in 64 dimensions or fewer."""

    values: Array
    """Of shape (different texts, dimensions)."""
    place: dict[str, int]
    """The row of each text."""

    def of(self, texts: Texts) -> Array:
        """The points of these texts."""
        found: Array = self.values[[self.place[text] for text in texts.strings]]
        return found


def cut(column: TextColumn) -> TextColumn:
    """The column with at most 4,000 texts of each frame, and only those that have a word."""
    held = None if column.holdout is None else column.holdout.spoken.first(_MOST_TEXTS)
    return column._replace(synthetic=column.synthetic.spoken.first(_MOST_TEXTS), real=column.real.spoken.first(_MOST_TEXTS), holdout=held)


def similarities_of(comparison: Comparison, column: TextColumn) -> Callable[[Texts], Array]:
    """What gives the cosines of any of the column's texts with one another."""
    weights = _weights(comparison, column)

    def similar(texts: Texts) -> Array:
        rows = weights.of(texts)
        made: Array = (rows @ rows.T).toarray()
        return made

    return similar


def points_of(comparison: Comparison, column: TextColumn) -> Points:
    """The texts of a column as points, made once."""
    made: Points = comparison.remembered(f"points\x1f{column.name}", lambda: _reduced(_weights(comparison, column), comparison.seed))
    return made


def _weights(comparison: Comparison, column: TextColumn) -> Weights:
    made: Weights = comparison.remembered(f"weights\x1f{column.name}", lambda: _weighted(comparison, cut(column)))
    return made


def _weighted(comparison: Comparison, column: TextColumn) -> Weights:
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    parts = [texts for texts in (column.synthetic, column.real, column.holdout) if texts is not None]
    strings = [text for texts in parts for text in texts.strings]
    found = [own for texts in parts for own in texts.words]
    halves = []
    for items, analyzer in ((found, word_runs), (strings, character_runs)):
        comparison.clock.check()
        counted = TfidfVectorizer(analyzer=analyzer, sublinear_tf=True, max_features=_FEATURES, dtype=np.float64)
        halves.append(counted.fit_transform(items))
    rows = hstack(halves, format="csr")
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1))).ravel()
    rows = rows.multiply(1 / np.maximum(length, 1e-12)[:, None]).tocsr()
    return Weights(rows, {text: i for i, text in enumerate(strings)})


def word_runs(found: Sequence[str]) -> Iterator[str]:
    """A text's words and its pairs of words."""
    shortened = found[: _LONGEST // 4]
    yield from shortened
    yield from (" ".join(pair) for pair in grams(shortened, 2))


def character_runs(text: str) -> list[str]:
    """A text's runs of three characters, with one blank for any white space and at either end."""
    flat = f" {' '.join(text[:_LONGEST].casefold().split())} "
    return [flat[i : i + 3] for i in range(len(flat) - 2)]


def _reduced(weights: Weights, seed: int) -> Points:
    from sklearn.decomposition import TruncatedSVD
    from threadpoolctl import threadpool_limits

    dimensions = max(min(_DIMENSIONS, weights.rows.shape[0] - 1, weights.rows.shape[1] - 1), 1)
    with threadpool_limits(1):
        values = TruncatedSVD(dimensions, n_iter=5, random_state=seed).fit_transform(weights.rows)
    return Points(values, weights.place)
