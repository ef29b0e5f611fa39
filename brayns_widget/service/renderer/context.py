"""The context of methods: the engine, the models and the settings of one renderer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

from brayns_widget.protocol.brayns.additions import PictureOptions
from brayns_widget.protocol.brayns.camera import Perspective, Projection, Region, View
from brayns_widget.protocol.brayns.renderers import Interactive, Progressive, Renderer, Static
from brayns_widget.protocol.errors import INTERNAL_ERROR, RequestError
from brayns_widget.service.reading.reader import Runner
from brayns_widget.service.renderer.loaders.base import Loader
from brayns_widget.service.renderer.memory import Allowance, Budget
from brayns_widget.service.renderer.reading import Reading
from brayns_widget.service.renderer.scene.models import Models
from brayns_widget.service.renderer.scene.playback import Playback
from brayns_widget.service.renderer.translation.settings import camera_of, coarse_scale_of, settings_of
from brayns_widget.service.rpc.methods import Methods
from brayns_widget.service.rpc.turns import Turns

if TYPE_CHECKING:
    from brayns_widget.service.renderer.tracing.engine import Engine

# Flipped in y, as the real renderer starts.
_FULL_REGION = Region(image_start=[0.0, 1.0], image_end=[1.0, 0.0])
# A renderer that nobody has set yet differs from ``Interactive()``.
_INITIAL_RENDERER = Interactive(ao_samples=0, background_color=[0.004, 0.016, 0.102, 0.0])

# Of Brayns' plugins, those whose loaders and methods are built in, in the order of its Python client.
PLUGINS = (
    "braynsCircuitExplorer",
    "braynsAtlasExplorer",
    "braynsCylindricCamera",
    "braynsDTI",
    "braynsMoleculeExplorer",
)


class Context:
    """State of one renderer. Methods run one after another, so nothing here is locked.

    Only camera, renderer, framebuffer, viewport, radius floor and picture options are also read and replaced by the
    server's loop, each as a whole; a method that traces reads them once, when it begins.

    Args:
        methods: what clients can call, for ``registry`` and ``schema``.
        loaders: what ``add-model`` can read.
        stop: ends the process; safe on any thread.
        memory: what the scene may take.
        turns: where methods run; long ones let others run between their steps.
        reader: where files are read; None: in this process.
        plugins: those that clients hear of, in this order.
    """

    def __init__(
        self,
        methods: Methods[Context],
        loaders: Sequence[Loader],
        stop: Callable[[], None] = lambda: None,
        memory: Budget | None = None,
        turns: Turns | None = None,
        *,
        reader: Runner | None = None,
        plugins: Sequence[str] = PLUGINS,
    ) -> None:
        self.methods = methods
        self._engine: Future[Engine] = Future()
        self.interrupted = threading.Event()
        self.loaders = {loader.name: loader for loader in loaders}
        self.stop = stop
        self.memory = memory or Budget()
        self.turns = turns or Turns()
        self.reading = Reading(reader)
        self.plugins = plugins
        self.models = Models(lambda: self.engine.scene)
        self.playback = Playback(self.models)
        self.viewport = (800, 600)
        self.view = View(position=[0.0, 0.0, 0.0], target=[0.0, 0.0, 1.0], up=[0.0, 1.0, 0.0])
        self.projection: Projection = Perspective()
        self.near_clip = 1e-6
        self.region: Region = _FULL_REGION
        self.renderer: Renderer = _INITIAL_RENDERER
        self.framebuffer: Static | Progressive = Static()
        self.radius_floor = 0.0
        self.fog = 0.0
        self.outlines = 0.0
        self.picture_options = PictureOptions()
        self._applied: dict[str, object] = {}  # what the engine was told last

    def start(self, make_engine: Callable[[], Engine], warm_up: Callable[[], None] = lambda: None) -> None:
        """Start the engine on a thread of its own: it takes a while, and few requests need it.

        Args:
            make_engine: makes the ray tracer.
            warm_up: compiles what the first picture needs.
        """

        def start() -> None:
            try:
                self._engine.set_result(make_engine())
            except BaseException as error:  # whoever asks for the engine gets it
                self._engine.set_exception(error)
            else:
                warm_up()

        threading.Thread(target=start, name="engine-start", daemon=True).start()

    @property
    def engine(self) -> Engine:
        """The ray tracer, waited for if it is still starting.

        Raises:
            RequestError: -32603, it could not start.
        """
        try:
            return self._engine.result()
        except Exception as error:
            raise RequestError(f"The ray tracer cannot start: {error}", code=INTERNAL_ERROR) from error

    def prepared_engine(self) -> Engine:
        """Return the engine with all settings that have changed since the last call applied."""
        engine = self.engine
        camera = camera_of(self.view, self.projection, self.region, self.near_clip)
        coarse_scale = coarse_scale_of(self.framebuffer)
        if self._changed("viewport", self.viewport):
            engine.set_viewport(*self.viewport)
        if self._changed("camera", camera):
            engine.set_camera(camera)
        if self._changed("radius floor", self.radius_floor):
            engine.set_radius_floor(self.radius_floor)
        if self._changed("coarse scale", coarse_scale):
            engine.set_coarse_scale(coarse_scale)
        others = self._changed("picture options", (self.picture_options, self.fog, self.outlines))
        if others or self._applied.get("renderer") is not self.renderer:
            # By identity: setting an equal renderer starts the picture anew, as in the real renderer.
            self._applied["renderer"] = self.renderer
            options = self.picture_options
            settings = settings_of(self.renderer, options, fog=self.fog, outlines=self.outlines)
            engine.set_render_settings(replace(settings, path_tracing=settings.path_tracing or options.paths))
        return engine

    def _changed(self, name: str, value: object) -> bool:
        changed = self._applied.get(name) != value
        self._applied[name] = value
        return changed

    def allowance(self) -> Allowance:
        """Compute what a load may take beside what there is."""
        return self.memory.allowance(self.models.primitives)

    def interrupt(self) -> None:
        """Interrupt rendering, now and from now on; safe on any thread."""
        self.interrupted.set()
        if self._engine.done() and self._engine.exception() is None:
            self._engine.result().interrupt()

    def close(self) -> None:
        """Close the reports and stop the engine, if it has started; no method may be running."""
        self.models.close_reports()
        if self._engine.done() and self._engine.exception() is None:
            self._engine.result().close()
