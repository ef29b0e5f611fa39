from __future__ import annotations

import json
from pathlib import Path

import pytest

from brayns_widget.protocol.cancelling import CANCEL, CancelParams
from brayns_widget.protocol.schema import json_schema, validate


@pytest.mark.parametrize("number", [7, "seven"])
def test_requests_are_cancelled_by_their_ids(number: int | str):
    assert CANCEL.encode(CancelParams(id=number)) == {"id": number}


def test_null_is_an_id_that_servers_understand():
    assert CANCEL.params_type is not None
    assert validate(CANCEL.params_type, {"id": None}).id is None


@pytest.mark.data
def test_the_schema_is_the_recorded_one(shared_dir: Path):
    recorded = json.loads((shared_dir / "protocol" / "renderer-schemas.json").read_text())["cancel"]
    assert CANCEL.params_type is not None
    assert json_schema(CANCEL.params_type) == recorded["params"]
    assert CANCEL.result is None
    assert "returns" not in recorded
