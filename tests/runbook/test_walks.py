"""A stranger's way through docs/runbook.md: its commands, pasted from the document into a clone of the repository.

What they print and make is what the document says they do. Packages are installed already (no network here), experts'
judgements are synthetic, and the ministry's site is the local replica.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cli.test_panels import workbooks
from tests.replica.moe_site import COLUMNS, MoeSite, rows, xls
from tests.replica.server import Reply, Request, serving
from tests.runbook.document import blocks, sections

from icdp.settings import REPOSITORY

pytestmark = pytest.mark.scheduler

# Walked below; what the others say is walked elsewhere, or goes to a place that only its reader knows.
WALKED = {
    "First installation", "A new year", "A correction", "A source failed", "A new year's layout", "Add an indicator",
    "Replace the judgements", "Backup and restore", "Rebuild the warehouse", "Upgrade",
}  # fmt: skip
ELSEWHERE = {
    "First time": "tests/deployment: needs a Docker engine",
    "Pages saved by hand": "needs a page its reader saved",
    "Approval and notices": "needs the mail server of its reader",
    "Open the page": "tests/page: needs the password of its reader",
}


@dataclass
class Stranger:
    """Somebody with a clone and a shell."""

    clone: Path

    def paste(self, block: str, *, fails: bool = False, **variables: str) -> str:
        """Run a block line by line as a shell does; return all it printed."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("ICDP_", "AIRFLOW"))}
        path = f"{self.clone / '.venv' / 'bin'}:{ours['PATH']}"
        who = {f"GIT_{role}_{what}": "stranger" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", block], cwd=self.clone, capture_output=True, text=True, check=False,
            # The editable installation is the repository's; the clone's own code goes before it.
            env={**ours, **who, "PATH": path, "PYTHONPATH": str(self.clone / "include"), "COLUMNS": "200", **variables},
        )  # fmt: skip
        assert (done.returncode != 0) == fails, f"{block}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    @property
    def editions(self) -> list[str]:
        return sorted(path.name for path in (self.clone / "var" / "published" / "editions").iterdir())


def cloned(folder: Path) -> Stranger:
    """Clone what is committed and, on top of it, what is not: the walk is through the document as it stands."""
    ours = folder / "origin"
    git("clone", "--quiet", str(REPOSITORY), str(ours), where=folder)
    for name in git("ls-files", "--modified", "--others", "--exclude-standard", where=REPOSITORY).splitlines():
        if (REPOSITORY / name).is_file():
            (ours / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, ours / name)
    git("add", "--all", where=ours)
    git("commit", "--quiet", "--allow-empty", "--message", "what is not committed yet", where=ours)
    git("clone", "--quiet", str(ours), str(folder / "icdp"), where=folder)
    (folder / "icdp" / ".venv").symlink_to(REPOSITORY / ".venv")
    for stamp in ("requirements.txt", "pyproject.toml"):
        os.utime(folder / "icdp" / stamp, (0, 0))  # older than the packages that are installed
    return Stranger(folder / "icdp")


def git(*arguments: str, where: Path) -> str:
    """Run git as somebody; return what it printed."""
    command = shutil.which("git")
    assert command
    who = ["-c", "user.name=stranger", "-c", "user.email=stranger@example.org"]
    return subprocess.run([command, *who, *arguments], cwd=where, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    """Section 1, walked."""
    stranger = cloned(tmp_path_factory.mktemp("stranger"))
    (block,) = blocks("First installation")
    said = stranger.paste(block)
    assert "2024: edition 2024-r1 published" in said
    assert stranger.editions == ["2024-r1"]
    # The ranking of `make run`, and again that of `icdp rank`.
    assert len(re.findall(r"^ *31 ", said, re.MULTILINE)) == 2
    return stranger


@pytest.fixture
def stranger(installed: Stranger, tmp_path: Path) -> Stranger:
    """The same, in a place of its own: each section is walked by somebody who has read the first."""
    shutil.copytree(installed.clone, tmp_path / "icdp", symlinks=True)
    return Stranger(tmp_path / "icdp")


def test_every_block_of_the_document_is_walked_or_said_to_be_walked_elsewhere() -> None:
    with_blocks = {title for title in sections() if blocks(title)}
    told = WALKED | ELSEWHERE.keys()
    assert {title for title in with_blocks if not any(words in title for words in told)} == set()
    assert {words for words in told if not any(words in title for title in with_blocks)} == set()


def test_a_new_year(stranger: Stranger) -> None:
    (block,) = blocks("2. 新的一年")
    said = stranger.paste(block)
    assert "2025: edition 2025-r1 published" in said
    assert stranger.editions == ["2024-r1", "2025-r1"]
    assert (stranger.clone / "reports" / "report.html").exists()


def test_a_correction(stranger: Stranger) -> None:
    (block,) = blocks("A correction")
    said = stranger.paste(block)
    assert "2024: edition 2024-r2 published" in said
    assert stranger.editions == ["2024-r1", "2024-r2"]


def renamed(first: int) -> MoeSite:
    """The ministry's site, whose list calls a column otherwise from a year on."""
    site = MoeSite()

    class Changed(MoeSite):
        def __call__(self, request: Request) -> Reply:
            reply = site(request)
            year = 2024 if "t20240621" in request.path else 2023
            if not request.path.endswith(".xls") or "Referer" not in request.headers or year < first:
                return reply
            other = ["学校代码" if name == "学校标识码" else name for name in COLUMNS]
            return Reply(xls([other if row == COLUMNS else row for row in rows(year)]))

    return Changed()


def test_a_site_that_changed_its_layout(stranger: Stranger) -> None:
    (block,) = blocks("A source failed")
    check, *mended = block.splitlines(keepends=True)
    with serving(renamed(2023)) as replica:
        told = stranger.paste(check, fails=True, ICDP_MOE_BASE_URL=replica.url)
        assert "学校代码" in told
        assert "expected" in told
        stranger.paste("".join(mended), ICDP_MOE_BASE_URL=replica.url)


def test_a_layout_of_a_new_year(stranger: Stranger) -> None:
    (block,) = blocks("A new year's layout")
    with serving(renamed(2024)) as replica:
        told = stranger.paste("icdp sources check moe 2024", fails=True, ICDP_MOE_BASE_URL=replica.url)
        assert "学校代码" in told
        stranger.paste(block, ICDP_MOE_BASE_URL=replica.url)


def test_an_indicator_that_is_added(stranger: Stranger) -> None:
    (block,) = blocks("Add an indicator")
    said = stranger.paste(block)
    assert "2024: edition 2024-r2 published" in said
    sql = "SELECT count(*) AS n FROM indicator_values WHERE year = 2024 AND indicator = 'broadband_ports'"
    assert stranger.paste(f'icdp query "{sql}" --format csv').split() == ["n", "31"]


def test_a_panel_of_experts(stranger: Stranger, tmp_path: Path) -> None:
    template, taken = blocks("Replace the judgements")
    stranger.paste(template)
    forms = stranger.clone / "forms"
    assert sorted(path.name for path in forms.iterdir()) == ["institute-2026-张三.xlsx", "institute-2026-李四.xlsx"]
    for filled in workbooks(tmp_path / "filled", ["张三", "李四"], panel="institute-2026"):
        shutil.copy(filled, forms / f"institute-2026-{Path(filled).name}")
    said = stranger.paste(taken)
    assert "2024: edition 2024-r2 published" in said
    told = stranger.paste('icdp query "SELECT panel FROM editions WHERE year = 2024" --format csv')
    assert told.split() == ["panel", "institute-2026-r1"]


def test_a_backup_that_is_restored(stranger: Stranger) -> None:
    backup, restored = blocks("Backup and restore")
    stranger.paste(backup)
    said = stranger.paste(restored)
    assert "2024: edition 2024-r1 unchanged" in said


def test_a_warehouse_that_is_rebuilt(stranger: Stranger) -> None:
    (stranger.clone / "var" / "warehouse.duckdb").write_bytes(b"spoilt")
    (block,) = blocks("Rebuild the warehouse")
    assert "2024-r1" in stranger.paste(block)
    assert (stranger.clone / "var" / "warehouse.duckdb.aside-1").read_bytes() == b"spoilt"


def test_an_upgrade(stranger: Stranger) -> None:
    (block,) = blocks("Upgrade")
    said = stranger.paste(block)
    assert "2024: edition 2024-r1 unchanged" in said
