"""Read an audio file as one mono signal.

Conventions
-----------
- A signal is float32 ``[n_samples]``, full scale is -1 to 1 (louder float files stay louder).
- Channels are averaged with equal weight, then the mean is resampled with soxr's high quality.
- libsndfile reads what it can (wav, flac, ogg, opus, mp3, aiff, au, caf, ...); FFmpeg, through
  PyAV, the rest (m4a, aac, wma, ...).
- Silence is a signal. An empty file, one that cannot be decoded, and one with NaN or infinite
  samples are not. Broken packets inside a file that otherwise decodes are passed over.
"""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from segue.audio.settings import SAMPLE_RATE
from segue.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

BLOCK_SECONDS = 30
LOUDEST = 1e9  # above any integer PCM read as float; squares of more would overflow float32


def decode(
    path: Path, sample_rate: int = SAMPLE_RATE, max_seconds: float | None = None
) -> "NDArray[np.float32]":
    """Decode `path` to mono at `sample_rate`.

    Parameters
    ----------
    path : Path
        An audio file of any format that libsndfile or FFmpeg reads.
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
    path = Path(path)
    try:
        size = path.stat().st_size if path.is_file() else None
    except OSError as error:
        raise AudioError(f"'{path}' cannot be read ({error}): check its permissions.") from error
    if size is None:
        raise AudioError(f"There is no audio file '{path}': check the path.")
    if size == 0:
        raise AudioError(f"'{path}' is an empty file: replace it or leave it out.")
    signal, rate = _read(path, max_seconds)
    if signal.size == 0:
        raise AudioError(f"'{path}' holds no audio samples: replace it or leave it out.")
    check_signal(signal, str(path))
    return _resample(signal, rate, sample_rate)


def check_signal(signal: "NDArray[np.float32]", name: str) -> None:
    """Raise `AudioError` unless all samples are finite and of a magnitude that audio can have."""
    # NaN and infinity fail this comparison too.
    if not max(abs(float(signal.max())), abs(float(signal.min()))) < LOUDEST:
        raise AudioError(
            f"'{name}' holds samples that are NaN, infinite or beyond 1e9 where full scale is 1: "
            "encode it anew from a good source."
        )


def _read(path: Path, max_seconds: float | None) -> "tuple[NDArray[np.float32], int]":
    import soundfile

    try:
        signal, rate = _read_with_soundfile(path, max_seconds)
    except soundfile.LibsndfileError:
        return _read_with_av(path, max_seconds)
    if signal.size == 0:
        # A foreign file may look to libsndfile like one of its own with nothing in it.
        return _read_with_av(path, max_seconds)
    return signal, rate


@contextmanager
def _openable(path: Path) -> "Iterator[str | BinaryIO]":
    """Give what both libraries open: the name, or the open file where the name is not UTF-8."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        with path.open("rb") as file:
            yield file
    else:
        yield str(path)


def _read_with_soundfile(
    path: Path, max_seconds: float | None
) -> "tuple[NDArray[np.float32], int]":
    import soundfile

    with _openable(path) as readable, soundfile.SoundFile(readable) as file:
        if file.format == "RAW":
            # headerless .au: libsndfile would take any bytes for sound
            raise AudioError(
                f"'{path}' has no header that tells its format: replace it or leave it out."
            )
        rate: int = file.samplerate
        limit = -1 if max_seconds is None else round(max_seconds * rate)
        weights = np.full(file.channels, 1.0 / file.channels, dtype=np.float32)
        mono: list[NDArray[np.float32]] = []
        n_samples = 0
        # In blocks, so that a long file of many channels is never in memory whole.
        while n_samples != limit:
            wanted = (
                BLOCK_SECONDS * rate if limit < 0 else min(BLOCK_SECONDS * rate, limit - n_samples)
            )
            block = file.read(wanted, dtype="float32", always_2d=True)
            if len(block) == 0:
                break
            n_samples += len(block)
            mono.append(block[:, 0] if file.channels == 1 else block @ weights)
    return _joined(mono), rate


def _reason(error: Exception) -> str:
    """Return FFmpeg's own words, without the number and the path that come with them."""
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return words[:1].lower() + words[1:]


def _read_with_av(path: Path, max_seconds: float | None) -> "tuple[NDArray[np.float32], int]":
    import av

    mono: list[NDArray[np.float32]] = []
    rate, n_samples = 0, 0
    reason = "no packet of it decodes"
    try:
        with (
            _openable(path) as readable,
            av.open(readable, mode="r", metadata_errors="ignore") as container,
        ):
            if not container.streams.audio:
                raise AudioError(f"'{path}' has no audio stream: replace it or leave it out.")
            to_planar_float = av.AudioResampler(format="fltp")
            for packet in container.demux(container.streams.audio[0]):
                try:
                    frames = [
                        converted
                        for frame in packet.decode()
                        for converted in to_planar_float.resample(frame)
                    ]
                except (av.FFmpegError, ValueError) as error:
                    # Broken, or of another layout than the packets before it.
                    reason = _reason(error)
                    continue
                for frame in frames:
                    rate = frame.sample_rate
                    mono.append(frame.to_ndarray().mean(axis=0))  # [n_channels, n] -> [n]
                    n_samples += frame.samples
                if max_seconds is not None and rate and n_samples >= max_seconds * rate:
                    break
    except av.FFmpegError as error:
        reason = _reason(error)
    if not mono:
        raise AudioError(
            f"'{path}' cannot be decoded as audio ({reason}): replace it or leave it out."
        )
    signal = _joined(mono)
    return signal if max_seconds is None else signal[: round(max_seconds * rate)], rate


def _joined(blocks: "list[NDArray[np.float32]]") -> "NDArray[np.float32]":
    return np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.float32)


def _resample(signal: "NDArray[np.float32]", rate: int, sample_rate: int) -> "NDArray[np.float32]":
    if rate == sample_rate:
        return np.ascontiguousarray(signal)
    import soxr

    resampled: NDArray[np.float32] = soxr.resample(signal, rate, sample_rate, quality="HQ")
    # A few samples at a high rate may come to none at a lower one.
    return resampled if resampled.size else signal[:1]
