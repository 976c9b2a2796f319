"""The report appears with its edition or not at all, and is reproduced like it by the same software."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from icdp import road
from icdp.errors import DataError
from icdp.publishing.reader import open_published
from icdp.publishing.verify import differences, report_is_compared, verify
from icdp.replay import rebuilt
from icdp.report import FILES, made_with, making
from icdp.settings import Settings


def broken(*_: object) -> making.Made:
    raise ValueError("no such mark\nmore of it")


def quick(edition: Path, earlier: object) -> making.Made:
    from icdp.report.fonts import Fonts

    assert (edition / "parquet" / "scores.parquet").exists()
    return making.Made("<html>", {"zh": b"%PDF", "en": b"%PDF"}, {"zh": [], "en": []}, Fonts({}, {}, frozenset()))


def test_an_edition_whose_report_fails_is_not_published_and_can_be_published_later(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(own.published / "editions" / "2024-r1")
    with open_published(own.published) as db:
        before = db.frame("FROM history.editions")
    monkeypatch.setattr(making, "make", broken)
    with pytest.raises(
        DataError, match=r"the yearly report cannot be made \(ValueError: no such mark\); nothing was published"
    ):
        road.publish(own, 2024, report=True)
    assert [path.name for path in (own.published / "editions").iterdir()] == ["2023-r1"]
    with open_published(own.published) as db:
        assert db.frame("FROM history.editions").equals(before)
    monkeypatch.setattr(making, "make", quick)
    assert road.publish(own, 2024, report=True) == "2024-r1 published"
    folder = own.published / "editions" / "2024-r1"
    assert all((folder / name).exists() for name in FILES)
    assert verify(folder) == []
    manifest = json.loads((folder / "edition.json").read_text(encoding="utf-8"))
    assert manifest["report"] is True
    assert manifest["made_with"].items() >= made_with().items()


def test_an_unchanged_year_makes_no_report(reported: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "make", broken)
    assert road.publish(reported, 2024, report=True) == "2024-r1 unchanged"


def test_an_edition_without_a_report_stays_valid_and_is_reproduced_without_one(reported: Settings) -> None:
    folder = reported.published / "editions" / "2023-r1"
    assert verify(folder) == []
    assert [name for name in FILES if (folder / name).exists()] == []
    with rebuilt(reported, "2023-r1") as again:
        assert differences(folder, again) == []
        assert not report_is_compared(folder, again)
        assert [name for name in FILES if (again / name).exists()] == []


def test_an_edition_with_a_report_is_reproduced_to_the_byte(reported: Settings) -> None:
    folder = reported.published / "editions" / "2024-r1"
    with rebuilt(reported, "2024-r1") as again:
        assert report_is_compared(folder, again)
        assert differences(folder, again) == []
        for name in ("report.html", "report-zh.pdf", "report-en.pdf", "figures/quadrants-en.svg"):
            assert (folder / name).read_bytes() == (again / name).read_bytes()


def copied(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target, copy_function=shutil.copyfile)
    return target


def test_a_report_that_differs_is_named(reported: Settings, tmp_path: Path) -> None:
    folder = reported.published / "editions" / "2024-r1"
    again = copied(folder, tmp_path / "again")
    (again / "report.html").write_text("another", encoding="utf-8")
    (again / "figures" / "tiles-en.svg").unlink()
    assert differences(folder, again) == [
        "figures/tiles-en.svg is only in the edition as published",
        "report.html differs",
    ]


@pytest.mark.parametrize("name", ["report", "typst", "altair"])
def test_a_report_by_other_software_is_not_held_against_it_but_figures_are(
    reported: Settings, tmp_path: Path, name: str
) -> None:
    folder = reported.published / "editions" / "2024-r1"
    again = copied(folder, tmp_path / "again")
    manifest = json.loads((again / "edition.json").read_text(encoding="utf-8"))
    manifest["made_with"][name] = "other"
    (again / "edition.json").write_text(json.dumps(manifest), encoding="utf-8")
    (again / "report.html").write_text("worded otherwise", encoding="utf-8")
    assert not report_is_compared(folder, again)
    assert differences(folder, again) == []
    (again / "csv" / "scores.csv").write_text("adcode\n", encoding="utf-8")
    assert differences(folder, again)[0].startswith("csv/scores.csv differs in line 1")


def test_an_altered_report_is_no_longer_as_published(reported: Settings, tmp_path: Path) -> None:
    altered = copied(reported.published / "editions" / "2024-r1", tmp_path / "2024-r1")
    html = (altered / "report.html").read_text(encoding="utf-8")
    (altered / "report.html").write_text(html.replace("60.5", "70.5"), encoding="utf-8")
    assert verify(altered) == ["report.html was altered"]
