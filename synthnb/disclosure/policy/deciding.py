"""Every rule of a policy, held against a record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from synthnb.disclosure._phrases import named
from synthnb.disclosure.folding import Entry, Fields, fold, is_placeholder, void
from synthnb.disclosure.gating import evidence
from synthnb.disclosure.policy import asking
from synthnb.disclosure.policy.asking import judged
from synthnb.disclosure.policy.policy import RELEASES
from synthnb.disclosure.policy.ruling import Ruling
from synthnb.disclosure.policy.seeing import Frame, Seen, real_sources, sends_of
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import is_proposed

if TYPE_CHECKING:
    from synthnb.disclosure.policy.finding import InForce
    from synthnb.disclosure.policy.policy import Gate, Needs

__all__ = ["decide", "release_of", "stated_release"]

_SIDES = {"at_least": "at least", "at_most": "at most"}
_ANEW = "Evaluate the frame as it now is"


def decide(force: InForce, entries: Iterable[Entry], *, release: str | None = None, signed: bool | None = None) -> list[Ruling]:
    """Return what becomes of each rule that a policy sets.

    Parameters
    ----------
    force : InForce
        The policy.
    entries : iterable of entries
        The record.
    release : str, optional
        The release class it is held against; the one that a person stated by default.
    signed : bool, optional
        Whether a signature was found beside the file, and fits; None where nobody looked.
    """
    seen = Seen(entries)
    chosen = release or release_of(seen.entries)
    rulings = [
        *asking.engines(force, seen.engines),
        *asking.models(force, seen.models),
        *asking.localities(force, seen.models),
        *asking.sources(force, seen.sources),
        *_sent(force, seen),
        *_origins(force, seen),
        *_profiles(force, seen, force.policy.evaluation.profiles, "evaluation.profiles"),
        *_gates(force, seen, force.policy.evaluation.gates, "evaluation.gates"),
        *asking.minimum_cell(force, _cells(seen)),
        *_fields(force, seen, force.policy.fields.required, "fields.required"),
        *_release(force, seen, chosen, signed),
    ]
    return [_with_reason(ruling, seen) for ruling in rulings]


def _with_reason(ruling: Ruling, seen: Seen) -> Ruling:
    """A broken rule, with the reasons for which it was gone past before; each was for one run or export, and lifts nothing."""
    if ruling.status != "violated":
        return ruling
    details = [mapping(entry.get("detail")) for entry in seen.counting if entry["kind"] == "override"]
    reasons = [
        f"{named(detail.get('reason'))} for {detail.get('export')}" for detail in details if ruling.rule in (detail.get("rules") or [])
    ]
    return replace(ruling, said=f"{ruling.said}; gone past before: {'; '.join(dict.fromkeys(reasons))}") if reasons else ruling


def release_of(entries: Iterable[Entry]) -> str | None:
    """The release class that a person stated: the first word, where it is one of the four; else None."""
    word = stated_release(entries).lower().split()
    return next((name for name in RELEASES if word and word[0].strip(".,:;()") == name), None)


def stated_release(entries: Iterable[Entry]) -> str:
    """What a person stated as the release class, in whatever words; empty if nobody did."""
    values = fold(entries).get("releaseClass", {}).get("values") or []
    return str(values[0]["value"]).strip() if values else ""


def _sent(force: InForce, seen: Seen) -> list[Ruling]:
    hosted = {one.what for one in seen.models if one.locality == "hosted"}
    found = [asking.sent(force, real_sources(entry), sends_of(entry)) for entry in seen.runs if entry["id"] in hosted]
    rulings = [ruling for some in (found or [asking.sent(force, [], "nothing")]) for ruling in some]
    broken = [ruling for ruling in rulings if ruling.status != "ok"]
    return broken or rulings[:1]


def _origins(force: InForce, seen: Seen) -> Iterator[Ruling]:
    """How far from real data, and whether synthetic data were a source."""
    rules = force.policy.generation
    if rules.most_depth is not None:
        bad = [f"{seen.depth}"] if seen.depth > rules.most_depth else []
        yield judged(
            force,
            "generation.most_depth",
            bad,
            wanted=f"at most {rules.most_depth} generations lie between real data and these",
            fix="Make them from real data.",
        )
    if rules.synthetic_sources is False:
        wanted = "no synthetic data are the source of these"
        yield judged(force, "generation.synthetic_sources", seen.synthetic_sources, wanted=wanted, fix="Make them from real data.")


def _cells(seen: Seen) -> list[tuple[str, int]]:
    sizes = [(entry["id"], mapping(entry.get("detail")).get("minimum_cell")) for entry in seen.reports]
    return [(what, size) for what, size in sizes if isinstance(size, int)]


def _profiles(force: InForce, seen: Seen, profiles: Sequence[str] | None, rule: str, *, release: bool = False) -> Iterator[Ruling]:
    """Whether each frame was evaluated, as it now is, by one of some profiles."""
    if profiles is None:
        return
    bad = []
    for frame in seen.frames:
        details = [mapping(entry.get("detail")) for entry in seen.reports_on(frame)]
        used = [str(detail.get("profile")) for detail in details]
        if not any(_is_one_of(detail, profiles) for detail in details):
            bad.append(
                f"{named(frame.name)}, evaluated by {', '.join(map(named, used))}" if used else f"{named(frame.name)}, not evaluated"
            )
    fix = f"{_ANEW}, with --profile {profiles[0] if profiles else 'NAME'}."
    yield judged(force, rule, bad, wanted=f"each frame is evaluated by {' or '.join(map(named, profiles))}", fix=fix, release=release)


def _is_one_of(detail: Mapping[str, Any], profiles: Sequence[str]) -> bool:
    """Whether a report is by one of some profiles, as it is shipped or with tighter limits only."""
    name, _, changed = str(detail.get("profile")).partition("@")
    if name not in profiles:
        return False
    changes = [mapping(change) for change in detail.get("changes") or []]
    return not changed or (bool(changes) and all(_tightens(change) for change in changes))


def _tightens(change: Mapping[str, Any]) -> bool:
    before, after = mapping(change.get("from")), mapping(change.get("to"))
    if not str(change.get("what")).startswith("gate ") or not any(isinstance(after.get(name), (int, float)) for name in _SIDES):
        return False
    (side, limit), *_ = ((name, after[name]) for name in _SIDES if isinstance(after.get(name), (int, float)))
    old = before.get(side)
    return not isinstance(old, (int, float)) or (limit <= old if side == "at_most" else limit >= old)


def _gates(force: InForce, seen: Seen, gates: Mapping[str, Gate], rule: str, *, release: bool = False) -> Iterator[Ruling]:
    """Whether each limit holds for each frame; one that is undecided is not decidable."""
    for metric, gate in gates.items():
        side, limit = ("at_most", gate.at_most) if gate.at_most is not None else ("at_least", gate.at_least)
        wanted = f"{metric} is {_SIDES[side]} {limit:g}"
        found = [(frame, _held(seen, frame, metric, side, float(limit or 0))) for frame in seen.frames]
        bad = [f"{named(frame.name)}: {said}" for frame, (outcome, said) in found if outcome == "fail"]
        open_ = [f"{named(frame.name)}: {said}" for frame, (outcome, said) in found if outcome == "undecided"]
        ruling = judged(force, rule, bad, wanted=wanted, fix=f"Mend the data, or evaluate with --gate {metric}={limit:g}.", release=release)
        if open_ and not bad:
            fix = "More rows, or a hold-out, may decide it."
            ruling = Ruling(rule, "not decidable", f"{wanted}; undecided for {'; '.join(open_)}", fix, ruling.place, ruling.locked, release)
        yield ruling


def _held(seen: Seen, frame: Frame, metric: str, side: str, limit: float) -> tuple[str, str]:
    """What became of a limit on a frame: the last report that looked at the metric tells, unless one on other real data failed."""
    found: dict[str, tuple[str, str]] = {}
    for report in reversed(seen.ever_reported_on(frame)):
        detail = mapping(report.get("detail"))
        gates = [mapping(gate) for gate in detail.get("gates") or [] if mapping(gate).get("metric") == metric]
        scores = [mapping(score) for score in detail.get("scores") or [] if mapping(score).get("metric") == metric]
        given = [*gates, *scores]
        if given:
            found.setdefault(evidence(report), _outcome(given, side, limit))
    outcomes = list(found.values()) or [("fail", "not evaluated")]
    return next((one for one in outcomes if one[0] == "fail"), outcomes[0])


def _outcome(given: Sequence[Mapping[str, Any]], side: str, limit: float) -> tuple[str, str]:
    """The worst of some scores and gates, which have a value and an interval, held against a limit."""
    order = ("pass", "undecided", "fail")
    found = [_one(score, side, limit) for score in given]
    return max(found, key=lambda one: order.index(one[0]))


def _one(score: Mapping[str, Any], side: str, limit: float) -> tuple[str, str]:
    value = score.get("value")
    if not isinstance(value, (int, float)) or mapping(score.get("parameters")).get("weak"):
        return "undecided", "not computed" if value is None else "the attack did no better than guessing"
    if "outcome" in score and score["outcome"] == "undecided" and score.get(side) == limit:
        return "undecided", str(score.get("reason") or "undecided").rstrip(".")
    low, high = (float(value) if score.get(end) is None else float(score[end]) for end in ("low", "high"))
    good, bad = (high <= limit, low > limit) if side == "at_most" else (low >= limit, high < limit)
    figure = f"{value:.3g}" if low == high else f"{value:.3g} [{low:.3g}, {high:.3g}]"
    return "pass" if good else "fail" if bad else "undecided", figure


def _fields(force: InForce, seen: Seen, required: Sequence[str], rule: str, *, release: bool = False) -> Iterator[Ruling]:
    if required:
        folded = fold(seen.entries)
        bad = [name for name in required if not _is_stated(folded, name)]
        wanted = f"{', '.join(required)} {'is' if len(required) == 1 else 'are'} stated"
        ruling = judged(
            force, rule, [f"{name}: not stated" for name in bad], wanted=wanted, fix="State it with %synth disclose.", release=release
        )
        yield ruling


def _is_stated(folded: Fields, name: str) -> bool:
    """Whether a person or a run states a field, with more than a placeholder."""
    values = mapping(folded.get(name)).get("values") or []
    return not is_proposed(folded, name) and any(not is_placeholder(name, str(value["value"])) for value in values)


def _release(force: InForce, seen: Seen, chosen: str | None, signed: bool | None) -> Iterator[Ruling]:
    """Whether the class may be chosen, and has what it needs."""
    allowed, rule = force.policy.release.allowed, "release.allowed"
    stated = stated_release(seen.entries)
    other = [named(stated)] if stated and release_of(seen.entries) is None else []
    classes = RELEASES if allowed is None else allowed
    wanted = f"the release class is one of {', '.join(classes)}"
    if allowed is not None and chosen is None and not other:
        yield Ruling(rule, "not decidable", f"{wanted}; none is stated", "State it, or name it.", force.place(rule), force.locks(rule))
    elif allowed is not None or other:
        bad = other or ([str(chosen)] if chosen not in classes else [])
        yield judged(force, rule, bad, wanted=wanted, fix="Choose one of these.")
    if chosen is None:
        return
    needs: Needs = getattr(force.policy.release, chosen)
    yield from _fields(force, seen, needs.fields, f"release.{chosen}.fields", release=True)
    yield from _profiles(force, seen, needs.profiles, f"release.{chosen}.profiles", release=True)
    yield from _gates(force, seen, needs.gates, f"release.{chosen}.gates", release=True)
    yield from _papers(force, seen, needs, chosen, signed)


def _papers(force: InForce, seen: Seen, needs: Needs, chosen: str, signed: bool | None) -> Iterator[Ruling]:
    """The risk record, the sign-off and the signature."""
    from synthnb.disclosure.risk import problems_of

    before = f"release.{chosen}"
    if needs.risk_record:
        wanted = "there is a complete risk record, later than the last run and report"
        yield judged(
            force, f"{before}.risk_record", problems_of(seen.entries), wanted=wanted, fix="Write it with %synth risk.", release=True
        )
    if needs.within_recommendation:
        recommended = str(mapping(seen.risk.get("detail") if seen.risk else None).get("recommended") or RELEASES[0])
        bad = [f"recommended: {recommended}"] if recommended in RELEASES and RELEASES.index(chosen) > RELEASES.index(recommended) else []
        wanted = f"the release class, {chosen}, isn't more open than the one recommended"
        yield judged(force, f"{before}.within_recommendation", bad, wanted=wanted, fix="Choose the class recommended.", release=True)
    if needs.sign_off:
        standing = [entry for entry in seen.entries if entry["kind"] == "sign-off" and entry["id"] not in void(seen.entries)]
        wanted = "a reviewer has signed the record off as it is"
        yield judged(
            force, f"{before}.sign_off", [] if standing else ["none"], wanted=wanted, fix="Have it reviewed and signed off.", release=True
        )
    if needs.signature:
        rule, wanted = f"{before}.signature", "the file is as somebody signed it whose key is known here"
        fix = "Sign the file as it is, keep the signature beside it, and list the key in synthnb-keys.toml."
        if signed is None:
            yield Ruling(rule, "not decidable", f"{wanted}; nobody looked", fix, force.place(rule), force.locks(rule), release=True)
        else:
            yield judged(force, rule, [] if signed else ["no such signature"], wanted=wanted, fix=fix, release=True)
