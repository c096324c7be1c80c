"""Fingerprints survive re-encoding and differ between recordings."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from segue.audio import DEFAULT_SETTINGS, SAMPLE_RATE, analyse, describe, digest
from segue.audio.fingerprint import MAX_SECONDS, fingerprint


def tune(seed: int, seconds: float = 20.0) -> np.ndarray:
    """Make notes of random pitch and length over a little noise."""
    rng = np.random.default_rng(seed)
    notes = []
    while sum(map(len, notes)) < seconds * SAMPLE_RATE:
        time = np.arange(int(rng.uniform(0.1, 0.5) * SAMPLE_RATE)) / SAMPLE_RATE
        pitch = 220 * 2 ** (rng.integers(0, 30) / 12)
        partials = sum(np.sin(2 * np.pi * pitch * n * time) / n for n in range(1, 6))
        notes.append(0.1 * partials * np.exp(-5 * time))
    signal = np.concatenate(notes)[: round(seconds * SAMPLE_RATE)]
    return (signal + 0.001 * rng.normal(size=len(signal))).astype(np.float32)


def codes(signal: np.ndarray) -> np.ndarray:
    return fingerprint(describe(signal)["log_mel"], DEFAULT_SETTINGS)


def agreement(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mean agreement of the signs that are reliable in both, without a shift."""
    n = min(len(one), len(other))
    signs = [((code[:n, None] >> np.arange(16)) & 1) * 2.0 - 1.0 for code in (one, other)]
    reliable = [(code[:n, None] >> np.arange(16, 32)) & 1 for code in (one, other)]
    common = (reliable[0] & reliable[1]).astype(bool)
    return float((signs[0] * signs[1])[common].mean())


def test_fingerprint_has_a_code_every_93_ms_up_to_two_minutes() -> None:
    seconds = 20.0
    assert len(codes(tune(0, seconds))) == pytest.approx(seconds * SAMPLE_RATE / 2_048, abs=10)
    long = np.tile(tune(0, 20.0), 8)
    assert len(codes(long)) == pytest.approx(MAX_SECONDS * SAMPLE_RATE / 2_048, abs=10)


def test_fingerprint_ignores_volume_and_resists_noise() -> None:
    signal = tune(1)
    assert agreement(codes(signal), codes(0.1 * signal)) > 0.99
    noisy = signal + 0.003 * np.random.default_rng(0).normal(size=len(signal)).astype(np.float32)
    assert agreement(codes(signal), codes(noisy)) > 0.9


def test_fingerprints_of_other_music_agree_by_chance_only() -> None:
    assert abs(agreement(codes(tune(1)), codes(tune(2)))) < 0.2


@pytest.mark.parametrize("what", ["silence", "a steady tone", "too short"])
def test_fingerprint_of_featureless_sound_is_empty(what: str) -> None:
    time = np.arange(20 * SAMPLE_RATE) / SAMPLE_RATE
    signal = {
        "silence": np.zeros(20 * SAMPLE_RATE),
        "a steady tone": 0.3 * np.sin(2 * np.pi * 500 * time),
        "too short": tune(0, 3.0),
    }[what]
    assert len(codes(signal.astype(np.float32))) == 0


def test_analysis_stores_the_fingerprint() -> None:
    signal = tune(4)
    np.testing.assert_array_equal(analyse(signal).fingerprint, codes(signal))


def test_digest_depends_on_the_sound_only(tmp_path: Path) -> None:
    import mutagen

    for suffix in ("flac", "ogg", "mp3", "wav"):
        one, other = tmp_path / f"one.{suffix}", tmp_path / f"other.{suffix}"
        soundfile.write(one, tune(1, 2.0), SAMPLE_RATE)
        other.write_bytes(one.read_bytes())
        file = mutagen.File(other, easy=True)
        if file.tags is None:
            file.add_tags()
        if suffix == "wav":
            from mutagen.id3 import TIT2

            file.tags.add(TIT2(text=["x" * 5_000]))
        else:
            file["title"] = ["x" * 5_000]
        file.save()
        assert other.stat().st_size != one.stat().st_size
        assert digest(one) == digest(other), suffix
        soundfile.write(other, tune(2, 2.0), SAMPLE_RATE)
        assert digest(one) != digest(other), suffix
