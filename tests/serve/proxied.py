"""Run nginx with the configurations of docs/reverse-proxy.md."""

import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "reverse-proxy.md"


def configuration(root):
    """Return the configuration that the page gives for a server below a path."""
    blocks = re.findall(r"```nginx\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    return next(block for block in blocks if f"location {root}/ {{" in block)


def make_certificate(certificate, key):
    """Write a certificate for 127.0.0.1 that it has signed itself, and its key."""
    subject = ("-subj", "/CN=music.example", "-addext", "subjectAltName=IP:127.0.0.1")
    made = ("-newkey", "rsa:2048", "-nodes", "-keyout", key)
    subprocess.run(
        ["openssl", "req", "-x509", *made, "-out", certificate, *subject],
        check=True,
        capture_output=True,
    )


class Nginx:
    """nginx in front of a server, with TLS or without."""

    def __init__(self, directory, server, root="", tls=True):
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if program is None:
            pytest.skip("no nginx: apt-get install nginx-light")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        directory.mkdir()
        self.certificate = directory / "cert.pem"
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}{root}/"
        block = configuration(root).replace("127.0.0.1:8765", f"127.0.0.1:{server.port}")
        block = block.replace("listen 443 ssl", f"listen 127.0.0.1:{self.port}{' ssl' * tls}")
        block = block.replace("/etc/ssl/music.example", str(directory / "cert"))
        if not tls:
            block = re.sub(r"ssl_certificate.*", "", block)
        else:
            make_certificate(self.certificate, directory / "cert.key")
        places = "".join(
            f"{name}_temp_path {directory}/{name};\n"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (directory / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {directory}/pid; error_log stderr;\n"
            f"events {{}}\nhttp {{\naccess_log off;\n{places}{block}}}\n"
        )
        self._said = (directory / "log").open("w+")
        command = [program, "-e", "stderr", "-p", directory, "-c", directory / "nginx.conf"]
        self.process = subprocess.Popen(command, stderr=self._said)
        end = time.monotonic() + 60
        while not self._listens():
            self._said.seek(0)
            assert self.process.poll() is None, self._said.read()
            assert time.monotonic() < end, "nginx does not listen"
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
