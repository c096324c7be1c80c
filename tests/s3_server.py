"""A real S3 server for the tests, from a wheel, in a process of its own."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager

import pytest

_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "segue",
    "AWS_SECRET_ACCESS_KEY": "segue",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_CODE = """
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
application = DomainDispatcherApplication(create_backend_app)
server = make_server("127.0.0.1", PORT, application, threaded=True)
print(f"port {server.server_port}", flush=True)
server.serve_forever()
"""


class S3Server:
    """An S3 server with the bucket ``segue``, which can be stopped and started again, empty."""

    def __init__(self) -> None:
        pytest.importorskip("moto", reason="moto is not installed")
        pytest.importorskip("s3fs", reason="s3fs is not installed")
        self.port = 0

    def start(self) -> None:
        """Start it, at the same port as before."""
        code = _CODE.replace("PORT", str(self.port))
        command = [sys.executable, "-W", "ignore", "-c", code]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        found = re.fullmatch(r"port (\d+)\n", self._process.stdout.readline())
        assert found
        self.port = int(found[1])

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        self._process.stdout.close()


@contextmanager
def s3_environment():
    """Run an S3 server while the context lasts, with the environment by which clients find it."""
    server = S3Server()
    server.start()
    added = {**_ENVIRONMENT, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.port}"}
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        import s3fs

        s3fs.S3FileSystem(use_listings_cache=False).mkdir("segue")
        yield server
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        server.stop()
