"""Serve the files of the web page at every address that is not one of an API."""

from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from re import Pattern
from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from segue.serve.page_assets import Asset, PageAssets
from segue.serve.responses import client_has
from segue.serve.security.headers import APIS
from segue.serve.security.sessions import COOKIE

_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_METHODS: Final = ("GET", "HEAD")
_LISTENER: Final = "<api/v1/me>; rel=preload; as=fetch; crossorigin"
"""What the page of a listener asks for first; without a session it would be refused."""


class WebPage:
    """Serve the files of the page; answer unknown API addresses with 404 or 405."""

    def __init__(self, app: FastAPI, directory: Path) -> None:
        self._application = app
        self._assets = PageAssets(directory)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that no API route has matched."""
        path: str = scope["path"]
        if scope["type"] == "http" and path.startswith(APIS):
            methods = self._exact.get(path) or {
                method
                for address, known in self._with_ids
                if address.match(path)
                for method in known
            }
            if not methods:
                raise HTTPException(HTTPStatus.NOT_FOUND)
            headers = {"Allow": ", ".join(sorted(methods))}
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers=headers)
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        found = self._assets.find(path.lstrip("/"))
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        if request.method not in _METHODS:
            raise HTTPException(
                HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(_METHODS)}
            )
        await _response(request, *found)(scope, receive, send)

    @cached_property
    def _exact(self) -> dict[str, set[str]]:
        """The methods of each address, from the OpenAPI document."""
        addresses = self._application.openapi()["paths"] | {
            self._application.openapi_url: {"get": {}, "head": {}}
        }
        return {address: {each.upper() for each in item} for address, item in addresses.items()}

    @cached_property
    def _with_ids(self) -> list[tuple[Pattern[str], set[str]]]:
        """The methods of addresses with path parameters, by the pattern of the address."""
        return [
            (compile_path(address)[0], methods)
            for address, methods in self._exact.items()
            if "{" in address
        ]


def _response(request: Request, asset: Asset, is_immutable: bool) -> Response:
    headers = {"ETag": asset.etag, "Vary": "Accept-Encoding"}
    headers["Cache-Control"] = _IMMUTABLE if is_immutable else "no-cache"
    if asset.is_document and COOKIE in request.cookies:
        headers["Link"] = _LISTENER
    if client_has(request, asset.etag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    data = asset.data
    if asset.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        data = asset.compressed
        headers["Content-Encoding"] = "gzip"
    return Response(data, media_type=asset.media_type, headers=headers)
