"""Read the fields of JSON records, whatever type they turn out to have.

A part that is missing, or is no object, is an empty one: parsers need no checks of types.
"""

from collections.abc import Mapping
from typing import Any

from segue.sources.history_import.import_row import UnusableRow
from segue.sources.tables.values import read_number

Record = Mapping[str, Any]
NOTHING: Record = {}


def part(record: Record, name: str) -> Record:
    """Return the object called `name`, an empty one where there is none.

    >>> part({"track": {"title": "a"}}, "track"), part({"track": 7}, "track")
    ({'title': 'a'}, {})
    """
    value = record.get(name)
    return value if isinstance(value, dict) else NOTHING


def parts(record: Record, name: str) -> list[Any]:
    """Return the list called `name`, an empty one where there is none."""
    value = record.get(name)
    return value if isinstance(value, list) else []


def first(value: Any) -> Any:
    """Return the first item of a list, any other value as it is."""
    return (value or [None])[0] if isinstance(value, list) else value


def joined_names(names: list[Any]) -> str | None:
    """Return several names as one text.

    >>> joined_names(["Queen", None, "David Bowie"])
    'Queen & David Bowie'
    """
    return " & ".join(name for name in names if isinstance(name, str) and name) or None


def read_count(value: Any, name: str) -> float | None:
    """Return a number that is not negative, None where there is none.

    Raises
    ------
    UnusableRow
        It is no such number.
    """
    try:
        return read_number(value, 0.0)
    except ValueError:
        raise UnusableRow(f"{name} is not a number, 0 or more") from None
