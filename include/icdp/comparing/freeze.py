"""Making a panel scale from published years: which indicators can be on it, their goalposts and the weights."""

from __future__ import annotations

import pandas as pd
import yaml

from icdp.catalog.model import Goalposts, PanelScale
from icdp.errors import DataError
from icdp.scoring.panel import frozen_weights
from icdp.scoring.tree import Tree

_HEAD = """\
# The scale common to all years (docs/methodology.md, "Panel scale"), made by
# `{command}`; not edited by hand.
# A new scale has a new version, and every year is scored and published anew on it.
"""


def freeze(
    tree: Tree, coverage: pd.DataFrame, values: pd.DataFrame, weights: pd.DataFrame, judgements: str, version: str
) -> PanelScale:
    """Freeze a scale over the years of ``coverage``.

    On the scale is every indicator that was in use in all of these years by one binding. Its goalposts are the
    lowest and the highest value of all units and years; the weights are the means of the yearly ones among the
    nodes on the scale.

    Args:
        tree: the index.
        coverage: year, indicator, in_use, expression, unit.
        values: year, indicator, value: the figures of every unit.
        weights: year, node, local_weight.
        judgements: the experts' panel of these years.
        version: names the scale.

    Raises:
        DataError: no indicator can be on the scale.
    """
    years = sorted({int(year) for year in coverage["year"]})
    told = {leaf: coverage[coverage["indicator"] == leaf].sort_values("year") for leaf in tree.leaves()}
    reasons = {leaf: _why_not(rows, years) for leaf, rows in told.items()}
    ends = values.groupby("indicator")["value"].agg(["min", "max"])
    goalposts = []
    for leaf, rows in told.items():
        if reasons[leaf] is None and not ends["min"][leaf] < ends["max"][leaf]:
            reasons[leaf] = "constant over all years"
        if reasons[leaf] is None:
            low, high = float(ends["min"][leaf]), float(ends["max"][leaf])
            expression, unit = rows["expression"].iloc[0], rows["unit"].iloc[0]
            goalposts.append(Goalposts(indicator=leaf, expression=expression, unit=unit, min=low, max=high))
    if not goalposts:
        raise DataError(
            f"no indicator was in use by one binding in all of {years[0]}-{years[-1]}; freeze a shorter span"
        )
    yearly: list[dict[str, float]] = [
        dict(zip(rows["node"], rows["local_weight"], strict=True)) for _, rows in weights.groupby("year", sort=True)
    ]
    return PanelScale(
        version=version,
        first=years[0],
        last=years[-1],
        judgements=judgements,
        goalposts=tuple(goalposts),
        weights=frozen_weights(tree, [g.indicator for g in goalposts], yearly),
        left_out={leaf: reason for leaf, reason in reasons.items() if reason is not None},
    )


def _why_not(rows: pd.DataFrame, years: list[int]) -> str | None:
    used = rows[rows["in_use"].astype(bool)]
    if used.empty:
        return "in use in no year"
    absent = sorted(set(years) - {int(year) for year in used["year"]})
    if absent:
        return f"not in use in {', '.join(map(str, absent))}"
    bindings = used[["expression", "unit"]].drop_duplicates()
    if len(bindings) > 1:
        return f"several bindings: {'; '.join(f'{e} [{u}]' for e, u in bindings.itertuples(index=False))}"
    return None


def as_yaml(scale: PanelScale, command: str) -> str:
    """Return the text of ``panel_scale.yaml``; ``command`` is what made it."""
    content = scale.model_dump(mode="json")
    goalposts = content.pop("goalposts")
    rows = [
        yaml.safe_dump(row, allow_unicode=True, sort_keys=False, default_flow_style=True, width=1000)
        for row in goalposts
    ]
    return (
        _HEAD.format(command=command)
        + yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=1000)
        + "goalposts:\n"
        + "".join(f"  - {row}" for row in rows)
    )
