"""The report of 2024, made once."""

from __future__ import annotations

import pytest
from tests.report.reading import Report

from icdp.report.told import Told
from icdp.settings import Settings


@pytest.fixture(scope="session")
def report(reported: Settings) -> Report:
    return Report(reported.published, "2024-r1")


@pytest.fixture(scope="session")
def told(report: Report) -> Told:
    return Told.read(report.folder, [report.folder.with_name("2023-r1")])
