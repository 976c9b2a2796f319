"""Waivers: a failure a named person answers for, in one year, until a day. It is published with the result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from icdp.catalog import Catalog
from icdp.catalog.checks import Waiver
from icdp.quality.data import Finding

EXPIRED = "waiver_expired"
WITHOUT_USE = "waiver_without_use"


@dataclass(frozen=True, slots=True)
class Waivers:
    """The waivers of one year on one day."""

    catalog: Catalog
    of_year: tuple[Waiver, ...]
    day: date

    @classmethod
    def of(cls, catalog: Catalog, year: int, day: date) -> Waivers:
        """Return the waivers of ``year`` as they stand on ``day``, the day of the run."""
        return cls(catalog, tuple(w for w in catalog.waivers if w.year == year), day)

    def text(self, check: str, subject: str) -> str:
        """Return the waiver in force for a failure, or an empty text."""
        return next(
            (w.text for w in self.of_year if (w.check, w.subject) == (check, subject) and self._in_force(w)), ""
        )

    def expired(self) -> list[Finding]:
        """Return a finding for each waiver: it fails when its day has passed."""
        return [
            Finding(_subject(w), self._in_force(w), f"until {w.expires}, {w.name}", "the day of the run or later")
            for w in self.of_year
        ]

    def without_use(self, failed: Iterable[tuple[str, str]]) -> list[Finding]:
        """Return a finding for each waiver: it fails when no such check failed on that subject."""
        known = set(failed)
        return [
            Finding(
                _subject(w),
                (w.check, w.subject) in known,
                "the check failed" if (w.check, w.subject) in known
                else "the check did not fail" if w.check in self.catalog.checks else "there is no such check",
                "a check that failed",
            )
            for w in self.of_year
        ]  # fmt: skip

    def _in_force(self, waiver: Waiver) -> bool:
        return self.day <= waiver.expires


def _subject(waiver: Waiver) -> str:
    return f"{waiver.check} ({waiver.subject})"
