"""A recording comm in the place of a notebook's page, and what tests of widgets share."""

from __future__ import annotations

import contextvars
import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

import comm
import pytest

from brayns_widget.controller.camera import Camera
from tests.fakes import FakeCluster

WHO = contextvars.ContextVar("who", default="nobody")
CAMERA = Camera((0.0, 0.0, 50.0)).to_dict()


class Comm:
    """A comm that keeps what it is given, and delivers what a page would send."""

    def __init__(self, data: Any = None, **_: Any) -> None:
        self.comm_id = "comm-1"
        self.sent: list[tuple[Any, Any]] = [(data, None)]
        self.senders: list[str] = []
        self.closed = False
        self.acks = True
        self._reply_subshell_id = WHO.get()
        self._numbers = itertools.count(1)  # of cameras
        self._changed = threading.Condition()
        self._deliver: Callable[[Any], None] = lambda _: None

    def on_msg(self, callback: Callable[[Any], None]) -> None:
        self._deliver = callback

    def send(self, data: Any, buffers: Any = None) -> None:
        with self._changed:
            self.sent.append((data, buffers))
            self.senders.append(WHO.get())
            self._reply_subshell_id = WHO.get()  # as ipykernel 7.4 does
            self._changed.notify_all()
        content = data.get("content", {})
        if content.get("kind") == "frame" and self.acks:
            ack = {"seq": content["seq"], "shown": True, "decode_ms": 1.0}
            self.say("ack", view=content["view"], acks=[ack])

    def close(self) -> None:
        self.closed = True

    def deliver(self, data: Any) -> None:
        self._deliver({"content": {"data": data}, "buffers": []})

    def say(self, kind: str, *, view: str = "v", **fields: Any) -> None:
        if kind == "ready":
            fields = {"origin": "", "loopback": False, **fields}
        elif kind == "camera":
            fields = {"number": next(self._numbers), **fields}
        self.deliver({"method": "custom", "content": {"kind": kind, "view": view, **fields}})

    def set(self, **state: Any) -> None:
        self.deliver({"method": "update", "state": state, "buffer_paths": []})

    def customs(self, kind: str) -> list[Any]:
        return [(d["content"], b) for d, b in list(self.sent) if d.get("content", {}).get("kind") == kind]

    def updates(self, trait: str) -> list[Any]:
        return [d["state"][trait] for d, _ in list(self.sent) if d.get("method") == "update" and trait in d["state"]]

    def wait(self, kind: str, where: Callable[[Any], bool] = lambda _: True) -> Any:
        """Wait for a custom message and return (content, buffers)."""

        def found() -> Any:
            return next((message for message in self.customs(kind) if where(message[0])), None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() is not None, 10), f"no {kind!r} came"
        return found()

    def call(self, method: str, **params: Any) -> Any:
        number = len(self.customs("reply")) + 1000 * len(self.sent)
        self.say("call", id=number, method=method, params=params)
        return self.wait("reply", lambda content: content["id"] == number)[0]


def record_comms(patch: pytest.MonkeyPatch) -> list[Comm]:
    """Let widgets have recording comms; return the list of them, which grows."""
    made: list[Comm] = []

    def create(**options: Any) -> Comm:
        created = Comm(**options)
        if "_esm" in created.sent[0][0]["state"]:  # not that of the layout
            made.append(created)
        return created

    patch.setattr(comm, "create_comm", create)
    return made


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "the wait was too long"
        threading.Event().wait(0.005)


def views(cluster: FakeCluster) -> list[Any]:
    return [params["position"] for method, params in list(cluster.renderer.requests) if method == "set-camera-view"]
