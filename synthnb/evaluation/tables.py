"""A report's scores as a table for a manuscript or an issue: Markdown, or LaTeX with booktabs.

The dashboard copies the same tables (``synthnb/widgets/report/copying.js``); both
are held to ``tests/fixtures/report/tables.json``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from synthnb.errors import OptionError
from synthnb.evaluation._visible import visible

if TYPE_CHECKING:
    from synthnb.evaluation.base import Score
    from synthnb.evaluation.report import Report

__all__ = ["escape_latex", "escape_markdown", "to_latex", "to_markdown"]

HEAD = ("Dimension", "Score", "Value", "95 % interval", "Ceiling (value at its size)", "n", "Reading", "Reference")
_RIGHT = (2, 3, 4, 5)
_LONGEST = 600
_LONG_TABLE = 35
_WIDE_CELL = 40
_HEADINGS = {
    "bias": "Bias and subgroups",
    "copies": "Exact copies",
    "diagnostic": "Copying and overfitting diagnostics",
    "human": "Human review",
    "judge": "Judged by a model",
}
_DIRECTIONS = {"higher": "higher is better", "lower": "lower is better", "half": "0.5 is ideal", "none": "descriptive"}
_TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\char34{}",
    "`": r"\char96{}",
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "−": "$-$",
    "–": "--",
    "×": r"$\times$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "…": r"\ldots{}",
    "’": "'",
    "⏎": " ",
    "✓": "",
    "✗": "",
}
"""What means something to TeX, and signs that its usual fonts lack."""


def escape_markdown(value: object) -> str:
    """A string as a cell of a Markdown table: no markup, no HTML, no address that turns into a link."""
    text = re.sub(r"[\\`*_\[\]|~#$]", r"\\\g<0>", visible(value, _LONGEST))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("://", "&#58;//").replace("www.", "www&#46;")


def escape_latex(value: object) -> str:
    r"""A string as a cell of a LaTeX table: every sign with a meaning is printed, and none joins with its neighbour.

    Examples
    --------
    >>> escape_latex("50 % of A&B_1")
    '50 \\% of A\\&B\\_1'
    """
    text = "".join(_TEX.get(sign, sign) for sign in visible(value, _LONGEST))
    return re.sub(r"([-,'])(?=\1)", r"\1{}", text).strip()


def to_markdown(report: Report, dimension: str | None = None) -> str:
    """The scores as a Markdown table, under the headline and what was compared.

    Parameters
    ----------
    report : Report
        The report.
    dimension : str, optional
        Only scores of this one.

    Raises
    ------
    OptionError
        The report has no score of that dimension.
    """
    title, rows = _chosen(report, dimension)
    rule = "|".join("--:" if at in _RIGHT else "---" for at in range(len(HEAD)))

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(map(escape_markdown, cells))} |"

    table = "\n".join([f"**{escape_markdown(title)}**", "", line(HEAD), f"|{rule}|", *map(line, rows)])
    return "\n\n".join([f"**{escape_markdown(report.headline)}**", escape_markdown(_facts(report)), table])


def to_latex(report: Report, dimension: str | None = None) -> str:
    """The scores as a LaTeX table with booktabs rules; a long one breaks across pages.

    Parameters
    ----------
    report : Report
        The report.
    dimension : str, optional
        Only scores of this one.

    Raises
    ------
    OptionError
        The report has no score of that dimension.
    """
    title, rows = _chosen(report, dimension)
    parts = [
        r"% Needs \usepackage{booktabs,longtable}; letters beyond Latin need XeLaTeX or LuaLaTeX.",
        f"% {visible(report.id, 80)}",
        rf"\noindent\textbf{{{escape_latex(report.headline)}}} {escape_latex(_facts(report))}.",
        _latex_table(title, rows),
    ]
    return "\n\n".join(parts)


def _latex_table(title: str, rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return f"    {' & '.join(map(escape_latex, cells))} \\\\"

    columns = "".join(_column(at, rows) for at in range(len(HEAD)))
    top = [r"    \toprule", line(HEAD), r"    \midrule"]
    caption = rf"\caption{{{escape_latex(title)}}}"
    if len(rows) > _LONG_TABLE:
        begin = [rf"\begin{{longtable}}{{{columns}}}", rf"    {caption}\\", *top, r"    \endhead"]
        return "\n".join([*begin, *map(line, rows), r"    \bottomrule", r"\end{longtable}"])
    begin = [r"\begin{table}", r"  \centering\small", f"  {caption}", rf"  \begin{{tabular}}{{{columns}}}"]
    return "\n".join([*begin, *top, *map(line, rows), r"    \bottomrule", r"  \end{tabular}", r"\end{table}"])


def _column(at: int, rows: Sequence[Sequence[str]]) -> str:
    if at in _RIGHT:
        return "r"
    wide = any(len(cells[at]) > _WIDE_CELL for cells in rows)
    return rf"p{{{0.9 / max(3, len(HEAD) - 2):.2f}\linewidth}}" if wide else "l"


def _chosen(report: Report, dimension: str | None) -> tuple[str, list[list[str]]]:
    known = list(dict.fromkeys(score.dimension for score in report.scores))
    if dimension is not None and dimension not in known:
        raise OptionError.from_choice("dimension", dimension, [str(name) for name in known])
    rows = [_cells(score) for score in report.scores if dimension in (None, score.dimension)]
    return ("Scores" if dimension is None else f"Scores: {_heading(dimension)}"), rows


def _cells(score: Score) -> list[str]:
    about = " × ".join(visible(name, 60) for name in score.subject)
    label = visible(score.label or score.metric, 80)
    return [
        _heading(score.dimension),
        f"{label}: {about}" if about else label,
        f"not computed: {visible(score.reason, 300)}" if score.value is None else _fixed(score.value),
        "–" if score.low is None or score.high is None else f"{_fixed(score.low)} to {_fixed(score.high)}",
        _fixed(score.ceiling) if score.ceiling is None or score.matched is None else f"{_fixed(score.ceiling)} ({_fixed(score.matched)})",
        f"{score.n:,}",
        _reading(score),
        visible(score.reference, 300),
    ]


def _heading(dimension: str) -> str:
    return _HEADINGS.get(dimension, dimension[:1].upper() + dimension[1:])


def _reading(score: Score) -> str:
    way = _DIRECTIONS[score.direction]
    reading = score.parameters.get("reading")
    return f"{way}; {visible(reading, 80)}" if isinstance(reading, str) else way


def _fixed(value: float | None) -> str:
    """Three decimals, or one from ten on, halves away from 0 as the dashboard rounds them; a dash for no number."""
    if value is None or not math.isfinite(value):
        return "–"
    step = Decimal("0.001") if abs(value) < 10 else Decimal("0.1")
    text = str(Decimal(value).quantize(step, rounding=ROUND_HALF_UP))
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def _facts(report: Report) -> str:
    """What was compared, how and when."""
    frames = [("Synthetic", report.synthetic), ("Real", report.real), ("Hold-out", report.holdout)]
    told = [f"{what}: {_frame(frame)}" for what, frame in frames if frame]
    when = re.sub(r"\.\d+Z$", "Z", visible(report.created, 80))
    return "; ".join([*told, f"Profile {visible(report.profile, 80)}, seed {report.seed}, {when}, {visible(report.id, 80)}"])


def _frame(frame: dict[str, Any]) -> str:
    return f"{visible(frame['name'], 80)}, {frame['rows']:,} rows × {frame['columns']:,} columns"
