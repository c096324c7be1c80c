"""Make short audio files of many containers for tests."""

import struct
from pathlib import Path

import av
import numpy as np
import soundfile

CONTAINERS = {
    "flac": ("flac", 22_050),
    "ogg": ("vorbis", 44_100),
    "opus": ("libopus", 48_000),
    "mp3": ("libmp3lame", 44_100),
    "m4a": ("aac", 44_100),
    "wma": ("wmav2", 44_100),
    "wav": ("pcm_s16le", 22_050),
    "aiff": ("pcm_s16be", 22_050),
    "wv": ("wavpack", 44_100),
    "tta": ("tta", 44_100),
    "mka": ("flac", 44_100),
    "aac": ("aac", 44_100),
    "mp2": ("mp2", 44_100),
    "ac3": ("ac3", 44_100),
    "ape": ("", 44_100),
    "au": ("pcm_s16be", 22_050),
}
"""Codec and sample rate by suffix."""


def audio_file(path: Path, kind: str = "", hertz: float = 440.0, seconds: float = 0.5) -> Path:
    """Write a tone in the container of `kind`, by default that of the suffix; it has no tags."""
    kind = kind or path.suffix[1:]
    codec, rate = CONTAINERS[kind]
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = 0.3 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)
    if kind == "ape":  # FFmpeg cannot write it: a header, as taggers read it
        numbers = struct.pack("<4sHHIHH", b"MAC ", 3990, 0, 52, 24, 0)
        path.write_bytes(
            numbers.ljust(56, b"\0") + struct.pack("<IIIHHI", 73_728, rate // 2, 1, 16, 1, rate)
        )
        return path
    if kind in {"flac", "wav", "aiff", "mp3", "ogg", "au"}:
        with path.open("wb") as file:
            soundfile.write(file, tone, rate, format=kind)
        return path
    muxer = {"m4a": "ipod", "aac": "adts", "wma": "asf", "mka": "matroska"}.get(kind, kind)
    with av.open(str(path), "w", format=muxer) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.layout, stream.bit_rate = "mono", 64_000
        resampler = av.AudioResampler(stream.format.name, "mono", rate)
        whole = tone.astype(np.float32)[np.newaxis]
        size = stream.codec_context.frame_size or 1024
        for start in range(0, whole.shape[1], size):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(whole[:, start : start + size]), format="flt", layout="mono"
            )
            frame.sample_rate, frame.pts = rate, start
            for part in resampler.resample(frame):
                container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path
