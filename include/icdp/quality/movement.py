"""Rules that hold a year against the years before: bands, common factors, copies, exchanged and shifted provinces.

Slips of digits, units and rows leave a figure plausible by itself; against its own past and against how all other
provinces moved it is not. Median and MAD, because one wrong figure must not widen the band it is judged by.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from icdp.catalog.checks import (
    BecameZero,
    CommonFactor,
    NeverFalls,
    RepeatedValue,
    RepeatedYear,
    ShiftedRows,
    SwappedProvinces,
    YearOnYear,
)
from icdp.quality.data import LEAST_PROVINCES, Finding, YearData, told

MAD_TO_SIGMA = 1.4826  # of a normal distribution
# Below this many provinces a shift or a copy is chance.
MANY = 20


class _Moves(NamedTuple):
    """How provinces moved: the common part, the robust standard deviation, and each one's deviation from it."""

    common: float
    sigma: float
    deviation: pd.Series[float]


def _moves(now: pd.Series[float], before: pd.Series[float], count: bool = False) -> _Moves:
    if count:
        change = 2 * (now.clip(lower=0).pow(0.5) - before.clip(lower=0).pow(0.5)).dropna()
    else:
        both = (now > 0) & (before > 0)
        change = _log(now[both] / before[both])
    common = float(change.median()) if len(change) else 0.0
    deviation = change - common
    sigma = MAD_TO_SIGMA * float(deviation.abs().median()) if len(change) else 0.0
    return _Moves(common, sigma, deviation)


def _log(values: pd.Series[float]) -> pd.Series[float]:
    return pd.Series(np.log(values.to_numpy(dtype=float)), index=values.index)


def year_on_year(data: YearData, check: YearOnYear) -> Iterator[Finding]:
    """Each province moves with the others, within a band of robust width."""
    for pair in data.pairs:
        count = pair.series in check.counts
        moves = _moves(pair.now, pair.before, count)
        if moves.deviation.empty:
            continue
        floor = check.floors.get(pair.series, check.count_floor if count else check.floor)
        band = max(floor * pair.gap, min(check.k * moves.sigma, check.count_cap if count else check.cap))
        # Largest first, so that what is told is what matters most.
        far = moves.deviation[moves.deviation.abs() > band].abs().sort_values(ascending=False).index
        told_of = [f"{data.short(c)} {pair.before[c]:g} → {pair.now[c]:g}" for c in far]
        if count:
            expected = f"within {band:.2f} of the common change of 2√value ({moves.common:+.2f})"
        else:
            expected = (
                f"×{np.exp(moves.common - band):.2f} to ×{np.exp(moves.common + band):.2f} of {pair.year - pair.gap}"
            )
        if check.share:
            expected = f"at most {check.share:.0%} of the provinces outside {expected}"
        passed = len(far) <= check.share * len(moves.deviation)
        yield Finding(pair.subject, passed, told(told_of) or "none outside", expected)


def common_factor(data: YearData, check: CommonFactor) -> Iterator[Finding]:
    """All provinces together do not move as only a slip of unit moves them."""
    for pair in data.pairs:
        if pair.series in check.counts:
            both = pair.now.notna() & pair.before.notna()
            sums = float(pair.now[both].sum()), float(pair.before[both].sum())
            if min(sums) <= 0:
                continue
            common = float(np.log(sums[0] / sums[1]))
        else:
            common = _moves(pair.now, pair.before).common
        limit = check.limits.get(pair.series, check.limit) * pair.gap
        yield Finding(
            pair.subject, abs(common) <= limit, f"×{np.exp(common):.3g} for all provinces",
            f"×{np.exp(-limit):.2f} to ×{np.exp(limit):.2f} of {pair.year - pair.gap}",
        )  # fmt: skip


def repeated_year(data: YearData, check: RepeatedYear) -> Iterator[Finding]:
    """A year does not repeat the figures of another one."""
    for (name, own), provinces in data.counted.items():
        if provinces < LEAST_PROVINCES:
            continue
        now = data.row(name, own)
        allowed = check.shares.get(name, check.share)
        equal: dict[int, float] = {}
        for apart in check.apart:
            both = now.notna() & (other := data.row(name, own - apart)).notna()
            if int(both.sum()) >= LEAST_PROVINCES:
                equal[own - apart] = float((now[both] == other[both]).mean())
        # A later year is told of only when it is copied: figures that are added there must not change this one's results.
        past = {y: share for y, share in equal.items() if y < own or share > allowed}
        if not past:
            continue
        worst = max(past, key=lambda y: past[y])
        yield Finding(
            data.subject(name, own), equal[worst] <= allowed, f"{equal[worst]:.0%} of the figures are those of {worst}",
            f"at most {allowed:.0%}",
        )  # fmt: skip


def swapped_provinces(data: YearData, check: SwappedProvinces) -> Iterator[Finding]:
    """No two provinces have each other's figure."""
    for pair in data.pairs:
        moves = _moves(pair.now, pair.before)
        # Small counts meet each other by chance.
        if len(moves.deviation) < MANY or pair.now.nunique() < MANY:
            continue
        near, move = max(check.near, check.k * moves.sigma / 2), max(check.move, check.k * moves.sigma)
        far = moves.deviation[moves.deviation.abs() > move]
        past = _log(pair.before[far.index])
        pairs = [
            f"{data.short(a)} ↔ {data.short(b)}"
            for position, a in enumerate(far.index)
            for b in far.index[position + 1 :]
            if abs(far[a] - (past[b] - past[a])) <= near and abs(far[b] - (past[a] - past[b])) <= near
        ]
        yield Finding(
            pair.subject, not pairs, told(pairs) or "none exchanged", "each province near its own figure of before"
        )


def shifted_rows(data: YearData, check: ShiftedRows) -> Iterator[Finding]:
    """The figures do not fit better when every one belongs to the province some rows above or below."""
    for pair in data.pairs:
        both = pair.now.dropna().index.intersection(pair.before.dropna().index)
        now, before = pair.now[both], pair.before[both]
        if len(both) < MANY or now.nunique() < MANY // 2:
            continue
        shown, past = (np.log1p(column.clip(lower=0).to_numpy(dtype=float)) for column in (now, before))
        own = _misfit(shown, past)
        fits = {shift: _misfit(np.roll(shown, -shift), past) for shift in check.shifts}
        best = min(fits, key=lambda shift: fits[shift])
        better = own > check.better * fits[best]
        yield Finding(
            pair.subject, not better, f"rows moved by {best:+d} fit better" if better else "rows where they were",
            "each figure in the row of its province",
        )  # fmt: skip


def _misfit(now: np.ndarray, before: np.ndarray) -> float:
    change = now - before
    return float(np.median(np.abs(change - np.median(change))))


def repeated_value(data: YearData, check: RepeatedValue) -> Iterator[Finding]:
    """No two provinces have one long figure."""
    for series, rows in data.observations.groupby("series"):
        for year, figures in rows.groupby("year"):
            long = figures[[_digits(value) >= check.digits for value in figures["value"]]]
            twice = long[long.duplicated("value", keep=False)].sort_values("value")
            shared = [
                f"{' '.join(data.short(code) for code in group['adcode'])} = {value:g}"
                for value, group in twice.groupby("value")
            ]
            subject = data.subject(str(series), int(str(year)))
            yield Finding(
                subject, not shared, told(shared) or "none twice", f"figures of {check.digits} digits stand once"
            )


def _digits(value: float) -> int:
    """Return the number of significant digits; the zeros that end a whole number are none."""
    return len(f"{abs(value):.12g}".replace(".", "").strip("0")) if "e" not in f"{value:.12g}" else 0


def never_falls(data: YearData, check: NeverFalls) -> Iterator[Finding]:
    """What only adds up does not fall."""
    for pair in data.pairs:
        if pair.series in check.series:
            fell = [
                f"{data.short(c)} {pair.before[c]:g} → {pair.now[c]:g}" for c in pair.now.index[pair.now < pair.before]
            ]
            yield Finding(pair.subject, not fell, told(fell) or "none fell", "no province below the year before")


def became_zero(data: YearData, check: BecameZero) -> Iterator[Finding]:
    """No figure of a series that is never small is suddenly 0: a missing figure was written as 0."""
    for pair in data.pairs:
        smallest = pair.before.min()
        if pair.series in check.without or not smallest > 0:
            continue
        gone = [data.short(code) for code in pair.now.index[(pair.now == 0) & (pair.before > 0)]]
        yield Finding(pair.subject, not gone, told(gone) or "none", f"no 0 where the smallest was {smallest:g}")
