"""Download the tracks of a media server that the library lacks, and analyze them.

Files are stored as ``Artist/Album/Title.suffix`` in a folder that the user chooses, which then is a
music folder like any other. A file that is there is not downloaded again.
"""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segue.errors import MediaServerError
from segue.library import Library
from segue.pipeline.connections.connect import find_connection
from segue.pipeline.preprocess import preprocess
from segue.sources.history_import.matching import Matcher
from segue.sources.media_servers import MediaServer, ServerTrack, open_server
from segue.types import Progress, no_progress

_FORBIDDEN: Final = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
_MAX_PART: Final = 80


@dataclass(frozen=True, slots=True)
class DownloadResult:
    """How many tracks the library lacked, and how many of them were downloaded now."""

    missing: int
    downloaded: int


def download_missing(
    library: Library, connection: str, directory: Path, *, progress: Progress = no_progress
) -> DownloadResult:
    """Download and analyze the tracks of a server that the library lacks.

    Raises
    ------
    MediaServerError
        If the server cannot be reached, or has no account; files that were downloaded are kept, and
        analyzed by the next call.
    """
    one = find_connection(library, connection)
    accounts = library.connections.accounts(one.row)
    if not accounts:
        raise MediaServerError(f"{one.name} has no account: run segue connect with --user.")
    matcher = Matcher(library.each_track())
    with closing(open_server(one.kind, one.url, accounts[0].credentials)) as server:
        missing = list(_missing(server, matcher, directory))
        n_new = 0
        with progress(f"Downloading from {one.name}", len(missing)) as advance:
            for track, target in missing:
                if not target.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    server.download(track.item, target)
                    n_new += 1
                advance(1)
    if missing:
        preprocess(library, directory, progress=progress)
    return DownloadResult(len(missing), n_new)


def _missing(
    server: MediaServer, matcher: Matcher, directory: Path
) -> Iterator[tuple[ServerTrack, Path]]:
    taken: set[Path] = set()
    for batch in server.tracks():
        for track in batch:
            if matcher.match(track.reference) is None:
                target = _target(track, directory)
                if target in taken:
                    target = target.with_stem(f"{target.stem} {_part(track.item)}")
                taken.add(target)
                yield track, target


def _target(track: ServerTrack, directory: Path) -> Path:
    names = track.reference
    folder = directory / _part(names.artist or "Unknown") / _part(names.album or "Unknown")
    suffix = re.sub(r"\W", "", track.suffix)[:8] or "audio"
    return folder / f"{_part(names.title or track.item)}.{suffix}"


def _part(text: str) -> str:
    return _FORBIDDEN.sub("_", text)[:_MAX_PART].strip(" .") or "_"
