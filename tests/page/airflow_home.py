"""A program: the page inside the real Airflow app, asked as nobody, as a viewer and as an admin; prints what came as JSON.

In a process of its own: Airflow reads its configuration when it is imported, once.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def main() -> None:
    """Ask every address of the command line."""
    from airflow.api_fastapi.app import create_app, get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from airflow.utils.db import initdb
    from fastapi.testclient import TestClient

    initdb()
    app = create_app(apps="core")
    answers: dict[str, Any] = {}
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as client:
        static = client.get(
            "/icdp/", headers=bearer(get_auth_manager(), SimpleAuthManagerUser(username="v", role="viewer"))
        ).text
        script = static.split('src="')[1].split('"')[0]
        paths = [*sys.argv[1:], f"/icdp/{script}"]
        for path in paths:
            answers[path] = {}
            for who in ("nobody", "page of nobody", "forged", "viewer", "cookie of a viewer", "admin"):
                headers, cookies = identity(who)
                answers[path][who] = told(client.get(path, headers=headers, cookies=cookies))
                client.cookies.clear()
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                headers, _ = identity("admin")
                answers[path][method] = told(client.request(method, path, headers=headers))
        headers, _ = identity("admin")
        answers["importErrors"] = client.get("/api/v2/plugins/importErrors", headers=headers).json()
        answers["plugins"] = client.get("/api/v2/plugins", headers=headers).json()
        answers["routes"] = sorted(
            {
                getattr(route, "path", "")
                for mount in app.routes
                if getattr(mount, "path", "") == "/icdp"
                for route in mount.routes
            }
        )
    print("ANSWERS" + json.dumps(answers))


def bearer(manager: Any, user: Any) -> dict[str, str]:
    """Return the header of somebody who has logged in."""
    return {"Authorization": f"Bearer {manager.generate_jwt(user)}"}


def identity(who: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return headers and cookies of a visitor."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    manager = get_auth_manager()
    if who == "page of nobody":
        return {"Accept": "text/html,application/xhtml+xml"}, {}
    if who == "forged":
        return {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}, {}
    if who == "nobody":
        return {}, {}
    user = SimpleAuthManagerUser(username="somebody", role="admin" if who == "admin" else "viewer")
    if who == "cookie of a viewer":
        return {}, {"_token": manager.generate_jwt(user)}
    return bearer(manager, user), {}


def told(answer: Any) -> dict[str, Any]:
    """Return what matters of an answer."""
    return {"status": answer.status_code, "to": answer.headers.get("location"), "text": answer.text[:300]}


if __name__ == "__main__":
    main()
