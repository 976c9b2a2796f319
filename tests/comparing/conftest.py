"""All years of the span published once, and small synthetic editions."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest
from tests.conftest import make

from icdp.comparing.state import State
from icdp.publishing.against import read_edition
from icdp.scoring.aggregate import aggregate
from icdp.scoring.entropy import entropy_weights
from icdp.scoring.normalise import Normalisation, normalise
from icdp.scoring.rank import competition_rank
from icdp.scoring.tree import Node, Tree
from icdp.settings import Settings

YEARS = range(2019, 2025)
PAIRS = list(itertools.combinations(YEARS, 2))
INDICATORS = ["x", "y", "u", "v"]
PROVINCES = ["A", "B", "C", "D", "E"]


@pytest.fixture(scope="session")
def six(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """2019 to 2024 published from the shipped figures; only to be read."""
    settings = Settings(home=tmp_path_factory.mktemp("six"))
    assert [make(settings, year) for year in YEARS] == [f"{year}-r1 published" for year in YEARS]
    return settings


@pytest.fixture(scope="session")
def states(six: Settings) -> dict[int, State]:
    folder = six.published / "editions"
    return {year: State.of(f"{year}-r1", read_edition(folder / f"{year}-r1")) for year in YEARS}


def tree(weighting: str = "equal", direction: int = 1) -> Tree:
    """A synthetic index: root (judged) over p (x, y) and q (u, v)."""
    return Tree(
        [
            Node("root", weighting="ahp"),
            Node("p", "root", weighting=weighting),
            Node("q", "root", weighting=weighting),
            Node("x", "p", direction=1),
            Node("y", "p", direction=1),
            Node("u", "q", direction=direction),
            Node("v", "q", direction=1),
        ]
    )


def figures(seed: int = 1, provinces: Sequence[str] = PROVINCES) -> pd.DataFrame:
    """Synthetic values of all indicators, different for each seed."""
    draw = np.random.default_rng(seed).uniform(1.0, 10.0, (len(provinces), len(INDICATORS)))
    return pd.DataFrame(draw.round(3), index=list(provinces), columns=INDICATORS)


def edition(
    name: str,
    year: int,
    values: pd.DataFrame,
    *,
    judged: tuple[float, float] = (0.6, 0.4),
    computed: Mapping[str, Mapping[str, float]] | None = None,
    weighting: str = "equal",
    direction: int = 1,
    min_coverage: float = 0.5,
    ages: Mapping[tuple[str, str], int] | None = None,
    expressions: Mapping[str, str] | None = None,
    earlier: Sequence[tuple[str, str, int, float]] = (),
) -> State:
    """A synthetic edition as its published tables would tell it; ``ages``: (province, indicator) -> years."""
    index = tree(weighting, direction)
    panel = {"p": judged[0], "q": judged[1]}

    def weigh(node: str, children: pd.DataFrame) -> pd.Series:
        names = list(children.columns)
        if node == "root":
            weights = pd.Series({name: panel[name] for name in names})
        elif computed is not None:
            weights = pd.Series({name: computed[node][name] for name in names})
        elif weighting == "entropy":
            weights = entropy_weights(children, node).weights
        else:
            weights = pd.Series(1.0, index=names)
        return weights / weights.sum()

    z, _ = normalise(values, {leaf: index[leaf].direction for leaf in values})
    done = aggregate(index, z, weigh, min_coverage)
    scores = (
        done.scores.rename_axis(index="adcode", columns="node").stack(future_stack=True).rename("score").reset_index()
    )
    ranks = done.scores.apply(competition_rank).rename_axis(index="adcode", columns="node").stack(future_stack=True)
    scores["rank"] = ranks.to_numpy()
    cells = values.rename_axis(index="adcode", columns="indicator").stack(future_stack=True).rename("value").dropna()
    long = cells.reset_index()
    age = [(ages or {}).get((a, i), 0) for a, i in zip(long["adcode"], long["indicator"], strict=True)]
    named = {leaf: (expressions or {}).get(leaf, leaf) for leaf in INDICATORS}
    return State(
        edition=name,
        year=year,
        panel="synthetic",
        tree=index,
        rules={"direction": str(direction), "weighting": weighting, "min_coverage": str(min_coverage)},
        min_coverage=min_coverage,
        normalisation=Normalisation(),
        winsorise=frozenset(),
        values=long.assign(
            unit="1",
            expression=long["indicator"].map(named),
            status=["I" if years else "A" for years in age],
            value_year=year - np.array(age, dtype=int),
        ),
        coverage=pd.DataFrame({"expression": named, "unit": "1"}),
        judged={"root": panel},
        computed={
            node: {child: done.local_weights[child] for child in index.children(node) if child in done.local_weights}
            for node in ("p", "q")
        },
        earlier=pd.DataFrame(list(earlier), columns=["adcode", "indicator", "value_year", "value"]),
        scores=scores,
        provinces={province: province for province in values.index},
    )
