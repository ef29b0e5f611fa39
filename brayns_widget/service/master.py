"""The proxy master: jobs over REST, with the contract of the remote one and a few additions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from brayns_widget.protocol.errors import ServiceError
from brayns_widget.service.manager import JobManager, KeyReusedError, UnknownUseCaseError

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from brayns_widget.service.auth import Token
    from brayns_widget.service.jobs import Job

MAX_BODY = 1024 * 1024
MAX_KEY = 200


def create_master(manager: JobManager, token: Token) -> web.Application:
    """Make the application; all but `GET /healthz` requires the token."""

    # A middleware, so that no route can forget the check.
    @web.middleware
    async def require_token(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path != "/healthz" and not token.admits(request):
            raise web.HTTPUnauthorized(
                text="the bearer token is missing or wrong", headers={"WWW-Authenticate": "Bearer"}
            )
        return await handler(request)

    async def start(request: web.Request) -> web.Response:
        body = await _json_object(request)
        key = request.headers.get("Idempotency-Key")
        if key is not None and not (0 < len(key) <= MAX_KEY and key.isascii()):
            raise web.HTTPBadRequest(text=f"an Idempotency-Key has 1 to {MAX_KEY} ASCII characters")
        try:
            job = await manager.start(body.get("usecase"), key)
        except UnknownUseCaseError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        except KeyReusedError as error:
            raise web.HTTPConflict(text=str(error)) from error
        except ServiceError as error:
            raise web.HTTPInsufficientStorage(text=str(error)) from error
        return web.json_response({"job_id": job.id}, status=201)

    async def status(request: web.Request) -> web.Response:
        return web.json_response((await manager.refresh(find(request))).status())

    async def stop(request: web.Request) -> web.Response:
        return web.json_response((await manager.stop(find(request), "it was stopped on request")).status())

    async def jobs(_: web.Request) -> web.Response:
        found = [await manager.refresh(job) for job in manager.all()]
        return web.json_response(
            {
                "jobs": [
                    {"job_id": job.id, "usecase": job.usecase, "created_utc": job.created.isoformat(), **job.status()}
                    for job in found
                ]
            }
        )

    async def healthz(_: web.Request) -> web.Response:
        return web.Response()

    def find(request: web.Request) -> Job:
        job = manager.get(request.match_info["job_id"])
        if job is None:
            raise web.HTTPNotFound(text="there is no such job")
        return job

    application = web.Application(middlewares=[require_token], client_max_size=MAX_BODY)
    application.add_routes(
        [
            web.post("/start", start),
            web.get("/status/{job_id}", status),
            web.post("/stop/{job_id}", stop),
            web.get("/jobs", jobs),
            web.get("/healthz", healthz),
        ]
    )
    return application


async def _json_object(request: web.Request) -> dict[str, Any]:
    try:
        value = json.loads(await request.read())
    except (ValueError, RecursionError) as error:  # JSON and UTF-8 errors are ValueErrors
        raise web.HTTPBadRequest(text="the body is not JSON") from error
    if not isinstance(value, dict):
        raise web.HTTPBadRequest(text='the body is not a JSON object such as {"usecase": "SBO1"}')
    return value
