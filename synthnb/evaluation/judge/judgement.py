"""What a judge found: scores, warnings, and who the judge was."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from synthnb._canonical import digest, digest_bytes
from synthnb._clock import utc_now
from synthnb._display import Shown
from synthnb._random import generator
from synthnb.errors import RecordError, shown
from synthnb.evaluation.base import Score
from synthnb.evaluation.judge.asking import SYSTEM, TEMPERATURE, Asked, Verdicts, collect
from synthnb.evaluation.judge.sampling import check_number
from synthnb.evaluation.judge.scoring import Seen, all_scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from synthnb.evaluation.human.items import Item
    from synthnb.evaluation.human.rubrics import Rubric
    from synthnb.evaluation.judge.sampling import Lot
    from synthnb.models.base import ModelInfo
    from synthnb.models.calls import Calls

__all__ = ["SCHEMA", "Judgement", "Scanned", "judge_items"]

SCHEMA = "synthnb.judgement/1"
"""Name and version of the judgement's shape."""

_CONSISTENT = 0.9
_MOST_REPEATS = 50


class Scanned(Protocol):
    """What a scan of the items for direct identifiers says of itself."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was looked for, and what was found."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many were found, by what."""


NO_PERSON = "Judged by a language model. No person rated these items."
"""What stands above a judgement that nobody can compare with people's."""


@dataclass(frozen=True, kw_only=True)
class Judgement(Shown):
    """What a language model said of synthetic items, and how far that can be relied on."""

    display_name: ClassVar[str] = "judgement"

    id: str
    """``judge-`` and 12 hexadecimal digits."""
    created: str
    """When, in UTC."""
    name: str
    """What the judged frame is called."""
    synthetic: dict[str, Any]
    """The frame's name, rows and digest."""
    unit: str
    """What was judged: row or text."""
    judge: dict[str, Any]
    """The judge: what `ModelInfo.to_dict` gives."""
    makers: dict[str, int]
    """Synthetic items by the family of the model that made them; ``""`` where no model, or an unknown one, did."""
    rubric: dict[str, Any]
    """Its id, version, title and digest."""
    prompt_digest: str
    """Of the words around the items: system text, instructions, questions and answers."""
    items: dict[str, int]
    """Judged items by origin."""
    pairs: int
    """Pairs shown in both orders."""
    repeats: int
    """How often each item was judged."""
    seed: int
    """Where every draw started."""
    temperature: float
    """How freely the judge chose its words."""
    verdicts: dict[str, Any]
    """``wanted``, ``read``, ``unreadable``, ``failed``, ``not_asked``, and why calls ``stopped``."""
    scores: tuple[Score, ...]
    """Scores of the dimension ``judge``."""
    standing: str
    """Whether people rated the same items: a judge's scores are never theirs."""
    warnings: tuple[str, ...]
    """What speaks against relying on the judge."""
    calls: dict[str, Any]
    """What the calls used."""

    def to_dict(self) -> dict[str, Any]:
        """The judgement as plain JSON types; no item is part of it."""
        plain = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return (
            {"schema": SCHEMA, "kind": "judge"}
            | plain
            | {
                "scores": [score.to_dict() for score in self.scores],
                "warnings": list(self.warnings),
            }
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Judgement:
        """Read a judgement back; keys this version doesn't know are left out.

        Raises
        ------
        RecordError
            The mapping isn't a judgement of this schema, or lacks a part.
        """
        if data.get("schema") != SCHEMA:
            raise RecordError(f"A judgement of schema {SCHEMA} was expected; got {shown(data.get('schema'))}.", fix="Judge again.")
        known = {entry.name: data[entry.name] for entry in fields(cls) if entry.name in data}
        try:
            scores = tuple(Score.from_dict(score) for score in data["scores"])
            return cls(**known | {"scores": scores, "warnings": tuple(data["warnings"])})
        except (KeyError, TypeError) as error:
            raise RecordError(f"The judgement lacks a part or has a wrong one: {error}.", fix="Judge again.") from error

    def score(self, metric: str) -> Score:
        """The first score of a metric.

        Raises
        ------
        LookupError
            There is none.
        """
        found = next((score for score in self.scores if score.metric == metric), None)
        if found is None:
            raise LookupError(f"The judgement has no score {metric!r}.")
        return found

    def __repr__(self) -> str:
        said = f"{self.verdicts['read']:,} of {self.verdicts['wanted']:,} verdicts"
        return f"<Judgement {self.id} of {self.name[:60]!r} by {self.judge['id']}: {said}; {len(self.warnings)} warnings>"


def judge_items(
    lot: Lot,
    *,
    calls: Calls,
    repeats: int = 3,
    pairs: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
    scanned: Scanned | None = None,
) -> Judgement:
    """Return what a judge says of some items.

    Parameters
    ----------
    lot : Lot
        The items, and what is known of them that the judge isn't told.
    calls : Calls
        To the judge.
    repeats : int
        How often each item is judged, 1 to 50; answers are listed up and down in turn.
    pairs : int, optional
        Pairs of a real and a synthetic item to compare, each in both orders; as many as there can be, if left out.
    seed : int
        Where every draw starts.
    progress : callable, optional
        Called as ``progress(done, total, what)``.
    scanned : optional
        What was found in the items before they were let out; its notes and counts become part of ``calls``.

    Raises
    ------
    OptionError
        ``repeats`` or ``pairs`` is out of range or no whole number.
    ModelError
        The judge can't be used.
    """
    check_number("repeats", repeats, 1, _MOST_REPEATS, fix="Three are enough to see a spread.")
    wanted = _wanted(lot, repeats, pairs, seed)
    _declare(calls, lot)
    told = progress or (lambda *_: None)
    found = collect(
        wanted,
        rubric=lot.rubric,
        items={item.id: item for item in lot.items},
        calls=calls,
        seed=seed,
        told=lambda done: told(done, len(wanted), "verdicts"),
    )
    info = calls.model.info
    seen = Seen(
        verdicts=found.answers,
        key=lot.key,
        makers=lot.makers,
        family=info.family,
        lengths={item.id: _length(item) for item in lot.items},
        people=lot.people,
    )
    scores = tuple(all_scores(lot.rubric.questions, seen))
    return Judgement(
        id=f"judge-{secrets.token_hex(6)}",
        created=utc_now(),
        name=str(lot.described["name"]),
        synthetic=dict(lot.described),
        unit=lot.items[0].kind if lot.items else "row",
        judge=info.to_dict(),
        makers=_by_family(lot.key, lot.makers),
        rubric={part: getattr(lot.rubric, part) for part in ("id", "version", "title", "digest")},
        prompt_digest=digest_bytes(_template(lot.rubric).encode("utf-8", "replace")),
        items={origin: sum(side == origin for side in lot.key.values()) for origin in ("synthetic", "real")},
        pairs=sum(len(one.items) == 2 for one in wanted) // 2,
        repeats=repeats,
        seed=seed,
        temperature=TEMPERATURE,
        verdicts=_counts(found),
        scores=scores,
        standing=_standing(scores),
        warnings=(*_sent_all_the_same(scanned), *_warnings(scores, info, seen, found)),
        calls=_account(calls, scanned),
    )


def _account(calls: Calls, scanned: Scanned | None) -> dict[str, Any]:
    """What the calls used, with what the scan before them says."""
    account: dict[str, Any] = dict(calls.account())
    if scanned is None:
        return account
    return {**account, **scanned.counts, "notes": [*account["notes"], *scanned.notes]}


def _sent_all_the_same(scanned: Scanned | None) -> Sequence[str]:
    return scanned.notes if scanned is not None and any(scanned.counts.values()) else ()


def _wanted(lot: Lot, repeats: int, pairs: int | None, seed: int) -> list[Asked]:
    """Every verdict that is asked for: items by question and repeat, then pairs in both orders."""
    single = [Asked(question.id, (item.id,), n) for question in lot.rubric.questions for item in lot.items for n in range(repeats)]
    made = [item.id for item in lot.items if lot.key[item.id] == "synthetic"]
    real = [item.id for item in lot.items if lot.key[item.id] == "real"]
    ordinal = [question.id for question in lot.rubric.questions if question.scale == "ordinal"]
    most = min(len(made), len(real)) if ordinal else 0
    if pairs is not None:
        check_number("pairs", pairs, 0, most, fix="Each real and each synthetic item is in one pair.")
    shuffled = [generator(seed, "judge", side).permutation(ids).tolist() for side, ids in (("real", real), ("made", made))]
    chosen = list(zip(*shuffled, strict=False))[: most if pairs is None else pairs]
    return [*single, *(Asked(ordinal[0], order, 0) for one, other in chosen for order in ((one, other), (other, one)))]


def _declare(calls: Calls, lot: Lot) -> None:
    calls.declare_template("judge", _template(lot.rubric))
    calls.declare_sent(f"{len(lot.items)} items to judge", digest=digest([item.digest for item in lot.items]))


def _template(rubric: Rubric) -> str:
    """The words around the items."""
    asked = [
        "\n".join([question.text, *(f"{answer.value}: {answer.label}" for answer in question.answers)]) for question in rubric.questions
    ]
    return "\n\n".join([SYSTEM, rubric.instructions, "<item>…</item>", *asked])


def _length(item: Item) -> int:
    return len(item.content) if isinstance(item.content, str) else sum(len(value or "") for _, value in item.content)


def _by_family(key: Mapping[str, str], makers: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for item, origin in key.items():
        if origin == "synthetic":
            found[makers.get(item, "")] = found.get(makers.get(item, ""), 0) + 1
    return dict(sorted(found.items()))


def _counts(found: Verdicts) -> dict[str, Any]:
    read = len(found.answers)
    rest = found.wanted - read - found.failed
    unreadable = 0 if found.stopped else found.unreadable
    return {
        "wanted": found.wanted,
        "read": read,
        "unreadable": unreadable,
        "failed": found.failed,
        "not_asked": rest - unreadable,
        "stopped": found.stopped,
    }


def _standing(scores: Sequence[Score]) -> str:
    rated = [score for score in scores if score.metric == "judge_human_agreement" and score.n]
    if not rated:
        return NO_PERSON
    most = max(score.n for score in rated)
    return f"Judged by a language model, and compared with people's ratings of {most} of the items. The judge's scores are its own."


def _warnings(scores: Sequence[Score], info: ModelInfo, seen: Seen, found: Verdicts) -> Iterator[str]:
    """What speaks against relying on the judge, in sentences."""
    families = {family for family in seen.makers.values() if family}
    if info.family and info.family in families:
        yield f"The judge is of the family {info.family}, which also made items it judged: models tend to favour their own."
    if info.stand_in:
        yield f"{info.id} only stands in for a language model: its verdicts mean nothing."
    by_metric = {score.metric: score for score in scores if score.value is not None}
    yield from _order_warnings(by_metric)
    length = by_metric.get("judge_verbosity")
    if length and length.low is not None and length.high is not None and length.low * length.high > 0:
        interval = f"[{length.low:.2f}, {length.high:.2f}]"
        yield f"Answers go with length (ρ = {length.value:.2f} {interval}): the judge may rate words, not content."
    if (own := by_metric.get("judge_self_preference")) and own.low is not None and own.low > 0:
        yield "Items of the judge's own family get higher answers than those of others."
    people = by_metric.get("judge_human_agreement")
    if people and people.value is not None and people.ceiling is not None and people.value < people.ceiling:
        yield f"The judge agrees less with people (alpha {people.value:.2f}) than people do with one another ({people.ceiling:.2f})."
    if (repeat := by_metric.get("judge_repeat_agreement")) and repeat.value is not None and repeat.value <= 0:
        yield "Repeats agree no better than by chance."
    lost = found.wanted - len(found.answers)
    if lost:
        yield f"{lost:,} of {found.wanted:,} verdicts are missing: unreadable, failed or not asked for."


def _order_warnings(by_metric: Mapping[str, Score]) -> Iterator[str]:
    position, first = by_metric.get("judge_position_consistency"), by_metric.get("judge_first_share")
    if position and position.value is not None and position.value < _CONSISTENT:
        yield f"Swapping the order changed {1 - position.value:.0%} of the verdicts on pairs."
    if first and first.low is not None and first.high is not None and not first.low <= 0.5 <= first.high:
        side = "first" if first.low > 0.5 else "second"
        yield f"The judge favours what is shown {side}, whatever it is."
