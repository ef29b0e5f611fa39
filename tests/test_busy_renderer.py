"""Our renderer, which loads for one client while another one attaches to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from brayns_widget import Controller
from brayns_widget.connection.busy import BUSY
from brayns_widget.protocol.errors import DeadlineExceeded
from tests.controller.scenes import WAIT
from tests.listening import Listener
from tests.service.renderer.renderer_process import Failed, client_of
from tests.service.renderer.test_stubborn_files import circuits, hanging, reading  # noqa: F401 - a fixture


def test_a_load_of_another_client_is_waited_for(circuits: Callable[[str], str]):  # noqa: F811 - the fixture
    async def scenario(address: str) -> None:
        async with client_of(address) as client:
            load = await hanging(client, circuits("hanging.h5"))
            with Controller(renderer=address) as controller:
                texts = Listener(controller, lambda state: state.status.text)
                starting = controller.start()
                await asyncio.to_thread(texts.wait_for, lambda text: text == BUSY)
                await client.send("cancel", {"id": load})
                with pytest.raises(Failed):
                    await client.reply(load)
                await asyncio.to_thread(starting.result, WAIT)
                assert controller.status.state == "ready"

            load = await hanging(client, circuits("hanging.h5"))
            with Controller(renderer=address, start_timeout=3) as controller:
                starting = controller.start()
                with pytest.raises(DeadlineExceeded, match="It may be busy with a load"):
                    await asyncio.to_thread(starting.result, WAIT)
            await client.send("cancel", {"id": load})
            with pytest.raises(Failed):
                await client.reply(load)

    with reading() as (address, process, _readers):
        asyncio.run(scenario(address))
        assert process.poll() is None
