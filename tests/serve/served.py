"""Run `segue serve` as a process of its own, or its application in a thread."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import uvicorn

from segue.serve.app import make_app


class Server:
    """`segue serve` of the library in a directory; started again, it is at the same port.

    What it says besides its address is kept, until it is stopped.
    """

    def __init__(self, library, *options):
        self.library, self.options = library, options
        self.port = 0
        self.cookie = self.csrf = ""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def start(self):
        """Start it, and return it."""
        code = "from segue.cli import main; main()"
        command = [sys.executable, "-c", code, "serve", "--library", str(self.library)]
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # closed by stop()
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port), *self.options],
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        assert found, line + self.stop()
        self.port = int(found[1])
        return self

    def stop(self, number=signal.SIGTERM):
        """End it, and return what it has said; nothing if it was stopped before."""
        if self._said.closed:
            return ""
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(timeout=60)
        self.process.stdout.close()
        with self._said as said:
            said.seek(0)
            return said.read().decode()

    def connect(self, first=b""):
        """Return a bare connection on which something was sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.sendall(first)
        return connection

    def ask(self, method, path, body=None, headers=None, timeout=60):
        """Return status, headers and body of an answer."""
        sent = {"Cookie": self.cookie, "X-CSRF-Token": self.csrf, **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with closing(connection):
            connection.request(method, path, body and json.dumps(body), sent)
            with connection.getresponse() as answer:
                return answer.status, answer.headers, answer.read()

    def log_in(self, listener, password=None):
        """Become a listener."""
        asked = {"listener": listener} | ({"password": password} if password else {})
        status, headers, body = self.ask("POST", "/api/v1/session", asked)
        assert status == 200, body
        self.cookie = headers["set-cookie"].partition(";")[0]
        self.csrf = json.loads(body)["csrf"]

    def memory(self):
        """Return what it holds in memory, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


class LocalServer:
    """The server of the library in a directory, in a thread: it starts two seconds sooner.

    `options` are those of uvicorn.
    """

    def __init__(self, library, **options):
        self.library = library
        self._scheme = "https" if "ssl_certfile" in options else "http"
        options = {"port": 0, "log_level": "warning", "timeout_graceful_shutdown": 1, **options}
        config = uvicorn.Config(make_app(library), **options)
        self._serving = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serving.run)

    @property
    def url(self):
        port = self._serving.servers[0].sockets[0].getsockname()[1]
        return f"{self._scheme}://127.0.0.1:{port}/"

    def start(self):
        """Start it, and return it."""
        self._thread.start()
        while not self._serving.started:
            assert self._thread.is_alive(), "the server did not start"
            time.sleep(0.02)
        return self

    def stop(self):
        """End it."""
        self._serving.should_exit = True
        self._thread.join()
