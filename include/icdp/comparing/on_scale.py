"""A year of the catalogue's index on its panel scale, as the rows of ``scores_panel``."""

from __future__ import annotations

import pandas as pd

from icdp.catalog import Catalog
from icdp.scoring import Note
from icdp.scoring.from_catalog import scale_of, settings_of, tree_of
from icdp.scoring.panel import PanelResult, score_on_scale

COLUMNS = ["adcode", "node", "level", "score", "rank", "coverage", "scale_version", "span_first", "span_last"]


def panel_scores(
    catalog: Catalog, values: pd.DataFrame, coverage: pd.DataFrame, judgements: str
) -> tuple[pd.DataFrame, list[Note]]:
    """Score a year on the panel scale; an indicator made by another binding than the scale's is missing.

    Args:
        catalog: with or without a panel scale; without one there are no rows.
        values: provinces x indicators.
        coverage: indicator, in_use, expression, unit of the year.
        judgements: id of the experts' panel the year is scored with.

    Returns:
        the rows of ``scores_panel`` without edition, year and province; and what has to be known to read them.
    """
    scale = catalog.panel_scale
    if scale is None:
        return pd.DataFrame(columns=COLUMNS), []
    used = coverage[coverage["in_use"].astype(bool)].set_index("indicator")
    bound = dict(zip(used.index, zip(used["expression"], used["unit"], strict=True), strict=True))
    there = [g for g in scale.goalposts if bound.get(g.indicator) == (g.expression, g.unit)]
    result = score_on_scale(
        tree_of(catalog), values[[g.indicator for g in there]], scale_of(scale), settings_of(catalog).min_coverage
    )
    other = [
        Note("panel_judgements", catalog.root, f"the weights of the panel scale {scale.version} rest on the judgements "
             f"{scale.judgements}, not on {judgements}")
    ]  # fmt: skip
    absent = [
        Note(
            "panel_missing",
            g.indicator,
            f"not made as on the panel scale {scale.version} ({g.expression}): missing on it",
        )
        for g in scale.goalposts
        if g not in there
    ]
    outside = [
        Note("panel_outside", str(r.indicator), f"{r.value:g} lies outside {r.low:g} to {r.high:g} of the panel scale {scale.version}: "
             "not capped", str(r.unit))
        for r in result.outside.itertuples()
    ]  # fmt: skip
    rows = _long(result).assign(scale_version=scale.version, span_first=scale.first, span_last=scale.last)
    rows["level"] = rows["node"].map(catalog.level)
    return rows[COLUMNS], [*(other if judgements != scale.judgements else []), *absent, *outside]


def _long(result: PanelResult) -> pd.DataFrame:
    def tidy(wide: pd.DataFrame, name: str) -> pd.Series:
        return pd.Series(wide.rename_axis(index="adcode", columns="node").stack(future_stack=True), name=name)

    columns = [tidy(result.scores, "score"), tidy(result.ranks, "rank"), tidy(result.coverage, "coverage")]
    return pd.concat(columns, axis=1).reset_index().astype({"rank": "Int64"})
