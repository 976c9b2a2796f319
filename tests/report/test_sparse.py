"""A report of an edition with next to nothing to tell is made, and says what it cannot tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from icdp.errors import DataError
from icdp.look import LANGUAGES
from icdp.report import making
from icdp.report.chapters import chapters
from icdp.report.figures.places import placed_labels, quadrants
from icdp.report.language import Say
from icdp.report.making import make
from icdp.report.told import Told
from icdp.settings import Settings

LEFT = {"environment", "policy", "economy", "composite"}
GONE = (
    "contributions", "rank_intervals", "rank_sensitivity", "uncertainty_assumptions", "audit_nodes", "consensus", "consistency",
    "judged_weights", "quality_results", "scores_panel", "rank_changes", "lineage",
)  # fmt: skip
"""Tables that the first editions did not have, or that have no rows when an analysis was left out."""


@pytest.fixture(scope="module")
def sparse(told: Told) -> Told:
    """One dimension with two indicators in use, three provinces ranked, nothing before."""
    used = [name for name in told.used if told.nodes[name]["parent"] in LEFT][:2]
    own = {name: frame.head(0) if name in GONE else frame for name, frame in told.own.items()}
    own["indicator_values"] = own["indicator_values"].query("indicator in @used")
    own["indicator_coverage"] = own["indicator_coverage"].assign(
        in_use=own["indicator_coverage"]["indicator"].isin(used)
    )
    scores = own["scores"].query("node in @LEFT").copy()
    scores.loc[scores["rank"] > 3, ["rank", "score", "tier"]] = None
    own["scores"] = scores
    own["provinces"] = own["provinces"].assign(tile_column=None, tile_row=None)
    own["editions"] = own["editions"].assign(indicators_used=2, status="provisional")
    return Told(told.edition, own, {}, {**told.about, "horizontal": ""})


def test_it_is_made_and_says_what_is_not_there(sparse: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making.Told, "read", classmethod(lambda *_: sparse))
    made = make(tmp_path, [])
    zh = BeautifulSoup(made.html, "lxml").find(id="zh").get_text()
    for sentence in (
        "本版为暂定", "本版没有位次区间：位次的可靠程度未知。", "本版的省份表没有方块位置，故无分布图。", "综合指数不是加权和",
        "发布时没有可比的前一版本，故无变化分解。", "之前没有其他年度的版本，故无历年位次。", "故无象限图", "该省没有位次",
    ):  # fmt: skip
        assert sentence in zh, sentence
    assert {figure.name for figure, _ in made.figures["en"]} == {
        "composite",
        "leaders",
        "dimension-1",
        "coverage",
        "weights",
    }
    assert "None" not in BeautifulSoup(made.html, "lxml").get_text()
    assert "nan" not in BeautifulSoup(made.html, "lxml").find(id="zh").get_text()
    assert made.pdfs["en"].startswith(b"%PDF")


def test_without_a_ranked_province_there_is_no_report(
    told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = Told(told.edition, {**told.own, "scores": told.own["scores"].assign(rank=None)}, told.earlier, told.about)
    monkeypatch.setattr(making.Told, "read", classmethod(lambda *_: nobody))
    with pytest.raises(DataError, match="2024-r1 ranks no province"):
        make(tmp_path, [])


def test_a_first_edition_compares_with_nothing(reported: Settings) -> None:
    first = Told.read(reported.published / "editions" / "2023-r1", [])
    for language in LANGUAGES:
        made = chapters(first, Say(language))
        assert first.against is None
        names = [figure.name for section in made for figure in section.figures()]
        assert "history" not in names
        assert "changes" not in names
        assert "coverage" in names
    text = str(chapters(first, Say("en")))
    assert "there was no edition to compare with when 2023-r1 was published" in text


def test_an_edition_of_an_older_version_without_newer_tables_is_told(reported: Settings, tmp_path: Path) -> None:
    parquet = reported.published / "editions" / "2024-r1" / "parquet"
    (tmp_path / "parquet").mkdir()
    for path in parquet.iterdir():
        if path.stem not in ("scores_panel", "rank_changes", "audit_nodes", "consensus", "lineage", "rules"):
            (tmp_path / "parquet" / path.name).symlink_to(path)
    old = Told.read(tmp_path, [])
    sections = chapters(old, Say("zh"))
    assert len(old.composite) == 31
    assert [section.name for section in sections][-1] == "sources"


@pytest.mark.parametrize(("values", "kind"), [([0.0, 5.0, 10.0], "linear"), ([1.0, 5.0, 10.0], "log")])
def test_the_horizontal_axis_is_logarithmic_only_where_it_can_be(told: Told, values: list[float], kind: str) -> None:
    frame = told.own["indicator_values"].copy()
    own = frame["indicator"] == told.about["horizontal"]
    frame.loc[own, "value"] = [values[k % 3] for k in range(int(own.sum()))]
    figure = quadrants(Told(told.edition, {**told.own, "indicator_values": frame}, told.earlier, told.about), Say("zh"))
    assert f"'type': '{kind}'" in str(figure.spec)  # type: ignore[union-attr]


def test_labels_cover_neither_dots_nor_each_other_nor_the_edge_where_there_is_room() -> None:
    spots = [(60.0 + 3 * (k % 4), 100.0 + 25 * (k // 4) + 4 * (k % 4)) for k in range(16)]
    widths = [40.0] * len(spots)
    places = placed_labels(spots, widths, 500, 400)
    boxes = [
        (
            x - {"left": 0, "right": 40, "center": 20}[align],
            y - 5.5,
            x + {"left": 40, "right": 0, "center": 20}[align],
            y + 5.5,
        )
        for x, y, align in places
    ]
    assert all(a >= 0 and b >= 0 and c <= 500 and d <= 400 for a, b, c, d in boxes)
    apart = [
        one[2] <= two[0] or two[2] <= one[0] or one[3] <= two[1] or two[3] <= one[1]
        for k, one in enumerate(boxes)
        for two in boxes[:k]
    ]
    assert all(apart)
    assert placed_labels(spots, widths, 500, 400) == places
