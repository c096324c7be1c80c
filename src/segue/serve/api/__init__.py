"""API version 1: one module for each resource."""

from typing import Final

from fastapi import APIRouter

from segue.serve.api import (
    account,
    albums,
    artists,
    audio,
    covers,
    events,
    feedback,
    files,
    genres,
    home,
    jobs,
    library,
    liked,
    listeners,
    maps,
    playlists,
    problem_types,
    quality,
    radio,
    recommend,
    rules,
    search,
    session,
    signals,
    track_playback,
    tracks,
)
from segue.serve.schemas import COMMON_PROBLEMS

PREFIX: Final = "/api/v1"

RESOURCES: Final = (
    session,
    listeners,
    liked,
    home,
    account,
    rules,
    tracks,
    artists,
    albums,
    genres,
    audio,
    track_playback,
    covers,
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
    signals,
    events,
    problem_types,
)

router = APIRouter(prefix=PREFIX, responses=dict(COMMON_PROBLEMS))
for resource in RESOURCES:
    router.include_router(resource.router)
