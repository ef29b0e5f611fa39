"""State of a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["idle", "starting", "queued", "ready", "stale", "ended", "failed", "asleep"]


@dataclass(frozen=True, slots=True)
class Status:
    """State of the job, with a text for people; "asleep": the job was given back, the scene is remembered."""

    state: State = "idle"
    text: str = "Not started."
