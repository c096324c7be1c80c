"""Digest of the sound of a file: a hash of its encoded audio, without name and tags.

The packets of the audio stream are hashed as stored. Tags, pictures and padding are left out, so
that a retagged file has the same digest. A file that FFmpeg cannot demultiplex is hashed as a
whole.
"""

import hashlib
from pathlib import Path
from typing import Final

from segue.audio.pcm import opened
from segue.errors import AudioError, UnreadableAudioError

DIGEST_BYTES: Final = 16


def new_hash() -> "hashlib.blake2b":
    """Return the hash that is updated with the packets of a file."""
    return hashlib.blake2b(digest_size=DIGEST_BYTES)


def digest(path: Path) -> bytes:
    """Return the digest of the sound of a file, 16 bytes.

    Raises
    ------
    AudioError
        If it cannot be read.
    """
    hashed, n_packets = new_hash(), 0
    try:
        with opened(path) as (container, stream):
            for packet in container.demux(stream):
                hashed.update(packet)
                n_packets += 1
    except AudioError:
        # a truncated file has the digest of its packets
        if n_packets == 0:
            return _of_bytes(path)
    return hashed.digest()


def _of_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, new_hash).digest()
    except OSError as error:
        raise UnreadableAudioError(
            f"'{path}' cannot be read ({error.strerror}): check its permissions."
        ) from error
