"""Read listening histories of services and programs as one stream of rows.

`open_export` recognizes the format of a file by its content; `Export.rows` yields an `ImportRow`
for each listen and an `ImportIssue` for everything that cannot be used. Memory does not grow with
the file.

- `archives`: the parts of zip and gzip files
- `recognition`: the format of a file; `part_rows`: the rows of each part of it
- `json_values`, `json_records`, `spotify`, `youtube`, `scrobble_servers`, `opinions`: JSON
- `table_detection`, `column_mapping`, `table_rows`, `apple_music`, `scrobbler_log`: text
- `xml_events`, `xml_libraries`: XML of iTunes, Rhythmbox, foobar2000
- `databases`, `sqlite_files`: SQLite, one module for each program
- `deduplication`: the fingerprint of each listen
- `matching`: the track of the library that a row means
"""

from segue.sources.history_import.deduplication import (
    OccurrenceCounter,
    fingerprint,
    identity_text,
    is_placed_in_session,
    needs_occurrence,
)
from segue.sources.history_import.export import FORMAT_NAMES, Export
from segue.sources.history_import.import_row import (
    ImportIssue,
    ImportRow,
    UnusableRow,
    plausible_time,
)
from segue.sources.history_import.json_records import read_record
from segue.sources.history_import.recognition import open_export

__all__ = [
    "FORMAT_NAMES",
    "Export",
    "ImportIssue",
    "ImportRow",
    "OccurrenceCounter",
    "UnusableRow",
    "fingerprint",
    "identity_text",
    "is_placed_in_session",
    "needs_occurrence",
    "open_export",
    "plausible_time",
    "read_record",
]
