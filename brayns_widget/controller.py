"""Controller: one job, its links and its scene, from Python.

Every method that talks to a server has two forms: a plain one that waits, and one with an ``a`` in front to be
awaited. Long ones return a ``Task``, which is both. They all run on one private event loop, so they work while a
cell is running and inside another event loop.
"""

# ruff: noqa: ASYNC109 - deadlines are part of this interface, and errors name them
from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from brayns_widget.connection.connection import Ready
from brayns_widget.connection.job import Place
from brayns_widget.connection.loop import LoopThread
from brayns_widget.connection.process import PROCESS
from brayns_widget.connection.reports import Report
from brayns_widget.connection.status import Status
from brayns_widget.connection.tokens import Token
from brayns_widget.events import Listener
from brayns_widget.protocol.messages import Reply
from brayns_widget.scene import pictures
from brayns_widget.scene.camera import Camera
from brayns_widget.scene.circuits import Circuit, Directory
from brayns_widget.scene.colors import Color, parse
from brayns_widget.scene.models import Model, load_params
from brayns_widget.session import Session
from brayns_widget.tasks import Task

P = ParamSpec("P")
T = TypeVar("T")


class Controller:
    """Owns a job of Brayns and what is shown in it.

    Args:
        master: address of a proxy master; None starts the local service.
        slave: address of its proxy slave, unless the master tells it.
        token: bearer token or a function that returns one; else the environment variable BRAYNS_WIDGET_TOKEN.
        usecase: which versions of the servers the master launches.
        project: what some masters want to know, for accounting.
        base_directory: what the local service may show; everything that you can read by default.
        start_timeout: seconds that a job may take until it is ready.
        attach_to: the master's id of a job that runs already, to be used and not stopped; see ``attach``.

    Use it as a context manager, or call ``close``: who starts a job stops it.
    """

    def __init__(
        self,
        *,
        master: str | None = None,
        slave: str | None = None,
        token: str | Callable[[], str] | None = None,
        usecase: str = "SBO1",
        project: str | None = None,
        base_directory: str | Path | None = None,
        start_timeout: float = 120.0,
        attach_to: str | None = None,
    ) -> None:
        root = Path(base_directory).expanduser().resolve() if base_directory is not None else Path(Path.cwd().anchor)
        self._place = Place(master, slave, Token(token), usecase, project, root)
        self._session = Session(self._place, attach_to, start_timeout)
        self._loop = PROCESS.loop_thread()

    @classmethod
    def attach(cls, job_id: str, **options: Any) -> Self:
        """Make a controller of a job that runs already. ``close`` leaves the job running.

        Args:
            job_id: the proxy master's id of the job.
            options: as for the class.
        """
        return cls(attach_to=job_id, **options)

    def __repr__(self) -> str:
        where = self._place.master or "the local service"
        return f"<Controller of {where}: {self.status.state}, {len(self.models)} models>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    # ------------------------------------------------------------------ state, readable from any thread

    @property
    def status(self) -> Status:
        """Where the job stands."""
        return self._session.connection.status

    @property
    def job_id(self) -> str | None:
        """The proxy master's id of the job, or None before it runs."""
        return self._session.connection.job_id

    @property
    def ready(self) -> Ready | None:
        """The servers of the job and what they offer, or None while there is none; for the loop thread only."""
        return self._session.ready

    @property
    def loop(self) -> LoopThread:
        """The thread on which listeners are called and the links live."""
        return self._loop

    @property
    def tasks(self) -> Mapping[str, Task[Any]]:
        """The running tasks by their ids."""
        return dict(self._session.tasks)

    @property
    def models(self) -> tuple[Model, ...]:
        """The models of the scene, without lights."""
        return self._session.models

    @property
    def scene_revision(self) -> int:
        """A number that grows with every change, other than of the camera, that makes the picture stale."""
        return self._session.revision

    @property
    def aspect(self) -> float:
        """Width / height of the picture that ``reset_camera`` and the first load frame the models for."""
        return self._session.aspect

    @aspect.setter
    def aspect(self, aspect: float) -> None:
        if not 0.01 <= aspect <= 100:
            raise ValueError(f"aspect is {aspect}, not a plausible width / height")
        self._session.aspect = aspect

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(event, value)`` on the loop thread at each event; returns a function that ends it.

        Events: "status" (Status), "progress" (None or {task, operation, amount, cancellable}), "models" (tuple),
        "camera" (Camera), "background" (RGBA), "notice" (Notice), "ready" (Ready or None), "scene" (revision).
        """
        return self._session.listeners.add(listener)

    # ------------------------------------------------------------------ the job

    def start(self) -> Task[None]:
        """Start the job, or attach to it, and prepare the scene. Does nothing if it runs; joins a start on its way.

        Raises (from the task):
            ServiceError, AuthError, AllocationError, ConnectionLost, DeadlineExceeded
        """
        return self._task("start", self._session.start)

    def close(self) -> None:
        """Stop the job if this controller started it, and close its links. It can't be used again."""
        self._run(self._session.close)

    async def aclose(self) -> None:
        """Do what ``close`` does."""
        await self._arun(self._session.close)

    # ------------------------------------------------------------------ requests of one's own

    def request(self, method: str, params: Any = None, *, timeout: float | None = None) -> Reply:
        """Send any JSON-RPC request to the renderer and return its answer; starts the job if need be.

        Args:
            method: the method's name.
            params: its parameters as JSON; None if it has none.
            timeout: seconds; None allows as long as such a request may take.

        Raises:
            RequestError: the renderer refused it.
        """
        return self._run(self._session.request, method, params, timeout)

    async def arequest(self, method: str, params: Any = None, *, timeout: float | None = None) -> Reply:
        """Do what ``request`` does."""
        return await self._arun(self._session.request, method, params, timeout)

    # ------------------------------------------------------------------ files and circuits

    def list_directory(self, path: str | Path | None = None) -> Directory:
        """List a directory that the backend may show; None is where browsing starts.

        Raises:
            CircuitError: it is no directory, or outside of what may be shown.
        """
        return self._run(self._session.list_directory, path)

    async def alist_directory(self, path: str | Path | None = None) -> Directory:
        """Do what ``list_directory`` does."""
        return await self._arun(self._session.list_directory, path)

    def inspect_circuit(self, path: str | Path) -> Circuit:
        """Read a circuit's node populations and node sets.

        Raises:
            CircuitError: it cannot be read.
        """
        return self._run(self._session.inspect_circuit, path)

    async def ainspect_circuit(self, path: str | Path) -> Circuit:
        """Do what ``inspect_circuit`` does."""
        return await self._arun(self._session.inspect_circuit, path)

    def load_circuit(
        self,
        path: str | Path,
        *,
        population: str | None = None,
        density: float = 1.0,
        node_ids: Sequence[int] | None = None,
        node_sets: Sequence[str] = (),
        limit: int | None = None,
        soma: bool = True,
        axon: bool = False,
        dendrites: bool = True,
        radius_multiplier: float = 1.0,
        color_by: str | None = None,
        frame: bool = True,
        wait: bool = False,
    ) -> Task[list[Model]]:
        """Load a node population of a SONATA circuit; starts the job if need be.

        Args:
            path: circuit or simulation configuration; relative to the working directory with the local service.
            population: node population; None takes the only one, or the largest biophysical one.
            density: share of the cells, above 0, up to 1; taken at even steps.
            node_ids: load only these cells.
            node_sets: load only the cells of these node sets.
            limit: largest number of cells.
            soma: load the cell bodies.
            axon: load the axons.
            dendrites: load the dendrites.
            radius_multiplier: factor on all radii.
            color_by: a coloring method of the model, such as "mtype" or "layer"; None gives it one color.
            frame: point the camera at it, if it is the first model.
            wait: return only when it is loaded.

        Raises:
            ValueError: a number is out of range.

        Raises (from the task):
            CircuitError: the circuit cannot be loaded as asked.
        """
        options: dict[str, Any] = {
            "density": density,
            "node_ids": node_ids,
            "node_sets": node_sets,
            "limit": limit,
            "soma": soma,
            "axon": axon,
            "dendrites": dendrites,
            "radius_multiplier": radius_multiplier,
        }
        load_params("", "", **options)  # bad numbers are told at once, not from the task
        where = str(path)
        task = self._task(
            f"load {Path(where).name}",
            lambda report: self._session.load_circuit(where, population, options, color_by, report, frame=frame),
        )
        if wait:
            task.result()
        return task

    # ------------------------------------------------------------------ models

    def update_model(self, model_id: int, *, visible: bool) -> Model:
        """Show or hide a model.

        Raises:
            RequestError: there is no such model.
        """
        return self._run(self._session.update_model, model_id, visible)

    async def aupdate_model(self, model_id: int, *, visible: bool) -> Model:
        """Do what ``update_model`` does."""
        return await self._arun(self._session.update_model, model_id, visible)

    def color_model(self, model_id: int, method: str, color: Any = None) -> Model:
        """Color a model.

        Args:
            model_id: its id.
            method: "solid", or one of the model's ``color_methods``, with spaces or underscores.
            color: for "solid": "#RRGGBB", or linear RGB or RGBA from 0 to 1.

        Raises:
            CircuitError: the model has no such method.
            ValueError: that is no color.
        """
        return self._run(self._session.color_model, model_id, method, color)

    async def acolor_model(self, model_id: int, method: str, color: Any = None) -> Model:
        """Do what ``color_model`` does."""
        return await self._arun(self._session.color_model, model_id, method, color)

    def remove_model(self, model_id: int) -> None:
        """Remove a model.

        Raises:
            RequestError: there is no such model.
        """
        self._run(self._session.remove_models, [model_id])

    async def aremove_model(self, model_id: int) -> None:
        """Do what ``remove_model`` does."""
        await self._arun(self._session.remove_models, [model_id])

    def clear(self) -> None:
        """Remove all models; the lights stay."""
        self._run(self._session.clear)

    async def aclear(self) -> None:
        """Do what ``clear`` does."""
        await self._arun(self._session.clear)

    # ------------------------------------------------------------------ view

    @property
    def camera(self) -> Camera:
        """What one looks through."""
        return self._session.camera

    def set_camera(self, camera: Camera) -> None:
        """Look through another camera; the stream and ``snapshot`` use it. Never waits; at once on the loop thread."""
        if self._loop.is_current:
            self._session.set_camera(camera)
        else:
            self._loop.post(self._session.set_camera, camera)

    def reset_camera(self) -> None:
        """Look at all visible models from the front, y up. Never waits."""
        self._loop.post(self._session.reset_camera)

    @property
    def background(self) -> Color:
        """The background's linear RGBA; set it with "#RRGGBB" or numbers. Setting never waits."""
        return self._session.background

    @background.setter
    def background(self, color: Any) -> None:
        color = parse(color)
        self._task("set the background", lambda _: self._session.set_background(color))

    def snapshot(
        self,
        path: str | Path | None = None,
        *,
        size: tuple[int, int] = (1200, 900),
        samples: int = 16,
        format: str | None = None,  # noqa: A002 - what Brayns calls it
        camera: Camera | None = None,
    ) -> Task[bytes]:
        """Render a picture in full quality.

        Args:
            path: file to write on this machine, or None.
            size: width and height in pixels.
            samples: samples per pixel.
            format: "png" or "jpg"; None goes by the file's name.
            camera: what to look through; None takes ``camera``.

        Raises:
            ValueError: a value is out of range.

        Raises (from the task):
            OSError: the file cannot be written.
        """
        file = None if path is None else Path(path)
        image_format = pictures.format_of(file, format)
        # Out-of-range values are told at once, not from the task.
        pictures.snapshot_params(self.camera, self.background, size=size, samples=samples, image_format=image_format)

        async def work(report: Report) -> bytes:
            return await self._session.snapshot(
                report, camera=camera, size=size, samples=samples, image_format=image_format, file=file
            )

        return self._task("snapshot", work)

    # ------------------------------------------------------------------ how calls get to the loop thread

    def _task(self, name: str, work: Callable[[Report], Coroutine[Any, Any, T]]) -> Task[T]:
        task = Task(self._loop, work, name)
        task.add_callback(self._session.watch)
        return task

    def _run(self, work: Callable[P, Coroutine[Any, Any, T]], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._loop.is_current:
            raise RuntimeError("This would wait for itself: listeners run on the loop thread. Await the async twin.")
        return self._quiet(work, *args, **kwargs).result()

    async def _arun(self, work: Callable[P, Coroutine[Any, Any, T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._quiet(work, *args, **kwargs)

    def _quiet(self, work: Callable[P, Coroutine[Any, Any, T]], *args: P.args, **kwargs: P.kwargs) -> Task[T]:
        return Task(self._loop, lambda _: work(*args, **kwargs), getattr(work, "__name__", "call").replace("_", " "))
