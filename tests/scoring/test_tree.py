import pytest

from icdp.errors import CatalogError
from icdp.scoring.tree import Node, Tree

SMALL = [
    Node("total", None, None, "ahp"),
    Node("a", "total", None, "entropy"),
    Node("b", "total", None, "equal"),
    Node("a1", "a", 1),
    Node("b1", "b", -1),
    Node("a2", "a", 1),
    Node("c", "total", 1),
]


def test_nodes_come_depth_first_and_siblings_keep_their_order():
    tree = Tree(SMALL)
    assert [node.id for node in tree.nodes] == ["total", "a", "a1", "a2", "b", "b1", "c"]
    assert tree.root == "total"
    assert tree.children("total") == ["a", "b", "c"]
    assert tree.inner == ["total", "a", "b"]
    assert len(tree) == 7
    assert "a1" in tree
    assert "x" not in tree


def test_leaves_and_levels_of_a_tree_of_uneven_depth():
    tree = Tree(SMALL)
    assert tree.leaves() == ["a1", "a2", "b1", "c"]
    assert tree.leaves("a") == ["a1", "a2"]
    assert tree.leaves("c") == ["c"]
    assert [tree.level(node) for node in ("total", "a", "a1", "c")] == [0, 1, 2, 1]
    assert tree.is_leaf("c")
    assert not tree.is_leaf("a")


def test_a_tree_may_be_deeper_than_pythons_stack():
    chain = [Node("n0", None, None, "equal")]
    chain += [Node(f"n{i}", f"n{i - 1}", None, "equal") for i in range(1, 3000)]
    tree = Tree([*chain, Node("leaf", "n2999", 1)])
    assert tree.level("leaf") == 3000
    assert tree.leaves() == ["leaf"]


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([], "no node without a parent"),
        ([Node("r", None, None, "equal"), Node("s", None, 1)], r"several nodes without a parent \(r, s\)"),
        ([Node("r", None, None, "equal"), Node("x", "r", 1), Node("x", "r", 1)], "'x' is given twice"),
        ([Node("r", None, None, "equal"), Node("x", "q", 1)], "'x' names an unknown parent 'q'"),
        (
            [
                Node("r", None, None, "equal"),
                Node("x", "r", 1),
                Node("p", "q", None, "equal"),
                Node("q", "p", None, "equal"),
            ],
            "nodes p, q are not reached .* cycle",
        ),
        ([Node("r"), Node("x", "r", 1)], "'r' has children but no weighting; give one of ahp, entropy, equal"),
        ([Node("r", None, None, "topsis"), Node("x", "r", 1)], "unknown weighting 'topsis'"),
        ([Node("r", None, 1, "equal"), Node("x", "r", 1)], "only indicators have a direction"),
        ([Node("r", None, None, "equal"), Node("x", "r")], "indicator 'x' has the direction None; give 1 or -1"),
        ([Node("r", None, None, "equal"), Node("x", "r", 2)], "indicator 'x' has the direction 2"),
        ([Node("r", None, None, "equal"), Node("x", "r", None, "ahp")], "'x' has the weighting 'ahp' but no children"),
        ([Node("r", None, 1)], "the root 'r' has no children"),
    ],
)
def test_a_contradictory_tree_is_refused_with_the_node_named(nodes, message):
    with pytest.raises(CatalogError, match=message):
        Tree(nodes)


def test_an_unknown_node_is_named():
    with pytest.raises(CatalogError, match="no node 'zz'; it has total, a"):
        Tree(SMALL).children("zz")
