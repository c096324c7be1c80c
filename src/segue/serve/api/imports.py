"""`/me/imports`: import a listening history that the listener sends as a file."""

import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import anyio
from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect

from segue.errors import DatasetError
from segue.library import translate_errors
from segue.pipeline.hidden_paths import public_text
from segue.pipeline.history.import_listens import import_listens
from segue.serve import dependencies as deps
from segue.serve.problems import ProblemError
from segue.serve.responses import json_response
from segue.serve.schemas import problems
from segue.serve.security.quotas import EXPENSIVE

router = APIRouter(prefix="/me/imports", tags=["listeners"])

_PREFIX = ".segue-import-"
_MAX_NAME = 60
_OLD_SECONDS = 86_400.0
"""Age at which a directory is what a killed server left."""


class ImportResponse(BaseModel):
    """Result of an import; numbers of listens."""

    file: str
    format: str = Field(description="Recognized format.", examples=["spotify"])
    read: int = Field(description="Listens that could be used.")
    new: int = Field(description="Listens that were not known before.")
    matched: int = Field(description="Listens whose track is in the library.")
    unmatched: int = Field(description="Listens whose track is not in the library yet.")
    problems: int = Field(description="Rows that could not be used, by cause.")


async def _uploaded(
    request: Request,
    me: deps.Self,  # noqa: ARG001  # the login check comes first
    app_state: deps.State,
    name: Annotated[str, Query(max_length=300, examples=["my_spotify_data.zip"])] = "",
) -> AsyncIterator[Path]:
    """Yield a temporary file with the body of the request."""
    directory = await to_thread.run_sync(_new_directory, app_state.directory)
    path = directory / _file_name(name)
    try:
        with translate_errors(app_state.directory):
            async with await anyio.open_file(path, "wb") as file:
                await _receive(request, file)
        yield path
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(lambda: shutil.rmtree(directory, ignore_errors=True))


def _new_directory(library: Path) -> Path:
    """Return a new temporary directory inside that of the library."""
    for old in library.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - old.stat().st_mtime > _OLD_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
    with translate_errors(library):
        return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=library))


async def _receive(request: Request, file: anyio.AsyncFile[bytes]) -> None:
    try:
        async for part in request.stream():
            await file.write(part)
    except ClientDisconnect:
        raise ProblemError("bad-request", "The upload ended early: try again.") from None


def _file_name(name: str) -> str:
    """Return a name that is safe on the disk of the server.

    >>> _file_name("../../.hidden/my data.zip"), _file_name("..")
    ('my data.zip', 'history')
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in last if letter.isprintable())
    return kept.strip(". ")[-_MAX_NAME:] or "history"


@router.post(
    "",
    response_model=ImportResponse,
    responses=problems("no-session", "unsupported-type", "too-many", "storage-full"),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": {
                    "schema": {"type": "string", "format": "binary"},
                    "example": "artist,title,timestamp\nJames Scott Skinner,Flogging,1764547200\n",
                }
            },
        }
    },
)
def import_history(
    me: deps.Self,
    path: Annotated[Path, Depends(_uploaded)],
    turn: Annotated[None, EXPENSIVE],  # noqa: ARG001  # after the body has arrived
    app_state: deps.State,
) -> Response:
    """Import a history of ListenBrainz, Last.fm, Spotify or another service for the listener.

    The format is detected by the content, also of archives.
    """
    try:
        done = import_listens(app_state.library, path, me.name, uploaded=True)
    except DatasetError as error:
        detail = public_text(error, *app_state.places())
        raise ProblemError("unsupported-type", detail) from None
    app_state.scheduler.trigger("train", "new-history")
    (file,) = done.files
    return json_response(
        {
            "file": path.name,
            "format": file.format,
            "read": file.read,
            "new": file.new,
            "matched": sum(file.matched.values()),
            "unmatched": file.unmatched,
            "problems": file.problems,
        }
    )
