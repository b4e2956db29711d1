"""What the templates show of a report: facts, readings, scores, and a table for each drill-down.

The static form says what the dashboard says; words both use come from `_words.words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from synthnb.jupyter._words import DASH, clean, count, direction, fixed, interval, moment, percent, plain, table_line, words

__all__ = ["report_view"]

Json = dict[str, Any]

GROUP_HEAD = ["Group", "n real", "n synthetic", "Share real", "Share synthetic", "Difference, points", "Fidelity", "Utility"]
SCORE_HEAD = ["Score", "Value", "95 % interval", "Ceiling (value at its size)", "n", "Reading", "Definition and reference"]
COLUMN_HEAD = ["Column", "Kind", "Score", "Missing real", "Missing synthetic"]
GATE_HEAD = ["Gate", "Outcome", "Limit", "Value", "Why", "Whose limit"]
ATTACK_HEAD = ["Attack", "Risk", "Main", "Baseline", "Control", "n", "Reading"]
OTHER_HEAD = ["Attack", "Value", "95 % interval", "n", "Reading"]
TERM_HEAD = ["Term", "Real", "Synthetic", "Overlap", "Sign", "Decision"]
LEARNER_HEAD = ["Learner", "Measure", "Trained on synthetic", "Trained on real", "Difference"]
_OWN_DETAILS = {"attacks", "utility", "analyses"}
_NUMERIC = {"integer", "real", "date", "datetime", "time", "timedelta"}
_BIN_SIGNS = set("<≥≤–")
_PAIRS = 40
_PHRASES = 2
_FURTHER_ROWS = 40


# --- scores -------------------------------------------------------------------------------


def _heading(dimension: object) -> str:
    name = clean(dimension)
    found: str = words()["dimensions"].get(str(dimension), (name[:1].upper() + name[1:], ""))[0]
    return found


def _about(subject: Sequence[object] | None) -> str:
    return " × ".join(clean(name, 60) for name in subject or [])


def _score_title(score: Mapping[str, Any]) -> str:
    named = clean(score.get("label") or score.get("metric"))
    return ": ".join(part for part in (named, _about(score.get("subject"))) if part)


def _score_row(score: Mapping[str, Any]) -> list[str]:
    computed = score.get("value") is not None
    source = clean(score.get("reference"), 200)
    return [
        _score_title(score),
        fixed(score.get("value")) if computed else f"not computed: {clean(score.get('reason') or 'no reason given', 300)}",
        interval(score),
        _ceiling(score),
        count(score.get("n")),
        direction(score),
        "; ".join(part for part in (f"{clean(score.get('metric'))} v{clean(score.get('version'))}", source) if part),
    ]


def _ceiling(score: Mapping[str, Any]) -> str:
    """The ceiling, and in brackets what as many synthetic rows as it rests on score."""
    ceiling, matched = score.get("ceiling"), score.get("matched")
    return fixed(ceiling) if ceiling is None or matched is None else f"{fixed(ceiling)} ({fixed(matched)})"


def _bracketed(figure: object) -> str:
    """A figure alone, or with the ends of its interval in brackets."""
    value, low, high, *_ = [*figure, None, None, None] if isinstance(figure, (list, tuple)) else [figure, None, None]
    ends = [fixed(low), fixed(high)]
    return fixed(value) if DASH in (fixed(value), *ends) else f"{fixed(value)} [{', '.join(ends)}]"


def _inline(score: Mapping[str, Any]) -> str:
    """What stands in the middle of a sentence for a score whose metric has no reading of its own."""
    name = clean(score.get("label") or score.get("metric"))
    lower = name[:1].lower() + name[1:] if re.match(".[a-z]", name) else name
    return f"{lower} ({about})" if (about := _about(score.get("subject"))) else lower


def _share(value: object, low: float | None = None, high: float | None = None) -> str:
    """A share in per cent, all as 100 %; with its interval, if it has one."""
    whole = "100 %" if value == 1 else percent(value)
    return whole if low is None or high is None else f"{whole} [{fixed(100 * low, 1)}, {fixed(100 * high, 1)}]"


def _phrase(score: Mapping[str, Any]) -> str:
    low, high = score.get("low"), score.get("high")
    beside = "" if score.get("ceiling") is None else f" (real rows: {fixed(score['ceiling'])})"
    parts = {
        "label": _inline(score),
        "value": _bracketed([score.get("value"), low, high]),
        "ceiling": beside,
        "share": _share(score.get("value"), low, high),
        "share_ceiling": beside and f" (real rows: {_share(score['ceiling'])})",
        "measure": f"{clean(measure)} " if (measure := (score.get("parameters") or {}).get("measure")) else "",
    }
    form = words()["readings"].get(str(score.get("metric")), "{label}: {value}{ceiling}")
    return re.sub(r"\{(\w+)\}", lambda found: parts.get(found[1], ""), form)


def sentence(dimension: str, scores: Sequence[Mapping[str, Any]]) -> str:
    """A dimension in one sentence: its leading values with intervals and ceilings, never a verdict."""
    lead = words()["lead"].get(dimension, [])

    def place(score: Mapping[str, Any]) -> tuple[int, bool]:
        metric = score.get("metric")
        return (lead.index(metric) if metric in lead else len(lead), bool(score.get("subject")))

    ordered = sorted((score for score in scores if score.get("value") is not None), key=place)
    first = {str(score.get("metric")): score for score in reversed(ordered)}
    phrases = [_phrase(first[metric]) for metric in dict.fromkeys(str(score.get("metric")) for score in ordered)][:_PHRASES]
    if not phrases:
        return f"Not evaluated: {clean((scores[0] if scores else {}).get('reason') or 'no reason given', 300)}"
    text = "; ".join(phrases)
    return f"{text[:1].upper()}{text[1:]}."


def _dimensions(scores: Sequence[Mapping[str, Any]]) -> list[Json]:
    """The scores by dimension; those about single columns or groups apart, if there are others."""
    known = words()["dimensions"]
    blocks = []
    for dimension in dict.fromkeys([*known, *(str(score.get("dimension")) for score in scores)]):
        own = [score for score in scores if str(score.get("dimension")) == dimension]
        if own:
            whole = [_score_row(score) for score in own if not score.get("subject")]
            parts = [_score_row(score) for score in own if score.get("subject")]
            block = {"heading": _heading(dimension), "note": known.get(dimension, ("", ""))[1], "reading": sentence(dimension, own)}
            blocks.append(block | {"rows": whole or parts, "more": parts if whole else []})
    return blocks


# --- columns and groups -------------------------------------------------------------------


def _bars(bins: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    """Real and synthetic shares as heights from 0 to 44."""
    real, synthetic = ([float(share or 0) for share in bins.get(side) or []] for side in ("real", "synthetic"))
    top = max([*real, *synthetic, 1e-6])
    return [round(44 * share / top, 1) for share in real], [round(44 * share / top, 1) for share in synthetic]


def _bound(missing: Mapping[str, Any]) -> str:
    """What stands before a share that is only bounded, since few real rows make it."""
    return f"{clean(missing['bound'], 2)} " if missing.get("bound") else ""


def _column(column: Mapping[str, Any]) -> Json:
    bins, missing = column.get("bins") or {}, column.get("missing") or {}
    real, synthetic = _bars(bins)
    shares = zip(*(bins.get(part) or [] for part in ("labels", "real", "synthetic")), strict=False)
    return {
        "row": [
            clean(column.get("name")),
            clean(column.get("kind")),
            fixed(column.get("score")),
            _bound(missing) + percent(missing.get("real")),
            percent(missing.get("synthetic")),
        ],
        "numeric": column.get("kind") in _NUMERIC and any(_BIN_SIGNS & set(str(name)) for name in bins.get("labels") or []),
        "real": real,
        "synthetic": synthetic,
        "bins": [[clean(name), percent(a), percent(b), fixed(100 * ((b or 0) - (a or 0)), 1)] for name, a, b in shares],
    }


def _group_row(group: Mapping[str, Any]) -> list[str]:
    name = ", ".join(f"{clean(column)} = {clean(level)}" for column, level in (group.get("group") or {}).items())
    if group.get("suppressed"):
        return [name, "withheld", *["not shown"] * 6]
    shares = [group.get("share_real"), group.get("share_synthetic")]
    gap = None if None in shares else 100 * (group["share_synthetic"] - group["share_real"])
    figures = [count(group.get("n_real")), count(group.get("n_synthetic")), *map(percent, shares), fixed(gap, 1)]
    return [name, *figures, _beside(group, "fidelity"), _beside(group, "utility")]


def _beside(group: Mapping[str, Any], name: str) -> str:
    """A subgroup's value with its ceiling, where there is one, and with its value at the ceiling's size."""
    value, ceiling, matched = group.get(name), group.get(f"{name}_ceiling"), group.get(f"{name}_matched")
    if ceiling is None:
        return fixed(value)
    return f"{fixed(value)} ({fixed(ceiling)})" if matched is None else f"{fixed(value)} ({fixed(ceiling)}; {fixed(matched)})"


# --- gates, attacks, analyses -------------------------------------------------------------


def _part(title: str, head: list[str], rows: list[list[str]], right: Sequence[int], note: str = "", *, text: bool = True) -> Json:
    """A table of its own; `text` says whether the plain text has it too."""
    return {"title": title, "head": head, "rows": rows, "right": list(right), "note": note, "text": text}


def _outcome(gate: Mapping[str, Any]) -> object:
    """What became of a gate; a score that wasn't computed leaves it undecided in a way of its own."""
    outcome = gate.get("outcome")
    return "uncomputed" if outcome == "undecided" and gate.get("value") is None else outcome


def _worst_gates(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    order = list(words()["outcomes"])
    gates: list[Mapping[str, Any]] = report.get("gates") or []
    return sorted(gates, key=lambda gate: order.index(_outcome(gate)) if _outcome(gate) in order else len(order))


def _gate_row(gate: Mapping[str, Any]) -> list[str]:
    outcome = words()["outcomes"].get(_outcome(gate), [clean(gate.get("outcome"))])
    limit = f"at least {_limit(gate['at_least'])}" if gate.get("at_least") is not None else f"at most {_limit(gate.get('at_most'))}"
    figures = [gate.get(name) for name in ("value", "low", "high")]
    held = ["by value"] if figures[0] is not None and None in figures[1:] else []
    several = [f"decided by 1 of {count(gate['scores'])} scores"] if (gate.get("scores") or 1) > 1 else []
    return [
        _score_title(gate),
        "\u00a0".join(outcome[:2]),
        limit,
        ", ".join([_bracketed(figures), *held, *several]),
        clean(gate.get("reason"), 300),
        clean(gate.get("source"), 300),
    ]


def _limit(value: object) -> str:
    return f"{value:g}".replace("-", "−") if isinstance(value, (int, float)) else clean(value)


def _first(figure: object) -> float | None:
    value = figure[0] if isinstance(figure, (list, tuple)) and figure else figure
    return value if isinstance(value, (int, float)) else None


def _attack_row(attack: Mapping[str, Any]) -> list[str]:
    name = ": ".join(part for part in (clean(attack.get("name")), _about(attack.get("subject"))) if part)
    figures = [_bracketed(attack.get(key)) for key in ("risk", "main", "baseline", "control")]
    return [name, *figures, count(attack.get("n")), _meaning(attack)]


def _meaning(attack: Mapping[str, Any]) -> str:
    """What an attack's figures say; never that there is no risk."""
    risk = attack.get("risk")
    value, low = _first(risk), risk[1] if isinstance(risk, (list, tuple)) and len(risk) > 1 else None
    if value is None:
        return "not computed"
    said: str = words()["weak" if attack.get("weak") else "strong" if (value if low is None else low) > 0 else "unclear"]
    return said


def _badness(attack: Mapping[str, Any]) -> tuple[bool, float]:
    risk = _first(attack.get("risk"))
    return (bool(attack.get("weak")), 9.0 if risk is None else -risk)


def _privacy(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [score for score in report.get("scores") or [] if score.get("dimension") == "privacy"]


def _others(report: Mapping[str, Any], attacks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Scores under privacy that no attack with rates stands for."""
    risks = [(attack.get("subject") or [], risk) for attack in attacks if (risk := _first(attack.get("risk"))) is not None]

    def listed(score: Mapping[str, Any]) -> bool:
        value, subject = score.get("value"), score.get("subject") or []
        return value is not None and any(subject == about and abs(risk - value) < 1e-4 for about, risk in risks)

    return [score for score in _privacy(report) if not listed(score)]


def _evidence(score: Mapping[str, Any]) -> float:
    """How far an interval, or a value alone, lies beyond no effect; those not computed last."""
    value, low = score.get("value"), score.get("low")
    if value is None:
        return -9.0
    least = float(value if low is None else low)
    size = {"half": least - 0.5, "lower": least}.get(str(score.get("direction")), -1.0)
    return size + 9.0 * ((score.get("parameters") or {}).get("reading") == "excess")


def _other_row(score: Mapping[str, Any]) -> list[str]:
    computed = score.get("value") is not None
    said = direction(score) if computed else f"not computed: {clean(score.get('reason') or 'no reason given', 300)}"
    return [_score_title(score), fixed(score.get("value")), interval(score), count(score.get("n")), said]


def _same(agrees: object) -> str:
    return {True: "same", False: "differs"}.get(agrees, DASH) if isinstance(agrees, bool) else DASH


def _term_row(term: Mapping[str, Any]) -> list[str]:
    estimates = [_bracketed(term.get("real")), _bracketed(term.get("synthetic"))]
    return [clean(term.get("term")), *estimates, fixed(term.get("overlap"), 2), _same(term.get("sign")), _same(term.get("decision"))]


def _learner_row(learner: Mapping[str, Any]) -> list[str]:
    synthetic, real = _first(learner.get("synthetic")), _first(learner.get("real"))
    gap = learner.get("gap") or (None if synthetic is None or real is None else synthetic - real)
    sides = [_bracketed(learner.get("synthetic")), _bracketed(learner.get("real"))]
    return [clean(learner.get("learner")), clean(learner.get("measure")), *sides, _bracketed(gap)]


def _gates(report: Mapping[str, Any]) -> Iterator[Json]:
    """The tables before the scores."""
    changes = [[clean(one.get("what")), _any(one.get("from")), _any(one.get("to"))] for one in report.get("changes") or []]
    yield _part("Gates", GATE_HEAD, [_gate_row(gate) for gate in _worst_gates(report)], [3], words()["notes"]["gates"])
    yield _part("What the profile changes", ["What", "From", "To"], changes, [])


def _parts(report: Mapping[str, Any]) -> Iterator[Json]:
    """The tables after the scores."""
    details = report.get("details") or {}
    notes = words()["notes"]
    attacks = sorted(_mappings(details.get("attacks")), key=_badness)
    yield _part("Attacks, highest risk first", ATTACK_HEAD, [_attack_row(one) for one in attacks], [1, 2, 3, 4, 5], notes["attacks"])
    others = sorted(_others(report, attacks), key=_evidence, reverse=True)
    yield _part("Other attacks, those with an excess first", OTHER_HEAD, [_other_row(one) for one in others], [1, 2, 3], notes["others"])
    for analysis in _mappings(details.get("analyses")):
        rows = [_term_row(term) for term in _mappings(analysis.get("terms"))]
        why = clean(analysis.get("reason"), 300)
        head, rows = (TERM_HEAD, rows) if rows else (["Terms", "Why there are none"], [["none", why or "no reason given"]])
        yield _part(f"Analysis {clean(analysis.get('name'))}", head, rows, [1, 2, 3] if len(head) > 2 else [], notes["analyses"])
    learners = [_learner_row(one) for one in _mappings(details.get("utility"))]
    yield _part("Models trained on each table", LEARNER_HEAD, learners, [2, 3, 4], notes["learners"])
    for name, value in details.items():
        if name == "survival" and isinstance(value, Mapping):
            yield from _survival(value)
        elif name not in _OWN_DETAILS:
            yield from _further(clean(name), value)


def _survival(found: Mapping[str, Any]) -> Iterator[Json]:
    """The curves at a few times and the hazard ratios, as tables."""
    curves = found.get("curves") if isinstance(found.get("curves"), Mapping) else {}
    kept = {name: shares for name, shares in (curves or {}).items() if isinstance(shares, (list, tuple))}
    rows = [[_any(time), *map(percent, shares)] for time, *shares in zip(found.get("times") or [], *kept.values(), strict=False)]
    title = f"Survival: {clean(found.get('event'))} by {clean(found.get('time'))}"
    medians = found.get("median") if isinstance(found.get("median"), Mapping) else {}
    said = "; ".join(f"{clean(name)} {'not reached' if at is None else _any(at)}" for name, at in (medians or {}).items())
    note = f"{words()['notes']['survival']}{f' Medians: {said}.' if said else ''}"
    yield _part(
        title, ["Time", *(clean(name).replace("holdout", "hold-out").capitalize() for name in kept)], rows, [0, 1, 2, 3], note, text=False
    )
    yield _part("Log hazard ratios", TERM_HEAD, [_term_row(term) for term in _mappings(found.get("terms"))], [1, 2, 3], text=False)


def _any(value: object) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return plain(value, 200).replace("-", "−")
    return DASH if value is None else plain(value, 200)


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, (list, tuple)) else []


def _series(value: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Lists of equal length, to stand side by side; the first says how long."""
    found = {key: one for key, one in value.items() if isinstance(one, (list, tuple)) and not _mappings(one)}
    length = len(next(iter(found.values()), ()))
    return {key: list(one) for key, one in found.items() if len(one) == length and length}


def _further(name: str, value: object) -> Iterator[Json]:
    """Details of a shape that isn't known, as tables of names and values."""
    if isinstance(value, Mapping):
        beside = _series(value)
        rest = {key: one for key, one in value.items() if key not in beside}
        deep = {key: one for key, one in rest.items() if isinstance(one, Mapping) or _mappings(one)}
        flat = [[clean(key).replace("_", " "), _any(one)] for key, one in rest.items() if key not in deep and (key, one) != ("omitted", 0)]
        yield _part(name, ["What", "Value"], flat, [], text=False)
        rows = [[_any(one) for one in row] for row in zip(*beside.values(), strict=True)][:_FURTHER_ROWS]
        yield _part(name, [clean(key).replace("_", " ") for key in beside], rows, [], text=False)
        for key, one in deep.items():
            yield from _further(f"{name}, {clean(key)}", one)
    elif found := _mappings(value):
        head = list(dict.fromkeys(key for row in found for key in row))
        cells = [[_any(row.get(key)) for key in head] for row in found[:_FURTHER_ROWS]]
        left = len(found) - len(cells)
        note = f"{count(left)} more rows are in the report's JSON." if left > 0 else ""
        yield _part(name, [clean(key).replace("_", " ") for key in head], cells, [], note, text=False)


# --- the whole ----------------------------------------------------------------------------


def _report_facts(report: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    tables = [("Synthetic", "synthetic"), ("Real", "real"), ("Hold-out", "holdout")]
    facts = [(name, table_line(report.get(key)), str((report.get(key) or {}).get("digest", ""))) for name, key in tables]
    left = (f"{count(number)} {clean(kind).replace('_', ' ')}" for kind, number in (report.get("omitted") or {}).items())
    facts += [
        ("Target", clean(report.get("target")), ""),
        ("Groups", ", ".join(clean(name) for name in report.get("groups") or []), ""),
        ("Profile", f"{clean(report.get('profile'))}, seed {clean(report.get('seed'))}", ""),
        ("Gates", _counts(report), ""),
        ("Attacks", _excess(report), ""),
        ("Left out", ", ".join(left), ""),
        ("Made", f"{moment(report.get('created'))}, {clean(report.get('id'))}", ""),
    ]
    return [fact for fact in facts if fact[1]]


def _counts(report: Mapping[str, Any]) -> str:
    """How many gates came out how."""
    outcomes = [_outcome(gate) for gate in report.get("gates") or []]
    known = words()["outcomes"]
    found = [(known[name], outcomes.count(name)) for name in known if name in outcomes]
    return ", ".join(f"{sign} {number} {one if number == 1 else many}" for (sign, one, many), number in found)


def _excess(report: Mapping[str, Any]) -> str:
    """How many privacy scores found an excess; nothing if none did."""
    found = sum((score.get("parameters") or {}).get("reading") == "excess" for score in _privacy(report))
    return f"excess found by {count(found)} {'attack' if found == 1 else 'attacks'}" if found else ""


def headline(report: Mapping[str, Any]) -> str:
    """The report's own, or how much of it there is."""
    scores = report.get("scores") or []
    computed = sum(score.get("value") is not None for score in scores)
    counted = f"{computed} of {len(scores)} scores of {clean(report.get('profile'))} could be computed."
    return clean(report.get("headline"), 600) or (counted if scores else "A report without a headline.")


def report_view(report: Mapping[str, Any], charts: int) -> Json:
    """Everything the static report says, with the worst columns' distributions drawn."""
    columns = sorted(report.get("columns") or [], key=lambda column: 2 if column.get("score") is None else column["score"])
    pairs = report.get("pairs") or {}
    names, errors = pairs.get("names") or [], pairs.get("errors") or []
    scores = report.get("scores") or []
    skipped = [(_heading(item.get("dimension")), clean(item.get("reason"), 400)) for item in report.get("not_evaluated") or []]
    failed = [(_heading(s.get("dimension")), f"{_score_row(s)[0]}, {_score_row(s)[1]}") for s in scores if s.get("value") is None]
    views = [_column(column) for column in columns]
    return {
        "headline": headline(report),
        "facts": _report_facts(report),
        "score_head": SCORE_HEAD,
        "dimensions": _dimensions(scores),
        "gates": [part for part in _gates(report) if part["rows"]],
        "parts": [part for part in _parts(report) if part["rows"]],
        "column_head": COLUMN_HEAD,
        "columns": views,
        "charts": [view for view in views if view["bins"]][:charts],
        "pairs": [[f"{clean(names[i])} × {clean(names[j])}", fixed(error)] for i, j, error in errors[:_PAIRS]],
        "more_pairs": max(0, len(errors) - _PAIRS),
        "group_head": GROUP_HEAD,
        "groups": [_group_row(group) for group in report.get("subgroups") or []],
        "minimum_cell": int(report.get("minimum_cell") or 11),
        "absent": skipped + failed,
    }
