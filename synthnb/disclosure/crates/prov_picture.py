"""The provenance as a picture: a layered drawing in SVG, readable without colour, with its content in words for those who don't see it.

::

    sources, recipes      activity        table         export         file
    ╭──────────╮        ┌──────────┐    ╭───────╮    ┌──────────┐    ╭──────╮
    │ real data│ ─────► │ generate │ ──►│ table │ ──►│  export  │ ──►│ file │
    ╰──────────╯        └──────────┘    ╰───────╯    └──────────┘    ╰──────╯
                             ┊ (dashed: who or what took part)
                        ⌂ person, software, model

A node's layer is one more than the deepest of what it comes from; the order within a layer
follows the neighbours' places. Entities are rounded, activities have corners, agents a roof.
"""

from __future__ import annotations

import itertools
import textwrap
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from synthnb.disclosure.crates.prov import Graph, Node, graph
from synthnb.disclosure.crates.words import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from synthnb.disclosure.crates.account import Account

__all__ = ["prov_picture"]

_WIDE, _HIGH = 190, 64
_ACROSS, _DOWN = 64, 22
_EDGE = 24
_LETTERS = 25
_BEND = 26
_MOST = 150
_SWEEPS = 6
_STYLE = """
.synthnb-prov { --ink: #1c2430; --line: #56616f; --paper: #ffffff; --data: #fff6d6; --done: #e3edfb; --who: #fbe6d5; }
.synthnb-prov { font: 13px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) {
.synthnb-prov { --ink: #e9edf2; --line: #9aa6b4; --paper: #14181d; --data: #3a331a; --done: #1c2c43; --who: #43291a; }
}
.synthnb-prov text { fill: var(--ink); }
.synthnb-prov .note { font-size: 11px; }
.synthnb-prov .paper { fill: var(--paper); }
.synthnb-prov .entity { fill: var(--data); stroke: var(--ink); }
.synthnb-prov .activity { fill: var(--done); stroke: var(--ink); stroke-width: 2; }
.synthnb-prov .agent { fill: var(--who); stroke: var(--ink); }
.synthnb-prov .flow { fill: none; stroke: var(--line); stroke-width: 1.5; }
.synthnb-prov .part { fill: none; stroke: var(--line); stroke-dasharray: 4 4; }
.synthnb-prov .tip { fill: var(--line); }
"""

Point = tuple[float, float]


@dataclass(frozen=True)
class _Layout:
    """Where everything is drawn."""

    at: Mapping[str, Point]
    """The upper left corner of each node, and of each bend of a line that passes layers by."""
    ways: tuple[tuple[str, ...], ...]
    """Each line from node to node, with its bends between."""
    size: Point
    """Width and height of the whole."""


def prov_picture(account: Account) -> str:
    """Return the picture of a record's provenance as an SVG element; it holds no script and loads nothing."""
    found = graph(account)
    del found.nodes["record"]  # it is told of below the picture
    found.relations = [relation for relation in found.relations if "record" not in relation[1:]]
    left_out = max(0, len(found.nodes) - _MOST)
    if left_out:
        found = _shortened(found)
    flow = _flow(found)
    part = _parts(found)
    layout = _laid_out(found, flow)
    lines = [f'<path class="flow" marker-end="url(#synthnb-prov-tip)" d="{_curve(layout, way)}"/>' for way in layout.ways]
    lines += [f'<path class="part" d="{_drop(layout, one, other)}"/>' for one, other in part]
    drawn = [_drawn(node, layout.at[name]) for name, node in found.nodes.items()]
    more = f" {left_out} more aren't drawn." if left_out else ""
    legend = _legend(layout.size[1], more, account.digest)
    return "\n".join([*_head(layout.size, f"{_described(found)}{more}", account.digest), *lines, *drawn, legend, "</svg>"])


def _head(size: Point, words: str, digest: str) -> list[str]:
    """What comes before the drawing: title and words, the record's digest, styles and the paper."""
    wide, high = size
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="synthnb-prov" width="{wide:g}" height="{high:g}" '
        f'viewBox="0 0 {wide:g} {high:g}" '
        'role="img" aria-labelledby="synthnb-prov-title synthnb-prov-desc">',
        '<title id="synthnb-prov-title">Provenance</title>',
        f'<desc id="synthnb-prov-desc">{escape(words, quote=False)}</desc>',
        f'<metadata><record xmlns="urn:synthnb:">{escape(digest)}</record></metadata>',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="synthnb-prov-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>',
        f'<rect class="paper" width="{wide:g}" height="{high:g}"/>',
    ]


def _shortened(found: Graph) -> Graph:
    kept = dict(list(found.nodes.items())[:_MOST])
    return Graph(kept, [relation for relation in found.relations if relation[1] in kept and relation[2] in kept])


def _flow(found: Graph) -> list[tuple[str, str]]:
    """What leads to what; a derivation is drawn only where no activity shows it."""
    into = [(other, one) for relation, one, other in found.relations if relation in {"used", "wasGeneratedBy"}]
    made_by = {(source, done) for source, done in into}
    through = {(one, last) for one, middle in made_by for start, last in made_by if start == middle}
    derived = [(other, one) for relation, one, other in found.relations if relation == "wasDerivedFrom"]
    return into + [pair for pair in derived if pair not in through]


def _parts(found: Graph) -> list[tuple[str, str]]:
    """Who took part in what; a person on whose behalf software acted is drawn beside that software only."""
    behalf = [(one, other) for relation, one, other in found.relations if relation == "actedOnBehalfOf"]
    took = [(one, other) for relation, one, other in found.relations if relation == "wasAssociatedWith"]
    through = {(done, person) for done, agent in took for one, person in behalf if one == agent}
    return [pair for pair in took if pair not in through] + behalf


def _laid_out(found: Graph, flow: list[tuple[str, str]]) -> _Layout:
    layers = _layers([name for name, node in found.nodes.items() if node.kind != "agent"], flow)
    ways = _with_bends(layers, flow)
    _sweep(layers, [pair for way in ways for pair in itertools.pairwise(way)])
    at: dict[str, Point] = {}
    heights = [sum(_height(name) for name in layer) for layer in layers]
    body = max(heights, default=0)
    for column, layer in enumerate(layers):
        top = _EDGE + (body - heights[column]) / 2
        for name in layer:
            at[name] = (_EDGE + column * (_WIDE + _ACROSS), top)
            top += _height(name)
    agents = [name for name, node in found.nodes.items() if node.kind == "agent"]
    for place, name in enumerate(agents):
        at[name] = (_EDGE + place * (_WIDE + _ACROSS), _EDGE + body + 40)
    across = max(len(layers), len(agents), 3)
    down = body + (40 + _HIGH + _DOWN if agents else 0)
    return _Layout(at, tuple(ways), (2 * _EDGE + across * (_WIDE + _ACROSS) - _ACROSS, 2 * _EDGE + down + 24))


def _height(name: str) -> int:
    return _BEND if name.startswith("bend ") else _HIGH + _DOWN


def _with_bends(layers: list[list[str]], flow: list[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Lines from layer to layer: where one passes layers by, a bend holds its place in each of them."""
    depth = {name: level for level, layer in enumerate(layers) for name in layer}
    ways = []
    for number, (one, other) in enumerate(flow):
        bends = {level: f"bend {number} {level}" for level in range(depth[one] + 1, depth[other])}
        for level, name in bends.items():
            layers[level].append(name)
        ways.append((one, *bends.values(), other))
    return ways


def _layers(names: list[str], flow: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Nodes by their depth: the longest way from a source. A circle, which provenance can't hold but a record might, ends somewhere."""
    before: dict[str, list[str]] = {name: [] for name in names}
    for one, other in flow:
        before[other].append(one)
    depth: dict[str, int] = {}
    for _ in range(len(names)):
        settled = {name: 1 + max((depth.get(one, 0) for one in earlier), default=-1) for name, earlier in before.items()}
        if settled == depth:
            break
        depth = settled
    found: dict[int, list[str]] = {}
    for name in names:
        found.setdefault(depth[name], []).append(name)
    return [found[level] for level in sorted(found)]


def _sweep(layers: list[list[str]], flow: list[tuple[str, str]]) -> None:
    """Order each layer by the middle of the places of its neighbours, some times to and fro."""
    beside: dict[str, list[str]] = {}
    for one, other in flow:
        beside.setdefault(one, []).append(other)
        beside.setdefault(other, []).append(one)
    for number in range(_SWEEPS):
        for layer in layers if number % 2 == 0 else reversed(layers):
            place = {name: row / max(len(one), 1) for one in layers for row, name in enumerate(one)}
            layer.sort(key=lambda name: sum(place[other] for other in beside.get(name, [name])) / len(beside.get(name, [name])))


def _curve(layout: _Layout, way: Sequence[str]) -> str:
    """A line through its bends, level where it meets a node or a bend."""
    first = layout.at[way[0]]
    x, y = first[0] + _WIDE, first[1] + _HIGH / 2
    drawn = f"M{x:g} {y:g}"
    for name in way[1:]:
        left, top = layout.at[name]
        bent = name.startswith("bend ")
        down = top + (_BEND if bent else _HIGH) / 2
        half = max(40.0, (left - x) / 2)
        drawn += f"C{x + half:g} {y:g} {left - half:g} {down:g} {left:g} {down:g}" + (f"H{left + _WIDE:g}" if bent else "")
        x, y = left + _WIDE, down
    return drawn


def _drop(layout: _Layout, one: str, other: str) -> str:
    (left, top), (right, down) = layout.at[one], layout.at[other]
    if top == down:
        y = top + _HIGH + 8
        return f"M{left + _WIDE / 2:g} {top + _HIGH:g}V{y:g}H{right + _WIDE / 2:g}V{top + _HIGH:g}"
    x, y, x2 = left + _WIDE / 2, top + _HIGH, right + _WIDE / 2
    return f"M{x:g} {y:g}C{x:g} {(y + down) / 2:g} {x2:g} {(y + down) / 2:g} {x2:g} {down:g}"


def _drawn(node: Node, at: Point) -> str:
    x, y = at
    if node.kind == "agent":
        roof = f"{x:g},{y + 12:g} {x + _WIDE / 2:g},{y:g} {x + _WIDE:g},{y + 12:g} {x + _WIDE:g},{y + _HIGH:g} {x:g},{y + _HIGH:g}"
        shape = f'<polygon class="agent" points="{roof}"/>'
    else:
        shape = (
            f'<rect class="{node.kind}" x="{x:g}" y="{y:g}" width="{_WIDE}" height="{_HIGH}" rx="{22 if node.kind == "entity" else 0}"/>'
        )
    label = textwrap.wrap(clean(node.label), _LETTERS, max_lines=2, placeholder=" …", break_on_hyphens=False) or [""]
    lines = [*((line, "") for line in label), *([(node.note[: _LETTERS + 5], "note")] if node.note else [])]
    first = y + _HIGH / 2 - (len(lines) - 1) * 8 + 4 + (4 if node.kind == "agent" else 0)
    texts = "".join(_line(x + _WIDE / 2, first + number * 16, *line) for number, line in enumerate(lines))
    return f"<g><title>{escape(clean(node.label))}{escape(f', {node.note}' if node.note else '')}</title>{shape}{texts}</g>"


def _line(x: float, y: float, text: str, kind: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="middle" class="{kind or "name"}">{escape(text)}</text>'


def _legend(high: float, more: str, digest: str) -> str:
    said = "Rounded: data. Corners: what was done. Roof: who or what took part (dashed). Arrows lead to what was made."
    said += f"{more} Record {digest[:19]}…"
    return f'<text class="note" x="{_EDGE}" y="{high - 12:g}">{escape(said)}</text>'


def _described(found: Graph) -> str:
    """The picture in words: each activity with what it used, what it made and who took part."""
    said: list[str] = []
    for name, node in found.nodes.items():
        if node.kind != "activity":
            continue
        used = [found.nodes[other].label for relation, one, other in found.relations if relation == "used" and one == name]
        made = [found.nodes[one].label for relation, one, other in found.relations if relation == "wasGeneratedBy" and other == name]
        agents = [found.nodes[other].label for relation, one, other in found.relations if relation == "wasAssociatedWith" and one == name]
        parts = [f"{word} {', '.join(labels)}" for word, labels in (("used", used), ("made", made), ("with", agents)) if labels]
        said.append(clean(f"{node.label}: {'; '.join(parts)}."))
    return " ".join(said)
