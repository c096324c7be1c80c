"""Read blocks of mono samples from an audio file, at the rate of the file.

Conventions
-----------
- FFmpeg (through PyAV) reads first: it supports every common format, and is faster than libsndfile
  in all of them (``docs/performance.md``). libsndfile reads the files that FFmpeg refuses.
- Channels are averaged with equal weight; integers are scaled so that full scale is -1 to 1.
- Packets that do not decode are skipped. The decoder removes the encoder delay and padding that a
  file states.
- Only local files are opened: a playlist under an audio name is not followed.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from segue.audio.spectrum import Floats
from segue.errors import AudioError

if TYPE_CHECKING:
    import hashlib

    import av
    import soundfile

BLOCK_SAMPLES = 131_072  # of one channel: 3 s at 44.1 kHz
_WARM_UP = 0.1  # s before a window: the first packets after a seek decode badly
_DTYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
_MAX_PLANES = 8  # channels that a planar frame exposes; files with more are rare
_OPTIONS = {"protocol_whitelist": "file"}


@dataclass(frozen=True, slots=True)
class Pcm:
    """A block of consecutive samples.

    Attributes
    ----------
    mono : NDArray[float32] [n_samples]
        The mean of the channels.
    rate : int
        Samples a second.
    energy : float
        Sum over all samples and channels of the squared sample.
    """

    mono: Floats
    rate: int
    energy: float


def read_pcm(path: Path, hashed: "hashlib.blake2b | None" = None) -> Iterator[Pcm]:
    """Yield the whole file in blocks, from its beginning.

    Parameters
    ----------
    path : Path
    hashed : hash, optional
        Updated with every packet: see `segue.audio.digest`.

    Raises
    ------
    AudioError
        If no part of it can be decoded.
    """
    empty = True
    reason: AudioError | None = None
    try:
        for block in _read_with_ffmpeg(path, hashed):
            empty = False
            yield block
    except AudioError as error:
        # a truncated file is used up to the cut
        reason = error
    if empty:
        yield from _read_with_libsndfile(path, reason)


def read_pcm_window(path: Path, start: float, seconds: float) -> Iterator[Pcm]:
    """Yield `seconds` of the file from `start` on, in blocks; less if it ends before.

    Raises
    ------
    AudioError
        If FFmpeg cannot open the file or nothing decodes there.
    """
    with opened(path) as (container, stream):
        if start > _WARM_UP:
            # in units of 1/AV_TIME_BASE s
            container.seek(round((start - _WARM_UP) * 1_000_000), backward=True)
        yield from _cut(_decode(container, stream, path), start, seconds)


def claimed_duration(path: Path) -> float | None:
    """Return the length in seconds that the header states; None if it states none."""
    try:
        with opened(path) as (container, stream):
            if stream.duration and stream.time_base:
                return float(stream.duration * stream.time_base)
            return container.duration / 1_000_000 if container.duration else None
    except AudioError:
        return None


@contextmanager
def openable(path: Path) -> "Iterator[str | BinaryIO]":
    """Yield the name of a file, or the open file if its name is not UTF-8."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        with path.open("rb") as file:
            yield file
    else:
        yield str(path)


@contextmanager
def opened(path: Path) -> "Iterator[tuple[av.container.InputContainer, av.AudioStream]]":
    """Open a file with FFmpeg; yield its container and its first audio stream.

    Raises
    ------
    AudioError
        If it has no audio stream, or FFmpeg fails inside the block.
    """
    import av

    try:
        with (
            openable(path) as readable,
            av.open(readable, mode="r", options=_OPTIONS, metadata_errors="ignore") as container,
        ):
            if not container.streams.audio:
                raise AudioError(f"'{path}' has no audio stream: replace it or leave it out.")
            stream = container.streams.audio[0]
            if stream.codec_context is None:
                raise AudioError(f"'{path}' has an unknown encoding: replace it or leave it out.")
            # other processes use the other cores
            stream.codec_context.thread_type = "NONE"
            yield container, stream
    # PyAV raises ValueError for some broken headers
    except (av.FFmpegError, ValueError) as error:
        raise _undecodable(path, _message(error)) from error


def _read_with_ffmpeg(path: Path, hashed: "hashlib.blake2b | None") -> Iterator[Pcm]:
    with opened(path) as (container, stream):
        for block, _ in _decode(container, stream, path, hashed):
            yield block


def _decode(
    container: "av.container.InputContainer",
    stream: "av.AudioStream",
    path: Path,
    hashed: "hashlib.blake2b | None" = None,
) -> Iterator[tuple[Pcm, float]]:
    """Yield blocks, each with the time in seconds of its first sample."""
    import av

    # frames are small (1,024 samples in Vorbis): converting each to an array would cost as much
    # as decoding it
    fifo, current = av.AudioFifo(), ("", 0, 0)
    time = 0.0  # of the first sample in it
    reason, decoded = "no packet of it decodes", False
    for packet in container.demux(stream):
        if hashed is not None:
            hashed.update(packet)
        try:
            frames = packet.decode()
        except (av.FFmpegError, ValueError) as error:
            reason = _message(error)
            continue
        for frame in frames:
            decoded = True
            # the fifo does not notice a changed number of channels, and reads past their end
            shape = (frame.format.name, frame.layout.nb_channels, frame.sample_rate)
            if shape != current:
                if fifo.samples:
                    yield _to_pcm(fifo.read(0)), time
                fifo, current = av.AudioFifo(), shape
            if fifo.samples == 0:
                time = frame.time or 0.0
            frame.pts = None
            fifo.write(frame)
            if fifo.samples >= BLOCK_SAMPLES:
                yield _to_pcm(fifo.read(0)), time
    if not decoded:
        raise _undecodable(path, reason)
    if fifo.samples:
        yield _to_pcm(fifo.read(0)), time


def _to_pcm(frame: Any) -> Pcm:
    # frame.to_ndarray reads past the last of eight channels and more
    kind = np.dtype(_DTYPES[frame.format.name.removesuffix("p")])
    n_channels, n_samples = frame.layout.nb_channels, frame.samples
    if frame.format.is_planar:
        planes = frame.planes[: min(n_channels, _MAX_PLANES)]
        channels = [np.frombuffer(plane, kind, n_samples) for plane in planes]
    else:
        samples = np.frombuffer(frame.planes[0], kind, n_samples * n_channels)
        channels = list(samples.reshape(-1, n_channels).T)
    scale = 1.0
    if kind == np.uint8:
        channels, scale = [channel.astype(np.int16) - 128 for channel in channels], 1.0 / 128.0
    elif kind.kind == "i":
        scale = 1.0 / (float(np.iinfo(kind).max) + 1.0)
    return _averaged(channels, frame.sample_rate, scale)


def _averaged(channels: "Sequence[np.ndarray[Any, Any]]", rate: int, scale: float) -> Pcm:
    mono: Floats | None = None
    energy = 0.0
    # a double beyond single precision becomes infinite, which the caller refuses
    with np.errstate(over="ignore", invalid="ignore"):
        for channel in channels:
            samples = np.ascontiguousarray(channel, dtype=np.float32)
            energy += float(np.vdot(samples, samples))
            # the first channel is copied, because the others are added to it
            mono = np.array(samples) if mono is None else np.add(mono, samples, out=mono)
        if mono is None:
            raise ValueError("a block has at least one channel")
        factor = np.float32(scale / len(channels))
        if factor != 1.0:
            mono *= factor
    return Pcm(mono, rate, energy * scale * scale)


def _cut(blocks: Iterator[tuple[Pcm, float]], start: float, seconds: float) -> Iterator[Pcm]:
    """Yield the samples between `start` and ``start + seconds``."""
    for block, time in blocks:
        first = max(round((start - time) * block.rate), 0)
        end = round((start + seconds - time) * block.rate)
        kept = block.mono[first : max(end, 0)]
        if len(kept):
            yield Pcm(kept, block.rate, block.energy * len(kept) / len(block.mono))
        if end <= len(block.mono):
            return


def _read_with_libsndfile(path: Path, refused: AudioError | None) -> Iterator[Pcm]:
    import soundfile

    try:
        with openable(path) as readable, soundfile.SoundFile(readable) as file:
            check_header(path, file)
            while len(block := file.read(BLOCK_SAMPLES, dtype="float32", always_2d=True)):
                yield _averaged(list(block.T), file.samplerate, 1.0)
    except soundfile.LibsndfileError as error:
        raise refused or _undecodable(path, str(error)) from error


def check_header(path: Path, file: "soundfile.SoundFile") -> None:
    """Raise `AudioError` if libsndfile opened a file without a header."""
    if file.format == "RAW":
        # headerless .au: libsndfile would read any bytes as samples
        raise AudioError(
            f"'{path}' has no header that states its format: replace it or leave it out."
        )


def _undecodable(path: Path, reason: str) -> AudioError:
    return AudioError(
        f"'{path}' cannot be decoded as audio ({reason}): replace it or leave it out."
    )


def _message(error: Exception) -> str:
    """Return the message of FFmpeg without its number and path."""
    words: str = getattr(error, "strerror", None) or str(error)
    return words[:1].lower() + words[1:]
