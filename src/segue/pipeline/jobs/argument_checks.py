"""Checks of the arguments of jobs: a test of a value, and the words for what is right."""

from collections.abc import Callable
from typing import Any, Final

from segue.pipeline.experiments.protocol_names import PROTOCOLS
from segue.types import SPLITS

ArgumentCheck = tuple[Callable[[Any], bool], str]


def whole_number(low: int, high: int) -> ArgumentCheck:
    """Return the check of a whole number from `low` to `high`.

    >>> is_right, words = whole_number(1, 50)
    >>> is_right(50), is_right(51), is_right(True), words
    (True, False, False, 'a whole number from 1 to 50')
    """
    return (
        lambda value: type(value) is int and low <= value <= high,
        f"a whole number from {low:,} to {high:,}",
    )


def is_text(value: Any) -> bool:
    """Return whether a value is a text of up to 4,096 printable characters."""
    return isinstance(value, str) and 0 < len(value) <= 4_096 and value.isprintable()


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= 50 and all(map(is_text, value))


TEXT: Final[ArgumentCheck] = (is_text, "a text")
TEXT_OR_NONE: Final[ArgumentCheck] = (lambda value: value is None or is_text(value), "a text")
TEXTS: Final[ArgumentCheck] = (_are_texts, "a list of names")
SWITCH: Final[ArgumentCheck] = (lambda value: isinstance(value, bool), "true or false")
SEED: Final[ArgumentCheck] = (whole_number(0, 2**31 - 1)[0], "a whole number, 0 or more")
PROTOCOL: Final[ArgumentCheck] = (
    lambda value: value is None or value in PROTOCOLS,
    f"one of {', '.join(PROTOCOLS)}",
)
SPLIT: Final[ArgumentCheck] = (lambda value: value in SPLITS, f"one of {', '.join(SPLITS)}")
