"""The proxy master: jobs over REST, with the contract of the remote one and a few additions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from brayns_widget.service.manager import JobManager, KeyReusedError, UnknownUseCaseError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from brayns_widget.service.auth import Token
    from brayns_widget.service.jobs import Job

MAX_BODY = 1024 * 1024
MAX_KEY = 200


def create_master(manager: JobManager, token: Token) -> Starlette:
    """Make the ASGI application; all but `GET /healthz` wants the token. It sends no CORS headers: no page may call."""

    async def start(request: Request) -> Response:
        body = await _json_object(request)
        key = request.headers.get("idempotency-key")
        if key is not None and not 0 < len(key) <= MAX_KEY:
            raise HTTPException(400, f"an Idempotency-Key has 1 to {MAX_KEY} characters")
        try:
            job = await manager.start(body.get("usecase"), key)
        except UnknownUseCaseError as error:
            raise HTTPException(400, str(error)) from error
        except KeyReusedError as error:
            raise HTTPException(409, str(error)) from error
        return JSONResponse({"job_id": job.id}, 201)

    async def status(request: Request) -> Response:
        return JSONResponse((await manager.refresh(find(request))).status())

    async def stop(request: Request) -> Response:
        return JSONResponse((await manager.stop(find(request), "it was stopped on request")).status())

    async def jobs(_: Request) -> Response:
        return JSONResponse(
            {
                "jobs": [
                    {"job_id": job.id, "usecase": job.usecase, "created_utc": job.created.isoformat(), **job.status()}
                    for job in [await manager.refresh(job) for job in manager.all()]
                ]
            }
        )

    async def healthz(_: Request) -> Response:
        return Response()

    def find(request: Request) -> Job:
        job = manager.get(request.path_params["job_id"])
        if job is None:
            raise HTTPException(404, "there is no such job")
        return job

    application = Starlette(
        routes=[
            Route("/start", start, methods=["POST"]),
            Route("/status/{job_id}", status, methods=["GET"]),
            Route("/stop/{job_id}", stop, methods=["POST"]),
            Route("/jobs", jobs, methods=["GET"]),
            Route("/healthz", healthz, methods=["GET"]),
        ],
        middleware=[Middleware(_RequireToken, token=token)],
    )
    # A trailing slash is another path, as with the remote ones.
    application.router.redirect_slashes = False
    return application


async def _json_object(request: Request) -> dict[str, Any]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise HTTPException(413, f"a body has at most {MAX_BODY} bytes")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:  # JSON and UTF-8 errors are ValueErrors
        raise HTTPException(400, "the body is not JSON") from error
    if not isinstance(value, dict):
        raise HTTPException(400, 'the body is not a JSON object such as {"usecase": "SBO1"}')
    return value


class _RequireToken:
    """Lets nobody past without the token, so that no route can forget to ask for it."""

    def __init__(self, app: ASGIApp, token: Token) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] != "/healthz" and not self._token.admits(scope):
            denial = PlainTextResponse(
                "the bearer token is missing or wrong", 401, headers={"WWW-Authenticate": "Bearer"}
            )
            await denial(scope, receive, send)
            return
        await self._app(scope, receive, send)
