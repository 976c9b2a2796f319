"""What is installed is exactly what was locked: every package at one version, with its hashes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from icdp.settings import REPOSITORY

LOCKS = sorted(REPOSITORY.glob("requirements*.txt"))
# Beside each other in one environment; the tools of `make audit` have one of their own.
TOGETHER = [path for path in LOCKS if path.stem != "requirements-security"]


def locked(path: Path) -> dict[str, tuple[str, int]]:
    """Name and marker -> version, number of hashes."""
    entries = re.split(
        r"\n(?=[a-zA-Z0-9])", re.sub(r"^ *#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    found = {}
    for entry in entries:
        head = entry.split("\\")[0].strip()
        if head:
            wanted = Requirement(head)
            key = f"{canonicalize_name(wanted.name)} {wanted.marker or ''}".strip()
            found[key] = (str(wanted.specifier), entry.count("--hash=sha256:"))
    return found


def asked(path: Path) -> set[str]:
    lines = [line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return {canonicalize_name(Requirement(line).name) for line in lines if line and not line.startswith("-")}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_package_is_pinned_and_hashed(path: Path) -> None:
    found = locked(path)
    assert found
    for name, (version, hashes) in found.items():
        assert re.fullmatch(r"==[^*,]+", version), name
        assert hashes >= 1, name


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_a_lock_file_has_everything_its_wishes_name(path: Path) -> None:
    names = {key.split()[0] for other in (REPOSITORY / "requirements.txt", path) for key in locked(other)}
    assert asked(path.with_suffix(".in")) - names == set()


def test_no_package_is_locked_at_two_versions() -> None:
    versions: dict[str, set[str]] = {}
    for path in TOGETHER:
        for name, (version, _) in locked(path).items():
            versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_nothing_is_installed_without_its_hash() -> None:
    for file in ("Makefile", "Dockerfile"):
        for line in (REPOSITORY / file).read_text(encoding="utf-8").splitlines():
            if re.search(r"(\$\(INSTALL\)|pip install) .*-r ", line):
                assert "--require-hashes --no-deps" in line, f"{file}: {line}"
            elif re.search(r"(\$\(INSTALL\)|pip install) ", line) and ":=" not in line:
                assert "--no-deps --no-build-isolation --editable ." in line, f"{file}: {line}"
