"""A throw-away Airflow home for the DAG tests; set before anything imports Airflow."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(tempfile.mkdtemp(prefix="icdp-airflow-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ.update(
    AIRFLOW_HOME=str(HOME),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__DAGS_FOLDER=str(ROOT / "dags"),
    AIRFLOW__CORE__PLUGINS_FOLDER=str(ROOT / "plugins"),
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{HOME}/airflow.db",
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED="False",
)


@pytest.fixture(scope="session")
def airflow_database() -> None:
    """Airflow's own tables, once."""
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture
def dag_bag(airflow_database: None) -> Any:
    """The DAGs as parsed from the files; anew for each test, for a run in memory leaves its conf in them."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(ROOT / "dags")
