"""Stored listens of one listener give the profile that the table of all listens gives."""

import pandas as pd

from segue.engine import ProfileAccumulator, profiles_of
from segue.library import Library
from segue.pipeline.recommender.read_listens import read_listens
from segue.types import Track

IDS = ["a", "b", "c", "d"]


def test_stored_sessions_order_restarting_positions(tmp_path):
    library = Library(tmp_path / "my.segue")
    listens = pd.DataFrame(
        {"user_id": "u", "track_id": IDS, "session_id": list("ttss"), "position": [1, 0, 0, 1]}
    )
    library.add_dataset("data", tracks=[Track(track_id=one) for one in IDS], listens=listens)
    catalogue = library.catalogue()
    stored = library.reader.listener(library.reader.listener_row("u")).listens
    served = ProfileAccumulator.of(read_listens(stored, catalogue.rows)).profile("u", 0)
    trained = profiles_of(library.listens(), catalogue.positions)["u"]
    names = [catalogue.tracks[place].track_id for place in served.history.tolist()]
    assert names == ["b", "a", "c", "d"]
    assert served.history.tolist() == trained.history.tolist()
    assert served.sessions.tolist() == trained.sessions.tolist()
