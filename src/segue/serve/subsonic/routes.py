"""Route an address to its method and write the result as a response.

The methods are not in the OpenAPI document; the protocol itself is published.
"""

from collections.abc import Callable
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from segue import errors
from segue.serve import dependencies as deps
from segue.serve.app_state import AppState
from segue.serve.problems import of_error
from segue.serve.security.sessions import Principal
from segue.serve.subsonic import (
    annotation,
    browsing,
    lists,
    media,
    playlists,
    searching,
    similarity,
    system,
)
from segue.serve.subsonic.calls import Call, Parameters, parameters_of
from segue.serve.subsonic.identity import caller, check_version
from segue.serve.subsonic.responses import (
    GENERIC,
    NOT_FOUND,
    ResponseFormat,
    SubsonicError,
    failed,
    response_format,
    succeeded,
)

router = APIRouter(prefix="/rest", include_in_schema=False)

Method = Callable[[Call], dict[str, Any] | Response]

_NAMED: Final[dict[str, Method]] = {
    "ping": system.ping,
    "getLicense": system.get_license,
    "getMusicFolders": system.get_music_folders,
    "getScanStatus": system.get_scan_status,
    "getUser": system.get_user,
    "getIndexes": browsing.get_indexes,
    "getMusicDirectory": browsing.get_music_directory,
    "getArtists": browsing.get_artists,
    "getArtist": browsing.get_artist,
    "getArtistInfo": browsing.get_artist_info,
    "getArtistInfo2": browsing.get_artist_info2,
    "getAlbum": browsing.get_album,
    "getAlbumInfo": browsing.get_album_info,
    "getAlbumInfo2": browsing.get_album_info,
    "getSong": browsing.get_song,
    "getGenres": browsing.get_genres,
    "getAlbumList": lists.get_album_list,
    "getAlbumList2": lists.get_album_list2,
    "getRandomSongs": lists.get_random_songs,
    "getSongsByGenre": lists.get_songs_by_genre,
    "getStarred": lists.get_starred,
    "getStarred2": lists.get_starred2,
    "getNowPlaying": lists.get_now_playing,
    "search2": searching.search2,
    "search3": searching.search3,
    "getSimilarSongs": similarity.get_similar_songs,
    "getSimilarSongs2": similarity.get_similar_songs2,
    "getTopSongs": similarity.get_top_songs,
    "getSonicSimilarTracks": similarity.get_sonic_similar_tracks,
    "findSonicPath": similarity.find_sonic_path,
    "star": annotation.star,
    "unstar": annotation.unstar,
    "setRating": annotation.set_rating,
    "scrobble": annotation.scrobble,
    "reportPlayback": annotation.report_playback,
    "getPlaylists": playlists.get_playlists,
    "getPlaylist": playlists.get_playlist,
    "createPlaylist": playlists.create_playlist,
    "updatePlaylist": playlists.update_playlist,
    "deletePlaylist": playlists.delete_playlist,
    "stream": media.stream,
    "download": media.download,
    "getCoverArt": media.get_cover_art,
}
_METHODS: Final = {name.casefold(): method for name, method in _NAMED.items()}
_PUBLIC: Final[dict[str, Method]] = {"getopensubsonicextensions": system.get_extensions}
"""Methods that need no authentication."""


@router.api_route("/{method}", methods=["GET", "HEAD", "POST"])
async def call_method(method: str, request: Request, app_state: deps.State) -> Response:
    """Call a method; its name may end in ``.view``."""
    body = await request.body() if request.method == "POST" else b""
    return await run_in_threadpool(_answered, method, request, body, app_state)


def _answered(method: str, request: Request, body: bytes, app_state: AppState) -> Response:
    form = ResponseFormat()
    try:
        parameters = parameters_of(request, body)
        form = response_format(_first(parameters, "f"), _first(parameters, "callback"))
        document = _called(method, request, parameters, app_state)
    except SubsonicError as error:
        return failed(error, form)
    except errors.SegueError as error:
        return failed(_failure(error, app_state), form)
    return document if isinstance(document, Response) else succeeded(document, form)


def _called(
    method: str, request: Request, parameters: Parameters, app_state: AppState
) -> dict[str, Any] | Response:
    name = method.casefold().removesuffix(".view")
    if name in _PUBLIC:
        return _PUBLIC[name](Call(parameters, app_state, request, Principal("open")))
    check_version(parameters)
    address = request.client.host if request.client else None
    principal = caller(app_state, parameters, address)
    if name not in _METHODS:
        raise SubsonicError(GENERIC, "The server has no such method.", status=404)
    return _METHODS[name](Call(parameters, app_state, request, principal))


def _failure(error: errors.SegueError, app_state: AppState) -> SubsonicError:
    gone = (errors.UnknownTrackError, errors.UnknownPlaylistError, errors.UnknownListenerError)
    code = NOT_FOUND if isinstance(error, gone) else GENERIC
    problem = of_error(error, *app_state.places())
    # players read the document of status 200; a scrobble that may be stored later needs another
    status = problem.status if isinstance(error, errors.StorageError) else 200
    return SubsonicError(code, problem.detail or "", status, problem.headers)


def _first(parameters: Parameters, name: str) -> str | None:
    return next(iter(parameters.get(name, ())), None)
