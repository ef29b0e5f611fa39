"""The command `brayns-widget service`: the local Brayns service as a process."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from brayns_widget.lifetime import read_stdin_line
from brayns_widget.protocol.errors import ServiceError
from brayns_widget.protocol.origins import is_loopback
from brayns_widget.service.access import Access, add_allow_origin
from brayns_widget.service.allocators.local import LocalAllocator, local_commands
from brayns_widget.service.allocators.spare import wanted
from brayns_widget.service.auth import Token
from brayns_widget.service.ending import hear
from brayns_widget.service.jobs import MAX_DURATION, NO_LIMIT, JobStore
from brayns_widget.service.log import log_to_stderr
from brayns_widget.service.manager import JobManager
from brayns_widget.service.token_file import token_file

TOKEN_VARIABLE = "BRAYNS_WIDGET_TOKEN"  # noqa: S105 - the name, not the value
_LEVELS = ("debug", "info", "warning", "error")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand `service`."""
    parser = subparsers.add_parser(
        "service",
        help="run the local Brayns service: proxy master and slave",
        description="Run proxy master and slave on this machine. When both listen, one line of JSON on the standard "
        "output has their addresses.",
    )
    parser.add_argument("--host", type=_loopback, default="127.0.0.1", help="loopback address to listen on")
    parser.add_argument("--port", type=_port, default=0, help="the master's port; 0, the default, takes a free one")
    parser.add_argument("--slave-port", type=_port, default=0, help="the slave's port, likewise")
    parser.add_argument(
        "--base-directory",
        type=Path,
        default=None,
        help="directory that clients may see and upload to; by default the home directory, or the current directory "
        "if that is outside of it",
    )
    parser.add_argument("--database", default=":memory:", help="SQLite file of job records; by default not kept")
    parser.add_argument("--token-file", type=Path, help=f"file with the token; else it is taken from {TOKEN_VARIABLE}")
    parser.add_argument(
        "--exit-with-stdin",
        action="store_true",
        help="read the token from the first line of the standard input, and exit when the standard input ends",
    )
    parser.add_argument(
        "--start-ahead",
        action="store_true",
        help="start the first job's servers at once, before they are asked for",
    )
    parser.add_argument("--log-level", choices=_LEVELS, default="warning", help="minimum level of messages on stderr")
    parser.add_argument(
        "--job-duration",
        type=_seconds,
        metavar="SECONDS",
        help="maximum run time of a job, instead of its use case's; none: as long as the service",
    )
    add_allow_origin(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the service until it is asked to end; return the exit code."""
    try:
        with _token(options) as (token, token_file):
            log_to_stderr(options.log_level, token)
            asyncio.run(_serve(options, token, token_file))
    except ServiceError as error:
        print(f"brayns-widget service: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(options: argparse.Namespace, token: Token, token_file: Path | None) -> None:
    with hear(stdin=options.exit_with_stdin) as ending:
        commands = local_commands(_existing(options.base_directory or default_base_directory()))
        allocator = LocalAllocator(commands, spare=wanted())
        if options.start_ahead:
            try:
                await allocator.start_ahead()
            except OSError as error:
                raise ServiceError(f"The servers cannot be started: {error}.") from error
        from brayns_widget.service.app import serve  # after the servers' start: it takes 0.2 s

        manager = JobManager(JobStore(options.database), allocator, duration=options.job_duration)
        async with serve(
            manager,
            token,
            host=options.host,
            port=options.port,
            slave_port=options.slave_port,
            access=Access(options.allow_origin),
        ) as addresses:
            greeting = {"master": addresses.master, "slave": addresses.slave, "pid": os.getpid()}
            if token_file:
                greeting["token_file"] = str(token_file)
            print(json.dumps(greeting), flush=True)
            await ending.wait()


def _existing(directory: Path) -> Path:
    path = directory.absolute()
    if not os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where one may not look
        raise ServiceError(f"There is no directory {str(path)!r}.", hint="Name another one with --base-directory.")
    return path


def default_base_directory() -> Path:
    """Return the home directory, or the current directory if that is outside of it."""
    home, here = Path.home(), Path.cwd()
    return home if here.is_relative_to(home) else here


@contextlib.contextmanager
def _token(options: argparse.Namespace) -> Iterator[tuple[Token, Path | None]]:
    """Get the given token, or make one in a file that only this user can read.

    Returns:
        The token, and the file made for it, which is deleted when the context ends.
    """
    # The token itself is in no variable: a traceback may show those.
    with contextlib.ExitStack() as stack:
        made = None
        try:
            if options.exit_with_stdin:
                token = Token(read_stdin_line())
            elif options.token_file:
                token = Token(options.token_file.read_text().strip())
            elif TOKEN_VARIABLE in os.environ:
                token = Token(os.environ[TOKEN_VARIABLE])
            else:
                token, made = stack.enter_context(token_file())
        except (OSError, EOFError, ValueError) as error:
            raise ServiceError(f"There is no token to work with: {error}.") from error
        finally:
            os.environ.pop(TOKEN_VARIABLE, None)  # our children don't need it
        yield token, made


def _loopback(text: str) -> str:
    if not is_loopback(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a loopback address; the service has no TLS, so its token must not leave this machine"
        )
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: those go from 0 to 65535")
    return int(text)


def _seconds(text: str) -> timedelta:
    if text == "none":
        return NO_LIMIT
    try:
        value = float(text)
        if not 0 < value <= MAX_DURATION.total_seconds():
            raise ValueError(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither none nor a number of seconds above 0 and up to a year "
            f"({MAX_DURATION.total_seconds():.0f})"
        ) from None
    return timedelta(seconds=value)
