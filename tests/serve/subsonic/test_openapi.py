"""Check the answers of every method against the OpenAPI document of OpenSubsonic."""

import json
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from tests.serve.subsonic.test_shapes import SHAPES

from segue.serve.subsonic.routes import METHODS
from segue.serve.subsonic.system import EXTENSIONS

DOCUMENT = Path(__file__).parent / "opensubsonic" / "openapi"
BINARY = {"stream", "download", "getCoverArt", "getAvatar"}
MORE = {
    "getPodcasts": {},
    "getNewestPodcasts": {},
    "refreshPodcasts": {},
    "getShares": {},
    "getChatMessages": {},
    "getVideos": {},
    "startScan": {},
    "createPlaylist": {"name": "New", "songId": "one"},
    "savePlayQueue": {"id": "one", "current": "one"},
    "savePlayQueueByIndex": {"id": "one", "currentIndex": 0},
    "createBookmark": {"id": "one", "position": 1},
    "deleteBookmark": {"id": "three"},
    "createInternetRadioStation": {"name": "New", "streamUrl": "https://radio.test/new"},
    "deletePlaylist": {"id": "playlist"},
}
JUKEBOX = [("jukeboxControl", {"action": "get"}), ("jukeboxControl", {"action": "status"})]
CALLS = [
    *((method, given) for method, (given, _) in SHAPES.items()),
    *MORE.items(),
    *JUKEBOX,
]


def retrieve(uri):
    path = Path(uri.removeprefix("file://"))
    return Resource.from_contents(json.loads(path.read_text("utf-8")), DRAFT202012)


REGISTRY = Registry(retrieve=retrieve)


@cache
def validator(method):
    path = DOCUMENT / "endpoints" / f"{method}.json"
    operation = json.loads(path.read_text("utf-8"))
    operation = operation.get("get") or operation["post"]
    answer = operation["responses"]["200"]
    base = path
    if "$ref" in answer:
        base = (path.parent / answer["$ref"]).resolve()
        answer = json.loads(base.read_text("utf-8"))
    schema = answer["content"]["application/json"]["schema"]
    target = (base.parent / schema["$ref"]).resolve().as_uri()
    return Draft202012Validator({"$ref": target}, registry=REGISTRY)


@pytest.mark.parametrize(("method", "given"), CALLS)
def test_answer_matches_the_openapi_document(told, method, given):
    anna, ids = told
    parameters = {name: ids.get(value, value) for name, value in given.items()}
    answer = anna.ask(method, **parameters)
    assert answer.json()["subsonic-response"]["status"] == "ok", answer.text
    errors = [error.message for error in validator(method).iter_errors(answer.json())]
    assert not errors


def test_failed_answer_matches_the_openapi_document(told):
    anna, _ = told
    document = anna.ask("getSong", id="nothing").json()
    assert validator("getSong").is_valid(document)


def test_every_method_of_the_document_is_answered(told):
    anna, _ = told
    document = json.loads((DOCUMENT / "openapi.json").read_text("utf-8"))
    named = {path.rpartition("/")[2].partition(".")[0] for path in document["paths"]}
    extensions = {"getTranscodeDecision", "getTranscodeStream"}  # of an extension not offered
    assert "transcoding" not in EXTENSIONS
    known = {*METHODS, "getopensubsonicextensions"}
    assert {name for name in named - extensions if name.casefold() not in known} == set()
    for method in sorted(named):
        answer = anna.ask(method)
        assert answer.status_code == 200, method
        if method in BINARY:
            assert answer.json()["subsonic-response"]["error"]["code"] == 10


def test_extensions_are_methods_that_work():
    for name, methods in {
        "apiKeyAuthentication": ["tokeninfo"],
        "songLyrics": ["getlyricsbysongid"],
        "indexBasedQueue": ["getplayqueuebyindex", "saveplayqueuebyindex"],
        "playbackReport": ["reportplayback"],
        "sonicSimilarity": ["findsonicpath", "getsonicsimilartracks"],
    }.items():
        assert name in EXTENSIONS
        assert set(methods) <= METHODS.keys()
