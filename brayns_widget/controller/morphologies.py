"""Single cells: morphology files, and morphologies from memory."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from brayns_widget.connection.reports import Report
from brayns_widget.connection.server import Server
from brayns_widget.controller.amounts import RadiusMultiplier
from brayns_widget.controller.calls import long
from brayns_widget.controller.files import resolve
from brayns_widget.controller.group import Group
from brayns_widget.controller.loading import add_model, added
from brayns_widget.controller.scene import Scene
from brayns_widget.controller.selection import Choice, Name
from brayns_widget.controller.state import ModelState
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    from brayns_widget.controller.models import Model
    from brayns_widget.controller.skeletons import Skeleton
    from brayns_widget.protocol.brayns.loaders import MorphologyParams
    from brayns_widget.protocol.brayns.models import ModelInstance

_ENDINGS = (".swc", ".asc", ".h5")
_GRAY = [0.6, 0.6, 0.6, 1.0]


def is_morphology(path: str | PurePath, choice: Choice | None = None) -> bool:
    """Tell whether a path is that of a morphology; circuits are named by their configurations, which are JSON.

    Raises:
        CircuitError: it is, and ``choice`` takes some of its cells by their ids, node sets or attributes, or a share.
    """
    found = str(path).lower().endswith(_ENDINGS)
    if found and choice and (choice.node_ids is not None or choice.node_sets or choice.query is not None):
        raise CircuitError(
            f"{str(path)!r} is a single morphology, which has no node ids, node sets or attributes to choose cells by.",
            hint="Leave out node_ids, node_sets and query, or name the circuit's configuration.",
        )
    if found and choice and choice.density < 1:
        raise CircuitError(
            f"{str(path)!r} is a single morphology, of which no density of {choice.density:g} can be taken: it is one "
            "cell.",
            hint="Leave out density, or name the circuit's configuration.",
        )
    return found


def check_parts(*, soma: bool, axon: bool, dendrites: bool) -> None:
    """Check that some part of a cell is to be loaded.

    Raises:
        CircuitError: all parts are off.
    """
    if not (soma or axon or dendrites):
        raise CircuitError("There is nothing to load: soma, axon and dendrites are all off.")


class Add(Protocol):
    """Adds models to a scene that the caller holds."""

    async def __call__(self, renderer: Server, scene: Scene, report: Report) -> list[ModelState]:
        """Add them and return them."""


class _Taken:
    """Converts objects on the caller's thread: NEURON's may be used on no other, and others may change."""

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(_taken)


def _taken(source: Any) -> Any:
    from brayns_widget.controller.skeletons import skeletons_of

    if isinstance(source, str | PurePath):
        return source
    try:
        return skeletons_of(source)
    except TypeError:
        return source  # points, as it seems, which their parents make a cell


Source = Annotated[Any, _Taken()]


@dataclass(frozen=True)
class MorphologyParts:
    """What is loaded of a cell; see ``Models.load_morphology``."""

    soma: bool
    axon: bool
    dendrites: bool
    radius_multiplier: float

    def params(self) -> MorphologyParams:
        """Make the loader's parameters.

        Raises:
            CircuitError: there is nothing to load.
        """
        from brayns_widget.protocol.brayns.loaders import MorphologyParams

        check_parts(soma=self.soma, axon=self.axon, dendrites=self.dendrites)
        return MorphologyParams(
            load_soma=self.soma,
            load_axon=self.axon,
            load_dendrites=self.dendrites,
            radius_multiplier=self.radius_multiplier,
            geometry_type="smooth",
        )


class Morphologies(Group):
    """The calls that load single cells."""

    @long
    async def load_morphology(
        self,
        report: Report,
        source: Source,
        *,
        parents: Any = None,
        radii: Any = None,
        types: Any = None,
        name: Name | None = None,
        soma: bool = True,
        axon: bool = True,
        dendrites: bool = True,
        radius_multiplier: RadiusMultiplier = 1.0,
        color_by: Name | None = None,
        frame: bool = True,
    ) -> list[Model]:
        """Load a single cell, from a file or from memory; starts the job if need be.

        Args:
            report: gets the progress.
            source: a morphology file (SWC, H5 or Neurolucida ASC), as the renderer's machine sees it; or an object: a
                MorphIO morphology, a navis neuron, sections of NEURON (``h.allsec()``), a table with the columns x, y,
                z, radius and parent, or points (N, 3) with ``parents``; or several objects.
            parents: for points: the index of the point that each one continues; -1 for none.
            radii: for points: in µm, one or one for each; None takes 0.5, or the fourth column of the points.
            types: for points: SWC's numbers: 1 soma, 2 axon, 3 dendrite, 4 apical dendrite; None takes dendrites.
            name: of the model; None takes the file's, or the object's.
            soma: load the cell body.
            axon: load the axon.
            dendrites: load the dendrites.
            radius_multiplier: factor on the radii of neurites, 0.1 or more.
            color_by: a coloring method of the model, such as "morphology section"; None gives it one color.
            frame: point the camera at it, if it is the first model and no camera was set before.

        Raises:
            ValueError: an option is out of range, or the object is no cell.

        Raises (from the task):
            CircuitError: it cannot be loaded.
            TypeError: the object is of no known kind.
            ValueError: the points and their parents do not fit each other.
        """
        parts = MorphologyParts(soma, axon, dendrites, radius_multiplier)
        if isinstance(source, str | Path):
            return await self._load_file(report, source, parts, name, color_by=color_by, frame=frame)
        from brayns_widget.controller.skeletons import Skeleton, skeletons_of

        known = isinstance(source, list) and source and all(isinstance(item, Skeleton) for item in source)
        cells = source if known and parents is None else skeletons_of(source, parents=parents, radii=radii, types=types)
        params, ready = parts.params(), await self._core.connection.ensure(report)
        whole = ready.capabilities.offers("add-morphology")
        loaded: list[Model] = []
        for number, cell in enumerate(cells):
            part = partial(_part, report, number, len(cells))
            title = name or cell.name
            add = partial(_add_cell, cell=cell, params=params, name=title, whole=whole)
            loaded += await self._load(ready.renderer, part, title, add, color_by=color_by, frame=frame)
        return loaded

    async def _load_file(
        self,
        report: Report,
        path: str | Path,
        parts: MorphologyParts,
        name: str | None = None,
        *,
        color_by: str | None,
        frame: bool,
    ) -> list[Model]:
        """Load a morphology file of the renderer's machine."""
        params, renderer, where = parts.params(), await self._core.any_renderer(report), resolve(self._core, path)
        add = partial(_add_file, path=where, params=params, name=name)
        return await self._load(renderer, report, where, add, color_by=color_by, frame=frame)

    @abstractmethod
    async def _load(
        self, renderer: Server, report: Report, path: str, add: Add, *, color_by: str | None, frame: bool
    ) -> list[Model]:
        """Load models by ``add``; color them, and frame the first."""


def _part(report: Report, number: int, count: int, amount: float | None, operation: str) -> None:
    report(None if amount is None else (number + amount) / count, operation)


async def _add_file(
    renderer: Server, scene: Scene, report: Report, *, path: str, params: MorphologyParams, name: str | None
) -> list[ModelState]:
    from brayns_widget.protocol.brayns.loaders import NEURON_MORPHOLOGY

    states = await add_model(renderer, scene, report, path=path, loader=NEURON_MORPHOLOGY, parameters=params)
    return _named(scene, states, name)


async def _add_cell(
    renderer: Server, scene: Scene, report: Report, *, cell: Skeleton, params: MorphologyParams, name: str, whole: bool
) -> list[ModelState]:
    """Add a cell: ``whole``, by the renderer's loader, or else as capsules, for Brayns reads cells from files only."""
    from brayns_widget.protocol.brayns.additions import ADD_MORPHOLOGY, AddMorphologyParams

    if whole:
        content = AddMorphologyParams(type="swc", text=cell.swc(), loader_properties=params, name=name)
        call = renderer.call(ADD_MORPHOLOGY, content, on_progress=report)
    else:
        call = _add_capsules(renderer, cell, params)
    return _named(scene, await added(renderer, scene, name, report, call), name)


async def _add_capsules(renderer: Server, cell: Skeleton, params: MorphologyParams) -> list[ModelInstance]:
    from brayns_widget.protocol.brayns import shapes

    capsules = [
        shapes.Colored[Any](color=_GRAY, geometry=shapes.Capsule(p0=a[:3], r0=a[3], p1=b[:3], r1=b[3]))
        for a, b in cell.segments(
            soma=params.load_soma,
            axon=params.load_axon,
            dendrites=params.load_dendrites,
            radius_multiplier=params.radius_multiplier,
        )
    ]
    return [await renderer.call(shapes.ADD_CAPSULES, capsules)]


def _named(scene: Scene, states: list[ModelState], name: str | None) -> list[ModelState]:
    if name is None:
        return states
    states = [replace(state, name=name) for state in states]
    scene.put(states)
    return states
