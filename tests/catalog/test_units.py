"""Units convert inside one kind only, by exact factors."""

from __future__ import annotations

import pytest

from icdp.catalog import Catalog
from icdp.errors import DataError


@pytest.mark.parametrize(
    ("source", "target", "factor"),
    [
        ("万户", "户", 10_000),
        ("户", "万户", 1e-4),
        ("万户", "万户", 1),
        ("亿元", "元", 100_000_000),
        ("亿元", "万元", 10_000),
        ("万元", "亿元", 1e-4),
        ("亿千瓦小时", "亿千瓦时", 1),
        ("万千瓦时", "亿千瓦时", 1e-4),
        ("万标准机架", "万架", 1),
        ("架", "万架", 1e-4),
        ("件", "个", 1),
        ("万个", "个", 10_000),
    ],
)
def test_a_figure_is_multiplied_by_the_factor_between_the_units(
    catalog: Catalog, source: str, target: str, factor: float
) -> None:
    assert catalog.units.convertible(source, target)
    assert catalog.units.factor(source, target) == factor


@pytest.mark.parametrize(
    ("source", "target"),
    [("户", "个"), ("元", "元/年"), ("元", "元/千瓦时"), ("次", "个"), ("%", "个"), ("千瓦", "千瓦时"), ("万圆", "元")],
)
def test_units_of_different_kinds_do_not_convert(catalog: Catalog, source: str, target: str) -> None:
    assert not catalog.units.convertible(source, target)
    with pytest.raises(DataError) as caught:
        catalog.units.factor(source, target)
    assert str(caught.value) == (
        f"unit {source!r} cannot be converted to {target!r}; correct the unit or add both to units.yaml with one kind"
    )


def test_there_and_back_is_the_same_figure(catalog: Catalog) -> None:
    for a, (kind, _) in catalog.units.table.items():
        for b, (other, _) in catalog.units.table.items():
            if kind == other:
                assert catalog.units.factor(a, b) * catalog.units.factor(b, a) == pytest.approx(1, rel=1e-15)
