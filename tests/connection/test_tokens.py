from __future__ import annotations

import asyncio
import copy
import pickle
import threading
from collections.abc import Awaitable
from functools import partial

import pytest

from brayns_widget.connection.tokens import ENVIRONMENT_VARIABLE, Token, redact
from brayns_widget.protocol.errors import AuthError, TokenUnavailable

SECRET = "canary-0d8f"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)


def test_it_comes_from_a_string_a_function_or_the_environment(monkeypatch):
    tokens = iter(["a", "b"])
    refreshed = Token(lambda: next(tokens))
    assert Token(SECRET).reveal() == SECRET
    assert [refreshed.reveal(), refreshed.reveal()] == ["a", "b"]
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "from-environment")
    assert Token().reveal() == "from-environment"
    assert Token(SECRET).reveal() == SECRET


@pytest.mark.parametrize("source", [None, "", lambda: ""])
def test_none_at_all_is_an_error_that_says_what_to_do(source):
    with pytest.raises(AuthError, match=ENVIRONMENT_VARIABLE):
        Token(source).reveal()


@pytest.mark.parametrize("value", ["two words", "line\nfeed", "ünicode", "tab\t"])
def test_what_would_break_a_header_is_refused_without_being_shown(value):
    with pytest.raises(AuthError) as caught:
        Token(value).reveal()
    assert value not in str(caught.value)


@pytest.mark.parametrize("value", [4711, 0, SECRET.encode(), {"access_token": SECRET}])
def test_a_function_that_returns_no_text_is_told_to_do_so(value):
    with pytest.raises(AuthError, match=f"returned {type(value).__name__}, which is no text. Let it return") as caught:
        asyncio.run(Token(lambda: value).fetch())
    assert SECRET not in str(caught.value)
    assert "4711" not in str(caught.value)


def test_it_comes_from_a_file_or_a_variable_of_another_name(monkeypatch, tmp_path):
    monkeypatch.setenv("HUB_TOKEN", "from-hub")
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "from-environment")
    file = tmp_path / "token"
    file.write_text(f"{SECRET}\n", encoding="utf-8")
    stored = Token({"file": file})
    assert Token({"variable": "HUB_TOKEN"}).reveal() == "from-hub"
    assert stored.reveal() == SECRET
    file.write_text("another", encoding="utf-8")
    assert stored.reveal() == "another"


def test_where_it_was_said_to_be_and_is_not_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "from-environment")
    with pytest.raises(AuthError, match="no token in variable 'HUB_TOKEN'"):
        Token({"variable": "HUB_TOKEN"}).reveal()
    with pytest.raises(AuthError, match=r"token's file .*nowhere' cannot be read: No such file"):
        Token({"file": tmp_path / "nowhere"}).reveal()
    (tmp_path / "picture").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AuthError, match="it is no text"):
        Token({"file": str(tmp_path / "picture")}).reveal()


def test_a_fetched_one_asks_its_source_no_more():
    tokens = iter(["a", "b"])
    fetched = asyncio.run(Token(lambda: next(tokens)).fetch())
    assert [fetched.reveal(), fetched.reveal()] == ["a", "a"]


async def asynchronous() -> str:
    await asyncio.sleep(0)
    return SECRET


class Disguised:
    def __call__(self) -> Awaitable[str]:
        return asynchronous()


@pytest.mark.parametrize("source", [asynchronous, Disguised(), partial(asynchronous)])
def test_it_comes_from_an_async_function_and_is_then_known(source):
    token = Token(source)
    with pytest.raises(AuthError):
        token.reveal()
    assert asyncio.run(token.fetch()).reveal() == SECRET
    assert token.reveal() == SECRET


def test_a_function_that_takes_its_time_does_not_hold_the_loop():
    release = threading.Event()

    def slow() -> str:
        assert release.wait(10)
        return SECRET

    async def main() -> str:
        fetching = asyncio.create_task(Token(slow).fetch())
        await asyncio.sleep(0)
        release.set()  # which a function that is called on the loop would wait for
        return (await fetching).reveal()

    assert asyncio.run(main()) == SECRET


def failing() -> str:
    raise OSError(f"no route for {SECRET}")


async def failing_later() -> str:
    await asyncio.sleep(0)
    return failing()


def ended() -> str:
    raise StopIteration  # which no future can hold


def leaving() -> str:
    raise SystemExit(1)  # which would end the loop


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (failing, "OSError"),
        (failing_later, "OSError"),
        (lambda: failing_later(), "OSError"),  # noqa: PLW0108 - an async function in disguise
        (ended, "StopIteration"),
        (leaving, "SystemExit"),
    ],
)
def test_a_function_that_fails_is_told_without_what_it_has_said(source, kind):
    with pytest.raises(TokenUnavailable, match=f"function that returns the token failed: {kind}") as caught:
        asyncio.run(Token(source).fetch())
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_function_that_fails_where_it_is_called_at_once_is_told_too():
    with pytest.raises(TokenUnavailable, match="OSError"):
        Token(failing).reveal()


def test_an_optional_one_may_be_none_and_is_not_of_the_environment(monkeypatch):
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "from-environment")
    for token in (Token(optional=True), asyncio.run(Token(optional=True).fetch())):
        assert token.reveal() == ""
        assert token.blank("some text") == "some text"
    assert Token(SECRET, optional=True).reveal() == SECRET


@pytest.mark.parametrize(
    "source", [7, b"canary-0d8f", {}, {"file": ""}, {"command": "x"}, {"file": "a", "variable": "b"}]
)
def test_other_sources_are_refused_without_being_shown(source):
    with pytest.raises(TypeError, match="a token is a text, a function") as caught:
        Token(source)
    assert SECRET not in str(caught.value)


def test_one_of_another_one_has_its_source():
    assert Token(Token(SECRET)).reveal() == SECRET


def test_it_is_blanked_out_of_texts():
    assert Token(SECRET).blank(f"a {SECRET} b") == "a … b"


def test_it_does_not_show():
    token = Token(SECRET)
    for text in (repr(token), str(token), f"{token}", f"{[token]}"):
        assert SECRET not in text
    assert SECRET.encode() not in pickle.dumps(token)
    with pytest.raises(AuthError):
        copy.copy(token).reveal()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"wss://host/1/renderer?token={SECRET}", "wss://host/1/renderer?token=…"),
        (f"ws://host/?a=1&access_token={SECRET}&b=2", "ws://host/?a=1&access_token=…&b=2"),
        (f"https://me:{SECRET}@host/path", "https://…@host/path"),
        (f"Authorization: Bearer {SECRET}", "Authorization: Bearer …"),
        (f'GET "/1/renderer?token={SECRET}" 403', 'GET "/1/renderer?token=…" 403'),
        ("nothing to hide: a token, a key", "nothing to hide: a token, a key"),
        ("the bearer token is missing or wrong", "the bearer token is missing or wrong"),
        ("It is the wrong bearer token.", "It is the wrong bearer token."),
        ("Bearer token-1 or Bearer tokens.2", "Bearer … or Bearer …"),
    ],
)
def test_credentials_are_blanked_out_of_texts(text, shown):
    assert redact(text) == shown
