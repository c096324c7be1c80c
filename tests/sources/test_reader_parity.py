"""The same listens.csv read by `segue preprocess` and by `segue import` says the same."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.sources import read_dataset
from segue.sources.datasets.listens import read_listens
from segue.sources.history_import import ImportRow, open_export
from segue.sources.tables.column_values import (
    parse_counts,
    parse_ratings,
    parse_times,
    parse_truths,
)
from segue.sources.tables.columns import LISTEN_ALIASES
from segue.sources.tables.values import read_number, read_time, read_truth

SECONDS = 1_600_000_000.0  # 2020-09-13 12:26:40
MINUTE = 1_599_999_960.0


def preprocessed(path: Path) -> list[tuple[Any, ...]]:
    listens = read_dataset(path.parent).listens
    names = ("user_id", "track_id", "timestamp", "plays", "rating")
    rows = listens.reindex(columns=list(names)).astype("object").to_numpy()
    return [tuple(None if pd.isna(cell) else cell for cell in row) for row in rows]


def imported(path: Path) -> list[tuple[Any, ...]]:
    listens = [one for _, one in open_export(path).rows() if isinstance(one, ImportRow)]
    return [(one.user, one.track.track_id, one.timestamp, one.plays, one.rating) for one in listens]


def each_alias() -> Iterator[tuple[str, str]]:
    for column, cell in (
        *(("user_id", "u"), ("track_id", "t"), ("timestamp", "1600000000"), ("plays", "3")),
        *(("rating", "4.5"), ("loved", "yes"), ("position", "7"), ("ms_played", "2000")),
    ):
        for alias in LISTEN_ALIASES[column]:
            yield alias, cell


@pytest.mark.parametrize(("alias", "cell"), list(each_alias()))
def test_listens_under_any_alias_are_read_alike(tmp_path: Path, alias: str, cell: str) -> None:
    header, row = ["user_id", "track_id", "timestamp"], ["u", "t", "1600000000"]
    column = next(name for name, aliases in LISTEN_ALIASES.items() if alias in aliases)
    if column in header:
        header[header.index(column)] = alias
    else:
        header.append(alias)
        row.append(cell)
    path = tmp_path / "listens.csv"
    path.write_text(f"{','.join(header)}\n{','.join(row)}\n")
    [listen] = preprocessed(path)
    assert listen[:3] == ("u", "t", SECONDS)
    assert listen[3:] == {"plays": (3.0, None), "rating": (None, 0.75), "loved": (1.0, 1.0)}.get(
        column, (None, None)
    )
    assert imported(path) == [listen]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1600000000", SECONDS),
        ("1600000000000", SECONDS),
        ("1.6e9", SECONDS),
        ("2020-09-13T12:26:40Z", SECONDS),
        ("2020-09-13 12:26:40", SECONDS),
        ("2020-09-13 12:26:40 UTC", SECONDS),
        ("2020-09-13T14:26:40.000+02:00", SECONDS),
        ("2020-09-13T14:26:40+0200", SECONDS),
        ("2020-09-13 12:26:40.0000001", SECONDS),
        ("20200913T122640", SECONDS),
        ("13 Sep 2020 12:26", MINUTE),
        ("13 Sep 2020, 12:26", MINUTE),
        ("2020-09-13 12:26", MINUTE),
        ("2020/09/13 12:26", MINUTE),
        ("2020/9/13 12:26:00", MINUTE),
        ("13.9.2020 12:26", MINUTE),
        ("13.09.2020 12:26:40", SECONDS),
        ("13.09.2020", 1_599_955_200.0),
        ("2020-09-13", 1_599_955_200.0),
        ("2020-9-13", 1_599_955_200.0),
        ("2020-09", 1_598_918_400.0),
        ("2020-W37-7", 1_599_955_200.0),
    ],
)
def test_times_in_any_format_are_read_alike(tmp_path: Path, text: str, seconds: float) -> None:
    path = tmp_path / "listens.csv"
    path.write_text(f'user_id,track_id,timestamp\nu,t,"{text}"\nu,t,1600000000\n')
    assert preprocessed(path) == [("u", "t", seconds, None, None), ("u", "t", SECONDS, None, None)]
    assert imported(path) == preprocessed(path)


LOVED = """user_id,track_id,timestamp,plays,rating,skipped,loved
u,a,1600000000,,,,1
u,b,,,,,yes
u,c,,,3,,true
u,d,,,,,no
u,e,1600000000,,,,0
u,f,,,,,perhaps
u,g,,,,no,1
u,h,,2,,,1
u,i,sometime,,,,1
u,j,,,,,
"""


def test_loved_column_is_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "listens.csv"
    path.write_text(LOVED)
    known = preprocessed(path)
    assert [(track, plays, rating) for _, track, _, plays, rating in known] == [
        ("a", 1.0, 1.0),
        ("b", None, 1.0),
        ("c", None, 0.0),
        ("d", 0.0, None),
        ("e", None, None),
        ("g", 1.0, 1.0),
        ("h", 2.0, 1.0),
        ("i", 1.0, 1.0),
        ("j", None, None),
    ]
    # a time that cannot be parsed is 0 to the importer, which counts it as unknown
    assert [(*one[:2], one[2] or None, *one[3:]) for one in imported(path)] == known


def test_loved_column_bad_cell_is_a_problem_of_its_row(tmp_path: Path) -> None:
    path = tmp_path / "listens.csv"
    path.write_text(LOVED)
    _, [_, problem] = read_listens(path)
    assert (problem.row, problem.subject) == (7, "f")
    assert problem.reason == "loved is not true or false: the row is left out"


def test_parquet_dates_are_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "listens.parquet"
    pd.DataFrame(
        {
            "user_name": ["u", "v"],
            "trackid": [7.0, 8.0],
            "date": [date(2020, 9, 13), None],
            "loved": [True, None],
        }
    ).to_parquet(path)
    assert preprocessed(path) == [
        ("u", "7", 1_599_955_200.0, 1.0, 1.0),
        ("v", "8", None, None, None),
    ]
    assert imported(path) == preprocessed(path)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"]
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_and_separators_are_read_alike(
    tmp_path: Path, encoding: str, separator: str
) -> None:
    text = "\n\nuser;track_id;uts\nJosé;Jóga — “7”;1600000000\n".replace(";", separator)
    path = tmp_path / "listens.csv"
    path.write_bytes(text.encode(encoding))
    assert preprocessed(path) == [("José", "Jóga — “7”", SECONDS, None, None)]
    assert imported(path) == preprocessed(path)


def test_two_time_columns_are_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "listens.csv"
    path.write_text("timestamp,user_id,track_id,uts\n5,u,t,1600000000\n")
    assert preprocessed(path) == imported(path) == [("u", "t", SECONDS, None, None)]


WORDS = st.sampled_from(
    [
        *("", " ", "1", "-1", "1e999", "nan", "0x10", "true", "no", "\u0661", "é", "1e17", "-1e17"),
        *("2009-05-04", "2009/5/4", "2009-13-01", "04 May 2009, 23:08", "2009-05", "now"),
        *("2009-05-04T23:08:57.123456+02:00", "9999-12-31T23:59:59-01:00", "10000-01-01"),
    ]
) | st.text(max_size=5)
NUMBERS = st.floats(allow_nan=False) | st.integers(-(2**70), 2**70)


@settings(max_examples=60)
@given(st.lists(WORDS | NUMBERS.map(str), max_size=8))
def test_columns_are_parsed_like_single_cells(cells: list[str]) -> None:
    column = pd.Series(cells, dtype="str")
    for parse, read in (
        (parse_times, lambda cell: _not_negative(read_time(cell))),
        (parse_counts, lambda cell: read_number(cell, 0.0)),
        (parse_ratings, read_number),
        (parse_truths, read_truth),
    ):
        values, bad = parse(column)
        expected: list[Any] = []
        for cell in cells:
            try:
                expected.append((read(cell), False))
            except ValueError:
                expected.append((None, True))
        found = [None if pd.isna(value) else value for value in values.astype("object")]
        assert list(zip(found, bad.tolist(), strict=True)) == expected


def _not_negative(number: float | None) -> float | None:
    if number is not None and not 0 <= number < np.inf:
        raise ValueError(number)
    return number


def test_typed_times_are_read_alike() -> None:
    moment = datetime(2020, 9, 13, 12, 26, 40, 250_000, UTC)
    cells = [moment, moment.date(), None, 1_600_000_000, "2020-09-13"]
    values, bad = parse_times(pd.Series(cells, dtype="object"))
    assert values.to_list()[:2] == [1_600_000_000.25, 1_599_955_200.0]
    assert bad.tolist() == [False] * 5
    assert [None if pd.isna(value) else value for value in values] == [
        None if cell is None else read_time(cell) for cell in cells
    ]


@pytest.mark.parametrize(("rating", "loved"), [("", ""), ("5", ""), ("", "false"), ("", "true")])
def test_rows_of_no_plays_have_a_time_with_an_opinion(
    tmp_path: Path, rating: str, loved: str
) -> None:
    path = tmp_path / "listens.csv"
    path.write_text(
        f"user_id,track_id,timestamp,plays,rating,loved\nu,a,1600000000,0,{rating},{loved}\n"
        "u,b,1600000000,3,5,\n"
    )
    listens, _ = read_listens(path)
    dated = (rating, loved) != ("", "")
    assert listens["timestamp"].notna().to_list() == [dated, True]
    imported = [one for _, one in open_export(path).rows() if isinstance(one, ImportRow)]
    assert [one.timestamp is not None for one in imported] == [dated, True]
