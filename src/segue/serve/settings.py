"""How a library is served: settings that every process of one server shares."""

import json
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import Final

ENVIRONMENT: Final = "SEGUE_SERVE"
"""Where the processes of one server find the library's directory and their settings."""

KIB: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one server.

    Parameters
    ----------
    host, port
        Where it listens.
    names
        Host names that it may be asked for by, besides those of this machine.
    behind_proxy, https
        Whether a proxy on this machine passes requests on, and whether browsers reach that by
        https.
    open_to_all
        Whether anybody who reaches it may be whom they say, as long as there are no accounts.
    workers
        Processes that answer.
    threads
        Requests that compute at the same time, a process.
    largest_body, largest_file
        Bytes of a request's body, and of a playlist that is brought in.
    all_bodies
        Bytes of all bodies that come at the same time, to one process.
    body_seconds
        Seconds within which a body must have come.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    names: tuple[str, ...] = ()
    behind_proxy: bool = False
    https: bool = False
    open_to_all: bool = False
    workers: int = 1
    threads: int = 8
    largest_body: int = 1024 * KIB
    largest_file: int = 8 * 1024 * KIB
    all_bodies: int = 64 * 1024 * KIB
    body_seconds: float = 30.0

    @property
    def loopback(self) -> bool:
        """Whether only programs of this machine reach it."""
        return is_loopback(self.host)

    @property
    def exposed(self) -> bool:
        """Whether other machines may reach it, by its address or through a proxy."""
        return not self.loopback or self.behind_proxy or self.https or bool(self.names)

    def to_json(self) -> str:
        """Return the settings as text, for another process of the same server."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Settings":
        """Return the settings that `to_json` gave.

        >>> settings = Settings(names=("music.home",))
        >>> Settings.from_json(settings.to_json()) == settings
        True
        """
        values = json.loads(text)
        return cls(**{**values, "names": tuple(values["names"])})


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine itself, reached by no other.

    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "music.home")]
    [True, True, True, False, False]
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
