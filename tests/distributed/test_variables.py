"""Every variable of the production file is one that something reads: needs the packages of production."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tests.deployment import compose
from tests.deployment.compose import DISTRIBUTED, ROOT, SECRETS

pytestmark = pytest.mark.distributed


def test_every_variable_of_a_process_is_one_that_airflow_or_the_project_reads() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    known = _of_airflow()
    services = compose.services(SECRETS | DISTRIBUTED)
    aws = {"AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"}
    ours = {name for service in services.values() if "build" in service.raw for name in service.environment}
    for name in ours | compose.image_environment().keys():
        if name.startswith("AIRFLOW__"):
            assert name in known, name
        elif name.startswith("ICDP_"):
            assert f"`{name}`" in readme, name
        else:
            assert name in aws | {"ADMIN_PASSWORD", "PYTHONUNBUFFERED", "AIRFLOW_HOME", "PYTHONPATH"}, name


def _of_airflow() -> set[str]:
    """Every option that Airflow and the providers of production document, as a variable."""
    import airflow
    from airflow.providers.celery.get_provider_info import get_provider_info as of_celery
    from airflow.providers.openlineage.get_provider_info import get_provider_info as of_openlineage

    core = Path(airflow.__file__).parent / "config_templates" / "config.yml"
    described = [yaml.safe_load(core.read_text(encoding="utf-8")), of_celery()["config"], of_openlineage()["config"]]
    return {
        f"AIRFLOW__{section}__{option}".upper()
        for sections in described
        for section, told in sections.items()
        for option in told["options"]
    }
