from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from brayns_widget.protocol import messages
from brayns_widget.protocol.errors import ConnectionLost, ProtocolError, RequestCancelled, RequestError
from brayns_widget.protocol.messages import ErrorReply, Progress, Reply
from brayns_widget.protocol.requests import RequestTable


def collect() -> list[Any]:
    return []


def reply(request_id: int, result: Any = None) -> messages.RawMessage:
    return messages.encode_reply(Reply(request_id, result))


def error(request_id: int | None, code: int = -32603, text: str = "no") -> str:
    return messages.encode_error(ErrorReply(request_id, code, text))


def test_answers_find_their_requests_in_any_order():
    table = RequestTable()
    got: dict[str, Any] = {}
    ids = [table.open("m", partial(got.__setitem__, name)) for name in "abc"]
    for request_id, result in zip(reversed(ids), (3, 2, 1), strict=True):
        table.receive(reply(request_id, result))
    assert {name: outcome.result for name, outcome in got.items()} == {"a": 1, "b": 2, "c": 3}
    assert len(table) == 0


def test_ids_are_never_used_again_not_even_by_another_table():
    first, second = RequestTable(), RequestTable()
    ids = []
    for table in (first, second, first):
        request_id = table.open("m", lambda _: None)
        table.receive(reply(request_id))
        ids.append(request_id)
    assert len(set(ids)) == 3


def test_progress_goes_to_its_request_and_ends_with_the_answer():
    table, seen = RequestTable(), collect()
    a = table.open("add-model", lambda _: None, lambda p: seen.append(("a", p.amount)))
    b = table.open("add-model", lambda _: None, lambda p: seen.append(("b", p.amount)))
    table.receive(messages.encode_progress("add-model", Progress(b, 0.5, "x")))
    table.receive(messages.encode_progress("add-model", Progress(a, 0.25, "x")))
    table.receive(reply(a))
    table.receive(messages.encode_progress("add-model", Progress(a, 1.0, "x")))
    assert seen == [("b", 0.5), ("a", 0.25)]


def test_progress_that_nobody_wants_is_harmless():
    table, got = RequestTable(), collect()
    request_id = table.open("add-model", got.append)
    table.receive(messages.encode_progress("add-model", Progress(request_id, 0.5, "x")))
    assert (got, len(table)) == ([], 1)


def test_errors_become_exceptions_that_name_the_method():
    table, got = RequestTable(), collect()
    table.receive(error(table.open("snapshot", got.append), 20))
    table.receive(error(table.open("get-model", got.append), -32602, "Invalid model ID: 3"))
    assert isinstance(got[0], RequestCancelled)
    assert isinstance(got[1], RequestError)
    assert (got[1].code, got[1].method, got[1].message) == (-32602, "get-model", "Invalid model ID: 3")


def test_an_unknown_id_is_harmless():
    table, got = RequestTable(), collect()
    request_id = table.open("m", got.append)
    table.receive(reply(987654321))
    table.receive(error(987654322))
    assert got == []
    table.receive(reply(request_id, 1))
    assert [outcome.result for outcome in got] == [1]


def test_what_comes_after_giving_up_is_dropped():
    table, got = RequestTable(), collect()
    request_id = table.open("m", got.append)
    table.give_up(request_id)
    table.receive(reply(request_id))
    assert (got, len(table)) == ([], 0)


def test_an_error_without_id_fails_everything_pending_on_this_table_only():
    table, other, got, elsewhere = RequestTable(), RequestTable(), collect(), collect()
    table.open("a", got.append)
    table.open("b", got.append)
    other.open("c", elsewhere.append)
    table.receive(error(None, -32700, "Invalid JSON"))
    assert [(type(outcome), outcome.method) for outcome in got] == [(RequestError, "a"), (RequestError, "b")]
    assert elsewhere == []
    # and the connection goes on
    table.receive(reply(table.open("d", got.append), 4))
    assert got[-1].result == 4


def test_closing_fails_what_is_pending_and_what_comes():
    table, got = RequestTable(), collect()
    table.open("a", got.append)
    lost = ConnectionLost("gone")
    table.close(lost)
    table.close(ConnectionLost("a second reason changes nothing"))
    assert got == [lost]
    with pytest.raises(ConnectionLost, match="gone"):
        table.open("b", got.append)


def test_a_callback_may_send_the_next_request():
    table, got = RequestTable(), collect()
    first = table.open("a", lambda _: got.append(table.open("b", got.append)))
    table.receive(reply(first))
    assert len(table) == 1
    table.receive(reply(got[0], 2))
    assert got[1].result == 2


def test_garbage_raises():
    with pytest.raises(ProtocolError):
        RequestTable().receive("{")


def test_a_request_is_in_the_table_until_it_is_answered_or_given_up():
    table = RequestTable()
    answered, given_up = (table.open("m", lambda _: None) for _ in range(2))
    assert answered in table
    assert given_up in table
    table.receive(reply(answered))
    table.give_up(given_up)
    assert answered not in table
    assert given_up not in table
