"""Client of a proxy master: starts jobs, asks for their state, stops them.

Two public editions of the master exist besides our own, and they differ (``job_running`` or ``ready``, 403 or 401, 404
or 500 for an unknown job). This client reads all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import re
import uuid
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from brayns_widget.connection.addresses import split
from brayns_widget.connection.job_status import AWAY, GATEWAY, JobStatus, NoVerdict, StatusSource
from brayns_widget.connection.link import BROKE, Unreachable, is_loopback
from brayns_widget.connection.recovery import shortened
from brayns_widget.connection.tokens import Token, redact
from brayns_widget.protocol.errors import (
    AllocationError,
    AuthError,
    BraynsWidgetError,
    ConnectionLost,
    DeadlineExceeded,
    ProtocolError,
)

if TYPE_CHECKING:
    import httpx

# Answers that say nothing of the job: the master's database or the master itself is away for a while. (2024's 500
# "cannot retreive job" means that or an unknown job.)
_BUSY = GATEWAY | {429}
_NO_VERDICT = _BUSY | {500}
STATUS_ATTEMPTS = 4
STATUS_PAUSE = 0.5
STOP_AGAIN = 3.0
"""Seconds within which a stop without a verdict is asked for again."""
LEASE = 120
"""The lease of remote jobs, in seconds, which our own master knows and no other."""
LEASE_HEADER = "Job-Lease"
_MAYBE_STARTED = "It may have started a job all the same, which then runs until its time is over."
_MAX_TEXT = 300
_MAX_PAGE = 4096  # characters that are looked through for a page's title, which takes their square
_MAX_JOBS = 5  # in a message; the newest
_LOST = "cannot retreive job"  # spelled like this
_UNKNOWN_2024 = "Invalid job ID"  # as text, or in JSON
_UNKNOWN_HERE = "there is no such job"  # our own master's words
_MAX_LOG = 65536  # characters, whatever a master sends


def master_address(url: str) -> str:
    """Check the address of a proxy master and return it without a trailing slash.

    Raises:
        BraynsWidgetError: it is not a plain HTTP address, or contains a credential.
    """
    url = str(url)  # of a script that no type checker has read
    parts = split(url)
    if parts is None or parts.scheme not in {"http", "https"} or parts.query or "@" in parts.netloc:
        shown = redact(url) if "://" in url else redact(f"://{url}")[len("://") :]
        raise BraynsWidgetError(
            f"{shown!r} is not the address of a proxy master.",
            hint="It looks like https://host/path, without a token or a user in it.",
        )
    return url.rstrip("/")


class MasterClient(StatusSource):
    """Client of one proxy master.

    Args:
        url: ``http://`` or ``https://`` address of the master.
        token: the bearer token for every call.
        timeout: seconds that one call may take.

    Attributes:
        cannot_stop: whether ``stop`` has found that the master has no such call.

    Raises:
        BraynsWidgetError: see ``master_address``.
        ConnectionLost: a package for the proxy that the environment names is not installed.
    """

    def __init__(self, url: str, token: Token, *, timeout: float = 15.0) -> None:
        self.url = master_address(url)
        self.cannot_stop = False
        self._timeout = timeout
        import httpx  # takes a tenth of a second, which importing the package need not cost

        from brayns_widget.connection.bearer import Bearer

        # Plain HTTP needs no certificates, and reading them takes a tenth of a second. Redirects are not followed.
        try:
            self._client = httpx.AsyncClient(
                timeout=timeout, trust_env=not is_loopback(url), verify=url.startswith("https:"), auth=Bearer(token)
            )
        except ImportError:
            raise ConnectionLost(
                "The environment (ALL_PROXY or the like) names a SOCKS proxy, which takes a further package.",
                hint="Install httpx[socks], or name no such proxy.",
            ) from None

    def __repr__(self) -> str:
        return f"MasterClient({self.url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections to the master."""
        await self._client.aclose()

    def renew(self, token: Token) -> None:
        """Use another token from now on."""
        from brayns_widget.connection.bearer import Bearer

        self._client.auth = Bearer(token)

    async def start(self, usecase: str, project: str | None = None, *, lease: int | None = None) -> str:
        """Start a job and return its id.

        Never retried: after a failure an unknown job may run, and a second try would start another.

        Args:
            usecase: the use case.
            project: the project, or None.
            lease: seconds without a sign of life of any client after which the master may end the job, or None.

        Raises:
            AuthError, AllocationError, ConnectionLost, DeadlineExceeded, ProtocolError
        """
        body = {"usecase": usecase} if project is None else {"usecase": usecase, "project": project}
        try:
            response = await self._call("POST", "/start", body, headers={LEASE_HEADER: str(lease)} if lease else None)
            if response.status_code not in {200, 201}:
                raise AllocationError(
                    f"The proxy master did not start a job for use case {usecase!r}: {_say(response)}.",
                    hint=f"Try again later. {_MAYBE_STARTED}" if response.status_code in _NO_VERDICT else "",
                )
            job_id = _object(response).get("job_id")
            if not isinstance(job_id, str) or not job_id:
                raise ProtocolError("The proxy master started a job without returning its id.")
        except (DeadlineExceeded, ConnectionLost, ProtocolError) as error:
            if not isinstance(error, Unreachable):  # it was asked, and its answer is not known
                error.hint = _MAYBE_STARTED
            raise
        return job_id

    async def keep(self, job_id: str) -> None:
        """Let a job run on without clients, where the master ends such jobs (ours does); no other knows this call.

        An answer that says nothing of the job is asked for again within ``STOP_AGAIN`` seconds.

        Raises:
            AllocationError: the master does not agree, or the job has ended.
            AuthError, ConnectionLost, DeadlineExceeded, ProtocolError
        """
        response = await self._insist(f"/lease/{quote(job_id, safe='')}", {"seconds": None})
        if response.status_code < 400:
            if reason := _read_status(_object(response)).reason:
                raise AllocationError(f"The job has ended: {reason.splitlines()[0].rstrip('.')}.")
        elif response.status_code not in {404, 405, 501} or _UNKNOWN_HERE in response.text:
            raise AllocationError(f"The proxy master did not agree to keep the job: {_say(response)}.")

    async def log(self, job_id: str) -> str:
        """Return the last lines that the servers of a job have logged, below the name of each; "" if there are none.

        Only our own master has this call.

        Raises:
            AllocationError: the master tells no log, or does not know the job.
            AuthError, ConnectionLost, DeadlineExceeded, ProtocolError
        """
        response = await self._call("GET", f"/log/{quote(job_id, safe='')}")
        if response.status_code in {404, 405, 501} and _UNKNOWN_HERE not in response.text:
            raise AllocationError(f"The proxy master at {self.url} tells no log.", hint="Look where the job runs.")
        if response.status_code != 200:
            raise AllocationError(f"The proxy master did not tell the job's log: {_say(response)}.")
        parts = _object(response).get("log")
        if not isinstance(parts, dict):
            raise ProtocolError("The proxy master told a log that is none.")
        texts = [f"{server}:\n{text}" for server, text in parts.items() if isinstance(text, str) and text]
        return redact("\n\n".join(texts))[-_MAX_LOG:]

    async def check_names_slave(self) -> None:
        """Check that this master tells the address of its slave, as the 2024 edition does with each ready job.

        Raises:
            BraynsWidgetError: it does not, as far as can be known before a job is started.
            AuthError, ConnectionLost, DeadlineExceeded
        """
        if not _is_2024(await self.check_is_one()):
            raise BraynsWidgetError(
                f"The proxy master at {self.url} does not tell the address of its proxy slave, so no job was started.",
                hint='Pass slave="wss://host/path".',
            )

    async def check_is_one(self) -> httpx.Response:
        """Check that a proxy master answers, and takes the token; return its answer about an unknown job.

        Raises:
            NoVerdict: something else answers.
            AuthError, ConnectionLost, DeadlineExceeded
        """
        until = asyncio.get_running_loop().time() + AWAY
        response = await self._ask(uuid.uuid4().hex)
        while response.status_code in _BUSY and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(shortened(STATUS_PAUSE * 2**STATUS_ATTEMPTS))
            response = await self._ask(uuid.uuid4().hex)
        if not _knows_not(response) and _LOST not in response.text:
            raise NoVerdict(f"The proxy master does not answer as one does: {_say(response)}.")
        return response

    async def status(self, job_id: str) -> JobStatus:
        """Ask for a job's state; an answer that says nothing of the job is asked for again a few times.

        Raises:
            AuthError, AllocationError, ConnectionLost, DeadlineExceeded, ProtocolError
        """
        response = await self._ask(job_id)
        if _knows_not(response):
            return JobStatus(gone=True)
        if response.status_code == 200:
            return _read_status(_object(response))
        if _LOST in response.text:
            return JobStatus(gone=True, unsure=True)
        kind = NoVerdict if _says_nothing(response) else AllocationError
        raise kind(f"The proxy master did not return the job's state: {_say(response)}.")

    async def _ask(self, job_id: str) -> httpx.Response:
        attempt = 1
        while True:
            response = await self._call("GET", f"/status/{quote(job_id, safe='')}")
            if not _says_nothing(response) or attempt == STATUS_ATTEMPTS:
                return response
            await asyncio.sleep(shortened(STATUS_PAUSE * 2 ** (attempt - 1)))
            attempt += 1

    async def check_known(
        self, job_id: str, *, patience: float = AWAY, on_doubt: Callable[[str], None] = lambda _: None
    ) -> None:
        """Check that the master knows a job; see ``StatusSource.check_known``.

        Raises:
            AllocationError: it does not; the hint names the jobs that run, if the master lists them (ours does).
            NoVerdict, AuthError, ConnectionLost, DeadlineExceeded, ProtocolError
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        while True:
            try:
                status = await self.status(job_id)
            except NoVerdict as error:
                doubt = error
            else:
                if status.gone and not status.unsure:
                    raise AllocationError(
                        f"There is no job {job_id!r} at {self.url}.", hint=await self._where_jobs_are()
                    )
                if not status.unsure:
                    return
                doubt = NoVerdict(f"The proxy master does not find the job {job_id!r}; its database may be away.")
            if loop.time() >= until:
                raise doubt
            on_doubt(doubt.message)
            await asyncio.sleep(shortened(STATUS_PAUSE * STATUS_ATTEMPTS))

    async def _where_jobs_are(self) -> str:
        jobs = None
        with contextlib.suppress(BraynsWidgetError):  # what was asked first has been answered
            response = await self._call("GET", "/jobs")
            jobs = _object(response).get("jobs") if response.status_code == 200 else None
        if not isinstance(jobs, list):
            return "Whoever started a job finds its id as controller.job.id."
        jobs = [job for job in jobs if isinstance(job, dict)]
        running = [str(job.get("job_id")) for job in jobs if job.get("job_running") or job.get("state") == "queued"]
        more = f" and {len(running) - _MAX_JOBS} more" if len(running) > _MAX_JOBS else ""
        return f"Those there are: {', '.join(running[-_MAX_JOBS:])}{more}." if running else "None is listed there."

    async def stop(self, job_id: str) -> bool:
        """Stop a job; an answer that says nothing of the job is asked for again within ``STOP_AGAIN`` seconds.

        Returns:
            whether it has ended; False: the master has no such call (the 2023 edition).

        Raises:
            AuthError, AllocationError, ConnectionLost, DeadlineExceeded
        """
        response = await self._insist(f"/stop/{quote(job_id, safe='')}")
        if response.is_success and not _is_page(response.text):  # a page to sign in has stopped nothing
            return True
        if response.status_code == 404 and (_is_2024(response) or _UNKNOWN_HERE in response.text):
            return True
        if response.status_code in {404, 405, 501}:
            self.cannot_stop = True
            return False
        text = f"The proxy master did not stop the job: {_say(response)}."
        if response.status_code not in _NO_VERDICT:
            raise AllocationError(text)
        problem = NoVerdict(text)
        problem.unsure = _LOST in response.text
        raise problem

    async def _insist(self, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """Post a call that may be repeated, until there is a verdict, within ``STOP_AGAIN`` seconds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + STOP_AGAIN
        pause = STATUS_PAUSE
        while True:
            try:
                response = await self._call("POST", path, body)
            except ConnectionLost:
                if loop.time() + pause > deadline:
                    raise
            else:
                if response.status_code not in _NO_VERDICT or loop.time() + pause > deadline:
                    return response
            await asyncio.sleep(shortened(pause))
            pause *= 2

    async def _call(
        self, verb: str, path: str, body: Mapping[str, Any] | None = None, *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        import httpx

        try:
            # httpx limits each read; this limits the whole.
            async with asyncio.timeout(self._timeout):
                response = await self._client.request(verb, self.url + path, json=body, headers=headers)
        except (TimeoutError, httpx.TimeoutException):
            raise DeadlineExceeded(
                f"The proxy master at {self.url} did not answer {verb} {path} within {self._timeout:g} s."
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # "from None": the exception holds the request, and the request the token.
            text = redact(str(error)) or BROKE
            kind = Unreachable if isinstance(error, httpx.ConnectError | httpx.ProxyError) else ConnectionLost
            raise kind(f"The proxy master at {self.url} cannot be reached: {text}.") from None
        if response.status_code in {401, 403}:
            whose = "" if path == "/start" else ", or the job is another user's"
            raise AuthError(
                f"The proxy master refused {verb} {path}: {_say(response)}.",
                hint=f"The token is wrong or expired{whose}.",
            )
        return response


def _is_2024(response: httpx.Response) -> bool:
    """Whether an answer about an unknown job is one of the 2024 edition, with either of its databases."""
    return _LOST in response.text or (response.status_code == 404 and _UNKNOWN_2024 in response.text)


def _knows_not(response: httpx.Response) -> bool:
    """Whether a master says that it does not know a job; a 404 of another server says nothing.

    The 2023 edition says it without a word.
    """
    if response.status_code != 404:
        return False
    return not response.text.strip() or _is_2024(response) or _UNKNOWN_HERE in response.text


def _says_nothing(response: httpx.Response) -> bool:
    return response.status_code in _NO_VERDICT or (response.status_code == 404 and not _knows_not(response))


def _say(response: httpx.Response) -> str:
    text = redact(" ".join(_words(response.text).split())[:_MAX_TEXT]).rstrip(".")
    return f"HTTP {response.status_code}, {text}" if text else f"HTTP {response.status_code}"


def _is_page(text: str) -> bool:
    return text.lstrip().startswith("<")


def _words(text: str) -> str:
    """Return a text, or of a page, as proxies answer with, its title."""
    if not _is_page(text):
        return text
    text = text[:_MAX_PAGE]
    title = re.search(r"<title[^>]*>(.*?)</title", text, re.IGNORECASE | re.DOTALL)
    return html.unescape(title[1] if title else re.sub(r"<[^>]*>", " ", text))


def _object(response: httpx.Response) -> dict[str, Any]:
    # The content type of the real masters is always text/plain.
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ProtocolError(f"The proxy master answered with something else than a JSON object ({_say(response)}).")
    return body


def _read_status(body: dict[str, Any]) -> JobStatus:
    if "ready" in body:
        running = ready = body["ready"] is True
    elif "job_running" in body:
        running = body["job_running"] is True
        ready = running and body.get("brayns_started") is True
    else:
        raise ProtocolError(f"The proxy master answered with an unknown kind of status: {sorted(body)}.")
    end_time, url = body.get("end_time_utc") or body.get("end_time"), body.get("job_url")
    host = body.get("host")
    return JobStatus(
        running=running,
        ready=ready,
        end_time=end_time if isinstance(end_time, str) else None,
        reason=str(body.get("reason") or ""),
        failed=body.get("state") == "failed",
        host=host if isinstance(host, str) else "",
        renderer_url=url if isinstance(url, str) else "",
    )
