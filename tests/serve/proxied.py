"""Run nginx and Caddy with the configurations of docs/reverse-proxy.md."""

import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "reverse-proxy.md"
PASSWORD = "three plain words"  # noqa: S105
"""Password of the user whom a proxy logs in."""


def configuration(kind, mark):
    """Return the configuration of a kind that the page gives, and that has a text in it."""
    blocks = re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    return next(block for block in blocks if mark in block)


def make_certificate(certificate, key):
    """Write a certificate for 127.0.0.1 that it has signed itself, and its key."""
    subject = ("-subj", "/CN=music.example", "-addext", "subjectAltName=IP:127.0.0.1")
    made = ("-newkey", "rsa:2048", "-nodes", "-keyout", key)
    subprocess.run(
        ["openssl", "req", "-x509", *made, "-out", certificate, *subject],
        check=True,
        capture_output=True,
    )


class Proxy:
    """A program in front of a server, with TLS or without. It may log the user anna in.

    A kind of proxy has the name of its `program`, the Debian `package`, and `command`, which writes
    a configuration and returns the command that reads it.
    """

    def __init__(self, directory, server, root="", *, tls=True, login=False):
        self.program = shutil.which(self.name) or shutil.which(self.name, path="/usr/sbin")
        if self.program is None:
            pytest.skip(f"no {self.name}: apt-get install {self.package}")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        directory.mkdir()
        self.directory, self.server = directory, server
        self.certificate, self.key = directory / "cert.pem", directory / "cert.key"
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}{root}/"
        if tls:
            make_certificate(self.certificate, self.key)
        command = self.command(root, tls=tls, login=login)
        self._said = (directory / "log").open("w+")
        self.process = subprocess.Popen(command, stderr=self._said, cwd=directory)
        end = time.monotonic() + 60
        while not self._listens():
            self._said.seek(0)
            assert self.process.poll() is None, self._said.read()
            assert time.monotonic() < end, f"{self.name} does not listen"
            time.sleep(0.02)

    def _listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except OSError:
            return False
        return True

    def stop(self):
        """End it."""
        self.process.terminate()
        self.process.wait(timeout=20)
        self._said.close()


class Nginx(Proxy):
    """nginx."""

    name, package = "nginx", "nginx-light"

    def command(self, root, *, tls, login):
        """Write the configuration, and return the command."""
        directory = self.directory
        block = configuration("nginx", "Remote-User" if login else f"location {root}/ {{")
        block = block.replace("127.0.0.1:8765", f"127.0.0.1:{self.server.port}")
        block = block.replace("listen 443 ssl", f"listen 127.0.0.1:{self.port}{' ssl' * tls}")
        block = block.replace("/etc/ssl/music.example", str(directory / "cert"))
        block = block.replace("/etc/nginx/segue.users", str(directory / "users"))
        if login:
            made = ["openssl", "passwd", "-apr1", PASSWORD]
            code = subprocess.run(made, check=True, capture_output=True, text=True).stdout
            (directory / "users").write_text(f"anna:{code}")
        if not tls:
            block = re.sub(r"ssl_certificate.*", "", block)
        places = "".join(
            f"{name}_temp_path {directory}/{name};\n"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (directory / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {directory}/pid; error_log stderr;\n"
            f"events {{}}\nhttp {{\naccess_log off;\n{places}{block}}}\n"
        )
        return [self.program, "-e", "stderr", "-p", directory, "-c", directory / "nginx.conf"]


class Caddy(Proxy):
    """Caddy."""

    name, package = "caddy", "caddy"

    def command(self, root, *, tls, login):
        """Write the configuration, and return the command."""
        block = configuration("caddy", "Remote-User" if login else f"reverse_proxy {root}")
        block = block.replace("127.0.0.1:8765", f"127.0.0.1:{self.server.port}")
        certificate = f"tls {self.certificate} {self.key}" if tls else ""
        site = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        block = block.replace("music.example {", f"{site} {{\n{certificate}", 1)
        if login:
            made = [self.program, "hash-password", "--plaintext", PASSWORD]
            code = subprocess.run(made, check=True, capture_output=True, text=True).stdout
            block = block.replace("HASH", code.strip())
        # no port of its own, and nothing outside this directory
        options = f"admin off\nauto_https disable_redirects\nstorage file_system {self.directory}"
        file = self.directory / "Caddyfile"
        file.write_text(f"{{\n{options}\n}}\n{block}")
        return [self.program, "run", "--adapter", "caddyfile", "--config", file]
