"""An edition scored again with something changed, and the questions turned round."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from icdp.cli.whatif import ALSO
from icdp.comparing.state import TABLES
from icdp.errors import CatalogError, DataError, IcdpError
from icdp.scoring.judgements import Judgement, Judgements
from icdp.whatif.inverse import Overtaken, cr_of, mended, overtake, reach
from icdp.whatif.scenario import Case, Scenario

HUBEI, SICHUAN, SHANDONG = "420000", "510000", "370000"


@pytest.fixture(scope="module")
def case(published: duckdb.DuckDBPyConnection) -> Case:
    names = dict.fromkeys((*TABLES, *ALSO))
    return Case.of(
        "2024-r1", {name: published.execute(f"FROM history.{name} WHERE edition = '2024-r1'").df() for name in names}
    )


def ranks(case: Case, node: str = "composite") -> pd.Series:
    return case.score().ranks[node]


def test_nothing_changed_gives_what_was_published(case: Case) -> None:
    result = case.changed(Scenario()).score()
    told = case.state.scores.pivot(index="adcode", columns="node", values="score")
    again = result.scores.reindex(index=told.index, columns=told.columns)
    assert np.nanmax(np.abs(again.to_numpy(float) - told.to_numpy(float))) < 1e-9
    places = case.state.scores.pivot(index="adcode", columns="node", values="rank")
    assert result.ranks.reindex(index=places.index, columns=places.columns).astype(float).equals(places.astype(float))


def test_a_share_is_taken_and_the_siblings_keep_their_proportions(case: Case) -> None:
    before = case.score().weights.set_index("node")["local_weight"]
    after = case.changed(Scenario(weights={"policy": 0.4})).score().weights.set_index("node")["local_weight"]
    assert after["policy"] == pytest.approx(0.4, abs=1e-12)
    assert after["economy"] / after["energy"] == pytest.approx(before["economy"] / before["energy"], rel=1e-12)
    assert after[["policy", "economy", "energy"]].sum() == pytest.approx(1.0, abs=1e-12)
    rest = before.index.difference(["policy", "economy", "energy"])
    pd.testing.assert_series_equal(after[rest], before[rest])
    measured = case.changed(Scenario(weights={"green_power": 0.9})).score().weights.set_index("node")["local_weight"]
    assert measured["green_power"] == pytest.approx(0.9, abs=1e-12)


def test_the_share_of_one_dimension_alone_gives_its_own_order(case: Case) -> None:
    heavy = case.changed(Scenario(weights={"environment": 0.999999}))
    assert ranks(heavy).equals(ranks(case, "environment").rename("composite"))


def test_what_is_dropped_has_no_part(case: Case) -> None:
    result = case.changed(Scenario(drop=("ai_parks",))).score()
    assert result.contributions["ai_parks"].isna().all() if "ai_parks" in result.contributions else True
    assert "industry_practice" not in set(result.weights["node"])
    without = case.changed(Scenario(drop=("industry_practice",))).score()
    pd.testing.assert_frame_equal(without.scores, result.scores)


def test_other_methods_are_those_of_the_engine(case: Case) -> None:
    z = case.changed(Scenario(normalise="percentile")).score()
    assert set(z.normalized.max().dropna()) == {1.0}
    assert z.scores["composite"].notna().all()
    with pytest.raises(IcdpError, match="geometric"):
        case.changed(Scenario(aggregate={"composite": "geometric", "policy": "geometric"})).score()
    with pytest.raises(CatalogError, match="unknown normalisation 'magic'"):
        case.changed(Scenario(normalise="magic"))


def test_another_panel_weighs(case: Case) -> None:
    assert case.judgements is not None
    pairs = {(j.parent, *sorted((j.row_item, j.col_item))): j for j in case.judgements.given}  # every judged pair once
    equal = Judgements("equal", given=tuple(Judgement(p, "x", a, b, 1.0) for p, a, b in pairs))
    weights = case.changed(Scenario(), equal).score().weights.set_index("node")["local_weight"]
    assert weights["environment"] == pytest.approx(1 / 3, abs=1e-12)


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        (Scenario(weights={"nothing": 0.1}), "'nothing' is no node of 2024-r1"),
        (Scenario(weights={"composite": 0.1}), "composite is the whole index"),
        (Scenario(weights={"policy": 0.9, "economy": 0.9}), "sum to 1.8"),
        (Scenario(weights={"policy": 0.1, "economy": 0.1, "energy": 0.1}), "sum to 0.3"),
        (Scenario(drop=("composite",)), "every indicator is dropped"),
    ],
)
def test_what_cannot_be_is_said(case: Case, scenario: Scenario, message: str) -> None:
    with pytest.raises(DataError, match=message.replace(".", r"\.")):
        case.changed(scenario)


def test_a_scenario_is_kept_in_a_file(tmp_path: Path) -> None:
    scenario = Scenario(weights={"policy": 0.4}, drop=("ai_parks",), normalise="rank")
    (tmp_path / "mine.yaml").write_text(scenario.text(), encoding="utf-8")
    assert Scenario.read(tmp_path / "mine.yaml") == scenario.model_copy(update={"name": "mine"})
    (tmp_path / "wrong.yaml").write_text("weights: {policy: 4}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"wrong\.yaml: weights\.policy"):
        Scenario.read(tmp_path / "wrong.yaml")


def test_the_figure_found_reaches_the_rank_and_a_little_less_does_not(case: Case) -> None:
    before = int(ranks(case)[HUBEI])
    found = reach(case, HUBEI, "green_power", before - 1)
    assert found.rank_before == before
    assert found.value_after is not None
    assert found.value_after > found.value_before
    for factor, holds in ((1.0, True), (1 - 1e-6, False)):
        values = case.values.copy()
        values.at[HUBEI, "green_power"] = found.value_after * factor
        assert (ranks(replace(case, values=values))[HUBEI] <= before - 1) == holds


def test_where_less_is_better_the_figure_falls_and_a_rank_out_of_reach_is_told(case: Case) -> None:
    with_price = case.values["industrial_power_price"].dropna().index
    unit = ranks(case)[with_price].astype(int).sort_values().index[5]
    found = reach(case, unit, "industrial_power_price", 1)
    assert found.value_after is None or found.value_after < found.value_before
    assert reach(case, HUBEI, "green_power", 31).value_after == found_value(case)


def found_value(case: Case) -> float:
    return float(case.values.at[HUBEI, "green_power"])


def test_the_judgement_found_exchanges_the_two_and_a_little_less_does_not(case: Case) -> None:
    order = ranks(case)
    first, second = (SICHUAN, SHANDONG) if order[SICHUAN] > order[SHANDONG] else (SHANDONG, SICHUAN)
    found = overtake(case, first, second)
    assert found
    sizes = [abs(np.log(o.after / o.before)) for o in found]
    assert sizes == sorted(sizes)
    for one in found:
        assert 1 / 9 <= one.after <= 9
        scores = mended(case, one).score().scores["composite"]
        assert scores[first] > scores[second]
        short = Overtaken(
            one.parent, one.row_item, one.col_item, one.before, one.before + 0.99 * (one.after - one.before)
        )
        scores = mended(case, short).score().scores["composite"]
        assert scores[first] <= scores[second]
        assert cr_of(case, one) >= 0
    with pytest.raises(DataError, match="is ahead of"):
        overtake(case, second, first)
