"""Nothing leaves but what is published; nothing asked does harm; a reader sees one state of the database."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import duckdb
import pytest
from fastapi.testclient import TestClient

from icdp.page.app import create_app
from icdp.page.downloads import listed
from icdp.page.refusals import Refused
from icdp.publishing.reader import open_published
from icdp.settings import Settings

GETTABLE = [
    "/", "/api/editions", "/api/scores", "/api/provinces", "/api/provinces/110000",
    "/api/provinces/110000/indicators/green_power", "/api/compare?adcode=110000&adcode=310000", "/api/history",
    "/api/changes", "/api/indicators", "/api/weights", "/api/quality", "/api/approvals", "/api/sources", "/api/whatif", "/api/downloads",
    "/api/openapi.json",
]  # fmt: skip
ONE_EDITION = [path for path in GETTABLE if path.startswith("/api/") and "openapi" not in path]


@pytest.mark.parametrize("path", GETTABLE)
def test_every_answer_keeps_the_browser_at_home(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    for rule in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
                 "base-uri 'none'", "form-action 'none'", "frame-ancestors 'self'"):  # fmt: skip
        assert rule in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "private" in answer.headers.get("cache-control", "private")


@pytest.mark.parametrize("path", GETTABLE)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_written(client: TestClient, path: str, method: str) -> None:
    assert client.request(method, path).status_code == 405


def test_the_page_refers_to_nothing_elsewhere(client: TestClient) -> None:
    html = client.get("/").text
    assert "http" not in html
    for name in ("page.css", "main.js", "look.css", "words.js"):
        assert f"/{name}" in html
    folder = html.split('href="')[1:]
    addresses = [part.split('"')[0] for part in folder if part.startswith("static/")]
    assert addresses
    for address in addresses:
        answer = client.get(f"/{address}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert client.get(f"/static/0000000000000000/{addresses[0].rsplit('/', 1)[1]}").status_code == 404


def test_scripts_build_the_page_from_text_only() -> None:
    source = Path(__file__).resolve().parents[2] / "include" / "icdp" / "page"
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in (source / "static").glob("*.js"))
    for risky in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert risky not in scripts
    assert "onclick" not in (source / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ONE_EDITION)
def test_an_answer_the_reader_has_is_not_sent_again(client: TestClient, path: str) -> None:
    first = client.get(path)
    mark = first.headers["etag"]
    for held in (mark, f'"other", {mark}', mark.removeprefix("W/"), "*"):
        again = client.get(path, headers={"If-None-Match": held})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == mark
    assert client.get(path, headers={"If-None-Match": '"other"'}).content == first.content


def test_each_edition_has_its_own_mark(client: TestClient) -> None:
    marks = [client.get(f"/api/scores?edition={name}").headers["etag"] for name in ("2023-r1", "2024-r1", "2024")]
    assert marks[0] != marks[1] == marks[2]


HOSTILE = ["' OR 1=1 --", "'; DROP TABLE editions; --", "2024-r1'--", "../../etc/passwd", "\x00", "💥", "x" * 5000]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "path",
    ["scores?edition={}", "scores?node={}", "scores?search={}", "scores?sort={}", "scores?tier={}", "provinces/{}",
     "provinces/110000/indicators/{}", "changes?against={}", "quality?search={}", "quality?severity={}",
     "sources?outcome={}", "whatif?weight={}", "whatif?drop={}", "compare?adcode={}&adcode={}", "scores?limit={}",
     "scores?page={}"],
)  # fmt: skip
def test_hostile_parameters_are_refused_or_find_nothing(client: TestClient, path: str, text: str) -> None:
    answer = client.get("/api/" + path.replace("{}", quote(text, safe="")))
    if answer.status_code == 200:
        assert "search" in path
        assert answer.json()["items"] == []
    else:
        assert answer.status_code in (404, 422)
        assert set(answer.json()) == {"status", "zh", "en"}
        assert answer.json()["zh"]
        assert len(answer.text) < 3000
    assert client.get("/api/editions").json()["total"] == 2


@pytest.mark.parametrize("limit", [0, -1, 501, 10**9])
def test_a_page_has_at_most_500_rows(client: TestClient, limit: int) -> None:
    answer = client.get(f"/api/quality?limit={limit}")
    assert answer.status_code == 422
    assert "limit" in answer.json()["en"]


@pytest.mark.parametrize("adcode", ["999999", "11000", "110000a", "1100000"])
def test_an_unknown_province_is_refused(client: TestClient, adcode: str) -> None:
    answer = client.get(f"/api/provinces/{adcode}")
    assert answer.status_code == (404 if adcode == "999999" else 422)
    assert adcode in answer.json()["en"] or "adcode" in answer.json()["en"]


def test_the_connection_reaches_no_file(client: TestClient, made: Settings) -> None:
    opened = client.app.state.opened  # type: ignore[attr-defined]
    with opened.reading() as (db, _):
        for statement in (
            "SELECT * FROM read_csv('/etc/passwd')", "ATTACH '/tmp/x.duckdb' AS x", "COPY editions TO '/tmp/x.csv'",
            "SET enable_external_access = true", "INSTALL httpfs", "CREATE TABLE history.x (i INTEGER)",
            "DELETE FROM history.scores",
        ):  # fmt: skip
            with pytest.raises(duckdb.Error):
                db.connection.execute(statement)


# Files


def test_every_listed_file_can_be_had_and_is_the_published_one(client: TestClient, made: Settings) -> None:
    told = client.get("/api/downloads?edition=2024&limit=500").json()
    folder = made.published / "editions" / "2024-r1"
    listing = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert told["total"] == len(listing)
    kinds = {
        ".csv": "text/csv; charset=utf-8",
        ".parquet": "application/vnd.apache.parquet",
        ".json": "application/json",
    }
    for file in told["items"]:
        answer = client.get(file["address"])
        assert answer.content == (folder / file["path"]).read_bytes()
        assert answer.headers["etag"] == f'"{file["sha256"]}"'
        assert answer.headers["content-disposition"].startswith("attachment; filename")
        assert answer.headers["content-type"] == kinds.get(Path(file["path"]).suffix, file["media_type"])
    again = client.get(told["items"][0]["address"], headers={"If-None-Match": f'"{told["items"][0]["sha256"]}"'})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    ["../2023-r1/edition.json", "..%2f2023-r1%2fedition.json", "%2e%2e/%2e%2e/icdp.duckdb", "/etc/passwd", "csv/../../x",
     "..\\x", "csv/%00", "SHA256SUMS/../../../icdp.duckdb", "csv", "", "made_from/../../2024-r1/../2023-r1/edition.json"],
)  # fmt: skip
def test_no_path_leads_out_of_an_edition(client: TestClient, path: str) -> None:
    status, body = raw(client.app, f"/api/downloads/2024-r1/{path}")
    assert status in (404, 422)
    assert set(json.loads(body)) == {"status", "zh", "en"}


def raw(app: Any, path: str) -> tuple[int, bytes]:
    """Ask with a path as it is: clients tidy away the dots that an attacker would send."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": unquote(path), "raw_path": path.encode(), "root_path": "", "query_string": b"", "headers": [],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    coming = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not coming:
            await asyncio.Event().wait()  # the visitor stays
        return coming.pop()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    # In a thread: a browser driven by other tests may leave a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, app(scope, receive, send)).result()
    return int(sent[0]["status"]), b"".join(message.get("body", b"") for message in sent[1:])


def test_the_raw_way_does_find_a_file(client: TestClient) -> None:
    assert raw(client.app, "/api/downloads/2024-r1/edition.json")[0] == 200


def test_a_list_that_leads_out_is_not_followed(made: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "published" / "editions" / "2024-r1"
    folder.mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    shutil.copy(made.published / "icdp.duckdb", tmp_path / "published")
    lines = [f"{'0' * 64}  {path}\n" for path in ("../../../secret", str(tmp_path / "secret"), "link", "gone")]
    (folder / "SHA256SUMS").write_text("".join(lines))
    assert set(listed(tmp_path / "published", "2024-r1")) == {"link", "gone"}
    with TestClient(create_app(replace(made, home=tmp_path))) as own:
        assert own.get("/api/downloads/2024-r1/link").status_code == 404
        assert own.get("/api/downloads/2024-r1/gone").status_code == 404
        assert own.get("/api/downloads?edition=2023").status_code == 404
    with pytest.raises(Refused, match="restore it from a backup"):
        listed(tmp_path / "published", "2023-r1")


def test_a_report_opens_in_a_world_of_its_own(made: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "published" / "editions" / "2024-r1"
    folder.mkdir(parents=True)
    (folder / "report.html").write_text("<script>1</script>")
    (folder / "SHA256SUMS").write_text(f"{'0' * 64}  report.html\n")
    shutil.copy(made.published / "icdp.duckdb", tmp_path / "published")
    with TestClient(create_app(replace(made, home=tmp_path))) as own:
        answer = own.get("/api/downloads/2024-r1/report.html")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox")
    assert "allow-same-origin" not in policy
    assert "connect-src" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["content-disposition"].startswith("inline")


# Data from outside, and the file being replaced


def test_markup_in_a_figures_title_is_data(tampered: Callable[[str], Settings]) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    own = tampered(f"UPDATE history.lineage SET title = '{evil}', source_url = 'javascript:alert(1)'")
    with TestClient(create_app(own)) as client:
        answer = client.get("/api/provinces/110000/indicators/green_power?edition=2024")
    assert answer.json()["figures"][0]["title"] == evil
    assert answer.headers["content-type"] == "application/json"


def test_nothing_published_yet_is_said(tmp_path: Path, made: Settings) -> None:
    with TestClient(create_app(replace(made, home=tmp_path))) as client:
        answer = client.get("/api/scores")
        assert answer.status_code == 404
        assert "make run" in answer.json()["en"]
        (tmp_path / "published").mkdir()
        (tmp_path / "published" / "icdp.duckdb").write_bytes(b"this is no database" * 500)
        broken = client.get("/api/scores")
        assert broken.status_code == 503
        assert str(tmp_path) not in broken.text
        shutil.copy(made.published / "icdp.duckdb", tmp_path / "published" / "new")
        (tmp_path / "published" / "new").replace(tmp_path / "published" / "icdp.duckdb")
        assert client.get("/api/scores").status_code == 200


def test_a_reader_sees_one_state_while_the_database_is_replaced(made: Settings, tmp_path: Path) -> None:
    """Two databases that differ in every score take turns; mark, edition and rows of an answer are of one of them."""
    published = tmp_path / "published"
    published.mkdir()
    variants = []
    for number in (0, 1):
        path = tmp_path / f"variant{number}.duckdb"
        shutil.copy(made.published / "icdp.duckdb", path)
        path.chmod(0o644)
        with duckdb.connect(str(path)) as connection:
            connection.execute(f"UPDATE history.scores SET score = {number}")
            connection.execute(f"UPDATE history.editions SET content_sha256 = '{number}'")
        variants.append(path)

    def put(number: int) -> None:
        shutil.copy(variants[number], tmp_path / "next")
        (tmp_path / "next").replace(published / "icdp.duckdb")

    put(0)
    stop = threading.Event()

    def publish() -> None:
        turn = 0
        while not stop.is_set():
            turn = 1 - turn
            put(turn)

    seen: list[tuple[str, frozenset[float]]] = []
    own = replace(made, home=tmp_path)
    with TestClient(create_app(own)) as client:
        marks = {}
        for number in (0, 1):
            put(number)
            marks[number] = client.get("/api/scores").headers["etag"]
        publisher = threading.Thread(target=publish)
        publisher.start()
        try:
            for _ in range(150):
                answer = client.get("/api/scores?limit=31")
                assert answer.status_code == 200, answer.text
                seen.append((answer.headers["etag"], frozenset(row["score"] for row in answer.json()["items"])))
        finally:
            stop.set()
            publisher.join()
        put(1)
        assert {row["score"] for row in client.get("/api/scores").json()["items"]} == {1.0}
    assert marks[0] != marks[1]
    assert set(seen) == {(marks[0], frozenset({0.0})), (marks[1], frozenset({1.0}))}


def test_an_edition_published_meanwhile_is_there_at_the_next_question(
    own: Settings, run_year: Callable[[Settings, int], str]
) -> None:
    with TestClient(create_app(own)) as client:
        assert client.get("/api/scores").json()["edition"] == "2024-r1"
        assert run_year(own, 2022) == "2022-r1 published"
        told = client.get("/api/editions").json()
        assert [row["edition"] for row in told["items"]] == ["2024-r1", "2023-r1", "2022-r1"]
        with open_published(own.published) as db:
            first = db.frame("SELECT adcode FROM scores WHERE year = 2022 AND node = 'composite' ORDER BY rank LIMIT 1")
        assert client.get("/api/scores?edition=2022").json()["items"][0]["adcode"] == first["adcode"][0]
