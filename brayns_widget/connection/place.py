"""The place where jobs run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from brayns_widget.connection.addresses import server_address, slave_address
from brayns_widget.connection.master import master_address
from brayns_widget.connection.tokens import Token


@dataclass(frozen=True, slots=True)
class Place:
    """The place where jobs run: addresses of the proxies, the token, and options of the start.

    Attributes:
        master: address of the proxy master, or None for the local service.
        slave: address of the proxy slave, or None if the master provides it.
        token: bearer token; not used with the local service, which has its own.
        usecase: which versions of renderer and backend the master launches.
        project: the project, which the 2024 edition requires, or None.
        base_directory: the directory in which the local service may read and write.
        renderer: address of a renderer that runs already, without proxies, or None.
        backend: address of its backend, or None.

    Raises:
        BraynsWidgetError: an address is invalid, or contains a credential.
    """

    master: str | None
    slave: str | None
    token: Token = field(repr=False)
    usecase: str
    project: str | None
    base_directory: Path
    renderer: str | None = None
    backend: str | None = None

    def __post_init__(self) -> None:
        # At once, so that no address with a credential in it is ever kept.
        if self.master is not None:
            master_address(self.master)
        if self.slave is not None:
            slave_address(self.slave)
        for name in ("renderer", "backend"):
            if (address := getattr(self, name)) is not None:
                server_address(address, name)

    @property
    def servers(self) -> tuple[str, str | None] | None:
        """Addresses of renderer and backend without proxies, or None."""
        if self.renderer is None:
            return None
        backend = None if self.backend is None else server_address(self.backend, "backend")
        return server_address(self.renderer, "renderer"), backend

    @property
    def addresses(self) -> dict[str, str]:
        """Addresses of the servers that are named, by what these are."""
        named = {"proxy master": self.master and master_address(self.master)}
        named["proxy slave"] = self.slave and slave_address(self.slave)
        named["renderer"], named["backend"] = self.servers or (None, None)
        return {name: address for name, address in named.items() if address}

    @property
    def is_local(self) -> bool:
        """Whether the local service runs the jobs."""
        return self.master is None and self.renderer is None

    def shares_master(self, other: Place) -> bool:
        """Whether the same master runs the jobs of both, so that its ids mean the same jobs."""
        if self.renderer is not None or other.renderer is not None:
            return False
        mine, theirs = (place.master and master_address(place.master) for place in (self, other))
        return mine == theirs

    @property
    def name(self) -> str:
        """Where it is, for people."""
        return self.renderer or self.master or "the local service"
