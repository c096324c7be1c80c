"""Nothing to recommend: each situation has its own sentence, exit code and HTTP status."""

import json
import warnings

import pytest
from tests.factories import copy_of_library, make_library, rows, sound, write_csv, write_dataset
from typer.testing import CliRunner

import segue
from segue.cli import app
from segue.errors import ModelError, UnmatchedListensError
from segue.pipeline.playlists.generate import blend
from segue.pipeline.recommender.service import RecommenderService
from segue.serve.app import make_app

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the test client would rather have the next httpx
    from starlette.testclient import TestClient


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A library of six tracks; `anna` played one, `all` all of them."""
    tracks = [(f"t{i}", f"No. {i}", f"Artist {i % 3}", "folk", "calm") for i in range(6)]
    listens = [("anna", "t0", 10.0), *(("all", f"t{i}", 20.0 + i) for i in range(6))]
    directory = tmp_path_factory.mktemp("six")
    dataset = write_dataset(
        directory / "data",
        rows("track_id title artist genre tags", tracks),
        listens=rows("user_id track_id timestamp", listens),
    )
    write_csv(
        directory / "gone.csv", rows("user_id,artist,title,timestamp".replace(",", " "), GONE)
    )
    library = make_library(directory / "my.segue", dataset)
    segue.import_listens(library, directory / "gone.csv")
    library.close()
    return directory / "my.segue"


GONE = [("me", "Nobody", f"Nothing {i}", 1_600_000_000 + i) for i in range(3)]
GONE += [("once", "Nobody", "Nothing 0", 1_600_000_100)]

FULL = "No new tracks left to recommend: add --include-known to include tracks that you know."
UNMATCHED = (
    "None of the 3 listens of 'me' is of a track in this library yet (such as Nobody - Nothing 2):"
    " segue import --unmatched lists them, and segue preprocess adds music."
)
SITUATIONS = [
    ("all --include-known", 0, ""),
    ("anna", 0, ""),
    ("all", 0, FULL),
    ("all --max-known-share 0.5", 0, FULL),
    ("anna --exclude-genre folk", 0, "The exclusions leave no tracks to recommend: exclude less."),
    (
        "all --to-year 1999",
        0,
        "The exclusions leave no tracks to recommend: exclude less.",
    ),
    (
        "all --exclude-artist Artist_0",
        0,
        "No new tracks left to recommend: exclude less, or add --include-known",
    ),
    ("me", 1, UNMATCHED),
    ("once", 1, "None of the 1 listen of 'once' is of a track in this library yet"),
    ("nobody", 1, "The library has no listener 'nobody': it has "),
]


@pytest.mark.parametrize(("asked", "code", "sentence"), SITUATIONS)
def test_recommend_names_the_right_cause(asked, code, sentence, original):
    arguments = [one.replace("_", " ") for one in asked.split()]
    done = CliRunner().invoke(
        app, ["recommend", "--user", *arguments, "-k", "2", "--library", str(original)]
    )
    assert done.exit_code == code, done.output
    assert sentence in done.output
    assert ("Artist" in done.stdout) == (not sentence)


def test_named_tracks_alone_are_a_cause(original):
    named = [f"t{i}" for i in range(6)]
    found = segue.recommend(original, like=named)
    assert found.hints == ["All tracks of the library are named in the request: name fewer."]


def test_empty_blend_names_the_cause(original):
    state = RecommenderService.open(original).state()
    new = segue.Dials(max_known_share=0)
    assert blend(state, ["anna", "all"], dials=new).hints == [FULL]
    assert not blend(state, ["anna", "all"], dials=segue.Dials(max_known_share=1)).hints
    with pytest.raises(UnmatchedListensError, match="None of the 3 listens of 'me'"):
        blend(state, ["anna", "me"])


def test_named_tracks_help_a_listener_without_matches(original):
    found = segue.recommend(original, "me", like="t0", k=2)
    assert len(found) == 2
    assert found.hints == [UNMATCHED]


def test_import_without_a_match_names_the_ways_to_look(original, tmp_path):
    copy = copy_of_library(original, tmp_path / "my.segue")
    write_csv(tmp_path / "more.csv", rows("artist title timestamp", [("X", "Y", 1_500_000_000)]))
    done = CliRunner().invoke(app, ["import", str(tmp_path / "more.csv"), "-l", str(copy)])
    assert done.exit_code == 0, done.output
    assert "None of these listens is of a track in the library" in done.output
    assert "segue import --unmatched" in done.output
    assert "segue library problems" in done.output
    write_csv(tmp_path / "some.csv", rows("artist title", [("Artist 1", "No. 1"), ("X", "Z")]))
    done = CliRunner().invoke(app, ["import", str(tmp_path / "some.csv"), "-l", str(copy)])
    assert "None of these" not in done.output


def test_analyzed_library_without_models_answers(tmp_path, rng):
    kinds = ["low", "noise"] * 4
    sounds = {f"{i}.wav": sound(kind, rng, 1) for i, kind in enumerate(kinds)}
    table = rows("track_id path", [(f"t{i}", f"audio/{i}.wav") for i in range(8)])
    library = make_library(
        tmp_path / "my.segue", write_dataset(tmp_path / "data", table, sounds=sounds)
    )
    low = {"t2", "t4", "t6"}
    hint = "Nothing is trained yet: tracks are compared by sound and metadata as they are."
    similar = segue.similar(library, "t0", k=3)
    assert {one.track_id for one in similar} == low
    assert similar.hints[0].startswith(hint)
    assert segue.similar(library, "t0", signal="knn")[0].track_id in low
    listed = segue.recommend(library, like="t0", k=3)
    assert {one.track_id for one in listed} == low
    assert listed.hints[0].startswith(hint)
    made = ["playlist", "like", "t0", "-k", "2", "-l", str(library.directory)]
    assert f"segue: {hint}" in CliRunner().invoke(app, made).stderr
    segue.train(library, "knn")
    assert segue.similar(library, "t0").hints == []
    assert hint not in CliRunner().invoke(app, made).stderr


def test_single_analyzed_track_names_training(tmp_path, rng):
    table = rows("track_id path", [("t0", "audio/0.wav")])
    sounds = {"0.wav": sound("noise", rng, 1)}
    library = make_library(
        tmp_path / "my.segue", write_dataset(tmp_path / "data", table, sounds=sounds)
    )
    with pytest.raises(ModelError, match="Nothing is trained yet: run segue train knn"):
        segue.similar(library, "t0")


@pytest.mark.parametrize(
    ("user", "path", "body", "status", "sentence"),
    [
        ("anna", "recommend", {}, 200, None),
        ("all", "recommend", {}, 200, "No new tracks left to recommend."),
        ("anna", "recommend", {"exclusions": {"genres": ["folk"]}}, 200, "The exclusions leave no"),
        ("me", "recommend", {}, 200, UNMATCHED.partition(": segue")[0]),
        (None, "recommend", {"like": ["nowhere"]}, 404, "no track 'nowhere'"),
    ],
)
def test_api_names_the_right_cause(user, path, body, status, sentence, original, tmp_path):
    copy = copy_of_library(original, tmp_path / "my.segue")
    with TestClient(make_app(copy), base_url="http://127.0.0.1:8765/") as client:
        if user is not None:
            token = client.post("/api/v1/session", json={"listener": user}).json()["csrf"]
            client.headers["X-CSRF-Token"] = token
        answer = client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == status, answer.text
    document = answer.json()
    said = document["hints"] if status == 200 else [document["detail"]]
    assert any((sentence or "") in one for one in said) or sentence is None
    if user == "all":
        assert document["tracks"]  # those that the listener knows
    if sentence is None:
        assert document["tracks"]
        assert said == []
    assert "segue " not in json.dumps(said)  # nor commands that a page cannot run
    assert "Traceback" not in json.dumps(document)
