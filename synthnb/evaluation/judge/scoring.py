"""From verdicts to scores: what the judge gave, and what speaks for and against relying on it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._intervals import Z95, difference, midranks, wilson
from synthnb.evaluation.agreement import krippendorff_alpha
from synthnb.evaluation.base import Definition, Score, rounded
from synthnb.evaluation.human.estimates import LEAST, bounded_mean
from synthnb.evaluation.judge.asking import Asked

if TYPE_CHECKING:
    from synthnb.evaluation.human.rubrics import Question

__all__ = ["Seen", "all_scores", "lengths_correlation"]

Floats = NDArray[np.float64]
Verdict = Mapping[Asked, int | str]

MEAN = Definition(
    metric="judge_mean",
    label="Judge's mean answer, synthetic items",
    dimension="judge",
    direction="none",
    reference="mean over items of the mean over repeats; ceiling: the same of real items",
)
DIFFERENCE = Definition(
    metric="judge_difference",
    label="Judge's mean answer, synthetic less real",
    dimension="judge",
    direction="none",
    reference="difference of the two means; Zou and Donner (2008), doi 10.1002/sim.3095",
)
PREFERENCE = Definition(
    metric="judge_preference",
    label="Synthetic item rated above a real one",
    dimension="judge",
    direction="none",
    reference="share of pairs in which both orders name the synthetic item, among pairs in which both orders name the same; Wilson",
)
POSITION = Definition(
    metric="judge_position_consistency",
    label="Verdicts unchanged when the order is swapped",
    dimension="judge",
    direction="higher",
    reference="share of pairs in which both orders name the same item; Wilson",
)
FIRST = Definition(
    metric="judge_first_share",
    label="Verdicts for the item shown first",
    dimension="judge",
    direction="half",
    reference="share of calls that name the first of two items, each pair shown in both orders; interval over pairs, by Wilson",
)
REPEATS = Definition(
    metric="judge_repeat_agreement",
    label="Agreement of the judge with itself",
    dimension="judge",
    direction="higher",
    reference="Krippendorff's alpha over repeats, the answers listed up and down in turn; repository.upenn.edu/asc_papers/43",
)
HUMAN = Definition(
    metric="judge_human_agreement",
    label="Agreement of the judge with people",
    dimension="judge",
    direction="higher",
    reference="Krippendorff's alpha of the judge's and the raters' median answers to the same items; ceiling: the raters' among themselves",
)
OWN = Definition(
    metric="judge_self_preference",
    label="Judge's mean answer, own family less others",
    dimension="judge",
    direction="none",
    reference="difference of the mean answers to synthetic items by models of the judge's family and by others",
)
LENGTH = Definition(
    metric="judge_verbosity",
    label="Judge's answers and length",
    dimension="judge",
    direction="none",
    reference="Spearman's ρ of answer and characters, synthetic items; interval: Bonett and Wright (2000), doi 10.1007/BF02294183",
)
ORIGIN = Definition(
    metric="judge_discrimination",
    label="Judge's calls of the origin that are right",
    dimension="judge",
    direction="half",
    reference="share of items whose origin the judge's majority names; Wilson",
)

ALL = (MEAN, DIFFERENCE, PREFERENCE, POSITION, FIRST, REPEATS, HUMAN, OWN, LENGTH, ORIGIN)
"""Every definition."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the scores are computed from."""

    verdicts: Verdict
    """Answers by what was asked."""
    key: Mapping[str, str]
    """Where each item comes from: real or synthetic."""
    makers: Mapping[str, str]
    """The family of the model that made each synthetic item; empty where it isn't known."""
    family: str
    """The judge's."""
    lengths: Mapping[str, int]
    """Characters of each item."""
    people: Mapping[str, Sequence[Mapping[str, int | str]]]
    """By question: each rater's answers by item."""


def all_scores(questions: Sequence[Question], seen: Seen) -> list[Score]:
    """Every score, per question where there are several."""
    found: list[Score] = []
    for question in questions:
        of_items = {asked: value for asked, value in seen.verdicts.items() if asked.question == question.id and len(asked.items) == 1}
        found += _of_question(question, of_items, seen)
    return [*found, *_of_pairs(seen)]


def _of_question(question: Question, verdicts: Verdict, seen: Seen) -> list[Score]:
    subject = [question.id]
    repeats = _repeats(verdicts)
    level: Any = "ordinal" if question.scale == "ordinal" else "nominal"
    scores = [_repeat_score(repeats, level, subject), _human_score(question, repeats, level, seen)]
    if question.scale == "origin":
        return [_origin_score(repeats, seen, subject), *scores]
    if question.scale != "ordinal":
        return scores
    means = {item: float(np.mean([float(answer) for answer in answers.values()])) for item, answers in repeats.items()}
    ends = float(question.values[0]), float(question.values[-1])
    return [*_mean_scores(means, ends, seen, subject), *scores, _own_score(means, ends, seen, subject), _length_score(means, seen, subject)]


def _repeats(verdicts: Verdict) -> dict[str, dict[int, int | str]]:
    """Answers by item and repeat."""
    found: dict[str, dict[int, int | str]] = {}
    for asked, value in verdicts.items():
        found.setdefault(asked.items[0], {})[asked.repeat] = value
    return found


def _mean_scores(means: Mapping[str, float], ends: tuple[float, float], seen: Seen, subject: list[str]) -> list[Score]:
    by_origin = {origin: _values(means, [item for item in means if seen.key[item] == origin]) for origin in ("synthetic", "real")}
    estimates = {origin: bounded_mean(values, *ends) for origin, values in by_origin.items() if len(values) >= LEAST}
    made, real = estimates.get("synthetic"), estimates.get("real")
    if made is None:
        few = f"It needs {LEAST} judged synthetic items; there are {len(by_origin['synthetic'])}."
        return [definition.score(None, n=0, subject=subject, reason=few) for definition in (MEAN, DIFFERENCE)]
    given = {"scale": list(ends), "unit": "items"}
    ceiling = None if real is None else real.value
    mean = MEAN.score(made.value, n=len(by_origin["synthetic"]), subject=subject, interval=made.interval, ceiling=ceiling, parameters=given)
    if real is None:
        return [mean, DIFFERENCE.score(None, n=0, subject=subject, reason=f"It needs {LEAST} judged real items; pass the real frame.")]
    gap = difference(made, real)
    sizes = given | {"items": {origin: len(values) for origin, values in by_origin.items()}}
    return [mean, DIFFERENCE.score(gap.value, n=len(means), subject=subject, interval=gap.interval, parameters=sizes)]


def _values(means: Mapping[str, float], items: Sequence[str]) -> Floats:
    return np.array([means[item] for item in items], dtype=np.float64)


def _repeat_score(repeats: Mapping[str, Mapping[int, int | str]], level: Any, subject: list[str]) -> Score:
    rounds = sorted({number for answers in repeats.values() for number in answers})
    if len(rounds) < 2:
        return REPEATS.score(None, n=0, subject=subject, reason="Each item was judged once; ask for repeats.")
    raters = [{item: answers[number] for item, answers in repeats.items() if number in answers} for number in rounds]
    found = krippendorff_alpha(raters, level=level)
    given = {"repeats": len(rounds), "level": level, "interval": found.how}
    return REPEATS.score(found.value, n=found.items, subject=subject, interval=found.interval, reason=found.reason, parameters=given)


def _human_score(question: Question, repeats: Mapping[str, Mapping[int, int | str]], level: Any, seen: Seen) -> Score:
    people = [answers for answers in seen.people.get(question.id, ()) if answers]
    if not people:
        return HUMAN.score(
            None, n=0, subject=[question.id], reason="No person rated these items: judge a review with ratings to compare with people."
        )
    judged = {item: _middle(list(answers.values()), question) for item, answers in repeats.items()}
    rated = {item: _middle([answers[item] for answers in people if item in answers], question) for answers in people for item in answers}
    both = [{item: value for item, value in side.items() if item in judged and item in rated} for side in (judged, rated)]
    found = krippendorff_alpha(both, level=level)
    among = krippendorff_alpha(people, level=level) if len(people) > 1 else None
    given = {"raters": len(people), "level": level, "interval": found.how} | (
        {} if among is None or among.low is None else {"raters_among_themselves": [rounded(among.low, 4), rounded(among.high, 4)]}
    )
    return HUMAN.score(
        found.value,
        n=found.items,
        subject=[question.id],
        interval=found.interval,
        ceiling=None if among is None else among.value,
        reason=found.reason,
        parameters=given,
    )


def _middle(answers: Sequence[int | str], question: Question) -> int | str:
    """The median of ordinal answers, rounded down; the most frequent of others, the first in the rubric's order among equals."""
    if question.scale == "ordinal":
        return math.floor(median([int(answer) for answer in answers]))
    return max(question.values, key=answers.count)


def _origin_score(repeats: Mapping[str, Mapping[int, int | str]], seen: Seen, subject: list[str]) -> Score:
    if len(repeats) < LEAST:
        return ORIGIN.score(None, n=0, subject=subject, reason=f"It needs {LEAST} judged items; there are {len(repeats)}.")
    named = {item: list(answers.values()) for item, answers in repeats.items()}
    right = sum((answers.count(seen.key[item]) / len(answers) > 0.5) for item, answers in named.items())
    low, high = wilson(right, len(named))
    return ORIGIN.score(right / len(named), n=len(named), subject=subject, interval=(float(low), float(high)), parameters={"unit": "items"})


def _own_score(means: Mapping[str, float], ends: tuple[float, float], seen: Seen, subject: list[str]) -> Score:
    made = [item for item in means if seen.key[item] == "synthetic" and seen.makers.get(item)]
    own = [item for item in made if seen.makers[item] == seen.family]
    others = [item for item in made if seen.makers[item] != seen.family]
    if not seen.family or min(len(own), len(others)) < LEAST:
        why = f"It needs {LEAST} items by models of the judge's family and {LEAST} by others: pass others=."
        return OWN.score(None, n=0, subject=subject, reason=why, parameters={"family": seen.family or "not known"})
    gap = difference(*(bounded_mean(_values(means, items), *ends) for items in (own, others)))
    given = {"family": seen.family, "own": len(own), "others": len(others), "reading": "a difference may also be one of quality"}
    return OWN.score(gap.value, n=len(made), subject=subject, interval=gap.interval, parameters=given)


def _length_score(means: Mapping[str, float], seen: Seen, subject: list[str]) -> Score:
    items = [item for item in means if seen.key[item] == "synthetic"]
    if len(items) < LEAST:
        return LENGTH.score(None, n=0, subject=subject, reason=f"It needs {LEAST} judged synthetic items; there are {len(items)}.")
    found = lengths_correlation(_values(means, items), np.array([seen.lengths[item] for item in items], dtype=np.float64))
    if found is None:
        return LENGTH.score(None, n=0, subject=subject, reason="All answers, or all lengths, are the same.")
    return LENGTH.score(found[0], n=len(items), subject=subject, interval=found[1:], parameters={"unit": "items"})


def lengths_correlation(answers: Floats, lengths: Floats) -> tuple[float, float, float] | None:
    """Spearman's ρ with its interval; None where one side doesn't vary.

    Notes
    -----
    tanh(artanh ρ ± 1.96 √((1 + ρ²/2)/(n − 3))). Bonett and Wright (2000), doi 10.1007/BF02294183.
    """
    ranks = midranks(answers), midranks(lengths)
    if min(float(part.std()) for part in ranks) == 0 or len(answers) < 4:
        return None
    rho = float(np.clip(np.corrcoef(*ranks)[0, 1], -0.999999, 0.999999))
    half = Z95 * math.sqrt((1 + rho**2 / 2) / (len(answers) - 3))
    return rho, math.tanh(math.atanh(rho) - half), math.tanh(math.atanh(rho) + half)


def _of_pairs(seen: Seen) -> list[Score]:
    pairs = {asked: str(value) for asked, value in seen.verdicts.items() if len(asked.items) == 2}
    both = [(asked, Asked(asked.question, asked.items[::-1], asked.repeat)) for asked in pairs if seen.key[asked.items[0]] == "real"]
    whole = [(pairs[one], pairs[other], one) for one, other in both if other in pairs]
    if len(whole) < LEAST:
        why = f"It needs {LEAST} pairs of a real and a synthetic item, judged in both orders; there are {len(whole)}."
        return [definition.score(None, n=0, reason=why) for definition in (PREFERENCE, POSITION, FIRST)]
    same = [(name, asked) for name, other, asked in whole if name == other]
    first = bounded_mean(np.array([((name == asked.items[0]) + (other == asked.items[1])) / 2 for name, other, asked in whole]), 0.0, 1.0)
    position = POSITION.score(len(same) / len(whole), n=len(whole), interval=_share(len(same), len(whole)), parameters={"unit": "pairs"})
    ahead = FIRST.score(first.value, n=len(whole), interval=first.interval, parameters={"unit": "pairs"})
    if len(same) < LEAST:
        why = f"In {len(same)} pairs both orders name the same item; it needs {LEAST}."
        return [PREFERENCE.score(None, n=len(same), reason=why), position, ahead]
    wins = sum(seen.key[name] == "synthetic" for name, _ in same)
    share = PREFERENCE.score(wins / len(same), n=len(same), interval=_share(wins, len(same)), parameters={"unit": "pairs"})
    return [share, position, ahead]


def _share(hits: int, n: int) -> tuple[float, float]:
    low, high = wilson(hits, n)
    return float(low), float(high)
