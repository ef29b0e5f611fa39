"""The backend's vocabulary against what was recorded from the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from brayns_widget.protocol import backend
from brayns_widget.protocol.schema import validate
from tests.protocol.vocabulary import backend_exchanges, endpoints_of

BACKEND = {endpoint.name: endpoint for endpoint in endpoints_of(backend).values()}


def test_constants_are_called_as_their_methods():
    assert [
        name for name, endpoint in endpoints_of(backend).items() if name != endpoint.name.upper().replace("-", "_")
    ] == []


@pytest.mark.data
def test_recorded_exchanges_are_understood(shared_dir: Path):
    seen = set()
    for name, params, reply in backend_exchanges(shared_dir / "protocol" / "backend-transcripts.jsonl"):
        if name in BACKEND and "result" in reply:
            endpoint = BACKEND[name]
            endpoint.decode(reply["result"])
            if endpoint.params_type is not None:
                assert endpoint.encode(validate(endpoint.params_type, params)) == params
            seen.add(name)
    ours = {
        "sonata-count-edges",
        "sonata-count-node-sets",
        "sonata-describe-circuit",
        "sonata-get-edges",
        "sonata-get-node-attributes",
        "sonata-get-node-set-ids",
        "sonata-list-edge-attributes",
        "sonata-list-node-attributes",
    }
    # Of these no successful answer was recorded.
    assert seen == set(BACKEND) - {"quit", "schema", "sonata-unload-node-report"} - ours
