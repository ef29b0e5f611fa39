"""Records of the remote jobs that this user has started, so that those of a kernel that crashed are found again.

Each is a JSON file in the user's data folder, written as a whole: several processes, also on several machines with one
home, need no lock. No record holds a credential. Local jobs end with their kernel, so they have none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FOLDER_VARIABLE = "BRAYNS_WIDGET_RECORDS"
"""Environment variable that names another folder than ``folder`` returns without it."""

_LAYOUT = 1
_MAX_BYTES = 65536
# The end of a job may be any zone's time.
_MARGIN = timedelta(days=1)
# The longest life of a job whose end is not known.
_LONGEST = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Record:
    """Record of one job.

    Attributes:
        master: address of its proxy master.
        job_id: the master's id of it.
        slave: address of the proxy slave, or None if the master tells it.
        usecase: the use case.
        project: the project, or None.
        started: when it was started, in ISO 8601, in UTC.
        ready: whether it has been ready.
        end_time: when it expires, as the master writes it, or None while that is not known.
        host: name of the machine whose process started it.
        process: that process's id.
        notebook: the notebook that it ran, or "".
    """

    master: str
    job_id: str
    slave: str | None
    usecase: str
    project: str | None
    started: str
    ready: bool
    end_time: str | None
    host: str
    process: int
    notebook: str

    @classmethod
    def new(cls, master: str, job_id: str, slave: str | None, usecase: str, project: str | None) -> Record:
        """Make the record of a job that this process has started just now."""
        notebook = os.environ.get("JPY_SESSION_NAME", "")  # set by Jupyter servers
        started = datetime.now(UTC).isoformat(timespec="seconds")
        host = socket.gethostname()
        return cls(master, job_id, slave, usecase, project, started, False, None, host, os.getpid(), notebook)

    @property
    def is_own(self) -> bool:
        """Whether this process has started the job."""
        return (self.host, self.process) == (socket.gethostname(), os.getpid())

    def expired(self, now: datetime) -> bool:
        """Whether the job is over even if its master cannot be asked.

        Args:
            now: the present time, in UTC.
        """
        return now > self._latest_end()

    def _latest_end(self) -> datetime:
        if self.end_time is not None:
            with contextlib.suppress(ValueError, OverflowError):  # a master may write it in any way
                end = datetime.fromisoformat(self.end_time)
                return (end if end.tzinfo else end.replace(tzinfo=UTC)) + _MARGIN
        return datetime.fromisoformat(self.started) + _LONGEST


def folder() -> Path:
    """Return the folder of the records, which need not exist."""
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named)
    import platformdirs  # late, to import the widget in less time

    return platformdirs.user_data_path("brayns-widget", appauthor=False) / "jobs"


def write(record: Record) -> None:
    """Write a record, in the place of an older one of the same job.

    Raises:
        OSError: it cannot be written.
    """
    path = _path(record)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".part")  # for this user alone
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"layout": _LAYOUT, **asdict(record)}, file)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def remove(record: Record) -> None:
    """Remove the record of a job that is over; one that is not there, or cannot be removed, expires."""
    with contextlib.suppress(OSError):
        _path(record).unlink(missing_ok=True)


def drop_expired(found: Sequence[Record]) -> list[Record]:
    """Remove the records of jobs that are over by now, whatever their masters would say; return the others."""
    now = datetime.now(UTC)
    for record in found:
        if record.expired(now):
            remove(record)
    return [record for record in found if not record.expired(now)]


def read_all() -> list[Record]:
    """Return the records, oldest first. Unreadable ones are left out, and left as they are."""
    try:
        paths = sorted(folder().glob("*.json"))
    except OSError:
        return []
    found = [record for record in map(_read, paths) if record is not None]
    return sorted(found, key=lambda record: (record.started, record.job_id))


def _path(record: Record) -> Path:
    # Ids may hold anything that a master likes.
    name = hashlib.sha256(f"{record.master}\n{record.job_id}".encode()).hexdigest()[:32]
    return folder() / f"{name}.json"


def _read(path: Path) -> Record | None:
    """Read a record; None if it is damaged, of another version, or has just been removed."""
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.pop("layout", None) != _LAYOUT or not _is_record(content):
        return None
    return Record(**content)


def _is_record(content: dict[str, Any]) -> bool:
    kinds: dict[str, tuple[type, ...]] = {"process": (int,), "ready": (bool,)}
    kinds |= dict.fromkeys(("slave", "project", "end_time"), (str, type(None)))
    if content.keys() != {field.name for field in fields(Record)}:
        return False
    if not all(type(value) in kinds.get(name, (str,)) for name, value in content.items()):
        return False
    try:
        return datetime.fromisoformat(content["started"]).tzinfo is not None
    except ValueError:
        return False
