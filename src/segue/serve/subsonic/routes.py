"""Route an address to its method and write the result as a response.

The methods are not in the OpenAPI document; the protocol itself is published.
"""

import logging
import secrets
from collections.abc import Callable
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from segue import errors
from segue.serve import dependencies as deps
from segue.serve.app_state import AppState
from segue.serve.problems import of_error
from segue.serve.security.proxies import client_address
from segue.serve.security.sessions import Principal
from segue.serve.subsonic import (
    annotation,
    artist_info,
    bookmarks,
    browsing,
    lists,
    media,
    not_offered,
    playlists,
    radio_stations,
    searching,
    similarity,
    song_lyrics,
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

_LOG = logging.getLogger("segue.serve")

Method = Callable[[Call], dict[str, Any] | Response]

_NAMED: Final[dict[str, Method]] = {
    "ping": system.ping,
    "getLicense": system.get_license,
    "getMusicFolders": system.get_music_folders,
    "getScanStatus": system.get_scan_status,
    "startScan": system.start_scan,
    "getUser": system.get_user,
    "getUsers": system.get_users,
    "tokenInfo": system.token_info,
    "getAvatar": system.get_avatar,
    "getIndexes": browsing.get_indexes,
    "getMusicDirectory": browsing.get_music_directory,
    "getArtists": browsing.get_artists,
    "getArtist": browsing.get_artist,
    "getArtistInfo": artist_info.get_artist_info,
    "getArtistInfo2": artist_info.get_artist_info2,
    "getAlbum": browsing.get_album,
    "getAlbumInfo": artist_info.get_album_info,
    "getAlbumInfo2": artist_info.get_album_info,
    "getSong": browsing.get_song,
    "getGenres": browsing.get_genres,
    "getAlbumList": lists.get_album_list,
    "getAlbumList2": lists.get_album_list2,
    "getRandomSongs": lists.get_random_songs,
    "getSongsByGenre": lists.get_songs_by_genre,
    "getStarred": lists.get_starred,
    "getStarred2": lists.get_starred2,
    "getNowPlaying": lists.get_now_playing,
    "search": searching.search,
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
    "getLyrics": song_lyrics.get_lyrics,
    "getLyricsBySongId": song_lyrics.get_lyrics_by_song_id,
    "getPlayQueue": bookmarks.get_play_queue,
    "getPlayQueueByIndex": bookmarks.get_play_queue_by_index,
    "savePlayQueue": bookmarks.save_play_queue,
    "savePlayQueueByIndex": bookmarks.save_play_queue_by_index,
    "getBookmarks": bookmarks.get_bookmarks,
    "createBookmark": bookmarks.create_bookmark,
    "deleteBookmark": bookmarks.delete_bookmark,
    "getInternetRadioStations": radio_stations.get_radio_stations,
    "createInternetRadioStation": radio_stations.create_radio_station,
    "updateInternetRadioStation": radio_stations.update_radio_station,
    "deleteInternetRadioStation": radio_stations.delete_radio_station,
    "stream": media.stream,
    "download": media.download,
    "getCoverArt": media.get_cover_art,
    "getPodcasts": not_offered.get_podcasts,
    "getNewestPodcasts": not_offered.get_newest_podcasts,
    "getPodcastEpisode": not_offered.get_podcast_episode,
    "refreshPodcasts": not_offered.refresh_podcasts,
    "createPodcastChannel": not_offered.change_podcasts,
    "deletePodcastChannel": not_offered.change_podcasts,
    "deletePodcastEpisode": not_offered.change_podcasts,
    "downloadPodcastEpisode": not_offered.change_podcasts,
    "getShares": not_offered.get_shares,
    "createShare": not_offered.change_shares,
    "updateShare": not_offered.change_shares,
    "deleteShare": not_offered.change_shares,
    "getChatMessages": not_offered.get_chat_messages,
    "addChatMessage": not_offered.add_chat_message,
    "getVideos": not_offered.get_videos,
    "getVideoInfo": not_offered.find_no_video,
    "getCaptions": not_offered.find_no_video,
    "hls": not_offered.find_no_video,
    "createUser": not_offered.change_users,
    "updateUser": not_offered.change_users,
    "deleteUser": not_offered.change_users,
    "changePassword": not_offered.change_users,
    "jukeboxControl": not_offered.control_jukebox,
}
METHODS: Final = {name.casefold(): method for name, method in _NAMED.items()}
_PUBLIC: Final[dict[str, Method]] = {"getopensubsonicextensions": system.get_extensions}
"""Methods that need no authentication."""


@router.api_route("/{method}", methods=["GET", "HEAD", "POST"])
async def call_method(method: str, request: Request, app_state: deps.WholeState) -> Response:
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
    except Exception as error:  # noqa: BLE001  # players take a status other than 200 for a dead server
        return failed(_unexpected(error, method), form)
    return document if isinstance(document, Response) else succeeded(document, form)


def _called(
    method: str, request: Request, parameters: Parameters, app_state: AppState
) -> dict[str, Any] | Response:
    name = method.casefold().removesuffix(".view").removesuffix(".m3u8")
    if name in _PUBLIC:
        return _PUBLIC[name](Call(parameters, app_state, request, Principal("open")))
    check_version(parameters)
    address = client_address(request)
    principal = caller(app_state, parameters, address)
    if name not in METHODS:
        raise SubsonicError(GENERIC, "The server has no such method.")
    visible = app_state.for_listener(principal.listener)
    return METHODS[name](Call(parameters, visible, request, principal))


def _failure(error: errors.SegueError, app_state: AppState) -> SubsonicError:
    gone = (errors.UnknownTrackError, errors.UnknownPlaylistError, errors.UnknownListenerError)
    code = NOT_FOUND if isinstance(error, gone) else GENERIC
    problem = of_error(error, *app_state.places())
    status = problem.status if isinstance(error, errors.StorageError) else 200
    return SubsonicError(code, problem.detail or "", status, problem.headers)


def _unexpected(error: Exception, method: str) -> SubsonicError:
    number = secrets.token_hex(4)
    _LOG.error("failure %s of the player method %r", number, method, exc_info=error)
    return SubsonicError(GENERIC, f"The server failed: see failure {number} in its log.")


def _first(parameters: Parameters, name: str) -> str | None:
    return next(iter(parameters.get(name, ())), None)
