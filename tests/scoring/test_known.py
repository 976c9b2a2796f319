"""Who is ranked: those of whom enough is known (OECD/JRC, 65 % of the indicators). All figures are synthetic."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scoring.test_properties import FEW, problems

from icdp.catalog.model import ScoringRules
from icdp.scoring import Node, Settings, Tree, score

NAN = float("nan")
LEAVES = [f"a{i}" for i in range(10)] + [f"b{i}" for i in range(10)]
TREE = Tree(
    [
        Node("total", None, None, "equal"),
        Node("a", "total", None, "equal"),
        Node("b", "total", None, "equal"),
        *(Node(leaf, leaf[0], 1) for leaf in LEAVES),
    ]
)


def values(known: int) -> pd.DataFrame:
    """Three units on 20 indicators; the last has figures for the first ``known`` of them."""
    table = pd.DataFrame([[1.0] * 20, [2.0] * 20, [3.0] * 20], index=["u", "v", "w"], columns=LEAVES)
    table.loc["w", LEAVES[known:]] = NAN
    return table


RULES = Settings(min_coverage=0.0, min_unit_coverage=0.65)


@pytest.mark.parametrize(("known", "ranks"), [(13, [3, 2, 1]), (12, [2, 1, None])])
def test_a_unit_is_ranked_from_65_percent_on(known: int, ranks: list[int | None]) -> None:
    result = score(TREE, values(known), None, RULES)
    assert [None if pd.isna(rank) else int(rank) for rank in result.ranks["total"]] == ranks
    assert result.scores["total"].notna().all(), "it has a score all the same"
    assert result.known["total"].tolist() == [1.0, 1.0, known / 20]
    assert result.known["b"].tolist() == [1.0, 1.0, (known - 10) / 10]


def test_a_unit_not_ranked_has_no_tier_and_a_note_says_why() -> None:
    result = score(TREE, values(12), None, RULES)
    assert result.tiers.isna().tolist() == [False, False, True]
    assert result.ranks.loc["w"].isna().all()
    assert [(n.node, n.unit, n.detail) for n in result.notes if n.kind == "unit_not_ranked"] == [
        ("total", "w", "values of its own for 60.0% of the indicators in use, 65% are needed: no rank")
    ]


def test_an_imputed_value_is_scored_and_does_not_count_as_known() -> None:
    imputed = pd.DataFrame(False, index=["w"], columns=LEAVES[:8]).assign(a0=True)
    whole = values(20)
    result = score(TREE, whole, None, RULES, imputed)
    pd.testing.assert_frame_equal(result.scores, score(TREE, whole, None, RULES).scores)
    assert result.known.loc["w", ["total", "a", "b"]].tolist() == [0.95, 0.9, 1.0]
    every = pd.DataFrame(True, index=["w"], columns=LEAVES)
    assert score(TREE, whole, None, RULES, every).ranks["total"].isna().tolist() == [False, False, True]


def test_indicators_out_for_the_year_do_not_count_against_a_unit() -> None:
    table = values(13)
    table[LEAVES[13:]] = NAN
    assert score(TREE, table, None, RULES).known["total"].tolist() == [1.0, 1.0, 1.0]


def test_the_engine_alone_ranks_everybody_and_a_catalogue_asks_for_65_percent_by_default() -> None:
    assert Settings().min_unit_coverage == 0.0
    rules = ScoringRules(min_coverage=0.5, tiers=(50.0,), ri_table="saaty1980", cr_threshold={"default": 0.1})
    assert rules.min_province_coverage == 0.65


@FEW
@given(problems(missing=True), st.floats(0.0, 1.0))
def test_ranks_are_those_of_the_known_units_alone_and_scores_do_not_depend_on_the_rule(problem, least) -> None:
    tree, table, panel, _ = problem
    free = score(tree, table, panel, Settings(min_coverage=0.0))
    ruled = score(tree, table, panel, Settings(min_coverage=0.0, min_unit_coverage=least))
    pd.testing.assert_frame_equal(free.scores, ruled.scores)
    known = table[free.weights.loc[free.weights["node"].isin(table.columns), "node"]].notna().mean(axis=1)
    short = known < least - 1e-9
    assert ruled.ranks[tree.root].isna().tolist() == (short | free.scores[tree.root].isna()).tolist()
    order = free.scores[tree.root].round(9)[~short].rank(method="min", ascending=False)
    assert ruled.ranks[tree.root][~short].dropna().astype(float).tolist() == order.dropna().tolist()
