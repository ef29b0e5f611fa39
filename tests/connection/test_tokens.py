from __future__ import annotations

import copy
import pickle

import pytest

from brayns_widget.connection.tokens import ENVIRONMENT_VARIABLE, Token, redact
from brayns_widget.protocol.errors import AuthError

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
