"""What a year costs by number of units, years and sources: the tables of docs/scaling.md. See README.md.

Each step runs in a process of its own, so that its peak of memory is its own; nothing else should run meanwhile.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "include"), str(HERE.parent)]

from tests.replica.conftest import Waits  # noqa: E402
from tests.replica.server import serving  # noqa: E402
from tests.replica.sites import PLACES  # noqa: E402
from tests.replica.taking import settings_for, taken_from  # noqa: E402
from tests.scaling.synthetic import installation  # noqa: E402

from icdp import road  # noqa: E402
from icdp.settings import Settings  # noqa: E402

STEPS = ("acquire", "stage", "load", "check", "score", "publish")
COPIES = (1, 11, 92)
YEARS = range(2018, 2026)


@dataclass(frozen=True)
class Cost:
    """Seconds, and MiB of memory at the peak."""

    seconds: float
    memory: int

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.memory:,} MiB"


def cost(work: Callable[[], object]) -> Cost:
    """Do it in a child process."""
    start, child = time.perf_counter(), os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except Exception:  # told here: the parent sees the code only
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit("a step failed; see above")
    return Cost(time.perf_counter() - start, usage.ru_maxrss // 1024)


def step(settings: Settings, name: str, year: int) -> Cost:
    """Take one step of the road; an edition gets its report."""
    arguments = ("facts", year) if name in ("acquire", "stage") else (year,)
    named = {"report": True} if name == "publish" else {}
    return cost(lambda: getattr(road, name)(settings, *arguments, **named))


def row(*cells: object) -> None:
    """Print a line of a table."""
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one measurement."""
    with tempfile.TemporaryDirectory(prefix="icdp-scaling-") as name:
        yield Path(name)


def by_units() -> None:
    """Cost of each step of 2024 by number of units, with the shipped number of draws."""
    print("\nUnits", *(31 * copies for copies in COPIES))
    table: dict[str, list[Cost]] = {name: [] for name in STEPS}
    for copies in COPIES:
        with folder() as root:
            settings = installation(root, copies)
            for name in STEPS:
                table[name].append(step(settings, name, 2024))
    for name, costs in table.items():
        row(name, *costs)


def by_years() -> None:
    """Cost of each year beside those before it, in one warehouse of the shipped figures."""
    print("\nYear", *STEPS, "warehouse", "published")
    with folder() as root:
        settings = Settings(home=root)
        for year in YEARS:
            costs = [step(settings, name, year) for name in STEPS]
            database = settings.published / "icdp.duckdb"
            sizes = (path.stat().st_size / 1e6 for path in (settings.warehouse, database))
            row(year, *(f"{one.seconds:.1f}" for one in costs), *(f"{size:.1f} MB" for size in sizes))


def by_source() -> None:
    """Cost of taking each source for 2024 from its replica, without its pauses, and of what it makes wait."""
    print("\nSource", "take", "payloads", "pacing")
    for source, place in sorted(PLACES.items()):
        with folder() as root, serving(place.site()) as replica:
            waits = Waits(start=place.moment)
            settings = settings_for(root, source, replica.url + place.root)
            start = time.perf_counter()
            taken = taken_from(settings, source, 2024, waits.clock)
            row(source, f"{time.perf_counter() - start:.1f} s", len(taken.receipts), f"{sum(waits.slept):.0f} s")


if __name__ == "__main__":
    for name in sys.argv[1:] or ("units", "years", "source"):
        {"units": by_units, "years": by_years, "source": by_source}[name]()
