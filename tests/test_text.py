"""Unicode, white space and placeholders."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.text import clean_id, clean_lines, clean_text, known_text


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  two \t\n words ", "two words"),
        ("non\u00a0breaking\u2003space", "non breaking space"),
        ("Cafe\u0301", "Café"),
        ("\ufeffzero\u200bwidth\x00", "zerowidth"),
        ("BeyoncÃ©", "BeyoncÃ©"),  # mojibake is left alone
        ("AC/DC", "AC/DC"),
        ("\udcffname", "\ufffdname"),
        ("क\u094d\u200dष", "क\u094d\u200dष"),  # the joiner is part of the word
    ],
)
def test_text_gets_one_spelling(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@given(st.text())
def test_cleaning_text_twice_is_cleaning_it_once(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "  " not in once
    assert once == once.strip()


@given(st.text(st.characters(codec="utf-8")), st.sampled_from(["NFC", "NFD"]))
def test_normal_forms_of_a_text_clean_to_the_same(text: str, form: str) -> None:
    assert clean_text(unicodedata.normalize(form, text)) == clean_text(text)


@given(st.text(st.characters(exclude_categories=[])))
def test_clean_text_can_always_be_stored(text: str) -> None:
    for clean in (clean_text(text), clean_id(text), clean_lines(text)):
        assert clean.encode().decode() == clean


@given(st.text())
def test_cleaning_ids_and_lines_twice_is_cleaning_them_once(text: str) -> None:
    assert clean_id(clean_id(text)) == clean_id(text)
    assert clean_lines(clean_lines(text)) == clean_lines(text)


@pytest.mark.parametrize(("raw", "clean"), [(" 007 ", "007"), ("a  b", "a  b"), ("1.0", "1.0")])
def test_an_id_stays_as_it_is_but_for_its_ends(raw: str, clean: str) -> None:
    assert clean_id(raw) == clean


def test_lyrics_keep_their_lines() -> None:
    assert clean_lines("  Oh  baby \r\n\r\nbaby\n") == "Oh baby\n\nbaby"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "<Unknown>",
        "(None)",
        "[unknown]",
        "Unknown Artist",
        "UNKNOWN",
        "nan",
        "N/A",
        "???",
    ],
)
def test_placeholders_are_unknown(text: str) -> None:
    assert known_text(text) is None


@pytest.mark.parametrize(
    "text", ["?", "!!!", "f(x)", ":(", "The Unknown", "http://zhaymusic.com/", "???? feat. Ua", "0"]
)
def test_odd_names_are_names(text: str) -> None:
    assert known_text(text) == text
