"""Evaluation on organic plays: those that segue did not propose."""

import numpy as np
import pandas as pd
import pytest

from segue.library import Event
from segue.pipeline.experiments.held_out import EvaluationContext, hold_out
from segue.pipeline.experiments.organic import evaluate_organic
from segue.pipeline.experiments.ranked_lists import K_MOST, PERSONAL, EvaluatedUsers
from segue.pipeline.training.listening_models import TrainingData
from segue.types import no_progress


@pytest.fixture
def library(listening_library):
    return listening_library


def evaluated(library, recommended):
    """Evaluate perfect lists; `recommended` returns the origin of each held-out row."""
    catalogue = library.catalogue()
    material = TrainingData.of(library, catalogue, ())
    known = hold_out(library.listens().drop(columns="recommended"), material, "test")
    if recommended is not None:
        known.after["recommended"] = pd.array(recommended(known), dtype="object")
    lists = {PERSONAL: np.full((len(known.users), K_MOST), -1, np.int64)}
    for row, own in enumerate(known.held_out):
        lists[PERSONAL][row, : len(own)] = own[:K_MOST]
    results = EvaluatedUsers.of(catalogue, known.history).evaluate(lists, known.held_out)
    context = EvaluationContext(material, known, None, 0, no_progress)
    return known, evaluate_organic(context, lists, results)


def test_organic_part_needs_a_known_origin(library):
    assert evaluated(library, None)[1] is None
    assert evaluated(library, lambda known: [None] * len(known.after))[1] is None


def test_organic_plays_are_those_not_proposed(library):
    def first_listener_followed(known):
        return [user == known.users[0] for user in known.after["user_id"]]

    known, found = evaluated(library, first_listener_followed)
    proposed = first_listener_followed(known)
    assert found.n_plays == len(known.after)
    assert found.share == pytest.approx(1 - np.mean(proposed))
    assert found.on_all.n == len(known.users)
    assert found.on_organic.n == len(known.users) - 1
    assert found.on_organic.models[PERSONAL]["recall@20"] == pytest.approx(1)


def test_unknown_origin_counts_as_organic(library):
    def one_known(known):
        return [False, *[None] * (len(known.after) - 1)]

    known, found = evaluated(library, one_known)
    assert (found.n_plays, found.share) == (1, 1)
    assert found.on_organic == found.on_all
    assert found.on_organic.n == len(known.users)


def test_origin_of_feedback_is_in_the_listens(library):
    events = [
        Event(user="u0", track_id="t59", kind="play", key=str(origin), recommended=origin)
        for origin in (True, False, None)
    ]
    library.feedback.add(events)
    stored = library.listens().query("track_id == 't59'")["recommended"]
    assert stored.tolist() == [True, False, None]
