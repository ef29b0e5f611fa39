"""Methods of our renderer that the real one lacks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from brayns_widget.protocol.brayns.lights import CameraLight
from brayns_widget.protocol.brayns.loaders import MorphologyParams
from brayns_widget.protocol.brayns.models import GetModelParams, ModelInstance
from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import Object, Size, Vector2, Vector3, Vector4


class RadiusFloor(Object):
    """The minimum radius of neurites and spheres, in pixels of a picture with one sample per pixel; 0: no minimum."""

    pixels: Annotated[float, Field(ge=0, le=16)]


class Fog(Object):
    """How far surfaces fade into the background at the far end of the scene: 0, not at all, to 1, wholly."""

    strength: Annotated[float, Field(ge=0, le=1)]


class Outlines(Object):
    """How dark the lines are around what stands in front of something: 0, none, to 1, black."""

    strength: Annotated[float, Field(ge=0, le=1)]


class PictureOptions(Object):
    """Where pictures differ from Brayns', for people's sake; what is left out stays, and at first all is as in Brayns.

    ``centered``: a pixel's first sample lies in its middle, not 1.5 pixels beside it. ``stepwise``: each picture of
    ``render-image`` adds one sample, instead of having all at once. ``exact_background``: the background does not pass
    the tone curve, so that white is white, and thin neurites keep their contrast on it; where it is transparent, a JPEG
    has a checkerboard; OpenEXR has light as ever. ``paths``: ``render-image`` follows light along paths, as the
    production renderer does, with the settings of the interactive one. In the interactive renderer, ``soft_shadows``:
    of sphere and quad lights, where there is more than one sample;
    ``all_materials``: emissive shines, and plastic can be transparent.
    """

    all_materials: bool = False
    centered: bool = False
    exact_background: bool = False
    paths: bool = False
    soft_shadows: bool = False
    stepwise: bool = False


class IdBuffer(Object):
    """What is seen in the middle of each pixel of the viewport, by the present camera.

    The payload is compressed (zlib); it holds, one after another and in little-endian order, uint32 (height, width), 0
    where nothing is seen, else the number of an entry, from 1 on; and for the entries float64 ids of cells, -1 for what
    is no cell; int32 ids of models; int32 ids of sections, 0 the soma, others MorphIO's number + 1, -1 for none; uint8
    (count), indices in ``section_types``, 255 for none.
    """

    count: Size
    height: Size
    section_types: list[str]
    width: Size


class PickParams(Object):
    """A point of the picture, 0 to 1, from the left and from the top, as the rows of the id buffer.

    ``aspect``: width / height of that picture; if it is left out, of the newest one, which may be another view's.
    """

    aspect: Annotated[float, Field(gt=0.01, lt=100)] | None = None
    position: Vector2


class PickResult(Object):
    """What the picture shows at a point of it.

    ``position`` (µm) lies on the surface that is seen. Of cells, ``cell`` is the id in the circuit (not of a single
    morphology), ``section`` the section's id (0: the soma, others MorphIO's number + 1), ``part`` how far along it the
    place is, 0 to 1, and ``distance`` how far it is from the neurite's first point along the neurite, in µm.
    """

    cell: int | None = None
    distance: float | None = None
    hit: bool
    model_id: int | None = None
    part: float | None = None
    position: Vector3 | None = None
    section: int | None = None
    section_type: str | None = None


class ModelColoring(Object):
    """How a model was colored last, "" if nobody has, and the colors (linear RGBA) by keys of ``get-color-values``.

    Other keys, such as ranges of ids, are left out, because there may be one for each cell.
    """

    method: str = ""
    values: dict[str, Vector4] = {}


class ModelOutline(Object):
    """Points at a model's surface, in its own space (µm): what a camera sees of it lies around what it sees of them.

    Of a ball of radius 1 they leave out 3 % at most. There are none for models that are not loaded from files, and for
    volumes: boxes do for these.
    """

    points: list[Vector3]


class AddMorphologyParams(Object):
    """A single cell as the text of a file, its format, its name for messages, and the parameters of the loader."""

    loader_properties: MorphologyParams
    name: str = ""
    text: str
    type: Literal["swc", "asc"]


class Slab(Object):
    """A part of space between two parallel planes: all beside it is cut away, or all within it with ``invert``.

    Its middle lies ``position`` µm from the origin along ``normal``, of any length; ``thickness`` is in µm, too.
    """

    enabled: bool = True
    invert: bool = False
    normal: Vector3
    position: float
    thickness: Annotated[float, Field(gt=0)]


ADD_LIGHT_CAMERA = Endpoint("add-light-camera", CameraLight, ModelInstance)
ADD_MORPHOLOGY = Endpoint("add-morphology", AddMorphologyParams, list[ModelInstance])
GET_MODEL_COLORING = Endpoint("get-model-coloring", GetModelParams, ModelColoring)
GET_RADIUS_FLOOR = Endpoint("get-radius-floor", None, RadiusFloor)
SET_RADIUS_FLOOR = Endpoint("set-radius-floor", RadiusFloor)
GET_FOG = Endpoint("get-fog", None, Fog)
SET_FOG = Endpoint("set-fog", Fog)
GET_SLAB = Endpoint("get-slab", None, Slab)
SET_SLAB = Endpoint("set-slab", Slab)
GET_OUTLINES = Endpoint("get-outlines", None, Outlines)
SET_OUTLINES = Endpoint("set-outlines", Outlines)
GET_MODEL_OUTLINE = Endpoint("get-model-outline", GetModelParams, ModelOutline)
GET_PICTURE_OPTIONS = Endpoint("get-picture-options", None, PictureOptions)
SET_PICTURE_OPTIONS = Endpoint("set-picture-options", PictureOptions)
PICK = Endpoint("pick", PickParams, PickResult)
RENDER_IDS = Endpoint("render-ids", None, IdBuffer)
GET_CANCELLABLE_METHODS = Endpoint("get-cancellable-methods", None, list[str])
