"""Clean the raw text of tables and file tags into a `Track`.

Conventions
-----------
- Input is text by column name (`segue.sources.tables.columns`); empty or absent is unknown.
- A value that cannot be used becomes unknown, with a reason; the track is kept.
- Guests ("feat.") go to ``metadata["featured"]``, joined by ``|``; columns that segue does not use
  are kept in `metadata` under their own names.
"""

from collections.abc import Mapping
from pathlib import Path

from segue.artist_names import read_credit
from segue.sources.cleaning.genres import read_genres
from segue.sources.cleaning.numbers import read_duration, read_tempo, read_year
from segue.sources.cleaning.tags import read_tags
from segue.sources.tables.values import RULES, read_split
from segue.text import clean_lines, clean_text, known_text
from segue.types import Split, Track

AUDIO_SUFFIXES = frozenset(
    {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".wma"}
    | {".aiff", ".aif", ".au"}
)
FRAMES_SUFFIXES = frozenset({".npy", ".h5", ".hdf5"})


def build_track(
    track_id: str,
    raw: Mapping[str, str],
    *,
    path: Path | None = None,
    features: Path | None = None,
    tags: Mapping[str, float] | None = None,
    extra: Mapping[str, str] | None = None,
) -> tuple[Track, list[str]]:
    """Clean raw texts into a track; give it with the reasons why some could not be used.

    Examples
    --------
    >>> track, reasons = build_track("1", {"artist": "Rihanna (feat. Drake)", "year": "1066"})
    >>> track.artist, track.year, dict(track.metadata)
    ('Rihanna', None, {'featured': 'Drake'})
    >>> len(reasons)
    1
    """
    year, bad_year = read_year(raw.get("year", ""))
    tempo, bad_tempo = read_tempo(raw.get("tempo", ""))
    duration, bad_duration = read_duration(raw.get("duration", ""))
    split, bad_split = _split(raw.get("split", ""))
    credit = read_credit(raw.get("artist", ""))
    cleaned = ((name, clean_text(text)) for name, text in (extra or {}).items())
    metadata = {name: text for name, text in cleaned if text}
    if credit is not None and credit.featured:
        metadata["featured"] = "|".join(credit.featured)
    track = Track(
        track_id=track_id,
        title=known_text(raw.get("title", "")),
        artist=None if credit is None else credit.artist,
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


def _split(text: str) -> tuple[Split | None, str | None]:
    try:
        return read_split(text), None
    except ValueError:
        return None, f"split {text[:40]!r} is not {RULES['split']}"
