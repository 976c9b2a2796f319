"""Command line of the local runner: ``python -m icdp.operation run --year 2024``."""

from __future__ import annotations

import argparse
import signal
import sys
from types import FrameType

from icdp.errors import IcdpError
from icdp.operation import commands
from icdp.operation.components import STOPPING_SIGNALS
from icdp.partition import parse_year


class Stopped(BaseException):
    """A signal asked us to stop."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code (0 done, 1 refused or failed, 2 usage, 128+n stopped by signal n)."""
    parser = argparse.ArgumentParser(prog="python -m icdp.operation", description=__doc__)
    command = parser.add_subparsers(dest="command", required=True)
    one = command.add_parser("run", help="make one statistical year and print its ranking")
    one.add_argument("--year", required=True)
    span = command.add_parser("backfill", help="make a span of years through Airflow's own backfill")
    span.add_argument("--from", dest="first", required=True)
    span.add_argument("--to", dest="last", required=True)
    command.add_parser("up", help="start Airflow with its page and leave it running")
    command.add_parser("down", help="stop what `up` left running")
    chosen = parser.parse_args(arguments)

    for number in STOPPING_SIGNALS:
        signal.signal(number, _stop)
    try:
        if chosen.command == "run":
            return commands.run(parse_year(chosen.year))
        if chosen.command == "backfill":
            return commands.backfill(parse_year(chosen.first), parse_year(chosen.last))
        return commands.up() if chosen.command == "up" else commands.down()
    except IcdpError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    except Stopped as stopped:
        print("stopped; nothing is left running, start again to take the work up", file=sys.stderr)
        return 128 + int(stopped.args[0])


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped(number)


if __name__ == "__main__":
    raise SystemExit(main())
