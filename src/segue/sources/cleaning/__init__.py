"""What every text and number goes through before it counts, one idea a module.

`text` (Unicode, white space, placeholders), `artists` (guests, comparison), `recordings` (when two
titles are of one), `genres` (one spelling), `tags` (counts), `numbers` (year, tempo, duration).
Pure functions: none reads a file, none raises.
"""

from segue.sources.cleaning.artists import Credit, comparison_key, read_credit
from segue.sources.cleaning.genres import GENRE_TABLE, known_genre, read_genres
from segue.sources.cleaning.numbers import read_duration, read_tempo, read_year
from segue.sources.cleaning.tags import read_tags, weigh_tags
from segue.sources.cleaning.text import clean_id, clean_lines, clean_text, known_text

__all__ = [
    "GENRE_TABLE",
    "Credit",
    "clean_id",
    "clean_lines",
    "clean_text",
    "comparison_key",
    "known_genre",
    "known_text",
    "read_credit",
    "read_duration",
    "read_genres",
    "read_tags",
    "read_tempo",
    "read_year",
    "weigh_tags",
]
