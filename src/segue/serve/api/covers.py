"""`/covers/{id}`: show the cover of a track, album or artist."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response

from segue.audio.pictures import Picture
from segue.pipeline.catalogue.cover_images import COVER_SIZES, draw_tile
from segue.serve import dependencies as deps
from segue.serve.cover_art import find_cover, send_cover
from segue.serve.security.encoded_paths import unquoted

router = APIRouter(prefix="/covers", tags=["tracks"])

_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "WebP where `Accept` names it, else JPEG; a generated SVG picture, always"
        " the same for the same id, where there is no cover or no such item.",
        "content": dict.fromkeys(("image/webp", "image/jpeg", "image/svg+xml"), _BINARY),
    },
    304: {"description": "The cover has not changed."},
}

CoverId = Annotated[
    str,
    Path(
        description="Id of a track, album or artist, percent-encoded: a slash in it is %2F.",
        max_length=4_000,
        examples=["starter-001"],
    ),
    unquoted,
]
CoverSize = Annotated[
    int,
    Query(
        ge=1,
        le=10_000,
        description="Longest edge in pixels, rounded up to one of"
        f" {', '.join(map(str, COVER_SIZES))}.",
    ),
]


@router.get("/{item_id}", operation_id="get_cover", response_class=Response, responses=_RESPONSES)
@router.head("/{item_id}", operation_id="head_cover", response_class=Response, responses=_RESPONSES)
def get_cover(
    *,
    item_id: CoverId,
    request: Request,
    principal: deps.Visitor,  # noqa: ARG001  # checks permission
    app_state: deps.State,
    size: CoverSize = 384,
) -> Response:
    """Show a cover. All tracks of an album have the same one; artists have that of an album."""
    picture = find_cover(request, app_state, item_id, size)
    return send_cover(request, picture or Picture("image/svg+xml", draw_tile(item_id)))
