"""The committed row counts: ``python -m icdp.quality.baseline > include/catalog/quality/baseline.csv``.

Made from the shipped figures. Run it after rows were added or, on purpose, removed; the difference is reviewed
with the commit, which is the point.
"""

from __future__ import annotations

from collections import Counter

from icdp.catalog import Catalog, load_catalog
from icdp.settings import CATALOG, FACTS
from icdp.sources import facts
from icdp.sources.base import Payload


def baseline(catalog: Catalog) -> str:
    """Return baseline.csv: provinces of each series and year in the shipped figures."""
    counted: Counter[tuple[str, int]] = Counter()
    for path in sorted((FACTS / "series").glob("*.csv")):
        payload = Payload("facts", path.stem, path.read_bytes(), path.name, lambda _: b"")
        table = facts.parse(payload, catalog)
        counted.update(zip(table["series"], table["year"].astype(int), strict=True))
    return "series,year,rows\n" + "".join(f"{s},{y},{n}\n" for (s, y), n in sorted(counted.items()))


if __name__ == "__main__":
    print(baseline(load_catalog(CATALOG)), end="")
