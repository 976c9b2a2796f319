"""Where the report is, made for an edition that has none, opened when asked."""

from __future__ import annotations

import shutil
import subprocess
import sys
import webbrowser
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from typer.testing import CliRunner

from icdp.cli.app import app
from icdp.errors import DataError
from icdp.publishing.verify import verify
from icdp.report import FILES, write_report
from icdp.settings import INCLUDE, Settings


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ([], ["report.html", "report-zh.pdf", "report-en.pdf"]),
        (["--language", "en"], ["report.html", "report-en.pdf"]),
        (["--language", "zh"], ["report.html", "report-zh.pdf"]),
    ],
)
def test_the_report_of_an_edition_is_where_the_edition_is(
    icdp: Run, reported: Settings, options: list[str], names: list[str]
) -> None:
    answer = icdp("report", "2024", *options, home=reported.home)
    assert answer.returncode == 0, answer.stderr
    folder = reported.published / "editions" / "2024-r1"
    assert answer.stdout.splitlines() == [str(folder / name) for name in names]
    assert all((folder / name).exists() for name in names)
    assert not (reported.home / "reports").exists()


def test_an_edition_without_one_gets_it_beside_and_another_process_makes_the_same_bytes(
    icdp: Run, reported: Settings, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(reported.published, home / "published")
    answer = icdp("report", "2023-r1", home=home)
    assert answer.returncode == 0, answer.stderr
    made = home / "reports" / "2023-r1"
    assert answer.stdout.splitlines()[0] == str(made / "report.html")
    assert verify(home / "published" / "editions" / "2023-r1") == []
    assert sorted(path.name for path in made.iterdir()) == sorted(FILES)
    (tmp_path / "here").mkdir()
    write_report(reported.published / "editions" / "2023-r1", [], tmp_path / "here")
    files = sorted(path.relative_to(made) for path in made.rglob("*") if path.is_file())
    assert len(files) > 20
    assert [name for name in files if (made / name).read_bytes() != (tmp_path / "here" / name).read_bytes()] == []


def test_out_is_a_copy_that_may_be_changed_and_replaces_an_older_one(
    icdp: Run, reported: Settings, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        answer = icdp("report", "2024", "--out", str(out), home=reported.home)
        assert answer.returncode == 0, answer.stderr
        assert answer.stdout.splitlines()[0] == str(out / "report.html")
        stands = reported.published / "editions" / "2024-r1"
        assert (out / "report.html").read_bytes() == (stands / "report.html").read_bytes()
        (out / "report.html").write_text("edited", encoding="utf-8")
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)


@pytest.mark.parametrize(
    ("options", "ending"), [([], ""), (["--language", "en"], "#en"), (["--language", "zh"], "#zh")]
)
def test_open_shows_it_in_the_browser_in_the_language(
    reported: Settings, monkeypatch: pytest.MonkeyPatch, options: list[str], ending: str
) -> None:
    shown: list[str] = []
    monkeypatch.setenv("ICDP_HOME", str(reported.home))
    monkeypatch.setattr(webbrowser, "open", lambda address: shown.append(address) or True)
    answer = CliRunner().invoke(app, ["report", "2024", "--open", *options], catch_exceptions=False)
    assert answer.exit_code == 0
    assert shown == [(reported.published / "editions" / "2024-r1" / "report.html").as_uri() + ending]


def test_without_a_browser_the_path_is_told(reported: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICDP_HOME", str(reported.home))
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    with pytest.raises(DataError, match=r"no browser was found; open .*report\.html"):
        CliRunner().invoke(app, ["report", "2024", "--open"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["2019"], 1, "2019: no such edition; published are 2023-r1, 2024-r1"),
        (["../2024-r1"], 1, "is neither a year nor an edition"),
        (["2024", "--out", __file__], 1, "is a file; name a folder"),
        (["2024", "--language", "fr"], 2, "'fr' is not one of 'zh', 'en'"),
        ([], 2, "Missing argument"),
    ],
)
def test_what_is_refused(icdp: Run, reported: Settings, arguments: list[str], code: int, said: str) -> None:
    answer = icdp("report", *arguments, home=reported.home)
    assert answer.returncode == code
    assert said in " ".join(answer.stderr.replace("│", " ").split())
    assert answer.stdout == ""


def test_charts_fonts_and_pdf_are_loaded_only_to_make_a_report() -> None:
    code = (
        "import sys, icdp.cli.app, icdp.road, icdp.publishing.publish, icdp.replay, icdp.cli.editions, icdp.cli.reporting;"
        "print([name for name in ('altair', 'vl_convert', 'typst', 'fontTools', 'justmytype_intl_cjk') if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(INCLUDE)}, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
