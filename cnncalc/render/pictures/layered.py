"""Boxes in layers, for graphs that are not made of chains and branches (Sugiyama's method).

Every box stands one layer after the last box that it reads. A line that passes layers gets a lane
in each of them, so that it crosses no box.
"""

from collections.abc import Sequence
from itertools import combinations, pairwise

from cnncalc.render.pictures.layout import Item, Lane, Routes, Tail
from cnncalc.render.pictures.metrics import Measure

SWEEPS = 8
FREE = 1e-9
"""The weight of a box without neighbours, which makes way for boxes that have some."""
ENTRY, EXIT = -1, -2


class Layered(Item):
    """Nodes in layers, between the line that enters and those that leave."""

    def __init__(
        self,
        nodes: Sequence[int],
        after: Sequence[Sequence[int]],
        heads: set[int],
        ends: set[int],
        passed: bool,
        items: Sequence[Item],
        measure: Measure,
    ) -> None:
        self.measure = measure
        inside = set(nodes)
        self.edges = [(ENTRY, node) for node in nodes if node in heads]
        self.edges += [(node, to) for node in nodes for to in after[node] if to in inside]
        self.edges += [(node, EXIT) for node in nodes if node in ends]
        self.edges += [(ENTRY, EXIT)] if passed else []
        self.nodes = [ENTRY, *nodes, EXIT]
        self.item: dict[int, Item] = {node: items[node] for node in nodes}
        self.item[ENTRY], self.item[EXIT] = Lane(measure), Lane(measure)
        self.ways: dict[tuple[int, int], list[int]] = {}
        self.layers = self._layers()
        self._order()
        self._across()
        self._along()

    def _layers(self) -> list[list[int]]:
        """The nodes of each layer; a line that passes a layer has a node (a lane) there too."""
        depth = dict.fromkeys(self.nodes, 0)
        readers: dict[int, list[int]] = {node: [] for node in self.nodes}
        for source, target in self.edges:
            readers[source].append(target)
        for node in self.nodes:
            for reader in readers[node]:
                depth[reader] = max(depth[reader], depth[node] + 1)
        depth[EXIT] = max(depth.values()) + (EXIT not in {to for _, to in self.edges})
        layers: list[list[int]] = [[] for _ in range(depth[EXIT] + 1)]
        for node in self.nodes:
            layers[depth[node]].append(node)
        self.neighbours: dict[int, tuple[list[int], list[int]]] = {
            node: ([], []) for node in self.nodes
        }
        lane = EXIT
        for source, target in self.edges:
            way = [source]
            for layer in range(depth[source] + 1, depth[target]):
                lane -= 1
                layers[layer].append(lane)
                self.item[lane], self.neighbours[lane] = Lane(self.measure), ([], [])
                way.append(lane)
            way.append(target)
            self.ways[source, target] = way
            for one, other in pairwise(way):
                self.neighbours[one][1].append(other)
                self.neighbours[other][0].append(one)
        return layers

    def _order(self) -> None:
        """Order the nodes of each layer: each moves to the middle of the nodes that it is connected
        to, which avoids crossings. In a tie, nodes keep the order of the spec."""
        place = {node: float(at) for layer in self.layers for at, node in enumerate(layer)}
        for sweep in range(SWEEPS):
            forth = sweep % 2 == 0
            for layer in self.layers if forth else reversed(self.layers):
                middle = {
                    node: _mean(
                        [place[one] for one in self.neighbours[node][not forth]], place[node]
                    )
                    for node in layer
                }
                layer.sort(key=middle.__getitem__)
                place.update({node: float(at) for at, node in enumerate(layer)})

    def _across(self) -> None:
        """Move nodes toward those that they are connected to, as far as their order allows."""
        self.middle: dict[int, float] = {}
        for layer in self.layers:
            right = 0.0
            for node in layer:
                self.middle[node] = right + self.item[node].across / 2
                right += self.item[node].across + self.measure.beside
        for sweep in range(SWEEPS):
            forth = sweep % 2 == 0
            for layer in self.layers if forth else reversed(self.layers):
                found = [self.neighbours[node][not forth] for node in layer]
                wanted = [
                    (
                        _mean([self.middle[one] for one in ones], self.middle[node]),
                        1 if ones else FREE,
                    )
                    for node, ones in zip(layer, found, strict=True)
                ]
                self.middle.update(zip(layer, self._apart(layer, wanted), strict=True))
        left = min(self.middle[node] - self.item[node].across / 2 for node in self.middle)
        left -= FREE**0.5  # so that almost equal positions are rounded alike
        self.middle = {node: round(middle - left) for node, middle in self.middle.items()}
        self.across = max(self.middle[node] + self.item[node].across / 2 for node in self.middle)
        self.enter, self.leave = self.middle[ENTRY], self.middle[EXIT]

    def _apart(self, layer: Sequence[int], wanted: Sequence[tuple[float, float]]) -> list[float]:
        """The middles that leave room for the boxes and are closest to those wanted, by weighted
        least squares."""
        offsets, right = [], 0.0
        for node in layer:
            half = self.item[node].across / 2
            offsets.append(right + half)
            right += 2 * half + self.measure.beside
        # For each group of touching boxes: a weighted sum and a weight, whose quotient is the
        # position of the group, and the number of boxes.
        groups: list[tuple[float, float, int]] = []
        for (want, own), offset in zip(wanted, offsets, strict=True):
            total, weight, number = own * (want - offset), own, 1
            while groups and groups[-1][0] / groups[-1][1] > total / weight:
                more, heavy, count = groups.pop()
                total, weight, number = total + more, weight + heavy, number + count
            groups.append((total, weight, number))
        starts = [total / weight for total, weight, number in groups for _ in range(number)]
        return [start + offset for start, offset in zip(starts, offsets, strict=True)]

    def _along(self) -> None:
        """Compute the top and the bottom of every layer."""
        self.tops: list[tuple[float, float]] = []
        y = 0.0
        for layer in self.layers:
            height = max(self.item[node].along for node in layer)
            self.tops.append((y, y + height))
            y += height + self.measure.gap + self.measure.bus
        self.along = self.tops[-1][1]
        self.layer_of = {node: at for at, layer in enumerate(self.layers) for node in layer}
        self.square = [self._is_clear(layer) for layer in self.layers]

    def _is_clear(self, layer: Sequence[int]) -> bool:
        """Whether lines may run across between a layer and the next one: only if no line overlaps
        another that shares no box with it."""
        steps = [(node, to) for node in layer for to in self.neighbours[node][1]]
        spans = [(*sorted((self._leave(node), self._enter(to))), node, to) for node, to in steps]
        return not any(
            one[0] <= other[1] and other[0] <= one[1]
            for one, other in combinations(spans, 2)
            if one[2] != other[2] and one[3] != other[3]
        )

    def _enter(self, node: int) -> float:
        """The position at which lines enter a node, measured from the left of all layers."""
        item = self.item[node]
        return self.middle[node] - item.across / 2 + item.enter

    def _leave(self, node: int) -> float:
        """The position at which lines leave a node."""
        item = self.item[node]
        return self.middle[node] - item.across / 2 + item.leave

    def place(self, x: float, y: float) -> None:
        """Place every box."""
        super().place(x, y)
        for node, item in self.item.items():
            item.place(
                x + self.middle[node] - item.across / 2, y + self.tops[self.layer_of[node]][0]
            )

    def route(self, tails: Sequence[Tail], routes: Routes) -> list[Tail]:
        """Lead lines straight from layer to layer; they meet at the exit."""
        leaving: dict[int, list[Tail]] = {ENTRY: list(tails)}
        arriving: dict[int, list[Tail]] = {}
        by_source: dict[int, list[list[int]]] = {}
        for way in self.ways.values():
            by_source.setdefault(way[0], []).append(way)
        for node in self.nodes:
            if node not in leaving:
                item = self.item[node]
                leaving[node] = item.route(arriving.get(node, []), routes)
            for way in by_source.get(node, []):
                led = [tail.via(*self._points(way)) for tail in leaving[node]]
                arriving.setdefault(way[-1], []).extend(led)
        return leaving[EXIT]

    def _points(self, way: Sequence[int]) -> list[tuple[float, float]]:
        """Down to the end of the layer, across or diagonally to the next lane or box, and straight
        through it."""
        points: list[tuple[float, float]] = []
        for node, to in pairwise(way):
            layer = self.layer_of[node]
            bottom, top = self.y + self.tops[layer][1], self.y + self.tops[layer + 1][0]
            out, into = self.x + self._leave(node), self.x + self._enter(to)
            turn = top - self.measure.bus
            across = [(out, turn)] if self.square[layer] else []
            points += [(out, bottom), *across, (into, turn), (into, top)]
        return points


def _mean(values: Sequence[float], usual: float) -> float:
    return sum(values) / len(values) if values else usual
