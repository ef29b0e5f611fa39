"""Who may open a socket: programs, and those web pages that somebody has allowed.

A browser lets any page connect to any port of its user's machine, but always tells the page's origin. A page whose own
name leads to this machine (DNS rebinding) is told by the Host header, too.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence

from brayns_widget.protocol.origins import host_of, is_loopback, parse_origin

_ALL_INTERFACES = {"", "0.0.0.0", "::"}  # noqa: S104 - recognised here, not bound
_QUOTED = 200  # characters of a header in a refusal


class Access:
    """The rule by which handshakes are refused.

    Args:
        origins: of web pages that may connect, as ``parse_origin`` gives them.
    """

    def __init__(self, origins: Collection[str] = ()) -> None:
        self._origins = frozenset(origins)

    def allows(self, origin: str) -> bool:
        """Whether pages of an origin may connect."""
        return origin in self._origins

    def refusal(self, origins: Sequence[str], hosts: Sequence[str], bound: Sequence[str]) -> str | None:
        """Return why a handshake is refused, as a sentence; None if it is not.

        Args:
            origins: all Origin headers; programs send none.
            hosts: all Host headers.
            bound: names and addresses that the server listens on. One for all interfaces is reached by any name.
        """
        origin, host = ", ".join(origins), ", ".join(hosts)
        if origins and not self.allows(origin):
            return f"Web pages of {origin[:_QUOTED]!r} may not connect: --allow-origin does not name them.\n"
        name = host_of(host)
        known = {one.lower() for one in bound}
        if name is None or not (is_loopback(name) or name in known or known & _ALL_INTERFACES):
            return f"The Host header {host[:_QUOTED]!r} names neither localhost nor the address that is listened on.\n"
        return None


def add_allow_origin(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--allow-origin``, whose values are for ``Access``."""
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        type=_origin,
        metavar="ORIGIN",
        help="let web pages of this origin connect, as scheme://host[:port]; may be repeated (default: none; programs, "
        "which have no origin, always may)",
    )


def add_access(parser: argparse.ArgumentParser) -> None:
    """Add the option to the command of a server, and to its help what a port without a secret means."""
    add_allow_origin(parser)
    parser.epilog = (
        "Without --secret-from-stdin the port has no lock: every program that reaches it, of any user of this machine "
        "and from the network unless a loopback address is bound, can call all methods, which read and write files as "
        "you. Web pages cannot, but for those that --allow-origin names."
    )


def _origin(text: str) -> str:
    try:
        return parse_origin(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
