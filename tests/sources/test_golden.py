"""Imports and datasets of every format against their pinned rows and listen fingerprints.

The pinned answers must not change: a listen whose fingerprint changes would be added a second time
when its file is imported again. Problem texts are not pinned, only where they are.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.sources.golden_cases import datasets, exports, write_beets

from segue.sources import read_dataset
from segue.sources.history_import import (
    ImportRow,
    OccurrenceCounter,
    fingerprint,
    identity_text,
    needs_occurrence,
    open_export,
)

GOLDEN = Path(__file__).parent / "golden"


def parsed_rows(found: Iterable[tuple[str, Any]]) -> list[list[Any]]:
    """Return rows with their fingerprints, and where problems are, as the importer sees them."""
    numbering: dict[str, OccurrenceCounter] = defaultdict(OccurrenceCounter)
    rows: list[list[Any]] = []
    for kind, one in found:
        if not isinstance(one, ImportRow):
            rows.append(["problem", one.row, one.left_out, one.expected])
            continue
        user = one.user or "me"
        number = 0
        if needs_occurrence(kind, one):
            [number] = numbering[kind].number([identity_text(kind, user, one)])
        values = [one[0], list(one[1]), *one[2:]]
        if one.session_id is None:
            values.pop()  # rows were pinned before they had sessions
        rows.append([kind, values, fingerprint(kind, user, one, number).hex()])
    return rows


def parsed_export(path: Path) -> dict[str, Any]:
    export = open_export(path)
    return {"kind": export.kind, "rows": parsed_rows(export.rows())}


def plain(value: Any) -> Any:
    return None if pd.isna(value) else value.item() if hasattr(value, "item") else value


def parsed_dataset(directory: Path) -> dict[str, Any]:
    dataset = read_dataset(directory)
    listens = dataset.listens
    names = ("title", "artist", "album", "year", "genres", "tags", "tempo", "duration", "lyrics")
    return {
        "kind": dataset.kind,
        "tracks": [
            [
                track.track_id,
                *(getattr(track, name) for name in names),
                track.split,
                dict(track.metadata),
            ]
            for track in dataset.tracks
        ],
        "columns": {name: str(listens[name].dtype) for name in listens.columns},
        "listens": [[plain(cell) for cell in row] for row in listens.astype("object").to_numpy()],
        "friends": None if dataset.friends is None else dataset.friends.to_numpy().tolist(),
        "problems": [[one.source, one.row, one.subject] for one in dataset.problems],
    }


def golden(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((GOLDEN / name).read_text("utf-8"))
    return found


def same_as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("name", exports())
def test_import_rows_and_fingerprints_are_as_pinned(tmp_path: Path, name: str) -> None:
    path = tmp_path / "export"
    path.write_bytes(exports()[name])
    assert same_as_json(parsed_export(path)) == golden("imports.json")[name]


@pytest.mark.sqlite
def test_beets_rows_and_fingerprints_are_as_pinned(tmp_path: Path) -> None:
    write_beets(tmp_path / "library.db")
    assert same_as_json(parsed_export(tmp_path / "library.db")) == golden("imports.json")["beets"]


@pytest.mark.parametrize("name", datasets())
def test_dataset_tracks_and_listens_are_as_pinned(tmp_path: Path, name: str) -> None:
    for file, content in datasets()[name].items():
        (tmp_path / file).write_bytes(content)
    assert same_as_json(parsed_dataset(tmp_path)) == golden("datasets.json")[name]
