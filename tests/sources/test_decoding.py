"""Text of any encoding as UTF-8: in blocks, with the line of the first guessed byte."""

import io

import pytest

from segue.sources.tables.decoding import Utf8Stream

LINES = [f"{number} é光🎵" for number in range(20_000)]  # more than one block, odd boundaries
TEXT = "\n".join(LINES)


def decoded(raw: bytes) -> tuple[str, int | None]:
    stream = Utf8Stream(io.BytesIO(raw))
    return stream.readall().decode(), stream.guessed_line


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"]
)
def test_utf8_stream_reads_wide_encodings_in_blocks(encoding: str) -> None:
    assert decoded(TEXT.encode(encoding)) == (TEXT, None)


def test_utf8_stream_reads_the_same_in_small_pieces() -> None:
    stream = io.BufferedReader(Utf8Stream(io.BytesIO(TEXT.encode())), 7)
    assert b"".join(iter(lambda: stream.read(5), b"")).decode() == TEXT


def test_utf8_stream_guesses_windows_1252_and_names_the_line() -> None:
    raw = TEXT.encode().replace("\n9000 é".encode(), b"\n9000 \xe9\x81")
    text, line = decoded(raw)
    assert text == TEXT.replace("\n9000 é", "\n9000 é\x81")
    assert line == 9_001


def test_utf8_stream_ends_within_a_character() -> None:
    assert decoded("aé".encode()[:-1]) == ("aÃ", 1)


@pytest.mark.parametrize("raw", [b"", b"\xef\xbb\xbf", b"a", b"a\x00b", b"\xff\xfe"])
def test_utf8_stream_reads_tiny_files(raw: bytes) -> None:
    assert decoded(raw) == (
        raw.removeprefix(b"\xef\xbb\xbf").strip(b"\xff\xfe").replace(b"\0", b"").decode(),
        None,
    )
