"""Detect the encoding of tags that do not state one.

Conventions
-----------
- ID3v1, latin-1 frames of ID3v2 and chunks of RIFF and AIFF hold bytes that programs wrote in the
  encoding of their system. They are read as `ByteText`: each character is one byte.
- All such texts of a file are decided together: UTF-8 if they are valid, Shift-JIS if they have
  kana, else the first encoding of `chardet` (0BSD) whose text is plausible, else Windows-1252.
- Programs that converted such tags to Unicode kept the mistake: a run of accented letters that no
  language has (``Àëèñà``) counts as bytes, too, and UTF-8 that was read as latin-1 (``BeyoncÃ©``)
  is read again.
- Windows-1252 is what latin-1 with characters 0x80 to 0x9F means, as in browsers. No byte is
  deleted: the five bytes without a character become U+FFFD.

Accuracy on short names: `benchmarks/tag_encodings.py`.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from segue.errors import DatasetError

_SCRIPTS: Final = {"cp1251": "CYRILLIC", "cp1253": "GREEK", "cp1255": "HEBREW"}
ENCODINGS: Final = ("cp1252", *_SCRIPTS, "cp932", "gb18030", "big5", "cp949")
"""Encodings that are detected, besides UTF-8."""
_DEFAULT: Final = "cp1252"
_FOUND_AS: Final = {"big5hkscs": "big5", "cp950": "big5", "shift_jis": "cp932", "gbk": "gb18030"}
_CODECS: Final = {"big5": "big5hkscs"}  # a superset
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_HALF_WIDTH = re.compile("[\uff61-\uff9f]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_EAST_ASIAN = re.compile("[\u2e80-\uffef]")
_PRIVATE = re.compile("[\ue000-\uf8ff\ufffd]")
_IDEOGRAPH = "[\u3041-\u30fa\u3400-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff]"
_IDEOGRAPHS = re.compile(_IDEOGRAPH)
# letters of East Asia in Latin words: the two bytes of "ör" are one character in GBK
_BESIDE_SMALL = re.compile(
    f"[a-z][\u2e80-\uffef][A-Za-z]|[A-Za-z][\u2e80-\uffef][a-z]"
    f"|[a-z]{_IDEOGRAPH}(?!\\w)|(?<!\\w){_IDEOGRAPH}[a-z]"
)
_IN_LATIN_WORD = re.compile(
    f"[A-Za-z]{_IDEOGRAPH}(?!{_IDEOGRAPH})|(?<!{_IDEOGRAPH}){_IDEOGRAPH}(?=[A-Za-z])"
    f"|[A-Za-z]{_IDEOGRAPH}{{2}}(?=[A-Za-z])"
)
# points and signs of Hebrew without a letter of Hebrew: accented capitals of Latin words
_STRAY_SIGN = re.compile(
    "(?<![\u05b0-\u05f2])[\u05b0-\u05c7]"
    "|[A-Za-z][\u05b0-\u05f4\u200e\u200f]|[\u05b0-\u05f4\u200e\u200f][A-Za-z]"
)
_WORD = re.compile(r"[^\W\d_]+")
_SIGN_INSIDE_WORD = re.compile(
    "[^\\W\\d_][^\\w\\s'\u2019\u05f3\u05f4.,:;!?/&()\"\u2013\u2014-][^\\W\\d_]"
)
_SMALL_THEN_CAPITAL = re.compile("[\u0430-\u045f][\u0400-\u042f]")
_BEYOND_BYTES = re.compile("[^\x00-\xff]")
_ACCENTED = "[\xc0-\xd6\xd8-\xf6\xf8-\xff]"
_MISREAD = re.compile(f"{_ACCENTED}{{4}}|(?:{_ACCENTED}[\xa1-\xff]?){{3}}[\xa1-\xff]|[\x80-\x9f]")
_ACCENT = re.compile(rb"[\xc0-\xff][A-Za-z]")
_CONTROLS = re.compile("[\x00-\x1f\x7f]")
_C1 = re.compile("[\x80-\x9f]")
_NAMES: Final = {
    "shift-jis": "cp932",
    "shift_jis": "cp932",
    "sjis": "cp932",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "euc-kr": "cp949",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-1": "cp1252",
}


class ByteText(str):
    """Text whose characters stand for the bytes of an unknown encoding."""

    __slots__ = ()


def checked_encoding(name: str) -> str:
    """Return the name of an encoding as Python knows it; the wider one of two with one name.

    Raises
    ------
    DatasetError
        If there is no encoding of that name.

    Examples
    --------
    >>> checked_encoding("Shift-JIS"), checked_encoding("windows-1251")
    ('cp932', 'cp1251')
    """
    import codecs

    plain = name.strip().lower()
    plain = _NAMES.get(plain, plain)
    try:
        b"".decode(plain)
        return codecs.lookup(plain).name
    except (LookupError, ValueError) as error:
        raise DatasetError(
            f"{name!r} is no text encoding: name one such as cp1251, cp1250, shift-jis, gbk, big5"
            " or euc-kr."
        ) from error


def marked_bytes(texts: Iterable[str]) -> list[str]:
    """Return the texts of a file, as `ByteText` where programs took bytes for latin-1.

    Examples
    --------
    >>> [type(text).__name__ for text in marked_bytes(["Àëèñà", "ß", "plain", "Кино"])]
    ['ByteText', 'ByteText', 'str', 'str']
    >>> marked_bytes(["BeyoncÃ©", "Beyoncé"])
    ['Beyoncé', 'Beyoncé']
    """
    found = [text if isinstance(text, ByteText) else _reread(text) for text in texts]
    own = [isinstance(text, ByteText) or not text or text.isascii() for text in found]
    bytes_only = [
        not known and not _BEYOND_BYTES.search(text) for text, known in zip(found, own, strict=True)
    ]
    misread = any(_MISREAD.search(text) for text, one in zip(found, bytes_only, strict=True) if one)
    return [
        ByteText(text) if misread and one else text
        for text, one in zip(found, bytes_only, strict=True)
    ]


def _reread(text: str) -> str:
    """Return a text whose UTF-8 was read as latin-1 or Windows-1252, read again."""
    if text.isascii():
        return text
    for encoding in ("latin-1", "cp1252"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return text


def detect_encoding(texts: Iterable[str]) -> str:
    """Return the encoding of the `ByteText` of one file.

    Examples
    --------
    >>> detect_encoding([ByteText("Алиса".encode("cp1251").decode("latin-1"))])
    'cp1251'
    >>> detect_encoding([ByteText("Motörhead")]), detect_encoding(["plain"])
    ('cp1252', 'cp1252')
    """
    bytes_of = (text for text in texts if isinstance(text, ByteText) and not text.isascii())
    parts = dict.fromkeys(_CONTROLS.sub("", text) for text in bytes_of)
    return _detect("\n".join(parts).encode("latin-1", "replace")) if parts else _DEFAULT


def decode(text: str, encoding: str) -> str:
    r"""Return `text` decoded if it is `ByteText`, without C1 controls otherwise.

    Examples
    --------
    >>> decode(ByteText("S\x9cur"), "cp1252"), decode("S\x9cur", "cp1251")
    ('Sœur', 'Sœur')
    """
    if isinstance(text, ByteText):
        return text.encode("latin-1", "replace").decode(encoding, "replace")
    # programs that convert latin-1 to Unicode make control characters of punctuation
    return _C1.sub(lambda found: found[0].encode("latin-1").decode("cp1252", "replace"), text)


@lru_cache(maxsize=1024)  # files of one album have the same artist
def _detect(data: bytes) -> str:
    if _decoded(data, "utf-8") is not None:
        return "utf-8"
    if _is_japanese(data):
        return "cp932"
    found = next((name for name in _ranked(data) if _fits(data, name)), _DEFAULT)
    return _CODECS.get(found, found)


def _ranked(data: bytes) -> Iterable[str]:
    """Yield encodings, the most probable first."""
    import chardet  # takes longer to import than all other files of a folder with ASCII tags

    left = list(ENCODINGS)
    while left:
        found = chardet.detect(
            data,
            include_encodings=left,
            prefer_superset=True,
            compat_names=False,
            no_match_encoding=_DEFAULT,
        )["encoding"]
        name = _FOUND_AS.get(str(found), str(found))
        if name not in left:
            return
        yield name
        left.remove(name)


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(_CODECS.get(encoding, encoding))
    except UnicodeDecodeError:
        return None


def _is_japanese(data: bytes) -> bool:
    """Tell whether bytes are Shift-JIS with kana, which no other encoding resembles."""
    text = _decoded(data, "cp932")
    if text is None or _HALF_WIDTH.search(text):
        return False
    kana, foreign = len(_KANA.findall(text)), sum(not one.isascii() for one in text)
    return 4 * kana >= foreign


def _fits(data: bytes, encoding: str) -> bool:
    """Tell whether bytes are valid in an encoding, and their text is plausible."""
    text = _decoded(data, encoding)
    if encoding == _DEFAULT:
        return True
    if text is None or _PRIVATE.search(text):
        return False
    if encoding in _SCRIPTS:
        return _is_plausible_script(text, _SCRIPTS[encoding])
    if _HALF_WIDTH.search(text) or _is_latin(text, encoding):
        return False
    return encoding != "cp949" or _is_plausible_korean(text)


def _is_latin(text: str, encoding: str) -> bool:
    """Tell whether half the letters of East Asia lie in Latin words (``REPOSI합ES``) or may be one.

    The bytes of those are an accented letter and one of ASCII, which are rare otherwise.
    """
    if _BESIDE_SMALL.search(text):
        return True
    inside = {at for found in _IN_LATIN_WORD.finditer(text) for at in range(*found.span())}
    places = [found.start() for found in _IDEOGRAPHS.finditer(text)]
    codec = _CODECS.get(encoding, encoding)
    doubtful = [at for at in places if at in inside or _ACCENT.match(text[at].encode(codec))]
    return 2 * len(doubtful) >= max(1, len(places))


def _is_plausible_korean(text: str) -> bool:
    """Tell whether most characters are syllables of the Korean standard, not rare ones."""
    east_asian = len(_EAST_ASIAN.findall(text))
    common = "".join(_HANGUL.findall(text)).encode("euc-kr", "ignore").decode("euc-kr")
    return 4 * len(common) >= 3 * east_asian and 10 * len(common) >= 9 * len(_HANGUL.findall(text))


def _is_plausible_script(text: str, script: str) -> bool:
    """Tell whether no word mixes scripts, cases or signs, and all but ASCII is of one script.

    One letter among ASCII words is the accented word of a Latin language: ``Ode à la joie``.
    """
    implausible = (_SIGN_INSIDE_WORD, _SMALL_THEN_CAPITAL, _STRAY_SIGN)
    if any(pattern.search(text) for pattern in implausible):
        return False
    words = _WORD.findall(text)
    foreign = [word for word in words if not word.isascii()]
    for word in foreign:
        if {unicodedata.name(letter, "").partition(" ")[0] for letter in word} != {script}:
            return False
    longest = max(map(len, foreign), default=0)
    return longest > 2 or (longest == 2 and 2 * len(foreign) > len(words))
