"""Test saved playlists, previews, radio, playlist files, and jobs."""

import time

import pytest
from tests.serve.conftest import ODD, PASSWORD, Client, is_problem

HAND = {"name": "By hand", "tracks": ["t02", ODD, "t02"]}


def ids(document):
    return [
        each["track"]["track_id"] if "track" in each else each["track_id"]
        for each in document["tracks"]
    ]


def test_manual_playlist_keeps_order(anna):
    made = anna.post("/api/v1/playlists", json=HAND)
    assert made.status_code == 201
    address = made.headers["location"]
    assert ids(anna.get(address).json()) == HAND["tracks"]
    changed = anna.patch(address, json={"name": "Other", "tracks": ["t01"]}).json()
    assert (changed["name"], ids(changed)) == ("Other", ["t01"])
    assert is_problem(anna.post(f"{address}/refresh"), 422, "invalid")
    assert anna.delete(address).status_code == 204
    assert is_problem(anna.get(address), 404, "unknown-playlist")


def test_playlist_saved_again_under_its_id_is_restored(anna):
    made = anna.post("/api/v1/playlists", json=HAND).json()
    address = f"/api/v1/playlists/{made['id']}"
    again = HAND | {"id": made["id"]}
    assert is_problem(anna.post("/api/v1/playlists", json=again), 422, "invalid")  # it is there
    anna.delete(address)
    restored = anna.post("/api/v1/playlists", json=again)
    assert (restored.status_code, restored.headers["location"]) == (201, address)
    assert ids(anna.get(address).json()) == HAND["tracks"]
    anna.log_in("ben")
    assert is_problem(anna.post("/api/v1/playlists", json=again), 422, "invalid")


def test_playlist_with_an_id_of_another_form_is_refused(anna):
    body = HAND | {"id": "../../etc"}
    assert is_problem(anna.post("/api/v1/playlists", json=body), 422, "invalid")


def test_playlist_adds_new_tracks_and_removes_some(anna):
    address = anna.post("/api/v1/playlists", json=HAND).headers["location"]
    added = anna.patch(address, json={"add": ["t02", "t03", "t03", "t04"]}).json()
    assert ids(added) == [*HAND["tracks"], "t03", "t04"]
    removed = anna.patch(address, json={"remove": ["t02", "t04"], "add": ["t05"]}).json()
    assert ids(removed) == [ODD, "t03", "t05"]
    unknown = anna.patch(address, json={"remove": ["t03"], "add": ["nothing"]})
    assert is_problem(unknown, 404, "unknown-track")
    assert ids(anna.get(address).json()) == [ODD, "t03", "t05"]


@pytest.mark.parametrize(
    ("kind", "recipe"),
    [
        ("like", {"like": ["t00"], "k": 4, "dials": {"artist_cap": 1}}),
        ("radio", {"k": 4, "weights": {"knn": 1}}),
        ("path", {"start": "t00", "end": "t01", "k": 4}),
        ("blend", {"users": ["anna", "ben"], "k": 4}),
    ],
)
def test_recipe_is_previewed_saved_and_refreshed(anna, kind, recipe):
    body = {"kind": kind, "recipe": recipe}
    shown = anna.post("/api/v1/playlists/preview", json=body).json()
    assert shown["kind"] == kind
    saved = anna.post("/api/v1/playlists", json=body | {"name": kind})
    assert saved.status_code == 201, saved.text
    assert ids(saved.json()) == ids(shown)
    done = anna.post(f"{saved.headers['location']}/refresh").json()
    assert done["changes"] == {"added": [], "removed": []}


@pytest.mark.parametrize(
    ("kind", "recipe"),
    [
        ("like", {}),
        ("tracks", {"like": ["t00"]}),
        ("path", {"start": "t00"}),
        ("path", {"start": "t00", "end": "t01", "users": ["ben"]}),
        ("blend", {"users": ["anna"]}),
        ("like", {"like": ["t00"], "exclusions": {"folders": ["/etc"]}}),
        ("like", {"like": ["t00"], "k": 0}),
        ("nonsense", {}),
    ],
)
def test_invalid_recipe_is_rejected(anna, kind, recipe):
    body = {"kind": kind, "recipe": recipe}
    assert is_problem(anna.post("/api/v1/playlists/preview", json=body), 422, "invalid")


def test_playlists_are_paged_latest_first(anna):
    for number in range(5):
        anna.post("/api/v1/playlists", json={"name": f"List {number}"})
    first = anna.get("/api/v1/playlists?limit=3").json()
    anna.post("/api/v1/playlists", json={"name": "Later"})
    rest = anna.get(f"/api/v1/playlists?limit=3&cursor={first['next']}").json()
    names = [each["name"] for each in first["items"] + rest["items"]]
    assert names == [f"List {number}" for number in (4, 3, 2, 1, 0)]
    assert rest["next"] is None


def test_playlist_of_other_listener_is_not_found(guarded):
    with Client(guarded) as anna, Client(guarded) as ben:
        anna.log_in("anna", PASSWORD)
        ben.log_in("ben", PASSWORD)
        address = anna.post("/api/v1/playlists", json=HAND).headers["location"]
        for answer in (
            ben.get(address),
            ben.get(f"{address}/export"),
            ben.patch(address, json={"name": "mine"}),
            ben.post(f"{address}/refresh"),
            ben.delete(address),
        ):
            assert is_problem(answer, 404, "unknown-playlist")
        assert ben.get("/api/v1/playlists").json()["items"] == []
        blend = {"kind": "blend", "recipe": {"users": ["ben", "anna"]}}
        answer = ben.post("/api/v1/playlists/preview", json=blend)
        assert is_problem(answer, 422, "invalid")  # anna does not share


@pytest.mark.parametrize("kind", ["m3u8", "xspf", "jspf"])
def test_exported_playlist_is_imported_again(anna, kind, original):
    name = 'Sü"n\r\nday'.replace("\r\n", " ")
    made = anna.post("/api/v1/playlists", json=HAND | {"name": name})
    file = anna.get(f"{made.headers['location']}/export?format={kind}")
    assert file.status_code == 200
    assert file.headers["content-disposition"].endswith(f".{kind}")
    assert str(original.parent) not in file.text
    assert "/tmp" not in file.text  # noqa: S108
    read = anna.post("/api/v1/playlists/import", content=file.content)
    assert read.status_code == 200, read.text
    assert ids(read.json()) == HAND["tracks"]
    assert read.json()["unmatched"] == []


def test_import_lists_unmatched_tracks(anna):
    data = "#EXTM3U\n#EXTINF:3,Band 0 - Piece 0\nx.wav\n#EXTINF:3,Nobody - Nothing\ny.wav\n"
    read = anna.post("/api/v1/playlists/import", content=data.encode()).json()
    assert ids(read) == ["t00"]
    assert read["unmatched"] == ["Nobody - Nothing"]
    answer = anna.post("/api/v1/playlists/import", content=b"\x00\x01")
    assert is_problem(answer, 415, "unsupported-type")


def test_import_has_higher_size_limit(anna):
    large = b"#EXTM3U\n" + b"#" * 2_000_000 + b"\nx.wav\n"
    assert anna.post("/api/v1/playlists/import", content=large).status_code == 200
    answer = anna.post("/api/v1/playlists/import", content=large * 5)
    assert is_problem(answer, 413, "too-large")


def test_radio_does_not_repeat_recent_tracks(anna):
    recent = []
    for _ in range(3):
        asked = {"recent": recent, "k": 3, "window": 9, "dials": {"max_known_share": 1}}
        recent += ids(anna.post("/api/v1/radio", json=asked).json())
    assert len(set(recent)) == 9


def test_radio_without_listener_needs_like(client):
    assert is_problem(client.post("/api/v1/radio", json={}), 401, "no-session")
    assert len(ids(client.post("/api/v1/radio", json={"like": ["t00"], "k": 2}).json())) == 2


@pytest.mark.parametrize(("kind", "media_type"), [("mp3", "audio/mpeg"), ("opus", "audio/ogg")])
def test_audio_is_transcoded_on_request(anna, kind, media_type):
    answer = anna.get(f"/api/v1/tracks/t00/audio?format={kind}")
    assert answer.headers["content-type"].startswith(media_type)
    assert len(answer.content) > 1_000
    later = anna.get(f"/api/v1/tracks/t00/audio?format={kind}&start=1.5")
    assert len(later.content) < len(answer.content)
    assert anna.head(f"/api/v1/tracks/t00/audio?format={kind}").content == b""
    answer = anna.get("/api/v1/tracks/t00/audio?format=exe")
    assert is_problem(answer, 422, "invalid")


@pytest.mark.slow
def test_job_runs_and_reports_end(anna):
    asked = {"verb": "train", "arguments": {"models": ["knn"], "force": True}}
    answer = anna.post("/api/v1/jobs", json=asked)
    assert answer.status_code == 202, answer.text
    address = answer.headers["location"]
    deadline = time.monotonic() + 240
    while (job := anna.get(address).json())["state"] in ("waiting", "running"):
        assert time.monotonic() < deadline, job
        time.sleep(0.2)
    assert job["state"] == "done", job
    assert anna.get("/api/v1/jobs").json()["items"][0]["id"] == job["id"]


@pytest.mark.parametrize(
    "asked",
    [
        {"verb": "rm"},
        {"verb": "train", "arguments": {"nonsense": 1}},
        {"verb": "train", "arguments": {"models": ["nonsense"]}},
        {"verb": "preprocess", "arguments": {"path": "/nowhere/at/all"}},
        {"verb": "preprocess", "arguments": {"dataset": "nothing"}},
        {"verb": "preprocess"},
    ],
)
def test_invalid_job_is_rejected(anna, asked):
    assert is_problem(anna.post("/api/v1/jobs", json=asked), 422, "invalid")


def test_jobs_require_admin(guarded):
    with Client(guarded) as ben:
        ben.log_in("ben", PASSWORD)
        assert is_problem(ben.get("/api/v1/jobs"), 403, "forbidden")
        answer = ben.post("/api/v1/jobs", json={"verb": "train"})
        assert is_problem(answer, 403, "forbidden")


def test_jobs_require_listener(client):
    answer = client.post("/api/v1/jobs", json={"verb": "train"})
    assert is_problem(answer, 401, "no-session")
    assert is_problem(client.get("/api/v1/jobs"), 401, "no-session")


@pytest.mark.parametrize("job", ["999", "0", "-1", "x", str(2**70)])
def test_unknown_job_is_problem(anna, job):
    assert anna.get(f"/api/v1/jobs/{job}").status_code in (404, 422)
    assert anna.delete(f"/api/v1/jobs/{job}").status_code in (404, 422)
