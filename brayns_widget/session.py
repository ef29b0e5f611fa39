"""The job, its links and its scene, on the loop thread.

``Controller`` is the face of this for every other thread. Everything here runs on one event loop and needs no lock;
what others may read at any time (status, models, camera) is replaced whole, never changed in place.
"""

# ruff: noqa: ASYNC109 - deadlines are part of this interface, and errors name them
from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from brayns_widget.connection.connection import Connection, Ready
from brayns_widget.connection.job import EndOfJob, Place
from brayns_widget.connection.loop import finish_cleanup
from brayns_widget.connection.reports import Report, ignore
from brayns_widget.connection.server import Server
from brayns_widget.events import Listeners, Notice
from brayns_widget.protocol.errors import (
    BraynsWidgetError,
    CircuitError,
    ProtocolError,
    RequestCancelled,
    RequestError,
)
from brayns_widget.protocol.messages import Reply
from brayns_widget.scene import pictures
from brayns_widget.scene.camera import FRONT, Camera
from brayns_widget.scene.circuits import Circuit, Directory
from brayns_widget.scene.colors import DARK, Color, parse
from brayns_widget.scene.models import Model, load_params, method_name, union
from brayns_widget.scene.palettes import colors_by_value, palette
from brayns_widget.tasks import Task

CLEAN_UP_TIMEOUT = 10.0

_LIGHT = "light"
_MODEL_COLORS = 7
_MORE_MEMORY = (
    "Load fewer cells, or start the renderer with more memory: with BRAYNS_WIDGET_MEMORY_BUDGET=8G in the environment "
    "of the local service, or with --memory-budget."
)


class Session:
    """The state behind a controller.

    Args:
        place: where the job runs.
        attach_to: the id of a job that runs already, or None to start one.
        start_timeout: seconds until the job must be ready.
    """

    def __init__(self, place: Place, attach_to: str | None, start_timeout: float) -> None:
        self.listeners = Listeners()
        self.connection = Connection(
            place,
            attach_to=attach_to,
            start_timeout=start_timeout,
            on_status=lambda status: self.listeners.emit("status", status),
            prepare=self._prepare,
            on_ready=self._is_ready,
            on_left=self._has_left,
        )
        self.models: tuple[Model, ...] = ()
        self._changing = asyncio.Lock()  # a model that is still being colored is not to be colored by others
        self.camera = FRONT
        self.aspect = 4 / 3
        self.background: Color = DARK
        self.revision = 0
        self.tasks: dict[str, Task[Any]] = {}

    @property
    def ready(self) -> Ready | None:
        """The job's servers while it is ready, else None."""
        return self.connection.ready

    # ------------------------------------------------------------------ tasks

    def watch(self, task: Task[Any]) -> None:
        """Publish the progress of a task, and its failure as a notice. To be its callback."""
        if not task.done:
            self.tasks[task.id] = task
        else:
            self.tasks.pop(task.id, None)
            error = task.exception()
            if error is not None and not isinstance(error, RequestCancelled):
                self.listeners.emit("notice", Notice.of(error))
        newest = next(reversed(self.tasks.values()), None)
        self.listeners.emit("progress", None if newest is None else newest.to_dict())

    # ------------------------------------------------------------------ job

    async def start(self, report: Report) -> None:
        """Start the job, unless it runs."""
        await self.connection.ensure(report)

    async def close(self) -> None:
        """Cancel what runs, close the links and stop the job if it is ours. Nothing can be started after it."""
        for task in self.tasks.values():
            task.cancel()
        await self.connection.close()

    async def _prepare(self, ready: Ready) -> None:
        """Light the scene, unless it is (we may have attached to a job in use), and learn its models."""
        renderer = ready.renderer
        scene = (await renderer.request("get-scene")).result
        try:
            instances = scene["models"]
            lit = any(instance["model_type"] == _LIGHT for instance in instances)
        except (KeyError, TypeError) as error:
            raise ProtocolError(f"The renderer described its scene in an unknown way: {error!r}.") from error
        await renderer.request("set-framebuffer-static")
        await self._send_background(renderer)
        for method, params in () if lit else pictures.LIGHTS:
            await renderer.request(method, params)
        method, params = pictures.RADIUS_FLOOR
        if ready.capabilities.offers(method):
            await renderer.request(method, params)
        self._set_models(
            [await self._describe(renderer, instance) for instance in instances if instance["model_type"] != _LIGHT]
        )

    def _is_ready(self, ready: Ready) -> None:
        self.listeners.emit("ready", ready)
        self._touch()

    def _has_left(self, end: EndOfJob | None) -> None:
        if end is None:
            self.listeners.emit("ready", None)
            self._set_models([])
        else:
            hint = "\n".join(filter(None, [end.detail, "Load again to start a new job."]))
            self.listeners.emit("notice", Notice("error", end.text, hint))

    # ------------------------------------------------------------------ files and circuits

    async def request(self, method: str, params: Any, timeout: float | None) -> Reply:
        """Send a request to the renderer; starts the job if need be."""
        return await self._call(method, params, timeout)

    async def list_directory(self, path: str | Path | None) -> Directory:
        """List a directory of the backend."""
        ready = await self.connection.ensure(ignore)
        backend = self._backend(ready)
        root = str((await backend.request("fs-get-root")).result)
        if path is None:
            # Browsing a whole machine starts where the notebook is.
            here = str(Path.cwd())
            inside = self.connection.place.master is None and Path(here).is_relative_to(root)
            place = here if inside else root
        else:
            place = self.resolve(path)
        try:
            listing = (await backend.request("fs-list-dir", {"path": place})).result
        except RequestError as error:
            raise CircuitError(f"{place!r} cannot be listed: {_reason(error)}") from error
        return Directory.from_reply(place, root, listing)

    async def inspect_circuit(self, path: str | Path) -> Circuit:
        """Read what a circuit holds."""
        ready = await self.connection.ensure(ignore)
        return await self._inspect(self._backend(ready), self.resolve(path))

    def resolve(self, path: str | Path) -> str:
        """Return a path as the servers see it: absolute with the local service, else as it is."""
        if self.connection.place.master is not None:
            return str(path)
        return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 - pathlib keeps ".." in it

    def _backend(self, ready: Ready) -> Server:
        if ready.backend is None:
            raise CircuitError("This job has no backend, so files cannot be browsed.", hint="Name the path yourself.")
        return ready.backend

    async def _inspect(self, backend: Server, path: str) -> Circuit:
        try:
            populations = await backend.request("sonata-list-populations", {"path": path})
            node_sets = await backend.request("sonata-get-node-sets", {"path": path})
        except RequestError as error:
            raise CircuitError(
                f"The circuit {path!r} cannot be read: {_reason(error).removeprefix(f'{path!r} cannot be read: ')}",
                hint="Name a SONATA configuration file, such as circuit_config.json.",
            ) from error
        return Circuit.from_replies(path, populations.result, node_sets.result)

    # ------------------------------------------------------------------ models

    async def load_circuit(
        self,
        path: str | Path,
        population: str | None,
        options: dict[str, Any],
        color_by: str | None,
        report: Report,
        *,
        frame: bool,
    ) -> list[Model]:
        """Load a population, color it and, if it is the first model, point the camera at it."""
        ready = await self.connection.ensure(report)
        where = self.resolve(path)
        report(None, "Reading the circuit …")
        if ready.backend is not None:
            population = (await self._inspect(ready.backend, where)).choose(population).name
        elif population is None:
            raise CircuitError("This job has no backend to ask for node populations.", hint="Pass population=…")
        params = load_params(where, population, **options)
        async with self._changing:
            first = not self.models
            models = await self._add(ready.renderer, params, report)
            try:
                report(1.0, "Coloring …")
                models = [await self._color_new(ready.renderer, model, color_by) for model in models]
            except BaseException:
                await finish_cleanup(self._discard(ready.renderer, models))
                raise
            if first and frame:
                self.reset_camera()
        for model in models:
            if model.left_out:
                text = f"{model.name} does not fit into the renderer's memory. Left out: {model.left_out}."
                self.listeners.emit("notice", Notice("warning", text, _MORE_MEMORY))
        return models

    async def update_model(self, model_id: int, visible: bool) -> Model:
        """Show or hide a model."""
        model = self._model(model_id)
        await self._call("update-model", {"model_id": model_id, "model": {"is_visible": visible}})
        return self._replace(replace(model, visible=visible))

    async def color_model(self, model_id: int, method: str, color: Any) -> Model:
        """Color a model by a method."""
        given = None if color is None else parse(color)
        ready = await self.connection.ensure(ignore)
        async with self._changing:
            model = self._model(model_id)
            chosen = given or model.color or palette(1)[0]
            return self._replace(await self._color(ready.renderer, model, method, chosen))

    async def remove_models(self, model_ids: Sequence[int]) -> None:
        """Remove models."""
        for model_id in model_ids:
            self._model(model_id)
        await self._call("remove-model", {"ids": list(model_ids)})
        self._set_models([model for model in self.models if model.id not in model_ids])

    async def clear(self) -> None:
        """Remove all models, but not the lights."""
        if self.models:
            await self.remove_models([model.id for model in self.models])

    async def _add(self, renderer: Server, params: dict[str, Any], report: Report) -> list[Model]:
        path = params["path"]
        report(0.0, "Loading …")
        try:
            reply = await renderer.request("add-model", params, on_progress=report)
        except RequestCancelled:
            raise
        except RequestError as error:
            raise CircuitError(f"The circuit {path!r} cannot be loaded: {_reason(error)}") from error
        except (asyncio.CancelledError, TimeoutError):
            # It may have been done just before it heard of the cancel.
            await finish_cleanup(self._discard_strangers(renderer))
            raise
        if not isinstance(reply.result, list):
            raise ProtocolError("The renderer answered add-model without a list of models.")
        models = [Model.from_instance(instance) for instance in reply.result]
        self._set_models([*self.models, *models])
        empty = [model for model in models if model.cells == 0]
        if empty:
            await self._discard(renderer, models)
            raise CircuitError(
                f"No cell of {path!r} was loaded.", hint="Raise the density, or choose other node sets or ids."
            )
        return models

    async def _color_new(self, renderer: Server, model: Model, color_by: str | None) -> Model:
        model = replace(model, color_methods=await self._color_methods(renderer, model.id))
        if "solid" in model.color_methods:
            taken = [other.color for other in self.models]
            free = [color for color in palette(_MODEL_COLORS) if color not in taken]
            model = await self._color(renderer, model, "solid", (free or palette(_MODEL_COLORS))[0])
        if color_by is not None:
            model = await self._color(renderer, model, color_by, model.color or palette(1)[0])
        return self._replace(model)

    async def _color(self, renderer: Server, model: Model, method: str, color: Color) -> Model:
        known = method_name(method, model.color_methods)
        if known is None:
            methods = ", ".join(model.color_methods) or "none"
            raise CircuitError(f"{model.name!r} has no coloring method {method!r}.", hint=f"It has: {methods}.")
        if known == "solid":
            values = {"color": color}
        else:
            params = {"id": model.id, "method": known}
            names = (await renderer.request("get-color-values", params)).result
            values = colors_by_value(known, [str(name) for name in names if name])
            if not values:
                raise CircuitError(
                    f"The coloring method {known!r} of {model.name!r} names no values to color.",
                    hint="Send your own with request('color-model', …).",
                )
        wanted = {"id": model.id, "method": known, "values": {name: list(rgba) for name, rgba in values.items()}}
        await renderer.request("color-model", wanted)
        return replace(model, color_by=known, color=color if known == "solid" else None)

    async def _describe(self, renderer: Server, instance: dict[str, Any]) -> Model:
        model = Model.from_instance(instance)
        return replace(model, color_methods=await self._color_methods(renderer, model.id))

    async def _color_methods(self, renderer: Server, model_id: int) -> tuple[str, ...]:
        try:
            reply = await renderer.request("get-color-methods", {"id": model_id})
        except RequestError:
            return ()  # models of other kinds have none, and say so with an error
        return tuple(str(method) for method in reply.result)

    async def _discard(self, renderer: Server, models: Sequence[Model]) -> None:
        ids = [model.id for model in models]
        with contextlib.suppress(BraynsWidgetError):
            await renderer.request("remove-model", {"ids": ids}, timeout=CLEAN_UP_TIMEOUT)
        self._set_models([model for model in self.models if model.id not in ids])

    async def _discard_strangers(self, renderer: Server) -> None:
        with contextlib.suppress(BraynsWidgetError):
            scene = (await renderer.request("get-scene", timeout=CLEAN_UP_TIMEOUT)).result
            found = [Model.from_instance(i) for i in scene["models"] if i["model_type"] != _LIGHT]
            known = {model.id for model in self.models}
            if strangers := [model for model in found if model.id not in known]:
                await self._discard(renderer, strangers)

    def _model(self, model_id: int) -> Model:
        for model in self.models:
            if model.id == model_id:
                return model
        there = ", ".join(f"{model.id} ({model.name})" for model in self.models) or "none"
        raise CircuitError(f"There is no model {model_id}.", hint=f"There are: {there}.")

    def _replace(self, new: Model) -> Model:
        self._set_models([new if model.id == new.id else model for model in self.models])
        return new

    def _set_models(self, models: Sequence[Model]) -> None:
        if tuple(models) != self.models:
            self.models = tuple(models)
            self.listeners.emit("models", self.models)
            self._touch()

    # ------------------------------------------------------------------ view

    def reset_camera(self) -> Camera:
        """Look at all visible models from the front, y up."""
        bounds = union([model.bounds for model in self.models if model.visible])
        front = replace(FRONT, type=self.camera.type)
        return self.set_camera(front if bounds is None else front.framing(bounds, self.aspect))

    def set_camera(self, camera: Camera) -> Camera:
        """Look through another camera. The stream applies it before its next picture."""
        if camera != self.camera:
            self.camera = camera
            self.listeners.emit("camera", camera)
        return camera

    async def set_background(self, color: Color) -> None:
        """Paint another background, now or when the job starts."""
        self.background = color
        self.listeners.emit("background", color)
        if self.ready is not None:
            await self._send_background(self.ready.renderer)
        self._touch()

    async def snapshot(
        self,
        report: Report,
        *,
        camera: Camera | None,
        size: tuple[int, int],
        samples: int,
        image_format: str,
        file: Path | None,
    ) -> bytes:
        """Render a picture and write it to a file of this machine, if one is named."""
        ready = await self.connection.ensure(report)
        report(0.0, "Rendering …")
        params = pictures.snapshot_params(
            camera or self.camera, self.background, size=size, samples=samples, image_format=image_format
        )
        reply = await ready.renderer.request("snapshot", params, on_progress=report)
        picture = pictures.read_snapshot(reply.result, reply.payload)
        if file is not None:
            await asyncio.to_thread(_write, file, picture)
        return picture

    async def _send_background(self, renderer: Server) -> None:
        params = pictures.renderer_params(self.background)
        await renderer.request("set-renderer-interactive", params)

    # ------------------------------------------------------------------

    async def _call(self, method: str, params: Any = None, timeout: float | None = None) -> Reply:
        ready = await self.connection.ensure(ignore)
        return await ready.renderer.request(method, params, timeout=timeout)

    def _touch(self) -> None:
        self.revision += 1
        self.listeners.emit("scene", self.revision)


def _reason(error: RequestError) -> str:
    # The real backend puts its kind of error before the text.
    text = str(error)
    for prefix in ("Invalid params: ", "Internal error: "):
        text = text.removeprefix(prefix)
    return text.strip().rstrip(".") + "."


def _write(file: Path, data: bytes) -> None:
    # A picture that is half written must not take the place of an older one.
    draft = file.with_name(f".{file.name}.part")
    try:
        draft.write_bytes(data)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
