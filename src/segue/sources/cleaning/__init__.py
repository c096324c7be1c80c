"""Clean single fields: genres, tags, numbers, and the keys of titles.

`genres` (one spelling), `tags` (counts), `numbers` (year, tempo, duration), `recordings` (keys of
titles). Text and artist names are cleaned by `segue.text` and `segue.artist_names`. Pure functions:
none reads a file or raises an error.
"""

from segue.sources.cleaning.genres import GENRE_TABLE, known_genre, read_genres
from segue.sources.cleaning.numbers import read_duration, read_tempo, read_year
from segue.sources.cleaning.tags import read_tags, weigh_tags

__all__ = [
    "GENRE_TABLE",
    "known_genre",
    "read_duration",
    "read_genres",
    "read_tags",
    "read_tempo",
    "read_year",
    "weigh_tags",
]
