"""What-if through the API is what the engine says, and writes nothing."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.page.conftest import Ask

from icdp.cli.whatif import case_of
from icdp.publishing.reader import open_published
from icdp.settings import Settings
from icdp.whatif.scenario import Case, Scenario


@pytest.fixture(scope="module")
def case(made: Settings) -> Case:
    with open_published(made.published) as db:
        return case_of(db, "2024-r1")


SCENARIOS: list[tuple[dict[str, Any], Scenario]] = [
    ({"weight": ["policy:0.4"]}, Scenario(weights={"policy": 0.4})),
    ({"weight": ["environment:0.7", "green_power:0.05"]}, Scenario(weights={"environment": 0.7, "green_power": 0.05})),
    ({"drop": ["websites", "energy"]}, Scenario(drop=("websites", "energy"))),
    ({"normalise": "zscore"}, Scenario(normalise="zscore")),
    ({"weight": ["network:0.99"], "drop": ["fiber_users"], "normalise": "rank"},
     Scenario(weights={"network": 0.99}, drop=("fiber_users",), normalise="rank")),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "scenario"), SCENARIOS)
@pytest.mark.parametrize("node", ["composite", "infrastructure"])
def test_ranks_and_weights_are_the_engines(
    ask: Ask, case: Case, node: str, asked: dict[str, Any], scenario: Scenario
) -> None:
    told = ask("whatif", edition="2024", node=node, **asked)
    result = case.changed(scenario).score()
    assert {row["adcode"]: row["rank_new"] for row in told["items"]} == result.ranks[node].to_dict()
    assert {row["adcode"]: row["score_new"] for row in told["items"]} == pytest.approx(result.scores[node].to_dict())
    local = result.weights.set_index("node")["local_weight"].to_dict()
    new = {row["node"]: row["local_weight_new"] for row in told["weighed"] if row["local_weight_new"] is not None}
    assert new == pytest.approx(local)
    assert all(row["places"] == row["rank"] - row["rank_new"] for row in told["items"])


def test_nothing_changed_is_what_was_published(ask: Ask) -> None:
    told = ask("whatif", edition="2024")
    assert all(row["rank"] == row["rank_new"] for row in told["items"])
    assert "不是版本" in told["zh"]
    assert "not an edition" in told["en"]


def test_a_scenario_writes_nothing(client: TestClient, made: Settings) -> None:
    def digest() -> str:
        files = sorted(path for path in made.published.rglob("*") if path.is_file())
        return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()

    before = digest()
    assert client.get("/api/whatif?weight=policy:0.31&drop=websites").status_code == 200
    assert digest() == before


@pytest.mark.parametrize(
    ("query", "status", "zh"),
    [
        ("weight=policy:1.0", 422, "weight"),
        ("weight=policy", 422, "weight"),
        ("weight=policy:0.4&weight=policy:0.5", 422, "每个节点一次"),
        ("weight=policy:0.6&weight=economy:0.6", 422, "无法这样计算"),
        ("weight=composite:0.5", 422, "无法这样计算"),
        ("drop=composite", 422, "无法这样计算"),
        ("weight=nonesuch:0.4", 404, "没有节点 nonesuch"),
        ("drop=nonesuch", 404, "没有节点 nonesuch"),
        ("normalise=goalposts", 422, "normalise"),
        ("normalise=%27%3B--", 422, "normalise"),
        ("&".join(f"drop=n{i}" for i in range(41)), 422, "drop"),
    ],
)
def test_what_cannot_be_calculated_is_refused_in_both_languages(
    client: TestClient, query: str, status: int, zh: str
) -> None:
    answer = client.get(f"/api/whatif?edition=2024&{query}")
    assert answer.status_code == status, answer.text
    assert zh in answer.json()["zh"]
    assert answer.json()["en"]
