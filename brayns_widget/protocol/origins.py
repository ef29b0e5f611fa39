"""Names in the headers Host and Origin of HTTP requests, by which servers tell web pages from other clients."""

from __future__ import annotations

import ipaddress
import re

_HOST = r"\[[0-9a-f:.]+\]|[a-z0-9._-]+"
_HOST_HEADER = re.compile(rf"(?P<host>{_HOST})(:[0-9]{{1,5}})?")
_ORIGIN = re.compile(rf"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>{_HOST})(:(?P<port>[0-9]{{1,5}}))?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PORT_MAX = 65535


def host_of(header: str) -> str | None:
    """Return the lower-case name or address in a Host header, without port and brackets; None if it has none."""
    match = _HOST_HEADER.fullmatch(header.lower())
    return _bare(match["host"]) if match else None


def host_of_origin(origin: str) -> str | None:
    """Return the host of an origin, as ``host_of`` does."""
    match = _ORIGIN.fullmatch(origin.lower())
    return _bare(match["host"]) if match else None


def parse_origin(text: str) -> str:
    """Return an origin as browsers write it: in lower case, and without the scheme's usual port.

    Raises:
        ValueError: it is not scheme://host[:port].
    """
    match = _ORIGIN.fullmatch(text.lower())
    if match is None or not 0 < int(match["port"] or 1) <= _PORT_MAX:
        raise ValueError(f"{text!r} is not an origin: that is scheme://host[:port], such as https://lab.example.org")
    scheme, host, port = match["scheme"], match["host"], match["port"]
    usual = port is None or int(port) == _DEFAULT_PORTS.get(scheme)
    return f"{scheme}://{host}" if usual else f"{scheme}://{host}:{int(port)}"


def is_loopback(host: str) -> bool:
    """Whether a name or an address is that of the machine itself, whatever a name server says."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bare(host: str) -> str:
    return host.removeprefix("[").removesuffix("]")
