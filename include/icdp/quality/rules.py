"""The named rules. Each yields one finding for each subject it looked at; what it cannot look at, it leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from icdp.catalog import Catalog
from icdp.catalog.model import Check
from icdp.errors import CatalogError, DataError


@dataclass(frozen=True, slots=True)
class YearData:
    """What the checks of one year look at.

    Attributes:
        catalog: the index as data.
        year: the statistical year.
        observations: current observations of the year itself and those the values were made from
            (series, year, adcode, value, unit, payload_sha256).
        values: table ``indicator_values`` of the year.
        coverage: table ``indicator_coverage`` of the year.
        national_totals: printed totals (series, year, value, unit, publisher).
    """

    catalog: Catalog
    year: int
    observations: pd.DataFrame
    values: pd.DataFrame
    coverage: pd.DataFrame
    national_totals: pd.DataFrame

    def in_own_unit(self, series: str) -> pd.DataFrame:
        """Return the observations of ``series`` with values in the unit of series.csv."""
        rows = self.observations[self.observations["series"] == series]
        own = self.catalog.series[series].unit
        factors = [self.catalog.units.factor(unit, own) for unit in rows["unit"]]
        return rows.assign(value=rows["value"] * factors, unit=own)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw of one subject."""

    subject: str
    passed: bool
    observed: str
    expected: str
    message: str = ""


Rule = Callable[[YearData, Check], Iterator[Finding]]


def known_provinces(data: YearData, check: Check) -> Iterator[Finding]:
    """Every observation and value belongs to a province of the catalogue, and each of them has a value."""
    known = set(data.catalog.provinces)
    for subject, table in (("observations", data.observations), ("indicator_values", data.values)):
        strangers = sorted(set(table["adcode"]) - known)
        yield Finding(
            subject,
            not strangers,
            ", ".join(strangers) or f"{table['adcode'].nunique()} provinces",
            f"codes of the {len(known)} provinces",
            "unknown codes; correct the source's region names",
        )
    silent = [p.short_zh for code, p in data.catalog.provinces.items() if code not in set(data.values["adcode"])]
    yield Finding(
        "provinces", not silent, ", ".join(silent) or f"all {len(known)}", f"each of {len(known)} has a value",
        "provinces without any value; a source lost them",
    )  # fmt: skip


def province_coverage(data: YearData, check: Check) -> Iterator[Finding]:
    """An indicator in use has a value for every province."""
    total = len(data.catalog.provinces)
    for row in data.coverage[data.coverage["in_use"]].itertuples():
        yield Finding(
            str(row.indicator), bool(row.provinces == total), f"{row.provinces} provinces", f"{total} provinces",
            f"without a value: {row.missing}; their weight goes to the other indicators of the node",
        )  # fmt: skip


def unique_keys(data: YearData, check: Check) -> Iterator[Finding]:
    """One figure for a key."""
    keys = {
        "observations": (data.observations, ["series", "year", "adcode", "payload_sha256"]),
        "indicator_values": (data.values, ["adcode", "indicator"]),
    }
    for subject, (table, key) in keys.items():
        twice = table[table.duplicated(key)]
        observed = "none twice" if twice.empty else ", ".join(str(v) for v in twice.iloc[0][key])
        yield Finding(
            subject, twice.empty, observed, f"unique {', '.join(key)}", "a key stands twice; keep one of them"
        )


def declared_units(data: YearData, check: Check) -> Iterator[Finding]:
    """The unit of every observation converts to the one of series.csv."""
    for series, rows in data.observations.groupby("series"):
        own = data.catalog.series[str(series)].unit
        wrong = sorted({u for u in rows["unit"] if not data.catalog.units.convertible(u, own)})
        observed = ", ".join(wrong or sorted(set(rows["unit"])))
        yield Finding(str(series), not wrong, observed, own, "not the series' kind of unit; correct the source's unit")


def plausible_range(data: YearData, check: Check) -> Iterator[Finding]:
    """Every observation lies within the bounds of series.csv."""
    for name in sorted(set(data.observations["series"])):
        bounds = data.catalog.series[name]
        try:
            rows = data.in_own_unit(name)
        except DataError:
            continue  # declared_units has said so
        outside = rows[~rows["value"].between(bounds.min, bounds.max)]
        first = "" if outside.empty else _where(data.catalog, outside)
        yield Finding(
            name, outside.empty, f"{rows['value'].min():g} to {rows['value'].max():g}",
            f"{bounds.min:g} to {bounds.max:g} {bounds.unit}",
            f"{len(outside)} figures outside, first {first}; a slip of unit or digits, or the bounds are wrong",
        )  # fmt: skip


def _where(catalog: Catalog, outside: pd.DataFrame) -> str:
    adcode, year, value = next(outside[["adcode", "year", "value"]].itertuples(index=False))
    province = catalog.provinces.get(str(adcode))
    return f"{province.short_zh if province else adcode} {year} = {value:g}"


def enough_indicators(data: YearData, check: Check) -> Iterator[Finding]:
    """The year has the least number of indicators an index needs."""
    least = data.catalog.rules.publication.min_indicators
    used = int(data.coverage["in_use"].sum())
    yield Finding(
        "indicators",
        used >= least,
        f"{used} in use",
        f"at least {least}",
        "too few figures for an index; see `icdp coverage`",
    )


def not_older_than_max_age(data: YearData, check: Check) -> Iterator[Finding]:
    """No value describes a year further back than the indicator allows."""
    for indicator, rows in data.values.groupby("indicator"):
        allowed = data.catalog.indicators[str(indicator)].max_age or 0
        oldest = int(rows["value_year"].min())
        newest = int(rows["value_year"].max())
        yield Finding(
            str(indicator), data.year - allowed <= oldest and newest <= data.year, f"{oldest} to {newest}",
            f"{data.year - allowed} to {data.year}", "a value describes a year it must not; load the year again",
        )  # fmt: skip


def constant_indicator(data: YearData, check: Check) -> Iterator[Finding]:
    """An indicator in use tells provinces apart."""
    for indicator, rows in data.values.groupby("indicator"):
        distinct = rows["value"].nunique()
        yield Finding(
            str(indicator), distinct > 1, f"{distinct} distinct values", "at least 2",
            "the same for all provinces: it is left out of the index",
        )  # fmt: skip


def single_nonzero(data: YearData, check: Check) -> Iterator[Finding]:
    """More than one province differs from zero."""
    for indicator, rows in data.values.groupby("indicator"):
        nonzero = int((rows["value"] != 0).sum())
        yield Finding(
            str(indicator), nonzero != 1, f"{nonzero} provinces not 0", "not exactly 1",
            "one province alone would carry the largest entropy weight",
        )  # fmt: skip


def sum_between(data: YearData, check: Check) -> Iterator[Finding]:
    """The provinces of a complete year add up to something between two bounds."""
    series, low, high = _needed(check, "series", "min", "max")
    total = _sum_of_year(data, str(series), check.min_provinces)
    if total is None:
        return
    yield Finding(
        str(series), float(low) <= total <= float(high), f"{total:.10g}", f"{low} to {high}",
        "the provinces do not add up; a province is wrong, missing or twice",
    )  # fmt: skip


def national_total(data: YearData, check: Check) -> Iterator[Finding]:
    """The provinces of a complete year add up to the printed national total."""
    series, tolerance = _needed(check, "series", "tolerance")
    printed = data.national_totals
    printed = printed[(printed["series"] == series) & (printed["year"] == data.year)]
    total = _sum_of_year(data, str(series), check.min_provinces)
    if total is None or printed.empty:
        return
    row = printed.iloc[0]
    own = data.catalog.series[str(series)].unit
    expected = float(row["value"]) * data.catalog.units.factor(str(row["unit"]), own)
    off = total / expected - 1
    yield Finding(
        str(series), abs(off) <= float(tolerance), f"{total:.10g} {own} ({off:+.3%})",
        f"{expected:.10g} {own} within {float(tolerance):.1%} ({row['publisher']}: {row['source_title']})",
        "the provinces do not add up to the printed total; a province is wrong, missing or twice",
    )  # fmt: skip


def _needed(check: Check, *names: str) -> tuple[str | float, ...]:
    given = tuple(getattr(check, name) for name in names)
    if None in given:
        raise CatalogError(
            f"quality.yaml: {check.check}: rule {check.rule} needs {', '.join(names)}; add what is missing"
        )
    return given


def _sum_of_year(data: YearData, series: str, least: int | None) -> float | None:
    """Sum in the series' own unit, or None when too few provinces have a figure of the year."""
    if series not in data.catalog.series:
        raise CatalogError(f"quality.yaml: series {series!r} is not in series.csv; add it or correct the name")
    rows = data.in_own_unit(series)
    rows = rows[rows["year"] == data.year]
    enough = least if least is not None else len(data.catalog.provinces)
    return float(rows["value"].sum()) if rows["adcode"].nunique() >= enough else None


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        known_provinces, province_coverage, unique_keys, declared_units, plausible_range, enough_indicators,
        not_older_than_max_age, constant_indicator, single_nonzero, sum_between, national_total,
    )
}  # fmt: skip
