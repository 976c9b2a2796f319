"""Between fetched and accepted: what must hold of a payload before anything downstream sees it."""

from __future__ import annotations

import pandas as pd

from icdp.catalog import Catalog
from icdp.errors import DataError
from icdp.settings import Settings
from icdp.sources.base import Payload, adapter
from icdp.sources.plausible import check_plausible

# How much smaller or larger than the last one of its kind a payload may be.
SHRINKS, GROWS = 0.5, 5.0


def accept(
    payload: Payload, catalog: Catalog, settings: Settings, year: int, last_bytes: int | None = None
) -> pd.DataFrame:
    """Parse a payload and hold it against what is known of its source.

    Args:
        payload: the bytes.
        catalog: provinces, series, and what the source is expected to give.
        settings: where the shipped figures lie.
        year: the statistical year it was asked for; later ones are none of its business.
        last_bytes: size of the payload accepted for this item before.

    Returns:
        its observations.

    Raises:
        LayoutChanged: the adapter does not know this layout.
        DataError: provinces, plausible ranges, size or what is known of the years beside it do not fit.
    """
    if last_bytes and not SHRINKS <= len(payload.content) / last_bytes <= GROWS:
        raise DataError(
            f"{payload.name}: {len(payload.content)} bytes where the last one had {last_bytes}; look at it, then accept it by hand"
        )
    table = adapter(payload.source, catalog).parse(payload, catalog)
    if table.empty:
        raise DataError(f"{payload.name}: holds no figure; look at the payload")
    if (latest := int(table["year"].max())) > year:
        raise DataError(f"{payload.name}: holds figures of {latest}, asked for {year}; the site ignored the request")
    _check_provinces(payload, table, catalog)
    _check_range(payload, table, catalog)
    check_plausible(payload, table, catalog, settings)
    return table


def _check_provinces(payload: Payload, table: pd.DataFrame, catalog: Catalog) -> None:
    expected = {e.series: e for e in catalog.sources[payload.source].expects}
    for (series, year), rows in table.groupby(["series", "year"]):
        if series not in expected:
            raise DataError(
                f"{payload.name}: gives {series}, which its source does not list under `expects`; add it there"
            )
        known = expected[str(series)]
        if known.at_least is not None:
            if rows["adcode"].nunique() < known.at_least:
                raise DataError(
                    f"{payload.name}: {series} of {year} has {rows['adcode'].nunique()} provinces, its source gives at "
                    f"least {known.at_least}; look at why the others are missing"
                )
            continue
        missing = set(catalog.provinces) - set(rows["adcode"]) - set(known.without)
        if missing:
            names = ", ".join(catalog.provinces[code].short_zh for code in sorted(missing))
            raise DataError(
                f"{payload.name}: {series} of {year} lacks {names}; name them in `without` if the publisher leaves them out"
            )


def _check_range(payload: Payload, table: pd.DataFrame, catalog: Catalog) -> None:
    for series, rows in table.groupby("series"):
        known = catalog.series[str(series)]
        own = rows["value"] * [catalog.units.factor(unit, known.unit) for unit in rows["unit"]]
        outside = ~own.between(known.min, known.max)
        if outside.any():
            row = rows[outside].iloc[0]
            raise DataError(
                f"{payload.name}: {series} of {catalog.provinces[row['adcode']].short_zh} in {row['year']} is "
                f"{row['value_text']} {row['unit']}, outside {known.min:g} to {known.max:g} {known.unit}; a slip of unit or digits"
            )
