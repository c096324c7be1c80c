"""Serve the files of the web page at every address that is not one of an API."""

from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from re import Pattern

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from segue.serve.security.headers import APIS


class WebPage(StaticFiles):
    """Serve static files; answer unknown API addresses with 404 or 405."""

    def __init__(self, app: FastAPI, directory: Path) -> None:
        super().__init__(directory=directory, html=True)
        self._application = app

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
        await super().__call__(scope, receive, send)

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
