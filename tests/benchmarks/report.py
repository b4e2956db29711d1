"""What the benchmark found, as text for a terminal and as Markdown for the documentation.

Run ``python tests/benchmarks/report.py results.json`` for the text, with ``--markdown`` for the other.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["Result", "TableResults", "markdown_of", "scale_markdown_of", "targets_of", "text_of"]

HEADERS = {
    "tvd1": "TVD1",
    "tvd2": "TVD2",
    "floor": "÷ floor",
    "tvd3": "TVD3",
    "correlation": "corr. err.",
    "auc": "AUC",
    "tstr": "TSTR",
    "nearer": "nearer",
    "copies": "copies",
    "fit": "fit s",
    "draw": "draw s",
    "cpu": "cpu s",
    "peak_mb": "peak MB",
    "load": "load",
}
MOST_NEARER = 0.53
_PLACES = {"floor": 2, "copies": 0, "fit": 2, "draw": 2, "cpu": 1, "peak_mb": 0, "load": 1}
_RANGED = ("tvd2", "auc", "tstr", "nearer")


@dataclass(frozen=True)
class Result:
    """One method on one seed's halves."""

    method: str
    role: str
    """``baseline``, ``ours``, ``peer``, ``neural peer``, ``private`` (ours) or ``private peer``."""
    seed: int
    reason: str | None
    """Why there are no rows; None if there are."""
    figures: Mapping[str, float | None]
    cost: Mapping[str, Any]


@dataclass(frozen=True)
class TableResults:
    """Everything found on one table."""

    name: str
    kind: str
    about: str
    target: str
    rows: int
    columns: int
    learnt: int
    results: Sequence[Result]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TableResults:
        """The reverse of `to_dict`."""
        return cls(**{**data, "results": [Result(**result) for result in data["results"]]})

    @property
    def methods(self) -> list[str]:
        """Names, in the order they were run."""
        return list(dict.fromkeys(result.method for result in self.results))

    def role(self, method: str) -> str:
        """What a method is here."""
        return next(result.role for result in self.results if result.method == method)

    def values(self, method: str, figure: str) -> list[float]:
        """A figure over the seeds that gave one; ``floor`` is TVD2 over the bootstrap's of the same seed."""
        found = []
        for result in self.results:
            if result.method == method and result.reason is None:
                value = self._value(result, figure)
                found += [] if value is None else [float(value)]
        return found

    def _value(self, result: Result, figure: str) -> float | None:
        if figure in result.cost:
            return float(result.cost[figure])
        if figure != "floor":
            return result.figures.get(figure)
        for other in self.results:
            if other.method == "bootstrap" and other.seed == result.seed:
                floor, ours = other.figures["tvd2"], result.figures["tvd2"]
                return None if floor is None or ours is None else ours / floor
        return None

    def median(self, method: str, figure: str) -> float | None:
        """The median over the seeds."""
        found = self.values(method, figure)
        return statistics.median(found) if found else None

    def reason(self, method: str) -> str | None:
        """Why a method has no figures on any seed."""
        reasons = [result.reason for result in self.results if result.method == method]
        return None if None in reasons else reasons[0]

    def best(
        self, figure: str, better: Callable[[float], float], roles: Sequence[str], *, only_safe: bool = False
    ) -> tuple[str, float] | None:
        """The method of these roles whose median has the smallest ``better(median)``."""
        names = [name for name in self.methods if self.role(name) in roles and (not only_safe or self.safe(name))]
        found = [(name, value) for name in names if (value := self.median(name, figure)) is not None]
        return min(found, key=lambda item: better(item[1])) if found else None

    def safe(self, method: str) -> bool:
        """Whether rows made lie no nearer to the rows learnt than allowed, and none is an uncommon copy."""
        nearer = self.median(method, "nearer")
        return nearer is not None and nearer <= MOST_NEARER and max(self.values(method, "copies")) == 0


def targets_of(table: TableResults, method: str) -> list[tuple[str, bool | None, str]]:
    """What an engine is held to on a mixed table of over 2,000 rows: what, whether it holds (None: can't be told), the figures."""
    if table.kind != "mixed" or table.median(method, "tvd2") is None:
        return []
    value = {figure: table.median(method, figure) for figure in ("tvd2", "floor", "auc", "tstr", "real", "nearer", "copies")}
    copies = max(table.values(method, "copies"))
    real, tstr = value["real"], value["tstr"]
    checks = [
        ("TVD2 at most 1.3 × bootstrap", _holds(value["floor"], lambda floor: floor <= 1.3), f"{_shown(value['floor'], 2)} ×"),
        ("AUC within .45 to .55", _holds(value["auc"], lambda auc: 0.45 <= auc <= 0.55), _shown(value["auc"])),
        (
            "TSTR within .02 of real",
            None if real is None or tstr is None else abs(tstr - real) <= 0.02,
            f"{_shown(tstr)} against {_shown(real)}",
        ),
        ("nearer at most .53", _holds(value["nearer"], lambda nearer: nearer <= MOST_NEARER), _shown(value["nearer"])),
        ("no uncommon copy in any run", copies == 0, f"{copies:,.0f}"),
    ]
    peers = ("peer", "neural peer")
    for figure, better in (("tvd2", _small), ("auc", _half), ("tstr", _large)):
        checks.append(_beats(table, method, figure, better, peers))
        checks.append(_beats(table, method, figure, better, peers, only_safe=True))
    return [*checks, _twentieth(table, method), _not_slower(table, method)]


def _small(value: float) -> float:
    return value


def _half(value: float) -> float:
    return abs(value - 0.5)


def _large(value: float) -> float:
    return -value


def _holds(value: float | None, test: Callable[[float], bool]) -> bool | None:
    return None if value is None else test(value)


def _beats(
    table: TableResults, method: str, figure: str, better: Callable[[float], float], roles: Sequence[str], *, only_safe: bool = False
) -> tuple[str, bool | None, str]:
    """Against every peer, or those alone that meet the two targets against copying themselves."""
    what = f"{HEADERS[figure]} better than every peer" + (" that keeps off the rows learnt" if only_safe else "")
    ours, best = table.median(method, figure), table.best(figure, better, roles, only_safe=only_safe)
    if ours is None or best is None:
        return what, None, "no such peer was run"
    return what, better(ours) < better(best[1]), f"{_shown(ours)} against {best[0]} {_shown(best[1])}"


def _twentieth(table: TableResults, method: str) -> tuple[str, bool | None, str]:
    """The best neural peer is the one with the smallest TVD2."""
    what, best = "time at most a twentieth of the best neural peer's", table.best("tvd2", _small, ("neural peer",))
    return _in_time(table, method, None if best is None else best[0], what, 20)


def _not_slower(table: TableResults, method: str) -> tuple[str, bool | None, str]:
    return _in_time(table, method, "sdv-copula" if "sdv-copula" in table.methods else None, "not slower than SDV's copula", 1)


def _in_time(table: TableResults, method: str, peer: str | None, what: str, times: float) -> tuple[str, bool | None, str]:
    """Processor seconds, since seconds of wall time depend on what else the machine did."""
    ours, theirs = table.median(method, "cpu"), None if peer is None else table.median(peer, "cpu")
    if ours is None or theirs is None:
        return what, None, "no such peer was timed"
    return what, ours <= theirs / times, f"{ours:.2f} against {peer} {theirs:.2f} s of processor time"


def ratios_of(table: TableResults) -> list[str]:
    """Our engines' medians over those of the best peer, which is named."""
    lines = []
    for method in table.methods:
        if table.role(method) not in {"ours", "private"} or table.median(method, "tvd2") is None:
            continue
        roles = ("private peer",) if table.role(method) == "private" else ("peer", "neural peer")
        parts = [
            f"{HEADERS[figure]} {ours / best[1]:.2f} ({best[0]})"
            for figure, better in (("tvd1", _small), ("tvd2", _small), ("tvd3", _small), ("tstr", _large))
            if (ours := table.median(method, figure)) is not None and (best := table.best(figure, better, roles)) is not None and best[1]
        ]
        lines += [f"{method} / best peer: {', '.join(parts)}"] if parts else []
    return lines


def _shown(value: float | None, places: int = 3) -> str:
    return "–" if value is None else f"{value:,.{places}f}"


def _cells(table: TableResults, method: str) -> list[str]:
    cells = []
    for figure in HEADERS:
        value, found = table.median(method, figure), table.values(method, figure)
        text = _shown(value, _PLACES.get(figure, 3))
        if figure in _RANGED and len(found) > 1:
            text += f" ({min(found):.3f}–{max(found):.3f})"
        cells.append(text)
    return cells


def _heading(table: TableResults) -> str:
    real = next((found for method in table.methods if (found := table.median(method, "real")) is not None), None)
    return (
        f"{table.name} ({table.about}): {table.learnt:,} rows learnt, {table.learnt:,} held out, {table.columns} columns; "
        f"predicting {table.target}, real rows give {_shown(real)}"
    )


def _seeds(table: TableResults, method: str) -> int:
    return len({result.seed for result in table.results if result.method == method and result.reason is None})


def text_of(table: TableResults) -> str:
    """The table's results for a terminal."""
    widths = {figure: 22 if figure in _RANGED else 11 for figure in HEADERS}
    lines = ["", _heading(table), f"{'':18}{'seeds':>6}" + "".join(f"{HEADERS[figure]:>{widths[figure]}}" for figure in HEADERS)]
    for method in table.methods:
        reason = table.reason(method)
        if reason is not None:
            lines.append(f"{method:18}{0:6}  {reason}")
            continue
        cells = zip(_cells(table, method), widths.values(), strict=True)
        lines.append(f"{method:18}{_seeds(table, method):6}" + "".join(f"{text:>{width}}" for text, width in cells))
    lines += ratios_of(table)
    for method in table.methods:
        if table.role(method) == "ours":
            lines += [f"{_word(passed)}  {method}: {what} ({figures})" for what, passed, figures in targets_of(table, method)]
    return "\n".join(lines)


def _word(passed: bool | None) -> str:
    return "  ? " if passed is None else "PASS" if passed else "FAIL"


def markdown_of(data: Mapping[str, Any]) -> str:
    """All results of a file as Markdown."""
    tables = [TableResults.from_dict(table) for table in data["tables"].values()]
    return "\n\n".join([*(_markdown(table) for table in tables), _versions(data, tables)]) + "\n"


def _markdown(table: TableResults) -> str:
    lines = [
        f"### {table.name}",
        "",
        _heading(table) + ".",
        "",
        f"| | seeds | {' | '.join(HEADERS.values())} |",
        "|---" * (2 + len(HEADERS)) + "|",
    ]
    for method in table.methods:
        name = f"**{method}**" if table.role(method) in {"ours", "private"} else method
        if (reason := table.reason(method)) is not None:
            lines.append(f"| {name} | 0 | {reason} |" + " |" * (len(HEADERS) - 1))
        else:
            lines.append(f"| {name} | {_seeds(table, method)} | {' | '.join(_cells(table, method))} |")
    checks = [(method, check) for method in table.methods if table.role(method) == "ours" for check in targets_of(table, method)]
    if checks:
        lines += ["", "| engine | target | holds | figures |", "|---|---|---|---|"]
        lines += [f"| {method} | {what} | {_word(passed).strip()} | {figures} |" for method, (what, passed, figures) in checks]
    return "\n".join(lines)


def scale_markdown_of(data: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """The costs that ``scale.py`` found, as Markdown."""
    lines = ["| engine | rows | fit s | draw s | µs per row, fit | µs per row, draw | cpu s | peak MB | load |", "|---" * 9 + "|"]
    for engine, costs in data.items():
        for cost in costs:
            rows, fit, draw = cost["rows"], cost["fit"], cost["draw"]
            each = f"{fit / rows * 1e6:,.1f} | {draw / rows * 1e6:,.1f}"
            more = f"{cost['cpu']:.1f} | {cost['peak_mb']:,.0f} | {cost['load']:.1f}"
            lines.append(f"| {engine} | {rows:,} | {fit:.2f} | {draw:.2f} | {each} | {more} |")
    return "\n".join(lines) + "\n"


def _versions(data: Mapping[str, Any], tables: Sequence[TableResults]) -> str:
    found: dict[str, str] = {}
    for table in tables:
        for result in table.results:
            found |= result.cost.get("versions", {})
    return (
        f"Results of {data['date']} on a machine of {data['machine']['cores']} cores. Versions: "
        + ", ".join(f"{name} {found[name]}" for name in sorted(found))
        + "."
    )


if __name__ == "__main__":
    results = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if "--markdown" in sys.argv:
        print(markdown_of(results))
    else:
        print("\n".join(text_of(TableResults.from_dict(table)) for table in results["tables"].values()))
