"""Controllers whose links break, through a TCP proxy, and whose renderers go."""

from __future__ import annotations

from collections.abc import Callable

from brayns_widget.controller.controller import Controller
from tests.controller.scenes import until
from tests.fakes import FakeCluster
from tests.tcp_proxy import TcpProxy


def break_link(controller: Controller, proxy: TcpProxy, late: Callable[[], object] = lambda: None) -> None:
    """Break the links, let the renderer do something, and wait until they are open again."""
    before = controller.ready
    proxy.refuse(True)
    proxy.reset()
    late()
    proxy.refuse(False)
    until(lambda: controller.ready not in {None, before})


def crash(cluster: FakeCluster, controller: Controller) -> None:
    cluster.kill_renderer("the renderer crashed")
    until(lambda: controller.status.state == "failed")
