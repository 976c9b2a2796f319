"""The index page inside Airflow, behind Airflow's own login and permissions."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from airflow.plugins_manager import AirflowPlugin

from icdp.settings import Settings

if TYPE_CHECKING:
    from fastapi import Request

# Here, so that a wrong variable is an import error that Airflow shows, and not the end of its API server.
SETTINGS = Settings.from_environment()


def login(request: Request) -> str:
    """Return the address of Airflow's login, which leads back to what was asked for."""
    from airflow.api_fastapi.app import API_ROOT_PATH

    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{API_ROOT_PATH}api/v2/auth/login?{urlencode({'next': asked})}"


class IcdpPlugin(AirflowPlugin):
    """Page and API under ``/icdp``, an entry in the navigation that shows the page in Airflow's frame."""

    name = "icdp"
    external_views = [  # noqa: RUF012 - Airflow's own shape
        {
            "name": "智算指数 ICDP index",
            "href": "icdp/",
            "destination": "nav",
            "category": "browse",
            "url_route": "icdp",
        }
    ]

    @cached_property
    def fastapi_apps(self) -> list[Any]:  # type: ignore[override]
        """Return the app; only the API server asks for it, and only there is it made: every task loads this file."""
        from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
        from airflow.api_fastapi.core_api.security import requires_access_view
        from fastapi import Depends

        from icdp.page.app import create_app

        app = create_app(SETTINGS, dependencies=[Depends(requires_access_view(AccessView.PLUGINS))], login=login)
        return [{"app": app, "url_prefix": "/icdp", "name": "ICDP"}]
