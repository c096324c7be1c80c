"""Format the log, and keep secrets out of it: players send passwords in the query of a request."""

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
"""Id of the request that is being answered."""

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


class JsonFormatter(logging.Formatter):
    """Write a record as one JSON object on one line.

    >>> record = logging.LogRecord("segue", 20, "", 0, "%s tracks", (2,), None)
    >>> json.loads(JsonFormatter().format(record))["message"]
    '2 tracks'
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line: time (UTC), level, logger, message, and what is known of a request."""
        document = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        request_id = REQUEST_ID.get()
        if request_id is not None:
            document["request_id"] = request_id
        document |= getattr(record, "fields", {})
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        return json.dumps(document, ensure_ascii=False)
