"""A real HTTP server for tests, whose answers are functions of the request."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Request:
    """A request: method, path, parameters of the address and form, headers, JSON body."""

    def __init__(self, handler):
        parts = urlsplit(handler.path)
        self.method, self.path = handler.command, parts.path
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.values = parse_qs(parts.query, keep_blank_values=True)
        length = int(self.headers.get("content-length") or 0)
        self.raw = handler.rfile.read(length)
        self.body = None
        kind = self.headers.get("content-type", "")
        if kind.startswith("application/x-www-form-urlencoded"):
            self.values.update(parse_qs(self.raw.decode(), keep_blank_values=True))
        elif self.raw:
            self.body = json.loads(self.raw)

    def get(self, name, default=""):
        return self.values.get(name, [default])[0]

    def all(self, name):
        return self.values.get(name, [])


class SimulatedServer:
    """Base of simulated servers: `answer` returns a document, or a status with bytes.

    `requests` are the requests so far. After `n_before_outage` more of them, connections are closed
    without an answer, until that is set to None.
    """

    def __init__(self):
        self.requests = []
        self.n_before_outage = None
        simulated = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                request = Request(self)
                if simulated.n_before_outage is not None:
                    if simulated.n_before_outage <= 0:
                        self.close_connection = True
                        return
                    simulated.n_before_outage -= 1
                simulated.requests.append(request)
                answer = simulated.answer(request)
                status, kind, content = 200, "application/json", answer
                if isinstance(answer, tuple):
                    status, content = answer
                    kind = "application/octet-stream"
                if not isinstance(content, bytes):
                    content = json.dumps(content).encode()
                    kind = "application/json"
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        for method in ("GET", "POST", "PUT", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.handle_one)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, request):
        raise NotImplementedError

    def close(self):
        self._server.shutdown()
        self._server.server_close()
