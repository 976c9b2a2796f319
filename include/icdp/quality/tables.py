"""Rules about what the tables must be, whatever the figures say: provinces, keys, units, ranges, rows."""

from __future__ import annotations

from collections.abc import Iterator

from icdp.catalog.checks import Check
from icdp.quality.data import Finding, YearData, told


def table_contract(data: YearData, check: Check) -> Iterator[Finding]:
    """Every column holds what its kind allows (``icdp.quality.contract``)."""
    from icdp.quality.contract import broken  # pandera takes most of a second to load

    for name, problems in broken(data).items():
        yield Finding(
            name, not problems, told(problems) or "as the contract says", "every column as `icdp.quality.contract` says"
        )


def known_provinces(data: YearData, check: Check) -> Iterator[Finding]:
    """Every observation and value belongs to a province of the catalogue, and each of them has a value."""
    known = set(data.catalog.provinces)
    for subject, table in (("observations", data.observations), ("indicator_values", data.values)):
        strangers = sorted(set(table["adcode"]) - known)
        seen = told(strangers) or f"{table['adcode'].nunique()} provinces"
        yield Finding(subject, not strangers, seen, f"codes of the {len(known)} provinces", "unknown codes")
    heard = set(data.values["adcode"])
    silent = [p.short_zh for code, p in data.catalog.provinces.items() if code not in heard]
    yield Finding(
        "provinces", not silent, told(silent) or f"all {len(known)}", f"each of {len(known)} has a value", "lost"
    )


def province_coverage(data: YearData, check: Check) -> Iterator[Finding]:
    """An indicator in use has a value for every province."""
    total = len(data.catalog.provinces)
    for row in data.coverage[data.coverage["in_use"]].itertuples():
        yield Finding(
            str(row.indicator), bool(row.provinces == total), f"{row.provinces} provinces", f"{total} provinces",
            f"without: {row.missing}",
        )  # fmt: skip


def unique_keys(data: YearData, check: Check) -> Iterator[Finding]:
    """One figure for a key."""
    keys = {
        "observations": (data.figures, ["series", "year", "adcode", "payload_sha256"]),
        "indicator_values": (data.values, ["adcode", "indicator"]),
    }
    for subject, (table, key) in keys.items():
        twice = table[table.duplicated(key)]
        observed = "none twice" if twice.empty else ", ".join(str(v) for v in twice.iloc[0][key])
        yield Finding(subject, twice.empty, observed, f"unique {', '.join(key)}")


def declared_units(data: YearData, check: Check) -> Iterator[Finding]:
    """The unit of every observation converts to the one of series.csv, and one series has one unit a year."""
    for series, rows in data.observations.groupby("series"):
        own = data.catalog.series[str(series)].unit
        wrong = sorted({u for u in rows["unit"] if not data.catalog.units.convertible(u, own)})
        yield Finding(str(series), not wrong, ", ".join(wrong or sorted(set(rows["unit"]))), own)


def plausible_range(data: YearData, check: Check) -> Iterator[Finding]:
    """Every observation lies within the bounds of series.csv."""
    for name, rows in data.observations.dropna(subset="own").groupby("series"):
        bounds = data.catalog.series[str(name)]
        outside = rows[~rows["own"].between(bounds.min, bounds.max)]
        first = [
            f"{data.short(adcode)} {year} = {value:g}"
            for adcode, year, value in outside[["adcode", "year", "own"]].itertuples(index=False)
        ]
        yield Finding(
            str(name), outside.empty, f"{rows['own'].min():g} to {rows['own'].max():g}",
            f"{bounds.min:g} to {bounds.max:g} {bounds.unit}", told(first),
        )  # fmt: skip


def enough_indicators(data: YearData, check: Check) -> Iterator[Finding]:
    """The year has the least number of indicators an index needs."""
    least = data.catalog.rules.publication.min_indicators
    used = int(data.coverage["in_use"].sum())
    yield Finding("indicators", used >= least, f"{used} in use", f"at least {least}")


def baseline_rows(data: YearData, check: Check) -> Iterator[Finding]:
    """No series has fewer provinces, in any year of the slice, than when the baseline was made."""
    held = data.wide.notna().sum(axis=1)
    oldest = data.year - data.catalog.lookback
    expected: dict[str, dict[int, int]] = {}
    for (series, year), rows in data.catalog.baseline.items():
        if oldest <= year <= data.year:
            expected.setdefault(series, {})[year] = rows
    for series, years in expected.items():
        fewer = [
            f"{year}: {seen} of {rows}"
            for year, rows in sorted(years.items())
            if (seen := int(held.get((series, year), 0))) < rows
        ]
        yield Finding(
            series, not fewer, told(fewer) or f"{len(years)} years", f"baseline.csv, {min(years)} to {max(years)}"
        )


def coverage_kept(data: YearData, check: Check) -> Iterator[Finding]:
    """No indicator has fewer provinces than the year before or the last revision had, and none is gone."""
    now = data.coverage.set_index("indicator")
    for name, table in data.earlier.items():
        before = table[table["in_use"]].set_index("indicator")
        for indicator, provinces in before["provinces"].items():
            there = bool(now["in_use"].get(indicator, False))
            seen = int(now["provinces"].get(indicator, 0)) if there else 0
            if seen < provinces:
                yield Finding(
                    f"{indicator} ({name})", False, f"{seen} provinces" if there else "not in use",
                    f"at least {provinces}, as {name}",
                )  # fmt: skip


def not_older_than_max_age(data: YearData, check: Check) -> Iterator[Finding]:
    """No value describes a year further back than the indicator allows."""
    for indicator, rows in data.values.groupby("indicator"):
        allowed = data.catalog.indicators[str(indicator)].max_age or 0
        oldest, newest = int(rows["value_year"].min()), int(rows["value_year"].max())
        yield Finding(
            str(indicator), data.year - allowed <= oldest and newest <= data.year, f"{oldest} to {newest}",
            f"{data.year - allowed} to {data.year}",
        )  # fmt: skip
