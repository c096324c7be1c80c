"""Search by tags, genres, names and predicted tags, with what matched."""

import json

import numpy as np
import pytest

import segue
from segue.encoders.pretrained import PRETRAINED_ENCODERS
from segue.errors import LibraryError, ModelError
from segue.pipeline.analysis.pretrained_embeddings import pretrained_store
from segue.pipeline.catalogue.search import GIVEN, GIVEN_PART, NAMED, PHRASE, search
from segue.pipeline.preprocess import preprocess
from segue.pipeline.recommender.search_phrases import _TABLE, PHRASES
from segue.pipeline.recommender.search_terms import is_part, normalize_text, tags_for, terms_of

TRACKS = """track_id,title,artist,genre,tags
t0,Rain,Ana,jazz,piano:3|sad
t1,Sad Piano,Ben,,
t2,Sun,Cleo,,solo piano
t3,Storm,Piano Trio,metal,
t4,Dust,Dee,,
t5,Glass,Eve,hip hop,
"""


@pytest.fixture
def described(library, tmp_path):
    (tmp_path / "metadata.csv").write_text(TRACKS)
    preprocess(library, tmp_path)
    return library


def set_predictions(library, encoder, **tags):
    """Store predicted tags of an encoder: one probability a track."""
    n_tracks = len(next(iter(tags.values())))
    chances = np.full((n_tracks, 50), 0.1, np.float32)
    for name, values in tags.items():
        chances[:, PRETRAINED_ENCODERS[encoder].tags.index(name)] = values
    with pretrained_store(library, encoder) as store:
        for row, values in zip(library.catalogue().rows.tolist(), chances, strict=False):
            vector = np.zeros(PRETRAINED_ENCODERS[encoder].embedding_size)
            store.add(row, {"embedding": vector, "probabilities": values})


def scores(found):
    return {match.track_id: match.score for match in found.tracks}


def test_search_by_tags_genres_and_names_scores_each(described):
    found = search(described, "sad piano")
    assert found.terms == ["sad", "piano"]
    assert scores(found) == pytest.approx(
        {"t0": GIVEN, "t1": NAMED, "t2": GIVEN_PART / 2, "t3": NAMED / 2}
    )
    assert [match.rank for match in found.tracks] == [1, 2, 3, 4]
    assert found.tracks[0].matched == {"sad": ["tag sad"], "piano": ["tag piano"]}
    assert found.tracks[1].matched == {"sad": ["title"], "piano": ["title"]}
    assert found.tracks[3].matched == {"piano": ["artist"]}


def test_search_scores_are_the_sum_of_their_parts(described):
    for match in search(described, "sad piano").tracks:
        assert match.score == pytest.approx(sum(match.why.values()))


def test_search_by_predicted_tags_ranks_by_percentile(described):
    """A rare tag with small probabilities counts as much as a common one."""
    set_predictions(
        described,
        "instruments",
        flute=[0.01, 0.01, 0.01, 0.01, 0.01, 0.05],
        drums=[0.2, 0.3, 0.4, 0.5, 0.9, 0.9],
    )
    found = search(described, "flute drums", k=3)
    assert found.tracks[0].track_id == "t5"
    assert found.tracks[0].matched == {"flute": ["sounds flute"], "drums": ["sounds drums"]}
    assert found.tracks[1].track_id == "t4"
    assert found.tracks[1].matched == {"flute": [], "drums": ["sounds drums"]}


def test_what_ears_agree_on_is_averaged(described):
    set_predictions(described, "musicnn", metal=[0.9, 0.1, 0.1, 0.1, 0.1, 0.1])
    set_predictions(described, "vgg", metal=[0.1, 0.1, 0.1, 0.1, 0.9, 0.1])
    found = scores(search(described, "metal", k=6))
    assert found["t3"] == GIVEN
    assert found["t0"] == pytest.approx(found["t4"])
    assert found["t0"] > found["t1"]


def test_track_without_predictions_is_found_by_given_tags(described):
    set_predictions(described, "musicnn", jazz=[0.1, 0.2, 0.3])
    found = search(described, "hip-hop", k=6)
    assert found.tracks[0].track_id == "t5"
    assert {match.track_id for match in found.tracks} == {"t0", "t1", "t2", "t5"}


def test_search_reports_unknown_words(described):
    found = search(described, "piano xyzzy")
    assert (found.terms, found.unknown) == (["piano"], ["xyzzy"])
    with pytest.raises(
        ModelError, match=r"'xyzzy': search for hip hop, jazz, metal, piano, .*title"
    ):
        search(described, "xyzzy")


def test_search_error_names_the_most_common_words(tmp_path):
    rows = [f"t{i},drone|{i:02} s" for i in range(40)]
    (tmp_path / "metadata.csv").write_text("\n".join(["track_id,tags", *rows]))
    library = segue.Library(tmp_path / "my.segue")
    preprocess(library, tmp_path)
    with pytest.raises(ModelError, match=r"search for .*drone"):
        search(library, "xyzzy")


def test_the_tags_of_the_ears_are_told(described):
    set_predictions(described, "instruments", sitar=[0.1] * 6)
    with pytest.raises(
        ModelError, match=r"search for .*harpsichord, .*sitar.* or words of a title\.$"
    ):
        search(described, "xyzzy")


def test_search_without_tags_says_how_to_get_them(library, tmp_path):
    (tmp_path / "metadata.csv").write_text("track_id,artist\n1,A\n2,B")
    with pytest.raises(LibraryError, match="run segue preprocess"):
        search(library, "piano")
    preprocess(library, tmp_path)
    with pytest.raises(ModelError, match="run segue encoders add musicnn"):
        search(library, "piano")


def test_search_by_a_tag_of_all_tracks_ranks_none_higher(described):
    set_predictions(described, "musicnn", jazz=[0.3] * 6)
    values = scores(search(described, "jazz", k=6))
    assert values["t0"] == GIVEN
    assert values["t4"] == pytest.approx(0.5)


def test_search_returns_at_most_k_tracks(described):
    assert len(search(described, "piano", k=2).tracks) == 2
    assert len(search(described, "piano", k=100).tracks) == 4
    with pytest.raises(ValueError, match="at least 1"):
        search(described, "piano", k=0)


def test_search_result_converts_to_dict_and_pandas(described):
    found = segue.search(described, "sad piano", k=2)
    document = found.to_dict()
    assert json.loads(json.dumps(document)) == document
    assert set(document) == {"query", "terms", "unknown", "tracks", "artists", "albums"}
    frame = found.to_pandas()
    assert list(frame["track_id"]) == ["t0", "t1"]
    assert list(frame["why.sad"]) == pytest.approx([0.5, 0.4])


def test_terms_of_splits_a_query():
    assert terms_of("Some R&B songs, please", set()) == ["r b"]
    assert terms_of("hard rock guitar rock", {"hard rock"}) == ["hard rock", "guitar", "rock"]
    assert terms_of("the the", set()) == ["the"]
    assert terms_of("", set()) == []


def test_tags_for_matches_names_and_synonyms():
    tags = PRETRAINED_ENCODERS["musicnn"].tags + PRETRAINED_ENCODERS["instruments"].tags
    assert tags_for("rap", tags) == ["hip-hop"]
    assert tags_for("r b", tags) == ["rnb"]
    assert set(tags_for("calm", tags)) == {"mellow", "chillout", "soft", "quiet"}
    assert tags_for("instrumental", tags)[0] == "instrumental"
    assert tags_for("xyzzy", tags) == []


def test_is_part_matches_words_and_stems():
    assert is_part("piano", "jazz piano trio")
    assert not is_part("pop", "popular")
    assert not is_part("art", "art rock"[4:])


def test_search_finds_track_by_guest_artist(library, tmp_path):
    (tmp_path / "metadata.csv").write_text(
        "track_id,title,artist,genre\nt0,Rain,Ana feat. Bob Beta,jazz\nt1,Sun,Ana,folk\n"
    )
    preprocess(library, tmp_path)
    (found,) = search(library, "beta").tracks
    assert (found.track_id, found.matched) == ("t0", {"beta": ["artist"]})


@pytest.fixture
def moody(library, tmp_path):
    """Five tracks of known moods, one with a phrase as its title, and one of unknown mood."""
    lines = ["track_id,title,artist,tempo", "fast,Gym Rat,A,140", "calm,Lake,B,70"]
    lines += ["sad,Grey,C,80", "named,Workout,D,", "glad,Sun,E,120", "none,Nothing,F,"]
    (tmp_path / "metadata.csv").write_text("\n".join(lines))
    preprocess(library, tmp_path)
    order = [track.track_id for track in library.catalogue().tracks]
    likely = {
        "fast": ("loud", "fast", "techno", "dance"),
        "calm": ("slow", "quiet", "soft", "ambient"),
        "sad": ("slow", "soft", "choir", "piano"),
        "named": ("slow", "quiet"),
        "glad": ("fast", "pop", "dance", "beat"),
    }
    spec = PRETRAINED_ENCODERS["instruments"]
    with pretrained_store(library, "instruments") as store:
        for row, name in zip(library.catalogue().rows.tolist(), order, strict=True):
            if name in likely:
                chances = np.full(50, 0.03, np.float32)
                chances[[spec.tags.index(tag) for tag in likely[name]]] = 0.9
                store.add(row, {"embedding": np.zeros(200), "probabilities": chances})
    return library


def test_search_by_phrase_finds_moods_after_titles(moody):
    found = search(moody, "workout music", k=6)
    assert found.terms == ["workout"]
    assert [match.track_id for match in found.tracks][:2] == ["named", "fast"]
    assert found.tracks[0].score == pytest.approx(NAMED)
    assert found.tracks[1].score <= PHRASE < NAMED
    assert "tempo 140" in found.tracks[1].matched["workout"]
    assert any(reason.startswith("energy 0.") for reason in found.tracks[1].matched["workout"])
    assert {match.track_id for match in found.tracks}.isdisjoint({"calm", "sad", "none"})


@pytest.mark.parametrize(
    ("query", "first"),
    [("songs for a rainy evening", "sad"), ("sleep", "calm"), ("party", "glad"), ("gym", "fast")],
)
def test_search_by_phrase_fits_its_mood(moody, query, first):
    assert first in [match.track_id for match in search(moody, query, k=2).tracks]


def test_search_by_phrase_leaves_out_what_is_above_it(moody):
    assert not {"fast", "glad"} & {match.track_id for match in search(moody, "sleep", k=6).tracks}


def test_search_by_phrase_keeps_parts_of_names(moody):
    """A title with one of two words of a phrase is worth what it was without the phrase."""
    (track,) = [one for one in search(moody, "wake up sun", k=6).tracks if one.track_id == "glad"]
    assert track.why["sun"] == pytest.approx(NAMED / 2)


def test_search_by_phrase_without_moods_is_by_names(described):
    with pytest.raises(ModelError, match="No track matches 'workout'"):
        search(described, "workout")


def test_phrases_are_normalized_and_unique():
    names = [name for names in _TABLE for name in names.split(",")]
    assert len(names) == len(set(names)) == len(PHRASES)
    assert all(name == normalize_text(name) for name in names)
    known = {tag for encoder in PRETRAINED_ENCODERS.values() for tag in encoder.tags}
    words = {"disco", "reggae"}  # genres that no encoder predicts
    assert {tag for phrase in PHRASES.values() for tag in phrase.tags} <= known | words


def test_search_finds_misspelled_names(described):
    found = search(described, "strom")
    assert [match.track_id for match in found.tracks] == ["t3"]
    assert found.tracks[0].matched == {"strom": ["name"]}
    assert [one.name for one in search(described, "piano trio").artists] == ["Piano Trio"]
