"""The page's answers from a warm server; see README.md."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from urllib.parse import urlsplit

import pytest
from tests.browser.serving import served
from tests.conftest import make

from icdp.settings import Settings


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    settings = Settings(home=tmp_path_factory.mktemp("page"))
    for year in (2023, 2024):
        make(settings, year)
    return settings


def seconds(connection, addresses):
    """Return what each answer took."""
    taken = []
    for address in addresses:
        start = time.perf_counter()
        connection.request("GET", address)
        answer = connection.getresponse()
        body = answer.read()
        taken.append(time.perf_counter() - start)
        assert answer.status == 200, body
        assert json.loads(body)
    return taken


def test_page(published, benchmark):
    with served(published) as root:
        place = urlsplit(root)
        connection = http.client.HTTPConnection(place.netloc)
        ranking = f"{place.path}api/scores?limit=500&node="
        nodes = ["composite", "environment", "infrastructure", "application", "policy", "economy", "energy", "network"]
        first = seconds(connection, [ranking + node for node in nodes])
        again = seconds(connection, [ranking + node for node in nodes] * 20)
        moves = seconds(connection, [f"{place.path}api/whatif?weight=policy:0.{n:02}" for n in range(10, 40)])
    told = {"ranking, new": first[1:], "ranking, warm": again, "what-if, new": moves[1:]}
    medians = {name: statistics.median(taken) for name, taken in told.items()}
    benchmark.extra_info |= medians
    print({name: f"{1000 * median:.1f} ms" for name, median in medians.items()})
    assert medians["ranking, warm"] < 0.02
    assert medians["what-if, new"] < 0.25
