"""Web pages at the proxies, through real sockets."""

from __future__ import annotations

import asyncio

import pytest
from websockets.exceptions import InvalidStatus

PAGE = "https://lab.example"
OTHERS = ["https://evil.example", "http://localhost:8888", "null"]


async def _refusal(connecting):
    with pytest.raises(InvalidStatus) as caught:
        await connecting
    return caught.value.response.status_code, caught.value.response.body.decode()


def test_no_page_gets_to_the_slave_by_default_even_with_the_token(running, scripted):
    async def main():
        async with running(scripted) as service:
            job_id = await service.start()
            for origin in (*OTHERS, PAGE):
                status, text = await _refusal(service.open(job_id, origin=origin))
                assert (status, text) == (
                    403,
                    f"Web pages of {origin!r} may not connect: --allow-origin does not name them.\n",
                )
            address = service.addresses.slave.removeprefix("ws://127.0.0.1")
            service.addresses = type(service.addresses)(service.addresses.master, f"ws://evil.example{address}")
            status, text = await _refusal(service.open(job_id, host="127.0.0.1"))
            assert status == 403
            assert text.startswith("The Host header 'evil.example:")

    asyncio.run(main())


def test_an_allowed_page_reaches_the_servers_through_the_slave(running):
    async def main():
        async with running(origins=[PAGE]) as service:
            job_id = await service.start()
            async with asyncio.timeout(20), service.open(job_id, origin=PAGE) as socket:
                await socket.send("text")
                assert await socket.recv() == "text"
            async with asyncio.timeout(20), service.open(job_id) as socket:
                await socket.send("a program")
                assert await socket.recv() == "a program"
            for origin in OTHERS:
                assert (await _refusal(service.open(job_id, origin=origin)))[0] == 403
            status, _text = await _refusal(service.open(job_id, query="?token=wrong", origin=PAGE))
            assert status == 401

    asyncio.run(main())


def test_the_master_answers_allowed_pages_and_lets_them_read(running, scripted):
    async def main():
        async with running(scripted, origins=[PAGE]) as service:
            asked = await service.client.options(
                "/start",
                headers={"Origin": PAGE, "Access-Control-Request-Method": "POST", "Authorization": ""},
            )
            assert asked.status_code == 204
            assert asked.headers["Access-Control-Allow-Origin"] == PAGE
            assert asked.headers["Access-Control-Allow-Methods"] == "GET, POST"
            assert (
                asked.headers["Access-Control-Allow-Headers"]
                == "Authorization, Content-Type, Idempotency-Key, Job-Lease"
            )
            started = await service.client.post("/start", json={"usecase": "SBO1"}, headers={"Origin": PAGE})
            for answer, status in (
                (started, 201),
                (await service.client.get("/status/none", headers={"Origin": PAGE}), 404),
                (await service.client.get("/jobs", headers={"Origin": PAGE, "Authorization": ""}), 401),
            ):
                assert answer.status_code == status
                assert answer.headers["Access-Control-Allow-Origin"] == PAGE
                assert answer.headers["Vary"] == "Origin"

    asyncio.run(main())


@pytest.mark.parametrize("headers", [*({"Origin": origin} for origin in OTHERS), {"Host": "evil.example"}])
def test_the_master_refuses_other_pages(running, scripted, headers):
    async def main():
        async with running(scripted, origins=[PAGE]) as service:
            for answer in (
                await service.client.post("/start", json={"usecase": "SBO1"}, headers=headers),
                await service.client.options("/start", headers={**headers, "Access-Control-Request-Method": "POST"}),
            ):
                assert answer.status_code == 403
                assert "Access-Control-Allow-Origin" not in answer.headers
            assert scripted.started == []
            program = await service.client.get("/jobs")
            assert program.status_code == 200
            assert "Access-Control-Allow-Origin" not in program.headers

    asyncio.run(main())
