"""Running the command as its users do, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from icdp.settings import INCLUDE, Settings

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def icdp(made: Settings) -> Run:
    """Run the command on the published years 2023 and 2024."""

    def run(*arguments: str, home: Path = made.home, **environment: str) -> subprocess.CompletedProcess[str]:
        inherited = {**os.environ, "ICDP_HOME": str(home), "PYTHONPATH": str(INCLUDE), "COLUMNS": "80", **environment}
        command = [sys.executable, "-m", "icdp.cli", *arguments]
        return subprocess.run(command, env=inherited, capture_output=True, text=True, check=False, timeout=120)

    return run
