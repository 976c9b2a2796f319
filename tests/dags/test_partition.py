"""Which statistical year a run is about."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from icdp.errors import DataError
from icdp.partition import parse_year, resolve_year


def context(*, params: object = None, conf: object = None, key: object = None, events: tuple[object, ...] = ()) -> Any:
    run = SimpleNamespace(run_id="manual__1", partition_key=key, conf={"year": conf} if conf is not None else {})
    woken = {"asset": [SimpleNamespace(partition_key=event) for event in events]}
    return {"dag_run": run, "params": {"year": params}, "triggering_asset_events": woken}


@pytest.mark.parametrize(("written", "year"), [(2024, 2024), ("2024", 2024), (" 2000 ", 2000), (2100, 2100)])
def test_a_year_is_four_digits(written: object, year: int) -> None:
    assert parse_year(written) == year


@pytest.mark.parametrize("written", ["24", "2024.0", 2024.0, "", "twenty", None, True, "２０２４", "-2024", "20240"])
def test_anything_else_is_refused_and_says_how_to_write_it(written: object) -> None:
    with pytest.raises(DataError, match="write it like 2024"):
        parse_year(written)


@pytest.mark.parametrize("year", [1999, 2101, "1850"])
def test_a_year_outside_2000_to_2100_is_refused(year: object) -> None:
    with pytest.raises(DataError, match="outside 2000-2100"):
        parse_year(year)


@pytest.mark.parametrize(
    "named",
    [
        {"params": 2023},
        {"conf": "2023"},
        {"key": "2023"},
        {"events": ("2023", "2023")},
        {"params": 2023, "conf": 2023, "key": "2023", "events": ("2023",)},
    ],
)
def test_form_conf_key_and_events_each_name_the_year(named: dict[str, Any]) -> None:
    assert resolve_year(context(**named)) == 2023


def test_a_run_without_a_year_says_what_to_fill_in() -> None:
    with pytest.raises(DataError, match=r'run manual__1 names no year; start it again with "year" filled in'):
        resolve_year(context())


def test_two_different_years_are_an_error_rather_than_a_precedence() -> None:
    with pytest.raises(DataError, match=r"the form says 2023, the partition key says 2024"):
        resolve_year(context(params=2023, key="2024"))
