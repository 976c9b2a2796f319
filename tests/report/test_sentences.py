"""Sentences: singular and plural, lists, ties, and nothing said that there is no ground for."""

from __future__ import annotations

import pandas as pd
import pytest
from jinja2 import UndefinedError

from icdp.report.chapters import best_of, own_language, summary
from icdp.report.language import Say
from icdp.report.provinces import province
from icdp.report.told import Number, Told

ZH, EN = Say("zh"), Say("en")


def number(value: float | None, digits: int = 0, style: str = "") -> Number:
    return Number(value, "1", digits, style)


@pytest.mark.parametrize(
    ("items", "zh", "en"),
    [
        (["a"], "a", "a"),
        (["a", "b"], "a、b", "a and b"),
        (["a", "b", "c"], "a、b、c", "a, b, and c"),
        (["a、b", "c"], "a、b；c", "a、b and c"),
        (["<i>", "&"], "&lt;i&gt;、&amp;", "&lt;i&gt; and &amp;"),
    ],
)
def test_lists(items: list[str], zh: str, en: str) -> None:
    assert ZH.listed(items) == zh
    assert EN.listed(items) == en


@pytest.mark.parametrize(
    ("value", "digits", "style", "text"),
    [
        (1234.5, 1, "", "1,234.5"), (0.7466, 1, "percent", "74.7%"), (-3.2, 1, "signed", "−3.2"), (3.2, 1, "signed", "+3.2"),
        (-0.004, 2, "signed", "0.00"), (0.004, 2, "signed", "0.00"), (-0.5, 1, "", "−0.5"), (None, 1, "", "–"), (0, 0, "", "0"),
    ],
)  # fmt: skip
def test_numbers(value: float | None, digits: int, style: str, text: str) -> None:
    assert number(value, digits, style).text == text


@pytest.mark.parametrize(
    ("name", "facts", "expected"),
    [
        ("tier_members", {"tier": "Tier 1", "number": number(1), "members": ["A"]}, "Tier 1 (1 province): A."),
        ("tier_members", {"tier": "Tier 1", "number": number(2), "members": ["A", "B"]}, "Tier 1 (2 provinces): A and B."),
        ("unranked", {"provinces": ["A"]}, "A has too few figures of its own and no rank."),
        ("unranked", {"provinces": ["A", "B"]}, "A and B have too few figures of their own and no rank."),
        (
            "leaders",
            {"rows": [("A", number(1.5, 1))], "ranked": number(1), "tiers": [("Tier 1", number(1), ["A"]), ("Tier 2", number(0), [])]},
            "1 province is ranked; the composite is led by A (1.5). Tier 1 has 1 province.",
        ),
        (
            "missing",
            {"unused": ["X"], "number": number(1), "carried": [("Y", number(1))], "imputed": [], "gaps": [("Z", ["A", "B"])]},
            "1 indicator has too few citable figures; it is left out, and nothing stands in for it: X. "
            "Carried from earlier years: Y (1 province). Z lacks A and B.",
        ),
        ("missing", {"unused": [], "number": number(0), "carried": [], "imputed": [], "gaps": []}, "All indicators have data."),
        (
            "checks", {"every": number(9), "failed": number(1), "notes": number(1)},
            "9 results of checks stand between loading and scoring; 1 warning or waived error travels with this edition, and 1 is a note.",
        ),
        (
            "checks", {"every": number(9), "failed": number(0), "notes": number(0)},
            "9 results of checks stand between loading and scoring; none is a warning, and 0 are notes.",
        ),
        (
            "neighbour",
            {"name": "A", "level": True, "ahead": True, "gap": number(0.0, 2), "better": ["X"], "worse": []},
            "Level with A; scores higher on X.",
        ),
        (
            "neighbour",
            {"name": "A", "level": False, "ahead": True, "gap": number(1.25, 2), "better": [], "worse": ["X", "Y"]},
            "1.25 points behind A, the province before it; scores lower on X and Y.",
        ),
        (
            "changed",
            {"against": "2023-r1", "moves": [], "shares": [], "before": number(None), "now": number(18)},
            "This edition is compared with 2023-r1. No province changed its rank.",
        ),
        ("not_ranked", {"known": number(None), "needed": number(0.5, 0, "percent")}, "This province has no rank: it has no figures of its own."),
        ("assumed", {"idle": []}, "The intervals reflect the assumptions listed in the annex, not all uncertainty there is."),
    ],
)  # fmt: skip
def test_english(name: str, facts: dict[str, object], expected: str) -> None:
    assert EN.sentence(name, **facts).striptags() == expected


@pytest.mark.parametrize(
    ("name", "facts", "expected"),
    [
        ("unranked", {"provinces": ["甲", "乙"]}, "甲、乙自有数据不足，没有位次。"),
        ("neighbour", {"name": "甲", "level": True, "ahead": True, "gap": number(0.0, 2), "better": [], "worse": []}, "与甲并列。"),
        (
            "changed",
            {"against": "2023-r1", "moves": [], "shares": [], "before": number(17), "now": number(18)},
            "本版与 2023-r1 相比，采用的指标由 17 项变为 18 项。没有省份的位次改变。",
        ),
        ("missing", {"unused": [], "number": number(0), "carried": [], "imputed": [], "gaps": []}, "全部指标均有数据。"),
        ("checks", {"every": number(9), "failed": number(0), "notes": number(2)}, "装载与计算之间共有 9 次检查结果；没有警告，另有 2 条说明。"),
    ],
)  # fmt: skip
def test_chinese(name: str, facts: dict[str, object], expected: str) -> None:
    assert ZH.sentence(name, **facts).striptags() == expected


def test_a_sentence_that_lacks_a_fact_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        EN.sentence("checks", every=number(9), failed=number(1))
    with pytest.raises(AttributeError):
        EN.sentence("no_such_sentence")


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("整列沿用往年。 The whole column is carried.", "整列沿用往年。", "The whole column is carried."),
        ("缺省份；权重归他。 It lacks provinces. (without: 西藏)", "缺省份；权重归他。 (without: 西藏)", "It lacks provinces. (without: 西藏)"),
        ("只有中文。", "只有中文。", "只有中文。"),
        ("English only", "English only", "English only"),
    ],
)  # fmt: skip
def test_a_message_in_two_languages_is_shown_in_one(text: str, zh: str, en: str) -> None:
    assert own_language(text, ZH) == zh
    assert own_language(text, EN) == en


def changed(told: Told, table: str, frame: pd.DataFrame) -> Told:
    return Told(told.edition, {**told.own, table: frame}, told.earlier, told.about)


def test_provinces_that_share_a_rank_are_all_named(told: Told) -> None:
    scores = told.own["scores"].copy()
    composite = scores["level"] == 0
    first = scores[composite].sort_values("rank").head(4)["adcode"].tolist()
    tied = composite & scores["adcode"].isin(first)
    scores.loc[tied, ["rank", "score", "tier"]] = [1, 50.0, 1]
    level = changed(told, "scores", scores)
    assert [name for name, _ in best_of(level, EN, level.root)] == [level.province(a, "en") for a in sorted(first)]
    assert len(best_of(level, EN, level.root, 1)) == 4
    facts = summary(level, EN).blocks
    assert "Beijing, Jiangsu, Zhejiang, and Guangdong" in str(facts)
    page = province(level, EN, sorted(first)[1], sorted(first))
    assert "Level with" in str(page.blocks)


def test_a_province_without_a_rank_has_a_page_that_says_so(told: Told) -> None:
    scores = told.own["scores"].copy()
    tibet = (scores["adcode"] == "540000") & (scores["level"] == 0)
    scores.loc[tibet, ["rank", "score", "tier", "known"]] = [None, None, None, 0.25]
    unranked = changed(told, "scores", scores)
    assert unranked.unranked == ["540000"]
    page = province(unranked, ZH, "540000", [])
    assert page.badge is None
    assert "该省没有位次：采用的指标中只有" in str(page.blocks[0])
    assert "25%" in str(page.blocks[0])
    assert "西藏自有数据不足，没有位次。" in str(summary(unranked, ZH).blocks)
