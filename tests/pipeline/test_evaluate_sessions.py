"""`segue evaluate sessions`: the protocol, on sessions whose next track is known."""

import numpy as np
import pandas as pd
import pytest

from segue.engine import LearningRules
from segue.errors import TooLittleDataError
from segue.library import Library
from segue.listening.sequences.markov import Markov, MarkovSettings
from segue.pipeline.evaluate import evaluate
from segue.pipeline.experiments.next_in_session import evaluate_model, sessions_of
from segue.pipeline.preprocess import preprocess

N_TRACKS, LENGTH = 12, 4
POSITIONS = {f"t{number}": number for number in range(N_TRACKS)}


def session(number, user="u"):
    """Return the rows of a session: four tracks in a row, each session starts one further."""
    return [
        {
            "user_id": user,
            "track_id": f"t{(number + step) % N_TRACKS}",
            "session_id": f"s{number}",
            "timestamp": 1_600_000_000 + 3_600 * number + 200 * step,
        }
        for step in range(LENGTH)
    ]


def table(n=60):
    return pd.DataFrame([row for number in range(n) for row in session(number)])


def test_latest_fifth_of_sessions_is_held_out():
    shuffled = table(20).sample(frac=1, random_state=0)
    known, held_out = sessions_of(shuffled, POSITIONS).of("test")
    assert [own.tolist() for own in held_out] == [
        [(number + step) % N_TRACKS for step in range(LENGTH)] for number in range(16, 20)
    ]
    assert len(known) == 16
    assert len(sessions_of(shuffled, POSITIONS).of("valid")[0]) == 14


def test_sessions_of_two_listeners_may_share_a_name():
    both = pd.DataFrame([*session(1), *session(1, user="v")])
    assert len(sessions_of(both, POSITIONS).tracks) == 2


def test_sessions_by_position_are_split_per_listener():
    rows = [row for user in "uv" for number in range(10) for row in session(number, user)]
    by_place = pd.DataFrame(rows).rename(columns={"timestamp": "position"})
    found = sessions_of(by_place, POSITIONS)
    assert np.bincount(found.parts).tolist() == [14, 2, 4]
    assert "each listener's sessions" in found.rule


def test_sessions_with_restarting_positions_are_in_row_order():
    rows = [
        {"user_id": "u", "track_id": f"t{number}", "session_id": name, "position": place}
        for number, name in enumerate("edcba")
        for place in range(1, 4 if number == 0 else 3)
    ]
    found = sessions_of(pd.DataFrame(rows), POSITIONS)
    last = [own[-1] for own, part in zip(found.tracks, found.parts, strict=True) if part == 2]
    assert last == [4]  # session e is the longest, so that its position is the last


def test_sessions_have_completed_listens_only():
    listens = table(1).assign(plays=[0, 1, np.nan, np.nan], ms_played=[np.nan, 1_000, np.nan, 9e5])
    listens["rating"] = [np.nan, np.nan, 1.0, np.nan]
    assert [own.tolist() for own in sessions_of(listens, POSITIONS).tracks] == [[3]]


def test_sessions_leave_out_what_rules_ignore():
    ignored = np.arange(N_TRACKS) == 1
    found = sessions_of(table(1), POSITIONS, rules={"u": LearningRules(ignored)})
    assert [own.tolist() for own in found.tracks] == [[0, 2, 3]]


def test_stated_split_of_sessions_is_obeyed():
    stated = table(4).assign(split=["test"] * 4 + ["train"] * 12)
    assert sessions_of(stated, POSITIONS).parts.tolist() == [2, 0, 0, 0]


def test_tracks_without_earlier_session_are_removed():
    rows = [*session(0), *session(1), *session(11)]
    stated = pd.DataFrame(rows).assign(split=["train"] * 8 + ["test"] * 4)
    assert [own.tolist() for own in sessions_of(stated, POSITIONS).of("test")[1]] == [[0, 1, 2]]


def test_sessions_without_ids_or_order_are_refused():
    with pytest.raises(TooLittleDataError, match="no listens name a session"):
        sessions_of(table(3).drop(columns="session_id"), POSITIONS)
    with pytest.raises(TooLittleDataError, match="order of their listens is unknown"):
        sessions_of(table(3).drop(columns="timestamp"), POSITIONS)


def test_chain_on_a_cycle_gets_metrics_by_hand():
    known = [np.array([0, 1, 2, 3]), np.array([3, 0])]
    chain = Markov(MarkovSettings(order=1, reach=1)).fit(known, 5)
    found = evaluate_model(chain, [np.array([0, 1, 4, 3])]).mean
    # after 0 comes 1, after 1 only 2, and nothing is known of 4
    assert found["hit_rate@20"] == pytest.approx(1 / 3)
    assert found["mrr@20"] == pytest.approx(1 / 3)
    assert found["precision@20"] == pytest.approx(1 / 20 / 3)


def test_evaluate_sessions_reports_all_models(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    table().to_csv(data / "listens.csv", index=False)
    library = Library(tmp_path / "my.segue")
    preprocess(library, data)
    result = evaluate(library, "sessions")
    document = result.report.to_document()
    assert document["task"] == "sessions"
    assert (document["n"], document["n_sessions"], document["n_known_sessions"]) == (36, 12, 48)
    assert document["models"]["Markov, first order"]["mrr@20"] == pytest.approx(1.0)
    assert document["metrics"]["mrr@20"] > 0.9
    assert document["metrics"]["precision@20"] == pytest.approx((3 + 2 + 1) / 20 / 3)
    assert set(document["baselines"]) == set(document["models"]) - {"sequence"}
    assert "The latest fifth of all sessions" in document["measured"]["split_method"]
    assert "revealed play by play" in result.page.read_text("utf-8")
