"""Transcode any audio file to MP3 or Opus, piece by piece, for `segue.audio.streaming`.

FFmpeg decodes (libsndfile decodes the files that it refuses), resamples and encodes. Memory holds a
few frames at a time. The encoders are LAME and libopus, which are part of PyAV.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from segue.audio.pcm import check_header, openable, opened
from segue.errors import AudioError

if TYPE_CHECKING:
    import av

_PIECE = 16_384  # bytes: half a second
_WARM_UP = 0.1  # s before the start: the first packets after a seek decode badly
_BLOCK = 16_384  # samples that libsndfile reads at a time

_MP3_KILOBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)


@dataclass(frozen=True, slots=True)
class Codec:
    """An output format: names in FFmpeg, ascending `bitrates`, sample formats."""

    encoder: str
    container: str
    bitrates: Sequence[int]
    sample_formats: str
    options: dict[str, str]
    any_bitrate: bool = False

    def rounded(self, bitrate: int) -> int:
        """Return the highest supported bit rate that is not above this one."""
        if self.any_bitrate:
            return bitrate
        return max(one for one in self.bitrates if one <= bitrate)


CODECS: Final[dict[str, Codec]] = {
    # a stream cannot be rewound to write its length
    "mp3": Codec(
        "libmp3lame",
        "mp3",
        tuple(1_000 * kilobits for kilobits in _MP3_KILOBITS),
        "fltp",
        {"write_xing": "0", "id3v2_version": "0"},
    ),
    "opus": Codec("libopus", "ogg", (6_000, 510_000), "flt", {}, any_bitrate=True),
}
DEFAULT_BITRATES: Final[dict[str, int]] = {"mp3": 192_000, "opus": 128_000}


def transcoded(
    path: Path, codec: Codec, bitrate: int, start: float
) -> Generator[bytes, None, None]:
    """Yield pieces of a file, transcoded, from `start` seconds on.

    Raises
    ------
    AudioError
        If no part of it decodes, or it ends before `start`.
    """
    empty = True
    reason: AudioError | None = None
    try:
        with opened(path) as (container, stream):
            frames = _decoded(container, stream, start)
            for piece in _encoded(frames, codec, bitrate, start):
                empty = False
                yield piece
    except AudioError as error:
        # a truncated file is played up to the cut
        reason = error
    if empty:
        with closing(_read_by_libsndfile(path, start, reason)) as frames:
            for piece in _encoded(frames, codec, bitrate, start):
                empty = False
                yield piece
    if empty:
        raise reason or AudioError(
            f"'{path}' holds no audio after {start:g} s: begin earlier, or replace it."
        )


class _Sink:
    """Output of the encoder: it cannot seek, and `take` empties it."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def __len__(self) -> int:
        return len(self._bytes)

    def write(self, data: bytes) -> int:
        self._bytes += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken


def _encoded(
    frames: "Iterator[tuple[av.AudioFrame, float]]", codec: Codec, bitrate: int, start: float
) -> Iterator[bytes]:
    """Encode frames, each with its time in seconds, from `start` on."""
    import av

    first = next(frames, None)
    if first is None:
        return
    rate = _rate_for(codec, first[0].sample_rate)
    layout = "mono" if first[0].layout.nb_channels == 1 else "stereo"
    sink = _Sink()
    with av.open(sink, "w", format=codec.container, options=codec.options) as output:
        stream: Any = output.add_stream(codec.encoder, rate=rate, layout=layout)
        stream.bit_rate = bitrate
        stream.codec_context.thread_type = "NONE"
        resampled = _resampled(first, frames, codec.sample_formats, layout, rate)
        done, each = 0, Fraction(1, rate)  # samples, s
        for frame in _from(resampled, start, rate):
            frame.pts, frame.time_base = done, each
            done += frame.samples
            output.mux(stream.encode(frame))
            if len(sink) >= _PIECE:
                yield sink.take()
        if not done:
            return
        output.mux(stream.encode(None))
    if len(sink):
        yield sink.take()


def _rate_for(codec: Codec, rate: int) -> int:
    return 44_100 if codec.container == "mp3" and rate % 11_025 == 0 else 48_000


def _decoded(
    container: "av.container.InputContainer", stream: "av.AudioStream", start: float
) -> "Iterator[tuple[av.AudioFrame, float]]":
    """Yield the frames of a file from a little before `start` on, each with its time."""
    import av

    if start > _WARM_UP:
        # in units of 1/AV_TIME_BASE s
        container.seek(round((start - _WARM_UP) * 1_000_000), backward=True)
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except (av.FFmpegError, ValueError):
            continue
        for frame in frames:
            yield frame, frame.time or 0.0


def _read_by_libsndfile(
    path: Path, start: float, refused: AudioError | None
) -> "Generator[tuple[av.AudioFrame, float], None, None]":
    import av
    import soundfile

    try:
        with openable(path) as readable, soundfile.SoundFile(readable) as file:
            check_header(path, file)
            file.seek(min(int(start * file.samplerate), file.frames))
            time = file.tell() / file.samplerate
            while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
                # more than two channels are averaged
                kept = block if block.shape[1] <= 2 else block.mean(axis=1, keepdims=True)
                planes = np.ascontiguousarray(kept.T)
                layout = "mono" if len(planes) == 1 else "stereo"
                frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=layout)
                frame.sample_rate = file.samplerate
                yield frame, time
                time += len(block) / file.samplerate
    except soundfile.LibsndfileError as error:
        raise refused or AudioError(
            f"'{path}' cannot be decoded as audio ({error}): replace it or leave it out."
        ) from error


def _resampled(
    first: "tuple[av.AudioFrame, float]",
    others: "Iterator[tuple[av.AudioFrame, float]]",
    sample_format: str,
    layout: str,
    rate: int,
) -> "Iterator[tuple[av.AudioFrame, float]]":
    """Convert frames to one format; yield each with the time of the very first sample."""
    import av

    begun = first[1]
    resampler: Any = None
    current = ("", "", 0)
    for frame, _ in _chained(first, others):
        # the format may change within a file
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if shape != current:
            if resampler is not None:
                yield from ((one, begun) for one in resampler.resample(None))
            resampler, current = av.AudioResampler(sample_format, layout, rate), shape
        frame.pts = None
        yield from ((one, begun) for one in resampler.resample(frame))
    yield from ((one, begun) for one in resampler.resample(None))


def _chained(
    first: "tuple[av.AudioFrame, float]", others: "Iterator[tuple[av.AudioFrame, float]]"
) -> "Iterator[tuple[av.AudioFrame, float]]":
    yield first
    yield from others


def _from(
    frames: "Iterator[tuple[av.AudioFrame, float]]", start: float, rate: int
) -> "Iterator[av.AudioFrame]":
    """Drop everything before `start`, to the sample."""
    import av

    passed = 0
    for frame, begun in frames:
        before = round((start - begun) * rate) - passed
        passed += frame.samples
        if before >= frame.samples:
            continue
        if before <= 0:
            yield frame
            continue
        # packed samples are interleaved in one plane
        samples: Any = frame.to_ndarray()
        each = 1 if frame.format.is_planar else frame.layout.nb_channels
        rest = np.ascontiguousarray(samples[:, before * each :])
        cut = av.AudioFrame.from_ndarray(rest, format=frame.format.name, layout=frame.layout.name)
        cut.sample_rate = rate
        yield cut
