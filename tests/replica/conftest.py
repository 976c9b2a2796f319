"""Replicas for the adapters' tests, and a clock that does not wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from icdp.sources.client import Clock


@dataclass
class Waits:
    """Time that passes only when somebody sleeps; ``slept`` says how long each time."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)
    start: datetime = datetime(2026, 10, 15, 3, 0, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    @property
    def clock(self) -> Clock:
        return Clock(
            now=lambda: self.start + timedelta(seconds=self.seconds), monotonic=lambda: self.seconds, sleep=self.sleep
        )


@pytest.fixture
def waits() -> Waits:
    return Waits()


Figures = Callable[[str, int], dict[str, str]]
