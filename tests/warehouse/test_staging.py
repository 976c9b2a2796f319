"""Staging: equal content has equal bytes, and what is not there is named."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from icdp.archive import Archive, Receipt
from icdp.errors import NotFoundError
from icdp.warehouse.staging import read_parquet, read_receipts, write_parquet, write_receipts

TABLE = pd.DataFrame(  # synthetic
    {"series": ["b", "a", "a"], "year": [2024, 2024, 2023], "value": [1.5, 0.1, 3.0], "note": ["注", "", "x"]}
)


def receipt(item: str) -> Receipt:
    return Receipt("facts", item, "0" * 64, 1, "text/csv", item, "2026-11-23T00:00:00+00:00", "p", "t")


def test_a_table_comes_back_in_its_fixed_order(tmp_path: Path) -> None:
    write_parquet(TABLE, tmp_path / "facts.parquet", "series, year")
    expected = TABLE.iloc[[2, 1, 0]].reset_index(drop=True)
    pd.testing.assert_frame_equal(read_parquet(tmp_path / "facts.parquet"), expected, check_dtype=False)


def test_equal_content_has_equal_bytes_whatever_the_order_of_rows(tmp_path: Path) -> None:
    for name, table in (("a", TABLE), ("b", TABLE.iloc[[2, 0, 1]])):
        write_parquet(table, tmp_path / name, "series, year")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_folder_with_a_quote_in_its_name_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "the analyst's" / "facts.parquet"
    write_parquet(TABLE, path, "series, year")
    assert len(read_parquet(path)) == 3


def test_receipts_come_back_as_they_were_listed(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    receipts = [receipt("gdp"), receipt("population")]
    for entry in receipts:
        archive.add_receipt(entry)
    write_receipts(tmp_path / "facts.receipts.json", receipts)
    assert read_receipts(tmp_path / "facts.receipts.json", archive, "facts") == receipts


def test_what_was_not_staged_is_named(tmp_path: Path) -> None:
    path = tmp_path / "2024" / "facts.parquet"
    with pytest.raises(NotFoundError) as caught:
        read_parquet(path)
    assert str(caught.value) == f"{path}: nothing is staged there; stage this source and year first"


def test_what_was_not_acquired_is_named(tmp_path: Path) -> None:
    path = tmp_path / "2024" / "facts.receipts.json"
    with pytest.raises(NotFoundError) as caught:
        read_receipts(path, Archive(tmp_path), "facts")
    assert str(caught.value) == f"{path}: facts has no receipts for this year; acquire it first"
