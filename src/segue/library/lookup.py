"""Select rows by many values, some hundreds in each query, since databases limit them."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

MAX_VALUES: Final = 500


def rows_where(
    connection: "Connection", query: "Select[Any]", column: Any, wanted: Sequence[Any]
) -> Iterator[Any]:
    """Yield the rows of a query whose `column` is one of the values `wanted`."""
    for start in range(0, len(wanted), MAX_VALUES):
        yield from connection.execute(query.where(column.in_(wanted[start : start + MAX_VALUES])))
