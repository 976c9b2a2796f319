"""Fetching with manners: one client a source, that keeps its pace, retries what heals and goes nowhere else."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from urllib3.util.ssl_ import create_urllib3_context

from icdp import __version__
from icdp.catalog.model import Site, Tls
from icdp.errors import FetchFailed, FetchRefused

HONEST = f"icdp/{__version__} (+index of provincial statistics; python-requests)"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
ATTEMPTS = 4
BACK_OFF = 2.0
CHALLENGE_BACK_OFF = 60.0
REDIRECTS = 5
CHUNK = 65536
HEALS = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a site answered: the bytes as they came after transfer decoding, and where they are from."""

    url: str
    status: int
    content: bytes
    headers: Mapping[str, str]
    retrieved_at: str


class _Healing(FetchFailed):
    """May be gone at the next try; ``wait`` says how long the site asks for."""

    def __init__(self, message: str, wait: float | None = None, *, new_session: bool = False) -> None:
        super().__init__(message)
        self.wait = wait
        self.new_session = new_session


@dataclass(slots=True)
class Clock:
    """Time as the client sees it; tests bring one that does not really wait."""

    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


Check = Callable[[Answer], str | None]
"""Looks at an answer; returns why it is a passing page (challenge, wall) instead of an answer, or None."""


class Client:
    """Asks one source's hosts.

    Args:
        source: its id, for messages.
        site: its manners (``include/catalog/sources/<id>.yaml``).
        base_url: where the site is reached instead (a mirror, a test).
        clock: time.
    """

    def __init__(self, source: str, site: Site, base_url: str | None = None, clock: Clock | None = None) -> None:
        self.source = source
        self.site = site
        self.base_url = (base_url or site.base_url).rstrip("/") + "/"
        self.clock = clock or Clock()
        self.hosts = {host for url in (self.base_url, *site.also) if (host := urlsplit(url).hostname)}
        self._session = self._new_session()
        self._last: dict[str, float] = {}
        self._moved = base_url is not None
        self._folders: set[str] = set()
        self._deadline = self.clock.monotonic() + site.budget_seconds

    def at(self, address: str, folder: str) -> str:
        """Return where another site of the source is reached: at ``address``, its own.

        Where a base address was put in place of the source's own (a mirror, a test), it is ``folder`` below that
        one, and keeps a pace of its own like a host.
        """
        if not self._moved:
            return address.rstrip("/")
        moved = urljoin(self.base_url, folder)
        self._folders.add(f"{moved}/")
        return moved

    def get(
        self, url: str, *, params: Mapping[str, str] | None = None, check: Check | None = None, **headers: str
    ) -> Answer:
        """GET ``url`` (absolute, or from the base address).

        Raises:
            FetchFailed: what may heal did not within the tries and the time allowed.
            FetchRefused: what will not: another host, a wall, a body too large.
        """
        return self._ask("GET", url, headers, check, params=params)

    def post(
        self,
        url: str,
        *,
        json: Any = None,
        data: Mapping[str, str] | None = None,
        check: Check | None = None,
        **headers: str,
    ) -> Answer:
        """POST to ``url``; raises as :meth:`get`."""
        return self._ask("POST", url, headers, check, json=json, data=data)

    def _ask(self, method: str, url: str, headers: Mapping[str, str], check: Check | None, **body: Any) -> Answer:
        target = urljoin(self.base_url, url)
        names = {name.replace("_", "-"): value for name, value in headers.items()}

        def once() -> Answer:
            answer = self._follow(method, target, names, body)
            reason = self._passing(answer) or (check(answer) if check else None)
            if reason:
                raise _Healing(f"{self.source}: {answer.url}: {reason}", CHALLENGE_BACK_OFF, new_session=True)
            return answer

        retrying = Retrying(
            retry=retry_if_exception_type(_Healing),
            stop=stop_after_attempt(ATTEMPTS),
            wait=self._wait,
            before_sleep=self._before_sleep,
            sleep=self.clock.sleep,
            reraise=True,
        )
        return retrying(once)

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        doubled = 2.0 ** (state.attempt_number - 1)
        if isinstance(error, _Healing) and error.wait is not None:
            return error.wait * (doubled if error.new_session else 1.0)
        # Half of it depends on the moment, so that two clients do not come back together.
        jitter = (self.clock.monotonic() * 1000.0) % 1.0
        return BACK_OFF * doubled * (0.5 + 0.5 * jitter)

    def _before_sleep(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        wait = state.next_action.sleep if state.next_action else 0.0
        if self.clock.monotonic() + wait > self._deadline:
            raise FetchFailed(f"{error}; its {self.site.budget_seconds:g} s are used up; run it again later") from error
        if isinstance(error, _Healing) and error.new_session:
            self._session = self._new_session()

    def _follow(self, method: str, url: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Answer:
        for _ in range(REDIRECTS + 1):
            response = self._send(method, url, headers, body)
            location = response.headers.get("Location")
            if response.status_code not in (301, 302, 303, 307, 308) or not location:
                return self._answer(response)
            response.close()
            url = urljoin(url, location)
            if response.status_code in (301, 302, 303):
                method, body = "GET", {}
        raise FetchRefused(f"{self.source}: {url}: more than {REDIRECTS} redirects; the address has changed")

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> requests.Response:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if host not in self.hosts:
            raise FetchRefused(
                f"{self.source}: {url}: host {host!r} is not configured; add it to `also` in the source's file if it is right"
            )
        if parts.scheme != "https" and host not in ("127.0.0.1", "localhost", "::1"):
            raise FetchRefused(f"{self.source}: {url}: not https; correct the address")
        self._keep_pace(next((folder for folder in self._folders if url.startswith(folder)), host))
        try:
            return self._session.request(
                method,
                url,
                headers=dict(headers),
                timeout=self.site.timeout_seconds,
                allow_redirects=False,
                stream=True,
                **body,
            )
        except requests.exceptions.SSLError as exc:
            raise FetchRefused(
                f"{self.source}: {url}: the certificate is not accepted ({exc}); verification stays on"
            ) from exc
        except (requests.ConnectionError, requests.Timeout) as exc:
            raise _Healing(f"{self.source}: {url}: no answer ({type(exc).__name__}: {exc})") from exc
        except requests.RequestException as exc:
            raise FetchRefused(f"{self.source}: {url}: cannot be asked ({exc})") from exc

    def _keep_pace(self, site: str) -> None:
        now = self.clock.monotonic()
        if now > self._deadline:
            raise FetchFailed(f"{self.source}: its {self.site.budget_seconds:g} s are used up; run it again later")
        wait = self._last.get(site, -1e9) + self.site.pacing_seconds - now
        if wait > 0:
            self.clock.sleep(wait)
        self._last[site] = self.clock.monotonic()

    def _answer(self, response: requests.Response) -> Answer:
        with response:
            status = response.status_code
            where = f"{self.source}: {response.url}"
            if status in HEALS:
                raise _Healing(f"{where}: status {status}", _retry_after(response, self.clock.now()))
            if status != 200:
                raise FetchRefused(
                    f"{where}: status {status}; the address has moved or the site refuses machines: save the page by hand",
                    status,
                )
            content = b"".join(self._body(response, where))
        return Answer(
            str(response.url), status, content, dict(response.headers), self.clock.now().isoformat(timespec="seconds")
        )

    def _body(self, response: requests.Response, where: str) -> Iterator[bytes]:
        limit = int(self.site.max_megabytes * 1_000_000)
        told = response.headers.get("Content-Length", "")
        if told.isdigit() and int(told) > limit:
            raise FetchRefused(
                f"{where}: {int(told)} bytes are more than the {limit} allowed; raise max_megabytes if it is right"
            )
        size = 0
        try:
            for chunk in response.iter_content(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise FetchRefused(
                        f"{where}: the body is larger than the {limit} bytes allowed; raise max_megabytes if it is right"
                    )
                if self.clock.monotonic() > self._deadline:
                    raise FetchFailed(
                        f"{where}: too slow, its {self.site.budget_seconds:g} s are used up; run it again later"
                    )
                yield chunk
        except requests.RequestException as exc:
            raise _Healing(f"{where}: broke off ({type(exc).__name__}: {exc})") from exc
        if told.isdigit() and "Content-Encoding" not in response.headers and size != int(told):
            raise _Healing(f"{where}: {size} of {told} bytes came")

    def _passing(self, answer: Answer) -> str | None:
        """Return why this is a page for people who are stopped at the door, if it is."""
        if not answer.content.strip():
            return "an empty body"
        if len(answer.content) < 20_000 and answer.content.lstrip()[:1] == b"<":
            text = answer.content.decode("utf-8", errors="replace")
            if word := next((word for word in self.site.challenge if word in text), None):
                return f"a page that stops visitors ({word})"
        return None

    def _new_session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False  # no proxy, no credentials and no certificates out of the environment
        session.headers.update(
            {"User-Agent": BROWSER if self.site.user_agent == "browser" else HONEST, **self.site.headers}
        )
        session.proxies.update({f"https://{host}": proxy for host, proxy in self.site.proxies.items()})
        for host, tls in self.site.tls.items():
            session.mount(f"https://{host}", _TlsAdapter(tls))
        return session


class _TlsAdapter(HTTPAdapter):
    """TLS that differs for one host, for the reason its source file states; the certificate is verified all the same."""

    def __init__(self, tls: Tls) -> None:
        self._tls = tls
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        context = create_urllib3_context()
        context.load_default_certs()
        if self._tls.authority:
            context.load_verify_locations(cafile=self._tls.authority)
        if self._tls.legacy_renegotiation:
            context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
        super().init_poolmanager(*arguments, ssl_context=context, **options)


def _retry_after(response: requests.Response, now: datetime) -> float | None:
    told = response.headers.get("Retry-After", "")
    if told.isdigit():
        return float(told)
    try:
        return max(0.0, (parsedate_to_datetime(told) - now).total_seconds())
    except (TypeError, ValueError):
        return None
