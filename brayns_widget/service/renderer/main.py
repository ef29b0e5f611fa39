"""The command ``brayns-widget renderer``: one renderer, with the flags of the real ``braynsService``."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import ssl
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from brayns_widget.lifetime import read_stdin_line
from brayns_widget.service.access import Access, add_access
from brayns_widget.service.auth import Token
from brayns_widget.service.confined import confined
from brayns_widget.service.ending import exit_on_signals, hear
from brayns_widget.service.log import log_to_stderr
from brayns_widget.service.renderer.memory import Budget
from brayns_widget.version import ShowVersion

logger = logging.getLogger(__name__)

_READING_ENDS = 0.7  # seconds that what is read gets to end when the server does

# braynsService's names of levels → logging's
LOG_LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "fatal": logging.CRITICAL,
    "off": logging.CRITICAL + 1,
}


def add_parser(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "renderer",
        help="run one renderer (the flags of braynsService)",
        description="Run one renderer: Brayns 3.10's JSON-RPC methods over WebSocket. Prints 'listening on HOST:PORT' "
        "once it accepts clients.",
    )
    parser.add_argument("--version", action=ShowVersion)
    parser.add_argument("--uri", default="127.0.0.1:5000", metavar="HOST:PORT", help="port 0: a free one")
    parser.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="NAME",
        help="tell clients of this one and of others that are named so; all are built in",
    )
    parser.add_argument("--log-level", choices=LOG_LEVELS, default="warn")
    parser.add_argument("--max-clients", type=_count, metavar="N", help="let more clients wait (default: no limit)")
    parser.add_argument(
        "--threads", type=_count, metavar="N", help="tracing threads (default: one for each core that it may use)"
    )
    parser.add_argument(
        "--memory-budget", metavar="SIZE",
        help="what the scene may take, such as 4G; detail that does not fit is left out (default: the environment "
        "variable BRAYNS_WIDGET_MEMORY_BUDGET, or half of what is available)",
    )  # fmt: skip
    parser.add_argument(  # the real one's flag takes a value, and its Python client gives it
        "--secure", nargs="?", const=True, default=False, type=_switch, metavar="true|false",
        help="serve wss:// (needs a certificate and its key)",
    )  # fmt: skip
    parser.add_argument("--certificate-file", metavar="PEM", help="certificate chain")
    parser.add_argument("--private-key-file", metavar="PEM", help="private key of the certificate")
    parser.add_argument("--private-key-passphrase", default="", metavar="TEXT")
    parser.add_argument(
        "--ca-location",
        metavar="PATH",
        help="CAs, one of which signed a client's certificate, if it shows one",
    )
    parser.add_argument(
        "--secret-from-stdin",
        action="store_true",
        help="accept only clients that send the first line of standard input as their bearer token",
    )
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when standard input does")
    parser.add_argument(
        "--base-directory", metavar="DIR", help="let clients read and write files below it only (default: all files)"
    )
    add_access(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until a signal, ``quit`` or the end of standard input; returns the exit code."""
    exit_on_signals()
    log_to_stderr(LOG_LEVELS[options.log_level])
    try:
        host, port = _address(options.uri)
        tls = _tls(options)
        secret = Token(read_stdin_line()) if options.secret_from_stdin else None
        memory = Budget.from_environment(options.memory_budget)
        with confined(options.base_directory):
            asyncio.run(_serve(options, host, port, tls, secret, memory))
    except (OSError, ValueError, EOFError) as error:
        print(f"brayns-widget renderer: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(  # noqa: PLR0917 - what the command line and its environment say
    options: argparse.Namespace, host: str, port: int, tls: ssl.SSLContext | None, secret: Token | None, memory: Budget
) -> None:
    # Imported here, so that wrong flags and --help answer at once.
    from brayns_widget.service.reading.reader import Reader
    from brayns_widget.service.renderer.context import PLUGINS, Context
    from brayns_widget.service.renderer.loaders.registry import LOADERS
    from brayns_widget.service.renderer.methods import METHODS
    from brayns_widget.service.renderer.reading import prepare
    from brayns_widget.service.rpc.server import RpcServer
    from brayns_widget.service.rpc.turns import Turns

    # A request with many shapes is millions of objects: to look through them again and again takes most of its time.
    gc.set_threshold(100_000, 50, 100)
    if options.plugin:
        logger.info("Plugins %s: accepted, but what this renderer has is built in", ", ".join(options.plugin))
    plugins = [name for name in options.plugin if name in PLUGINS] or PLUGINS

    def make_engine() -> Any:
        from brayns_widget.service.renderer.tracing.engine import Engine

        return Engine(options.threads)

    def warm_up() -> None:
        from brayns_widget.service.renderer.tracing.engine import warm_up

        warm_up()

    with hear(stdin=options.exit_with_stdin) as ending:
        turns = Turns("renderer")
        reader = Reader(partial(prepare, options.base_directory))
        context = Context(METHODS, LOADERS, ending.ask, memory, turns, reader=reader, plugins=plugins)
        server = RpcServer(
            METHODS, context, turns, between=turns.between, max_clients=options.max_clients, secret=secret
        )
        async with server.serve(host, port, access=Access(options.allow_origin), ssl=tls) as address:
            print(f"listening on {address[0]}:{address[1]}", flush=True)
            context.start(make_engine, warm_up)
            reader.start()
            await ending.wait()
            context.interrupt()
            # What is read is cancelled first.
            asyncio.get_running_loop().call_later(_READING_ENDS, reader.close)
    reader.close()
    # What is left are threads and memory. The interpreter would take a second, on a busy machine three, to free kernels
    # and scene, and wait for a compiler or a library, which cannot be stopped.
    logging.shutdown()
    os._exit(0)


def _address(uri: str) -> tuple[str, int]:
    """Split HOST:PORT; an IPv6 host stands in brackets."""
    host, separator, port = uri.rpartition(":")
    if not separator or not (port.isascii() and port.isdecimal()) or int(port) > 65535:
        raise ValueError(f"--uri must be HOST:PORT with a port from 0 to 65535, got {uri!r}")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _tls(options: argparse.Namespace) -> ssl.SSLContext | None:
    if not options.secure:
        return None
    if not options.certificate_file or not options.private_key_file:
        raise ValueError("--secure needs --certificate-file and --private-key-file")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with _reading("--certificate-file and --private-key-file", options.certificate_file, options.private_key_file):
        context.load_cert_chain(options.certificate_file, options.private_key_file, options.private_key_passphrase)
    if options.ca_location:
        place = "capath" if Path(options.ca_location).is_dir() else "cafile"
        with _reading("--ca-location", options.ca_location):
            context.load_verify_locations(**{place: options.ca_location})
        # As in the real renderer, whose own client has no certificate to show: one that is shown must be right.
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


@contextlib.contextmanager
def _reading(flags: str, *files: str) -> Iterator[None]:
    """Say which file it is that cannot be used: OpenSSL does not."""
    for file in files:
        Path(file).stat()
    try:
        yield
    except OSError as error:
        raise ValueError(f"{flags} cannot be used ({', '.join(files)}; is the passphrase right?): {error}") from error


def _switch(text: str) -> bool:
    if text not in {"true", "1", "false", "0"}:
        raise argparse.ArgumentTypeError(f"must be true or false, got {text!r}")
    return text in {"true", "1"}


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return number
