"""What the API answers: names are those of the published tables (docs/data-dictionary.md)."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Row = TypeVar("Row")


class Answer(BaseModel):
    """Any answer."""

    model_config = ConfigDict(frozen=True)


class Problem(Answer):
    """A refusal: one message in both languages."""

    status: int
    zh: str
    en: str


class Paged(Answer, Generic[Row]):
    """A page of rows."""

    edition: str | None = Field(None, description="the edition the rows are of")
    total: int
    page: int
    limit: int
    next: str | None = Field(None, description="address of the next page")
    items: list[Row]


class Edition(Answer):
    """A published edition."""

    edition: str
    year: int
    revision: int
    latest: bool = Field(description="whether it is the newest of its year")
    status: str
    published_at: datetime
    supersedes: str | None
    coverage: float | None
    indicators_used: int | None
    indicators_total: int | None
    panel: str | None
    code_version: str | None
    content_sha256: str


class Province(Answer):
    """A province."""

    adcode: str
    short_zh: str
    name_zh: str
    name_en: str
    region: str
    tile_column: int | None
    tile_row: int | None


class Score(Answer):
    """A province's score and rank on a node."""

    adcode: str
    short_zh: str
    name_en: str
    region: str
    rank: int | None
    score: float | None
    tier: int | None
    coverage: float | None
    known: float | None
    filled: int = Field(description="values under the node that are carried forward or imputed")
    rank_p05: float | None
    rank_median: float | None
    rank_p95: float | None
    rank_before: int | None
    places: int | None = Field(description="places gained since `before`")
    below: dict[str, float | None] = Field(description="scores of the nodes directly below, the indicators' not")


class Scores(Paged[Score]):
    """A ranking."""

    node: str
    scale: str
    before: str | None = Field(description="the latest edition of the year before")
    fidelity: dict[str, int] = Field(description="indicators under the node by fidelity; `missing` are not in use")


class Node(Answer):
    """A node of the tree with its weight."""

    node: str
    parent: str | None
    level: int
    name_zh: str
    name_en: str
    unit: str | None
    direction: int | None
    indicator: bool
    in_use: bool
    method: str | None = Field(description="how it is weighed among its siblings")
    local_weight: float | None
    effective_weight: float | None
    cr: float | None = Field(description="consistency ratio of the merged judgements on its children")
    experts: int | None


class Indicator(Answer):
    """What is used for an indicator, or why it is missing."""

    indicator: str
    name_zh: str
    name_en: str
    above: list[str] = Field(description="nodes above, the nearest first")
    in_use: bool
    fidelity: str | None
    expression: str | None
    unit: str | None
    provinces: int | None
    provinces_current: int | None
    value_year_min: int | None
    value_year_max: int | None
    when_missing: str | None
    carried: int | None
    imputed: int | None
    missing: str | None
    note_zh: str | None
    note_en: str | None
    effective_weight: float | None


class Standing(Answer):
    """How a province stands on a node; for an indicator its value."""

    node: str
    parent: str | None
    level: int
    name_zh: str
    name_en: str
    indicator: bool
    in_use: bool
    score: float | None
    rank: int | None = Field(description="of an indicator: by its normalised value")
    ranked: int | None = Field(description="provinces with a rank")
    rank_p05: float | None
    rank_p95: float | None
    rank_before: int | None
    value: float | None
    unit: str | None
    normalized: float | None
    status: str | None
    value_year: int | None
    fill: str | None
    fidelity: str | None
    basis: str | None
    publisher: str | None
    title: str | None
    source_url: str | None
    points: float | None
    weight: float | None
    note_zh: str | None
    note_en: str | None


class Neighbour(Answer):
    """A province near in rank, or of the same region."""

    adcode: str
    short_zh: str
    name_en: str
    rank: int | None
    score: float | None
    near: bool = Field(description="near in rank")
    same_region: bool


class Profile(Answer):
    """A province in an edition."""

    edition: str
    year: int
    before: str | None
    province: Province
    tier: int | None
    known: float | None
    p_tier: list[float | None] = Field(description="probability of the first, second, third tier")
    nodes: list[Standing]
    neighbours: list[Neighbour]


class Year(Answer):
    """A province in one year: ranks and scores of the latest edition."""

    year: int
    edition: str
    status: str
    score: float | None
    rank: int | None
    panel_score: float | None = Field(description="on the scale common to all years")
    panel_rank: int | None
    scale_version: str | None


class History(Answer):
    """A province over the years."""

    adcode: str
    short_zh: str
    name_en: str
    years: list[Year]


class Figure(Answer):
    """A figure that a value was made from, with its citation."""

    series: str
    value_year: int
    of_adcode: str
    value: float | None
    value_text: str | None
    unit: str | None
    basis: str | None
    source: str | None
    layer: str | None
    publisher: str | None
    title: str | None
    source_url: str | None
    locator: str | None
    note: str | None
    row: int | None
    payload_sha256: str | None
    receipt: str | None
    retrieved_at: datetime | None


class Trace(Answer):
    """From a value back to the figures it was made from."""

    edition: str
    adcode: str
    indicator: str
    expression: str | None
    standing: Standing
    figures: list[Figure]


class Comparison(Answer):
    """Provinces side by side."""

    edition: str
    provinces: list[Province]
    nodes: list[list[Standing]] = Field(description="for each node of the tree, one for each province in their order")


class Part(Answer):
    """A part of a change."""

    part: str
    score_points: float | None
    rank_places: float | None


class Change(Answer):
    """A province's change on a node, in parts that add up to it."""

    adcode: str
    short_zh: str
    name_en: str
    score_before: float | None
    score_after: float | None
    rank_before: int | None
    rank_after: int | None
    parts: list[Part]


class Changes(Paged[Change]):
    """Changes against another edition."""

    node: str
    against: str | None
    available: list[str] = Field(description="editions this one is held against")


class Check(Answer):
    """Result of a check."""

    check_id: str
    severity: str
    subject: str | None
    passed: bool
    observed: str | None
    expected: str | None
    message: str | None
    waived: bool | None
    waiver: str | None


class Checks(Paged[Check]):
    """Results of checks; the counts are over the whole edition."""

    passed: dict[str, int]
    failed: dict[str, int]


class Approval(Answer):
    """What a person decided about the content of an edition, or about one it replaced while it was waiting."""

    decision: str
    decided_by: str
    decided_at: datetime
    reason: str | None
    content_sha256: str


class SourceResult(Answer):
    """What a source gave."""

    source: str
    item: str | None
    outcome: str
    reason: str | None
    layer: str | None
    receipt: str | None


class SourceResults(Paged[SourceResult]):
    """What the sources gave; the counts are over the whole edition."""

    outcomes: dict[str, dict[str, int]] = Field(description="source -> outcome -> items")


class Moved(Answer):
    """A province in a scenario."""

    adcode: str
    short_zh: str
    name_en: str
    score: float | None
    rank: int | None
    score_new: float | None
    rank_new: int | None
    places: int | None


class Weighed(Answer):
    """Weights of a node before and in a scenario; none where it is not in use."""

    node: str
    local_weight: float | None
    local_weight_new: float | None
    effective_weight: float | None
    effective_weight_new: float | None


class WhatIf(Answer):
    """An edition scored again with something changed: a calculation, no edition."""

    edition: str
    node: str
    zh: str
    en: str
    weights: dict[str, float]
    drop: list[str]
    normalise: str | None
    items: list[Moved]
    weighed: list[Weighed]


class Download(Answer):
    """A file of an edition."""

    path: str
    bytes: int
    media_type: str
    sha256: str
    address: str
