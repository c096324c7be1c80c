"""Test the list of music that a listener played elsewhere and the library lacks."""

from segue.pipeline.history.import_listens import import_listens

ROWS = "artist,title,timestamp\nFar,Away,1600000000\nFar,Away,1600001000\nBand 1,New,1600000000\n"


def test_missing_music_is_that_of_the_listener(anna, directory, tmp_path):
    assert anna.get("/api/v1/me/missing").json() == {"artists": [], "tracks": []}
    (tmp_path / "table").write_text(ROWS)
    import_listens(directory, [tmp_path / "table"], "anna")
    (tmp_path / "table").write_text("artist,title,timestamp\nSecret,Love,1600000000\n")
    import_listens(directory, [tmp_path / "table"], "ben")
    found = anna.get("/api/v1/me/missing").json()
    assert found["tracks"][0] == {
        "artist": "Far",
        "title": "Away",
        "album": None,
        "listens": 2,
        "liked": False,
        "last": 1_600_001_000.0,
        "reason": "no such artist",
    }
    assert [(one["artist"], one["in_library"]) for one in found["artists"]] == [
        ("Far", False),
        ("Band 1", True),
    ]
    assert len(anna.get("/api/v1/me/missing?limit=1").json()["tracks"]) == 1
    assert anna.get("/api/v1/me/missing?limit=0").status_code == 422
