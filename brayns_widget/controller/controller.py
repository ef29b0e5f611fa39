"""Controller of one job and its scene, for Python."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from brayns_widget.connection.connection import Ready
from brayns_widget.connection.loop import LoopThread
from brayns_widget.connection.status import Status
from brayns_widget.connection.tokens import Source, Token
from brayns_widget.controller.aiming import Aim
from brayns_widget.controller.calls import shortcut
from brayns_widget.controller.camera import Camera
from brayns_widget.controller.clipping import Clipping
from brayns_widget.controller.connecting import Connections
from brayns_widget.controller.files import Files
from brayns_widget.controller.group import Core
from brayns_widget.controller.guarded import Guarded
from brayns_widget.controller.history import History
from brayns_widget.controller.job import Job, Notices, Tasks
from brayns_widget.controller.jobs import StartedJobs, find_jobs, runner
from brayns_widget.controller.legend import Legend
from brayns_widget.controller.lights import Lights
from brayns_widget.controller.members import Members
from brayns_widget.controller.models import Models
from brayns_widget.controller.peers import Backend, Renderer
from brayns_widget.controller.picked import Picked
from brayns_widget.controller.pictures import Pictures
from brayns_widget.controller.pins import Pins
from brayns_widget.controller.presence import Presence
from brayns_widget.controller.recoloring import Colors
from brayns_widget.controller.recording import Recorder, noted_weakly
from brayns_widget.controller.rendering import Rendering
from brayns_widget.controller.restoring import Restorer
from brayns_widget.controller.resuming import Resumer
from brayns_widget.controller.saved_views import SavedViews
from brayns_widget.controller.selecting import Selection
from brayns_widget.controller.shapes import Shapes
from brayns_widget.controller.simulation import Simulation
from brayns_widget.controller.slab import Slab
from brayns_widget.controller.state import State
from brayns_widget.controller.table import Table
from brayns_widget.controller.undoing import undoable
from brayns_widget.controller.views import LiveCamera
from brayns_widget.controller.weakly import weakly_awaited
from brayns_widget.controller.where import TAKING, Where, documented

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


class Groups:
    """The groups that a controller and a widget both have.

    Attributes:
        models: the models of the scene: load, find, color, remove them.
        camera: the camera.
        views: saved views, by name.
        selection: the selected cells: pick, set, read them.
        table: all cells of a population with their attributes, filtered and in an order, row by row.
        colors: the colors of values, the same in all models: read and change them.
        lights: the lights.
        clipping: clipping shapes.
        pins: the picks whose cards stay.
        slab: a slab beside which all is cut away.
        shapes: adds simple shapes.
        connections: synapses between cells, partners of cells, and points of one's own.
        simulation: the frame that is shown.
        rendering: background, shadows and the like.
        pictures: finished pictures.
        files: files and circuits, as the backend sees them.
        renderer: requests of one's own to the renderer.
        backend: requests of one's own to the backend.
        job: starts the job, and stops it.
        tasks: the running tasks.
        notices: takes the notice away.
        history: undoes what was done, and tells it as Python.
    """

    models: Models
    views: SavedViews
    selection: Selection
    pins: Pins
    table: Table
    colors: Colors
    lights: Lights
    clipping: Clipping
    slab: Slab
    shapes: Shapes
    connections: Connections
    simulation: Simulation
    rendering: Rendering
    pictures: Pictures
    files: Files
    renderer: Renderer
    backend: Backend
    job: Job
    tasks: Tasks
    notices: Notices
    history: History

    load_circuit = shortcut("models", Models.load_circuit)
    load_morphology = shortcut("models", Models.load_morphology)
    load_mesh = shortcut("models", Models.load_mesh)
    load_volume = shortcut("models", Models.load_volume)
    load_atlas = shortcut("models", Models.load_atlas)
    load_molecule = shortcut("models", Models.load_molecule)
    load_placements = shortcut("models", Models.load_placements)
    load_upload = shortcut("models", Models.load_upload)
    synapses = shortcut("connections", Connections.synapses)
    partners = shortcut("connections", Connections.partners)
    add_points = shortcut("connections", Connections.add_points)
    load_electrodes = shortcut("connections", Connections.load_electrodes)
    snapshot = shortcut("pictures", Pictures.snapshot)
    reset_camera = shortcut("camera", LiveCamera.reset)
    clear = shortcut("models", Models.clear)
    undo = shortcut("history", History.undo)
    redo = shortcut("history", History.redo)

    @property
    def selected(self) -> pd.DataFrame:
        """The selected cells: a DataFrame of all their node attributes; see ``selection.read_cells``."""
        return self.selection.read_cells()

    def on_pick(self, call: Callable[[Picked], object]) -> Callable[[], None]:
        """Call a function with each pick; see ``selection.on_pick``."""
        return self.selection.on_pick(call)


@documented
class Controller(Groups, Guarded):
    """Owns a job of Brayns and what is shown in it.

    Its calls are in groups, such as ``models`` and ``camera``. Short calls wait, and have awaitable forms ``aio``; long
    ones return a ``Task``, which can be waited for, awaited, watched and cancelled.

    Use it as a context manager, or call ``close``, which stops the job that it started.

    Args:
        options: where its job runs.

    Raises:
        BraynsWidgetError: an address is invalid, or contains a credential.
    """

    @TAKING.init
    def __init__(self, where: Where) -> None:
        core = Core(where.place, where.attach_to, where.start_timeout)
        core.controller = weakref.ref(self)
        core.aim = Aim(core)
        core.presence = Presence(core)
        core.resumer = Resumer(core)
        core.restorer = Restorer(core.store, core.scene, core.journal)
        self._core = core
        lights, clipping, models = Lights(core), Clipping(core), Models(core)
        rendering = Rendering(core, lights)
        pictures = Pictures(core, rendering)
        slab = Slab(core, models, pictures)
        core.prepare = tuple(weakly_awaited(one.prepare) for one in (lights, slab, rendering))
        pins, simulation = Pins(core), Simulation(core)
        selection = Selection(core, models, pins)
        parts = undoable(
            core,
            models,
            lights=lights,
            clipping=clipping,
            rendering=rendering,
            slab=slab,
            selection=selection,
            pins=pins,
            simulation=simulation,
        )
        self._recorder = Recorder(core.store, Members(core, models), parts, camera=0)
        core.runner.noting = noted_weakly(self._recorder)
        vars(self).update(
            models=models,
            views=SavedViews(core),
            pins=pins,
            table=Table(core, selection),
            colors=Colors(core, models._painter),  # noqa: SLF001 - of the same package
            lights=lights,
            clipping=clipping,
            slab=slab,
            shapes=Shapes(core, models),
            connections=Connections(core, models, selection),
            simulation=simulation,
            rendering=rendering,
            pictures=pictures,
            files=Files(core),
            renderer=Renderer(core),
            backend=Backend(core),
            job=Job(core),
            tasks=Tasks(core),
            notices=Notices(core),
            history=History(core, self._recorder),
        )
        self._selection = selection
        self._camera = LiveCamera._of(core)  # noqa: SLF001 - of the same package
        ending = weakref.finalize(self, _end, core)
        ending.atexit = False  # the process has ended its jobs then

    @classmethod
    def jobs(
        cls,
        master: str | None = None,
        *,
        slave: str | None = None,
        token: Source | Token = None,
    ) -> StartedJobs:
        """Return the remote jobs that you have started and that run still, such as those of a kernel that crashed.

        Each has its state, and can be attached to (``attach``) and stopped (``stop``). They are recorded, without
        tokens, in your data folder. Local jobs end with their kernel, so none is left.

        Args:
            master: address of the proxy master whose jobs are wanted; None for all, of which the states are known if
                they are of one master.
            slave: address of its proxy slave; None for the one that was given when the job was started.
            token: as for a controller.

        Raises:
            BraynsWidgetError: the address is invalid, or contains a credential.
        """
        hidden = Token(token)
        del token  # a traceback may show local variables
        return runner().wait(lambda: find_jobs(master, slave, hidden, cls), "jobs")

    def __repr__(self) -> str:
        if "models" not in vars(self):  # a traceback or a debugger shows it while it is made
            return "<Controller that is not complete>"
        return f"<Controller of {self._core.connection.place.name}: {self.status.state}, {len(self.models)} models>"

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
        await self.job.close.aio()

    start = shortcut("job", Job.start)
    close = shortcut("job", Job.close)
    restore = shortcut("job", Job.restore)

    # ------------------------------------------------------------------ state, readable from any thread

    @property
    def camera(self) -> LiveCamera:
        """The camera; assign a ``Camera`` or a dictionary, or set its fields."""
        return self._camera

    @camera.setter
    def camera(self, camera: Camera | Mapping[str, Any]) -> None:
        self._camera._assign(camera)  # noqa: SLF001 - of the same package

    @property
    def selection(self) -> Selection:
        """The selected cells; assign ids in any form, or a mapping of these by population."""
        return self._selection

    @selection.setter
    def selection(self, ids: object) -> None:
        self._selection.set(ids)

    @property
    def background(self) -> str:
        """The background; see ``rendering.background``."""
        return self.rendering.background

    @background.setter
    def background(self, color: Any) -> None:
        self.rendering.background = color

    @property
    def state(self) -> State:
        """The present state, as one immutable value."""
        return self._core.store.state

    @property
    def status(self) -> Status:
        """State of the job."""
        return self.state.status

    @property
    def legend(self) -> Legend | None:
        """Legend of the visible models' colors, or None if their colors have no meaning."""
        return self.state.legend

    @property
    def loop(self) -> LoopThread:
        """The thread of listeners and links."""
        return self._core.loop

    @property
    def presence(self) -> Presence:
        """Who looks at the scene, for use on the loop thread."""
        return self._core.presence

    @property
    def recorder(self) -> Recorder:
        """Recorder of what is done, for use on the loop thread."""
        return self._recorder

    @property
    def ready(self) -> Ready | None:
        """The servers of the running job, for use on the loop thread, or None."""
        return self._core.connection.ready

    @property
    def aspect(self) -> float:
        """Width / height of the picture for which ``camera.reset`` and the first load frame the models."""
        return self._core.aspect

    @aspect.setter
    def aspect(self, aspect: float) -> None:
        if not 0.01 <= aspect <= 100:
            raise ValueError(f"aspect is {aspect}, not a plausible width / height")
        self._core.aspect = aspect

    def listen(self, read: Callable[[State], T], call: Callable[[T], object]) -> Callable[[], None]:
        """Register a listener, called on the loop thread with a part of the state when that part has changed.

        Args:
            read: returns the part, such as ``lambda state: state.models``.
            call: the listener; it must not wait.

        Returns:
            a function that removes the listener.
        """
        return self._core.store.listen(read, call)


def _end(core: Core) -> None:
    """Close the core of a controller that nothing holds any more, when its calls are done."""
    if core.loop.is_here and not core.loop.loop.is_closed() and not sys.is_finalizing():
        core.loop.submit(core.abandon())
