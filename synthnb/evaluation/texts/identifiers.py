"""Direct identifiers in the texts, by kind: addresses, numbers of persons and accounts, names after a title."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from synthnb._identifiers import find_identifiers
from synthnb.evaluation.base import NO_INTERVAL, Clock, Comparison, Definition, Findings, Score, Step
from synthnb.evaluation.texts._columns import NO_REAL, TextColumn, per_column

if TYPE_CHECKING:
    from synthnb.evaluation.texts._tokens import Texts

__all__ = ["DETECTOR", "FOUND", "IDENTIFIERS_STEP", "REAL_ONES", "identifiers"]

DETECTOR = "spelling, check digits and preceding words/1"
"""How scores name the detector: `synthnb._identifiers`."""
RECALL = "37 of 37 planted in usual spellings, 12 of 20 in odd ones"
"""What it finds of a planted set; `tests/evaluation/texts/test_identifiers.py` measures it."""

FOUND = Definition(
    metric="direct_identifiers_per_1000",
    label="Direct identifiers per 1,000 texts",
    dimension="privacy",
    direction="lower",
    reference="1000 × hits of a detector of direct identifiers / texts; its recall is in the parameters; ceiling: the real texts' own",
)
REAL_ONES = Definition(
    metric="real_identifiers_per_1000",
    label="Direct identifiers of real texts, per 1,000 texts",
    dimension="privacy",
    direction="lower",
    reference="1000 × hits of that detector whose letters and digits are those of a hit in a real text / texts",
)
_GIVES = (FOUND, REAL_ONES)
_COUNTED = f"{NO_INTERVAL} what all texts were read for; the detector's misses aren't in it"
_PIECE = 20_000
_OVERLAP = 200


class Hit(NamedTuple):
    """What was found, without where."""

    kind: str
    """Its kind."""
    letters: str
    """Its letters and digits; never part of a score."""


def identifiers(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Direct identifiers per 1,000 texts, and those that are a real text's."""
    return per_column(comparison, _GIVES, lambda column: _scores(comparison, column, parameters["most_texts"]))


def _scores(comparison: Comparison, column: TextColumn, most: int) -> Iterable[Score]:
    synthetic, real = column.synthetic.first(most), column.real.first(most)
    hits = list(_hits(synthetic, column.name, comparison.clock))
    theirs = list(_hits(real, column.name, comparison.clock))
    n = len(synthetic)
    given = {"detector": DETECTOR, "recall": RECALL, "interval": _COUNTED, "count": len(hits)}
    ceiling = 1000 * len(theirs) / len(real) if len(real) else None
    kinds = {"kinds": dict(sorted(Counter(hit.kind for hit in hits).items()))}
    yield FOUND.score(1000 * len(hits) / n, n=n, subject=[column.shown], ceiling=ceiling, parameters=given | kinds)
    if not len(real):
        yield REAL_ONES.score(None, n=n, subject=[column.shown], reason=NO_REAL)
        return
    known = {hit.letters for hit in theirs}
    again = [hit for hit in hits if hit.letters in known]
    kinds = {"kinds": dict(sorted(Counter(hit.kind for hit in again).items()))}
    yield REAL_ONES.score(1000 * len(again) / n, n=n, subject=[column.shown], parameters=given | kinds | {"count": len(again)})


def _hits(texts: Texts, name: str, clock: Clock) -> Iterator[Hit]:
    """Direct identifiers of the texts, long ones read in pieces that overlap."""
    for text in texts.strings:
        for start in range(0, max(len(text), 1), _PIECE):
            clock.check()
            piece = text[start : start + _PIECE + _OVERLAP]
            for found in find_identifiers(piece, before="" if start else name):
                # What begins in the overlap is the next piece's.
                if found.direct and found.start < _PIECE:
                    yield Hit(found.kind, "".join(sign for sign in piece[found.start : found.end].casefold() if sign.isalnum()))


IDENTIFIERS_STEP = Step(name="identifiers in texts", run=identifiers, gives=_GIVES, parameters={"most_texts": 20_000})
"""``text-identifiers``."""
