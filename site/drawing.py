"""Draws a graph of tables as SVG, in the colours of the site's theme: from sources at the top downwards."""

from collections import defaultdict
from itertools import pairwise
from xml.sax.saxutils import escape

Edge = tuple[str, str]
_WIDTH, _HEIGHT, _GAP, _LAYER, _PASS = 132, 30, 14, 78, 10
"""Of a box; between boxes; from layer to layer; of a line that passes a layer."""


def svg(edges: list[Edge], label: str) -> str:
    """The graph, whose edges form no circle."""
    layers, segments = _layered(edges)
    at = _placed(layers, segments)
    width = max(x + _wide(node) / 2 for node, (x, _) in at.items()) + 1
    height = (len(layers) - 1) * _LAYER + _HEIGHT + 2
    lines = "".join(_line(edge, at) for edge in segments)
    boxes = "".join(_box(node, *at[node]) for layer in layers for node in layer if isinstance(node, str))
    arrow = (
        '<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
        ' orient="auto"><path d="M0 0L8 4L0 8Z"/></marker>'
    )
    return (
        f'<svg class="lineage" role="img" aria-label="{escape(label)}" viewBox="0 0 {width:g} {height:g}"'
        f' width="{width:g}" height="{height:g}"><defs>{arrow}</defs>{lines}{boxes}</svg>'
    )


Node = str | tuple[str, str, int]
"""A table; or where the line of an edge passes a layer."""


def _layered(edges: list[Edge]) -> tuple[list[list[Node]], list[tuple[Node, Node]]]:
    """Nodes by layer, each below all that leads to it, and the edges in pieces from one layer to the next."""
    depth: dict[str, int] = defaultdict(int)
    for _ in edges:  # as often as the longest way is long, at most
        for start, end in edges:
            depth[end] = max(depth[end], depth[start] + 1)
    layers: list[list[Node]] = [[] for _ in range(max(depth.values()) + 1)]
    for name in dict.fromkeys(name for edge in edges for name in edge):
        layers[depth[name]].append(name)
    segments: list[tuple[Node, Node]] = []
    for start, end in edges:
        passed: list[Node] = [(start, end, layer) for layer in range(depth[start] + 1, depth[end])]
        for layer, node in enumerate(passed, depth[start] + 1):
            layers[layer].append(node)
        way = [start, *passed, end]
        segments += pairwise(way)
    return layers, segments


def _placed(layers: list[list[Node]], segments: list[tuple[Node, Node]]) -> dict[Node, tuple[float, float]]:
    """The middle of each node's upper edge: in an order, again and again, by where its neighbours are."""
    near: dict[Node, list[Node]] = defaultdict(list)
    for start, end in segments:
        near[start].append(end)
        near[end].append(start)
    x: dict[Node, float] = {}
    for layer in layers:
        _pack(layer, x)
    for _ in range(12):
        for layer in (*layers, *reversed(layers)):
            wanted = {node: sum(x[each] for each in near[node]) / len(near[node]) for node in layer}
            layer.sort(key=wanted.__getitem__)
            _pack(layer, x)
    left = min(x[node] - _wide(node) / 2 for node in x) - 1
    return {
        node: (x[node] - left, 1 + number * _LAYER) for number, layer in enumerate(layers) for node in layer
    }


def _pack(layer: list[Node], x: dict[Node, float]) -> None:
    """Put the nodes of a layer beside each other, about the middle."""
    left = -(sum(_wide(node) for node in layer) + _GAP * (len(layer) - 1)) / 2
    for node in layer:
        x[node] = left + _wide(node) / 2
        left += _wide(node) + _GAP


def _wide(node: Node) -> int:
    return _WIDTH if isinstance(node, str) else _PASS


def _box(node: str, x: float, y: float) -> str:
    return (
        f'<rect x="{x - _WIDTH / 2:g}" y="{y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="5"/>'
        f'<text x="{x:g}" y="{y + 20:g}">{escape(node)}</text>'
    )


def _line(edge: tuple[Node, Node], at: dict[Node, tuple[float, float]]) -> str:
    (start_x, start_y), (end_x, end_y) = at[edge[0]], at[edge[1]]
    start_y += _HEIGHT
    above = start_y if isinstance(edge[0], str) else start_y - _HEIGHT  # straight on beside boxes
    middle = (start_y + end_y) / 2
    head = ' marker-end="url(#arrow)"' if isinstance(edge[1], str) else ""
    return (
        f'<path class="line" d="M{start_x:g} {above:g}V{start_y:g}'
        f'C{start_x:g} {middle:g} {end_x:g} {middle:g} {end_x:g} {end_y:g}"{head}/>'
    )
