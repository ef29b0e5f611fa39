import asyncio
import json
import time
from urllib.parse import urlsplit

import pytest

from brayns_widget.service.allocators import Condition
from brayns_widget.service.jobs import JobStore, State

_NO_PAGE = "only pages whose origins were named may call"
# Where our master answers otherwise than the recorded one of 2023, and why.
INTENDED = {
    "start JSON array": (400, "bad input is the client's fault"),
    "start JSON null": (400, "bad input is the client's fault"),
    "start not utf8": (400, "bad input is the client's fault"),
    "status no token": (401, "no token is the client's fault"),
    "root": (401, "nothing is told without a token"),
    "CORS preflight /start": (403, _NO_PAGE),
    "CORS preflight /status": (403, _NO_PAGE),
    "CORS actual start": (403, _NO_PAGE),
    "CORS actual error 401": (403, _NO_PAGE),
    "CORS actual status 404": (403, _NO_PAGE),
    "stop no token": (401, "we can stop"),
    "stop good": (200, "we can stop"),
    "stop again": (200, "to stop twice is to stop"),
}
# What has no like here: one token is one user, and nobody else is asked who that is.
ELSEWHERE = {
    *("start token noemail", "start keycloak html", "start keycloak 500", "status other user", "stop other user"),
}
LAST_OF_THE_SERIES = "CORS actual status 404"


def recorded(shared_dir, edition):
    lines = (shared_dir / "protocol" / "proxy-rest.jsonl").read_text().splitlines()
    return [exchange for exchange in map(json.loads, lines) if exchange["edition"] == edition]


def test_answers_are_those_of_the_recorded_master(shared_dir, running, scripted, token):
    series = recorded(shared_dir, "2023-AWS")
    labels = [exchange["label"] for exchange in series]
    series = series[: labels.index(LAST_OF_THE_SERIES) + 1]
    assert set(labels) >= {*INTENDED, *ELSEWHERE}
    ids: dict[str, str] = {}

    async def main():
        async with running(scripted) as service:
            for exchange in series:
                if exchange["label"] in ELSEWHERE:
                    continue
                await compare(service.client, exchange)

    async def compare(client, exchange):
        headers = {**exchange["req_headers"]}
        client.headers.pop("authorization", None)
        if "Authorization" in headers:
            headers["Authorization"] = headers["Authorization"].replace("alice", token)
        body = exchange["req_body"]
        if body and body.startswith("<2000046 bytes"):
            body = json.dumps({"usecase": "SBO1", "project": "p" * 2_000_000})
        path = exchange["path"]
        for theirs, ours in ids.items():
            path = path.replace(theirs, ours)
        content = body and body.encode("latin-1" if "utf8" in exchange["label"] else "utf-8")
        response = await client.request(exchange["method"], path, headers=headers, content=content)
        expected = INTENDED.get(exchange["label"], (exchange["status"],))[0]
        assert response.status_code == expected, (exchange["label"], response.text)
        assert not [name for name in response.headers if name.startswith("access-control")]
        if expected == 201:
            ids[json.loads(exchange["body"])["job_id"]] = response.json()["job_id"]
            assert response.json().keys() == {"job_id"}
            assert len(response.json()["job_id"]) == 36
        elif exchange["status"] == 200 and exchange["body"]:
            theirs, ours = json.loads(exchange["body"]), response.json()
            if exchange["label"] == "status after stop":
                assert not ours["job_running"], "theirs runs on"
                return
            assert len(ours["end_time"]) == len(theirs["end_time"]) == 19
            assert {**theirs, "end_time": ours["end_time"]}.items() <= ours.items()

    asyncio.run(main())


def test_a_jobs_way_is_told_as_recorded(shared_dir, running, scripted):
    polls = [
        json.loads(exchange["body"])
        for exchange in recorded(shared_dir, "2023-UNICORE")
        if exchange["label"].startswith("status poll")
    ]
    ways: list[dict[str, object]] = []
    for body in polls:
        if not ways or ways[-1] != body:
            ways.append(body)
    assert len(ways) == 4

    async def main():
        scripted.first = Condition(State.QUEUED)
        async with running(scripted) as service:
            job_id = (await service.client.post("/start", json={"usecase": "SBO1"})).json()["job_id"]
            states = [State.QUEUED, State.STARTING, State.READY, State.FAILED]
            for state, theirs in zip(states, ways, strict=True):
                scripted.conditions[job_id] = Condition(state, "boom" if state.final else "")
                ours = await service.status(job_id)
                assert (ours["end_time"] is None) == (theirs["end_time"] is None)
                assert {**theirs, "end_time": ours["end_time"]}.items() <= ours.items()
                assert ours["state"] == state.value
            assert ours["reason"] == "boom"

    asyncio.run(main())


def test_all_but_healthz_wants_the_token(running, scripted):
    async def main():
        async with running(scripted) as service:
            job_id = await service.start()
            del service.client.headers["authorization"]
            calls = [
                ("POST", "/start"),
                ("GET", f"/status/{job_id}"),
                ("POST", f"/stop/{job_id}"),
                ("GET", f"/log/{job_id}"),
                ("GET", "/jobs"),
                ("GET", "/unknown"),
                ("GET", "/healthz/"),
            ]
            for headers in ({}, {"Authorization": "Bearer wrong"}):
                for method, path in calls:
                    response = await service.client.request(method, path, headers=headers)
                    assert response.status_code == 401, path
                    assert response.headers["www-authenticate"] == "Bearer"
            assert scripted.stopped == []
            healthz = await service.client.get("/healthz")
            assert (healthz.status_code, healthz.content) == (200, b"")

    asyncio.run(main())


@pytest.mark.parametrize("usecase", ["NOPE", None, 3, {"a": 1}])
def test_an_unknown_use_case_says_which_there_are(running, scripted, usecase):
    async def main():
        async with running(scripted) as service:
            response = await service.client.post("/start", json={"usecase": usecase})
            assert response.status_code == 400
            assert "SBO1" in response.text

    asyncio.run(main())


def test_a_body_over_the_limit_is_refused_whether_announced_or_not(running, scripted):
    async def chunks():
        for _ in range(20):
            yield b" " * 100_000

    async def main():
        async with running(scripted) as service:
            for content in (b" " * 1_048_577, chunks()):
                response = await service.client.post("/start", content=content)
                assert response.status_code == 413
            padded = b'{"usecase": "SBO1"}'.ljust(1_048_575)
            assert (await service.client.post("/start", content=padded)).status_code == 201
            nested = await service.client.post("/start", content=b"[" * 1_000_000)
            assert nested.status_code == 400

    asyncio.run(main())


def test_a_retried_start_with_a_key_gives_the_same_job(running, scripted):
    async def main():
        async with running(scripted) as service:
            answers = [
                await service.client.post("/start", json={"usecase": "SBO1"}, headers={"Idempotency-Key": key})
                for key in ("a", "a", "b", "k" * 201)
            ]
            assert [answer.status_code for answer in answers] == [201, 201, 201, 400]
            first, again, other = (answer.json()["job_id"] for answer in answers[:3])
            assert first == again != other
            assert scripted.started == [first, other]

    asyncio.run(main())


@pytest.mark.parametrize("key", [b"", b"k" * 201, b"\xff\xfe", "schlüssel".encode(), "schlüssel".encode("latin-1")])
def test_a_key_that_is_none_is_refused(running, scripted, key):
    async def main():
        async with running(scripted) as service:
            answer = await service.client.post("/start", json={"usecase": "SBO1"}, headers=[("Idempotency-Key", key)])
            assert (answer.status_code, answer.text) == (400, "an Idempotency-Key has 1 to 200 ASCII characters")
            assert scripted.started == []

    asyncio.run(main())


@pytest.mark.parametrize("lease", ["0", "-1", "nan", "inf", "soon", "", "86401"])
def test_a_lease_that_is_none_is_refused(running, scripted, lease):
    async def main():
        async with running(scripted) as service:
            answer = await service.client.post("/start", json={"usecase": "SBO1"}, headers={"Job-Lease": lease})
            assert (answer.status_code, answer.text) == (400, "a lease has 1 to 86400 seconds")
            assert scripted.started == []
            job_id = await service.start()
            for body in ({"seconds": lease}, {"seconds": [1]}, {"seconds": 10**400}):
                assert (await service.client.post(f"/lease/{job_id}", json=body)).status_code == 400
            assert (await service.client.post(f"/lease/{job_id}", json={})).status_code == 400
            assert (await service.client.post("/lease/unknown", json={"seconds": 1})).status_code == 404

    asyncio.run(main())


def test_a_jobs_lease_is_held_by_calls_and_given_up_by_one(running, scripted):
    async def main():
        async with running(scripted) as service:
            headers = {"Job-Lease": "1"}
            first, second = [
                (await service.client.post("/start", json={"usecase": "SBO1"}, headers=headers)).json()["job_id"]
                for _ in range(2)
            ]
            kept = await service.client.post(f"/lease/{second}", json={"seconds": None})
            assert (kept.status_code, kept.json()["state"]) == (200, "ready")
            begun = time.monotonic()
            while time.monotonic() - begun < 2:
                assert (await service.status(first))["state"] == "ready"
                await asyncio.sleep(0.05)
            async with asyncio.timeout(10):
                while first not in scripted.stopped:  # nobody asks  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert (await service.status(first))["reason"] == "none of its clients has been there for 1 s"
            assert (await service.status(second))["state"] == "ready"

    asyncio.run(main())


def test_a_body_that_does_not_come_is_not_waited_for_for_ever(running, scripted, monkeypatch, token):
    monkeypatch.setattr("brayns_widget.service.master.REQUEST_SECONDS", 0.2)
    head = f"POST /start HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Length: 100\r\n\r\n{{"

    async def main():
        async with running(scripted) as service:
            parts = urlsplit(service.addresses.master)
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(head.encode())
            async with asyncio.timeout(5):
                assert (await reader.readline()).split()[1] == b"408"
                await reader.readuntil(b"the body was not there within 0.2 s")
            writer.close()
            await writer.wait_closed()

    asyncio.run(main())


def test_jobs_are_listed_with_their_state(running, scripted):
    async def main():
        async with running(scripted) as service:
            assert (await service.client.get("/jobs")).json() == {"jobs": []}
            first, second = await service.start(), await service.start()
            stopped = await service.client.post(f"/stop/{first}")
            assert stopped.json()["state"] == "ended"
            jobs = (await service.client.get("/jobs")).json()["jobs"]
            assert [(job["job_id"], job["state"], job["usecase"]) for job in jobs] == [
                (first, "ended", "SBO1"),
                (second, "ready", "SBO1"),
            ]

    asyncio.run(main())


def test_a_jobs_log_is_told_without_the_token(running, scripted, token):
    async def main():
        async with running(scripted) as service:
            job_id = await service.start()
            scripted.logs[job_id] = {"renderer": f"GET /?token={token}\nit works", "backend": ""}
            answer = await service.client.get(f"/log/{job_id}")
            assert (answer.status_code, answer.json()) == (
                200,
                {"log": {"renderer": "GET /?token=…\nit works", "backend": ""}},
            )
            await service.client.post(f"/stop/{job_id}")
            assert (await service.client.get(f"/log/{job_id}")).json() == {"log": {}}
            unknown = await service.client.get("/log/unknown")
            assert (unknown.status_code, unknown.text) == (404, "there is no such job")

    asyncio.run(main())


def test_a_start_that_cannot_be_recorded_is_refused_with_the_reason(running, scripted):
    async def main():
        store = JobStore()
        async with running(scripted, store=store) as service:
            store._database.execute("PRAGMA query_only = ON")  # each write fails, as on a full disk
            response = await service.client.post("/start", json={"usecase": "SBO1"})
            assert response.status_code == 507
            assert "can't be recorded" in response.text
            store._database.execute("PRAGMA query_only = OFF")
            await service.start()
        assert len(scripted.started) == 1

    asyncio.run(main())
