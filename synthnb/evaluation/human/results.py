"""What the ratings show: the one place where ratings and the key meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._intervals import difference
from synthnb.evaluation.agreement import Agreement, Level, cohen_kappa, fleiss_kappa, krippendorff_alpha
from synthnb.evaluation.base import NO_INTERVAL, Definition, Score, rounded
from synthnb.evaluation.human.estimates import LEAST, bounded_mean, clopper_pearson, detectable_accuracy, shares_mean
from synthnb.evaluation.human.rubrics import REAL, SYNTHETIC, Question, Rubric

if TYPE_CHECKING:
    from synthnb.evaluation._intervals import Estimate

__all__ = ["DEFINITIONS", "Answers", "Disagreement", "Results", "compute_results"]

Floats = NDArray[np.float64]
Given = Mapping[str, Mapping[str, int | str]]
"""By rater and item: the answer to one question."""

_EXACT = "Clopper and Pearson's, exact"
_CLUSTERED = "Wilson's over items, on the effective number of calls; holds for these raters"
_BOUNDED = "Wilson's over items, on the effective number of items; holds for these raters"
_HALF = "0.5 is what guessing gives"

ACCURACY = Definition(
    metric="discrimination_accuracy",
    label="Discrimination accuracy",
    dimension="human",
    direction="half",
    reference="share of blinded raters' correct real/synthetic calls; Clopper and Pearson (1934), doi 10.1093/biomet/26.4.404; "
    "over raters: items as clusters, effective sample size of Korn and Graubard (1998)",
)
RATER_ACCURACY = Definition(
    metric="rater_discrimination_accuracy",
    label="Discrimination accuracy of one rater",
    dimension="human",
    direction="half",
    reference="share of a blinded rater's correct calls; Clopper and Pearson (1934), doi 10.1093/biomet/26.4.404",
)
SENSITIVITY = Definition(
    metric="discrimination_sensitivity",
    label="Synthetic items called synthetic",
    dimension="human",
    direction="none",
    reference="share of calls; items as clusters, effective sample size of Korn and Graubard (1998)",
)
SPECIFICITY = Definition(
    metric="discrimination_specificity",
    label="Real items called real",
    dimension="human",
    direction="none",
    reference="share of calls; items as clusters, effective sample size of Korn and Graubard (1998)",
)
MEAN = Definition(
    metric="rubric_mean",
    label="Mean rating of synthetic items",
    dimension="human",
    direction="none",
    reference="mean over items of the raters' mean; Wilson's interval on the effective sample size; ceiling: the real items' mean",
)
GAP = Definition(
    metric="rubric_gap",
    label="Mean rating, synthetic less real",
    dimension="human",
    direction="none",
    reference="difference of the means; interval by Zou and Donner (2008), doi 10.1002/sim.3095",
)
COHEN = Definition(
    metric="cohen_kappa",
    label="Cohen's kappa",
    dimension="human",
    direction="higher",
    reference="Cohen (1960), doi 10.1177/001316446002000104; quadratic weights on an ordinal scale: Cohen (1968), doi 10.1037/h0026256",
)
FLEISS = Definition(
    metric="fleiss_kappa", label="Fleiss' kappa", dimension="human", direction="higher", reference="Fleiss (1971), doi 10.1037/h0031619"
)
ALPHA = Definition(
    metric="krippendorff_alpha",
    label="Krippendorff's alpha",
    dimension="human",
    direction="higher",
    reference="Krippendorff (2011), Computing Krippendorff's alpha-reliability, repository.upenn.edu/asc_papers/43",
)
DEFINITIONS = (ACCURACY, RATER_ACCURACY, SENSITIVITY, SPECIFICITY, MEAN, GAP, COHEN, FLEISS, ALPHA)
"""Every metric of a review."""


class Disagreement(NamedTuple):
    """An item that raters answered differently."""

    item: str
    """The item's id."""
    question: str
    """The question's id."""
    apart: int
    """The largest difference of places on the scale; 1 for names."""
    ratings: dict[str, int | str]
    """What each rater, by role, answered."""


@dataclass(frozen=True)
class Answers:
    """The answers of a review, with what is needed to read them."""

    rubric: Rubric
    """What was asked."""
    items: tuple[str, ...]
    """Every item's id."""
    given: Mapping[str, Mapping[str, Mapping[str, int | str]]]
    """By rater's role, item and question."""
    key: Mapping[str, str] | None
    """By item: real or synthetic; None where the key isn't here."""

    def to(self, question: Question) -> dict[str, dict[str, int | str]]:
        """By role and item: the answers to one question; a role without any is left out."""
        found = {
            role: {item: answers[question.id] for item in self.items if question.id in (answers := items.get(item, {}))}
            for role, items in self.given.items()
        }
        return {role: answers for role, answers in found.items() if answers}


@dataclass(frozen=True, kw_only=True)
class Results:
    """What a review found."""

    scores: tuple[Score, ...]
    """Scores of the dimension ``human``."""
    disagreements: tuple[Disagreement, ...]
    """Items that raters answered differently, the furthest apart first."""
    raters: tuple[dict[str, Any], ...]
    """Per rater: role, items rated, median seconds an item, and what qualifies them."""
    double_rated: float | None
    """Share of the items with any answer that at least two raters answered."""
    finished: bool
    """Whether every rater that was planned answered every question."""
    notes: tuple[str, ...]
    """What to know when reading the scores."""

    def score(self, metric: str, *subject: str) -> Score:
        """The score of a metric, about a question or a rater where there are several.

        Raises
        ------
        LookupError
            There is none.
        """
        return next(score for score in self.scores if score.metric == metric and (not subject or score.subject == subject))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; no item, and no words of the raters."""
        return {
            "scores": [score.to_dict() for score in self.scores],
            "raters": [dict(rater) for rater in self.raters],
            "double_rated": rounded(self.double_rated),
            "disagreements": len(self.disagreements),
            "finished": self.finished,
            "notes": list(self.notes),
        }


def compute_results(answers: Answers) -> tuple[list[Score], list[Disagreement], float | None]:
    """Scores, disagreements, and the share of items rated twice."""
    scores: list[Score] = []
    disagreements: list[Disagreement] = []
    for question in answers.rubric.questions:
        given = answers.to(question)
        if question.scale == "origin":
            scores += _discrimination(given, answers.key)
        elif question.scale == "ordinal":
            scores += _means(question, given, answers.key)
        scores += _agreements(question, given)
        disagreements += _disagreements(question, given)
    disagreements.sort(key=lambda one: (-one.apart, one.item, one.question))
    return scores, disagreements, _double_rated(answers)


def _double_rated(answers: Answers) -> float | None:
    counts = [sum(bool(items.get(item)) for items in answers.given.values()) for item in answers.items]
    rated = sum(count > 0 for count in counts)
    return sum(count > 1 for count in counts) / rated if rated else None


def _discrimination(given: Given, key: Mapping[str, str] | None) -> list[Score]:
    if key is None or set(key.values()) != {REAL, SYNTHETIC}:
        why = "The key to the items isn't here." if key is None else "The review has no real items."
        return [definition.absent(why) for definition in (ACCURACY, SENSITIVITY, SPECIFICITY)]
    right = {role: {item: float(call == key[item]) for item, call in calls.items()} for role, calls in given.items()}
    return [_pooled(right, key), *(_one_rater(role, calls, given[role]) for role, calls in right.items()), *_sides(right, key)]


def _pooled(right: Mapping[str, Mapping[str, float]], key: Mapping[str, str]) -> Score:
    """The accuracy over all raters; its interval takes the calls on an item as one cluster."""
    strata = [_item_means(right, [item for item in key if key[item] == origin]) for origin in (REAL, SYNTHETIC)]
    calls, items = sum(map(len, right.values())), sum(map(len, strata))
    if min(map(len, strata)) < LEAST:
        return ACCURACY.absent(_too_few(min(map(len, strata)), "items of an origin"), n=calls)
    if len(right) == 1:
        found, how = clopper_pearson(round(sum(part.sum() for part in strata)), calls), _EXACT
    else:
        found, how = shares_mean(strata, calls), _CLUSTERED
    power = detectable_accuracy(_effective(found, items, calls))
    parameters = {"interval": how, "unit": "calls", "items": items, "raters": len(right), **_power(found, power)}
    return ACCURACY.score(found.value, n=calls, interval=found.interval, parameters=parameters)


def _effective(found: Estimate, items: int, calls: int) -> int:
    """Independent calls that would give an interval as wide, between the number of items and that of calls."""
    width = found.high - found.low
    return int(min(max(found.value * (1 - found.value) * 4 * 1.96**2 / width**2 if width > 0 else items, items), calls))


def _power(found: Estimate, detectable: float | None) -> dict[str, Any]:
    if detectable is None:
        said = "So few calls tell no accuracy from guessing with 80 % power."
    elif found.low <= 0.5 <= found.high:
        said = (
            "The interval covers 0.5, which is absence of evidence that raters can tell, not evidence that they can't; "
            f"an accuracy of {detectable:.2f} or more would have been found with 80 % power."
        )
    else:
        said = f"The interval doesn't cover 0.5. An accuracy of {detectable:.2f} or more is found with 80 % power."
    return {"detectable_accuracy": rounded(detectable), "power": 0.8, "reading": said}


def _one_rater(role: str, right: Mapping[str, float], calls: Mapping[str, int | str]) -> Score:
    n = len(right)
    if n < LEAST:
        return _about(RATER_ACCURACY.absent(_too_few(n, "items"), n=n), role)
    found = clopper_pearson(round(sum(right.values())), n)
    same = {"note": "The rater gave every item the same answer."} if len(set(calls.values())) == 1 else {}
    parameters = {"interval": _EXACT, "unit": "calls", **_power(found, detectable_accuracy(n)), **same}
    return RATER_ACCURACY.score(found.value, n=n, subject=(role,), interval=found.interval, parameters=parameters)


def _sides(right: Mapping[str, Mapping[str, float]], key: Mapping[str, str]) -> list[Score]:
    made = []
    for definition, origin in ((SENSITIVITY, SYNTHETIC), (SPECIFICITY, REAL)):
        items = [item for item in key if key[item] == origin]
        shares, calls = _item_means(right, items), sum(item in set(items) for found in right.values() for item in found)
        if len(shares) < LEAST:
            made.append(definition.absent(_too_few(len(shares), f"{origin} items"), n=calls))
            continue
        found = clopper_pearson(round(shares.sum()), calls) if len(right) == 1 else shares_mean([shares], calls)
        how = _EXACT if len(right) == 1 else _CLUSTERED
        parameters = {"interval": how, "unit": "calls", "items": len(shares), "raters": len(right)}
        made.append(definition.score(found.value, n=calls, interval=found.interval, parameters=parameters))
    return made


def _means(question: Question, given: Given, key: Mapping[str, str] | None) -> list[Score]:
    """The ordinal answers' mean over synthetic items, beside the real ones', and the difference."""
    definitions = (MEAN, GAP)
    if key is None:
        return [_about(definition.absent("The key to the items isn't here."), question.id) for definition in definitions]
    numbers = {role: {item: float(value) for item, value in answers.items()} for role, answers in given.items()}
    sides = {origin: _item_means(numbers, [item for item in key if key[item] == origin]) for origin in (SYNTHETIC, REAL)}
    low, high = float(question.values[0]), float(question.values[-1])
    found = {origin: bounded_mean(values, low, high) for origin, values in sides.items() if len(values) >= LEAST}
    counts = {origin: len(values) for origin, values in sides.items()}
    if SYNTHETIC not in found:
        why = _too_few(counts[SYNTHETIC], "synthetic items")
        return [_about(definition.absent(why, n=counts[SYNTHETIC]), question.id) for definition in definitions]
    parameters = {"interval": _BOUNDED, "unit": "items", "scale": [low, high], "raters": len(given), "items": counts}
    synthetic, real = found[SYNTHETIC], found.get(REAL)
    mean = MEAN.score(
        synthetic.value,
        n=counts[SYNTHETIC],
        subject=(question.id,),
        interval=synthetic.interval,
        ceiling=None if real is None else real.value,
        parameters=parameters,
    )
    if real is None:
        return [mean, _about(GAP.absent(_too_few(counts[REAL], "real items"), n=counts[REAL]), question.id)]
    gap = difference(synthetic, real)
    return [mean, GAP.score(gap.value, n=sum(counts.values()), subject=(question.id,), interval=gap.interval, parameters=parameters)]


def _item_means(numbers: Mapping[str, Mapping[str, float]], items: Sequence[str]) -> Floats:
    """Each rated item's mean over its raters."""
    per_item = [[found[item] for found in numbers.values() if item in found] for item in items]
    return np.array([np.mean(found) for found in per_item if found], dtype=np.float64)


def _agreements(question: Question, given: Given) -> list[Score]:
    if len(given) < 2:
        why = f"{len(given)} raters answered this question; agreement needs at least 2."
        return [_about(ALPHA.absent(why), question.id)]
    level: Level = "ordinal" if question.scale == "ordinal" else "nominal"
    made = [_agreement_score(ALPHA, question, krippendorff_alpha(list(given.values()), level=level), level=level)]
    everyone = [item for item in next(iter(given.values())) if all(item in answers for answers in given.values())]
    if len(given) == 2:
        first, second = ([answers[item] for item in everyone] for answers in given.values())
        weights: Any = "quadratic" if level == "ordinal" else None
        found = cohen_kappa(first, second, weights=weights, levels=list(question.values))
        made.append(_agreement_score(COHEN, question, found, weights=weights))
    else:
        table = [[sum(answers[item] == value for answers in given.values()) for value in question.values] for item in everyone]
        found = fleiss_kappa(np.array(table, dtype=float).reshape(len(table), len(question.values)))
        made.append(_agreement_score(FLEISS, question, found))
    return made


def _agreement_score(definition: Definition, question: Question, found: Agreement, **more: Any) -> Score:
    parameters = {"interval": found.how, "unit": "items", "raters": found.raters, **more}
    return definition.score(
        found.value, n=found.items, subject=(question.id,), interval=found.interval, reason=found.reason, parameters=parameters
    )


def _disagreements(question: Question, given: Given) -> list[Disagreement]:
    place = {value: at for at, value in enumerate(question.values)}
    found = []
    for item in dict.fromkeys(item for answers in given.values() for item in answers):
        ratings = {role: answers[item] for role, answers in given.items() if item in answers}
        places = [place[value] for value in ratings.values()]
        if len(set(places)) > 1:
            apart = max(places) - min(places) if question.scale == "ordinal" else 1
            found.append(Disagreement(item, question.id, apart, ratings))
    return found


def _too_few(count: int, what: str) -> str:
    return f"{count} {what} were rated; a figure needs at least {LEAST}."


def _about(score: Score, subject: str) -> Score:
    return replace(score, subject=(subject,), parameters={"interval": f"{NO_INTERVAL} a score without a value"})
