"""Write the files of this folder: run with the DuckDB whose files they are to be, `python make_fixture.py 1.5`.

A warehouse as a version of this project left it that had the first five migrations, with synthetic rows in it.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from pathlib import Path

import duckdb

HERE = Path(__file__).parent
MIGRATIONS = HERE.parents[1] / "include" / "icdp" / "warehouse" / "migrations"


def main(version: str) -> None:
    assert duckdb.__version__.startswith(version), duckdb.__version__
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "warehouse.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute("CREATE TABLE schema_migrations (name VARCHAR PRIMARY KEY)")
            for script in sorted(MIGRATIONS.glob("*.sql"))[:5]:
                connection.execute(script.read_text(encoding="utf-8"))
                connection.execute("INSERT INTO schema_migrations VALUES (?)", [script.name])
            connection.execute("INSERT INTO checked_on VALUES (1999, DATE '2000-01-01')")
            connection.execute("INSERT INTO run_notes VALUES (1999, 1, 'synthetic', 'composite', '', 'kept')")
        packed = gzip.compress(path.read_bytes(), mtime=0)
    (HERE / f"warehouse-duckdb-{version}.gz").write_bytes(packed)


if __name__ == "__main__":
    main(sys.argv[1])
