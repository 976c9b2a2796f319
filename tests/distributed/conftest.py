"""One topology for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.distributed.topology import Topology, lacking


@pytest.fixture(scope="session")
def topology(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    """Every service of the distributed profile, running."""
    if missing := lacking():
        pytest.fail(
            f"not on this machine: {', '.join(missing)}; install them (apt-get install postgresql redis-server)"
        )
    with Topology(tmp_path_factory.mktemp("distributed") / "host") as running:
        yield running
