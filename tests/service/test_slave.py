import asyncio
import json
import os
from datetime import timedelta

import httpx
import psutil
import pytest
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed, InvalidStatus

from brayns_widget.service import slave
from brayns_widget.service.allocators import Condition
from brayns_widget.service.jobs import State


async def closed(connection, seconds=5):
    """Wait for the end of a connection and give the close frame that came."""
    async with asyncio.timeout(seconds):
        try:
            while True:
                await connection.recv()
        except ConnectionClosed as error:
            return (error.rcvd.code, error.rcvd.reason) if error.rcvd else (1006, "")


async def ask(connection, message):
    async with asyncio.timeout(20):
        await connection.send(message)
        return await connection.recv()


async def refusal(connecting):
    with pytest.raises(InvalidStatus) as caught:
        await connecting
    response = caught.value.response
    return response.status_code, response.body.decode()


def test_messages_pass_both_ways_to_both_servers(running):
    big = os.urandom(20_000_000)

    async def main():
        async with running() as service:
            job_id = await service.start()
            for server in ("renderer", "backend"):
                async with service.open(job_id, server) as connection:
                    assert await ask(connection, "text ü") == "text ü"
                    assert await ask(connection, b"\x00\xff") == b"\x00\xff"
                    assert await ask(connection, "") == ""
            async with service.open(job_id) as connection:
                assert await ask(connection, big) == big
                await connection.send(["frag", "ment", "ed"])
                assert await connection.recv() == "fragmented"

    asyncio.run(main())


def test_an_open_connection_holds_a_jobs_lease(running, eventually):
    async def main():
        async with running() as service:
            job_id = await service.start()
            async with service.open(job_id) as connection:
                service.manager.leases.grant(job_id, 0.5)
                await asyncio.sleep(1.5)  # thrice as long as it would last without
                assert await ask(connection, "there") == "there"
            await eventually(lambda: service.manager.get(job_id).state is State.ENDED)
            assert "none of its clients" in service.manager.get(job_id).reason

    asyncio.run(main())


def test_two_jobs_are_apart(running):
    async def main():
        async with running() as service:
            first, second = await asyncio.gather(service.start(), service.start())
            ports = {
                service.manager.address(job, server) for job in (first, second) for server in ("renderer", "backend")
            }
            assert len(ports) == 4
            await service.client.post(f"/stop/{first}")
            async with service.open(second) as connection:
                assert await ask(connection, "still") == "still"
            assert (await refusal(service.open(first)))[0] == 404

    asyncio.run(main())


def test_the_token_is_wanted_before_the_upgrade(running, token):
    async def main():
        async with running() as service:
            job_id = await service.start()
            for query in ("", "?token=", "?token=wrong", "?token"):
                assert (await refusal(service.open(job_id, query=query)))[0] == 401
                assert (await refusal(service.open("unknown", query=query)))[0] == 401
            wrong = {"Authorization": "Bearer wrong"}
            assert (await refusal(service.open(job_id, query="", additional_headers=wrong)))[0] == 401
            header = {"Authorization": f"Bearer {token}"}
            async with service.open(job_id, query="", additional_headers=header) as connection:
                assert await ask(connection, "in") == "in"

    asyncio.run(main())


def test_what_is_not_there_is_told_before_the_upgrade(running, scripted):
    async def main():
        async with running(scripted) as service:
            scripted.first = Condition(State.STARTING)
            job_id = (await service.client.post("/start", json={"usecase": "SBO1"})).json()["job_id"]
            assert await refusal(service.open(job_id)) == (503, "the job has no renderer now, it is starting")
            for path in ("unknown/renderer", f"{job_id}/foo", f"{job_id}/renderer/", f"{job_id}/renderer/x", "x"):
                job, _, server = path.partition("/")
                assert (await refusal(service.open(job, server)))[0] == 404, path
            # Ready as far as the record goes, but nobody listens there.
            scripted.conditions[job_id] = Condition(State.READY, addresses={"renderer": ("127.0.0.1", 9)})
            status, text = await refusal(service.open(job_id))
            assert status == 502
            assert "renderer can't be reached" in text
            assert await refusal(service.open(job_id, "backend")) == (503, "the job has no backend now, it is ready")
            scripted.conditions[job_id] = Condition(State.FAILED, "boom")
            assert await refusal(service.open(job_id)) == (404, "the job has no renderer now, it is failed: boom")

    asyncio.run(main())


def test_plain_http_gets_no_further_than_healthz(running, scripted, token):
    async def main():
        async with running(scripted) as service, httpx.AsyncClient(trust_env=False) as client:
            job_id = await service.start()
            address = service.addresses.slave.replace("ws", "http", 1)
            healthz = await client.get(f"{address}/healthz")
            assert (healthz.status_code, healthz.content) == (200, b"")
            assert (await client.get(f"{address}/{job_id}/renderer")).status_code == 401
            headers = {"Authorization": f"Bearer {token}"}
            assert (await client.get(f"{address}/{job_id}/renderer", headers=headers)).status_code == 400

    asyncio.run(main())


def test_nothing_of_the_clients_request_goes_upstream(running, token):
    async def main():
        async with running(origins=["https://web.example"]) as service:
            job_id = await service.start()
            headers = {"Authorization": f"Bearer {token}", "Cookie": "a=b"}
            async with service.open(job_id, additional_headers=headers, origin="https://web.example") as connection:
                seen = json.loads(await ask(connection, "request"))
            assert seen["path"] == "/"
            assert token not in json.dumps(seen)
            assert not {"Cookie", "Origin", "User-Agent"} & seen["headers"].keys()
            assert seen["headers"]["Authorization"] == f"Bearer {service.manager.secret(job_id)}"
            assert "Sec-WebSocket-Extensions" not in seen["headers"]

    asyncio.run(main())


def test_deflate_is_offered_in_vain(running):
    async def main():
        async with running() as service:
            job_id = await service.start()
            async with service.open(job_id, compression="deflate", subprotocols=["brayns"]) as connection:
                assert "Sec-WebSocket-Extensions" in connection.request.headers
                assert "Sec-WebSocket-Extensions" not in connection.response.headers
                assert connection.subprotocol is None

    asyncio.run(main())


def test_pings_are_answered_and_stay_here(running):
    async def main():
        async with running() as service:
            job_id = await service.start()
            async with service.open(job_id) as connection, asyncio.timeout(5):
                for _ in range(3):
                    await (await connection.ping())
                assert await ask(connection, "pings") == "0"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("code", "reason"), [(4001, "renderer says bye"), (1000, ""), (1001, "leaving"), (1011, "ü" * 61)]
)
def test_a_servers_close_code_and_reason_arrive(running, code, reason):
    async def main():
        async with running() as service:
            job_id = await service.start()
            async with service.open(job_id) as connection:
                await connection.send(f"close {code} {reason}")
                assert await closed(connection) == (code, reason)

    asyncio.run(main())


def test_a_server_that_goes_away_without_a_reason_gets_that_of_its_job(running, scripted):
    async def main():
        async def leave(upstream):
            job = service.manager.get(await upstream.recv())
            await service.manager.stop(job, "it was stopped on request")
            await upstream.close(1001)

        async with serve(leave, "127.0.0.1", 0) as upstream, running(scripted) as service:
            scripted.first = Condition(State.READY, addresses={"renderer": upstream.sockets[0].getsockname()})
            job_id = await service.start()
            connection = await service.open(job_id)
            await connection.send(job_id)
            assert await closed(connection) == (1001, "it was stopped on request")

    asyncio.run(main())


def test_a_clients_close_code_and_reason_arrive(running, scripted):
    seen: asyncio.Queue[tuple[int, str] | None] = asyncio.Queue()

    async def main():
        async def note(upstream):
            try:
                await upstream.recv()
            except ConnectionClosed as error:
                await seen.put((error.rcvd.code, error.rcvd.reason) if error.rcvd else None)

        async with serve(note, "127.0.0.1", 0) as upstream, running(scripted) as service:
            scripted.first = Condition(State.READY, addresses={"renderer": upstream.sockets[0].getsockname()})
            job_id = await service.start()
            connection = await service.open(job_id)
            await connection.close(4000, "I have seen enough")
            connection = await service.open(job_id)
            connection.transport.abort()
            async with asyncio.timeout(5):
                assert await seen.get() == (4000, "I have seen enough")
                assert await seen.get() == (1000, "")

    asyncio.run(main())


def test_a_client_that_leaves_needs_no_reason(running, monkeypatch):
    asked = []

    async def why_it_ended(*_):
        asked.append(True)
        return 1011, "dead"

    monkeypatch.setattr("brayns_widget.service.slave._why_it_ended", why_it_ended)

    async def main():
        async with running() as service:
            job_id = await service.start()
            for _ in range(3):
                connection = await service.open(job_id)
                await connection.close(4000, "bye")
                (await service.open(job_id)).transport.abort()

    asyncio.run(main())
    assert asked == []


def test_a_client_that_leaves_before_the_upgrade_is_not_an_error(running, monkeypatch, caplog):
    connect, upgrade = slave._connect, slave._upgrade

    async def main():
        reached, left, over = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def slowly(*address):
            side = await connect(*address)
            reached.set()
            await left.wait()
            return side

        async def upgrade_when_gone(request):
            async with asyncio.timeout(10):
                while request.transport is not None:  # noqa: ASYNC110 - nothing tells it
                    await asyncio.sleep(0.005)
            over.set()
            return await upgrade(request)

        monkeypatch.setattr(slave, "_connect", slowly)
        monkeypatch.setattr(slave, "_upgrade", upgrade_when_gone)
        async with running() as service:
            job_id = await service.start()
            opening = asyncio.ensure_future(service.open(job_id))
            await reached.wait()
            opening.cancel()
            await asyncio.wait([opening])
            left.set()
            await asyncio.wait_for(over.wait(), 10)
            monkeypatch.setattr(slave, "_connect", connect)
            monkeypatch.setattr(slave, "_upgrade", upgrade)
            async with service.open(job_id) as connection:
                assert await ask(connection, "there") == "there"

    asyncio.run(main())
    assert [record for record in caplog.records if record.exc_info] == []


def test_a_message_over_the_limit_closes_both_sides(running, monkeypatch):
    monkeypatch.setattr("brayns_widget.service.slave.MAX_MESSAGE", 1000)

    async def main():
        async with running() as service:
            job_id = await service.start()
            for message in (b"x" * 1001, "stream 1"):  # too much from the client, then from the server
                async with service.open(job_id) as connection:
                    assert await ask(connection, b"x" * 999) == b"x" * 999
                    await connection.send(message)
                    assert (await closed(connection))[0] == 1009

    asyncio.run(main())


def test_a_killed_renderer_closes_its_relays_with_a_reason_and_ends_the_job(running):
    async def main():
        async with running() as service:
            job_id = await service.start()
            async with (
                service.open(job_id) as busy,
                service.open(job_id) as idle,
                service.open(job_id, "backend") as other,
            ):
                await busy.send("die")
                for connection in (busy, idle):
                    assert await closed(connection) == (1011, "the renderer ended with exit code 3")
                assert (await closed(other))[0] in (1001, 1011)
                status = await service.status(job_id)
            assert (status["state"], status["job_running"], status["brayns_started"]) == ("failed", False, False)
            assert status["reason"] == "the renderer ended with exit code 3\nits last words:\nmy last words"

    asyncio.run(main())


def test_a_renderer_killed_from_outside_is_noticed_at_once(running):
    async def main():
        async with running() as service:
            job_id = await service.start()
            _, port = service.manager.address(job_id, "renderer")
            renderer = next(
                child
                for child in psutil.Process().children()
                if port in [connection.laddr.port for connection in child.net_connections("tcp")]
            )
            async with service.open(job_id) as connection:
                renderer.kill()
                code, reason = await closed(connection)
            assert code == 1011
            assert reason.startswith("the renderer " if os.name == "nt" else "the renderer was killed by the system")
            assert (await service.status(job_id))["reason"] == reason

    asyncio.run(main())


def test_a_stopped_job_closes_its_relays(running):
    async def main():
        async with running() as service:
            before = set(psutil.Process().children())
            job_id = await service.start()
            async with service.open(job_id) as connection:
                response = await service.client.post(f"/stop/{job_id}")
                assert response.json()["state"] == "ended"
                assert await closed(connection) == (1001, "it was stopped on request")
            assert [child for child in set(psutil.Process().children()) - before if child.is_running()] == []

    asyncio.run(main())


def test_a_job_at_its_end_time_closes_its_relays(running):
    async def main():
        async with running(duration=timedelta(seconds=4)) as service:
            job_id = await service.start()
            async with service.open(job_id) as connection:
                assert await closed(connection, 15) == (1001, "its time was over")
            assert (await service.status(job_id))["state"] == "ended"

    asyncio.run(main())


def test_the_services_end_closes_its_relays_with_the_reason(running):
    async def main():
        async with running() as service:
            connection = await service.open(await service.start())
        assert await closed(connection) == (1001, "the service ended")

    asyncio.run(main())


def test_a_client_that_does_not_read_holds_the_server_back(running):
    async def main():
        async with running() as service:
            job_id = await service.start()
            async with service.open(job_id, max_queue=1) as slow, service.open(job_id) as other:
                before = psutil.Process().memory_info().rss
                await slow.send("stream 300")
                sent, now = -1, 0
                async with asyncio.timeout(20):
                    while sent != now or not now:
                        sent, now = now, int(await ask(other, "sent"))
                        await asyncio.sleep(0.3)
                assert now < 100
                assert psutil.Process().memory_info().rss - before < 100_000_000
                async with asyncio.timeout(20):
                    for _ in range(300):
                        assert len(await slow.recv()) == 1_000_000
                assert await ask(slow, "on") == "on"

    asyncio.run(main())


def test_relays_leave_no_task_behind(running, eventually):
    async def main():
        async with running() as service:
            job_id = await service.start()
            before = len(asyncio.all_tasks())
            for message in ("close 4001 x", "hello"):
                connections = [await service.open(job_id) for _ in range(5)]
                for connection in connections:
                    await connection.send(message)
                    await connection.close()
            await eventually(lambda: len(asyncio.all_tasks()) <= before)

    asyncio.run(main())
