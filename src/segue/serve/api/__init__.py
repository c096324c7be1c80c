"""API version 1: one module for each resource."""

from typing import Final

from fastapi import APIRouter

from segue.serve.api import (
    account,
    accounts,
    albums,
    artists,
    audio,
    connections,
    covers,
    events,
    feedback,
    files,
    folders,
    genres,
    home,
    imports,
    jobs,
    library,
    liked,
    listeners,
    maps,
    picks,
    playing_now,
    playlists,
    problem_types,
    quality,
    radio,
    recommend,
    rules,
    schedules,
    scrobblers,
    search,
    services,
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
    accounts,
    services,
    scrobblers,
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
    playing_now,
    playlists,
    files,
    picks,
    imports,
    radio,
    maps,
    library,
    folders,
    jobs,
    schedules,
    connections,
    quality,
    signals,
    events,
    problem_types,
)

router = APIRouter(prefix=PREFIX, responses=dict(COMMON_PROBLEMS))
for resource in RESOURCES:
    router.include_router(resource.router)
