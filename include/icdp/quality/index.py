"""Rules about the values of the index: do they tell provinces apart, and are they what they are said to be."""

from __future__ import annotations

from collections.abc import Iterator

from icdp.catalog.checks import CarriedColumn, Check, Directions, FidelityRegister, Outliers
from icdp.quality.data import Finding, YearData, told
from icdp.scoring.outliers import is_outlying, shape

FIDELITIES = ("as_defined", "partial", "estimated", "proxy")


def constant_indicator(data: YearData, check: Check) -> Iterator[Finding]:
    """An indicator in use tells provinces apart."""
    for indicator, rows in data.values.groupby("indicator"):
        distinct = rows["value"].nunique()
        yield Finding(str(indicator), distinct > 1, f"{distinct} distinct values", "at least 2")


def single_nonzero(data: YearData, check: Check) -> Iterator[Finding]:
    """More than one province differs from zero."""
    for indicator, rows in data.values.groupby("indicator"):
        nonzero = int((rows["value"] != 0).sum())
        yield Finding(str(indicator), nonzero != 1, f"{nonzero} provinces not 0", "not exactly 1")


def carried_column(data: YearData, check: CarriedColumn) -> Iterator[Finding]:
    """An indicator in use has figures of the year itself."""
    for row in data.coverage[data.coverage["in_use"]].itertuples():
        if row.indicator not in check.without:
            newest = int(str(row.value_year_max))
            yield Finding(str(row.indicator), newest == data.year, f"newest figure of {newest}", f"of {data.year}")


def outliers(data: YearData, check: Outliers) -> Iterator[Finding]:
    """No distribution is so skewed and peaked that a few provinces set the scale for all (``icdp.scoring.outliers``)."""
    for indicator, rows in data.values.groupby("indicator"):
        skewness, kurtosis = shape(rows["value"])
        outlying = is_outlying(skewness, kurtosis, (check.skewness, check.kurtosis))
        treated = data.catalog.indicators[str(indicator)].outliers or "not treated"
        most = rows.sort_values("value", ascending=skewness < 0)["adcode"].head(3)
        yield Finding(
            str(indicator), not outlying, f"skewness {skewness:.2f}, kurtosis {kurtosis:.2f}",
            f"not both beyond {check.skewness:g} and {check.kurtosis:g}",
            f"{told([data.short(code) for code in most])}; {treated}",
        )  # fmt: skip


def directions(data: YearData, check: Directions) -> Iterator[Finding]:
    """Every indicator points the way that was written down for it apart from the tree."""
    for name, node in data.catalog.indicators.items():
        expected = -1 if name in check.negative else 1
        yield Finding(name, node.direction == expected, f"{node.direction:+d}", f"{expected:+d}")


def fidelity_register(data: YearData, check: FidelityRegister) -> Iterator[Finding]:
    """No indicator claims to be more faithful than its series are known to be."""
    for indicator, values in data.values.groupby("indicator"):
        claims = check.claims.get(str(indicator), {})
        known = {series: FIDELITIES.index(kind) for kind, all_ in claims.items() for series in all_}
        first = values.iloc[0]
        allowed = max(known.get(series, FIDELITIES.index("proxy")) for series in str(first["series"]).split())
        if (values["basis"] == "estimated").any():
            allowed = max(allowed, FIDELITIES.index("estimated"))
        yield Finding(
            str(indicator), FIDELITIES.index(str(first["fidelity"])) >= allowed, f"{first['fidelity']} ({first['expression']})",
            f"{FIDELITIES[allowed]} at best",
        )  # fmt: skip
