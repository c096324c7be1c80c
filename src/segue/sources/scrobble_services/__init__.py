"""Clients of the services that listens are sent to: ListenBrainz, Last.fm and Maloja.

They run only for listeners who connected an account there, and send what these chose. Addresses are
https or http; redirects are not followed, since they would carry credentials to another host.
"""

from segue.sources.scrobble_services.forwarded_listen import (
    CredentialsError,
    ForwardedListen,
    OpinionService,
    ScrobbleService,
    UnavailableError,
)
from segue.sources.scrobble_services.lastfm_client import LastfmClient
from segue.sources.scrobble_services.listenbrainz_client import ListenBrainzClient
from segue.sources.scrobble_services.maloja_client import MalojaClient

__all__ = [
    "CredentialsError",
    "ForwardedListen",
    "LastfmClient",
    "ListenBrainzClient",
    "MalojaClient",
    "OpinionService",
    "ScrobbleService",
    "UnavailableError",
]
