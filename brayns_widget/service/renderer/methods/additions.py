"""Additions of ours, which the real renderer does not have."""

from __future__ import annotations

from brayns_widget.protocol.brayns.additions import (
    ADD_MORPHOLOGY,
    GET_CANCELLABLE_METHODS,
    GET_FOG,
    GET_MODEL_COLORING,
    GET_MODEL_OUTLINE,
    GET_OUTLINES,
    GET_PICTURE_OPTIONS,
    GET_RADIUS_FLOOR,
    GET_SLAB,
    SET_FOG,
    SET_OUTLINES,
    SET_PICTURE_OPTIONS,
    SET_RADIUS_FLOOR,
    SET_SLAB,
    AddMorphologyParams,
    Fog,
    ModelColoring,
    ModelOutline,
    Outlines,
    PictureOptions,
    RadiusFloor,
    Slab,
)
from brayns_widget.protocol.brayns.models import GetModelParams, LoadInfo, ModelInstance
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.loaders.base import UPLOAD
from brayns_widget.service.renderer.loaders.morphologies.neuron import TEXT_LOADER
from brayns_widget.service.renderer.methods.loading import READING
from brayns_widget.service.rpc.methods import Methods, Turn
from brayns_widget.service.rpc.running import RunningRequest

methods: Methods[Context] = Methods()

OURS = "brayns-widget"  # in place of the name of one of Brayns' plugins


@methods.add(GET_RADIUS_FLOOR, plugin=OURS, turn=Turn.AT_ONCE)
def get_radius_floor(context: Context) -> RadiusFloor:
    """Get the least radius of neurites and spheres on the screen."""
    return RadiusFloor(pixels=context.radius_floor)


@methods.add(SET_RADIUS_FLOOR, plugin=OURS, turn=Turn.AT_ONCE)
def set_radius_floor(context: Context, params: RadiusFloor) -> None:
    """Draw neurites and spheres that are thinner on the screen with this radius."""
    context.radius_floor = params.pixels


@methods.add(GET_FOG, plugin=OURS, turn=Turn.AT_ONCE)
def get_fog(context: Context) -> Fog:
    """Get how far surfaces fade into the background at the far end of the scene."""
    return Fog(strength=context.fog)


@methods.add(SET_FOG, plugin=OURS, turn=Turn.AT_ONCE)
def set_fog(context: Context, params: Fog) -> None:
    """Let surfaces fade into the background, the more the farther they are along the view."""
    context.fog = params.strength


@methods.add(GET_SLAB, plugin=OURS, turn=Turn.BETWEEN)
def get_slab(context: Context) -> Slab:
    """Get the part of space beside which all is cut away, whether it is enabled or not."""
    return context.models.slab


@methods.add(SET_SLAB, plugin=OURS)
def set_slab(context: Context, params: Slab) -> None:
    """Cut away all that lies beside a part of space between two parallel planes, or within it."""
    context.models.set_slab(params)


@methods.add(GET_OUTLINES, plugin=OURS, turn=Turn.AT_ONCE)
def get_outlines(context: Context) -> Outlines:
    """Get how dark the lines around things are."""
    return Outlines(strength=context.outlines)


@methods.add(SET_OUTLINES, plugin=OURS, turn=Turn.AT_ONCE)
def set_outlines(context: Context, params: Outlines) -> None:
    """Draw dark lines around what stands in front of something."""
    context.outlines = params.strength


@methods.add(GET_PICTURE_OPTIONS, plugin=OURS, turn=Turn.AT_ONCE)
def get_picture_options(context: Context) -> PictureOptions:
    """Get where pictures differ from Brayns'."""
    return context.picture_options


@methods.add(SET_PICTURE_OPTIONS, plugin=OURS, turn=Turn.AT_ONCE)
def set_picture_options(context: Context, params: PictureOptions) -> None:
    """Set where pictures differ from Brayns'; what is left out stays."""
    given = {name: getattr(params, name) for name in params.model_fields_set}
    context.picture_options = context.picture_options.model_copy(update=given)


@methods.add(ADD_MORPHOLOGY, plugin=OURS, cancellable=True)
def add_morphology(context: Context, params: AddMorphologyParams, request: RunningRequest) -> list[ModelInstance]:
    """Load a single cell from the text of a file and return its model."""
    data = memoryview(params.text.encode())
    part, allowed, name = request.part(0.0, READING), context.allowance(), params.name or UPLOAD
    loaded = context.reading.read_upload(
        TEXT_LOADER, params.type, data, params.loader_properties, part, allowed=allowed, name=name
    )
    info = LoadInfo(load_parameters=params.loader_properties, loader_name=TEXT_LOADER.name, path="", source="from_blob")
    return [model.instance() for model in context.models.add_loaded(loaded, info, request.part(READING, 1.0))]


@methods.add(GET_MODEL_COLORING, plugin=OURS, turn=Turn.BETWEEN)
def get_model_coloring(context: Context, params: GetModelParams) -> ModelColoring:
    """Get the way in which a model was colored last, and its colors."""
    method, values = context.models.painted(params.id)
    return ModelColoring(method=method, values=dict(values))


@methods.add(GET_MODEL_OUTLINE, plugin=OURS, turn=Turn.BETWEEN)
def get_model_outline(context: Context, params: GetModelParams) -> ModelOutline:
    """Get points at a model's surface that tell how much of a picture it takes, before its transform."""
    points = context.models[params.id].outline
    return ModelOutline(points=[[float(str(number)) for number in point] for point in points])


@methods.add(GET_CANCELLABLE_METHODS, plugin=OURS, turn=Turn.BETWEEN)
def get_cancellable_methods(context: Context) -> list[str]:
    """Get the names of the methods that ``cancel`` can stop."""
    return sorted(method.name for method in context.methods if method.cancellable)
