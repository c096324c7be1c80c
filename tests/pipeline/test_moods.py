"""Moods: energy and valence from predicted tags, or from descriptors, with confidences."""

from dataclasses import fields
from datetime import UTC, datetime

import numpy as np
import pytest
from tests.factories import make_library, rows, write_dataset

from segue.encoders.pretrained import PRETRAINED_ENCODERS
from segue.engine import Dials, Exclusions
from segue.errors import PlaylistError
from segue.pipeline.analysis.moods import (
    MAX_CONFIDENCE,
    MIN_CONFIDENCE,
    TrackMoods,
    track_moods,
)
from segue.pipeline.analysis.pretrained_embeddings import pretrained_store
from segue.pipeline.filters.exclusion_index import ExclusionIndex
from segue.pipeline.playlists.home import home
from segue.pipeline.playlists.mixes import daily_mix, daypart_dials
from segue.pipeline.playlists.recipes import Recipe
from segue.pipeline.preprocess import preprocess
from segue.pipeline.recommender.service import RecommenderService

WORDS = {
    "musicnn": (("party", "metal"), ("sad", "ambient"), ("happy", "dance")),
    "instruments": (("loud", "fast", "metal"), ("slow", "quiet"), ("fast", "beat")),
}
"""Tags of a metal track, a ballad and a disco track."""


def predict(library, encoder, tags_of_tracks):
    """Store predicted tags: those named are likely, the others are not."""
    spec = PRETRAINED_ENCODERS[encoder]
    with pretrained_store(library, encoder) as store:
        for row, tags in zip(library.catalogue().rows.tolist(), tags_of_tracks, strict=True):
            chances = np.full(50, 0.02, np.float32)
            chances[[spec.tags.index(tag) for tag in tags]] = 0.9
            store.add(row, {"embedding": np.ones(200, np.float32), "probabilities": chances})


@pytest.fixture
def three(tmp_path):
    """A library of three tracks without audio."""
    return library_of(tmp_path, "metal", "ballad", "disco")


def library_of(directory, *names):
    tracks = rows("track_id title", [(name, name) for name in names])
    return make_library(directory / "my.segue", write_dataset(directory / "data", tracks))


@pytest.mark.parametrize("encoder", WORDS)
def test_moods_follow_predicted_tags(three, encoder):
    predict(three, encoder, WORDS[encoder])
    found = track_moods(three, three.catalogue())
    metal, ballad, disco = range(3)
    assert found.energy[metal] > found.energy[disco] > found.energy[ballad]
    assert found.valence[disco] > found.valence[ballad]
    for values in (found.energy, found.valence):
        assert ((values >= 0) & (values <= 1)).all()
    for confidence in (found.energy_confidence, found.valence_confidence):
        assert ((confidence >= 0.5) & (confidence <= 1)).all()


def test_moods_of_unanalyzed_tracks_are_unknown(three):
    found = track_moods(three, three.catalogue())
    assert np.isnan(found.energy).all()
    assert np.isnan(found.valence_confidence).all()
    assert found.words(0) == {}


def test_moods_are_the_same_in_any_library(three, tmp_path):
    """A value depends on the track alone, not on the others."""
    predict(three, "musicnn", WORDS["musicnn"])
    one = library_of(tmp_path / "one", "ballad")
    predict(one, "musicnn", [WORDS["musicnn"][1]])
    alone = track_moods(one, one.catalogue())
    among = track_moods(three, three.catalogue())
    assert alone.energy[0] == among.energy[1]
    assert alone.valence[0] == among.valence[1]


@pytest.fixture
def sounds(tmp_path, library, rng):
    """A library of sounds, analyzed without encoders, and the position of each."""
    time = np.arange(6 * 22_050) / 22_050
    noise = rng.normal(size=len(time))
    made = {
        "bursts": (0.5 * noise * (time % 0.25 < 0.1)).clip(-1, 1),
        "quiet": 0.003 * noise,
        "noise": 0.1 * noise,
        "sine": 0.3 * np.sin(2 * np.pi * 440 * time),
        "hum": 0.01 * np.sin(2 * np.pi * 50 * time),
        "silence": 0 * time,
        "dither": rng.integers(-1, 2, len(time)) / 2**15,
    }
    write_dataset(
        tmp_path / "data",
        rows("track_id path", [(name, f"audio/{name}.wav") for name in made]),
        sounds={f"{name}.wav": sound.astype(np.float32) for name, sound in made.items()},
    )
    preprocess(library, tmp_path / "data", workers=1)
    return library, library.catalogue().positions


def test_descriptors_estimate_moods_without_encoders(sounds):
    library, at = sounds
    found = track_moods(library, library.catalogue())
    assert found.energy[at["bursts"]] > found.energy[at["noise"]] > found.energy[at["quiet"]]
    assert found.valence[at["bursts"]] > found.valence[at["quiet"]]
    assert "calm" in found.words(at["quiet"])


def test_sounds_unlike_music_have_no_sure_moods(sounds):
    library, at = sounds
    found = track_moods(library, library.catalogue())
    for confidence in (found.energy_confidence, found.valence_confidence):
        assert confidence[[at["sine"], at["hum"]]].tolist() == [0.5, 0.5]
        assert np.nanmax(confidence) <= MAX_CONFIDENCE < 1
    assert found.words(at["sine"]) == found.words(at["hum"]) == {}


@pytest.mark.parametrize("has_tags", [False, True])
def test_silent_tracks_have_no_moods(sounds, has_tags):
    library, at = sounds
    if has_tags:
        predict(library, "musicnn", [("sad", "ambient")] * len(at))
    found = track_moods(library, library.catalogue())
    for values in (getattr(found, field.name) for field in fields(found)):
        assert set(np.flatnonzero(np.isnan(values))) == {at["silence"], at["dither"]}
    assert found.words(at["silence"]) == {}


def test_confidence_by_tags_stays_below_one(three):
    """However sure the tags are."""
    spec = PRETRAINED_ENCODERS["musicnn"]
    with pretrained_store(three, "musicnn") as store:
        for row, chance in zip(three.catalogue().rows.tolist(), (0.0, 0.5, 1.0), strict=True):
            chances = np.full(50, 1 - chance, np.float32)
            chances[[spec.tags.index(tag) for tag in ("party", "metal", "punk")]] = chance
            store.add(row, {"embedding": np.ones(200, np.float32), "probabilities": chances})
    found = track_moods(three, three.catalogue())
    assert found.energy_confidence.max() == MAX_CONFIDENCE


@pytest.mark.parametrize(
    ("energy", "valence", "words"),
    [
        ((0.9, 0.95), (0.9, 0.9), ["energetic", "happy"]),
        ((0.9, 0.95), (0.1, 0.9), ["energetic", "sad", "aggressive"]),
        ((0.1, 0.95), (0.9, 0.9), ["calm", "happy", "relaxed"]),
        ((0.5, 0.5), (0.4, 0.6), []),
        ((0.1, 0.9), (np.nan, np.nan), ["calm"]),
    ],
)
def test_words_name_what_is_sure(energy, valence, words):
    moods = TrackMoods(*(np.array([value]) for value in (*energy, *valence)))
    found = moods.words(0)
    assert list(found) == words
    assert all(confidence >= MIN_CONFIDENCE for confidence in found.values())


def test_limits_of_moods_exclude_others_and_unknown(three):
    predict(three, "musicnn", WORDS["musicnn"])
    index = ExclusionIndex.of(three, three.catalogue())
    names = np.array([track.track_id for track in three.catalogue().tracks])
    assert set(names[~index.mask(Exclusions(min_energy=0.5))]) == {"metal", "disco"}
    assert set(names[~index.mask(Exclusions(max_energy=0.5))]) == {"ballad"}
    assert set(names[~index.mask(Exclusions(min_valence=0.7))]) == {"disco"}


def test_limits_of_unknown_moods_are_hinted_at(three):
    index = ExclusionIndex.of(three, three.catalogue())
    rules = Exclusions(max_valence=0.5)
    assert index.mask(rules).all()
    assert index.hints(rules) == [
        "3 of 3 tracks have no known valence and are excluded by its limit."
    ]


@pytest.fixture
def listened(tmp_path):
    """A library of 40 tracks, loud and quiet in turn; its listener played some at unknown times."""
    tracks = rows(
        "track_id title artist genre",
        [(f"t{n}", f"Title {n}", f"Artist {n}", "pop") for n in range(40)],
    )
    listens = rows("user_id track_id plays", [("anna", f"t{n}", 3) for n in range(8)])
    dataset = write_dataset(tmp_path / "data", tracks, listens=listens)
    library = make_library(tmp_path / "my.segue", dataset)
    loud = {track.track_id: int(track.track_id[1:]) % 2 for track in library.catalogue().tracks}
    predict(library, "instruments", [WORDS["instruments"][1 - one] for one in loud.values()])
    make_library(tmp_path / "my.segue", dataset, "knn")
    return RecommenderService.open(library).state()


def energies(state, tracks):
    return np.mean([state.facts.energy[state.catalogue.positions[one.track_id]] for one in tracks])


def test_mix_of_the_night_is_calmer_than_of_the_afternoon(listened):
    dials = Dials(max_known_share=1)
    night, noon = (
        daily_mix(listened, "anna", 10, daypart=part, dials=dials)
        for part in ("night", "afternoon")
    )
    assert night.about["daypart"] == "night"
    assert energies(listened, night.tracks) < 0.3 < energies(listened, noon.tracks)


def test_mix_keeps_moods_that_are_set(listened):
    assert daypart_dials("night", Dials(energy=0.9)).energy == 0.9
    assert daypart_dials(None, Dials()) == Dials()
    with pytest.raises(ValueError, match="no part of the day 'noon': choose from morning"):
        daypart_dials("noon", Dials())
    with pytest.raises(PlaylistError, match="no part of the day 'noon'"):
        Recipe.of("mix", {"daypart": "noon"})
    assert len(Recipe.of("mix", {"daypart": "evening", "k": 5}).make(listened, "anna").tracks) == 5


def test_home_without_times_suits_the_part_of_the_day(listened):
    late = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)
    (row,) = [
        one for one in home(listened, "anna", now=late, zone=UTC).rows if one.name == "daypart"
    ]
    assert row.title == "Your night"
    assert np.mean(listened.facts.energy[list(row.positions)[:6]]) < 0.3
