"""Read the dumps of ListenBrainz: the listens of all users, as archives or unpacked.

Conventions
-----------
- The directory has ``listenbrainz-listens-dump-ID-TIME-full.tar.zst`` (or ``.tar.xz``), any number
  of ``-incremental`` ones, or what they unpack to: ``listens/YEAR/MONTH.listens``, a JSON object a
  line with `user_name`, `timestamp` and `track_metadata`. Archives are read in the order of their
  ID, as streams: nothing is unpacked to the disk.
- Without them, ``listenbrainz-spark-dump-ID-TIME-full.tar`` is read, with parquet of `user_id`,
  `listened_at`, `recording_mbid`, `artist_name`, `recording_name`, `release_name`.
- `track_id` is the `recording_mbid`, without one the `recording_msid`, without both a digest of
  artist and title. A track has the names of its first listen.
- A listener is called by the name, in the spark dump by the number.

Sources: listenbrainz.readthedocs.io/en/latest/users/listenbrainz-dumps.html; the writer of the
dumps, github.com/metabrainz/listenbrainz-server (listenbrainz/listenstore/dump_listenstore.py).
"""

import re
import tarfile
from hashlib import blake2b
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, cast

import pyarrow as pa
import pyarrow.parquet as pq

from segue.errors import DatasetError
from segue.sources.history_import.import_row import (
    ImportIssue,
    UnusableRow,
    read_id,
    read_name,
    read_timestamp,
    require_track,
)
from segue.sources.history_import.json_records import read_record
from segue.sources.history_import.json_values import read_values
from segue.sources.public_data.listen_spool import ListenSpool
from segue.sources.public_data.public_dataset import PublicDataset
from segue.sources.tables.batches import MEGABYTE, n_megabytes
from segue.sources.tables.problem_collector import ProblemCollector
from segue.sources.tables.unpacking import UNPACK_ERRORS, open_unpacked
from segue.text import clean_text
from segue.types import Advance, Progress, Track, TrackReference, no_progress

if TYPE_CHECKING:
    from segue.sources.tables.decoding import Stream

KIND: Final = "listenbrainz-dump"
_ARCHIVE = re.compile(r"listenbrainz-(listens|spark)-dump-(\d+)-[\w-]+\.tar(?:\.\w+)?")
_MEMBER = re.compile(r"(?:.*/)?listens/\d+/\d+\.listens")
_PARQUET = re.compile(r"(?:.*/)?\d+\.parquet")
_BATCH = 1 << 16
_DAMAGE = (*UNPACK_ERRORS, tarfile.TarError)
_SPARK_COLUMNS = (
    *("user_id", "listened_at", "recording_mbid", "recording_msid"),
    *("artist_name", "recording_name", "release_name"),
)


def is_listenbrainz_dump(directory: Path) -> bool:
    """Return whether a directory has dumps of ListenBrainz, as archives or unpacked."""
    return bool(_archives(directory, "listens") or _archives(directory, "spark")) or bool(
        _unpacked_months(directory)
    )


def read_listenbrainz_dump(directory: Path, progress: Progress = no_progress) -> PublicDataset:
    """Read all listens.

    Raises
    ------
    DatasetError
        An archive is damaged from its start on, or a file cannot be opened.
    """
    reading = _Dump()
    months = _unpacked_months(directory)
    archives = _archives(directory, "listens")
    if not (months or archives):
        archives = _archives(directory, "spark")
    with progress("Reading the dataset ListenBrainz", n_megabytes(*archives, *months)) as advance:
        for path in archives:
            reading.read_archive(path, advance)
        for path in months:
            reading.read_month(path, path.relative_to(directory).as_posix())
            advance(path.stat().st_size // MEGABYTE)
    return PublicDataset(list(reading.tracks.values()), reading.finish(), reading.found.problems())


def _archives(directory: Path, kind: str) -> list[Path]:
    """Return the archives of a kind in the order of their IDs."""
    found = [(_ARCHIVE.fullmatch(path.name), path) for path in directory.iterdir()]
    named = [(int(name[2]), path.name, path) for name, path in found if name and name[1] == kind]
    return [path for *_, path in sorted(named)]


def _unpacked_months(directory: Path) -> list[Path]:
    """Return the unpacked files of listens, the oldest first."""
    unpacked = (path for path in directory.iterdir() if path.name.startswith("listenbrainz-"))
    months = [
        path for root in (directory, *unpacked) for path in (root / "listens").glob("*/*.listens")
    ]
    named = [path for path in months if _MEMBER.fullmatch(path.as_posix())]
    return sorted(named, key=lambda path: (int(path.parent.name), int(path.stem), path))


class _Dump:
    """The listens read so far, and their tracks by id."""

    def __init__(self) -> None:
        self.found = ProblemCollector()
        self.tracks: dict[str, Track] = {}
        self._listens = ListenSpool()
        self._rows: list[tuple[str, str, float | None, float | None]] = []

    def finish(self) -> Any:
        """Return all listens."""
        self._add_rows()
        return self._listens.finish()

    def read_archive(self, path: Path, advance: Advance) -> None:
        """Read the listens of an archive, member by member."""
        n_members = 0
        try:
            with (
                open_unpacked(path) as (content, raw),
                tarfile.open(fileobj=content, mode="r|") as archive,
            ):
                n_advanced = 0
                for member in archive:
                    n_members += 1
                    file = archive.extractfile(member)
                    if file is None:
                        continue
                    self._read_member(f"{path.name}/{member.name}", file)
                    advance(raw.tell() // MEGABYTE - n_advanced)
                    n_advanced = raw.tell() // MEGABYTE
        except _DAMAGE as error:
            detail = clean_text(str(error))
            if not n_members:
                raise DatasetError(
                    f"{path.name} cannot be read ({detail}): download it again."
                ) from error
            reason = (
                f"the file is cut short or damaged ({detail}): the listens before that place are"
                " used; download it again"
            )
            self.found.add(path.name, reason)

    def read_month(self, path: Path, name: str) -> None:
        """Read an unpacked file of listens.

        Raises
        ------
        DatasetError
            It cannot be opened.
        """
        try:
            with path.open("rb") as file:
                self._read_lines(name, file)
        except OSError as error:
            raise DatasetError(
                f"{name} cannot be read ({error.strerror}): check its permissions."
            ) from error

    def _read_member(self, name: str, content: IO[bytes]) -> None:
        if _MEMBER.fullmatch(name):
            self._read_lines(name, content)
        elif _PARQUET.fullmatch(name):
            self._read_parquet(name, content)

    def _read_lines(self, name: str, content: IO[bytes]) -> None:
        for number, value in read_values(cast("Stream", content)):
            if isinstance(value, ImportIssue):
                self.found.add(name, value.reason, number)
                continue
            try:
                listen, msid = _listen(value)
            except UnusableRow as why:
                self.found.add(name, why.reason, number)
                continue
            self._add(name, number, listen, msid)

    def _read_parquet(self, name: str, content: IO[bytes]) -> None:
        """Read a part of the spark dump; it needs to be read from its end."""
        row = 1
        with pq.ParquetFile(pa.BufferReader(content.read())) as file:
            columns = [one for one in _SPARK_COLUMNS if one in file.schema_arrow.names]
            for batch in file.iter_batches(batch_size=_BATCH, columns=columns):
                for record in batch.to_pylist():
                    row += 1
                    try:
                        listen = _spark_listen(record)
                    except UnusableRow as why:
                        self.found.add(name, why.reason, row)
                        continue
                    self._add(name, row, listen, record.get("recording_msid"))

    def _add(self, source: str, row: int | None, listen: "_Listen", msid: str | None) -> None:
        at, track = listen.at, listen.track
        if not at:
            self.found.add(source, "the time cannot be parsed: it counts as unknown", row)
            at = None
        track_id = _track_id(track, msid)
        if track_id not in self.tracks:
            metadata = {} if track.recording is None else {"musicbrainz_recording_id": track_id}
            self.tracks[track_id] = Track(
                track_id=track_id,
                title=track.title,
                artist=track.artist,
                album=track.album,
                metadata=metadata,
            )
        self._rows.append((listen.user, track_id, at, listen.ms_played))
        if len(self._rows) >= _BATCH:
            self._add_rows()

    def _add_rows(self) -> None:
        if self._rows:
            users, tracks, times, played = zip(*self._rows, strict=True)
            known = {"timestamp": times, "ms_played": played}
            columns = {
                name: [float("nan") if one is None else one for one in values]
                for name, values in known.items()
            }
            self._listens.add(list(users), list(tracks), **columns)
            self._rows = []


class _Listen(NamedTuple):
    """A listen of a dump; its time is 0 where it cannot be parsed."""

    user: str
    track: TrackReference
    at: float | None
    ms_played: float | None = None


def _listen(value: Any) -> tuple[_Listen, str | None]:
    """Return a line of the dump of listens, and the `recording_msid` of its track.

    Raises
    ------
    UnusableRow
        It is no listen, or names no track or user.
    """
    if not isinstance(value, dict) or "track_metadata" not in value:
        raise UnusableRow("the line is no listen: it is left out")
    row = read_record("listenbrainz", value, None)
    user = _user(row.user or read_id(value.get("user_id"), "user_id"))
    metadata = value["track_metadata"]
    more = metadata.get("additional_info") if isinstance(metadata, dict) else None
    msid = value.get("recording_msid")
    if msid is None and isinstance(more, dict):
        msid = more.get("recording_msid")
    listen = _Listen(user, row.track, row.timestamp, row.ms_played)
    return listen, read_id(msid, "recording_msid")


def _spark_listen(record: dict[str, Any]) -> _Listen:
    """Return a row of the spark dump.

    Raises
    ------
    UnusableRow
        It names no track or user.
    """
    track = TrackReference(
        recording=read_id(record.get("recording_mbid"), "recording id"),
        artist=read_name(record.get("artist_name")),
        title=read_name(record.get("recording_name")),
        album=read_name(record.get("release_name")),
    )
    user = _user(read_id(record.get("user_id"), "user_id"))
    return _Listen(user, require_track(track), read_timestamp(record.get("listened_at")))


def _user(name: str | None) -> str:
    if name is None:
        raise UnusableRow("the listen names no user: it is left out")
    return name


def _track_id(track: TrackReference, msid: str | None) -> str:
    """Return the id of a track: its recording, the id of its message, or a digest of its names."""
    recording = (track.recording or "").split("|")[0] or msid
    if recording:
        return recording
    names = f"{track.artist or ''}\x1f{track.title or ''}".casefold()
    return blake2b(names.encode(), digest_size=12).hexdigest()
