"""The question what has become of a job whose renderer is out of reach, and what people are told of it."""

from __future__ import annotations

from brayns_widget.connection.job import EndOfJob, Job
from brayns_widget.connection.job_status import NoVerdict
from brayns_widget.connection.recovery import Verdict, is_for_good
from brayns_widget.connection.status import State
from brayns_widget.protocol.errors import BraynsWidgetError


async def ask(job: Job) -> tuple[Verdict, str, EndOfJob | None]:
    """Ask a job's master for it.

    Returns:
        the verdict; what people are told of it, or ""; the end of the job if it is over, or None.
    """
    try:
        end = await job.look()
    except NoVerdict as error:
        return Verdict.UNKNOWN, error.message, None
    except (BraynsWidgetError, TimeoutError) as error:
        if isinstance(error, BraynsWidgetError) and is_for_good(error):
            return Verdict.UNKNOWN, "The proxy refuses the token.", None
        return Verdict.UNKNOWN, "The proxy does not answer, either.", None
    return (Verdict.RUNS, "The job runs.", None) if end is None else (Verdict.OVER, "", end)


def attempt(job: Job, reason: str, said: str, number: int, *, lasting: bool) -> tuple[State, str]:
    """Tell people of an attempt to reach a job again.

    Args:
        job: the job.
        reason: why it is out of reach.
        said: what ``ask`` has said of it.
        number: of the attempt, from 1.
        lasting: it has been out of reach for long.

    Returns:
        state and text of the status.
    """
    if lasting:
        what = f"Job {job.id}" if job.id else "The renderer"
        return "failed", f"{reason} {said} {what} cannot be reached; new attempts go on."
    if number > 1:
        return "stale", f"{reason} {said} Connecting again, attempt {number} …"
    return "stale", f"{reason} Connecting again …"
