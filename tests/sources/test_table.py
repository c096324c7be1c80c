"""CSV in its dialects: separators, encodings, quoting, rows that do not fit."""

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import DatasetError
from segue.sources.tables import table
from segue.sources.tables.columns import TRACK_ALIASES
from segue.sources.tables.table import MAX_PROBLEMS, Table, row_problems

ROWS = [["007", "Ágætis byrjun"], ["2", "NA"]]


def write(directory: Path, content: bytes | str, name: str = "metadata.csv") -> Path:
    path = directory / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read_table(path: Path) -> Table:
    return table.read_table(path, TRACK_ALIASES)


def cells(path: Path) -> list[list[str]]:
    return read_table(path).frame.fillna("").to_numpy().tolist()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_dialects_are_read_alike(
    tmp_path: Path, separator: str, encoding: str, newline: str
) -> None:
    lines = [["track_id", "title"], *ROWS]
    text = newline.join(separator.join(line) for line in lines) + newline
    table = read_table(write(tmp_path, text.encode(encoding)))
    assert table.frame.columns.to_list() == ["track_id", "title"]
    assert table.frame.to_numpy().tolist() == ROWS
    assert table.rows.tolist() == [2, 3]
    assert table.problems == []


def test_separator_is_chosen_by_known_columns(tmp_path: Path) -> None:
    path = write(tmp_path, 'track_id;"title, long; really";x,y,z\n1;2;3\n')
    assert read_table(path).frame.columns.to_list() == ["track_id", "title, long; really", "x,y,z"]


def test_text_not_utf8_is_windows_1252_and_a_problem(tmp_path: Path) -> None:
    lines = "track_id,title\n1,Café\n".encode() + "2,Café\n3,“Hi”\n".encode("cp1252") + b"4,\x81\n"
    table = read_table(write(tmp_path, lines))
    assert table.frame["title"].to_list()[:3] == ["Café", "Café", "“Hi”"]
    assert [problem.reason[:34] for problem in table.problems] == [
        "the text is not UTF-8 (first in li"
    ]


def test_quoted_newlines_and_separators_stay_in_the_cell(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, 'track_id,lyrics\n1,"a\nb, ""c"""\n2,d\n'))
    assert table.frame["lyrics"].to_list() == ['a\nb, "c"', "d"]
    assert table.rows.tolist() == [2, 3]  # records, as spreadsheets count


def test_blank_rows_are_problems_except_at_the_end(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "track_id,title\n1,a\n\n , \n,,\n2,b\n\n\n"))
    assert table.frame["track_id"].to_list() == ["1", "2"]
    assert table.rows.tolist() == [2, 6]
    assert [problem.row for problem in table.problems] == [3, 4, 5]


def test_empty_lines_above_the_header_are_counted(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "\n\ntrack_id,title\n1,a\n"))
    assert (table.frame.columns.to_list(), table.rows.tolist()) == (["track_id", "title"], [4])


def test_long_rows_are_problems_and_short_rows_are_filled(tmp_path: Path) -> None:
    table = read_table(
        write(tmp_path, "track_id,title,year\n1,a,b,2001\n2,c,2002\n3\n4,d,2004,,\n")
    )
    assert table.frame["track_id"].to_list() == ["2", "3", "4"]
    assert table.frame["year"].isna().to_list() == [False, True, False]
    assert [(problem.row, problem.reason[:30]) for problem in table.problems] == [
        (2, "the row has 4 cells and the he")
    ]


def test_unclosed_quote_loses_only_its_row(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, 'track_id,title\n1,a\n2,"b\n3,c\n\n5,d\n'))
    assert table.frame["track_id"].to_list() == ["1", "3", "5"]
    assert [problem.row for problem in table.problems] == [3, 5]  # the quote, the blank row
    assert "never closed" in table.problems[0].reason


def test_inch_mark_inside_a_cell_is_no_quote(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, 'track_id,title\n1,12" mix\n2,7"\n'))
    assert table.frame["title"].to_list() == ['12" mix', '7"']


def test_columns_are_found_by_alias(tmp_path: Path) -> None:
    path = write(
        tmp_path, "Track ID,File Name,BPM,Tempo,Collection,,Title,title\n1,2,3,4,5,6,7,8\n"
    )
    table = read_table(path)
    assert table.frame.iloc[0].to_dict() == {
        "track_id": "1",
        "path": "2",
        "BPM": "3",
        "tempo": "4",
        "Collection": "5",
        "column_6": "6",
        "title": "7",
    }
    assert [problem.row for problem in table.problems] == [1]  # there are two titles


def test_parquet_rows_are_numbered_from_two(tmp_path: Path) -> None:
    path = tmp_path / "metadata.parquet"
    pd.DataFrame({"Track ID": ["007", None, "2"], "title": ["a", None, "b"]}).to_parquet(path)
    table = read_table(path)
    assert table.frame["track_id"].to_list() == ["007", "2"]
    assert table.rows.tolist() == [2, 4]


@pytest.mark.parametrize(
    ("name", "content"),
    [("metadata.csv", b""), ("metadata.csv", b"\n \n"), ("metadata.parquet", b"PAR1nothing")],
)
def test_read_table_refuses_other_files(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(DatasetError, match=rf"{name} cannot be read .*: write it again"):
        read_table(write(tmp_path, content, name))


def test_many_problems_are_counted(tmp_path: Path) -> None:
    text = "track_id,title\n" + "1,a,b\n" * 3 + ",\n" * (MAX_PROBLEMS + 5) + "2,c\n"
    problems = read_table(write(tmp_path, text)).problems
    assert len(problems) == 3 + MAX_PROBLEMS + 1
    assert problems[-1].reason.startswith("5 more rows: the row is blank")


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=6)
TABLES = st.lists(st.tuples(CELL, CELL).filter(lambda row: any(map(str.strip, row))), min_size=1)


@given(TABLES, st.sampled_from(",;\t"), st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
def test_written_csv_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    separator: str,
    quoting: int,
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, quoting=quoting, lineterminator="\n")  # type: ignore[arg-type]
    writer.writerows([("track_id", "title"), *rows])
    path = write(tmp_path_factory.mktemp("csv"), text.getvalue())
    assert cells(path) == [list(row) for row in rows]


@given(st.binary(max_size=200))
def test_read_table_any_bytes_give_a_table(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = write(tmp_path_factory.mktemp("csv"), b"track_id,title\n" + content)
    table = read_table(path)
    assert len(table.frame) == len(table.rows)
    assert table.frame.columns[0] == "track_id"


def test_row_problems_name_row_and_subject() -> None:
    import numpy as np

    problems = row_problems("listens.csv", np.array([4, 9]), "bad", ["x", "y"])
    assert [(problem.row, problem.subject) for problem in problems] == [(4, "x"), (9, "y")]
