"""Measure how often the encoding of short tags is detected: segue, chardet, charset-normalizer.

    pip install babel charset-normalizer
    python benchmarks/tag_encodings.py [N_FILES]

The texts are names of countries, languages, currencies and months in many languages (Unicode CLDR,
in the package Babel), one to three a file, as bytes of the encoding that taggers of that language
used. A file is right if all its texts are. Encodings that segue does not detect are listed apart:
they need `segue preprocess --tag-encoding`. Files of `lone word` have one text, in which one
accented letter is a word of its own (``Ode à la joie``); those of `capitals` one text in capitals.
"""

import random
import sys
from collections.abc import Callable

import chardet

from segue.sources.file_tags.encodings import ByteText, detect_encoding

DETECTED = {
    **dict.fromkeys(("en", "fr", "de", "es", "pt", "sv", "it", "fi"), "cp1252"),
    **dict.fromkeys(("ru", "uk", "bg"), "cp1251"),
    "el": "cp1253",
    "he": "cp1255",
    "ja": "cp932",
    "zh_Hans": "gbk",
    "zh_Hant": "big5",
    "ko": "cp949",
}
LONE_WORDS = {"fr": "à", "it": "è", "pt": "é", "es": "ó", "sv": "å", "da": "ø", "is": "á"}
OTHERS = {"pl": "cp1250", "cs": "cp1250", "tr": "cp1254"}

Detect = Callable[[list[bytes]], str | None]


def by_segue(texts: list[bytes]) -> str | None:
    """Detect as segue does."""
    return detect_encoding([ByteText(text.decode("latin-1")) for text in texts])


def by_chardet(texts: list[bytes]) -> str | None:
    """Detect by chardet alone, among all encodings."""
    return chardet.detect(b"\n".join(texts))["encoding"]


def by_charset_normalizer(texts: list[bytes]) -> str | None:
    """Detect by charset-normalizer alone, among all encodings."""
    from charset_normalizer import from_bytes

    best = from_bytes(b"\n".join(texts)).best()
    return best.encoding if best else None


def words(language: str, encoding: str) -> list[str]:
    """Return names in a language that an encoding can write."""
    from babel import Locale

    locale = Locale.parse(language)
    names = {
        name
        for table in (locale.territories, locale.languages, locale.currencies)
        for name in table.values()
        if isinstance(name, str)
    }
    names |= set(locale.months["format"]["wide"].values())
    whole = (name for name in names if name.encode(encoding, "ignore").decode(encoding) == name)
    return sorted(whole)


def files(language: str, encoding: str, n_texts: int, n_files: int) -> list[list[str]]:
    """Return the texts of some files, each with a letter that ASCII lacks."""
    rng, known = random.Random(0), words(language, encoding)  # noqa: S311  # the same each time
    if all(name.isascii() for name in known):
        return []
    found: list[list[str]] = []
    while len(found) < n_files:
        texts = rng.sample(known, n_texts)
        if not all(text.isascii() for text in texts):
            found.append(texts)
    return found


def files_with_lone_words(language: str, word: str, n_files: int) -> list[list[str]]:
    """Return the texts of some files in which one accented letter stands between ASCII words."""
    known = [name for name in words(language, "cp1252") if name.isascii()]
    pairs = (random.Random(n).sample(known, 2) for n in range(n_files))  # noqa: S311
    return [[f"{first} {word} {last}"] for first, last in pairs]


def files_in_capitals(language: str, n_files: int) -> list[list[str]]:
    """Return the texts of some files, in capitals."""
    return [[text.upper() for text in texts] for texts in files(language, "cp1252", 1, n_files)]


def is_right(texts: list[str], encoding: str, detect: Detect) -> bool:
    """Tell whether the texts of a file are decoded."""
    data = [text.encode(encoding) for text in texts]
    try:
        return [one.decode(detect(data) or "ascii") for one in data] == texts
    except (UnicodeDecodeError, LookupError):
        return False


def main() -> None:
    """Print the share of files that are right, by language, number of texts and detector."""
    n_files = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    detectors = {
        "segue": by_segue,
        "chardet": by_chardet,
        "charset-normalizer": by_charset_normalizer,
    }
    cases = {
        f"{title} {n_texts} texts": {
            (language, encoding): files(language, encoding, n_texts, n_files)
            for language, encoding in languages.items()
        }
        for title, languages in (("detected", DETECTED), ("others", OTHERS))
        for n_texts in (1, 2, 3)
    }
    cases["lone word"] = {
        (language, "cp1252"): files_with_lone_words(language, word, n_files)
        for language, word in LONE_WORDS.items()
    }
    cases["capitals"] = {
        (language, "cp1252"): files_in_capitals(language, n_files) for language in LONE_WORDS
    }
    for title, languages in cases.items():
        for name, detect in detectors.items():
            shares = {
                language: sum(is_right(texts, encoding, detect) for texts in own) / len(own)
                for (language, encoding), own in languages.items()
                if own
            }
            mean = sum(shares.values()) / len(shares)
            line = " ".join(f"{language} {share:.2f}" for language, share in shares.items())
            print(f"{title:16} {name:18} mean {mean:.3f}  {line}")


if __name__ == "__main__":
    main()
