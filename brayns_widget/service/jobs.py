"""Job records in SQLite: use case, state, end time, and reason of the end."""

from __future__ import annotations

import logging
import socket
import sqlite3
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from brayns_widget.protocol.errors import ServiceError

# use case → how long its job may run
USE_CASES: dict[str, timedelta] = {"SBO1": timedelta(hours=4)}

# far above any use, and far below what no date can hold
MAX_DURATION = timedelta(days=365)

# of jobs that end with their service only
NO_LIMIT = timedelta.max

_LAYOUT = 1
_TABLE = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY,
    usecase TEXT NOT NULL,
    key TEXT UNIQUE,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    created TEXT NOT NULL,
    end_time TEXT
)
"""

logger = logging.getLogger(__name__)


class State(StrEnum):
    """State of a job. `ENDED` (on request or on time) and `FAILED` are final."""

    QUEUED = "queued"
    STARTING = "starting"
    READY = "ready"
    ENDED = "ended"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        return self in (State.ENDED, State.FAILED)


@dataclass(frozen=True)
class Job:
    """The record of a job. Times are aware and in UTC.

    Attributes:
        end_time: when its allocation expires; None while it is queued, or without a limit.
        reason: why it ended, for people; "" before.
    """

    id: str
    usecase: str
    state: State
    created: datetime
    end_time: datetime | None = None
    reason: str = ""

    def status(self) -> dict[str, Any]:
        """Return the answer to `GET /status/ID`: the contract's three keys, then our additions.

        `end_time` has no zone: by the contract it is the server's local time. `end_time_utc` is the same instant.
        """
        end = None if self.state.final else self.end_time
        return {
            "job_running": self.state in (State.STARTING, State.READY),
            "end_time": end and end.astimezone().replace(tzinfo=None).isoformat(timespec="seconds"),
            "brayns_started": self.state is State.READY,
            "end_time_utc": end and end.isoformat(timespec="seconds"),
            "state": self.state.value,
            "reason": self.reason,
            "host": socket.gethostname(),  # all jobs run on the service's machine
        }


class JobStore:
    """The job records of one service, which opens the file exclusively.

    States that can't be written, as on a full disk, are kept in memory until they can: the jobs run all the same.

    Args:
        path: the SQLite file, made when missing; ":memory:" keeps the records as long as the service lives.

    Raises:
        ServiceError: the file can't be opened, has another format, or belongs to a running service.
    """

    def __init__(self, path: str = ":memory:") -> None:
        self._unwritten: dict[str, Job] = {}
        try:
            if path != ":memory:":
                Path(path).touch(mode=0o600)  # SQLite's other files of it have its mode
            self._database = sqlite3.connect(path, timeout=1.0, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise ServiceError(f"The job records {path} can't be opened: {error}.") from error
        try:
            self._open()
        except sqlite3.Error as error:
            self._database.close()
            hint = "Another service may be using the file: give each its own with --database."
            raise ServiceError(f"The job records {path} can't be used: {error}.", hint=hint) from error
        except BaseException:
            self._database.close()
            raise

    def _open(self) -> None:
        execute = self._database.execute
        # One service owns the file: a second one would take our running jobs for leftovers.
        execute("PRAGMA locking_mode = EXCLUSIVE")
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = NORMAL")
        execute("BEGIN EXCLUSIVE")
        (layout,) = execute("PRAGMA user_version").fetchone()
        if layout not in (0, _LAYOUT):
            raise ServiceError(f"The job records have layout {layout}, this version of brayns_widget knows {_LAYOUT}.")
        execute(_TABLE)
        execute(f"PRAGMA user_version = {_LAYOUT}")
        execute("COMMIT")

    def close(self) -> None:
        """Write what could not be written before, if it can be now, and close the file."""
        try:
            self._write()
        finally:
            self._database.close()

    def add(self, usecase: str, key: str | None = None) -> tuple[Job, bool]:
        """Record a new queued job, or find the one that was recorded with the same `key`.

        Returns:
            The job, and whether it is new.

        Raises:
            ServiceError: it can't be recorded.
        """
        if key is not None and (row := self._row("key = ?", key)):
            return self._latest(row), False
        job = Job(id=str(uuid.uuid4()), usecase=usecase, state=State.QUEUED, created=datetime.now(UTC))
        try:
            self._database.execute(
                "INSERT INTO jobs (id, usecase, key, state, reason, created) VALUES (?, ?, ?, ?, ?, ?)",
                (job.id, usecase, key, job.state.value, job.reason, job.created.isoformat()),
            )
        except sqlite3.OperationalError as error:
            raise ServiceError(
                f"The job can't be recorded: {error}.", hint="Make room where the service keeps its records."
            ) from error
        return job, True

    def get(self, job_id: str) -> Job | None:
        row = self._row("id = ?", job_id)
        return self._latest(row) if row else None

    def all(self) -> list[Job]:
        """Return all jobs, oldest first."""
        return [self._latest(row) for row in self._database.execute(f"{_SELECT} ORDER BY created, id")]

    def unfinished(self) -> list[Job]:
        """Return the jobs that are not in a final state, oldest first."""
        return [job for job in self.all() if not job.state.final]

    def update(self, job: Job, state: State, *, reason: str = "", end_time: datetime | None = None) -> Job:
        """Record a new state and return the new record; `end_time` stays if none is given."""
        new = replace(job, state=state, reason=reason, end_time=end_time or job.end_time)
        self._unwritten[job.id] = new
        self._write()
        return new

    def _write(self) -> None:
        for job in list(self._unwritten.values()):
            try:
                self._database.execute(
                    "UPDATE jobs SET state = ?, reason = ?, end_time = ? WHERE id = ?",
                    (job.state.value, job.reason, job.end_time and job.end_time.isoformat(), job.id),
                )
            except sqlite3.OperationalError as error:
                logger.warning("job records can't be written, they stay in memory: %s", error)
                return
            del self._unwritten[job.id]

    def _latest(self, row: tuple[Any, ...]) -> Job:
        job = _job(row)
        return self._unwritten.get(job.id, job)

    def _row(self, condition: str, value: str) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._database.execute(f"{_SELECT} WHERE {condition}", (value,)).fetchone()
        return row


_SELECT = "SELECT id, usecase, state, created, end_time, reason FROM jobs"


def _job(row: tuple[Any, ...]) -> Job:
    job_id, usecase, state, created, end_time, reason = row
    return Job(
        id=job_id,
        usecase=usecase,
        state=State(state),
        created=datetime.fromisoformat(created),
        end_time=datetime.fromisoformat(end_time) if end_time else None,
        reason=reason,
    )
