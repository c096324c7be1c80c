"""Counting out of core agrees with the table in memory, pair by pair."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.engine.profile_accumulator import accumulate
from segue.engine.profiles import _table
from segue.errors import DatasetError
from segue.sources.public_data.event_counts import open_events
from segue.sources.public_data.yambda import EVENT_FILES, read_yambda

pytest.importorskip("duckdb")

COLUMNS = {
    "uid": pa.int64(),
    "item_id": pa.int64(),
    "timestamp": pa.int64(),
    "is_organic": pa.int8(),
    "played_ratio_pct": pa.float64(),
    "track_length_seconds": pa.float64(),
    "event_type": pa.string(),
}
LENGTHS = {7: 200.0, 8: 30.0, 9: 700.0, 10: None, 11: 0.0}
"""The length that the events of a track state, or do not."""

events = st.tuples(
    st.sampled_from([1, 2, 30, None]),
    st.sampled_from([*LENGTHS, None]),
    st.sampled_from([-5, 0, 5, 10, 100_000, 100_005, 190_000, None]),
    st.sampled_from([0, 1, 2, None]),
    st.sampled_from([0.0, 2.0, 10.0, 24.9, 25.0, 50.0, 100.0, 130.0, -1.0, None, float("nan")]),
    st.booleans(),
    st.sampled_from([*EVENT_FILES.values(), "listen", "listen", "odd"]),
).map(lambda one: (*one[:5], LENGTHS.get(one[1]) if one[5] else None, one[6]))


def write(path, rows, names=tuple(COLUMNS)):
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    arrays = {name: pa.array(columns.get(name, ()), COLUMNS[name]) for name in names}
    pq.write_table(pa.table(arrays), path)


def in_memory(directory, before=None):
    """Return the counts by (user, track) of the table that segue reads into memory."""
    dataset = read_yambda(directory)
    if not len(dataset.listens):
        return {}
    listens = pd.concat(dataset.listens.batches(), ignore_index=True)
    if before is not None:
        listens = listens[(listens["timestamp"] < before).to_numpy()]
    ids = [track.track_id for track in dataset.tracks]
    if listens.empty:
        return {}
    table, names = _table(listens, {one: place for place, one in enumerate(ids)}, {})
    found = {}
    for user, own in accumulate(table, [track.duration for track in dataset.tracks]):
        for place, track in enumerate(own.tracks.tolist()):
            sums = own.sums.take(np.array([place]))
            if sums.known[0]:
                values = sums.completed[0], sums.skipped[0], sums.met[0] > 0, sums.explicit[0]
                found[int(names[user]), int(ids[track])] = values
    return found


def out_of_core(directory, before=None):
    found = {}
    with open_events(directory, "200MB", 1) as counter:
        n = counter.count(before)
        for counts in counter.pairs():
            for place, user in enumerate(counts.users.tolist()):
                key = int(counter.user_ids[user]), int(counter.track_ids[counts.tracks[place]])
                assert key not in found
                found[key] = tuple(column[place] for column in counts[2:6])
    assert len(found) == n
    return found


@settings(max_examples=25, deadline=None)
@given(st.lists(events, min_size=1, max_size=40), st.sampled_from([None, 100_000.0]))
def test_counts_out_of_core_equal_those_in_memory(tmp_path_factory, rows, before):
    directory = tmp_path_factory.mktemp("events")
    write(directory / "multi_event.parquet", rows)
    expected, found = in_memory(directory, before), out_of_core(directory, before)
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        np.testing.assert_array_equal(found[key], values, str(key))


def test_counts_of_separate_and_nested_files_equal_those_in_memory(tmp_path):
    listens = [(1, 7, 5 * n, n % 2, 9.0 * n, 200.0) for n in range(12)]
    nested = {
        "uid": [1, 2],
        **{
            name: [list(own), list(own)[:0]]
            for name, own in zip(
                list(COLUMNS)[1:6], list(zip(*listens, strict=True))[1:], strict=True
            )
        },
    }
    (tmp_path / "flat").mkdir()
    (tmp_path / "nested").mkdir()
    write(tmp_path / "flat" / "listens.parquet", listens, list(COLUMNS)[:6])
    pq.write_table(pa.table(nested), tmp_path / "nested" / "listens.parquet")
    for name in ("flat", "nested"):
        write(tmp_path / name / "likes.parquet", [(1, 8, 50, 1)], list(COLUMNS)[:4])
        write(tmp_path / name / "unlikes.parquet", [(1, 8, 60, 1)], list(COLUMNS)[:4])
    expected = in_memory(tmp_path / "flat")
    for name in ("flat", "nested"):
        found = out_of_core(tmp_path / name)
        assert found.keys() == expected.keys() == {(1, 7), (1, 8)}
        for key, values in expected.items():
            np.testing.assert_array_equal(found[key], values)


def test_completed_since_gives_each_pair_once(tmp_path):
    rows = [
        (1, 7, 100, 1, 90.0, 200.0, "listen"),
        (1, 7, 105, 0, 90.0, 200.0, "listen"),  # recommended
        (1, 8, 105, 1, 100.0, 30.0, "listen"),
        (2, 9, 105, 1, 1.0, 700.0, "listen"),  # skipped
        (2, 9, 50, 1, 90.0, 700.0, "listen"),
        (2, 8, 105, 1, None, None, "like"),
    ]
    write(tmp_path / "multi_event.parquet", rows)
    with open_events(tmp_path) as counter:
        assert (counter.n_rows, counter.n_used, counter.latest) == (6, 6, 105.0)
        assert np.transpose(counter.completed_since(100)).tolist() == [[1, 7], [1, 8]]
        organic = counter.completed_since(100, organic_only=True)
        assert np.transpose(organic).tolist() == [[1, 8]]


@pytest.mark.nightly
def test_history_larger_than_the_memory_limit_is_counted(tmp_path):
    rng = np.random.default_rng(0)
    n = 3_000_000
    table = pa.table(
        {
            "uid": rng.integers(0, 30_000, n),
            "item_id": rng.integers(0, 50_000, n),
            "timestamp": rng.integers(0, 10**6, n),
        }
    )
    pq.write_table(table, tmp_path / "listens.parquet")
    assert table.nbytes > 60e6
    with open_events(tmp_path, "60MB", 1) as counter:
        counter.count()
        total = sum(counts.completed.sum() for counts in counter.pairs())
    assert total == n


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("other.txt", b"", "has no events: give a folder with listens"),
        ("listens.parquet", b"PAR1 no", "cannot be read"),
    ],
)
def test_unusable_events_are_refused(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=said), open_events(tmp_path):
        pass


def test_wrong_memory_limit_is_refused(tmp_path):
    write(tmp_path / "multi_event.parquet", [(1, 7, 5, 1, 50.0, 200.0, "listen")])
    with (
        pytest.raises(DatasetError, match="'much' is no memory limit"),
        open_events(tmp_path, "much"),
    ):
        pass
