"""The settings of the README are those of the code, all of them, and wrong ones are refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from icdp.errors import DataError
from icdp.settings import INCLUDE, REPOSITORY, Settings

NAME = re.compile(r"ICDP_[A-Z_]+")
READ = re.compile(r"os\.environ|os\.getenv|getenv\(")


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_readme_lists_every_setting_and_no_other(readme: str) -> None:
    code = {
        name for path in (INCLUDE / "icdp").rglob("*.py") for name in NAME.findall(path.read_text(encoding="utf-8"))
    }
    listed = set(
        re.findall(r"^\| `(ICDP_[A-Z_]+)` \|", (REPOSITORY / readme).read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert listed == code
    assert "| `ICDP_<SOURCE>_BASE_URL` |" in (REPOSITORY / readme).read_text(encoding="utf-8")


def test_a_source_can_be_reached_elsewhere_but_not_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICDP_NBS_BASE_URL", "https://mirror.example/nbs")
    monkeypatch.setenv("ICDP_MOE_BASE_URL", "http://127.0.0.1:8000")
    assert Settings.from_environment().base_urls == {
        "nbs": "https://mirror.example/nbs",
        "moe": "http://127.0.0.1:8000",
    }
    for url in ("http://mirror.example", "http://127.0.0.1.example:80/", "file:///etc/passwd", "ftp://x"):
        monkeypatch.setenv("ICDP_NBS_BASE_URL", url)
        with pytest.raises(DataError, match=r"ICDP_NBS_BASE_URL=.* is neither https nor on this machine"):
            Settings.from_environment()


def test_only_the_settings_module_reads_the_environment() -> None:
    readers = {
        path.relative_to(INCLUDE / "icdp").as_posix()
        for path in (INCLUDE / "icdp").rglob("*.py")
        if READ.search(path.read_text(encoding="utf-8"))
    }
    assert readers == {"settings.py"}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ICDP_CHANNEL", "internet", "ICDP_CHANNEL='internet' is not one of facts, live"),
        ("ICDP_REQUIRE_APPROVAL", "perhaps", "ICDP_REQUIRE_APPROVAL='perhaps' is neither true nor false"),
    ],
)
def test_a_wrong_setting_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(DataError, match=message):
        Settings.from_environment()


def test_all_state_moves_with_icdp_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ICDP_HOME", str(tmp_path / "elsewhere"))
    settings = Settings.from_environment()
    assert {settings.archive.parent, settings.staging.parent, settings.warehouse.parent, settings.published.parent} == {
        tmp_path / "elsewhere"
    }


def test_staging_lies_beside_an_archive_on_object_storage_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ICDP_HOME", str(tmp_path))
    monkeypatch.setenv("ICDP_ARCHIVE", "memory://bucket/archive/")
    assert str(Settings.from_environment().staging) == "memory://bucket/archive/staging"
    monkeypatch.setenv("ICDP_ARCHIVE", str(tmp_path / "other disk"))
    assert Settings.from_environment().staging == tmp_path / "staging"
