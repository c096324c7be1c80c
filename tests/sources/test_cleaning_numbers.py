"""Years, tempos and durations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.sources.cleaning import read_duration, read_tempo, read_year
from segue.sources.tables.values import read_number


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("2004", 2004),
        ("2004-05-12", 2004),
        ("2004-05-12T00:00:00Z", 2004),
        ("12/05/2004", 2004),
        ("12.05.2004", 2004),
        ("May 1969", 1969),
        ("20040512", 2004),
        ("2004.0", 2004),
        ("c. 1998?", 1998),
        ("1999-2004", 1999),
        ("1900", 1900),
        ("1723", 1723),
        ("1150-01-01", 1150),
        ("2027", 2027),
    ],
)
def test_read_year_reads_dates(text: str, year: int) -> None:
    assert read_year(text, this_year=2026) == (year, None)


@pytest.mark.parametrize("text", ["", "0", "0000", "0.0", "0000-00-00", "Unknown", "  "])
def test_read_year_unknown_is_no_problem(text: str) -> None:
    assert read_year(text) == (None, None)


@pytest.mark.parametrize("text", ["0999", "2028", "98", "nineteen", "-1999", "12345", "-1"])
def test_read_year_impossible_gives_a_reason(text: str) -> None:
    year, reason = read_year(text, this_year=2026)
    assert year is None
    assert reason is not None
    assert text in reason


@pytest.mark.parametrize(
    ("text", "tempo"),
    [
        ("120", 120.0),
        ("120,5", 120.5),
        ("128 BPM", 128.0),
        ("20", 20.0),
        ("400", 400.0),
        ("0", None),
    ],
)
def test_read_tempo_reads_numbers_with_units(text: str, tempo: float | None) -> None:
    assert read_tempo(text) == (tempo, None)


@pytest.mark.parametrize("text", ["19.9", "401", "-120", "fast", "1,200", "inf", "1e400", "1e3"])
def test_read_tempo_impossible_gives_a_reason(text: str) -> None:
    tempo, reason = read_tempo(text)
    assert tempo is None
    assert reason is not None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 30.0), ("213.13", 213.13), ("3:45", 225.0), ("1:02:03", 3723.0), ("30 s", 30.0)],
)
def test_read_duration_reads_seconds_and_clocks(text: str, seconds: float) -> None:
    assert read_duration(text) == (seconds, None)


@pytest.mark.parametrize("text", ["0", "-1", "long", "215000", "0:00", "1,200", "1:2:3:4"])
def test_read_duration_impossible_gives_a_reason(text: str) -> None:
    seconds, reason = read_duration(text)
    assert seconds is None
    assert reason is not None


@given(st.text() | st.from_regex(r"[0-9.,:/eE+-]{1,12}"))
def test_read_numbers_any_text_gives_plausible_values(text: str) -> None:
    year, _ = read_year(text, this_year=2026)
    tempo, _ = read_tempo(text)
    duration, _ = read_duration(text)
    assert year is None or 1000 <= year <= 2027
    assert tempo is None or 20 <= tempo <= 400
    assert duration is None or 0 < duration <= 86_400


@given(st.integers(1000, 2027), st.floats(20, 400), st.floats(1e-3, 86_400))
def test_read_numbers_plausible_values_are_unchanged(
    year: int, tempo: float, duration: float
) -> None:
    assert read_year(str(year), this_year=2026) == (year, None)
    assert read_tempo(repr(tempo)) == (tempo, None)
    assert read_duration(repr(duration)) == (duration, None)


def test_read_number_refuses_integers_that_are_too_large() -> None:
    with pytest.raises(ValueError, match="10000"):
        read_number(10**400)
