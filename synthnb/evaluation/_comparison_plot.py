"""Utility against privacy, drawn as SVG: better is up and to the right, whatever the metrics' own directions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

__all__ = ["front_svg"]

_WIDTH, _HEIGHT = 520, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 96, 16, 48
_ACCENT = "#0072b2"
_LONGEST = 16
_STEP = 13.0


class _Scale(NamedTuple):
    """From a metric's own values to pixels; ``start`` is the worse end."""

    start: float
    end: float
    first: float
    last: float

    def at(self, value: float) -> float:
        share = (min(max(value, min(self.start, self.end)), max(self.start, self.end)) - self.start) / (self.end - self.start)
        return round(self.first + share * (self.last - self.first), 1)


def front_svg(front: Mapping[str, Any]) -> str:
    """Return an SVG: a mark and two whiskers a synthesis, those on the front filled and joined; empty without points.

    Shapes and words tell what colours tell; the title says what is drawn.
    """
    points = front["points"]
    if front["reason"] or not points:
        return ""
    x = _scale([point["utility"] for point in points], front["utility"], _LEFT, _WIDTH - _RIGHT)
    y = _scale([point["privacy"] for point in points], front["privacy"], _HEIGHT - _BOTTOM, _TOP)
    names = [front[axis]["label"] for axis in ("utility", "privacy")]
    title = (
        f"{names[0]} against {names[1]}: {len(points)} syntheses with 95 % intervals; on the front by value: {', '.join(front['by_value'])}"
    )
    marks = "".join(_mark(point, x, y, front) for point in points)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="sn-front" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'role="img" aria-label={quoteattr(title)}><title>{escape(title)}</title>'
        f'<g font-size="11" font-family="sans-serif" fill="currentColor" stroke="none">'
        f"{_frame(x, y, names)}{_staircase(front, x, y)}{marks}{_labels(points, x, y)}</g></svg>"
    )


def _scale(values: Sequence[Mapping[str, Any]], axis: Mapping[str, Any], first: float, last: float) -> _Scale:
    ends = [one[name] for one in values for name in ("value", "low", "high") if one[name] is not None]
    low, high = min(ends), max(ends)
    room = 0.08 * (high - low) or 0.05
    low, high = low - room, high + room
    better_is_less = axis["direction"] == "lower" or (axis["direction"] == "half" and high - 0.5 > 0.5 - low)
    return _Scale(high, low, first, last) if better_is_less else _Scale(low, high, first, last)


def _frame(x: _Scale, y: _Scale, names: Sequence[str]) -> str:
    """Axes with a few round numbers each, and which way is better."""
    ticks = "".join(
        f'<text x="{x.at(value)}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{value:.6g}</text>' for value in _round_values(x)
    )
    for value in _round_values(y):
        ticks += f'<text x="{_LEFT - 7}" y="{y.at(value) + 4}" text-anchor="end">{value:.6g}</text>'
        ticks += f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y.at(value)}" y2="{y.at(value)}" stroke="currentColor" opacity="0.12"/>'
    across, up = (escape(name[:60]) for name in names)
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    return (
        f'<path d="M{_LEFT} {_TOP}V{_HEIGHT - _BOTTOM}H{_WIDTH - _RIGHT}" fill="none" stroke="currentColor" opacity="0.6"/>{ticks}'
        f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 8}" text-anchor="middle">{across}, better →</text>'
        f'<text transform="translate(14 {middle}) rotate(-90)" text-anchor="middle">{up}, better →</text>'
    )


def _round_values(scale: _Scale) -> list[float]:
    """Three to six round values of an axis."""
    low, high = sorted((scale.start, scale.end))
    power = 10.0 ** math.floor(math.log10((high - low) / 3))
    step = max(power * mantissa for mantissa in (1, 2, 2.5, 5) if power * mantissa <= (high - low) / 3)
    return [round(step * i, 12) for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _staircase(front: Mapping[str, Any], x: _Scale, y: _Scale) -> str:
    """Joins the points of the front."""
    kept = [
        (x.at(point["utility"]["value"]), y.at(point["privacy"]["value"]))
        for point in front["points"]
        if point["name"] in front["by_value"]
    ]
    path = " ".join(f"{across},{up}" for across, up in sorted(kept))
    return f'<polyline points="{path}" fill="none" stroke="{_ACCENT}" stroke-width="1.2" stroke-dasharray="3 3"/>' if len(kept) > 1 else ""


def _mark(point: Mapping[str, Any], x: _Scale, y: _Scale, front: Mapping[str, Any]) -> str:
    """Filled disc on the front, ring off it, ring with a cross where clearly outdone."""
    across, up = x.at(point["utility"]["value"]), y.at(point["privacy"]["value"])
    whiskers = ""
    if point["utility"]["low"] is not None:
        whiskers += f"M{x.at(point['utility']['low'])} {up}H{x.at(point['utility']['high'])}"
    if point["privacy"]["low"] is not None:
        whiskers += f"M{across} {y.at(point['privacy']['low'])}V{y.at(point['privacy']['high'])}"
    drawn = f'<path d="{whiskers}" fill="none" stroke="currentColor" opacity="0.55"/>' if whiskers else ""
    on, out = point["name"] in front["by_value"], point["name"] in front["outdone"]
    fill = _ACCENT if on else "none"
    stroke = _ACCENT if on else "currentColor"
    drawn += f'<circle cx="{across}" cy="{up}" r="5" fill="{fill}" stroke="{stroke}" stroke-width="1.5"/>'
    if out:
        drawn += f'<path d="M{across - 3} {up - 3}l6 6m0 -6l-6 6" stroke="currentColor" stroke-width="1.2"/>'
    return drawn


def _labels(points: Sequence[Mapping[str, Any]], x: _Scale, y: _Scale) -> str:
    """Names beside the marks, moved down where they would cover one another."""
    placed: list[tuple[float, float]] = []
    words = ""
    order = sorted(points, key=lambda point: (y.at(point["privacy"]["value"]), x.at(point["utility"]["value"])))
    for point in order:
        across, up = x.at(point["utility"]["value"]) + 9, y.at(point["privacy"]["value"]) - 5
        while any(abs(up - other) < _STEP and abs(across - left) < 7 * _LONGEST for left, other in placed):
            up += _STEP
        placed.append((across, up))
        name = point["name"]
        words += f'<text x="{across}" y="{round(up, 1)}">{escape(name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…")}</text>'
    return words
