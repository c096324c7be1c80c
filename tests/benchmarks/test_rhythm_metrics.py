"""Metrics of tempo, beats and key: known answers, and those of mir_eval."""

import numpy as np
import pytest
import rhythm_metrics as metrics


def some_beats(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw true beats and an answer: double, half, late, irregular or with gaps."""
    true = 0.3 + np.cumsum(rng.normal(0.5, 0.02, 50))
    places = np.arange(0, len(true) - 1, float(rng.choice([0.5, 1.0, 1.0, 2.0])))
    found = np.interp(places, np.arange(len(true)), true) + rng.choice([0.0, 0.06, 0.24])
    found = found + rng.normal(0, rng.choice([0.005, 0.05]), len(found))
    return true, np.sort(found[rng.random(len(found)) > rng.choice([0.0, 0.1])])


@pytest.mark.parametrize("seed", range(12))
def test_beat_metrics_equal_mir_eval(seed: int) -> None:
    mir_eval = pytest.importorskip("mir_eval", reason="mir_eval compares: pip install mir_eval")
    true, found = some_beats(np.random.default_rng(seed))
    trimmed = [mir_eval.beat.trim_beats(beats) for beats in (true, found)]
    assert metrics.f_measure(found, true) == pytest.approx(mir_eval.beat.f_measure(*trimmed))
    assert metrics.amlt(found, true) == pytest.approx(mir_eval.beat.continuity(*trimmed)[3])


def test_key_score_equals_mir_eval() -> None:
    mir_eval = pytest.importorskip("mir_eval", reason="mir_eval compares: pip install mir_eval")
    keys = [f"{tone} {mode}" for tone in metrics.TONES for mode in ("major", "minor")]
    for truth in ("C major", "A minor", "F# minor"):
        theirs = [mir_eval.key.weighted_score(truth, key) for key in keys]
        assert [metrics.key_score(key, truth) for key in keys] == theirs


@pytest.mark.parametrize(
    ("tempo", "first", "second"),
    [(104.0, 1, 1), (105.0, 0, 0), (200.0, 0, 1), (33.0, 0, 1), (None, 0, 0), (150.0, 0, 0)],
)
def test_tempo_accuracies_of_known_answers(tempo: float | None, first: int, second: int) -> None:
    assert metrics.accuracy1(tempo, 100.0) == first
    assert metrics.accuracy2(tempo, 100.0) == second


def test_beat_metrics_of_known_answers() -> None:
    true = np.arange(0.0, 20.0, 0.5)
    assert metrics.f_measure(true, true) == metrics.amlt(true, true) == 1.0
    assert metrics.f_measure(true + 0.25, true) == 0.0
    assert metrics.amlt(true + 0.25, true) == pytest.approx(29 / 30)
    assert metrics.amlt(true[::2], true) == 1.0
    assert metrics.f_measure(true[::2], true) == pytest.approx(2 / 3)
    assert metrics.f_measure([], true) == metrics.amlt([], true) == 0.0


def test_bootstrap_interval_holds_the_mean() -> None:
    low, high = metrics.bootstrap([0.0, 1.0] * 50)
    assert 0.38 < low < 0.5 < high < 0.62
