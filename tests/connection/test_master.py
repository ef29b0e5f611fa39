from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from brayns_widget.connection import master as master_module
from brayns_widget.connection.job_status import JobStatus, NoVerdict
from brayns_widget.connection.master import MasterClient, master_address
from brayns_widget.connection.tokens import Token
from brayns_widget.protocol.errors import (
    AllocationError,
    AuthError,
    BraynsWidgetError,
    ConnectionLost,
    DeadlineExceeded,
    ProtocolError,
)
from tests.fakes import JOB_ID, TOKEN, FakeCluster


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(master_module, "STATUS_PAUSE", 0.001)
    monkeypatch.setattr(master_module, "STOP_AGAIN", 0.4)


@pytest.fixture(params=["2023", "2024"])
def cluster(request):
    with FakeCluster(dialect=request.param) as fake:
        yield fake


@pytest.fixture
def contract():
    with FakeCluster() as fake:
        yield fake


def talk(cluster: FakeCluster, work: Callable[[MasterClient], Awaitable[Any]], token: str = TOKEN) -> Any:
    async def main() -> Any:
        async with MasterClient(cluster.master, Token(token), timeout=5) as client:
            return await work(client)

    return asyncio.run(main())


def wait_ready(client: MasterClient, seen: list[JobStatus] | None = None, **options: Any) -> Awaitable[JobStatus]:
    states: list[JobStatus] = [] if seen is None else seen
    defaults: dict[str, Any] = {"timeout": 5, "pause": 0.01, "on_status": states.append}
    return client.wait_ready(JOB_ID, **(defaults | options))


@pytest.mark.parametrize("url", ["ftp://host", "http://", "http://host:port", "http://[::1", "host", 5])
def test_other_addresses_are_refused(url):
    with pytest.raises(BraynsWidgetError, match="is not the address of a proxy master"):
        master_address(url)


def test_a_job_is_started_with_a_use_case_and_maybe_a_project(cluster):
    assert talk(cluster, lambda client: client.start("SBO1")) == JOB_ID
    talk(cluster, lambda client: client.start("SBO1", "proj1"))
    assert [body for _, path, body in cluster.calls if path == "/start"] == [
        {"usecase": "SBO1"},
        {"usecase": "SBO1", "project": "proj1"},
    ]


@pytest.mark.parametrize("status", [400, 413, 500, 503, 507])
def test_a_start_is_never_repeated(cluster, status):
    cluster.failures["/start"] = [(status, "Invalid JSON body: x.\n")]
    with pytest.raises(AllocationError, match=rf"HTTP {status}, Invalid JSON body: x\.( Try|$)"):
        talk(cluster, lambda client: client.start("SBO1"))
    assert cluster.paths() == ["POST /start"]


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"job_id": null}', '{"job_id": 5}', "<html>"])
def test_a_start_without_an_id_is_refused(contract, body):
    contract.failures["/start"] = [(201, body)]
    with pytest.raises(ProtocolError) as caught:
        talk(contract, lambda client: client.start("SBO1"))
    assert caught.value.hint.startswith("It may have started a job")


def test_both_dialects_become_ready(cluster):
    seen: list[JobStatus] = []
    status = talk(cluster, lambda client: wait_ready(client, seen))
    assert status.ready
    assert status.running
    assert status.end_time
    assert status.end_time.startswith("2026-11-22T21:39:49")
    assert (status.renderer_url != "") is (cluster.dialect == "2024")
    assert len(seen) == 2
    assert not any(state.ready for state in seen)


def test_running_comes_before_ready(contract):
    seen: list[JobStatus] = []
    contract.polls = 3
    talk(contract, lambda client: wait_ready(client, seen))
    assert [state.running for state in seen] == [False, True, True]


def test_a_job_that_runs_no_more_has_ended(contract):
    contract.failures["/status"] = [
        (200, '{"job_running": true, "end_time": null, "brayns_started": false}'),
        (200, '{"job_running": false, "end_time": null, "brayns_started": false}'),
    ]
    with pytest.raises(AllocationError, match="gave no reason"):
        talk(contract, wait_ready)


def test_our_own_masters_reason_is_told_and_its_log_kept_as_a_note(contract):
    contract.failures["/status"] = [
        (200, '{"job_running": false, "brayns_started": false, "reason": "killed by signal 9.\\nlast\\nwords"}')
    ]
    with pytest.raises(AllocationError, match="killed") as caught:
        talk(contract, wait_ready)
    assert str(caught.value) == "The job ended before it was ready: killed by signal 9."
    assert caught.value.__notes__ == ["last\nwords"]


def test_a_log_is_told_below_the_name_of_each_server(contract):
    contract.logs = {"renderer": "one\ntwo", "backend": ""}
    assert talk(contract, lambda client: client.log(JOB_ID)) == "renderer:\none\ntwo"
    contract.logs["backend"] = "wss://slave/?token=abc"
    assert talk(contract, lambda client: client.log(JOB_ID)).endswith("\n\nbackend:\nwss://slave/?token=…")
    contract.logs = {"renderer": "x" * 100_000 + "end"}
    text = talk(contract, lambda client: client.log(JOB_ID))
    assert (len(text), text[-3:]) == (master_module._MAX_LOG, "end")


def test_a_public_master_tells_no_log(cluster):
    with pytest.raises(AllocationError, match=f"{cluster.master} tells no log") as caught:
        talk(cluster, lambda client: client.log(JOB_ID))
    assert caught.value.hint == "Look where the job runs."


@pytest.mark.parametrize(
    ("status", "body", "kind", "text"),
    [
        (404, "there is no such job", AllocationError, "HTTP 404, there is no such job"),
        (502, "", AllocationError, "did not tell the job's log: HTTP 502"),
        (502, "<html>\n<title>Bad &amp; Gateway</title><b>x</b>", AllocationError, r"HTTP 502, Bad & Gateway\.$"),
        (502, "<p>Bad<br>Gateway</p>", AllocationError, r"HTTP 502, Bad Gateway\.$"),
        (200, "[]", ProtocolError, "something else than a JSON object"),
        (200, '{"log": "text"}', ProtocolError, "a log that is none"),
        (403, "", AuthError, "refused GET /log"),
    ],
)
def test_an_answer_that_is_no_log_is_an_error(contract, status, body, kind, text):
    contract.failures["/log"] = [(status, body)]
    with pytest.raises(kind, match=text):
        talk(contract, lambda client: client.log(JOB_ID))


LOST = (500, "Internal DB error (cannot retreive job)")  # of a job that is unknown, or of a database that is away


def test_an_unknown_job_is_gone(cluster):
    cluster.failures["/status"] = [(404, "")]
    assert talk(cluster, lambda client: client.status(JOB_ID)) == JobStatus(gone=True)
    cluster.failures["/status"] = [(404, "")]
    with pytest.raises(AllocationError, match="ended before it was ready"):
        talk(cluster, wait_ready)


@pytest.mark.parametrize(
    "text", ["", "there is no such job", f"Invalid job ID {JOB_ID}", '{"detail": "Invalid job ID"}']
)
def test_masters_say_in_several_ways_that_they_do_not_know_a_job(contract, text):
    contract.failures["/status"] = [(404, text)]
    assert talk(contract, lambda client: client.status(JOB_ID)).gone


@pytest.mark.parametrize("text", ["<html>default backend - 404</html>", "404: Not Found"])
def test_an_answer_404_of_another_server_says_nothing_of_a_job(contract, text):
    contract.failures["/status"] = [(404, text)]
    assert not talk(contract, lambda client: client.status(JOB_ID)).gone  # it is asked for again
    contract.failures["/status"] = [(404, text)] * 100
    with pytest.raises(NoVerdict, match="HTTP 404"):
        talk(contract, lambda client: client.status(JOB_ID))


def test_a_socks_proxy_without_its_package_is_told_with_what_to_install(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "socksio", None)
    with pytest.raises(ConnectionLost, match=r"Install httpx\[socks\]"):
        MasterClient("https://master.example.org", Token(TOKEN))


def test_a_database_that_is_away_for_a_while_costs_no_start(cluster):
    cluster.failures["/status"] = [LOST] * 3
    assert talk(cluster, lambda client: client.status(JOB_ID)).gone is False
    cluster.failures["/status"] = [LOST] * 9
    assert talk(cluster, wait_ready).ready


def test_a_job_that_is_not_found_for_long_is_gone(cluster, monkeypatch):
    cluster.failures["/status"] = [LOST] * 4
    assert talk(cluster, lambda client: client.status(JOB_ID)) == JobStatus(gone=True, unsure=True)
    monkeypatch.setattr("brayns_widget.connection.job_status.AWAY", 0.05)
    cluster.failures["/status"] = [LOST] * 1000
    with pytest.raises(AllocationError, match="ended before it was ready"):
        talk(cluster, wait_ready)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_answer_that_is_no_verdict_is_asked_again_until_the_deadline(cluster, status):
    cluster.failures["/status"] = [(status, "<html>no</html>")] * 9
    assert talk(cluster, wait_ready).ready
    cluster.failures["/status"] = [(status, "<html>no</html>")] * 10000
    with pytest.raises(DeadlineExceeded, match=f"not ready within 0.6 s.*HTTP {status}"):
        talk(cluster, lambda client: wait_ready(client, timeout=0.6))


def test_a_master_that_is_away_for_a_while_costs_no_start():
    async def main(cluster: FakeCluster) -> JobStatus:
        async with MasterClient(away, Token(TOKEN), timeout=0.5) as client:
            waiting: asyncio.Future[JobStatus] = asyncio.ensure_future(wait_ready(client))
            await asyncio.sleep(0.3)  # it is refused meanwhile
            assert not waiting.done()
            client.url = cluster.master
            return await waiting

    with socket.create_server(("127.0.0.1", 0)) as server:
        away = f"http://127.0.0.1:{server.getsockname()[1]}"
    with FakeCluster() as cluster:
        assert asyncio.run(main(cluster)).ready


@pytest.mark.parametrize(
    ("dialect", "answer", "names"),
    [
        ("2024", None, True),
        ("2024", LOST, True),
        ("2023", None, False),
        ("2023", (404, "there is no such job"), False),
        ("2024", (503, "<html>"), None),
    ],
)
def test_whether_a_master_tells_its_slave_is_known_before_a_start(dialect, answer, names, monkeypatch):
    monkeypatch.setattr(master_module, "AWAY", 0.0)
    with FakeCluster(dialect=dialect) as cluster:
        cluster.failures["/status"] = [answer] * 4 if answer else []
        if names:
            talk(cluster, lambda client: client.check_names_slave())
            return
        with pytest.raises(BraynsWidgetError) as caught:
            talk(cluster, lambda client: client.check_names_slave())
        assert ("no job was started. Pass slave=" in str(caught.value)) is (names is False)


def test_a_source_that_has_another_token_after_a_refusal_is_asked_once(contract):
    tokens = iter(["old", TOKEN, "never"])

    async def main() -> None:
        async with MasterClient(contract.master, Token(lambda: next(tokens))) as client:
            assert await client.start("SBO1") == JOB_ID

    asyncio.run(main())
    assert contract.paths() == ["POST /start"] * 2
    assert next(tokens) == "never"


def test_a_job_that_is_to_be_kept_says_so(contract):
    talk(contract, lambda client: client.keep(JOB_ID))  # a master that knows no leases answers 404
    assert contract.calls == [("POST", f"/lease/{JOB_ID}", {"seconds": None})]
    running = '{"job_running": true, "brayns_started": true, "reason": ""}'
    contract.failures["/lease"] = [(503, ""), (200, running)]
    talk(contract, lambda client: client.keep(JOB_ID))
    assert contract.failures["/lease"] == []


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (400, "a lease has 1 to 86400 seconds", "did not agree to keep the job: HTTP 400, a lease has"),
        (404, "there is no such job", "did not agree to keep the job: HTTP 404, there is no such job"),
        (200, '{"job_running": false, "reason": "it was killed\\nlast words"}', r"The job has ended: it was killed\.$"),
    ],
)
def test_a_master_that_does_not_agree_to_keep_a_job_is_heard(contract, status, body, text):
    contract.failures["/lease"] = [(status, body)]
    with pytest.raises(AllocationError, match=text):
        talk(contract, lambda client: client.keep(JOB_ID))


def test_a_master_that_is_away_is_asked_again_to_keep_a_job_for_a_while(contract):
    contract.failures["/lease"] = [(503, "")] * 10**4
    with pytest.raises(AllocationError, match="HTTP 503"):
        talk(contract, lambda client: client.keep(JOB_ID))
    assert len(contract.calls) > 2


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ((404, "no"), "Whoever started a job finds its id as controller.job.id."),
        ((200, "<html>"), "Whoever started a job finds its id as controller.job.id."),
        ((200, '{"jobs": 3}'), "Whoever started a job finds its id as controller.job.id."),
        ((200, '{"jobs": []}'), "None is listed there."),
        ((200, '{"jobs": [{"job_id": "a", "job_running": false, "state": "ended"}]}'), "None is listed there."),
        (
            (200, json.dumps({"jobs": [{"job_id": f"job{n}", "job_running": True} for n in range(7)]})),
            "Those there are: job2, job3, job4, job5, job6 and 2 more.",
        ),
        ((200, '{"jobs": [{"job_id": "a", "job_running": false, "state": "queued"}]}'), "Those there are: a."),
    ],
)
def test_there_is_no_such_job_but_maybe_others(contract, answer, hint):
    contract.failures |= {"/status": [(404, "")], "/jobs": [answer]}
    with pytest.raises(AllocationError) as caught:
        talk(contract, lambda client: client.check_known("other"))
    assert caught.value.message == f"There is no job 'other' at {contract.master}."
    assert caught.value.hint == hint


def test_a_job_that_is_known_may_be_attached_to(cluster):
    talk(cluster, lambda client: client.check_known(JOB_ID))


@pytest.mark.parametrize("answer", [LOST, (503, "<html>"), (404, "<html>no such page")])
def test_a_master_that_cannot_tell_whether_there_is_a_job_is_asked_again(cluster, answer):
    cluster.failures["/status"] = [answer] * 9
    doubts: list[str] = []
    talk(cluster, lambda client: client.check_known(JOB_ID, on_doubt=doubts.append))
    assert len(doubts) == 2
    cluster.failures["/status"] = [answer] * 10000
    with pytest.raises(NoVerdict) as caught:
        talk(cluster, lambda client: client.check_known(JOB_ID, patience=0.1))
    assert "There is no job" not in str(caught.value)


def test_a_500_is_asked_again_a_few_times(contract):
    contract.failures["/status"] = [(500, "")] * 3
    assert not talk(contract, lambda client: client.status(JOB_ID)).gone
    assert len(contract.calls) == 4
    contract.failures["/status"] = [(500, "")] * 10
    with pytest.raises(NoVerdict, match="HTTP 500"):
        talk(contract, lambda client: client.status(JOB_ID))
    assert len(contract.calls) == 8


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("path", ["/start", "/status", "/stop"])
def test_refused_tokens(contract, status, path):
    contract.failures[path] = [(status, "Invalid Keycloak token")]
    calls = {
        "/start": lambda client: client.start("SBO1"),
        "/status": lambda client: client.status(JOB_ID),
        "/stop": lambda client: client.stop(JOB_ID),
    }
    with pytest.raises(AuthError, match="Invalid Keycloak token"):
        talk(contract, calls[path])
    assert len(contract.calls) == 1


def test_a_wrong_token_is_told_without_showing_it(contract):
    with pytest.raises(AuthError) as caught:
        talk(contract, lambda client: client.start("SBO1"), token="wrong-canary")
    assert "wrong-canary" not in str(caught.value)


@pytest.mark.parametrize("body", ["{}", "[]", "", '{"state": "ready"}', "\xff", "[" * 100_000])
def test_a_status_of_another_world_is_refused(contract, body):
    contract.failures["/status"] = [(200, body)]
    with pytest.raises(ProtocolError):
        talk(contract, lambda client: client.status(JOB_ID))


@pytest.mark.parametrize("value", ['"true"', "1", "null"])
def test_only_true_is_true(contract, value):
    contract.failures["/status"] = [(200, f'{{"job_running": {value}, "brayns_started": {value}}}')]
    assert not talk(contract, lambda client: client.status(JOB_ID)).ready


def test_waiting_has_a_deadline(contract):
    contract.polls = 10**9
    with pytest.raises(DeadlineExceeded, match=r"not ready within 0\.1 s"):
        talk(contract, lambda client: wait_ready(client, timeout=0.1))


@pytest.mark.parametrize("code", [500, 503])
def test_a_master_whose_database_is_away_is_told_and_asked_again(contract, code):
    states: list[JobStatus] = []
    contract.failures["/status"] = [(code, "database is locked")] * (2 * master_module.STATUS_ATTEMPTS)
    assert talk(contract, lambda client: wait_ready(client, states)).ready
    text = f"The proxy master did not return the job's state: HTTP {code}, database is locked."
    assert [state.trouble for state in states][:2] == [text, text]
    assert not states[-1].trouble


@pytest.mark.parametrize(("code", "unsure"), [(500, True), (503, True), (400, False), (507, False)])
def test_a_start_of_which_nobody_knows_is_told(contract, code, unsure):
    contract.failures["/start"] = [(code, "database or disk is full")]
    with pytest.raises(AllocationError, match=f"HTTP {code}, database or disk is full") as caught:
        talk(contract, lambda client: client.start("SBO1"))
    assert caught.value.hint.startswith("Try again later. It may have started a job") is unsure
    assert len(contract.calls) == 1


def test_waiting_can_be_cancelled(contract):
    contract.polls = 10**9

    async def work(client: MasterClient) -> None:
        asked = asyncio.Event()
        waiting = asyncio.ensure_future(wait_ready(client, on_status=lambda _: asked.set()))
        await asyncio.wait_for(asked.wait(), 5)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    talk(contract, work)


def test_a_master_that_does_not_answer_is_a_deadline():
    async def main(port: int) -> None:
        async with MasterClient(f"http://127.0.0.1:{port}", Token(TOKEN), timeout=0.2) as client:
            with pytest.raises(DeadlineExceeded, match="POST /start"):
                await client.start("SBO1")

    with socket.create_server(("127.0.0.1", 0)) as server:
        asyncio.run(main(server.getsockname()[1]))


def test_nobody_there():
    async def main() -> None:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        async with MasterClient(f"http://127.0.0.1:{port}", Token(TOKEN)) as client:
            with pytest.raises(ConnectionLost, match=f"http://127.0.0.1:{port} cannot be reached") as caught:
                await client.start("SBO1")
            assert caught.value.hint == "", "nothing was asked for"

    asyncio.run(main())


def test_a_start_whose_connection_breaks_before_the_answer_may_have_started_a_job():
    async def main() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with MasterClient(url, Token(TOKEN)) as client:
                with pytest.raises(ConnectionLost) as caught:
                    await client.start("SBO1")
        assert caught.value.hint.startswith("It may have started a job")

    asyncio.run(main())


def test_a_failure_without_a_text_of_its_own_is_told_in_words(cluster, monkeypatch):
    async def fail(*_: object, **__: object) -> None:
        raise httpx.ReadError("")

    monkeypatch.setattr(httpx.AsyncClient, "request", fail)
    with pytest.raises(ConnectionLost, match=r" cannot be reached: the connection broke\.$"):
        talk(cluster, lambda client: client.stop(JOB_ID))


def test_stopping(cluster):
    assert talk(cluster, lambda client: client.stop(JOB_ID))
    assert cluster.paths() == [f"POST /stop/{JOB_ID}"]
    cluster.failures["/stop"] = [(400, "oh")]
    with pytest.raises(AllocationError):
        talk(cluster, lambda client: client.stop(JOB_ID))


@pytest.mark.parametrize(
    ("answer", "stopped"),
    [
        ((404, "there is no such job"), True),
        ((404, f"Invalid job ID {JOB_ID}"), True),
        ((404, "404: Not Found"), False),
        ((405, "405: Method Not Allowed"), False),
    ],
)
def test_a_master_without_that_call_is_told_from_a_job_that_is_over(contract, answer, stopped):
    contract.failures["/stop"] = [answer]
    assert talk(contract, lambda client: client.stop(JOB_ID)) is stopped


@pytest.mark.parametrize("answer", [(302, ""), (200, "<html><title>Sign in</title>")])
def test_a_page_to_sign_in_has_stopped_nothing(contract, answer):
    contract.failures["/stop"] = [answer]
    with pytest.raises(AllocationError, match=f"did not stop the job: HTTP {answer[0]}"):
        talk(contract, lambda client: client.stop(JOB_ID))


@pytest.mark.measures
def test_a_page_that_never_ends_its_tags_holds_nothing_up(contract):
    contract.failures["/stop"] = [(400, "<" * 100_000)]
    began = time.monotonic()
    with pytest.raises(AllocationError, match="HTTP 400"):
        talk(contract, lambda client: client.stop(JOB_ID))
    assert time.monotonic() - began < 5


def test_a_stop_without_a_verdict_is_asked_for_again_for_a_moment(cluster, monkeypatch):
    with monkeypatch.context() as patient:
        patient.setattr(master_module, "STOP_AGAIN", 30.0)
        cluster.failures["/stop"] = [(502, "<html>"), LOST]
        assert talk(cluster, lambda client: client.stop(JOB_ID))
    cluster.failures["/stop"] = [LOST] * 1000
    with pytest.raises(NoVerdict) as caught:
        talk(cluster, lambda client: client.stop(JOB_ID))
    assert caught.value.unsure


def test_it_shows_its_address_only(contract):
    client = MasterClient(contract.master, Token(TOKEN))
    assert repr(client) == f"MasterClient({contract.master!r})"
    asyncio.run(client.aclose())


def test_ids_are_quoted(contract):
    talk(contract, lambda client: client.status("../start?x"))
    assert contract.paths() == ["GET /status/..%2Fstart%3Fx"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host",
        "ftp://host",
        "http://",
        "https://host/?token=canary",
        "https://me:canary@host",
        "https://:canary@host",
        "me:canary@host",
    ],
)
def test_addresses_that_are_none_or_hold_a_credential_are_refused(url):
    with pytest.raises(BraynsWidgetError) as caught:
        MasterClient(url, Token(TOKEN))
    assert "canary" not in str(caught.value)
    assert caught.value.hint
