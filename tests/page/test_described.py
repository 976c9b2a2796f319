"""The API against its own description: schemathesis asks what the description allows, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from icdp.page.app import create_app
from icdp.settings import Settings

PATHS = [
    "/api/editions", "/api/scores", "/api/provinces", "/api/provinces/{adcode}",
    "/api/provinces/{adcode}/indicators/{indicator}", "/api/compare", "/api/history", "/api/changes", "/api/indicators",
    "/api/weights", "/api/quality", "/api/approvals", "/api/sources", "/api/whatif", "/api/downloads", "/api/downloads/{edition}/{path}",
]  # fmt: skip
MODES = {"allowed": schemathesis.GenerationMode.POSITIVE, "not allowed": schemathesis.GenerationMode.NEGATIVE}


@pytest.fixture(scope="module")
def described(made: Settings) -> Any:
    return schemathesis.openapi.from_asgi("/api/openapi.json", create_app(made))


def test_every_address_is_described_and_asked(described: Any) -> None:
    assert {operation.ok().path for operation in described.get_all_operations()} == set(PATHS)
    assert {operation.ok().method.upper() for operation in described.get_all_operations()} == {"GET"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("path", PATHS)
def test_the_api_is_as_it_describes_itself(described: Any, path: str, mode: str) -> None:
    operation = described[path]["GET"]

    @given(case=operation.as_strategy(generation_mode=MODES[mode]))
    @settings(
        max_examples=15, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def ask(case: Any) -> None:
        case.call_and_validate()

    ask()
