"""One step of the road in a child process, which may be made to die at any sign of its work."""

from __future__ import annotations

import functools
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from icdp import road
from icdp.settings import Settings

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
STATEMENTS = ("execute", "executemany", "register")


class Ended(NamedTuple):
    """How the child ended: exit code (negative: the signal), and its signs of work, or its traceback."""

    code: int
    said: str


class Signs:
    """Counts signs of work: a file opened to be written, a rename, a removal, a statement to a database.

    Right before the ``last`` of them the process kills itself; nothing of it gets a chance to tidy up.
    """

    def __init__(self, last: int | None) -> None:
        self.count, self.last = 0, last

    def add(self) -> None:
        self.count += 1
        if self.count == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        changes = event in ("os.rename", "os.remove", "os.mkdir", "shutil.rmtree")
        if changes or (event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES):
            self.add()

    def heed(self) -> None:
        """Count from now on, in this process, which is not expected to live on."""
        sys.addaudithook(self.audit)
        for name in STATEMENTS:
            setattr(duckdb.DuckDBPyConnection, name, self.counted(getattr(duckdb.DuckDBPyConnection, name)))

    def counted(self, statement: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(statement)
        def wrapped(*arguments: Any, **named: Any) -> Any:
            self.add()
            return statement(*arguments, **named)

        return wrapped


def run(step: str, settings: Settings, year: int) -> None:
    """Take a step of the road here."""
    arguments = ("facts", year) if step in ("acquire", "stage") else (year,)
    getattr(road, step)(settings, *arguments)


def in_child(step: str, settings: Settings, year: int, last: int | None = None) -> Ended:
    """Take a step in a child process; forked, for importing everything anew would take longer than the step."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as told:
        child = os.fork()
        if child == 0:
            code, signs = 1, Signs(last)
            try:
                with Path(told.name).open("w", encoding="utf-8") as out:
                    try:
                        signs.heed()
                        run(step, settings, year)
                        out.write(str(signs.count))
                        code = 0
                    except BaseException:  # noqa: BLE001, RUF100 - whatever it was, it is told
                        out.write(traceback.format_exc())
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        return Ended(os.waitstatus_to_exitcode(status), told.read())
