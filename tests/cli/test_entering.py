"""workbook and sources at the terminal: what people enter and hand in, and what is known of every source."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from tests.cli.conftest import Run
from tests.replica.miit_site import BROADBAND, ONE, MiitSite, article, broadband, rows
from tests.replica.server import serving, status
from tests.sources.filled import enter

from icdp.settings import Settings


def answered(answer: Any) -> list[dict[str, Any]]:
    assert answer.returncode == 0, answer.stderr
    return list(json.loads(answer.stdout))


@pytest.fixture
def home(made: Settings, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made.home, tmp_path / "home"))


def test_a_workbook_goes_out_with_the_open_indicators_and_comes_back(icdp: Run, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "w.xlsx"
    out = icdp("workbook", "export", "2024", "--by", "张三", "--out", str(path), home=home)
    assert out.returncode == 0, out.stderr
    book = openpyxl.load_workbook(path)
    # As defined for all 31 provinces in 2024: no sheet. A proxy, a gap, or a province missing: a sheet.
    sheets = {str(sheet["B3"].value) for sheet in book.worksheets[1:]}
    assert {"gdp_per_capita", "llm_filings", "g5_stations_per_10k"} & sheets == set()
    assert {"ipv6_penetration", "idc_racks", "digital_city_share", "software_revenue"} & sheets == {
        "ipv6_penetration",
        "idc_racks",
        "digital_city_share",
    }
    assert icdp("workbook", "export", "2024", "--out", str(path), home=home).stderr.startswith(
        f"refused: {path}: exists"
    )
    position = [str(sheet["B3"].value) for sheet in book.worksheets].index("ipv6_penetration")
    enter(book, position, {"510000": 61.5, "110000": "六成"})
    book.save(path)
    refused = icdp("workbook", "import", str(path), home=home)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "IPv6渗透率!C5" in refused.stdout
    assert answered(icdp("workbook", "list", "--format", "json", home=home)) == []
    enter(book, position, {"110000": 66})
    book.save(path)
    assert (
        answered(icdp("workbook", "import", str(path), "--dry-run", "--format", "json", home=home))[0]["entries"] == 2
    )
    assert answered(icdp("workbook", "list", "--format", "json", home=home)) == []
    assert "make run YEAR=2024" in icdp("workbook", "import", str(path), home=home).stdout
    (listed,) = answered(icdp("workbook", "list", "--format", "json", home=home))
    assert (listed["workbook"], listed["series"], listed["provinces"]) == ("2024/main", "ipv6_penetration", "北京 四川")
    assert "已停用" in icdp("workbook", "withdraw", "2024", "main", home=home).stdout
    assert answered(icdp("workbook", "list", "--format", "json", home=home)) == []


def test_what_was_saved_by_hand_is_accepted_or_refused_in_one_line(icdp: Run, home: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(article(BROADBAND, ONE, rows(broadband())), encoding="utf-8")
    saved = ("--source", "miit", "--address", "https://www.miit.gov.cn/x.html", "--by", "李四")
    (taken,) = answered(icdp("sources", "accept", str(page), "--year", "2023", *saved, "--format", "json", home=home))
    assert (taken["item"], taken["figures"]) == ("broadband/2023", 31)
    (state,) = answered(icdp("sources", "--source", "miit", "--year", "2023", "--format", "json", home=home))
    assert (state["state"], state["payloads"], state["figures_used"]) == ("incomplete", 1, 0)
    for arguments, told in (
        (("--year", "2022", *saved), "none of the tables of 2022"),
        (("--year", "2023", "--source", "miit", "--address", "page.html", "--by", "李四"), "is no web address"),
        (
            ("--year", "2023", "--source", "mit", "--address", "https://x", "--by", "李四"),
            "no source 'mit'; use one of",
        ),
    ):
        refused = icdp("sources", "accept", str(page), *arguments, home=home)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        assert told in refused.stderr


def test_a_check_asks_the_site_and_keeps_nothing(icdp: Run, home: Path) -> None:
    with serving(MiitSite()) as replica:
        address = {"ICDP_MIIT_BASE_URL": replica.url}
        before = sorted((home / "archive").rglob("*"))
        # Pacing is real here: one request of the check is enough to see that the site refuses.
        replica.fault(status(403), times=100)
        refused = icdp("sources", "check", "miit", "2023", home=home, **address)
        assert (refused.returncode, "status 403" in refused.stderr) == (1, True)
        assert len(replica.requests) == 1
        assert sorted((home / "archive").rglob("*")) == before
    assert "is not fetched from a site" in icdp("sources", "check", "facts", "2023", home=home).stderr


def test_a_year_is_parsed_anew_from_the_archive(icdp: Run, home: Path) -> None:
    (facts,) = answered(icdp("sources", "reparse", "2024", "--format", "json", home=home))
    assert (facts["source"], facts["added"], facts["removed"], facts["changed"]) == ("facts", 0, 0, 0)
    (home / "staging" / "2024" / "facts.parquet").unlink()
    (again,) = answered(icdp("sources", "reparse", "2024", "--load", "--format", "json", home=home))
    assert again["outcome"].startswith("facts: 12146 figures")
    assert (
        "nothing of nbs was taken for 2024" in icdp("sources", "reparse", "2024", "--source", "nbs", home=home).stderr
    )
    assert (home / "staging" / "2024" / "facts.parquet").exists()


def test_a_parser_that_no_longer_reads_what_was_archived_is_named(icdp: Run, home: Path) -> None:
    listed = json.loads((home / "staging" / "2024" / "facts.receipts.json").read_text())
    receipt = json.loads((home / "archive" / "receipts" / "facts" / f"{listed[0]['receipt']}.json").read_text())
    payload = home / "archive" / "payloads" / receipt["payload_sha256"][:2] / receipt["payload_sha256"]
    payload.chmod(0o644)
    payload.write_bytes(io.BytesIO(b"altered").getvalue())
    refused = icdp("sources", "reparse", "2024", home=home)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "archived payloads of 2024 do not parse" in refused.stderr
    assert "the bytes were altered" in " ".join(refused.stdout.split())
