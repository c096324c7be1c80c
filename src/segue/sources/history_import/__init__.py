"""Listening histories as services and programs hand them out, read as one stream of listens.

`open_export` says what a file is, by its content; what it gives is then `Heard` one after the
other, with a `Remark` wherever something cannot be used. Memory does not grow with the file.

`values` reads cells, `objects` JSON texts, `records` what they hold, `opinions` what is liked;
`layouts` and `rows` read tables, `totals` counts of plays; `streams` brings archives and encodings
to one.
"""

from segue.sources.history_import.deduplication import (
    Numbering,
    fingerprint,
    needs_number,
    what_it_says,
)
from segue.sources.history_import.export import NAMES, Export, open_export
from segue.sources.history_import.import_row import Heard, Remark, Unusable, known_time
from segue.sources.history_import.json_records import read_record

__all__ = [
    "NAMES",
    "Export",
    "Heard",
    "Numbering",
    "Remark",
    "Unusable",
    "fingerprint",
    "known_time",
    "needs_number",
    "open_export",
    "read_record",
    "what_it_says",
]
