"""Export and deletion of the data of one listener.

The export is a zip archive that `segue import` and other programs read:

- ``user.json``          the name
- ``listens.jsonl``      dated listens, as ListenBrainz exports them, one JSON document a line
- ``feedback.jsonl``     likes and dislikes, as ListenBrainz exports them
- ``other.csv``          what ListenBrainz has no place for: undated listens, totals, ratings
- ``stars.json``         stars and ratings of songs, albums and artists
- ``rules.json``         what is not learned from, and what is never played
- ``players.json``       bookmarks and the play queue that players saved
- ``playlists/*.jspf``   saved playlists
"""

import csv
import io
import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, get_args

from segue.errors import LibraryError, UnknownListenerError
from segue.library import AnnotationKind, Library, open_private
from segue.library.feedback import LIVE
from segue.pipeline.filters.rule_values import rule_document
from segue.pipeline.playlists.playlist_files import write_playlist

_KINDS: Final[tuple[AnnotationKind, ...]] = get_args(AnnotationKind)

_FLAGS: Final = ("skipped", "completed", "recommended", "private")
_COLUMNS: Final = (
    "user_id",
    "track_id",
    "artist",
    "title",
    "album",
    "timestamp",
    "position",
    "session_id",
    "plays",
    "ms_played",
    "rating",
    *_FLAGS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
    """A written export, and the numbers of its entries."""

    file: str
    listens: int
    feedback: int
    other: int
    playlists: int

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue user export --json`` prints."""
        return asdict(self)


def export_user(library: Library, name: str, file: str | Path) -> ExportResult:
    """Write all listens, feedback and playlists of a listener into a zip archive.

    Raises
    ------
    UnknownListenerError
        If the library has no such listener.
    LibraryError
        If the file exists, or cannot be written.
    """
    check_known(library, name)
    path = Path(file).expanduser().absolute()
    if path.exists():
        raise LibraryError(f"{file} exists already: choose another file.")
    listens, feedback, other = [], [], []
    for record in library.listens_of(name):
        if record["rating"] is not None and record["plays"] is None and record["dataset"] == LIVE:
            feedback.append(_feedback(name, record))
        elif record["timestamp"] is not None and record["rating"] is None and _is_one(record):
            listens.append(_listen(name, record))
        else:
            other.append(record)
    temporary = path.with_name(f".new-{path.name}-{os.getpid():08d}")
    try:
        with open_private(temporary, "wb") as stream:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("user.json", json.dumps({"user_name": name}, ensure_ascii=False))
                archive.writestr("listens.jsonl", "".join(_lines(listens)))
                archive.writestr("feedback.jsonl", "".join(_lines(feedback)))
                if other:
                    archive.writestr("other.csv", _table(name, other))
                stars = [
                    asdict(one) for kind in _KINDS for one in library.annotations.all(name, kind)
                ]
                if stars:
                    archive.writestr("stars.json", json.dumps(stars, ensure_ascii=False, indent=2))
                rules = [rule_document(library, one) for one in library.rules.of(name)]
                if rules:
                    archive.writestr("rules.json", json.dumps(rules, ensure_ascii=False, indent=2))
                players = _saved_by_players(library, name)
                if players:
                    document = json.dumps(players, ensure_ascii=False, indent=2)
                    archive.writestr("players.json", document)
                saved = library.playlists.of(name)
                catalogue = library.catalogue()
                for number, one in enumerate(saved, start=1):
                    data = write_playlist(
                        catalogue, list(one.tracks), "jspf", one.name, creator=name
                    )
                    archive.writestr(f"playlists/{number:03} {_file_name(one.name)}.jspf", data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise LibraryError(
            f"{file} cannot be written ({error.strerror}): choose another file."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    return ExportResult(
        file=str(path),
        listens=len(listens),
        feedback=len(feedback),
        other=len(other),
        playlists=len(saved),
    )


def delete_user(library: Library, name: str, *, by: str | None = None) -> dict[str, int]:
    """Delete a listener: account, listens, feedback, playlists; return the numbers by table.

    Trained models still contain their listens until they are trained again.

    Raises
    ------
    UnknownListenerError
        If the library has no such listener.
    LibraryBusyError
        If another program is writing to the library.
    """
    check_known(library, name)
    with library.writing("segue user delete"):
        found = library.delete_listener(name)
        library.audit.note("listener deleted", by)
    return {table: count for table, count in found.items() if count}


def _saved_by_players(library: Library, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if bookmarks := library.players.bookmarks(name):
        found["bookmarks"] = [asdict(one) for one in bookmarks]
    if (queue := library.players.queue(name)) is not None:
        found["play_queue"] = asdict(queue)
    return found


def check_known(library: Library, name: str) -> None:
    """Raise `UnknownListenerError` if the library has neither listens nor an account of a name."""
    if library.accounts.find(name) is None and name not in library.listeners():
        raise UnknownListenerError(
            f"The library has no listener {name!r}: segue user list names the accounts."
        )


def _is_one(record: Mapping[str, Any]) -> bool:
    return record["plays"] is None or record["plays"] == 1.0


def _listen(name: str, record: Mapping[str, Any]) -> dict[str, Any]:
    more: dict[str, Any] = {"submission_client": "segue"}
    if record["ms_played"] is not None:
        more["duration_played"] = record["ms_played"] / 1e3
    for flag in _FLAGS:
        if record[flag] is not None:
            more[flag] = bool(record[flag])
    return {
        "listened_at": record["timestamp"],
        "user_name": name,
        "track_metadata": {**_names(record), "additional_info": {**more, **_ids(record)}},
    }


def _feedback(name: str, record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "score": 1 if record["rating"] > 0 else -1,
        "recording_mbid": _ids(record).get("recording_mbid"),
        "created": record["timestamp"],
        "user_name": name,
        "track_metadata": _names(record),
    }


def _names(record: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "track_name": record["title"],
        "artist_name": record["artist"],
        "release_name": record["album"],
    }
    return {key: value for key, value in names.items() if value is not None}


def _ids(record: Mapping[str, Any]) -> dict[str, str]:
    found = {"track_id": record["track_id"], "recording_mbid": record.get("recording")}
    stated = json.loads(record.get("metadata") or "{}")
    for key in ("musicbrainz_trackid", "recording_mbid"):
        found["recording_mbid"] = found["recording_mbid"] or stated.get(key)
    return {key: value for key, value in found.items() if value}


def _lines(documents: list[dict[str, Any]]) -> Iterator[str]:
    for document in documents:
        yield json.dumps(document, ensure_ascii=False) + "\n"


def _table(name: str, records: list[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({**record, "user_id": name} for record in records)
    return text.getvalue()


def _file_name(name: str) -> str:
    return re.sub(r"[^\w .-]", "_", name)[:80].strip(" .") or "playlist"
