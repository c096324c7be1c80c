"""The simulator of listeners, and a small form of the suite in `benchmarks/personas.py`.

Quality is measured by the program itself, on the full library and many seeds.
"""

import ast
import json
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from math import isnan
from pathlib import Path

import numpy as np
import pytest
from persona_suite import parameters
from persona_suite.behavior import END, EPISODE
from persona_suite.ceiling import ceiling
from persona_suite.checks import COMMON, EXTRA, Check
from persona_suite.people import PERSONAS, Person
from persona_suite.run import markdown, opinion_table, run_opinions, run_suite
from persona_suite.simulate import simulate
from persona_suite.world import GENRES, build_world

SMALL = {"n_tracks": 300, "n_artists": 54}
PEOPLE = {person.name: person for persona in PERSONAS for person in persona.people}


@pytest.fixture(scope="module")
def world():
    return build_world(0)


@pytest.fixture(scope="module")
def simulated(world, tmp_path_factory):
    """Return a function that simulates a person by name, once."""
    found = {}

    def by_name(name):
        if name not in found:
            found[name] = simulate(world, PEOPLE[name], 0, tmp_path_factory.mktemp("exports"))
        return found[name]

    return by_name


def music(one):
    return [stream for stream in one.streams if stream.track != EPISODE]


# the library and the people --------------------------------------------------------------------


def test_world_default_has_size_of_the_issue(world):
    assert 2_900 <= len(world) <= 3_100
    assert len(world.artists) == 400
    assert len(set(world.genre.tolist())) == len(GENRES) == 25


def test_world_same_seed_is_same(world):
    again = build_world(0)
    assert list(again.titles) == list(world.titles)
    assert np.array_equal(again.sound, world.sound)


def test_world_sound_is_nearest_in_its_genre(world):
    rng = np.random.default_rng(0)
    near = []
    for track in rng.choice(len(world), 200, replace=False):
        distance = ((world.sound - world.sound[track]) ** 2).sum(axis=1)
        near.append(world.genre[np.argsort(distance)[1:11]] == world.genre[track])
    assert 0.6 < np.mean(near) < 0.85  # clusters, and not without noise


def test_personas_are_twelve_with_known_genres():
    assert len(PERSONAS) >= 12
    for person in PEOPLE.values():
        named = {
            *person.likes,
            *person.dislikes,
            *(g for part in person.parts for g in part.genres),
        }
        assert named <= set(GENRES)


def test_personas_extra_checks_exist():
    assert {name for persona in PERSONAS for name in persona.extra} == set(EXTRA)


def test_parameters_each_has_a_source():
    body = ast.parse(Path(parameters.__file__).read_text("utf-8")).body
    pairs = [(one, after) for one, after in pairwise(body) if isinstance(one, ast.AnnAssign)]
    unexplained = {one.target.id for one, after in pairs if not isinstance(after, ast.Expr)}
    # explained together with the number before them
    assert unexplained <= {"PAUSE_DAYS", "N_DISLIKED_ARTISTS", "LEFT_REASONS"}


# behavior --------------------------------------------------------------------------------------


def test_simulate_same_seed_is_same(world, simulated, tmp_path):
    again = simulate(world, PEOPLE["dad"], 0, tmp_path)
    assert again.streams == simulated("dad").streams
    assert [path.read_bytes() for path in again.files] == [
        path.read_bytes() for path in simulated("dad").files
    ]


def test_simulate_skip_times_are_as_published(simulated):
    """Of skipped plays half end within 5 s and 72% within 30 s (Lamere 2014)."""
    one = simulated("heavy skipper")
    lengths = one.world.durations
    early = [s.seconds for s in music(one) if s.next_button and s.seconds < 0.8 * lengths[s.track]]
    assert np.mean(np.array(early) < 5) == pytest.approx(0.5, abs=0.03)
    assert np.mean(np.array(early) < 30) == pytest.approx(0.72, abs=0.03)


def test_simulate_average_person_skips_as_published(world, tmp_path):
    """About half of all plays end early where people explore, fewer among own music."""
    person = Person(name="average", likes=("rock", "pop"))
    streams = music(simulate(world, person, 0, tmp_path))
    assert 0.15 < np.mean([stream.next_button for stream in streams]) < 0.5


def test_simulate_favorites_are_skipped_sometimes(simulated):
    one = simulated("dad")
    favorites = set(one.favorites.tolist())
    skipped = [stream.next_button for stream in music(one) if stream.track in favorites]
    assert 0.02 < np.mean(skipped) < 0.25


def test_simulate_affinity_decides_skips(simulated):
    one = simulated("dad")
    liked = [s.next_button for s in music(one) if one.taste.affinity[s.track] > 0.5]
    disliked = [s.next_button for s in music(one) if one.taste.affinity[s.track] < -0.5]
    assert np.mean(disliked) > 4 * np.mean(liked)


def test_simulate_dj_never_finishes_a_track(simulated):
    one = simulated("dj")
    assert not any(stream.ended_by == "trackdone" for stream in one.streams)


def test_simulate_returning_pauses_a_year(simulated):
    days = [(END - stream.start) / 86_400 for stream in simulated("returning").streams]
    assert not any(16 < day < 379 for day in days)
    assert min(days) < 15


@pytest.mark.parametrize("name", ["parent", "night sleeper", "seasonal"])
def test_simulate_parts_keep_their_hours(name, simulated):
    one = simulated(name)
    part = one.person.parts[1]
    tracks = set(one.world.of_genre(*part.genres).tolist())
    starts = [stream.start for stream in music(one) if stream.track in tracks]
    assert len(starts) > 100
    if part.hours:
        hours = Counter(int(start % 86_400 // 3_600) for start in starts)
        allowed = {(hour + more) % 24 for hour in part.hours for more in range(4)}
        assert sum(n for hour, n in hours.items() if hour in allowed) > 0.8 * len(starts)


def test_spotify_export_has_its_fields(simulated):
    rows = [
        row
        for path in simulated("podcast mixer").files
        for row in json.loads(path.read_text("utf-8"))
    ]
    assert {"ts", "ms_played", "reason_start", "reason_end", "skipped", "offline"} <= set(rows[0])
    assert {row["skipped"] for row in rows} == {None, True, False}
    assert any(row["incognito_mode"] for row in rows)
    assert any(row["episode_name"] for row in rows)
    ends = {row["reason_end"] for row in rows}
    assert {"trackdone", "fwdbtn", "logout", "trackerror", "appload"} <= ends


@pytest.mark.parametrize("name", ["heavy skipper", "dad", "dj"])
def test_ceiling_affinity_can_be_read_from_plays(name, simulated):
    """An opinion function can reach the 0.8 that the check asks for."""
    assert ceiling(simulated(name)) > 0.84


# the checks ------------------------------------------------------------------------------------


def test_check_direction_decides_what_passes():
    least, most = Check("a", 0.5, "why"), Check("b", 0.5, "why", at_least=False)
    assert (least.passes(0.5), least.passes(0.4), least.passes(0.6)) == (True, False, True)
    assert (most.passes(0.5), most.passes(0.4), most.passes(0.6)) == (True, True, False)
    assert not least.passes(float("nan"))


def test_checks_each_says_why():
    assert all(check.why.endswith(".") for check in (*COMMON.values(), *EXTRA.values()))


# the suite -------------------------------------------------------------------------------------


def shortened(*names):
    """Return personas with half a year of history."""
    return [
        replace(
            persona,
            people=[replace(one, n_days=min(one.n_days, 180)) for one in persona.people],
        )
        for persona in PERSONAS
        if persona.name in names
    ]


@pytest.mark.slow
def test_suite_small_library_measures_every_check(tmp_path):
    personas = shortened("newcomer", "podcast mixer", "rater")
    results = run_suite(personas, [0], tmp_path / "work", tmp_path / "keep", **SMALL)
    measured = {(row["persona"], row["check"]) for row in results}
    for persona in personas:
        assert {(persona.name, name) for name in persona.extra} <= measured
    # none of them knows enough of a disliked artist in so small a library
    assert {check for _, check in measured} >= set(COMMON) - {"disliked artists"}
    table = markdown(personas, results)
    assert len(table.splitlines()) == len(results) + 4
    assert "checks pass on every seed" in table


@pytest.mark.slow
def test_opinions_every_format_is_imported(tmp_path):
    personas = shortened("heavy skipper", "two genres", "seasonal", "dj", "rater")
    assert len({one.format for persona in personas for one in persona.people}) == 5
    results = run_opinions(personas, [0], tmp_path, **SMALL)
    assert [row["person"] for row in results] == [persona.name for persona in personas]
    assert not any(isnan(row["rank"]) for row in results)  # there are opinions of each
    assert opinion_table(results).count("\n") == len(results) + 1
