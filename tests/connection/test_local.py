"""One local service, with a small stand-in for it; what holds for every child is in test_child."""

from __future__ import annotations

from pathlib import Path

import pytest

from brayns_widget import installed
from brayns_widget.connection.child import Child
from brayns_widget.connection.local import LocalService
from brayns_widget.protocol.errors import ServiceError
from tests.connection.stand_in import GOOD


def test_it_learns_the_addresses_and_has_the_childs_secret(stand_in):
    started = stand_in(GOOD)
    service = LocalService.launch(Path("/data"))
    assert started == [["service", "--start-ahead", "--job-duration", "none", "--base-directory", str(Path("/data"))]]
    assert (service.master, service.slave) == ("http://127.0.0.1:1", "ws://127.0.0.1:2")
    assert service.token is service.child.secret
    secret = service.token.reveal()
    service.child.close()
    assert secret not in repr(service)
    assert service.master in repr(service)


def test_a_service_that_dies_says_its_last_words(stand_in):
    stand_in("import sys; sys.stderr.write('no port is free\\n'); sys.exit(3)")
    with pytest.raises(ServiceError, match=r"The local service ended at once \(exit code 3\)") as caught:
        LocalService.launch(Path("/"))
    assert "no port is free" in "".join(caught.value.__notes__)


@pytest.mark.parametrize(("greeting", "missing"), [("{}", "master"), ('{"master": "x"}', "slave")])
def test_a_service_that_does_not_tell_its_addresses_is_refused(stand_in, greeting, missing):
    stand_in(f"print({greeting!r}, flush=True); import sys; sys.stdin.read()")
    seen: list[Child] = []
    with pytest.raises(ServiceError, match=f"did not tell its address \\('{missing}' is missing\\)"):
        LocalService.launch(Path("/"), on_process=seen.append)
    assert not seen[0].alive


def test_a_missing_extra_is_told_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(installed, "_LOCAL", ("numpy", "no_such_module_here"))
    with pytest.raises(ServiceError, match=r"\(no_such_module_here missing\)") as caught:
        LocalService.launch(Path("/"))
    assert 'pip install "brayns-widget[local]"' in caught.value.hint
