"""A measured curve and its law, drawn as SVG and as lines of text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol
from xml.sax.saxutils import escape

__all__ = ["amount", "curve_svg", "curve_text"]

_WIDTH, _HEIGHT = 480, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 14, 40
_TEXT_WIDTH = 40
_LONGEST_UNIT = 30


class _Point(Protocol):
    @property
    def size(self) -> float: ...
    @property
    def error(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def extrapolated(self) -> bool: ...


def amount(size: float) -> str:
    """A size as people write it: ``4,000``, ``4.5`` or ``2e+09``."""
    return f"{size:,.0f}" if 1000 <= size < 1e9 else f"{size:.4g}"


def curve_svg(sizes: Sequence[float], errors: Sequence[float], curve: Sequence[_Point], *, unit: str) -> str:
    """Return an SVG: points measured, the law with its band, and beyond the largest size a dashed line.

    Sizes are on a logarithmic axis. It is drawn in the colour of the text around it, and its
    title says what it shows.
    """
    first, last = math.log(curve[0].size), math.log(curve[-1].size)
    seen = [*errors, *(point.error for point in curve)]
    span = max(seen) - min(seen) or max(abs(seen[0]), 1.0)
    bottom, top = max(0.0, min(seen) - 0.3 * span), max(seen) + 0.15 * span

    def x(size: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * (math.log(size) - first) / (last - first or 1.0), 1)

    def y(error: float) -> float:
        return round(_HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * (min(max(error, bottom), top) - bottom) / (top - bottom), 1)

    measured = [point for point in curve if not point.extrapolated]
    beyond = [*measured[-1:], *(point for point in curve if point.extrapolated)]
    band = [*((x(p.size), y(p.high)) for p in curve), *((x(p.size), y(p.low)) for p in reversed(curve))]
    name = escape(" ".join(unit.split())[:_LONGEST_UNIT])
    title = f"Error against {name}: {len(sizes)} measurements and the fitted law with its interval"
    marks = "".join(f'<circle cx="{x(size)}" cy="{y(error)}" r="3.5"/>' for size, error in zip(sizes, errors, strict=True))
    ticks = "".join(f'<text x="{x(size)}" y="{_HEIGHT - 22}" text-anchor="middle">{amount(size)}</text>' for size in (sizes[0], sizes[-1]))
    levels = [bottom + (top - bottom) * share for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    ticks += "".join(f'<text x="{_LEFT - 6}" y="{y(level) + 4}" text-anchor="end">{level:.3g}</text>' for level in levels)
    lines = "".join(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(level)}" y2="{y(level)}"/>' for level in levels)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img" aria-label="{title}">'
        f'<title>{title}</title><g font-size="11" font-family="sans-serif" fill="currentColor" stroke="none">'
        f'<g stroke="currentColor" opacity="0.15">{lines}</g>'
        f'<polygon points="{_path(band)}" opacity="0.15"/>'
        f'<polyline points="{_path([(x(p.size), y(p.error)) for p in measured])}" fill="none" stroke="currentColor" stroke-width="1.5"/>'
        f'<polyline points="{_path([(x(p.size), y(p.error)) for p in beyond])}" fill="none" stroke="currentColor" stroke-width="1.5" '
        f'stroke-dasharray="4 3"/>{marks}{ticks}'
        f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 6}" text-anchor="middle">{name}, logarithmic; dashed: extrapolated</text>'
        "</g></svg>"
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def curve_text(sizes: Sequence[float], errors: Sequence[float], fitted: Sequence[float], *, unit: str) -> str:
    """Return a line for each measurement: its size, its error (``o``) and the law's (``|``; ``@`` where both fall together)."""
    seen = [*errors, *fitted]
    low, span = min(seen), (max(seen) - min(seen)) or 1.0
    lines = [f"{' '.join(unit.split())[:_LONGEST_UNIT]:>14}  error, from {low:.4g} to {max(seen):.4g} (o measured, | law)"]
    for size, error, law in zip(sizes, errors, fitted, strict=True):
        row = [" "] * (_TEXT_WIDTH + 1)
        at, line = (round(_TEXT_WIDTH * (value - low) / span) for value in (error, law))
        row[line] = "|"
        row[at] = "@" if at == line else "o"
        lines.append(f"{amount(size):>14}  {''.join(row).rstrip():<{_TEXT_WIDTH + 1}}  {error:.4g}")
    return "\n".join(lines)
