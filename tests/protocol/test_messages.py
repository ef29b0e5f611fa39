from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brayns_widget.protocol import messages
from brayns_widget.protocol.errors import INVALID_REQUEST, PARSE_ERROR, ProtocolError, RequestCancelled, RequestError
from brayns_widget.protocol.messages import ErrorReply, Progress, Reply, Request

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
IDS = st.integers() | st.text()


@given(st.text(min_size=1), JSON, IDS, st.binary())
def test_requests_survive_the_way(method, params, request_id, payload):
    request = Request(method, params, request_id, memoryview(payload))
    assert messages.decode_request(messages.encode_request(request)) == request


def test_a_request_that_no_server_takes_is_not_sent(monkeypatch):
    monkeypatch.setattr(messages, "MAX_MESSAGE", 2 << 20)
    messages.encode_request(Request("upload", id=1, payload=memoryview(bytes(2_000_000))))
    with pytest.raises(ProtocolError, match=r"'upload' does not fit into a message, which may have 2 MiB.*by its path"):
        messages.encode_request(Request("upload", id=1, payload=memoryview(bytes(2_097_152))))


@given(IDS, JSON, st.binary())
def test_replies_survive_the_way(request_id, result, payload):
    reply = Reply(request_id, result, memoryview(payload))
    assert messages.decode_server_message(messages.encode_reply(reply)) == reply


@given(st.none() | IDS, st.integers(), st.text(), JSON)
def test_errors_survive_the_way(request_id, code, text, data):
    error = ErrorReply(request_id, code, text, data)
    assert messages.decode_server_message(messages.encode_error(error)) == error


@given(IDS, st.floats(0, 1), st.text())
def test_progress_survives_the_way(request_id, amount, operation):
    progress = Progress(request_id, amount, operation)
    assert messages.decode_server_message(messages.encode_progress("add-model", progress)) == progress


def test_only_a_payload_makes_a_binary_message():
    assert isinstance(messages.encode_request(Request("a", id=1)), str)
    assert isinstance(messages.encode_request(Request("a", id=1, payload=memoryview(b"x"))), bytes)


def test_params_are_left_out_rather_than_empty():
    assert json.loads(messages.encode_request(Request("get-scene", None, 7))) == {
        "jsonrpc": "2.0",
        "method": "get-scene",
        "id": 7,
    }


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("{nope", PARSE_ERROR),
        ("NaN", PARSE_ERROR),
        (b"\x00", PARSE_ERROR),
        ("[" * 100_000, PARSE_ERROR),
        ("42", INVALID_REQUEST),
        ('{"jsonrpc":"2.0","method":"\\ud83d"}', PARSE_ERROR),
        ('{"jsonrpc":"2.0","method":"a","params":{"\\udE00":1}}', PARSE_ERROR),
        ("[]", INVALID_REQUEST),
        ("{}", INVALID_REQUEST),
        ('{"jsonrpc":"1.0","method":"a"}', INVALID_REQUEST),
        ('{"jsonrpc":"2.0","method":""}', INVALID_REQUEST),
        ('{"jsonrpc":"2.0","method":5}', INVALID_REQUEST),
        ('{"jsonrpc":2.0,"method":"a"}', INVALID_REQUEST),
        ('{"jsonrpc":[["2.0"]],"method":"a"}', INVALID_REQUEST),
        ('{"jsonrpc":"2.0","method":"a","id":1.5}', INVALID_REQUEST),
        ('{"jsonrpc":"2.0","method":"a","id":true}', INVALID_REQUEST),
        ('{"jsonrpc":"2.0","method":"a","extra":1}', INVALID_REQUEST),
        ('{"method":"a"}', INVALID_REQUEST),
    ],
)
def test_bad_requests_are_refused_with_their_code(raw, code):
    with pytest.raises(RequestError) as caught:
        messages.decode_request(raw)
    assert caught.value.code == code


def test_pairs_of_surrogates_are_text():
    assert messages.decode_request('{"jsonrpc":"2.0","method":"\\ud83d\\ude00"}').method == "\N{GRINNING FACE}"


def test_names_of_files_need_not_be_text():
    name = "caf\udce9"  # as Python reads the bytes b"caf\xe9"
    raw = messages.encode_request(messages.Request("a", {"path": name}))
    assert messages.decode_request(raw).params == {"path": name}


def test_the_backend_accepts_requests_without_a_version():
    assert messages.decode_request('{"method":"a"}', require_version=False).method == "a"


@pytest.mark.parametrize(
    "raw",
    [
        "nope",
        "[]",
        "{}",
        '{"id":1}',
        '{"id":[1],"result":1}',
        '{"id":true,"result":1}',
        '{"id":null,"result":1}',
        '{"id":1,"error":"x"}',
        '{"id":1,"error":{"message":"x"}}',
        '{"method":"a","params":{"id":1}}',
        '{"method":"a","params":{"id":1,"amount":"half","operation":"x"}}',
        '{"method":"a","params":{"id":1,"amount":NaN,"operation":"x"}}',
    ],
)
def test_what_no_server_may_send_is_refused(raw):
    with pytest.raises(ProtocolError):
        messages.decode_server_message(raw)


def test_progress_is_kept_between_0_and_1():
    raw = '{"method":"a","params":{"id":1,"amount":1' + "0" * 400 + ',"operation":"x"}}'
    assert messages.decode_server_message(raw) == Progress(1, 1.0, "x")


@given(st.text() | st.binary() | JSON.map(json.dumps))
def test_no_message_raises_anything_else(raw):
    with contextlib.suppress(ProtocolError):
        messages.decode_server_message(raw)
    with contextlib.suppress(RequestError):
        messages.decode_request(raw)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"),
        (True, "boolean"),
        (1, "integer"),
        (1.0, "number"),
        ("1", "string"),
        ([1], "array"),
        ((1,), "array"),
        ({"1": 1}, "object"),
    ],
)
def test_types_are_named_as_json_has_them(value, name):
    assert messages.type_name(value) == name


def test_code_20_is_a_cancel():
    assert isinstance(ErrorReply(1, 20, "Task has been cancelled").to_exception("snapshot"), RequestCancelled)
    error = ErrorReply(1, -32602, "Invalid params", ["a: too small"]).to_exception("snapshot")
    assert not isinstance(error, RequestCancelled)
    assert (error.method, str(error)) == ("snapshot", "Invalid params (a: too small)")


def test_recorded_messages_of_the_real_renderer_are_understood(shared_dir):
    kinds = set()
    for path in sorted((shared_dir / "protocol" / "renderer-transcripts").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = _entry(line)
            if entry.get("dir") != "server->client" or entry.get("frame") != "text":
                continue
            with contextlib.suppress(json.JSONDecodeError):  # the recorder cut long messages
                json.loads(entry["text"])
                kinds.add(type(messages.decode_server_message(entry["text"])))
    assert kinds == {Reply, ErrorReply, Progress}


def _entry(line: str) -> dict[str, str]:
    try:
        entry = json.loads(line, strict=False)
    except json.JSONDecodeError:
        return {}
    return entry if isinstance(entry, dict) else {}
