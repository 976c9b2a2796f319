"""The four commands: ``run``, ``backfill``, ``up``, ``down``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import version

from rich.console import Console

from icdp.errors import IcdpError
from icdp.operation import DAGS
from icdp.operation.api import UNFINISHED_STATES, AirflowApi
from icdp.operation.components import Components, ours, sweep, wait_until
from icdp.operation.follow import Chain, Follower
from icdp.operation.home import POOLS, USER, AirflowHome
from icdp.settings import Settings

REFRESH = DAGS[0]
console = Console(highlight=False)


def run(year: int) -> int:
    """Make one year through the scheduler and print its ranking; return the exit code."""

    def begin(api: AirflowApi, components: Components) -> list[Chain]:
        return [Chain(year, api.trigger(REFRESH, {"partition_key": str(year)}))]

    return make(str(year), begin)


def backfill(first: int, last: int) -> int:
    """Make a span of years through Airflow's own backfill; return the exit code.

    Raises:
        IcdpError: the span is empty.
    """
    if first > last:
        raise IcdpError(f"the span {first}-{last} is empty; name the earlier year first (FROM=2019 TO=2024)")

    def begin(api: AirflowApi, components: Components) -> list[Chain]:
        return _create_backfill(api, components, first, last)

    return make(f"{first}-{last}", begin)


def up() -> int:
    """Start Airflow with its page, leave it running, and say how to log in."""
    home = AirflowHome(Settings.from_environment())
    with home.alone():
        if ours(home, "up"):
            _tell_login(home, home.port())
            return 0
        _sweep_leftovers(home)
        port = home.prepare(by_clock=True)
        with Components(home, "up") as components:
            api = AirflowApi(port)
            _migrate(components)
            components.start("api-server")
            components.start("dag-processor")
            _log_in(api, components)
            _let_rest_again(api, home)
            components.start("scheduler", "--skip-serve-logs")
            components.start("triggerer", "--skip-serve-logs")
            wait_until("the DAGs parsed", lambda: set(DAGS) <= api.dags().keys(), components)
            for component in ("scheduler", "dag_processor", "triggerer"):
                wait_until(f"{component} healthy", partial(api.health, component), components)
    _tell_login(home, port)
    return 0


def down() -> int:
    """Stop what ``up`` left running."""
    home = AirflowHome(Settings.from_environment())
    with home.alone():
        count = sweep(home, "up")
    console.print("Airflow is stopped." if count else f"No Airflow was up on {home.settings.home}.")
    return 0


def make(what: str, begin: Callable[[AirflowApi, Components], list[Chain]]) -> int:
    """Start Airflow, begin the years, follow them to their editions, stop Airflow, report; return the exit code.

    Args:
        what: the years, as said to the user.
        begin: starts the first run of each year and returns where each stands.

    Raises:
        IcdpError: Airflow is up or at work on this home already, or one of its processes failed.
    """
    home = AirflowHome(Settings.from_environment())
    with home.alone():
        if ours(home, "up"):
            raise IcdpError(
                f"Airflow is up on {home.settings.home}; start the year on its page (http://127.0.0.1:{home.port()}), "
                "or stop it with `make down` first"
            )
        _sweep_leftovers(home)
        port = home.prepare(by_clock=False)
        with Components(home, "run") as components, console.status("Starting Airflow …") as status:
            api = _start(home, components, port)
            chains = begin(api, components)
            console.print(f"Airflow runs on http://127.0.0.1:{port}; making {what}.")
            status.update(f"Making {what} …")
            # Lines for every task of seven years would tell nobody anything.
            Follower(api, components, console, by_task=len(chains) == 1).follow(chains)
            _let_rest_again(api, home)
    return _report(home, chains)


def _start(home: AirflowHome, components: Components, port: int) -> AirflowApi:
    """Bring up API server, DAGs and scheduler; return a logged-in session."""
    api = AirflowApi(port)
    _migrate(components)
    components.start("api-server")
    # One pass of the DAG files instead of a processor that runs for ever: on two cores it competes with the tasks.
    components.start("dags", "reserialize")
    components.finish("dags")
    interrupted = home.unfinished.exists()
    if not interrupted:
        components.start("scheduler", "--skip-serve-logs")
    _log_in(api, components)
    _must_be_parsed(api)
    if interrupted:
        # Before the scheduler comes: else it would take up the half-done work beside the new one.
        _abandon_unfinished(api)
        components.start("scheduler", "--skip-serve-logs")
    else:
        home.unfinished.write_text(json.dumps({"paused": api.dags()[REFRESH]["is_paused"]}), encoding="utf-8")
    for dag_id in DAGS:
        api.pause(dag_id, paused=False)
    return api


def _migrate(components: Components) -> None:
    """Create or update Airflow's metadata database, unless this Airflow has done so already."""
    home = components.home
    stamp, wanted = home.path / "migrated", version("apache-airflow")
    if home.database.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    if not stamp.exists():
        # Without the stamp a database is one whose creation was interrupted.
        for path in home.path.glob("airflow.db*"):
            path.unlink()
        home.unfinished.unlink(missing_ok=True)
    components.start("db", "migrate")
    components.finish("db")
    stamp.write_text(wanted, encoding="utf-8")


def _log_in(api: AirflowApi, components: Components) -> None:
    wait_until("Airflow's API server answering", api.is_up, components)
    api.log_in(components.home.password())
    for name, pool in json.loads(POOLS.read_text(encoding="utf-8")).items():
        api.set_pool(name, pool)


def _must_be_parsed(api: AirflowApi) -> None:
    missing = sorted(set(DAGS) - api.dags().keys())
    if missing:
        reasons = "; ".join(api.import_errors()) or "no import error was recorded"
        raise IcdpError(f"Airflow did not take in {', '.join(missing)}: {reasons}")


def _create_backfill(api: AirflowApi, components: Components, first: int, last: int) -> list[Chain]:
    """Create Airflow's own backfill of the years."""
    # The scheduler notes the end of a backfill only now and then; one whose runs have all ended would be in the way.
    api.cancel_backfills(REFRESH)
    before = api.runs(REFRESH).keys()
    span = ["--from-date", f"{first}-01-01", "--to-date", f"{last}-12-31"]
    components.start(
        "backfill", "create", "--dag-id", REFRESH, *span, "--reprocess-behavior", "completed", "--max-active-runs", "4"
    )
    components.finish("backfill")
    made = [run for run_id, run in api.runs(REFRESH).items() if run_id not in before and run["run_type"] == "backfill"]
    chains = [Chain(int(run["partition_key"]), run["dag_run_id"]) for run in made]
    return sorted(chains, key=lambda chain: chain.year)


def _abandon_unfinished(api: AirflowApi) -> None:
    """Mark what an interrupted command left half-done as failed; the years are made anew."""
    api.cancel_backfills(REFRESH)
    for dag_id in DAGS:
        for run_id, found in api.runs(dag_id).items():
            if found["state"] in UNFINISHED_STATES:
                api.abandon(dag_id, run_id, "left unfinished by an interrupted command; the year was started anew")
                console.print(f"  left unfinished earlier, now marked as failed: {dag_id} {run_id}", soft_wrap=True)


def _let_rest_again(api: AirflowApi, home: AirflowHome) -> None:
    """Pause the scheduled DAG again if it was paused before we came."""
    if not home.unfinished.exists():
        return
    if json.loads(home.unfinished.read_text(encoding="utf-8"))["paused"]:
        api.pause(REFRESH, paused=True)
    home.unfinished.unlink()


def _sweep_leftovers(home: AirflowHome) -> None:
    if count := sweep(home, "run"):
        console.print(f"Ended {count} processes of an earlier command that had been killed.")


def _report(home: AirflowHome, chains: list[Chain]) -> int:
    """Print what became of each year; return 0 when all have an edition."""
    failed = [chain for chain in chains if chain.failure]
    made = [chain for chain in chains if chain.outcome]
    if len(chains) == 1 and made:
        for command in ("rank", "coverage"):
            subprocess.run([sys.executable, "-m", "icdp.cli", command, str(chains[0].year)], check=False)
    editions = home.settings.published / "editions"
    for chain in made:
        edition, _, what = str(chain.outcome).partition(" ")
        console.print(f"{chain.year}: edition {edition} {what or 'published'}: {editions / edition}", soft_wrap=True)
    for chain in failed:
        console.print(f"{chain.year}: [bold red]failed[/]", soft_wrap=True)
        console.print(chain.failure, style="red", markup=False, soft_wrap=True)
    if made and all(str(chain.outcome).endswith("unchanged") for chain in made):
        console.print("Nothing changed: every edition stands as it was.")
    return 1 if failed else 0


def _tell_login(home: AirflowHome, port: int) -> None:
    console.print(f"Airflow is up: http://127.0.0.1:{port}", soft_wrap=True)
    console.print(f"The index: http://127.0.0.1:{port}/icdp/ (in Airflow: Browse, 智算指数)", soft_wrap=True)
    console.print(f"User {USER}; its password stands in {home.passwords}", soft_wrap=True)
    console.print(
        "Unpausing refresh_statistics makes one run, for the newest year. `make down` stops Airflow.", soft_wrap=True
    )
