"""Classification metrics: scikit-learn's values, and undefined ones."""

import math

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from segue.evaluation import classification_metrics, confusion_matrix

NAMES = ("folk", "jazz", "rock", "ska")


@pytest.mark.parametrize("n_used", [2, 3, 4])
def test_classification_metrics_match_scikit_learn(rng, n_used):
    for _ in range(20):
        true, predicted = rng.integers(0, n_used, (2, 25))
        result = classification_metrics(true, predicted, NAMES)
        assert result.accuracy == pytest.approx(sklearn_metrics.accuracy_score(true, predicted))
        precision, recall, f1, _ = sklearn_metrics.precision_recall_fscore_support(
            true, predicted, average="macro", zero_division=0
        )
        assert result.precision_macro == pytest.approx(precision, abs=1e-12)
        assert result.recall_macro == pytest.approx(recall, abs=1e-12)
        assert result.f1_macro == pytest.approx(f1, abs=1e-12)
        each = sklearn_metrics.precision_recall_fscore_support(
            true, predicted, labels=range(n_used), zero_division=0
        )
        for i in range(n_used):
            score = result.per_class[NAMES[i]]
            assert (score.precision, score.recall, score.f1, score.support) == pytest.approx(
                tuple(column[i] for column in each), abs=1e-12
            )
        expected = sklearn_metrics.confusion_matrix(true, predicted, labels=range(4))
        np.testing.assert_array_equal(result.confusion, expected)


def test_class_in_neither_truth_nor_prediction_is_undefined():
    result = classification_metrics([0, 1], [0, 1], NAMES)
    assert math.isnan(result.per_class["ska"].f1)
    assert result.per_class["ska"].support == 0
    assert result.f1_macro == 1


def test_class_only_predicted_scores_zero():
    result = classification_metrics([0, 0], [0, 1], NAMES)
    assert result.per_class["jazz"].f1 == 0
    assert result.recall_macro == 0.25


def test_confusion_rows_are_true_classes():
    assert confusion_matrix([0], [2], 3)[0, 2] == 1


def test_result_n_counts_tracks():
    assert classification_metrics([0, 1, 1], [0, 0, 0], NAMES).n == 3


def test_classification_rejects_invalid_arguments():
    with pytest.raises(ValueError, match=r"shapes \(1,\) and \(2,\): give one class"):
        confusion_matrix([0], [0, 1], 2)
    with pytest.raises(ValueError, match="no tracks to evaluate: give at least one"):
        confusion_matrix([], [], 2)
    for wrong in ([2], [-1], [0.5]):
        with pytest.raises(ValueError, match="a class is outside 0 to 1: give the integer"):
            confusion_matrix(wrong, [0], 2)
