"""Which sound a file holds, whatever its name and tags: a hash of its encoded audio.

The packets of the audio stream are hashed as they lie in the file. Tags, pictures and their
padding are no part of it, so that a file with other tags is known for the same; a file that FFmpeg
cannot take apart is hashed byte by byte.
"""

import hashlib
from pathlib import Path
from typing import Final

from segue.audio.pcm import opened
from segue.errors import AudioError, UnreadableAudioError

DIGEST_BYTES: Final = 16


def new_hash() -> "hashlib.blake2b":
    """Return what the packets of a file are given to, one after another."""
    return hashlib.blake2b(digest_size=DIGEST_BYTES)


def digest(path: Path) -> bytes:
    """Return 16 bytes by which the sound of a file is known again.

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
        # a file that is cut short is known by what there is
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
