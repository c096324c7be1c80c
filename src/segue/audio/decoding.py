"""Decode an audio file to one mono signal at one rate, completely or block by block.

Conventions
-----------
- A signal is float32 ``[n_samples]``, full scale is -1 to 1 (louder float files stay louder).
- Channels are averaged with equal weight, then the mean is resampled with soxr's high quality.
- Silence is a signal. Empty files, files that cannot be decoded, and files with NaN or infinite
  samples are refused. Broken packets inside a file that otherwise decodes are skipped.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.audio.digest import digest, new_hash
from segue.audio.pcm import Pcm, claimed_duration, read_pcm, read_pcm_window
from segue.audio.settings import SAMPLE_RATE
from segue.errors import AudioError, UnreadableAudioError

if TYPE_CHECKING:
    import hashlib

    from segue.audio.spectrum import Floats

MAX_SAMPLE = 1e9  # above any integer PCM read as float; larger squares overflow float32


def decode(
    path: Path, sample_rate: int = SAMPLE_RATE, max_seconds: float | None = None
) -> "Floats":
    """Decode `path` to mono at `sample_rate`.

    Parameters
    ----------
    path : Path
        An audio file of any format that FFmpeg or libsndfile reads.
    sample_rate : int > 0
        Samples a second of the result.
    max_seconds : float > 0, optional
        Read no more than this much of the beginning.

    Returns
    -------
    NDArray[float32] [n_samples]
        The mean of the channels, contiguous, at least one sample, all finite.

    Raises
    ------
    AudioError
        If the file is missing, empty, cannot be decoded, or holds NaN or infinite samples.
    """
    recording = Recording(path, sample_rate)
    limit = None if max_seconds is None else round(max_seconds * sample_rate)
    blocks: list[Floats] = []
    n_samples = 0
    for block in recording.blocks():
        blocks.append(block)
        n_samples += len(block)
        if limit is not None and n_samples >= limit:
            break
    return np.concatenate(blocks)[:limit]


class Recording:
    """An audio file whose signal is read in blocks: memory does not grow with its length.

    Parameters
    ----------
    path : Path
    sample_rate : int > 0
        Samples a second of the blocks.

    Raises
    ------
    AudioError
        If the file is missing, empty, or not a file.

    Attributes
    ----------
    energy, mono_energy : float
        Sums of squares of the samples read so far, of all channels and of their mean, at the rate
        of the file.
    """

    def __init__(self, path: Path, sample_rate: int = SAMPLE_RATE) -> None:
        self.path = Path(path)
        self.sample_rate = sample_rate
        self.energy = 0.0
        self.mono_energy = 0.0
        self._hash: hashlib.blake2b | None = None
        check_file(self.path)

    def blocks(self) -> "Iterator[Floats]":
        """Yield the signal ``[n_samples]`` from beginning to end, a few seconds at a time.

        Raises
        ------
        AudioError
            If it cannot be decoded, holds no sample, or samples that are not finite.
        """
        empty, hashed = True, new_hash()
        untouched = hashed.digest()
        for block in self._resampled(read_pcm(self.path, hashed)):
            empty = False
            yield block
        if empty:
            raise AudioError(f"'{self.path}' has no audio samples: replace it or leave it out.")
        if hashed.digest() != untouched:
            self._hash = hashed

    def digest(self) -> bytes:
        """Return `segue.audio.digest.digest` of the file, without reading it again after `blocks`.

        Raises
        ------
        AudioError
            If it cannot be read.
        """
        return digest(self.path) if self._hash is None else self._hash.digest()

    def window(self, start: float, seconds: float) -> "Floats":
        """Return `seconds` of the signal from `start` on, less if it ends before.

        Raises
        ------
        AudioError
            If it cannot be decoded there.
        """
        blocks = list(self._resampled(read_pcm_window(self.path, start, seconds)))
        return np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.float32)

    def claimed_duration(self) -> float | None:
        """Return the length in seconds that the file states; None if it states none."""
        return claimed_duration(self.path)

    @property
    def channel_gain(self) -> float:
        """Energy of all channels divided by the energy of their mean; 1 for silence."""
        return self.energy / self.mono_energy if self.mono_energy > 0.0 else 1.0

    def _resampled(self, blocks: Iterable[Pcm]) -> "Iterator[Floats]":
        resampler: Any = None
        rate = 0
        for block in blocks:
            self._measure(block)
            if rate not in (0, block.rate) and resampler is not None:
                yield from _nonempty(resampler.resample_chunk(block.mono[:0], last=True))
            if rate != block.rate:
                rate = block.rate
                resampler = self._resampler(rate)
            yield from _nonempty(
                block.mono if resampler is None else resampler.resample_chunk(block.mono)
            )
        if resampler is not None:
            yield from _nonempty(resampler.resample_chunk(np.zeros(0, np.float32), last=True))

    def _resampler(self, rate: int) -> Any:  # soxr has no types
        import soxr

        if rate == self.sample_rate:
            return None
        return soxr.ResampleStream(rate, self.sample_rate, 1, dtype="float32", quality="HQ")

    def _measure(self, block: Pcm) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            mono_energy = float(np.vdot(block.mono, block.mono))
        # below this limit no sample is too large or NaN
        if not block.energy < MAX_SAMPLE**2:
            check_signal(block.mono, str(self.path))
        self.energy += block.energy
        self.mono_energy += mono_energy


def check_signal(signal: "Floats", name: str) -> None:
    """Raise `AudioError` unless all samples are finite and of a magnitude that audio can have."""
    # NaN and infinity fail this comparison, too
    if not max(abs(float(signal.max())), abs(float(signal.min()))) < MAX_SAMPLE:
        raise AudioError(
            f"'{name}' has samples that are NaN, infinite or above 1e9, where full scale is 1: "
            "encode it again from a good source."
        )


def _nonempty(block: "Floats") -> "Iterator[Floats]":
    if len(block):
        yield block


def check_file(path: Path) -> None:
    """Raise `AudioError` unless `path` is a readable file that is not empty."""
    try:
        size = path.stat().st_size if path.is_file() else None
        if size is not None:
            # a decoder would report a missing permission as undecodable audio
            path.open("rb").close()
    except OSError as error:
        raise UnreadableAudioError(
            f"'{path}' cannot be read ({error.strerror}): check its permissions."
        ) from error
    if size is None:
        raise AudioError(f"There is no audio file '{path}': check the path.")
    if size == 0:
        raise AudioError(f"'{path}' is an empty file: replace it or leave it out.")
