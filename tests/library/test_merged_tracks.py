"""Merging many tracks at once: the result of merging pair by pair, with as many statements."""

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import event, insert, select

from segue.library import Library
from segue.library.feedback import opinion_key
from segue.library.merged_tracks import merge_tracks
from segue.library.schema import schema
from segue.sources.datasets.listens import no_listens
from segue.types import Track

N = 12


def filled(directory, n_pairs=N):
    """Return a library with rows of all tables for pairs of tracks, and the pairs."""
    library = Library(directory)
    tracks = [
        Track(track_id=f"{n}.{suffix}", path=Path(f"/m/{n}.{suffix}"), title=f"{n}", year=n + place)
        for place, suffix in enumerate(("mp3", "flac"))
        for n in range(n_pairs)
    ]
    library.add_dataset("d", tracks=tracks, listens=no_listens())
    rows = {track_id: one.row for track_id, one in library.known_tracks().items()}
    rng = np.random.default_rng(5)
    values: dict[str, list[dict]] = {name: [] for name in TABLES}
    for number, (track_id, row) in enumerate(rows.items()):
        for user, name in ((1, "anna"), (2, "bob")):
            if rng.random() < 0.7:
                values["listens"] += [
                    {
                        "user": user,
                        "track": row,
                        "timestamp": float(rng.integers(100)),
                        "rating": float(rng.random()),
                        "dataset": "live",
                        "fingerprint": key,
                    }
                    for key in (opinion_key(name, track_id), bytes([user, number]))
                ]
            if rng.random() < 0.7:
                starred = None if rng.random() < 0.5 else float(number)
                own = {"owner": name, "kind": "song", "item": track_id}
                values["annotations"].append({**own, "starred": starred, "rating": number % 6})
            if rng.random() < 0.7:
                rule = {"user": user, "effect": "play", "kind": "track", "value": track_id}
                values["listener_rules"].append({**rule, "created": 1.0})
        if rng.random() < 0.7:
            values["splits"].append({"target": "genre", "track": row, "split": "train"})
        values["former_ids"].append({"track_id": f"once {track_id}", "track": row})
        values["audio_files"].append(
            {"track": row, "path": track_id, "size": row, "mtime_ns": 1, "fast": False}
        )
        other = int(rng.integers(len(rows))) + 1
        if other > row:
            pair = {"one": row, "other": other, "similarity": float(rng.random())}
            values["duplicate_pairs"].append(pair)
    with library._database.begin() as connection:
        users = [{"row": 1, "user_id": "anna"}, {"row": 2, "user_id": "bob"}]
        connection.execute(insert(schema.tables["users"]), users)
        for name, records in values.items():
            connection.execute(insert(schema.tables[name]), records)
    library.playlists.add("anna", "Mine", "tracks", {}, list(rows))
    # of every second pair, the track with the higher row is the missing one
    pairs = [(rows[f"{n}.mp3"], rows[f"{n}.flac"]) for n in range(n_pairs)]
    return library, [pair[::-1] if n % 2 else pair for n, pair in enumerate(pairs)]


TABLES = (
    *("listens", "annotations", "listener_rules", "splits", "former_ids", "audio_files"),
    "duplicate_pairs",
)


def content(library):
    found = {}
    with library._database.connect() as connection:
        for name in (*TABLES, "playlist_tracks", "tracks", "track_artists"):
            rows = map(tuple, connection.execute(select(schema.tables[name])))
            found[name] = sorted(rows, key=repr)
    return found


def merge(library, pairs):
    with library._database.begin() as connection:
        return merge_tracks(connection, pairs)


def test_pairs_merged_together_are_as_merged_in_turn(tmp_path):
    one, pairs = filled(tmp_path / "one")
    other, _ = filled(tmp_path / "other")
    assert content(one) == content(other)
    n_listens = len(content(one)["listens"])
    moved = merge(one, pairs)
    for pair in pairs:
        assert merge(other, [pair]).items() <= moved.items()
    assert content(one) == content(other)
    assert len(moved) == N
    kept = {min(pair) for pair in pairs}
    for name in ("listens", "splits", "playlist_tracks", "former_ids", "audio_files"):
        column = schema.tables[name].c.keys().index("track")
        assert {row[column] for row in content(one)[name]} <= kept
    # of two opinions of a listener the later stays, and every other listen
    n_opinions = sum(len(row[-1]) > 2 for row in content(one)["listens"])
    others = [row for row in content(one)["listens"] if len(row[-1]) == 2]
    assert len(others) == n_listens / 2
    assert n_opinions == len({(row[1], row[2]) for row in others})


def test_merging_many_pairs_takes_no_more_statements(tmp_path):
    n_statements = []
    for n_pairs in (2, 40):
        library, pairs = filled(tmp_path / f"{n_pairs}", n_pairs)
        n_statements.append(0)

        def count(*_):
            n_statements[-1] += 1

        with library._database.begin() as connection:
            event.listen(connection, "before_cursor_execute", count)
            merge_tracks(connection, pairs)
    assert n_statements[1] <= n_statements[0] + 5


@pytest.mark.parametrize("pairs", [[], [(1, 13)]])
def test_merging_again_starts_with_nothing_left(tmp_path, pairs):
    library, all_pairs = filled(tmp_path / "one")
    merge(library, pairs)
    merge(library, [pair for pair in all_pairs if pair not in pairs])
    assert len(library.catalogue()) == N
