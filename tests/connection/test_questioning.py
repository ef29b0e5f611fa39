from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from brayns_widget.connection.job import EndOfJob, Job
from brayns_widget.connection.job_status import NoVerdict
from brayns_widget.connection.questioning import ask, attempt
from brayns_widget.connection.recovery import Verdict
from brayns_widget.protocol.errors import AuthError, ConnectionLost, TokenUnavailable

END = EndOfJob("The job has ended.", failed=False)


def job(answer: Any, job_id: str = "7") -> Job:
    async def look() -> EndOfJob | None:
        if isinstance(answer, Exception):
            raise answer
        return cast("EndOfJob | None", answer)

    return cast("Job", SimpleNamespace(id=job_id, look=look))


@pytest.mark.parametrize(
    ("answer", "verdict", "said"),
    [
        (None, Verdict.RUNS, "The job runs."),
        (END, Verdict.OVER, ""),
        (NoVerdict("HTTP 502."), Verdict.UNKNOWN, "HTTP 502."),
        (AuthError("no"), Verdict.UNKNOWN, "The proxy refuses the token."),
        (TokenUnavailable("no"), Verdict.UNKNOWN, "The proxy does not answer, either."),
        (ConnectionLost("gone"), Verdict.UNKNOWN, "The proxy does not answer, either."),
        (TimeoutError(), Verdict.UNKNOWN, "The proxy does not answer, either."),
    ],
)
def test_what_a_master_says_is_a_verdict_and_a_sentence(answer, verdict, said):
    assert asyncio.run(ask(job(answer))) == (verdict, said, answer if answer is END else None)


@pytest.mark.parametrize(
    ("job_id", "number", "lasting", "state", "text"),
    [
        ("7", 1, False, "stale", "Lost. Connecting again …"),
        ("7", 2, False, "stale", "Lost. It runs. Connecting again, attempt 2 …"),
        ("7", 9, True, "failed", "Lost. It runs. Job 7 cannot be reached; new attempts go on."),
        ("", 9, True, "failed", "Lost. It runs. The renderer cannot be reached; new attempts go on."),
    ],
)
def test_people_are_told_of_attempts(job_id, number, lasting, state, text):
    assert attempt(job(None, job_id), "Lost.", "It runs.", number, lasting=lasting) == (state, text)
