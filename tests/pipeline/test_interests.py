"""Interests, lists for them, daily mixes, home rows and versions, on a library of two tastes."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.factories import rows, write_dataset
from typer.testing import CliRunner

from segue import recommend, similar
from segue.cli import app
from segue.engine import Dials
from segue.errors import (
    ContradictionError,
    PlaylistError,
    UnknownInterestError,
    UnknownListenerError,
)
from segue.library import Library
from segue.pipeline.playlists.generate import path
from segue.pipeline.playlists.home import home
from segue.pipeline.playlists.mixes import MIX_DIALS, daily_mix
from segue.pipeline.playlists.radio import RadioSession
from segue.pipeline.playlists.recipes import Recipe
from segue.pipeline.preprocess import preprocess
from segue.pipeline.recommender.interests import interests_in
from segue.pipeline.recommender.service import RecommenderService

N = 40
DAY = 86_400
START = 1_700_006_400  # 0:00 UTC
LAST = START + 300 * DAY
N_ROCK, N_SLEEP = 14, 6
VERSIONS = ("rock 38", "rock 39")


def title(kind: str, i: int) -> str:
    """Two pairs of versions: one of a song that zoe knows, and one of new ones."""
    named = {("rock", 39): "Anthem (Live)", ("rock", 38): "Anthem"}
    named |= {("rock", 0): "Stone", ("rock", 37): "Stone - Acoustic"}
    return named.get((kind, i), f"{kind} number {i}")


def listen_rows():
    """Return listens of zoe, rock at 15:00 and sleep at 23:00, and of two others."""
    found = []
    for day in range(10):
        found += [
            ("zoe", f"rock {i}", START + day * DAY + 15 * 3_600 + 200 * i) for i in range(N_ROCK)
        ]
        found += [
            ("zoe", f"sleep {i}", START + day * DAY + 23 * 3_600 + 200 * i) for i in range(N_SLEEP)
        ]
    found += [("zoe", "rock 3", LAST - shift * 3_600) for shift in range(3)]
    found += [("yan", f"sleep {i}", START + 100 * i) for i in range(20)]
    found += [("xia", f"rock {i}", START + 100 * i) for i in range(20)]
    return rows("user_id track_id timestamp", found)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    tracks = [
        {
            "track_id": f"{kind} {i}",
            "title": title(kind, i),
            "artist": f"{kind} artist {3 if title(kind, i).startswith(('An', 'St')) else i % 9}",
            "genre": kind,
            "tags": f"{tag}:5|x{i % 4}:1",
            "duration": 200,
        }
        for kind, tag in (("rock", "guitar"), ("sleep", "piano"), ("jazz", "sax"))
        for i in range(N)
    ]
    place = tmp_path_factory.mktemp("interests")
    library = Library(place / "my.segue")
    preprocess(library, write_dataset(place / "data", tracks, listens=listen_rows()), workers=1)
    RecommenderService.open(library)
    library.close()
    return place / "my.segue"


@pytest.fixture(scope="module")
def state(directory):
    return RecommenderService.open(Library(directory)).state()


def kinds(tracks) -> list[str]:
    return [track.track_id.split()[0] for track in tracks]


def test_interests_have_names_shares_and_hours(state):
    rock, sleep = interests_in(state, "zoe", zone=UTC)
    assert rock.name.split(", ")[0] in {"rock", "guitar"}
    assert sleep.name.split(", ")[0] in {"sleep", "piano"}
    assert rock.share + sleep.share == pytest.approx(1)
    assert (rock.n_tracks, sleep.n_tracks) == (N_ROCK, N_SLEEP)
    assert rock.hours == (15, 16)
    assert sleep.hours == (23, 0)
    assert set(kinds(rock.examples)) == {"rock"}
    with pytest.raises(UnknownListenerError, match="nobody"):
        interests_in(state, "nobody")


def test_recommend_for_one_interest_has_its_tracks(directory, state):
    name = interests_in(state, "zoe")[1].name
    for interest in ("2", name, name.split(", ")[0].upper()):
        found = recommend(directory, "zoe", 8, interest=interest)
        assert set(kinds(found.tracks)) == {"sleep"}
        assert {track.interest for track in found.tracks} <= {name, None}
        assert any(track.interest == name for track in found.tracks)


def test_unknown_interest_names_those_there_are(state):
    with pytest.raises(UnknownInterestError, match="No interest has the name 'polka': give one of"):
        state.query("zoe", interest="polka")
    with pytest.raises(ContradictionError, match="An interest belongs to a listener"):
        state.query("zoe", like=["rock 1"], interest="1")
    with pytest.raises(ContradictionError, match="An interest belongs to a listener"):
        state.query(None, like=["rock 1"], interest="1")


def test_recommend_covers_interests_in_proportion(directory):
    found = recommend(directory, "zoe", 10, dials=Dials(interests=True))
    assert kinds(found.tracks).count("sleep") == pytest.approx(10 * N_SLEEP / 20, abs=1)
    assert set(kinds(found.tracks)) == {"rock", "sleep"}


def test_daily_mix_changes_with_the_day(state):
    def mix(day, **settings):
        return daily_mix(state, "zoe", 10, day=lambda: date(2026, 1, day), **settings)

    first = mix(1, interest="2")
    assert set(kinds(first.tracks)) == {"sleep"}
    assert first.about["interest"] == interests_in(state, "zoe")[1].name
    assert first.about["date"] == "2026-01-01"
    assert mix(1, interest="2").tracks == first.tracks
    others = [mix(day, interest="2").tracks for day in (2, 3)]
    assert any([t.track_id for t in one] != [t.track_id for t in first.tracks] for one in others)
    assert set(kinds(mix(1).tracks)) == {"rock", "sleep"}
    known = replace(MIX_DIALS, max_known_share=0)
    played = {f"sleep {i}" for i in range(N_SLEEP)}
    assert not played & {t.track_id for t in mix(1, interest="2", dials=known).tracks}


def test_mix_recipe_makes_the_mix_of_an_interest(state):
    made = Recipe.of("mix", {"interest": "2", "k": 6}).make(state, "zoe")
    assert made.kind == "mix"
    assert set(kinds(made.tracks)) == {"sleep"}
    assert len(Recipe.of("mix", {"dials": {"versions": True}}).make(state, "zoe").tracks) == 25
    with pytest.raises(PlaylistError, match="give true or false"):
        Recipe.of("mix", {"dials": {"versions": 1}})


def test_home_has_rows_without_doubles(state):
    now = datetime.fromtimestamp(LAST + 60, UTC)
    found = home(state, "zoe", now=now, zone=UTC, length=5)
    shown = {row.name: list(row.positions) for row in found.rows}
    ids = {name: [state.catalogue.tracks[p].track_id for p in own] for name, own in shown.items()}
    assert ids["on-repeat"] == ["rock 3"]
    assert set(ids["rediscover"]) <= {f"{kind} {i}" for kind in ("rock", "sleep") for i in range(N)}
    assert ids["rediscover"]
    played = {f"rock {i}" for i in range(N_ROCK)} | {f"sleep {i}" for i in range(N_SLEEP)}
    assert not played & set(ids["deep-cuts"] + ids.get("new-in-library", []))
    assert {one.split()[0] for one in ids["new-in-library"]} == {"jazz"}  # added last
    everything = [position for own in shown.values() for position in own]
    assert len(set(everything)) == len(everything)
    assert [mix.number for mix in found.mixes] == [1, 2]
    evening = datetime.fromtimestamp(START + 20 * DAY + 23 * 3_600, UTC)
    (row,) = [r for r in home(state, "zoe", now=evening, zone=UTC).rows if r.name == "daypart"]
    assert row.title == "Your night"
    assert {state.catalogue.tracks[p].track_id.split()[0] for p in row.positions} == {"sleep"}
    assert home(state, "new here").rows == []


def test_versions_of_a_song_are_found(state):
    songs = state.facts.versions
    positions = [state.catalogue.position(one) for one in (*VERSIONS, "rock 0", "rock 37")]
    first, second, third, fourth = songs[positions].tolist()
    assert first == second >= 0
    assert third == fourth >= 0
    assert first != third
    assert (songs >= 0).sum() == 4


def test_list_has_one_version_and_none_of_known_songs(directory):
    found = {track.track_id for track in recommend(directory, "zoe", 200).tracks}
    assert len(found & set(VERSIONS)) == 1
    assert "rock 37" not in found  # zoe knows "Stone"
    allowed = recommend(directory, "zoe", 200, dials=Dials(versions=True)).tracks
    assert {*VERSIONS, "rock 37"} <= {track.track_id for track in allowed}


def test_radio_and_path_have_one_version(state):
    played = [t.track_id for t in RadioSession(state, "zoe", dials=Dials()).take(60).tracks]
    assert len(set(played) & set(VERSIONS)) == 1
    assert "rock 37" not in played
    steps = {step.track_id for step in path(state, "rock 0", "jazz 0", 30).tracks}
    assert "rock 37" not in steps
    assert len(steps & set(VERSIONS)) <= 1


def test_similar_tracks_have_one_version(directory):
    for signal in (None, "metadata"):
        found = [
            track.track_id for track in similar(directory, "rock 0", 119, signal=signal).tracks
        ]
        assert "rock 37" not in found
        assert len(set(found) & set(VERSIONS)) == 1
    found = similar(directory, "rock 0", 119, versions=True).tracks
    assert {"rock 37", *VERSIONS} <= {track.track_id for track in found}


def test_cli_shows_interests_and_uses_them(directory):
    def run(*arguments):
        done = CliRunner().invoke(app, [*arguments, "--library", str(directory), "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    found = run("user", "interests", "zoe")["interests"]
    assert [one["number"] for one in found] == [1, 2]
    assert len(found[0]["examples"]) == 3
    tracks = run("recommend", "--user", "zoe", "--interest", "2", "-k", "3")["tracks"]
    assert {track["track_id"].split()[0] for track in tracks} == {"sleep"}
    mix = run("playlist", "mix", "--user", "zoe", "-k", "8")
    assert mix["interest"] is None
    assert {track["track_id"].split()[0] for track in mix["tracks"]} == {"rock", "sleep"}
    shown = CliRunner().invoke(app, ["user", "interests", "zoe", "--library", str(directory)])
    assert "2 interests" in shown.stdout
