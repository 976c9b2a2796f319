"""Rules that hold figures against other figures: printed totals, shares of 100 %, identities, other sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from icdp.catalog.checks import BEFORE, NationalTotal, RatioBetween, SourcesAgree, SumBetween
from icdp.quality.data import LEAST_PROVINCES, Finding, YearData, told


def sum_between(data: YearData, check: SumBetween) -> Iterator[Finding]:
    """The provinces of a complete year add up to something between two bounds."""
    total = _sum_of_year(data, check.series, check.min_provinces)
    if total is not None:
        yield Finding(check.series, check.min <= total <= check.max, f"{total:.10g}", f"{check.min} to {check.max}")


def national_total(data: YearData, check: NationalTotal) -> Iterator[Finding]:
    """The provinces of a complete year add up to the printed national total."""
    printed = data.national_totals
    printed = printed[(printed["series"] == check.series) & (printed["year"] == data.year)]
    total = _sum_of_year(data, check.series, check.min_provinces)
    if total is None or printed.empty:
        return
    row = printed.iloc[0]
    own = data.catalog.series[check.series].unit
    expected = float(row["value"]) * data.catalog.units.factor(str(row["unit"]), own)
    off = total / expected - 1
    yield Finding(
        check.series, abs(off) <= check.tolerance, f"{total:.10g} {own} ({off:+.3%})",
        f"{expected:.10g} {own} within {check.tolerance:.1%} ({row['publisher']}: {row['source_title']})",
    )  # fmt: skip


def _sum_of_year(data: YearData, series: str, least: int | None) -> float | None:
    """Sum in the series' own unit, or None when too few provinces have a figure of the year."""
    figures = data.row(series, data.year).dropna()
    enough = least if least is not None else len(data.catalog.provinces)
    return float(figures.sum()) if len(figures) >= enough else None


def ratio_between(data: YearData, check: RatioBetween) -> Iterator[Finding]:
    """One quantity over another, province by province, is what an identity says."""
    names = set(check.series_named())
    for year in sorted({y for (name, y), n in data.counted.items() if name in names and n >= LEAST_PROVINCES}):
        columns = _columns(data, (*check.left.series, *check.right.series), year)
        left, right = check.left.evaluate(columns), check.right.evaluate(columns)
        ratio = (left / right.where(right != 0)).dropna()
        if ratio.empty:
            continue
        beyond = pd.concat([check.min - ratio, ratio - check.max], axis=1).max(axis=1)
        outside = beyond[beyond > 0].sort_values(ascending=False).index
        wrong = [f"{data.short(code)} {ratio[code]:.4g}" for code in outside]
        subject = data.subject(str(check.right), year)
        yield Finding(
            subject, not wrong, told(wrong) or f"{ratio.min():.4g} to {ratio.max():.4g}",
            f"{check.min} to {check.max}: {check.left} over {check.right}",
        )  # fmt: skip


def _columns(data: YearData, names: tuple[str, ...], year: int) -> Mapping[str, pd.Series[float]]:
    return {
        name: data.row(name.removesuffix(BEFORE), year - 1) if name.endswith(BEFORE) else data.row(name, year)
        for name in names
    }


def sources_agree(data: YearData, check: SourcesAgree) -> Iterator[Finding]:
    """Where several sources, or several files of one, give one figure, they give the same."""
    key = ["series", "year", "adcode"]
    concerned = data.observations.rename(columns={"own": "chosen", "source": "of", "payload_sha256": "file"})
    others = data.figures.merge(concerned[[*key, "chosen", "of", "file"]], on=key)
    others = others[others["payload_sha256"] != others["file"]]
    for (series, year), rows in others.groupby(["series", "year"]):
        name = str(series)
        tolerance = check.tolerances.get(name, check.tolerance)
        units, own = data.catalog.units, data.catalog.series[name].unit
        rows = rows[[units.convertible(unit, own) for unit in rows["unit"]]]
        value = rows["value"].to_numpy() * np.array([units.factor(unit, own) for unit in rows["unit"]])
        scale = np.maximum(rows["chosen"].abs().to_numpy(), np.finfo(float).tiny)
        apart = rows.assign(own=value, apart=np.abs(value - rows["chosen"].to_numpy()) / scale)
        far = apart[apart["apart"] > tolerance].sort_values("apart", ascending=False)
        differing = [
            f"{data.short(row.adcode)} {row.chosen:g} ({row.of}) but {row.own:g} ({row.source})"
            for row in far.itertuples()
        ]
        expected = f"the same within {tolerance:.1%}"
        expected += f" for all but {check.share:.0%} of the provinces" if check.share else ""
        subject = data.subject(name, int(str(year)))
        common = apart["adcode"].nunique()
        # One entry of a workbook that corrects one figure is no other scale.
        if check.share and common < LEAST_PROVINCES:
            continue
        passed = far["adcode"].nunique() <= check.share * common
        yield Finding(subject, passed, told(differing) or f"{common} provinces agree", expected)
