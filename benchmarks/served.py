"""Server process and a cheap HTTP client for `benchmarks/serve.py`."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STARTING = 60.0

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers and body; status 0 where the connection broke."""


def processes_of(pid: int) -> list[int]:
    """Return a process and all that it started."""
    found = [pid]
    for one in found:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            with suppress(OSError):
                found += [int(child) for child in children.read_text().split()]
    return found


def set_priority(pid: int, nice: int) -> None:
    """Give a process and all that it started a priority, by their scheduling groups (Linux)."""
    for one in processes_of(pid):
        with suppress(OSError):
            Path(f"/proc/{one}/autogroup").write_text(str(nice))


def memory_mb(pid: int) -> float:
    """Return the proportional set size of a process in MB; 0 if it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has taken; 0 if it has ended."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


@dataclass
class Server:
    """One `segue serve`, its processes, and how long it took to be ready."""

    library: Path
    workers: int
    port: int = 0
    ready_after: float = 0.0
    process: Any = None
    nice: int = 0

    def start(self) -> None:
        """Start it, and wait until it answers."""
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        command = [sys.executable, "-c", "from segue.cli import main; main()", "serve"]
        command += ["--library", str(self.library), "--port", str(self.port)]
        command += ["--workers", str(self.workers)]
        started = time.monotonic()
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        set_priority(self.process.pid, self.nice)
        while time.monotonic() - started < STARTING:
            with suppress(OSError):
                answer = asyncio.run(ask_once(self.port, Request("GET", "/api/v1/session")))
                if answer[0] == 200:
                    self.ready_after = time.monotonic() - started
                    return
            time.sleep(0.02)
        raise SystemExit(f"The server did not answer within {STARTING:g} s.")

    def pids(self) -> list[int]:
        """Return its processes: the first and its children."""
        return processes_of(self.process.pid)

    def memory(self) -> float:
        """Return its memory in MB: proportional set size, shared pages counted once."""
        return sum(memory_mb(pid) for pid in self.pids())

    def processor(self) -> float:
        """Return the seconds of processor time that it has taken."""
        return sum(processor_seconds(pid) for pid in self.pids())

    def kill(self) -> None:
        """Kill it, all processes at once, without a warning."""
        for pid in reversed(self.pids()):
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Stop it as a user would."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, and as whom."""

    method: str
    path: str
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """Return it as it goes over the wire."""
        data = b"" if self.body is None else json.dumps(self.body).encode()
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += ["Content-Type: application/json", f"Content-Length: {len(data)}", "", ""]
        return "\r\n".join(lines).encode() + data


async def ask_once(port: int, request: Request) -> Answer:
    """Ask on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await _exchange(reader, writer, request)
    finally:
        writer.close()


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: Request
) -> Answer:
    writer.write(request.encoded())
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    given: dict[str, str] = {}
    for line in head[1:]:
        name, _, value = line.partition(":")
        given.setdefault(name.lower(), value.strip())
    body = await reader.readexactly(int(given.get("content-length", 0)))
    return int(head[0].split()[1]), given, body


@dataclass
class Pool:
    """Connections that requests wait for."""

    port: int
    free: "asyncio.Queue[Any]" = field(default_factory=asyncio.Queue)

    async def open(self, n: int) -> None:
        """Open `n` connections."""
        for _ in range(n):
            self.free.put_nowait(await asyncio.open_connection("127.0.0.1", self.port))

    async def ask(self, request: Request) -> Answer:
        """Ask on a free connection; one that broke, or that is closed after it, is replaced."""
        reader, writer = await self.free.get()
        try:
            answer = await _exchange(reader, writer, request)
        except (OSError, asyncio.IncompleteReadError, IndexError, ValueError):
            answer = 0, {"connection": "close"}, b""
        if answer[1].get("connection") == "close":
            writer.close()
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.free.put_nowait((reader, writer))
        return answer


async def sessions(port: int, listeners: list[str]) -> list[dict[str, str]]:
    """Return the headers by which each listener's requests are known."""
    found = []
    for name in listeners:
        status, given, content = await ask_once(
            port, Request("POST", "/api/v1/session", {"listener": name})
        )
        if status != 200:
            raise SystemExit(f"No session for a listener: {status} {content[:200]!r}")
        cookie = given["set-cookie"].split(";")[0]
        found.append({"Cookie": cookie, "X-CSRF-Token": json.loads(content)["csrf"]})
    return found


def listeners_of(library: Path, most: int) -> list[str]:
    """Return some of the library's listeners."""
    return _column(library, "select user_id from users order by row limit ?", most)


def tracks_of(library: Path) -> list[str]:
    """Return some of the library's tracks."""
    return _column(library, "select track_id from tracks order by row limit ?", 5_000)


def _column(library: Path, query: str, most: int) -> list[str]:
    with sqlite3.connect(f"file:{library / 'library.db'}?mode=ro", uri=True) as database:
        return [row[0] for row in database.execute(query, (most,))]
