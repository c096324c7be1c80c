"""What is logged of requests: never their queries, in which players send secrets."""

import logging
from typing import Final

_PATH: Final = 2  # its place among the arguments of uvicorn's access records


class QueryHidingFilter(logging.Filter):
    """Takes the query off the address of a request before it is logged.

    >>> record = logging.LogRecord("", 20, "", 0, "%s %s %s", ("anna", "GET", "/rest?p=1"), None)
    >>> QueryHidingFilter().filter(record), record.getMessage()
    (True, 'anna GET /rest')
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, changed."""
        if isinstance(record.args, tuple) and len(record.args) > _PATH:
            arguments = list(record.args)
            arguments[_PATH] = str(arguments[_PATH]).partition("?")[0]
            record.args = tuple(arguments)
        return True
