"""The proxy master: jobs over REST, with the contract of the remote one and a few additions."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from brayns_widget.protocol.errors import ServiceError
from brayns_widget.service.leases import MAX_SECONDS
from brayns_widget.service.manager import JobManager, KeyReusedError, UnknownUseCaseError
from brayns_widget.service.places import REQUEST_SECONDS

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
        lease = request.headers.get("Job-Lease")
        try:
            job = await manager.start(body.get("usecase"), key, None if lease is None else _lease_seconds(lease))
        except UnknownUseCaseError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        except KeyReusedError as error:
            raise web.HTTPConflict(text=str(error)) from error
        except ServiceError as error:
            raise web.HTTPInsufficientStorage(text=str(error)) from error
        return web.json_response({"job_id": job.id}, status=201)

    async def status(request: web.Request) -> web.Response:
        return web.json_response((await manager.refresh(find(request))).status())

    async def log(request: web.Request) -> web.Response:
        found = await manager.log(find(request))
        return web.json_response({"log": {server: token.mask(text) for server, text in found.items()}})

    async def stop(request: web.Request) -> web.Response:
        return web.json_response((await manager.stop(find(request), "it was stopped on request")).status())

    async def lease(request: web.Request) -> web.Response:
        job, body = find(request), await _json_object(request)
        if body.keys() != {"seconds"}:
            raise web.HTTPBadRequest(text='the body is not a JSON object such as {"seconds": null}')
        if not job.state.final:
            manager.leases.grant(job.id, None if body["seconds"] is None else _lease_seconds(body["seconds"]))
        return web.json_response((await manager.refresh(job)).status())

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
        manager.leases.heard(job.id)
        return job

    application = web.Application(middlewares=[require_token], client_max_size=MAX_BODY)
    application.add_routes(
        [
            web.post("/start", start),
            web.get("/status/{job_id}", status),
            web.get("/log/{job_id}", log),
            web.post("/stop/{job_id}", stop),
            web.post("/lease/{job_id}", lease),
            web.get("/jobs", jobs),
            web.get("/healthz", healthz),
        ]
    )
    return application


async def _json_object(request: web.Request) -> dict[str, Any]:
    try:
        async with asyncio.timeout(REQUEST_SECONDS):  # after the headers, which have that time, too
            body = await request.read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout(text=f"the body was not there within {REQUEST_SECONDS:g} s") from error
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:  # JSON and UTF-8 errors are ValueErrors
        raise web.HTTPBadRequest(text="the body is not JSON") from error
    if not isinstance(value, dict):
        raise web.HTTPBadRequest(text='the body is not a JSON object such as {"usecase": "SBO1"}')
    return value


def _lease_seconds(value: str | float) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = 0.0
    if not 1 <= seconds <= MAX_SECONDS:
        raise web.HTTPBadRequest(text=f"a lease has 1 to {MAX_SECONDS:.0f} seconds")
    return seconds
