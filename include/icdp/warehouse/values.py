"""From observations to values: which binding an indicator uses in a year, and from which year its figures are."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from icdp.catalog import Catalog
from icdp.catalog.model import Binding, Node
from icdp.sources.observations import BASES

LAYERS = ("workbook", "live", "base")
# A median of fewer provinces than this is no group's.
MIN_GROUP = 2
IMPUTED = ("interpolated", "group_median")
_LINEAGE = [
    "adcode", "series", "value_year", "of_adcode", "value", "value_text", "unit", "basis", "source", "layer", "publisher", "title",
    "source_url", "locator", "note", "row", "payload_sha256", "receipt", "retrieved_at",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one year.

    Attributes:
        values: one row per province and indicator that has a value (table ``indicator_values``).
        lineage: the observations each value was made from (table ``lineage``).
        coverage: one row per indicator: what is used, or why it is missing (table ``indicator_coverage``).
    """

    values: pd.DataFrame
    lineage: pd.DataFrame
    coverage: pd.DataFrame


# The current observations of each series and year, by province.
_Printed = dict[tuple[Hashable, ...], pd.DataFrame]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A binding evaluated over the years it may draw on, per province.

    ``used`` has a row (adcode, of_adcode, year) for each province and year whose figures a value rests on.
    """

    binding: Binding
    value: pd.Series
    value_year: pd.Series
    fill: pd.Series
    used: pd.DataFrame

    @property
    def current(self) -> int:
        """Provinces with a figure of the year itself."""
        return int((self.fill == "none").sum())

    @property
    def provinces(self) -> int:
        """Provinces with a figure of their own, carried forward or not; what is imputed never counts."""
        return int(self.fill.isin(["none", "carried"]).sum())

    @property
    def without_own(self) -> pd.Index[str]:
        return self.value.index[~self.fill.isin(["none", "carried"])]


def current_observations(observations: pd.DataFrame) -> pd.DataFrame:
    """Keep one observation per series, year and province: workbook before live before facts, then the newest."""
    ranked = observations.assign(_layer=observations["layer"].map({name: i for i, name in enumerate(LAYERS)}))
    ordered = ranked.sort_values(
        ["series", "year", "adcode", "_layer", "retrieved_at", "payload_sha256"],
        ascending=[True, True, True, True, False, True],
    )
    return ordered.drop_duplicates(["series", "year", "adcode"]).drop(columns="_layer").reset_index(drop=True)


def build_values(catalog: Catalog, observations: pd.DataFrame, year: int) -> Values:
    """Choose and compute the values of ``year``.

    The first binding whose series cover ``min_provinces`` in the year itself wins; when none
    does, the first that covers them with figures at most ``max_age`` years old. A province
    without a figure of the year is then filled as the indicator's ``missing`` says (docs/methodology.md, section 1).

    Args:
        catalog: bindings, units and rules.
        observations: rows of the year's slice (columns of ``observations`` plus source, layer,
            receipt and retrieved_at).
        year: the statistical year.
    """
    named = {s for bindings in catalog.bindings.values() for b in bindings for s in b.expression.series}
    chosen = current_observations(observations[observations["series"].isin(named)])
    printed = {key: rows.set_index("adcode") for key, rows in chosen.groupby(["series", "year"])}
    values, lineage, coverage = [], [], []
    for name, node in catalog.indicators.items():
        candidates = [_evaluate(catalog, printed, node, b, year) for b in catalog.bindings.get(name, ())]
        winner = _choose(candidates, catalog.rules.values.min_provinces)
        if winner is not None:
            winner = _imputed(catalog, printed, node, winner, year)
        coverage.append(_coverage(catalog, node, candidates, winner, year))
        if winner is not None:
            used = _lineage(winner, chosen, name)
            lineage.append(used)
            values.append(_values(catalog, node, winner, used, year))
    return Values(
        values=_stack(values).assign(year=year),
        lineage=_stack(lineage).assign(year=year),
        coverage=pd.DataFrame(coverage)
        .astype(dict.fromkeys(("value_year_min", "value_year_max", "carried", "imputed"), "Int64"))
        .assign(year=year),
    )


def _stack(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _evaluate(catalog: Catalog, printed: _Printed, node: Node, binding: Binding, year: int) -> _Candidate:
    value, value_year = _nearest(catalog, printed, binding, range(year, year - _reach(node) - 1, -1))
    fill = pd.Series("carried", index=value.index).mask((value_year == year).fillna(False), "none").where(value.notna())
    present = value_year.dropna()
    own = pd.DataFrame({"adcode": present.index, "of_adcode": present.index, "year": present.to_numpy(dtype=int)})
    return _Candidate(binding, value, value_year, fill, own)


def _reach(node: Node) -> int:
    """Return how many years a figure may be carried."""
    return 0 if node.missing == "leave" else node.max_age or 0


def _nearest(catalog: Catalog, printed: _Printed, binding: Binding, years: range) -> tuple[pd.Series, pd.Series]:
    """Return per province the binding's value in the first of ``years`` that has one, and that year."""
    provinces = pd.Index(list(catalog.provinces), name="adcode")
    value = pd.Series(np.nan, index=provinces)
    value_year = pd.Series(pd.NA, index=provinces, dtype="Int64")
    for source_year in years:
        if not any((s, source_year) in printed for s in binding.expression.series):
            continue
        found = binding.expression.evaluate(
            {s: _column(catalog, printed, s, source_year, binding, provinces) for s in binding.expression.series}
        )
        fresh = value.isna() & found.notna()
        value, value_year = value.where(~fresh, found), value_year.mask(fresh, source_year)
    return value, value_year


def _imputed(catalog: Catalog, printed: _Printed, node: Node, chosen: _Candidate, year: int) -> _Candidate:
    """Return the chosen binding with the provinces filled that the indicator's policy fills."""
    if node.missing == "interpolate":
        years = range(year + 1, year + _reach(node) + 1)
        return _interpolated(chosen, *_nearest(catalog, printed, chosen.binding, years), year)
    if node.missing == "group_median":
        return _group_medians(catalog, chosen, year)
    return chosen


def _interpolated(chosen: _Candidate, later: pd.Series, later_year: pd.Series, year: int) -> _Candidate:
    """Put the straight line between the nearest own figures before and after the year in place of a carried one."""
    between = (chosen.fill == "carried") & later.notna()
    first, last = chosen.value_year[between].astype(float), later_year[between].astype(float)
    line = chosen.value[between] + (later[between] - chosen.value[between]) * (year - first) / (last - first)
    after = pd.DataFrame({"adcode": line.index, "of_adcode": line.index, "year": last.to_numpy(dtype=int)})
    return replace(
        chosen,
        value=chosen.value.mask(between, line),
        value_year=chosen.value_year.mask(between, year),
        fill=chosen.fill.mask(between, "interpolated"),
        used=pd.concat([chosen.used, after], ignore_index=True),
    )


def _group_medians(catalog: Catalog, chosen: _Candidate, year: int) -> _Candidate:
    """Give a province without a figure of its own the median of its region's provinces that have one."""
    region = pd.Series({a: catalog.provinces[a].region for a in chosen.value.index})
    groups = chosen.value.groupby(region)
    fits = chosen.value.isna() & (region.map(groups.count()) >= MIN_GROUP)
    rows = [
        (adcode, other, int(chosen.value_year[other]))
        for adcode in fits.index[fits]
        for other in chosen.value.index[(region == region[adcode]) & chosen.value.notna()]
    ]
    others = pd.DataFrame(rows, columns=["adcode", "of_adcode", "year"])
    return replace(
        chosen,
        value=chosen.value.mask(fits, region.map(groups.median())),
        value_year=chosen.value_year.mask(fits, year),
        fill=chosen.fill.mask(fits, "group_median"),
        used=pd.concat([chosen.used, others], ignore_index=True) if rows else chosen.used,
    )


def _column(
    catalog: Catalog, printed: _Printed, series: str, year: int, binding: Binding, provinces: pd.Index[str]
) -> pd.Series:
    if (series, year) not in printed:
        return pd.Series(np.nan, index=provinces)
    rows = printed[series, year]
    target = binding.unit if binding.expression.is_linear else catalog.series[series].unit
    factors = [catalog.units.factor(unit, target) for unit in rows["unit"]]
    return (rows["value"] * factors).reindex(provinces)


def _choose(candidates: list[_Candidate], min_provinces: int) -> _Candidate | None:
    for candidate in candidates:
        if candidate.current >= min_provinces:
            return candidate
    return next((c for c in candidates if c.provinces >= min_provinces), None)


def _lineage(winner: _Candidate, observations: pd.DataFrame, indicator: str) -> pd.DataFrame:
    concerned = observations[observations["series"].isin(winner.binding.expression.series)]
    rows = winner.used.merge(concerned.rename(columns={"adcode": "of_adcode"}), on=["of_adcode", "year"])
    rows = rows.rename(columns={"year": "value_year", "address": "source_url"})
    order = ["adcode", "series", "value_year", "of_adcode"]
    return rows[_LINEAGE].assign(indicator=indicator).sort_values(order, ignore_index=True)


def _values(catalog: Catalog, node: Node, winner: _Candidate, used: pd.DataFrame, year: int) -> pd.DataFrame:
    binding = winner.binding
    own_unit = not catalog.units.convertible(binding.unit, str(node.unit))
    value = winner.value.dropna()
    table = pd.DataFrame({"adcode": value.index, "value": value.to_numpy() * _to_own_unit(catalog, node, binding)})
    # A value is as weak as its weakest figure; its source is that of the first series that has the province.
    basis = used["basis"].map(BASES.index).groupby(used["adcode"]).max().loc[value.index].map(BASES.__getitem__)
    position = used["series"].map(binding.expression.series.index)
    origin = used.loc[position.groupby(used["adcode"]).idxmin().loc[value.index]]
    value_year = winner.value_year[value.index].to_numpy(dtype=int)
    estimated = (basis == "estimated").to_numpy() | (binding.fidelity == "estimated")
    fill = winner.fill[value.index].to_numpy()
    status = np.where(fill != "none", "I", np.where(estimated, "E", "A"))
    return table.assign(
        indicator=node.node,
        unit=binding.unit if own_unit else node.unit,
        status=status,
        value_year=value_year,
        fill=fill,
        fidelity=binding.fidelity,
        basis=basis.to_numpy(),
        expression=binding.expression.text,
        series=" ".join(binding.expression.series),
        source=origin["source"].to_numpy(),
        layer=origin["layer"].to_numpy(),
        source_url=origin["source_url"].to_numpy(),
        payload_sha256=origin["payload_sha256"].to_numpy(),
        retrieved_at=origin["retrieved_at"].to_numpy(),
    )


def _to_own_unit(catalog: Catalog, node: Node, binding: Binding) -> float:
    """Return the factor from the binding's unit to the indicator's, 1 where it keeps its own."""
    convertible = catalog.units.convertible(binding.unit, str(node.unit))
    return catalog.units.factor(binding.unit, str(node.unit)) if convertible else 1.0


def _coverage(
    catalog: Catalog, node: Node, candidates: list[_Candidate], winner: _Candidate | None, year: int
) -> dict[str, object]:
    if winner is None:
        best = max(candidates, key=lambda c: c.provinces, default=None)
        note_zh, note_en = _why_missing(catalog, candidates, node, year)
        return {
            "indicator": node.node,
            "in_use": False,
            "expression": None,
            "fidelity": None,
            "unit": None,
            "provinces": best.provinces if best else 0,
            "provinces_current": best.current if best else 0,
            "value_year_min": None,
            "value_year_max": None,
            "when_missing": node.missing,
            "carried": None,
            "imputed": None,
            "note_zh": note_zh,
            "note_en": note_en,
            "missing": f"all {len(catalog.provinces)}",
        }
    own_unit = not catalog.units.convertible(winner.binding.unit, str(node.unit))
    return {
        "indicator": node.node,
        "in_use": True,
        "expression": winner.binding.expression.text,
        "fidelity": winner.binding.fidelity,
        "unit": winner.binding.unit if own_unit else node.unit,
        "provinces": winner.provinces,
        "provinces_current": winner.current,
        "value_year_min": int(winner.value_year.min()),
        "value_year_max": int(winner.value_year.max()),
        "when_missing": node.missing,
        "carried": int((winner.fill == "carried").sum()),
        "imputed": int(winner.fill.isin(IMPUTED).sum()),
        "note_zh": winner.binding.note_zh,
        "note_en": winner.binding.note_en,
        "missing": " ".join(catalog.provinces[a].short_zh for a in winner.without_own),
    }


def _why_missing(catalog: Catalog, candidates: list[_Candidate], node: Node, year: int) -> tuple[str, str]:
    if not candidates:
        return "没有可用的省级数据，也没有合适的替代", "no provincial figures are known, and no stand-in fits"
    least = catalog.rules.values.min_provinces
    span = f"{year - _reach(node)}-{year}" if _reach(node) else f"{year}"
    zh = "；".join(f"{c.binding.expression}：{span} 年 {c.provinces} 省" for c in candidates)
    en = "; ".join(f"{c.binding.expression}: {c.provinces} provinces in {span}" for c in candidates)
    return f"{zh}（至少需要 {least} 省）", f"{en} (at least {least} are needed)"


def earlier_values(catalog: Catalog, observations: pd.DataFrame, coverage: pd.DataFrame, year: int) -> pd.DataFrame:
    """Return the figures of the years before ``year`` as its slice knows them, by the bindings ``year`` uses.

    A publisher rewrites old years: held against what an earlier edition printed, they show what was revised.

    Args:
        catalog: bindings and units.
        observations: rows of the year's slice, as for :func:`build_values`.
        coverage: the year's ``indicator_coverage``: which binding is in use.
        year: the statistical year.

    Returns:
        columns adcode, indicator, value_year, value (in the unit of ``indicator_values``).
    """
    used = coverage[coverage["in_use"].astype(bool)].set_index("indicator")["expression"]
    bindings = {
        str(name): next(b for b in catalog.bindings[str(name)] if b.expression.text == text)
        for name, text in used.items()
    }
    named = {s for binding in bindings.values() for s in binding.expression.series}
    chosen = current_observations(observations[observations["series"].isin(named)])
    printed = {key: rows.set_index("adcode") for key, rows in chosen.groupby(["series", "year"])}
    years = sorted({int(y) for y in chosen["year"].unique() if y < year})
    provinces = pd.Index(list(catalog.provinces), name="adcode")
    found = [pd.DataFrame(columns=["adcode", "indicator", "value_year", "value"])]
    for name, binding in bindings.items():
        for earlier in years:
            if not any((s, earlier) in printed for s in binding.expression.series):
                continue
            columns = {s: _column(catalog, printed, s, earlier, binding, provinces) for s in binding.expression.series}
            value = binding.expression.evaluate(columns).dropna() * _to_own_unit(catalog, catalog.nodes[name], binding)
            found.append(
                value.rename("value").rename_axis("adcode").reset_index().assign(indicator=name, value_year=earlier)
            )
    return pd.concat([frame for frame in found if not frame.empty] or found, ignore_index=True)
