"""The process itself: version, methods, size of the picture."""

from __future__ import annotations

from pydantic import ConfigDict

from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import JsonSchema, Object, Size2, read_only, unlisted


class Version(Object):
    """The version of Brayns that has these methods, with our own version as the revision."""

    model_config = ConfigDict(title="VersionMessage")

    major: int = read_only()
    minor: int = read_only()
    patch: int = read_only()
    revision: str = read_only()


class SchemaParams(Object):
    """Parameters of ``schema``."""

    endpoint: str


class SchemaResult(Object):
    """Schemas of a method's parameters and answer."""

    async_: bool = read_only(alias="async")
    deprecated: bool = read_only()
    description: str = read_only()
    params: JsonSchema | None = read_only(required=False)
    plugin: str = read_only()
    returns: JsonSchema | None = read_only(required=False)
    title: str = read_only()


class ApplicationParameters(Object):
    """Size of the picture in pixels, and the plugins that are built in."""

    plugins: list[str] = read_only()
    viewport: Size2 = unlisted([800, 600])


GET_VERSION = Endpoint("get-version", None, Version)
REGISTRY = Endpoint("registry", None, list[str])
SCHEMA = Endpoint("schema", SchemaParams, SchemaResult)
GET_APPLICATION_PARAMETERS = Endpoint("get-application-parameters", None, ApplicationParameters)
SET_APPLICATION_PARAMETERS = Endpoint("set-application-parameters", ApplicationParameters)
QUIT = Endpoint("quit")
