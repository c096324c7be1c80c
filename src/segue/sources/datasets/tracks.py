"""Clean the raw text of tables and file tags into a `Track`.

Conventions
-----------
- Input is text by column name (`segue.sources.tables.columns`); empty or absent is unknown.
- A value that cannot be used becomes unknown, with a reason; the track is kept.
- `Track.artist` is the artist to show, `Track.artists` all of them, guests ("feat.") last: of the
  columns `artist`, `title` and `artists`.
- Columns without a field of `Track` are kept in `metadata` under their own names.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from segue.artist_names import read_credits
from segue.sources.cleaning.genres import read_genres
from segue.sources.cleaning.numbers import read_duration, read_tempo, read_year
from segue.sources.cleaning.tags import read_tags
from segue.sources.tables.values import RULES, read_split
from segue.text import clean_lines, clean_text, known_text
from segue.types import ArtistCredit, Split, Track

AUDIO_SUFFIXES = frozenset(
    {".wav", ".wave", ".w64", ".rf64", ".bwf", ".aiff", ".aif", ".aifc", ".au", ".snd", ".caf"}
    | {".flac", ".fla", ".wv", ".ape", ".tta", ".tak", ".shn", ".mlp", ".thd", ".osq", ".bonk"}
    | {".ogg", ".oga", ".opus", ".spx", ".mp3", ".mp2", ".mp1", ".mpga", ".mpc", ".mp+", ".mpp"}
    | {".m4a", ".m4b", ".m4r", ".aac", ".adts", ".wma", ".mka", ".weba", ".ra", ".3ga", ".f4a"}
    | {".ac3", ".eac3", ".ec3", ".dts", ".dtshd", ".amr", ".awb", ".oma", ".aa3", ".at3"}
    | {".dsf", ".dff", ".qoa", ".voc", ".vqf", ".rka", ".8svx"}
)
"""Suffixes of audio files that FFmpeg decodes."""
VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".3gp", ".3g2", ".mkv", ".webm", ".ogx", ".ogv"}
    | {".asf", ".wmv", ".flv", ".f4v", ".rm"}
)
"""Suffixes of files that may hold a video: those with audio alone are tracks."""
MODULE_SUFFIXES = frozenset(
    {".mod", ".xm", ".it", ".s3m", ".mptm", ".mtm", ".stm", ".med", ".669", ".ult", ".umx"}
)
"""Suffixes of tracker modules, which FFmpeg decodes only if it was built with libopenmpt."""
FRAMES_SUFFIXES = frozenset({".npy", ".h5", ".hdf5"})
ARTIST_NAMES = ("artists",)
"""Columns that name all artists of a track."""
ARTIST_IDS = ("musicbrainz_artist_id", "musicbrainz_artistid", "artist_mbid", "mb_artistid")
"""Columns with the MusicBrainz ids of its artists."""


def build_track(
    track_id: str,
    raw: Mapping[str, str],
    *,
    path: Path | None = None,
    features: Path | None = None,
    tags: Mapping[str, float] | None = None,
    extra: Mapping[str, str] | None = None,
) -> tuple[Track, list[str]]:
    """Clean raw texts into a track; return it with the reasons why some could not be used.

    Examples
    --------
    >>> track, reasons = build_track("1", {"artist": "Rihanna (feat. Drake)", "year": "106"})
    >>> track.artist, [artist.name for artist in track.artists], track.year
    ('Rihanna', ['Rihanna', 'Drake'], None)
    >>> len(reasons)
    1
    """
    year, bad_year = read_year(raw.get("year", ""))
    tempo, bad_tempo = read_tempo(raw.get("tempo", ""))
    duration, bad_duration = read_duration(raw.get("duration", ""))
    split, bad_split = _split(raw.get("split", ""))
    stated = {**(extra or {}), **raw}
    names, ids = (_first(stated, columns) for columns in (ARTIST_NAMES, ARTIST_IDS))
    artist, artists = read_credits(
        raw.get("artist", ""), raw.get("title", ""), names=names, ids=ids
    )
    cleaned = ((name, clean_text(text)) for name, text in (extra or {}).items())
    metadata = {name: text for name, text in cleaned if text}
    track = Track(
        track_id=track_id,
        title=known_text(raw.get("title", "")),
        artist=artist,
        artists=() if artists == (ArtistCredit(artist or ""),) else artists,
        album=known_text(raw.get("album", "")),
        year=year,
        genres=read_genres(raw.get("genre", "")),
        tags=read_tags(raw.get("tags", "")) if tags is None else tags,
        tempo=tempo,
        duration=duration,
        lyrics=clean_lines(raw["lyrics"]) or None if "lyrics" in raw else None,
        split=split,
        path=path,
        features=features,
        metadata=metadata,
    )
    reasons = (bad_year, bad_tempo, bad_duration, bad_split)
    return track, [reason for reason in reasons if reason is not None]


def _first(columns: Mapping[str, str], names: Sequence[str]) -> str:
    return next((columns[name] for name in names if columns.get(name)), "")


def _split(text: str) -> tuple[Split | None, str | None]:
    try:
        return read_split(text), None
    except ValueError:
        return None, f"split {text[:40]!r} is not {RULES['split']}"
