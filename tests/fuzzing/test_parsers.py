"""Whatever bytes a site sends, a parser gives a sound table or a refusal of ours: mutations of what the replicas send."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzzing.mutating import LIMITS, MUTATIONS, Mutation, lasting, mutated
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

CAT = load_catalog(CATALOG)


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

    @LIMITS
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
