from __future__ import annotations

import pytest

from brayns_widget.protocol.answers import MAX_ANSWER, check_answer, is_too_large
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError


def test_an_answer_that_is_too_large_is_refused_so_that_a_client_knows_why():
    check_answer(MAX_ANSWER, "ask for less")
    with pytest.raises(RequestError, match=r"^That is more than 48 MiB; ask for less$") as caught:
        check_answer(MAX_ANSWER + 1, "ask for less")
    assert caught.value.code == INVALID_PARAMS
    assert is_too_large(caught.value)


@pytest.mark.parametrize("data", [None, ["ids[0]: no"], "max_answer", {}])
def test_other_refusals_are_not_taken_for_it(data):
    assert not is_too_large(RequestError("no", code=INVALID_PARAMS, data=data))
