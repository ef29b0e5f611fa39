"""The local service: a child process of the kernel, shared by all of the kernel's controllers (see ``process``)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from brayns_widget import installed
from brayns_widget.connection.child import START_DEADLINE, Child
from brayns_widget.connection.tokens import Token
from brayns_widget.protocol.errors import ServiceError


class LocalService:
    """A running ``brayns-widget service``. Make it with ``launch``, or share one through ``Process.local_service``.

    Attributes:
        child: its process.
        master: address of its proxy master.
        slave: address of its proxy slave.
    """

    def __init__(self, child: Child, master: str, slave: str) -> None:
        self.child = child
        self.master = master
        self.slave = slave

    def __repr__(self) -> str:
        return f"<LocalService at {self.master}, process {self.child.pid}>"

    @property
    def token(self) -> Token:
        """The bearer token of master and slave."""
        return self.child.secret

    @classmethod
    def launch(
        cls,
        base_directory: Path,
        *,
        timeout: float = START_DEADLINE,
        on_process: Callable[[Child], None] = lambda _: None,
    ) -> LocalService:
        """Start a service and wait until it listens.

        Args:
            base_directory: the directory in which its servers may read and write.
            timeout: seconds.
            on_process: called as soon as its process exists.

        Raises:
            ServiceError: it cannot be started; the error's note has the log of the process.
        """
        if missing := installed.missing():
            raise ServiceError(
                f"The local service is not installed ({', '.join(missing)} missing).", hint=installed.HINT
            )
        # A job follows at once, so its servers start beside the service. A session lasts as long as its kernel.
        arguments = ["service", "--start-ahead", "--job-duration", "none", "--base-directory", str(base_directory)]
        child = Child.launch(arguments, name="local service", timeout=timeout, on_process=on_process)
        try:
            return cls(child, str(child.greeting["master"]), str(child.greeting["slave"]))
        except KeyError as error:
            child.close()
            raise child.failure(f"did not tell its address ({error} is missing)") from None
