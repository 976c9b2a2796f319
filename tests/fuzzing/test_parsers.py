"""Whatever bytes a site sends, a parser gives a sound table or a refusal of ours: mutations of what the replicas send.

A few dozen examples each in the ordinary run; `make fuzz MINUTES=10` goes on for so long with each parser.
"""

from __future__ import annotations

import io
import os
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from tests.replica.conftest import Waits
from tests.replica.server import serving
from tests.replica.sites import PLACES
from tests.replica.taking import settings_for, taken_from

from icdp.archive import Archive
from icdp.catalog import load_catalog
from icdp.errors import IcdpError, LayoutChanged
from icdp.settings import CATALOG
from icdp.sources import adapter
from icdp.sources.acquire import payload_of
from icdp.sources.base import Payload
from icdp.sources.text import zip_members

MINUTES = float(os.environ.get("ICDP_TEST_FUZZ_MINUTES", "0"))
EXAMPLES = 25
CAT = load_catalog(CATALOG)
# What a parser trips over: empty cells, other digits, ends of things, markup, numbers no column holds.
BITS = [
    b"", b"\0", b"\xff\xfe", b"<", b"</td></tr>", b"<td rowspan=999999>", b"{", b"}]", b'"', b",,", b"-1", b"1e999", b"NaN",
    b"null", b"\xef\xbc\x91", b"0" * 400, "合计".encode(), "北京".encode(), b"&#0;", b"%PDF-", b"PK\x03\x04", b"stream",
]  # fmt: skip
Mutation = tuple[str, float, float, bytes]
MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["put", "cut", "twice", "over", "end"]),
        st.floats(0, 1),
        st.floats(0, 0.05),
        st.one_of(st.sampled_from(BITS), st.binary(max_size=8)),
    ),
    min_size=1,
    max_size=6,
)


def mutated(content: bytes, mutations: list[Mutation]) -> bytes:
    for kind, where, share, bits in mutations:
        at, length = int(where * len(content)), int(share * len(content)) + 1
        piece = content[at : at + length]
        content = {
            "put": content[:at] + bits + content[at:],
            "cut": content[:at] + content[at + length :],
            "twice": content[:at] + piece * 2 + content[at + length :],
            "over": content[:at] + bits + content[at + len(bits) :],
            "end": content[:at],
        }[kind]
    return content


def lasting(test: Callable[[], None]) -> None:
    """Run a property once, or again and again with other examples until the time is over."""
    until, number = time.monotonic() + MINUTES * 60, 0
    while True:
        seed(number)(test)()
        number += 1
        if time.monotonic() >= until:
            return


@pytest.fixture(scope="module", params=sorted(PLACES))
def payloads(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Payload]:
    """Everything a replica gives for 2024."""
    source, place = request.param, PLACES[request.param]
    home: Path = tmp_path_factory.mktemp(source)
    with serving(place.site()) as replica:
        own = settings_for(home, source, replica.url + place.root)
        taken = taken_from(own, source, 2024, Waits(start=place.moment).clock)
    archive = Archive(own.archive)
    assert taken.receipts
    return [payload_of(archive, receipt) for receipt in taken.receipts]


def test_no_bytes_of_a_site_end_in_anything_but_a_table_or_a_refusal(payloads: list[Payload]) -> None:
    parse = adapter(payloads[0].source, CAT).parse
    sound = {tuple(parse(payload, CAT).columns) for payload in payloads}
    assert len(sound) == 1

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(payloads), MUTATIONS, st.booleans())
    def holds(payload: Payload, mutations: list[Mutation], of_part: bool) -> None:
        given_part = payload.open_part
        spoilt = (
            replace(payload, open_part=lambda digest: mutated(given_part(digest), mutations))
            if of_part
            else replace(payload, content=mutated(payload.content, mutations))
        )
        try:
            table = parse(spoilt, CAT)
        except IcdpError:
            return
        assert isinstance(table, pd.DataFrame)
        assert tuple(table.columns) in sound
        assert set(table["adcode"]) <= set(CAT.provinces)

    lasting(holds)


def test_a_zip_file_that_lost_its_beginning_is_refused() -> None:
    # Found by the test above: the place of its first member is before the file.
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as bundle:
        bundle.writestr("sites.csv", "a,b")
    with pytest.raises(LayoutChanged, match="is no zip file that can be read"):
        list(zip_members(content.getvalue()[10:], "sites.zip"))
