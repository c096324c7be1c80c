"""Keep secrets out of the access log: players send passwords in the query of a request."""

import logging
from typing import Final

_PATH: Final = 2  # index of the address in the arguments of uvicorn's access records


class QueryHidingFilter(logging.Filter):
    """Remove the query from the address of a request before it is logged.

    >>> record = logging.LogRecord("", 20, "", 0, "%s %s %s", ("anna", "GET", "/rest?p=1"), None)
    >>> QueryHidingFilter().filter(record), record.getMessage()
    (True, 'anna GET /rest')
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record and let it pass."""
        if isinstance(record.args, tuple) and len(record.args) > _PATH:
            arguments = list(record.args)
            arguments[_PATH] = str(arguments[_PATH]).partition("?")[0]
            record.args = tuple(arguments)
        return True
