"""Send covers: the format follows from the header `Accept`, and clients may cache them."""

from hashlib import blake2b
from typing import Final

from fastapi import Request, Response

from segue.audio.pictures import Picture
from segue.pipeline.catalogue.cover_images import CoverFormat, rounded_size
from segue.pipeline.catalogue.covers import CoverIndex
from segue.serve.app_state import AppState
from segue.serve.responses import client_has

CACHE_CONTROL: Final = "private, max-age=3600, stale-while-revalidate=2592000"
"""A changed cover is shown after an hour; until the new one has arrived, browsers show the old."""


def find_cover(request: Request, app_state: AppState, item: str, size: int) -> Picture | None:
    """Return the cover of a track, album or artist in a format that the client accepts.

    `size` is rounded up to one of `COVER_SIZES`. None if there is no cover, or no such item.
    """
    catalogue = app_state.catalogue()
    index = app_state.memo(
        "cover index", catalogue, lambda: CoverIndex.of(app_state.library, catalogue)
    )
    groups = index.tracks_for(item)
    if not groups:
        return None
    kind = accepted_format(request.headers.get("accept", ""))
    return app_state.covers.find(groups, app_state.audio_roots(), rounded_size(size), kind)


def send_cover(request: Request, picture: Picture) -> Response:
    """Return the response with a picture, or 304 if the client has it already."""
    etag = f'"{blake2b(picture.data, digest_size=12).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": CACHE_CONTROL, "Vary": "Accept"}
    if client_has(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(picture.data, media_type=picture.media_type, headers=headers)


def accepted_format(accept: str) -> CoverFormat:
    """Return WebP for clients that name it, else JPEG, which every client reads.

    >>> accepted_format("image/avif,image/webp,*/*;q=0.8"), accepted_format("image/*")
    ('webp', 'jpeg')
    >>> accepted_format("image/webp;q=0, image/jpeg")
    'jpeg'
    """
    for part in accept.casefold().split(","):
        media_type, *parameters = (piece.strip() for piece in part.split(";"))
        refused = any(one.replace(" ", "").strip("0.") == "q=" for one in parameters)
        if media_type == "image/webp" and not refused:
            return "webp"
    return "jpeg"
