"""The API, version 1: one file a resource."""

from typing import Final

from fastapi import APIRouter

from segue.serve.api import (
    account,
    audio,
    events,
    feedback,
    files,
    jobs,
    kinds,
    library,
    listeners,
    maps,
    playlists,
    quality,
    radio,
    recommend,
    search,
    session,
    tracks,
)
from segue.serve.documents import ALWAYS

PREFIX: Final = "/api/v1"

RESOURCES: Final = (
    session,
    listeners,
    account,
    tracks,
    audio,
    search,
    recommend,
    feedback,
    playlists,
    files,
    radio,
    maps,
    library,
    jobs,
    quality,
    events,
    kinds,
)

router = APIRouter(prefix=PREFIX, responses=dict(ALWAYS))
for resource in RESOURCES:
    router.include_router(resource.router)
