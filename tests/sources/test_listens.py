"""Listens and friends: ids as text, times, counts, and what cannot be used."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.errors import DatasetError
from segue.sources.datasets.listens import no_listens, read_friends, read_listens
from segue.sources.tables.table import MAX_PROBLEMS


def write(directory: Path, text: str, name: str = "listens.csv") -> Path:
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return path


def test_listen_ids_keep_their_text(tmp_path: Path) -> None:
    path = write(tmp_path, "user_id,track_id\n007,1.0\n 7 ,Cafe\u0301\nNA,0\n")
    listens, problems = read_listens(path)
    assert listens["user_id"].to_list() == ["007", "7", "NA"]
    assert listens["track_id"].to_list() == ["1.0", "Café", "0"]
    assert problems == []
    assert listens.dtypes.to_list() == no_listens().dtypes.to_list()


def test_listen_columns_have_their_types(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "track_id;user_id;split;skipped;rating;ms_played;plays;position;timestamp;mood\n"
        "t;u;train;yes;4.5;1000;3;0;1241478537;happy\n"
        "t;u;;;;;;;;\n",
    )
    listens, problems = read_listens(path)
    assert problems == []
    assert listens.iloc[0].to_list() == [
        "u",
        "t",
        1241478537.0,
        0.0,
        3.0,
        1000.0,
        0.75,  # on a scale of 1 to 5
        True,
        "train",
    ]
    assert listens.iloc[1].isna().to_list() == [False, False] + [True] * 7
    assert {str(listens[name].dtype) for name in ("timestamp", "position", "plays", "rating")} == {
        "float64"
    }
    assert str(listens["skipped"].dtype) == "boolean"


def test_listen_sessions_are_text_or_missing(tmp_path: Path) -> None:
    path = write(tmp_path, "user_id,track_id,SessionId\nu,t,007\nu,t,\nu,t, 8 \n")
    listens, problems = read_listens(path)
    assert listens["session_id"].isna().to_list() == [False, True, False]
    assert listens["session_id"].dropna().to_list() == ["007", "8"]
    assert problems == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1241478537", 1241478537.0),
        ("1241478537.25", 1241478537.25),
        ("1241478537250", 1241478537.25),
        ("1241478537250000", 1241478537.25),
        ("1241478537250000000", 1241478537.25),
        ("2009-05-04T23:08:57Z", 1241478537.0),
        ("2009-05-04 23:08:57", 1241478537.0),
        ("2009-05-04 23:08:57 UTC", 1241478537.0),
        ("2009-05-05T01:08:57+02:00", 1241478537.0),
        ("2009-05-04", 1241395200.0),
        ("0", 0.0),
    ],
)
def test_listen_times_become_seconds(tmp_path: Path, text: str, seconds: float) -> None:
    # next to rows of another kind, so that no format is guessed for the whole column
    path = write(tmp_path, f"user_id,track_id,timestamp\nu,t,{text}\nu,t,2001-01-01\nu,t,5\n")
    listens, problems = read_listens(path)
    # Nanoseconds since 1970 are whole to 256 in float64.
    assert listens["timestamp"].to_list() == pytest.approx([seconds, 978307200.0, 5.0], abs=3e-7)
    assert problems == []


@pytest.mark.parametrize("column", ["timestamp", "position", "skipped"])
@pytest.mark.parametrize("bad", ["-1", "sometime", "inf"])
def test_bad_time_position_or_skipped_is_unknown(tmp_path: Path, column: str, bad: str) -> None:
    path = write(tmp_path, f"user_id,track_id,{column}\nu,t,1\nu,t2,{bad}\nu,t3,\n")
    listens, problems = read_listens(path)
    assert listens["track_id"].to_list() == ["t", "t2", "t3"]
    assert listens[column].isna().to_list() == [False, True, True]
    assert [(problem.row, problem.subject) for problem in problems] == [(3, "t2")]
    assert problems[0].reason.startswith(f"{column} is not ")


@pytest.mark.parametrize(
    ("column", "bad"),
    [
        ("plays", "-3"),
        ("plays", "many"),
        ("plays", "nan"),
        ("ms_played", "-1"),
        ("rating", "good"),
        ("rating", "inf"),
        ("split", "tset"),
    ],
)
def test_bad_plays_rating_or_split_leaves_the_row_out(
    tmp_path: Path, column: str, bad: str
) -> None:
    good = "train" if column == "split" else "2"
    path = write(tmp_path, f"user_id,track_id,{column}\nu,t,{good}\nu,t2,{bad}\nu,t3,\n")
    listens, problems = read_listens(path)
    assert listens["track_id"].to_list() == ["t", "t3"]
    assert [(problem.row, problem.subject) for problem in problems] == [(3, "t2")]


def test_negative_ratings_are_kept(tmp_path: Path) -> None:
    listens, problems = read_listens(write(tmp_path, "user_id,track_id,rating\nu,t,-1\n"))
    assert listens["rating"].to_list() == [-1.0]
    assert problems == []


def test_rows_without_ids_are_left_out_with_row_numbers(tmp_path: Path) -> None:
    path = write(tmp_path, "user_id,track_id,plays\n,t,1\nu, ,1\n\nu,t,-1\nu,t,5\n")
    listens, problems = read_listens(path)
    assert listens["plays"].to_list() == [5.0]
    assert [(problem.row, problem.reason.split(":")[0]) for problem in problems] == [
        (4, "the row is blank"),
        (2, "user_id is empty"),
        (3, "track_id is empty"),
        (5, "plays is not a number, 0 or more"),
    ]


def test_unknown_tracks_are_one_problem_each(tmp_path: Path) -> None:
    path = write(tmp_path, "user_id,track_id\nu,a\nu,b\nu,b\nu,c\nv,a\n")
    listens, problems = read_listens(path, {"a"})
    assert listens["track_id"].to_list() == ["a", "a"]
    assert [(problem.subject, problem.reason.partition(";")[0]) for problem in problems] == [
        ("b", "unknown track: 2 listens are left out"),
        ("c", "unknown track: 1 listen is left out"),
    ]


def test_many_bad_rows_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"u,t{i},-1\n" for i in range(MAX_PROBLEMS + 7))
    listens, problems = read_listens(write(tmp_path, "user_id,track_id,plays\n" + rows))
    assert len(listens) == 0
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems[-1].reason.startswith("7 more rows: plays is not")
    _, unknown = read_listens(write(tmp_path, "user_id,track_id,plays\n" + rows), set())
    assert "7 more unknown tracks: 7 listens" in unknown[-1].reason


def test_typed_parquet_listens_read_like_text(tmp_path: Path) -> None:
    path = tmp_path / "listens.parquet"
    moment = pd.Timestamp("2009-05-04T23:08:57.5Z")
    pd.DataFrame(
        {
            "user_id": [1, 2],
            "track_id": [3.0, 4.0],
            "timestamp": [moment, pd.NaT],
            "plays": pd.array([5, None], dtype="Int64"),
            "skipped": pd.array([True, None], dtype="boolean"),
        }
    ).to_parquet(path)
    listens, problems = read_listens(path)
    assert listens["user_id"].to_list() == ["1", "2"]
    assert listens["track_id"].to_list() == ["3", "4"]
    assert listens["timestamp"].to_list()[0] == 1241478537.5
    assert listens[["timestamp", "plays", "skipped"]].iloc[1].isna().all()
    assert problems == []


def test_missing_id_columns_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"listens.csv has no column track_id: name the columns"):
        read_listens(write(tmp_path, "user_id,song\n1,2\n"))
    with pytest.raises(DatasetError, match=r"friends.csv has no column friend_id: name the"):
        read_friends(write(tmp_path, "user_id,x\n1,2\n", "friends.csv"))


def test_friends_are_two_text_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "user_id,friend_id\n01,2\n3,\n4,4\n2,01\n", "friends.csv")
    friends, problems = read_friends(path)
    assert friends.to_numpy().tolist() == [["01", "2"], ["2", "01"]]
    assert [problem.row for problem in problems] == [3, 4]


WORDS = st.sampled_from(
    [
        "",
        " ",
        "1",
        "-1",
        "1e999",
        "nan",
        "0x10",
        "2009-05-04",
        "true",
        "train",
        "10000-01-01",
        "\u0661",
        "é",
    ]
)
NAMES = ["timestamp", "position", "plays", "ms_played", "rating", "skipped", "split"]


@settings(max_examples=40)
@given(st.lists(st.lists(WORDS, min_size=7, max_size=7), max_size=5))
def test_any_cells_are_read_or_problems(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    lines = [",".join(["user_id", "track_id", *NAMES])]
    lines += [",".join(["u", f"t{i}", *row]) for i, row in enumerate(rows)]
    path = write(tmp_path_factory.mktemp("listens"), "\n".join(lines) + "\n")
    listens, problems = read_listens(path)
    reported = {problem.subject for problem in problems}
    for i, row in enumerate(rows):
        unknown = listens[NAMES][listens["track_id"] == f"t{i}"].isna()
        if unknown.empty:
            assert f"t{i}" in reported
            continue
        empty = np.array([not word.strip() for word in row])
        if not unknown["ms_played"].item():
            # a measured listen without a readable `skipped` is not skipped
            assert not unknown["skipped"].item()
            unknown["skipped"] = row[NAMES.index("skipped")] not in {"true", "1"}
        assert (unknown.to_numpy()[0] | ~empty).all()
        # nothing is lost silently: a cell that is not empty is read, or is a problem
        assert (unknown.to_numpy()[0] & ~empty).any() == (f"t{i}" in reported)
    numbers = listens[["timestamp", "position", "plays", "ms_played"]].to_numpy(dtype=np.float64)
    assert not (numbers < 0).any()
