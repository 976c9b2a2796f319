"""The statistical year: how it is written and which one a run is about.

The year is the Airflow partition key. It is never taken from the clock: a run of October 2026
makes the year 2025, and a run by hand may make any year.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from icdp.errors import DataError

FIRST_YEAR = 2000
LAST_YEAR = 2100


def parse_year(value: object) -> int:
    """Return a statistical year from an integer or its four digits.

    Args:
        value: ``2024`` or ``"2024"``.

    Raises:
        DataError: anything else, or a year outside 2000-2100.
    """
    text = value.strip() if isinstance(value, str) else str(value)
    written_as_year = isinstance(value, int | str) and not isinstance(value, bool)
    if not written_as_year or len(text) != 4 or not (text.isascii() and text.isdigit()):
        raise DataError(f"year {value!r} is not a year of four digits; write it like 2024")
    year = int(text)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise DataError(f"year {year} lies outside {FIRST_YEAR}-{LAST_YEAR}; name a statistical year within")
    return year


def resolve_year(context: Mapping[str, Any]) -> int:
    """Return the one statistical year an Airflow run is about.

    The form or ``--conf`` (``year``), the partition key and the asset events that woke the run may
    each name it. Two different years are refused rather than ranked by some precedence.

    Args:
        context: the context of a running Airflow task.

    Raises:
        DataError: no year, more than one, or one outside 2000-2100.
    """
    named = {place: parse_year(value) for place, value in _named_years(context)}
    years = sorted(set(named.values()))
    run = context["dag_run"].run_id
    if not years:
        raise DataError(
            f'run {run} names no year; start it again with "year" filled in '
            f"(form, or --conf '{{\"year\": 2024}}') or with a partition key"
        )
    if len(years) > 1:
        places = ", ".join(f"{place} says {year}" for place, year in named.items())
        raise DataError(f"run {run} names several years ({places}); start one run for each year, naming only that one")
    return years[0]


def _named_years(context: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield every (place, value) of a run context that names a year."""
    run = context["dag_run"]
    yield from _present("the form", (context.get("params") or {}).get("year"))
    yield from _present("conf", (getattr(run, "conf", None) or {}).get("year"))
    yield from _present("the partition key", run.partition_key)
    for events in (context.get("triggering_asset_events") or {}).values():
        for position, event in enumerate(events, start=1):
            yield from _present(f"asset event {position}", event.partition_key)


def _present(place: str, value: object) -> Iterator[tuple[str, object]]:
    if value not in (None, ""):
        yield place, value
