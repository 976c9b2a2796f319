"""The index as a tree: any depth, any units; indicators are its leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from icdp.errors import CatalogError

Weighting = Literal["ahp", "entropy", "equal"]
WEIGHTINGS: tuple[str, ...] = get_args(Weighting)


@dataclass(frozen=True)
class Node:
    """One node of the index tree.

    Attributes:
        id: the node's name, unique in the tree.
        parent: the id of the node above; None for the root.
        direction: of an indicator: +1 (more is better) or -1 (less is better); None for an inner node.
        weighting: of an inner node: how the weights of its children are made; None for an indicator.
    """

    id: str
    parent: str | None = None
    direction: int | None = None
    weighting: Weighting | None = None


class Tree:
    """A validated tree of nodes; siblings keep the order in which they were given.

    Args:
        nodes: every node of the tree, in any order of parents and children.

    Raises:
        CatalogError: no root or several, a duplicate id, an unknown parent, a cycle, an inner node
            without weighting, an indicator without direction.
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
            if node.weighting is None:
                raise CatalogError(
                    f"node {node.id!r} has children but no weighting; give one of {', '.join(WEIGHTINGS)}"
                )
            if node.weighting not in WEIGHTINGS:
                raise CatalogError(
                    f"node {node.id!r} has the unknown weighting {node.weighting!r}; "
                    f"give one of {', '.join(WEIGHTINGS)}"
                )
            if node.direction is not None:
                raise CatalogError(f"node {node.id!r} has children and a direction; only indicators have a direction")
        elif node.weighting is not None:
            raise CatalogError(
                f"node {node.id!r} has the weighting {node.weighting!r} but no children; "
                "give it children, or make it an indicator (a direction, no weighting)"
            )
        elif node.parent is None:
            raise CatalogError(f"the root {node.id!r} has no children; give it some")
        elif node.direction not in (1, -1):
            raise CatalogError(f"indicator {node.id!r} has the direction {node.direction!r}; give 1 or -1")

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
