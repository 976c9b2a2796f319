"""The index page inside Airflow, behind Airflow's own login and permissions."""

from __future__ import annotations

from urllib.parse import urlencode

from airflow.api_fastapi.app import API_ROOT_PATH
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.core_api.security import requires_access_view
from airflow.plugins_manager import AirflowPlugin
from fastapi import Depends, Request

from icdp.page.app import create_app
from icdp.settings import Settings

PREFIX = "/icdp"


def login(request: Request) -> str:
    """Return the address of Airflow's login, which leads back to what was asked for."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{API_ROOT_PATH}api/v2/auth/login?{urlencode({'next': asked})}"


app = create_app(
    Settings.from_environment(), dependencies=[Depends(requires_access_view(AccessView.PLUGINS))], login=login
)


class IcdpPlugin(AirflowPlugin):
    """Page and API under ``/icdp``, an entry in the navigation that shows the page in Airflow's frame."""

    name = "icdp"
    fastapi_apps = [{"app": app, "url_prefix": PREFIX, "name": "ICDP"}]  # noqa: RUF012 - Airflow's own shape
    external_views = [  # noqa: RUF012 - likewise
        {
            "name": "智算指数 ICDP index",
            "href": "icdp/",
            "destination": "nav",
            "category": "browse",
            "url_route": "icdp",
        }
    ]
