"""Guard of the proxies: ``access`` for aiohttp, with CORS for the web pages that may call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import hdrs, web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from brayns_widget.service.access import Access

_METHODS = "GET, POST"
_HEADERS = "Authorization, Content-Type, Idempotency-Key, Job-Lease"


def guard(application: web.Application, access: Access) -> None:
    """Refuse what ``access`` refuses with 403, but for ``GET /healthz``; let pages that it allows read the answers."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path != "/healthz":
            origins, hosts = (request.headers.getall(name, []) for name in (hdrs.ORIGIN, hdrs.HOST))
            address = request.get_extra_info("sockname", ())
            if problem := access.refusal(origins, hosts, address[:1]):
                raise web.HTTPForbidden(text=problem)
            if request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers:
                # A browser asks so before a page's call, without the token.
                allowed = {
                    hdrs.ACCESS_CONTROL_ALLOW_METHODS: _METHODS,
                    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: _HEADERS,
                }
                return web.Response(status=204, headers=allowed)
        return await handler(request)

    async def name_origin(request: web.Request, response: web.StreamResponse) -> None:
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and access.allows(origin):
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            response.headers[hdrs.VARY] = hdrs.ORIGIN

    application.middlewares.insert(0, check)
    application.on_response_prepare.append(name_origin)
