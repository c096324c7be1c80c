"""Added descriptors: computed alone, they equal those of a full analysis."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from segue.audio import (
    DESCRIPTORS,
    AnalysisSettings,
    analyse_file,
    describe_file,
    descriptor_bands,
    descriptor_values,
    summary_names,
)
from segue.audio import descriptors as module
from segue.audio.descriptors import (
    PATTERNS,
    FrameBlock,
    FrameDescriptor,
    SectionContext,
    TrackDescriptor,
    TrackMeasurements,
    frame_descriptors,
    with_needed,
)
from segue.audio.spectrum import Floats

RATE = 22_050


def loudest(block: FrameBlock) -> Floats:
    return np.abs(block.frames).max(axis=1, keepdims=True)


def strongest_tone(parts: list[None], context: SectionContext) -> Floats:
    chroma: Floats = context.finished["chroma"]
    return chroma.argmax(axis=1)[:, None].astype(np.float32)


def seconds(track: TrackMeasurements) -> tuple[float]:
    return (track.duration,)


PEAK = FrameDescriptor(name="peak", measure=loudest, statistics=("max", "change"))
TONE = FrameDescriptor(name="tone", finish=strongest_tone, needs=("chroma",))
LENGTH = TrackDescriptor(name="length", values=("length",), measure=seconds)


@pytest.fixture
def file(tmp_path: Path, rng: np.random.Generator) -> Path:
    """A file of 70 s: a changing tone and noise."""
    time = np.arange(70 * RATE) / RATE
    tone = np.sin(2 * np.pi * 220 * 2 ** np.floor(time / 5) * time / 4)
    signal = 0.2 * tone * (1 + 0.5 * np.sin(time)) + 0.01 * rng.normal(size=len(time))
    soundfile.write(tmp_path / "a.flac", signal, RATE)
    return tmp_path / "a.flac"


@pytest.mark.parametrize(
    "settings",
    [
        AnalysisSettings(),
        AnalysisSettings(max_frames=1_024, section_frames=1_024, summary_frames=1_500),
        AnalysisSettings(max_frames=1_024, window_frames=512, fast=True),
    ],
    ids=["whole", "sections", "fast"],
)
def test_described_file_equals_the_full_analysis(file: Path, settings: AnalysisSettings) -> None:
    added = [PEAK, TONE, *PATTERNS]
    alone = describe_file(file, settings, added)
    full = analyse_file(file, settings, added).added
    expected = {one.name: (len(descriptor_values(one)),) for one in added}
    assert {name: values.shape for name, values in alone.items()} == expected
    for name, values in full.items():
        np.testing.assert_array_equal(alone[name], values)


def test_fast_and_complete_descriptions_differ(file: Path) -> None:
    fast = AnalysisSettings(max_frames=1_024, window_frames=512, fast=True)
    complete = AnalysisSettings(max_frames=1_024, window_frames=512)
    (quick,), (whole,) = (describe_file(file, s, [PEAK]).values() for s in (fast, complete))
    assert not np.array_equal(quick, whole)


def test_descriptor_alone_computes_only_what_it_needs(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert with_needed([PEAK]) == (PEAK,)
    assert [one.name for one in with_needed([TONE])] == ["chroma", "tone"]
    names = [one.name for one in with_needed(frame_descriptors())]
    assert names.index("log_mel") < names.index("mfcc")

    def fail(frames: Floats) -> Floats:
        raise AssertionError("no descriptor here needs a spectrum")

    monkeypatch.setattr(module, "magnitudes", fail)
    describe_file(file, AnalysisSettings(), [PEAK])


def test_track_descriptor_is_one_value(file: Path) -> None:
    (value,) = describe_file(file, AnalysisSettings(), [LENGTH])["length"]
    assert value == pytest.approx(70.0)
    assert descriptor_values(LENGTH) == ("length",)


def test_registered_descriptor_leaves_the_summary_unchanged(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, before = summary_names(), analyse_file(file)
    monkeypatch.setitem(DESCRIPTORS, "peak", PEAK)
    assert list(descriptor_bands())[-1] == "peak"
    after = analyse_file(file)
    assert list(after.added) == [*before.added, "peak"]
    assert summary_names() == names
    np.testing.assert_array_equal(after.summary, before.summary)
    np.testing.assert_array_equal(after.sequence, before.sequence)
    np.testing.assert_array_equal(after.log_mel, before.log_mel)
