"""The client: what it retries and how long it waits, what it refuses, and where it never goes."""

from __future__ import annotations

import gzip
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.replica.server import Replica, Reply, Request, broken_off, instead, reset, serving, status

from icdp.catalog.model import Site, Tls
from icdp.errors import FetchFailed, FetchRefused
from icdp.sources.client import Client, Clock

PAGE = Reply(b'{"figures": [1, 2, 3]}', headers={"Content-Type": "application/json"})


def answer(request: Request) -> Reply:
    if request.path == "/cookie":
        return Reply(b"", 307, {"Location": "/page", "Set-Cookie": "wzws_cid=1"})
    if request.path == "/elsewhere":
        return Reply(b"", 302, {"Location": "http://example.org/page"})
    if request.path == "/circle":
        return Reply(b"", 302, {"Location": "/circle"})
    return PAGE


@pytest.fixture
def replica() -> Iterator[Replica]:
    with serving(answer) as served:
        yield served


def site(**manners: Any) -> Site:
    return Site.model_validate(
        {"base_url": "https://site.example", "pacing_seconds": 0, "challenge": ["验证码"]} | manners
    )


@pytest.fixture
def client(replica: Replica, waits: Any) -> Callable[..., Client]:
    return lambda **manners: Client("tested", site(**manners), replica.url, waits.clock)


@pytest.mark.parametrize(
    ("fault", "slept"),
    [
        (status(429, Retry_After="7"), [7.0]),
        (status(503, Retry_After="Thu, 15 Oct 2026 03:00:30 GMT"), [30.0]),
        (instead("<html>请输入验证码</html>".encode()), [60.0]),
        (instead(b""), [60.0]),
    ],
    ids=["429 with seconds", "503 with a date", "challenge page at 200", "empty body at 200"],
)
def test_the_wait_is_what_the_site_asks_for(
    client: Callable[..., Client], replica: Replica, waits: Any, fault: Any, slept: list[float]
) -> None:
    replica.fault(fault)
    assert client().get("/page").content == PAGE.body
    assert waits.slept == slept


@pytest.mark.parametrize(
    "fault", [reset, broken_off, status(500), status(408)], ids=["reset", "broken off", "500", "408"]
)
def test_three_failures_that_heal_are_waited_out_longer_each_time(
    client: Callable[..., Client], replica: Replica, waits: Any, fault: Any
) -> None:
    replica.fault(fault, times=3)
    assert client().get("/page").content == PAGE.body
    assert len(waits.slept) == 3
    assert [2**n <= wait <= 2 ** (n + 1) for n, wait in enumerate(waits.slept)] == [True] * 3


def test_after_four_tries_it_gives_up_and_says_where(client: Callable[..., Client], replica: Replica) -> None:
    replica.fault(status(500), times=9)
    with pytest.raises(FetchFailed, match=r"tested: http://127.*/page: status 500"):
        client().get("/page")
    assert len(replica.requests) == 4


def test_a_challenge_is_met_with_a_new_session_each_time(
    client: Callable[..., Client], replica: Replica, waits: Any
) -> None:
    asking = client()
    asking.get("/cookie")
    replica.fault(instead("<html>验证码</html>".encode()), times=3)
    asking.get("/page")
    assert waits.slept == [60.0, 120.0, 240.0]
    cookies = [request.headers.get("Cookie") for request in replica.requests]
    assert cookies == [None, "wzws_cid=1", "wzws_cid=1", None, None, None]


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 412])
def test_a_wall_is_refused_at_once(client: Callable[..., Client], replica: Replica, waits: Any, code: int) -> None:
    replica.fault(status(code))
    with pytest.raises(
        FetchRefused, match=rf"status {code}; the address has moved or the site refuses machines"
    ) as caught:
        client().get("/page")
    assert caught.value.status == code
    assert (len(replica.requests), waits.slept) == (1, [])


def test_nothing_listens(waits: Any) -> None:
    with serving(answer) as gone:
        url = gone.url
    with pytest.raises(FetchFailed, match="no answer"):
        Client("tested", site(), url, waits.clock).get("/page")
    assert len(waits.slept) == 3


def test_two_gigabytes_are_refused_by_their_announcement(client: Callable[..., Client], replica: Replica) -> None:
    replica.fault(lambda handler, reply: handler.send(reply, length=2_000_000_000))
    with pytest.raises(FetchRefused, match="2000000000 bytes are more than the 50000000 allowed"):
        client().get("/page")


def test_a_bomb_is_refused_when_it_has_unpacked_to_the_limit(client: Callable[..., Client], replica: Replica) -> None:
    bomb = gzip.compress(b"0" * 5_000_000)
    assert len(bomb) < 10_000
    replica.fault(instead(bomb, Content_Encoding="gzip"))
    with pytest.raises(FetchRefused, match="the body is larger than the 1000000 bytes allowed"):
        client(max_megabytes=1).get("/page")


def test_a_cut_archive_is_tried_again(client: Callable[..., Client], replica: Replica) -> None:
    replica.fault(instead(gzip.compress(b"0" * 5_000)[:-20], Content_Encoding="gzip"))
    assert client().get("/page").content == PAGE.body


def test_another_host_is_never_asked(client: Callable[..., Client], replica: Replica) -> None:
    for address in ("https://example.org/page", "/elsewhere"):
        with pytest.raises(FetchRefused, match=r"host 'example\.org' is not configured"):
            client().get(address)
    assert [request.path for request in replica.requests] == ["/elsewhere"]


def test_a_host_named_in_also_is_asked_but_not_without_tls(client: Callable[..., Client]) -> None:
    with pytest.raises(FetchRefused, match="not https"):
        client(also=["https://example.org"]).get("/elsewhere")


def test_a_redirect_within_the_site_is_followed_and_its_cookie_kept(
    client: Callable[..., Client], replica: Replica
) -> None:
    assert client().get("/cookie").content == PAGE.body
    assert replica.requests[-1].headers["Cookie"] == "wzws_cid=1"


def test_a_circle_of_redirects_ends(client: Callable[..., Client], replica: Replica) -> None:
    with pytest.raises(FetchRefused, match="more than 5 redirects"):
        client().get("/circle")
    assert len(replica.requests) == 6


def test_it_keeps_its_pace(client: Callable[..., Client], waits: Any) -> None:
    asking = client(pacing_seconds=2)
    for _ in range(4):
        asking.get("/page")
    assert waits.slept == [2.0, 2.0, 2.0]


def test_its_time_is_limited(client: Callable[..., Client], replica: Replica) -> None:
    replica.fault(status(429, Retry_After="3600"))
    with pytest.raises(FetchFailed, match="its 900 s are used up; run it again later"):
        client().get("/page")
    asking = client(pacing_seconds=500)
    asking.get("/page")
    asking.get("/page")
    with pytest.raises(FetchFailed, match="its 900 s are used up"):
        asking.get("/page")


def test_a_drip_is_cut_off_when_the_time_is_used_up(replica: Replica, waits: Any) -> None:
    def drip(handler: Any, reply: Reply) -> None:
        handler.send(Reply(b"", 200), length=1000)
        for _ in range(1000):
            waits.seconds += 10  # what a byte takes
            handler.wfile.write(b"0")
            handler.wfile.flush()

    replica.fault(drip)
    with pytest.raises(FetchFailed, match="its 900 s are used up"):
        Client("tested", site(), replica.url, waits.clock).get("/page")


def test_a_site_that_says_nothing_is_left_after_its_time(replica: Replica, waits: Any) -> None:
    replica.fault(lambda handler, reply: handler.rfile.read(1) and None, times=9)  # waits for what never comes
    with pytest.raises(FetchFailed, match="no answer"):
        Client("tested", site(timeout_seconds=0.05), replica.url, waits.clock).get("/page")


def test_it_says_who_it_is(client: Callable[..., Client], replica: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://user:secret@127.0.0.1:1")
    client().get("/page", Referer="https://site.example/list")
    client(user_agent="browser", headers={"Origin": "https://site.example"}).post("/page", json={"a": 1})
    honest, browser = (request.headers for request in replica.requests)
    assert honest["User-Agent"].startswith("icdp/")
    assert honest["Referer"] == "https://site.example/list"
    assert browser["User-Agent"].startswith("Mozilla/5.0")
    assert browser["Origin"] == "https://site.example"
    assert replica.requests[1].json == {"a": 1}


@given(st.lists(st.sampled_from([reset, broken_off, status(500), status(503), instead(b"")]), max_size=6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_three_healing_faults_end_with_the_right_bytes_and_four_with_a_failure(faults: list[Any]) -> None:
    seconds = [0.0]

    def sleep(wait: float) -> None:
        seconds[0] += wait

    with serving(answer) as replica:
        for fault in faults:
            replica.fault(fault)
        asking = Client("tested", site(), replica.url, Clock(monotonic=lambda: seconds[0], sleep=sleep))
        if len(faults) < 4:
            assert asking.get("/page").content == PAGE.body
        else:
            with pytest.raises(FetchFailed):
                asking.get("/page")


@contextmanager
def secured(certificate: trustme.LeafCert) -> Iterator[Replica]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    with serving(answer, context) as replica:
        yield replica


def test_certificates_are_verified_and_a_missing_authority_can_be_named(tmp_path: Any, waits: Any) -> None:
    from datetime import UTC, datetime

    authority = trustme.CA()
    pem = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(pem)
    known = site(tls={"127.0.0.1": Tls(reason="the site sends no intermediate", authority=str(pem))})
    right = authority.issue_cert("127.0.0.1")
    with secured(right) as replica:
        assert Client("tested", known, replica.url, waits.clock).get("/page").content == PAGE.body
        with pytest.raises(FetchRefused, match=r"the certificate is not accepted .* verification stays on"):
            Client("tested", site(), replica.url, waits.clock).get("/page")
    expired = authority.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC))
    foreign = authority.issue_cert("site.example")
    for certificate in (expired, foreign):
        with secured(certificate) as replica, pytest.raises(FetchRefused, match="the certificate is not accepted"):
            Client("tested", known, replica.url, waits.clock).get("/page")


def test_legacy_renegotiation_is_for_the_named_host_only() -> None:
    tls = {"old.example": Tls(reason="server of 2009", legacy_renegotiation=True)}
    session = Client("tested", site(tls=tls))._new_session()
    allowed = [
        bool(
            session.get_adapter(f"https://{host}/")
            .poolmanager.connection_pool_kw.get("ssl_context", ssl.create_default_context())
            .options
            & 0x4
        )
        for host in ("old.example", "site.example")
    ]
    assert allowed == [True, False]
    context = session.get_adapter("https://old.example/").poolmanager.connection_pool_kw["ssl_context"]
    assert context.verify_mode == ssl.CERT_REQUIRED
