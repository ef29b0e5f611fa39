from __future__ import annotations

import asyncio
import traceback

import pytest

from brayns_widget.connection.master import MasterClient
from brayns_widget.connection.tokens import Token
from brayns_widget.protocol.errors import TokenUnavailable
from tests.fakes import FakeCluster

SECRET = "canary-3b1c"


def test_no_local_variable_of_ours_holds_the_token_when_its_source_fails_later():
    asked = []

    def source() -> str:
        asked.append(0)
        if len(asked) > 1:
            raise OSError("no route")
        return SECRET

    async def main(cluster: FakeCluster) -> None:
        async with MasterClient(cluster.master, Token(source)) as master:
            await master.status("7")  # the fake refuses the token, so the source is asked once more

    with FakeCluster() as cluster, pytest.raises(TokenUnavailable) as caught:
        asyncio.run(main(cluster))
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    assert any(frame.f_code.co_name == "_sign" for frame in frames)
    for frame in frames:
        assert SECRET not in "".join(map(repr, list(frame.f_locals.values())))
