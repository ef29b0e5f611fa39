"""Methods about the process itself."""

from __future__ import annotations

from brayns_widget.protocol.brayns.core import (
    GET_APPLICATION_PARAMETERS,
    GET_VERSION,
    QUIT,
    REGISTRY,
    SCHEMA,
    SET_APPLICATION_PARAMETERS,
    ApplicationParameters,
    SchemaParams,
    SchemaResult,
    Version,
)
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.protocol.schema import Size2
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.tracing.pictures.framebuffer import LARGEST_SIDE, MOST_PIXELS
from brayns_widget.service.rpc.methods import Methods, Turn
from brayns_widget.version import own_version

methods: Methods[Context] = Methods()


@methods.add(GET_VERSION, turn=Turn.AT_ONCE)
def get_version(context: Context) -> Version:
    """Get the version of Brayns whose methods this renderer has."""
    del context
    return Version(major=3, minor=10, patch=1, revision=f"brayns-widget {own_version()}")


@methods.add(REGISTRY, turn=Turn.BETWEEN)
def registry(context: Context) -> list[str]:
    """Get the names of all methods."""
    return sorted(method.name for method in context.methods)


@methods.add(SCHEMA, turn=Turn.BETWEEN)
def schema(context: Context, params: SchemaParams) -> SchemaResult:
    """Get the JSON Schema of a method."""
    method = context.methods[params.endpoint]
    return SchemaResult.model_validate(
        {
            "async": method.asynchronous,
            "deprecated": method.deprecated,
            "description": method.description,
            "params": method.params_schema(),
            "plugin": method.plugin,
            "returns": method.result_schema(),
            "title": method.name,
        }
    )


@methods.add(GET_APPLICATION_PARAMETERS, turn=Turn.AT_ONCE)
def get_application_parameters(context: Context) -> ApplicationParameters:
    """Get the size of the picture and the plugins."""
    return ApplicationParameters(plugins=list(context.plugins), viewport=list(context.viewport))


@methods.add(SET_APPLICATION_PARAMETERS, turn=Turn.AT_ONCE)
def set_application_parameters(context: Context, params: ApplicationParameters) -> None:
    """Set the size of the picture."""
    if "viewport" in params.model_fields_set:
        context.viewport = check_size(params.viewport)


def check_size(size: Size2) -> tuple[int, int]:
    """Check the size of a picture in pixels.

    Raises:
        RequestError: -32602, it is empty or absurdly large.
    """
    width, height = size
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE and width * height <= MOST_PIXELS):
        limits = f"1 to {LARGEST_SIDE} pixels a side and at most {MOST_PIXELS} in all"
        raise RequestError(f"A picture of {width} x {height} pixels cannot be rendered ({limits})", code=INVALID_PARAMS)
    return width, height


@methods.add(QUIT, last=True)
def quit_renderer(context: Context) -> None:
    """End the renderer; the answer comes first."""
    context.stop()
