import asyncio
import socket

import pytest

from brayns_widget.protocol.errors import ServiceError
from brayns_widget.service.app import serve
from brayns_widget.service.auth import Token
from brayns_widget.service.jobs import JobStore
from brayns_widget.service.manager import JobManager


@pytest.mark.parametrize("which", ["port", "slave_port"])
def test_a_port_that_is_taken_is_named(scripted, which):
    async def main():
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(ServiceError, match=f"127.0.0.1:{port}"):
                async with serve(JobManager(JobStore(), scripted), Token("t"), **{which: port}):
                    pass

    asyncio.run(main())


def test_the_end_stops_all_jobs(running, scripted):
    async def main():
        async with running(scripted) as service:
            job_id = await service.start()
        assert scripted.stopped == [job_id]

    asyncio.run(main())


def test_ipv6_addresses_are_urls(scripted):
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")

    async def main():
        try:
            async with serve(JobManager(JobStore(), scripted), Token("t"), host="::1") as addresses:
                assert addresses.master.startswith("http://[::1]:")
        except ServiceError as error:
            pytest.skip(f"no IPv6 here: {error}")

    asyncio.run(main())
