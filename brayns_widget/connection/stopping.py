"""The end of a job that this process started: its master stops it, or else its servers are asked to quit.

Or its last client leaves it, and it runs on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from enum import Enum

from brayns_widget.connection.job_status import GATEWAY, NoVerdict
from brayns_widget.connection.link import Link, Unreachable
from brayns_widget.connection.master import MasterClient
from brayns_widget.protocol.errors import BraynsWidgetError, ConnectionLost

STOP_DEADLINE = 10.0
"""Seconds that a master may take to stop a job: some ask a cluster first."""

QUIT_DEADLINE = 2.0
"""Seconds that a server may take to quit, or to be reached again for that."""


async def end_job(master: MasterClient, job_id: str, servers: Sequence[Link], end_time: str | None) -> str:
    """End a job, in bounded time. Never raises.

    Args:
        master: its master.
        job_id: the master's id of it.
        servers: the links to its servers, open or not.
        end_time: when it expires, as the master writes it, or None.

    Returns:
        what people have to know of a job that may run on, with its id and end time, or "" if it has ended.
    """
    reason = "its master has no call to stop it"
    refused = unsure = False
    try:
        async with asyncio.timeout(STOP_DEADLINE):
            if await master.stop(job_id):
                return ""
            if not servers or any(link.closed for link in servers):  # it may be over
                status = await master.status(job_id)
                if not status.unsure and (status.gone or status.reason):
                    return ""
                # A job that has ended looks as one that is queued, but one that was ready does not queue again.
                if servers and not status.unsure and not status.running:
                    return ""
    except TimeoutError as error:  # DeadlineExceeded is one, too
        refused, reason = True, error.message if isinstance(error, BraynsWidgetError) else "its master did not answer"
    except BraynsWidgetError as error:
        unsure = isinstance(error, NoVerdict) and error.unsure
        refused, reason = True, error.message
    ends = await asyncio.gather(*map(_quit, servers))
    if servers and unsure and all(end is _End.GONE for end in ends):
        return ""  # so the master does not find the job because it is over, and not because its database is away
    running = [link.name for link, end in zip(servers, ends, strict=True) if end is not _End.QUIT]
    if servers and not running and not refused:
        return ""
    text = describe(master.url, job_id, end_time, reason)
    if running:
        return f"{text} Its {' and '.join(running)} did not quit either."
    return f"{text} Its servers have quit." if servers else text


async def keep_job(master: MasterClient, job_id: str) -> str:
    """Let a job run on without clients, in bounded time. Never raises.

    Returns:
        what people have to know if its master did not agree, or "".
    """
    try:
        async with asyncio.timeout(STOP_DEADLINE):
            await master.keep(job_id)
    except (BraynsWidgetError, TimeoutError) as error:
        reason = error.message if isinstance(error, BraynsWidgetError) else "Its master did not answer."
        return f"The job {job_id} of {master.url} was to run on, but may end soon without clients. {reason}"
    return ""


def describe(url: str, job_id: str, end_time: str | None, reason: str) -> str:
    """Tell people of a job that may run on."""
    until = f", until {end_time} (the master's time)" if end_time else ""
    return f"The job {job_id} of {url} may run on{until}: {reason.rstrip('.')}."


class _End(Enum):
    """What became of a server that was asked to quit."""

    QUIT = "it has quit"
    GONE = "it was gone before, as far as the slave tells"
    UNKNOWN = "it may run on"


async def _quit(link: Link) -> _End:
    again: Link | None = None
    try:
        async with asyncio.timeout(QUIT_DEADLINE):
            if link.closed is not None:
                again = await Link.open(link.address.url, link.address.token, name=link.name, probe=link.probe)
            with contextlib.suppress(ConnectionLost):  # it may be gone before it has answered
                await (again or link).request("quit")
    except (BraynsWidgetError, TimeoutError) as error:
        status = error.status if isinstance(error, Unreachable) else None
        is_gone = status == 404 or (link.was_dismissed and status is not None and status not in GATEWAY)
        return _End.GONE if is_gone else _End.UNKNOWN
    finally:
        if again is not None:
            await again.close()
    return _End.QUIT
