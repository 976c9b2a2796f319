"""The index as a tree: any depth, any units; indicators are its leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite

from icdp.errors import CatalogError
from icdp.scoring.aggregations import RULES
from icdp.scoring.normalise import Normalisation
from icdp.scoring.weights import WEIGHTINGS

JUDGED = ("ahp", "ahp_entropy")
"""Weightings that need experts' judgements."""


@dataclass(frozen=True)
class Node:
    """One node of the index tree.

    Attributes:
        id: the node's name, unique in the tree.
        parent: the id of the node above; None for the root.
        direction: of an indicator: +1 (more is better) or -1 (less is better); None for an inner node.
        weighting: of an inner node: how the weights of its children are made, a key of
            :data:`icdp.scoring.weights.WEIGHTINGS`; None for an indicator.
        aggregation: of an inner node: how its value is made of its children's, a key of
            :data:`icdp.scoring.aggregations.RULES`.
        exponent: of a node aggregated by ``power``.
        ahp_share: of a node weighted by ``ahp_entropy``: 0-1, the judgements' share of a linear mix; None for
            the multiplicative one.
        weight: of a child of a node weighted by ``fixed``; only their ratios count.
        normalisation: of an indicator; None for the one of the settings.
    """

    id: str
    parent: str | None = None
    direction: int | None = None
    weighting: str | None = None
    aggregation: str = "arithmetic"
    exponent: float | None = None
    ahp_share: float | None = None
    weight: float | None = None
    normalisation: Normalisation | None = None

    @property
    def judged(self) -> bool:
        """Tell whether the weights of the children rest on experts' judgements."""
        return self.weighting in JUDGED


class Tree:
    """A validated tree of nodes; siblings keep the order in which they were given.

    Args:
        nodes: every node of the tree, in any order of parents and children.

    Raises:
        CatalogError: no root or several, a duplicate id, an unknown parent, a cycle, an inner node
            without weighting, an indicator without direction, an unknown method, a parameter that is
            missing, out of its range or without effect.
    """

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._nodes: dict[str, Node] = {}
        for node in nodes:
            if node.id in self._nodes:
                raise CatalogError(f"node {node.id!r} is given twice; keep one of them")
            self._nodes[node.id] = node
        self._children: dict[str, list[str]] = {name: [] for name in self._nodes}
        self.root: str = self._find_root()
        for node in self._nodes.values():
            if node.parent is None:
                continue
            if node.parent not in self._nodes:
                raise CatalogError(
                    f"node {node.id!r} names an unknown parent {node.parent!r}; add that node or correct it"
                )
            self._children[node.parent].append(node.id)
        self._level: dict[str, int] = dict(self._walk())
        self._order = list(self._level)
        if lost := [name for name in self._nodes if name not in self._level]:
            raise CatalogError(
                f"nodes {', '.join(lost)} are not reached from the root {self.root!r}: their parents form a cycle; "
                "give one of them a parent that leads to the root"
            )
        for node in self._nodes.values():
            self._check(node)

    def _find_root(self) -> str:
        roots = [node.id for node in self._nodes.values() if node.parent is None]
        if len(roots) != 1:
            found = f"several nodes without a parent ({', '.join(roots)})" if roots else "no node without a parent"
            raise CatalogError(f"the tree has {found}; exactly one node, the root, has none")
        return roots[0]

    def _walk(self) -> Iterator[tuple[str, int]]:
        """Yield (node, level) depth first, without recursion so that depth is not limited by Python's stack."""
        stack = [(self.root, 0)]
        while stack:
            name, level = stack.pop()
            yield name, level
            stack.extend((child, level + 1) for child in reversed(self._children[name]))

    def _check(self, node: Node) -> None:
        if self._children[node.id]:
            self._check_inner(node)
        else:
            self._check_leaf(node)
        given = node.weight is not None
        if given and (node.parent is None or self._nodes[node.parent].weighting != "fixed"):
            raise CatalogError(
                f"node {node.id!r} has a weight but its parent is not weighted by fixed; weigh the parent so, or leave it out"
            )
        if node.weight is not None and not (isfinite(node.weight) and node.weight >= 0):
            raise CatalogError(f"node {node.id!r} has the weight {node.weight!r}; give a number not below 0")

    def _check_inner(self, node: Node) -> None:
        if node.weighting is None:
            raise CatalogError(f"node {node.id!r} has children but no weighting; give one of {', '.join(WEIGHTINGS)}")
        for what, name, known in (
            ("weighting", node.weighting, WEIGHTINGS),
            ("aggregation", node.aggregation, RULES),
        ):
            if name not in known:
                raise CatalogError(f"node {node.id!r} has the unknown {what} {name!r}; give one of {', '.join(known)}")
        if node.direction is not None or node.normalisation is not None:
            what = "normalisation" if node.direction is None else "direction"
            raise CatalogError(f"node {node.id!r} has children and a {what}; only indicators have a {what}")
        self._check_parameters(node)
        if node.weighting == "fixed":
            weights = [self._nodes[child].weight for child in self._children[node.id]]
            if None in weights or not any(weights):
                raise CatalogError(
                    f"node {node.id!r} is weighted by fixed; give each of its children {', '.join(self._children[node.id])} "
                    "a `weight`, one of them above 0"
                )

    def _check_parameters(self, node: Node) -> None:
        if (node.exponent is not None) != (node.aggregation == "power"):
            raise CatalogError(f"node {node.id!r}: aggregation power needs an `exponent`, and no other one has it")
        if node.exponent is not None and not (isfinite(node.exponent) and node.exponent):
            raise CatalogError(
                f"node {node.id!r} has the exponent {node.exponent!r}; give a number other than 0, whose limit is geometric"
            )
        if node.ahp_share is not None and node.weighting != "ahp_entropy":
            raise CatalogError(f"node {node.id!r}: `ahp_share` belongs to the weighting ahp_entropy; leave it out")
        if node.ahp_share is not None and not 0.0 <= node.ahp_share <= 1.0:
            raise CatalogError(f"node {node.id!r} has the ahp_share {node.ahp_share!r}; give a share, 0 to 1")

    def _check_leaf(self, node: Node) -> None:
        if node.weighting is not None:
            raise CatalogError(
                f"node {node.id!r} has the weighting {node.weighting!r} but no children; "
                "give it children, or make it an indicator (a direction, no weighting)"
            )
        if node.parent is None:
            raise CatalogError(f"the root {node.id!r} has no children; give it some")
        if node.direction not in (1, -1):
            raise CatalogError(f"indicator {node.id!r} has the direction {node.direction!r}; give 1 or -1")
        if node.aggregation != "arithmetic" or node.exponent is not None or node.ahp_share is not None:
            raise CatalogError(f"indicator {node.id!r} aggregates nothing; leave aggregation, exponent, ahp_share out")

    def __contains__(self, node: object) -> bool:
        return node in self._nodes

    def __len__(self) -> int:
        return len(self._nodes)

    def __getitem__(self, node: str) -> Node:
        if node not in self._nodes:
            raise CatalogError(f"the tree has no node {node!r}; it has {', '.join(self._order)}")
        return self._nodes[node]

    @property
    def nodes(self) -> list[Node]:
        """Return every node in depth-first order, the root first."""
        return [self._nodes[name] for name in self._order]

    @property
    def inner(self) -> list[str]:
        """Return the ids of the nodes with children in depth-first order, the root first."""
        return [name for name in self._order if self._children[name]]

    def children(self, node: str) -> list[str]:
        """Return the ids of a node's children in their given order; empty for an indicator."""
        return list(self._children[self[node].id])

    def level(self, node: str) -> int:
        """Return the distance from the root, which has level 0."""
        return self._level[self[node].id]

    def is_leaf(self, node: str) -> bool:
        """Tell whether a node is an indicator."""
        return not self._children[self[node].id]

    def leaves(self, node: str | None = None) -> list[str]:
        """Return the indicators below a node (of the whole tree by default) in depth-first order.

        An indicator is its own only leaf.
        """
        start = self._order.index(self[node].id) if node is not None else 0
        top = self._level[self._order[start]]
        found = []
        for position in range(start, len(self._order)):
            name = self._order[position]
            if position > start and self._level[name] <= top:
                break
            if not self._children[name]:
                found.append(name)
        return found
