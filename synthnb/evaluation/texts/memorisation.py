"""Runs of words that the synthetic texts share with the real ones and with the prompts' examples, and names that reappear.

Real texts share runs with one another too: set phrases, forms, quotations. So
each share stands beside that of real texts nobody copied: the hold-out against the
real texts, or each real text against all others, which is the same number of texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._intervals import newcombe, wilson
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Score, Step
from synthnb.evaluation.texts._columns import NO_REAL, TextColumn, per_column
from synthnb.evaluation.texts._suffixes import longest_runs
from synthnb.evaluation.texts._tokens import Texts, read_texts
from synthnb.evaluation.texts.entities import entities_of

__all__ = ["ENTITIES", "EXAMPLES", "EXCESS", "LONGEST", "MEMORISATION_STEP", "SHARED", "memorisation"]

Array = NDArray[Any]

SHARED = tuple(
    Definition(
        metric=f"shared_{n}_words_share",
        label=f"Texts with {n} words in a row from a real text",
        dimension="copies",
        direction="lower",
        reference=f"share of texts with a run of {n} words that a real text has, or with the same words as one; Wilson interval; {more}"
        "ceiling: hold-out, or each real text against the others",
    )
    for n, more in ((8, ""), (13, "13 words as in Brown et al. (2020), arXiv 2005.14165, appendix C; "))
)
EXCESS = Definition(
    metric="shared_13_words_excess",
    label="Texts with 13 words in a row from a real text, beyond real texts' own",
    dimension="copies",
    direction="lower",
    reference="share of synthetic texts less that of hold-out texts, or of real texts against one another; Newcombe (1998), method 10",
)
LONGEST = Definition(
    metric="longest_shared_run",
    label="Longest run of words from a real text",
    dimension="copies",
    direction="lower",
    reference="words in the longest run that a synthetic and a real text share; ceiling: as many hold-out or real texts",
)
EXAMPLES = Definition(
    metric="examples_shared_8_words_share",
    label="Texts with 8 words in a row from a prompt's example",
    dimension="copies",
    direction="lower",
    reference="share of texts with a run of 8 words that an example has, or with the same words as one; Wilson interval",
)
ENTITIES = Definition(
    metric="leaked_entities_share",
    label="Texts with a rare name or number of a real text",
    dimension="privacy",
    direction="lower",
    reference="share of texts with a capitalised name or a number of 3 digits or more that 1 or 2 real texts have; Wilson interval; "
    "ceiling: hold-out, or each real text against the others",
)
_GIVES = (*SHARED, EXCESS, LONGEST, EXAMPLES, ENTITIES)
_RUNS = (1, 2, 4, 8, 13, 25, 50, 100)
_RARE = 2
HOLDOUT = "hold-out"


class Lot(NamedTuple):
    """Texts, and what each shares with the real ones."""

    runs: Array
    """Words in the longest run shared with a real text."""
    equal: Array
    """Whether a real text has the same words."""
    entities: Array
    """How many of its names and numbers few real texts have."""

    def hits(self, n: int) -> Array:
        """Whether a run of n words is shared, or all words."""
        found: Array = (self.runs >= n) | self.equal
        return found


def memorisation(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Shared runs, their excess over real texts' own, what stems from examples, and rare names and numbers that reappear."""
    details: dict[str, Any] = {}
    found = per_column(comparison, _GIVES, lambda column: _scores(comparison, column, parameters, details))
    found.details |= {"memorisation": details} if details else {}
    return found


def _scores(comparison: Comparison, column: TextColumn, parameters: Mapping[str, Any], details: dict[str, Any]) -> Iterable[Score]:
    synthetic = column.synthetic.spoken.first(parameters["most_texts"])
    yield _from_examples(comparison, synthetic, column.shown)
    real = column.real.spoken
    if not len(real):
        of_real = [definition for definition in _GIVES if definition is not EXAMPLES]
        yield from (definition.score(None, n=len(synthetic), subject=[column.shown], reason=NO_REAL) for definition in of_real)
        return
    ours = _lot(comparison, synthetic, real)
    control, name = _control(comparison, column, parameters["most_texts"])
    details[column.shown] = {
        "runs": list(_RUNS),
        "synthetic": [int((ours.runs >= k).sum()) for k in _RUNS],
        "control": [int((control.runs >= k).sum()) for k in _RUNS] if control else None,
        "texts": [len(synthetic), len(control.runs) if control else 0],
        "control_from": name,
    }
    given = {"ceiling_from": name, "real_texts": len(real)}
    for n, definition in zip((8, 13), SHARED, strict=True):
        yield _share(definition, column.shown, ours.hits(n), control.hits(n) if control else None, given | {"equal": int(ours.equal.sum())})
    yield _excess(column.shown, ours, control, given)
    yield _longest(column.shown, ours, control, given)
    mean = {"mean_per_text": round(float(ours.entities.mean()), 6), "rare": f"in 1 or {_RARE} real texts"}
    mean |= {"ceiling_mean_per_text": round(float(control.entities.mean()), 6)} if control else {}
    yield _share(ENTITIES, column.shown, ours.entities > 0, control.entities > 0 if control else None, given | mean)


def _lot(comparison: Comparison, texts: Texts, real: Texts, *, themselves: bool = False) -> Lot:
    runs = longest_runs(texts.words, real.words, comparison.clock, themselves=themselves)
    known = Counter(real.words)
    equal = np.array([known[text] > themselves for text in texts.words], dtype=bool)
    comparison.clock.check()
    return Lot(runs, equal, _rare_ones(texts, real, themselves=themselves))


def _rare_ones(texts: Texts, real: Texts, *, themselves: bool) -> Array:
    """How many of a text's names and numbers one or two real texts have, itself not counted."""
    known = Counter(entity for found in entities_of(real.strings) for entity in found)
    own = int(themselves)
    return np.array([sum(0 < known[entity] - own <= _RARE for entity in found) for found in entities_of(texts.strings)], dtype=np.int64)


def _control(comparison: Comparison, column: TextColumn, most: int) -> tuple[Lot | None, str]:
    """What real texts share that nobody copied, and which they are."""
    held = column.unseen()
    if held is not None:
        return _lot(comparison, held.first(most), column.real.spoken), HOLDOUT
    real = column.real.spoken
    if len(real) < 2:
        return None, "none: there is one real text"
    if len(real) > most:
        real = real.first(most)
    return _lot(comparison, real, real, themselves=True), "each real text against the others"


def _share(definition: Definition, shown: str, hits: Array, control: Array | None, given: Mapping[str, Any]) -> Score:
    count, n = int(hits.sum()), len(hits)
    low, high = wilson(count, n)
    ceiling = None if control is None else float(control.mean())
    more = {"count": count}
    return definition.score(
        count / n, n=n, subject=[shown], interval=(float(low), float(high)), ceiling=ceiling, parameters=dict(given) | more
    )


def _excess(shown: str, ours: Lot, control: Lot | None, given: Mapping[str, Any]) -> Score:
    if control is None:
        return EXCESS.score(None, n=len(ours.runs), subject=[shown], reason="There are too few real texts for a control.")
    p, q = float(ours.hits(13).mean()), float(control.hits(13).mean())
    # Where real texts are held against one another, what two share makes two hits: they are worth half as many trials.
    trials = len(control.runs) / (1 if given["ceiling_from"] == HOLDOUT else 2)
    low, high = newcombe(p, len(ours.runs), q, trials)
    more = {"synthetic": round(p, 6), "control": round(q, 6), "control_texts": len(control.runs), "control_trials": trials}
    return EXCESS.score(p - q, n=len(ours.runs), subject=[shown], interval=(float(low), float(high)), parameters=dict(given) | more)


def _longest(shown: str, ours: Lot, control: Lot | None, given: Mapping[str, Any]) -> Score:
    k = min(len(ours.runs), len(control.runs)) if control else 0
    ceiling, matched = (int(control.runs[:k].max()), int(ours.runs[:k].max())) if control and k else (None, None)
    more = {"unit": "words", "ceiling_rows": [k, k], "interval": f"{NO_INTERVAL} a greatest value"}
    return LONGEST.score(
        int(ours.runs.max()), n=len(ours.runs), subject=[shown], ceiling=ceiling, matched=matched, parameters=dict(given) | more
    )


def _from_examples(comparison: Comparison, synthetic: Texts, shown: str) -> Score:
    examples: Sequence[str] = comparison.facts.examples
    if not examples:
        reason = "No examples were stated: pass the texts that prompts showed as examples=."
        return EXAMPLES.score(None, n=len(synthetic), subject=[shown], reason=reason)
    read = read_texts(list(examples), np.ones(len(examples), dtype=bool), seed=comparison.seed, unit="examples").spoken
    runs = longest_runs(synthetic.words, read.words, comparison.clock)
    known = set(read.words)
    hits = (runs >= 8) | np.array([text in known for text in synthetic.words])
    return _share(EXAMPLES, shown, hits, None, {"examples": len(examples), "longest_run": int(runs.max())})


MEMORISATION_STEP = Step(
    name="memorised runs and names",
    run=memorisation,
    gives=_GIVES,
    parameters={"most_texts": 20_000},
)
"""``text-memorisation``."""
