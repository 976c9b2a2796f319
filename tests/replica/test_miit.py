"""Tables by province out of articles: merged headings, blanked names, group rows, the printed national row."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.replica.figures import printed, values
from tests.replica.miit_site import (
    ARTICLES,
    BLOCK,
    BROADBAND,
    ONE,
    MiitSite,
    article,
    broadband,
    phones,
    rows,
)  # fmt: skip
from tests.replica.server import Replica, broken_off, instead, reset, serving, status
from tests.replica.taking import observed, payloads, settings_for, taken_from

from icdp.errors import FetchFailed, FetchRefused, LayoutChanged

PATH = next(path for path, title in ARTICLES.items() if title == BROADBAND)
LIST = "build/unit"
Rows = list[list[str]]


def take(replica: Replica, home: Path, waits: Any, year: int = 2023, *, fresh: bool = False) -> Any:
    settings = settings_for(home, "miit", replica.url)
    return settings, taken_from(settings, "miit", year, waits.clock, fresh=fresh)


def test_december_by_province_is_the_facts(tmp_path: Path, waits: Any) -> None:
    with serving(MiitSite()) as replica:
        settings, taken = take(replica, tmp_path, waits)
    assert taken.problems == ()
    table = observed(settings, taken)
    expected = {code: float(text) for code, text in printed("fixed_broadband_users", 2023).items()}
    assert values(table, "fixed_broadband_users", 2023) == expected
    fixed, mobile = phones(2023)
    assert values(table, "fixed_phone_users", 2023) == {code: float(text) for code, text in fixed.items()}
    assert values(table, "mobile_phone_users", 2023) == {code: float(text) for code, text in mobile.items()}
    assert set(table["unit"]) == {"万户"}


def test_a_table_no_longer_printed_is_left_out_and_the_other_is_taken(tmp_path: Path, waits: Any) -> None:
    with serving(MiitSite()) as replica:
        settings, taken = take(replica, tmp_path, waits, 2024)
    assert [r.item for r in taken.receipts] == ["phones/2024"]
    assert set(observed(settings, taken)["series"]) == {"fixed_phone_users", "mobile_phone_users"}


def test_a_year_without_a_table_has_nothing_and_is_not_asked_for_again(tmp_path: Path, waits: Any) -> None:
    with serving(MiitSite()) as replica:
        _, taken = take(replica, tmp_path, waits, 2019)
        assert taken.receipts == ()
        assert taken.absent.startswith("miit: no table by province of December 2019")
        asked = len(replica.requests)
        _, again = take(replica, tmp_path, waits, 2019)
        assert again.absent == taken.absent
        assert len(replica.requests) == asked
        take(replica, tmp_path, waits, 2019, fresh=True)
        assert len(replica.requests) > asked


def test_gb18030_declared_as_gb2312_is_read(tmp_path: Path, waits: Any) -> None:
    html = article(BROADBAND, ONE, rows(broadband()), note="注：㐂字只有 gb18030 才有。").replace("utf-8", "gb2312")
    with serving(MiitSite({PATH: html.encode("gb18030")})) as replica:
        settings, taken = take(replica, tmp_path, waits)
    assert taken.problems == ()
    assert len(values(observed(settings, taken), "fixed_broadband_users", 2023)) == 31


def edited(edit: Callable[[Rows], None], head: str = ONE, **more: str) -> bytes:
    table = rows(broadband())
    edit(table)
    return article(BROADBAND, head, table, **more).encode()


def nothing(table: Rows) -> None:
    """The table as it is."""


def wrong(position: int, cell: int, text: str) -> Callable[[Rows], None]:
    def edit(table: Rows) -> None:
        table[position][cell] = text

    return edit


def repeat(table: Rows) -> None:
    table.append(table[5])


def shifted(table: Rows) -> None:
    for row in table:
        row[1] = f"{float(row[1]) / 10:.2f}"


def added_column(table: Rows) -> None:
    for row in table:
        row.insert(1, "1")


QUARANTINED = {
    "a province missing": (edited(lambda t: t.pop(4)), "the national row prints"),
    "a province missing and out of the sum": (
        edited(lambda t: (t.pop(4), t.pop(0), t.insert(0, ["全国", str(sum(float(r[1]) for r in t[1:]))]))[0]),
        "lacks ",
    ),
    "a province twice": (edited(repeat), "stands twice"),
    "an unknown name": (edited(wrong(4, 0, "新北")), "'新北' is none of the 31 provinces"),
    "a text for a figure": (edited(wrong(4, 1, "见注")), "is '见注', no number"),
    "an empty cell": (edited(wrong(4, 1, "")), "is '', no number"),
    "the national row differs from the sum": (
        edited(wrong(0, 1, "63000")),
        "the provinces add up to .*, the national row prints 63000",
    ),
    "no national row": (edited(lambda t: t.pop(0)), "no row 全国"),
    "the column renamed": (edited(nothing, ONE.replace("互联网宽带接入用户", "光纤用户")), "none of 1 tables has"),
    "another unit": (edited(nothing, unit="户"), "the unit printed is 户, expected 万户"),
    "two units": (
        edited(nothing, ONE.replace("用户</td>", "用户(户)</td>")),
        "none of 1 tables has|the unit printed is",
    ),
    "a decimal point moved everywhere": (edited(shifted), "outside|times the figures known"),
    "another article under the address": (
        article("2022年12月互联网宽带接入用户分省情况", ONE, rows(broadband())).encode(),
        "the article is called '2022年12月",
    ),
    "no table in the text": (
        f'<meta name="ArticleTitle" content="{BROADBAND}"><div id="con_con"><p>见图 单位：万户</p><img></div>'.encode(),
        "none of 0 tables has",
    ),
    "the text elsewhere": (
        f'<meta name="ArticleTitle" content="{BROADBAND}"><div id="other"></div>'.encode(),
        "no text at #con_con",
    ),
}


@pytest.mark.parametrize("fault", QUARANTINED)
def test_a_table_that_does_not_fit_is_quarantined_and_the_others_taken(tmp_path: Path, waits: Any, fault: str) -> None:
    body, reason = QUARANTINED[fault]
    with serving(MiitSite({PATH: body})) as replica:
        settings, taken = take(replica, tmp_path, waits)
    assert [item for item, _ in taken.problems] == ["broadband/2023"]
    assert re.search(reason, taken.problems[0][1]), taken.problems[0][1]
    assert [r.item for r in taken.receipts] == ["phones/2023"]
    assert len(payloads(settings)) == 2  # the refused bytes are kept as well


def test_an_added_column_changes_no_figure(tmp_path: Path, waits: Any) -> None:
    body = edited(added_column, "<tr><td>地区</td><td>其中：光纤</td><td>互联网宽带接入用户</td></tr>")
    with serving(MiitSite({PATH: body})) as replica:
        settings, taken = take(replica, tmp_path, waits)
    assert taken.problems == ()
    expected = {code: float(text) for code, text in broadband().items()}
    assert values(observed(settings, taken), "fixed_broadband_users", 2023) == expected


@pytest.mark.parametrize(
    ("fault", "path"),
    [
        (reset, LIST), (broken_off, LIST), (status(500), LIST), (status(429, Retry_After="7"), LIST), (instead(b""), LIST),
        (instead(BLOCK.encode()), LIST), (instead(b'{"success":false}'), LIST), (instead(b'{"success":true,"da'), LIST),
        (instead(BLOCK.encode()), "/art/"), (reset, "/art/"),
    ],
)  # fmt: skip
def test_what_heals_is_asked_again(tmp_path: Path, waits: Any, fault: Any, path: str) -> None:
    with serving(MiitSite()) as replica:
        replica.fault(fault, times=2, path=path)
        _, taken = take(replica, tmp_path, waits)
    assert taken.problems == ()
    assert len(taken.receipts) == 2
    assert waits.slept


def test_what_stays_is_told(tmp_path: Path, waits: Any) -> None:
    with serving(MiitSite()) as replica:
        replica.fault(status(403), times=9)
        with pytest.raises(FetchRefused, match="403"):
            take(replica, tmp_path / "wall", waits)
    with serving(MiitSite()) as replica:
        replica.fault(instead(BLOCK.encode()), times=9, path=LIST)
        with pytest.raises(FetchFailed, match="访问频繁"):
            take(replica, tmp_path / "challenge", waits)


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("txy/index", b"<html><script></script></html>", "has no script with queryData"),
        ("txy/index", b"<script queryData=\"__import__('os')\"></script>", "queryData cannot be read"),
        (LIST, b'{"success":true,"data":{"rows":[]}}', "holds no data.html"),
        (LIST, b'{"success":true,"data":{"html":"<ul></ul>"}}', "lists nothing"),
    ],
)
def test_a_changed_way_to_the_articles_is_named(
    tmp_path: Path, waits: Any, path: str, body: bytes, reason: str
) -> None:
    with serving(MiitSite()) as replica:
        replica.fault(instead(body), path=path)
        with pytest.raises(LayoutChanged, match=reason):
            take(replica, tmp_path, waits)


def test_articles_that_are_no_longer_called_so_are_a_change_of_layout(tmp_path: Path, waits: Any) -> None:
    renamed = b'{"success":true,"data":{"html":"<ul><li><a title=\\"x\\" href=\\"/x\\"></a></li></ul>"}}'
    with serving(MiitSite()) as replica:
        replica.fault(instead(renamed), times=9, path=LIST)
        with pytest.raises(LayoutChanged, match="none of 2 articles is called like"):
            take(replica, tmp_path, waits)
