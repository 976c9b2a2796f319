"""One-machine operation: starts Airflow, makes years through its scheduler, stops what it started.

Plain Python: Airflow is spoken to through its command line and its REST API only.
``python -m icdp.operation run --year 2024`` (and ``backfill``, ``up``, ``down``).
"""

DAGS = ("refresh_statistics", "score_index", "publish_index")
