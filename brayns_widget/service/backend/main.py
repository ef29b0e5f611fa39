"""The command ``brayns-widget backend``: one metadata backend."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from brayns_widget.lifetime import read_stdin_line
from brayns_widget.service.access import Access, add_access
from brayns_widget.service.auth import Token
from brayns_widget.service.backend.base import BaseDirectory
from brayns_widget.service.ending import exit_on_signals, hear
from brayns_widget.service.log import log_to_stderr

LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
ENDING_SECONDS = 1.0  # that calls of the operating system get to return at the end
WORKERS = 8  # requests that are answered at once; they mostly wait for disks


def add_parser(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "backend",
        help="run one metadata backend",
        description="Run one metadata backend: files and contents of circuits, as JSON-RPC methods over "
        "WebSocket. Prints 'listening on HOST:PORT' once it accepts clients.",
    )
    parser.add_argument("--host", default="127.0.0.1", metavar="H", help="name or address to bind")
    parser.add_argument("--port", type=int, default=5001, metavar="P", help="port to bind; 0: a free one")
    parser.add_argument(
        "--base-directory", required=True, metavar="D", help="directory that clients may see and upload to"
    )
    parser.add_argument(
        "--secret-from-stdin",
        action="store_true",
        help="accept only clients that send the first line of standard input as their bearer token",
    )
    parser.add_argument("--exit-with-stdin", action="store_true", help="exit when standard input ends")
    parser.add_argument("--log-level", choices=LOG_LEVELS, default="warning")
    add_access(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until a signal, ``quit`` or the end of standard input; returns the exit code."""
    exit_on_signals()
    log_to_stderr(options.log_level)
    try:
        secret = Token(read_stdin_line()) if options.secret_from_stdin else None
        asyncio.run(_serve(options, BaseDirectory(options.base_directory), secret))
    except (OSError, OverflowError, ValueError, EOFError) as error:  # OverflowError: a port out of range
        print(f"brayns-widget backend: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(options: argparse.Namespace, base: BaseDirectory, secret: Token | None) -> None:
    # Imported here, so that wrong flags and --help answer at once.
    from brayns_widget.service.backend.methods import METHODS, Context
    from brayns_widget.service.backend.reader import CircuitReader
    from brayns_widget.service.rpc.server import RpcServer

    with hear(stdin=options.exit_with_stdin) as ending:
        reader = CircuitReader(base)
        workers = ThreadPoolExecutor(WORKERS, "backend")
        context = Context(base, reader, ending.ask)
        server = RpcServer(
            METHODS, context, workers, for_client=context.for_client, require_version=False, secret=secret
        )
        async with server.serve(options.host, options.port, access=Access(options.allow_origin)) as address:
            print(f"listening on {address[0]}:{address[1]}", flush=True)
            await ending.wait()
            reader.close()  # first, so that no request waits for a file that does not come
    shutdown = threading.Thread(target=workers.shutdown, kwargs={"cancel_futures": True}, daemon=True)
    shutdown.start()
    shutdown.join(ENDING_SECONDS)
    if shutdown.is_alive():
        # A lost disk may hold a directory's listing for ever, and the interpreter would wait for it.
        logging.shutdown()
        os._exit(0)
