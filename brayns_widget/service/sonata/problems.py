"""Errors of files that cannot be read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from brayns_widget.protocol.errors import INTERNAL_ERROR, RequestError
from brayns_widget.service.recognised import BEGINNING, check_beginning, hdf5_words

# What h5py raises about a file, by what is there; libsonata raises some of these, too, and its own error.
UNREADABLE: tuple[type[Exception], ...] = (
    OSError,
    RuntimeError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
)


def failure(message: str) -> RequestError:
    """Make the error of something that cannot be read (-32603)."""
    return RequestError(message, code=INTERNAL_ERROR)


def text_content(path: Path, refusal: str) -> bytes:
    """Read a text file whole.

    Args:
        path: the file.
        refusal: follows the path where its content is that of no text file, such as "is not a SONATA configuration".

    Raises:
        RequestError: -32603, it cannot be read, or it is recognised as something else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise failure(f"{path} cannot be read: {error.strerror}") from error
    try:
        check_beginning(content[:BEGINNING], hdf5=False)
    except ValueError as error:
        raise failure(f"{path} {refusal}: {error}") from error
    return content


@contextlib.contextmanager
def reading(what: str, *errors: type[Exception]) -> Iterator[None]:
    """Turn the errors of libraries into one that tells what could not be read.

    Args:
        what: the begin of the sentence, such as "Population cells" or a file's path.
        errors: more of them than those of h5py.

    Raises:
        RequestError: -32603, something could not be read.
    """
    try:
        yield
    except UNREADABLE + errors as error:
        raise failure(f"{what} cannot be read: {words(error)}") from error


@contextlib.contextmanager
def about(what: str) -> Iterator[None]:
    """Let errors begin with what they are about, unless they do.

    Raises:
        RequestError: as it came, with more words.
    """
    try:
        yield
    except RequestError as error:
        if error.message.startswith(what):
            raise
        link = ":" if _SAYS_SO in error.message else f"{_SAYS_SO}:"
        raise RequestError(f"{what}{link} {error.message}", code=error.code) from error


_SAYS_SO = " cannot be read"  # which a message says once


def words(error: BaseException) -> str:
    """Return the words of an error of a library, in one line."""
    text = error.args[0] if len(error.args) == 1 and isinstance(error, KeyError) else error
    return hdf5_words(" ".join(str(text).split()))
