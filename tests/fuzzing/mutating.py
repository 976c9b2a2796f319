"""Mutations of bytes, and tests that go on for as long as they are told to.

A few dozen examples each in the ordinary run; `make fuzz MINUTES=10` goes on for so long with each reader.
"""

from __future__ import annotations

import io
import os
import time
import zipfile
from collections.abc import Callable

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st

MINUTES = float(os.environ.get("ICDP_TEST_FUZZ_MINUTES", "0"))
LIMITS = settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
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


def repacked(bundle: bytes, member: float, mutations: list[Mutation]) -> bytes:
    """Mutate one file within a zip file, which stays a sound one."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as source:
        members = {name: source.read(name) for name in source.namelist()}
    chosen = list(members)[min(int(member * len(members)), len(members) - 1)]
    members[chosen] = mutated(members[chosen], mutations)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as target:
        for name, content in members.items():
            target.writestr(name, content)
    return stream.getvalue()
