from types import SimpleNamespace

import pytest
from multidict import CIMultiDict
from yarl import URL

from brayns_widget.service.auth import Token


def request(*headers, query=""):
    return SimpleNamespace(headers=CIMultiDict([("Host", "x"), *headers]), query=URL(f"/{query}").query)


def bearer(value):
    return ("Authorization", value.decode(errors="surrogateescape"))


def test_the_header_opens():
    token = Token("secret")
    assert token.admits(request(bearer(b"Bearer secret")))
    assert token.admits(request(bearer(b"bearer secret")))


@pytest.mark.parametrize(
    "header", [b"Bearer wrong", b"Bearer secretX", b"Bearer secre", b"secret", b"Basic secret", b"Bearer", b"", b"\xff"]
)
def test_another_header_does_not(header):
    assert not Token("secret").admits(request(bearer(header)))


def test_the_query_opens_only_where_it_may():
    token = Token("se+cr/et")
    assert token.admits(request(query="?token=se%2Bcr%2Fet"), query=True)
    assert not token.admits(request(query="?token=se%2Bcr%2Fet"))
    assert not token.admits(request(query="?token=other"), query=True)
    assert not token.admits(request(query="?token=%ff%00"), query=True)
    assert not token.admits(request(), query=True)


@pytest.mark.parametrize("value", ["", "two words", "line\nend", "Grüezi"])
def test_a_token_is_one_printable_word(value):
    with pytest.raises(ValueError, match="one word"):
        Token(value)


def test_a_token_never_shows_itself():
    token = Token("secret")
    assert "secret" not in f"{token} {token!r}"
    assert token.mask("GET /x?token=secret, secret") == "GET /x?token=…, …"
    assert Token("a+b/c").mask("token=a%2Bb%2Fc or a+b/c") == "token=… or …"
