"""Text on the terminal: names of files and tags can neither move the cursor nor reorder it."""

import io
import unicodedata
from contextlib import redirect_stderr, redirect_stdout

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.cli.error_reporting import report_errors
from segue.cli.output import hint, print_table, say
from segue.errors import LibraryError

REORDERING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def fail(text):
    @report_errors
    def command():
        raise LibraryError(text)

    with pytest.raises(SystemExit):
        command()


def table(text):
    print_table(text, ("name",), [(text,)])


@given(text=st.text(st.characters(categories=["Cc", "Cf", "Cs", "Lo", "Lu", "Zl", "Zp"])))
def test_printed_text_cannot_change_the_terminal(text):
    for output in (say, fail, table, lambda text: hint([text])):
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
            output(text)
        for character in out.getvalue() + err.getvalue():
            assert unicodedata.bidirectional(character) not in REORDERING
            assert character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs")


def test_printed_text_in_any_script_stays(capsys):
    text = "Sigur Rós - اللغة العربية - עברית - 音楽 🎵"
    say(text)
    assert capsys.readouterr().out == text + "\n"
