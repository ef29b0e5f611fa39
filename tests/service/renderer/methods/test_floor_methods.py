"""The radius floor as clients see it."""

from __future__ import annotations

import asyncio

import pytest

from tests.service.renderer.renderer_process import Failed, renderer_process
from tests.service.renderer.stage import at, empty_stage, picture, sphere

TINY = 0.001  # µm; a pixel of the stage has 0.1


def test_what_is_thinner_than_a_pixel_is_drawn_with_the_floors_radius():
    async def main(address: str) -> None:
        async with empty_stage(address) as client:
            assert await client.call("get-radius-floor") == {"pixels": 0.0}
            await client.call("add-spheres", [sphere(x=1.01, y=1.01, radius=TINY), sphere(x=-1, radius=1)])
            without = await picture(client)
            assert not any(at(without, 1.01, 1.01))
            await client.call("set-radius-floor", {"pixels": 4})
            assert await client.call("get-radius-floor") == {"pixels": 4.0}
            await client.call("set-renderer-interactive", {"samples_per_pixel": 4})  # the last one waits for the floor
            image = await picture(client)
            # 4 pixels of one sample are 2 of four samples.
            assert all(at(image, 1.01, 1.01))
            assert all(at(image, 1.15, 1.01))
            assert not any(at(image, 1.45, 1.01))
            assert all(at(image, -1, 0))
            await client.call("set-renderer-interactive", {"samples_per_pixel": 1})
            await client.call("set-radius-floor", {"pixels": 8})
            assert all(at(await picture(client), 1.3, 1.01))  # a picture that accumulates is finished, with one, too
            assert not any(at(image, 0.25, 0))  # what is thick enough stays as it is
            with pytest.raises(Failed) as caught:
                await client.call("set-radius-floor", {"pixels": -1})
            assert caught.value.code == -32602

    with renderer_process() as (address, _process):
        asyncio.run(main(address))
