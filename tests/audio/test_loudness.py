"""Loudness equals the measurement of FFmpeg."""

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from segue.audio import analyse, analyse_file


def ebur128(path: Path) -> float:
    """Measure integrated loudness with FFmpeg's filter of that name."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        graph = av.filter.Graph()
        source = graph.add_abuffer(template=stream)
        meter = graph.add("ebur128", "metadata=1")
        sink = graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        graph.configure()
        measured = -70.0
        for frame in [*container.decode(stream), None]:
            graph.push(frame)
            while True:
                try:
                    filtered = graph.pull()
                except (av.BlockingIOError, av.EOFError):
                    break
                measured = float(filtered.metadata["lavfi.r128.I"])
    return measured


@pytest.mark.parametrize("channels", [1, 2])
def test_sine_has_its_known_loudness(channels: int, tmp_path: Path) -> None:
    time = np.arange(10 * 48_000) / 48_000
    sine = np.sin(2 * np.pi * 997.0 * time).astype(np.float32) * 0.1
    path = tmp_path / "sine.wav"
    soundfile.write(path, np.stack([sine] * channels, axis=1), 48_000, subtype="FLOAT")
    # BS.1770: a full-scale sine of 997 Hz in one channel reads -3.01 LUFS; two channels add up.
    expected = -3.01 - 20.0 + 10 * np.log10(channels)
    assert analyse_file(path).loudness == pytest.approx(expected, abs=0.1)


def test_loudness_of_real_music_equals_ffmpeg(shared_data: Path) -> None:
    files = sorted((shared_data / "soundtracks" / "audio").glob("*.ogg"))[::24]
    assert len(files) > 10
    differences = [(analyse_file(path).loudness or -70.0) - ebur128(path) for path in files]
    assert np.abs(differences).max() < 1.0  # LU; a hundredth where the channels are alike
    assert np.median(np.abs(differences)) < 0.3


def test_silence_has_no_loudness_and_quiet_parts_are_gated(rng: np.random.Generator) -> None:
    noise = rng.normal(0, 0.1, 5 * 22_050).astype(np.float32)
    quiet: np.ndarray = noise * np.float32(1e-3)
    assert analyse(np.zeros(22_050, dtype=np.float32)).loudness is None
    alone, between = (
        analyse(noise).loudness,
        analyse(np.concatenate((quiet, noise, quiet))).loudness,
    )
    assert alone == pytest.approx(between, abs=0.3)
