"""Client of a proxy master: starts jobs, asks for their state, stops them.

Two public editions of the master exist besides our own, and they differ (``job_running`` or ``ready``, 403 or 401, 404
or 500 for an unknown job). This client reads all of them.
"""

# ruff: noqa: ASYNC109 - deadlines are part of this interface, and errors name them
from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlsplit

from brayns_widget.connection.link import is_loopback
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

# An answer 500 may be a temporary failure of the master's database, so the status is asked for again.
STATUS_ATTEMPTS = 4
STATUS_PAUSE = 0.5
_MAX_TEXT = 300
_MAX_JOBS = 5  # in a message; the newest


@dataclass(frozen=True, slots=True)
class JobStatus:
    """State of a job, as the proxy master reports it.

    Attributes:
        running: a node is allocated.
        ready: renderer and backend are up.
        gone: the master does not know the job any more.
        end_time: when the allocation expires, as the master writes it (often its local time without a zone), or None.
        reason: why the job ended, if the master reports it (ours does), or "".
        failed: whether it failed, if the master reports it.
        renderer_url: the renderer's address, if the master reports it (the 2024 edition does), or "".
    """

    running: bool = False
    ready: bool = False
    gone: bool = False
    end_time: str | None = None
    reason: str = ""
    failed: bool = False
    renderer_url: str = ""


def master_address(url: str) -> str:
    """Check the address of a proxy master and return it without a trailing slash.

    Raises:
        BraynsWidgetError: it is not a plain HTTP address, or contains a credential.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
        raise BraynsWidgetError(
            f"{redact(url)!r} is not the address of a proxy master.",
            hint="It looks like https://host/path, without a token or a user in it.",
        )
    return url.rstrip("/")


class MasterClient:
    """Client of one proxy master.

    Args:
        url: ``http://`` or ``https://`` address of the master.
        token: the bearer token for every call.
        timeout: seconds that one call may take.

    Raises:
        BraynsWidgetError: see ``master_address``.
    """

    def __init__(self, url: str, token: Token, *, timeout: float = 15.0) -> None:
        self.url = master_address(url)
        self._token = token
        self._timeout = timeout
        import httpx  # takes a tenth of a second, which importing the package need not cost

        # Plain HTTP needs no certificates, and reading them takes a tenth of a second. Redirects are not followed.
        self._client = httpx.AsyncClient(
            timeout=timeout, trust_env=not is_loopback(url), verify=url.startswith("https:")
        )

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

    async def start(self, usecase: str, project: str | None = None) -> str:
        """Start a job and return its id.

        Never retried: after a failure an unknown job may run, and a second try would start another.

        Raises:
            AuthError, AllocationError, ConnectionLost, DeadlineExceeded, ProtocolError
        """
        body = {"usecase": usecase} if project is None else {"usecase": usecase, "project": project}
        response = await self._call("POST", "/start", body)
        if response.status_code not in {200, 201}:
            raise AllocationError(f"The proxy master did not start a job for use case {usecase!r}: {_say(response)}.")
        job_id = _object(response).get("job_id")
        if not isinstance(job_id, str) or not job_id:
            raise ProtocolError("The proxy master started a job without returning its id.")
        return job_id

    async def status(self, job_id: str) -> JobStatus:
        """Ask for a job's state.

        Raises:
            AuthError, AllocationError, ConnectionLost, DeadlineExceeded, ProtocolError
        """
        for attempt in range(STATUS_ATTEMPTS):
            response = await self._call("GET", f"/status/{quote(job_id, safe='')}")
            # The DynamoDB edition answers 500 (and spells it like this) for a job that it does not know.
            if response.status_code == 404 or "cannot retreive job" in response.text:
                return JobStatus(gone=True)
            if response.status_code == 200:
                return _read_status(_object(response))
            if response.status_code < 500:
                break
            if attempt + 1 < STATUS_ATTEMPTS:
                await asyncio.sleep(STATUS_PAUSE * 2**attempt)
        raise AllocationError(f"The proxy master did not return the job's state: {_say(response)}.")

    async def check_known(self, job_id: str) -> None:
        """Check that the master knows a job.

        Raises:
            AllocationError: it does not; the hint names the jobs that run, if the master lists them (ours does).
            AuthError, ConnectionLost, DeadlineExceeded, ProtocolError
        """
        if (await self.status(job_id)).gone:
            raise AllocationError(f"There is no job {job_id!r} at {self.url}.", hint=await self._where_jobs_are())

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
        return f"Those there are: {', '.join(running[-_MAX_JOBS:])}{more}." if running else "No job runs there."

    async def wait_ready(
        self,
        job_id: str,
        *,
        timeout: float,
        on_status: Callable[[JobStatus], None],
        pause: float = 1.0,
    ) -> JobStatus:
        """Poll until a job is ready.

        Args:
            job_id: the job.
            timeout: seconds.
            on_status: called with every answer until then.
            pause: longest time between two polls, in seconds; the first ones come faster.

        Raises:
            AllocationError: the job ended before it was ready.
            DeadlineExceeded: it was not ready in time.
        """
        was_running = False
        wait = min(0.05, pause)
        try:
            async with asyncio.timeout(timeout):
                while True:
                    status = await self.status(job_id)
                    if status.ready:
                        return status
                    # The real ones don't distinguish "queued" from "died", but a job that stopped running has ended.
                    if status.gone or status.reason or (was_running and not status.running):
                        raise _ended_early(status)
                    on_status(status)
                    was_running = was_running or status.running
                    await asyncio.sleep(wait)
                    wait = min(wait * 1.5, pause)
        except TimeoutError as error:
            if isinstance(error, BraynsWidgetError):
                raise
            raise DeadlineExceeded(
                f"The job was not ready within {timeout:g} s.", hint="Allow it more time with start_timeout=…"
            ) from None

    async def stop(self, job_id: str) -> None:
        """Stop a job. On a master without this call (the 2023 edition) it runs until it expires.

        Raises:
            AuthError, AllocationError, ConnectionLost, DeadlineExceeded
        """
        _check_stopped(await self._call("POST", f"/stop/{quote(job_id, safe='')}"))

    def stop_blocking(self, job_id: str, timeout: float = 5.0) -> None:
        """Stop a job without an event loop, at process exit, when no thread can be started any more."""
        import httpx

        with httpx.Client(timeout=timeout, trust_env=not is_loopback(self.url)) as client:
            try:
                response = client.post(f"{self.url}/stop/{quote(job_id, safe='')}", headers=self._headers())
            except httpx.HTTPError as error:
                raise ConnectionLost(
                    f"The proxy master at {self.url} cannot be reached: {redact(str(error))}."
                ) from None
        _check_stopped(response)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token.reveal()}"}

    async def _call(self, verb: str, path: str, body: dict[str, str] | None = None) -> httpx.Response:
        import httpx

        try:
            # httpx limits each read; this limits the whole.
            async with asyncio.timeout(self._timeout):
                response = await self._client.request(verb, self.url + path, json=body, headers=self._headers())
        except (TimeoutError, httpx.TimeoutException):
            raise DeadlineExceeded(
                f"The proxy master at {self.url} did not answer {verb} {path} within {self._timeout:g} s."
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # "from None": the exception holds the request, and the request the token.
            text = redact(str(error)) or type(error).__name__
            raise ConnectionLost(f"The proxy master at {self.url} cannot be reached: {text}.") from None
        if response.status_code in {401, 403}:
            raise AuthError(
                f"The proxy master refused {verb} {path}: {_say(response)}.",
                hint="The token is wrong or expired, or the job is another user's.",
            )
        return response


def _ended_early(status: JobStatus) -> AllocationError:
    why, _, log = (status.reason or "the proxy master gave no reason").partition("\n")
    error = AllocationError(f"The job ended before it was ready: {why.rstrip('.')}.")
    if log:
        error.add_note(log)
    return error


def _check_stopped(response: httpx.Response) -> None:
    if response.status_code >= 400 and response.status_code != 404 and "cannot retreive job" not in response.text:
        raise AllocationError(f"The proxy master did not stop the job: {_say(response)}.")


def _say(response: httpx.Response) -> str:
    text = redact(" ".join(response.text.split())[:_MAX_TEXT])
    return f"HTTP {response.status_code}, {text}" if text else f"HTTP {response.status_code}"


def _object(response: httpx.Response) -> dict[str, Any]:
    # The content type of the real masters is always text/plain.
    try:
        body = response.json()
    except ValueError:
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
    return JobStatus(
        running=running,
        ready=ready,
        end_time=end_time if isinstance(end_time, str) else None,
        reason=str(body.get("reason") or ""),
        failed=body.get("state") == "failed",
        renderer_url=url if isinstance(url, str) else "",
    )
