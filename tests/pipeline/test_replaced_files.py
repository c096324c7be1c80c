"""Files that replaced others: another encoding of a recording is the track that it was."""

import shutil
import unicodedata

import mutagen
import numpy as np
import pytest
import soundfile
from tests.factories import tune

from segue.library import AnnotationRecord, Event, Library
from segue.pipeline.analysis.inputs import AUDIO, open_store
from segue.pipeline.analysis.replaced_files import Agreement, agreement_of
from segue.pipeline.preprocess import preprocess
from segue.types import Track

RATE = 22_050


def drone(hertz, seconds=12.0):
    """A sound without a fingerprint."""
    time = np.arange(round(seconds * RATE)) / RATE
    return 0.2 * np.sin(2 * np.pi * hertz * time) * (1 + 0.2 * np.sin(0.6 * time))


def write(path, signal, **tags):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, signal, RATE)
    if tags:
        file = mutagen.File(path, easy=True)
        if file.tags is None:
            file.add_tags()
        file.update(tags)
        file.save()
    return path


@pytest.fixture
def music(tmp_path):
    """A folder with one MP3 and another track."""
    folder = tmp_path / "music"
    write(folder / "Alder/First/01 Sun.mp3", tune(1), title="Sun", artist="Alder", album="First")
    write(folder / "Birch/Second/01.flac", tune(2), title="Moon", artist="Birch", album="Second")
    return folder


OLD = "Alder/First/01 Sun.mp3"


def tracks_of(library):
    return {track.track_id: track for track in library.catalogue().tracks}


def listen(library, track_id, *kinds, start=1.0):
    """Store live feedback of anna."""
    library.feedback.add(
        [
            Event(
                user="anna",
                track_id=track_id,
                kind=kind,
                key=f"{track_id} {start} {n}",
                at=start + n,
            )
            for n, kind in enumerate(kinds)
        ]
    )


def plays_of(library):
    return library.listens().groupby("track_id")["plays"].sum().to_dict()


TAGS = {"title": "Sun", "artist": "Alder", "album": "First"}


@pytest.mark.parametrize(
    ("place", "signal", "tags"),
    [
        ("Alder/First/01 Sun.flac", tune(1), TAGS),  # FLAC for MP3
        ("Alder/First/01 - The Sun.flac", tune(1), {"title": "The Sun"}),  # by its folder
        ("Alder/First/01 Sun.mp3", 0.5 * tune(1), TAGS),  # another volume, in place
        ("Moved/x.mp3", 0.7 * tune(1), TAGS),  # another volume, and moved
        ("new/01. Sun.ogg", tune(1)[RATE // 2 :], {}),  # another rip, by its name
        ("Best/07.ogg", tune(1), {**TAGS, "title": "Sun (2011 Remaster)", "album": "Best"}),
    ],
)
def test_other_encoding_of_a_recording_is_its_track(music, library, place, signal, tags):
    preprocess(library, music)
    listen(library, OLD, "play", "play", "like")
    (music / OLD).unlink()
    write(music / place, signal, **tags)
    again = preprocess(library, music)
    assert (again.tracks, again.analyzed, again.replaced, again.missing) == (2, 1, 1, 0)
    found = tracks_of(library)
    assert list(found) == [OLD, "Birch/Second/01.flac"]
    assert found[OLD].path == music / place
    assert plays_of(library)[OLD] == 2
    third = preprocess(library, music)
    assert (third.analyzed, third.replaced, third.missing, third.duplicates) == (0, 0, 0, 0)
    assert tracks_of(library) == found


def test_transcodes_in_another_folder_keep_their_tracks(music, library, tmp_path):
    preprocess(library, music)
    before = list(tracks_of(library))
    write(tmp_path / "ogg/Alder/First/01 Sun.ogg", tune(1), **TAGS)
    write(tmp_path / "ogg/Birch/Second/01.ogg", tune(2), title="Moon", artist="Birch")
    shutil.rmtree(music)
    again = preprocess(library, tmp_path / "ogg")
    assert (again.replaced, again.missing) == (2, 0)
    assert list(tracks_of(library)) == before


@pytest.mark.parametrize("tags", [TAGS, {}])
def test_other_recording_at_a_path_inherits_nothing(music, library, tags):
    preprocess(library, music)
    listen(library, OLD, "play", "like")
    write(music / OLD, tune(9), **tags)
    again = preprocess(library, music)
    assert (again.analyzed, again.replaced, again.missing) == (1, 0, 1)
    found = tracks_of(library)
    assert (found[OLD].missing, found[f"{OLD} (2)"].missing) == (True, False)
    assert plays_of(library) == {OLD: 1}
    # and the old file comes back as what it was, wherever it is
    write(music / "back/Sun.flac", tune(1), **TAGS)
    again = preprocess(library, music)
    assert (again.replaced, again.missing) == (1, 0)
    assert tracks_of(library)[OLD].path == music / "back/Sun.flac"


@pytest.mark.parametrize("left", [None, "empty", ".hidden"])
def test_copies_on_an_unplugged_drive_stay_tracks(music, library, tmp_path, left):
    usb = tmp_path / "usb"
    write(usb / "Alder/Sun.ogg", tune(1), **TAGS)
    for directory in (music, usb):
        preprocess(library, directory)
    before = set(tracks_of(library))
    usb.rename(tmp_path / "unplugged")
    if left is not None:
        usb.mkdir()
        (usb / ".hidden").mkdir() if left == ".hidden" else None
    again = preprocess(library, music)
    assert (again.replaced, again.missing) == (0, 1)
    assert set(tracks_of(library)) == before
    shutil.rmtree(usb, ignore_errors=True)
    (tmp_path / "unplugged").rename(usb)
    again = preprocess(library, usb)
    assert (again.analyzed, again.missing, set(tracks_of(library))) == (0, 0, before)
    # a copy that was deleted from the drive is another matter
    write(usb / "x.wav", tune(3, 1.0))
    (usb / "Alder/Sun.ogg").unlink()
    again = preprocess(library, music)
    assert (again.replaced, again.missing) == (1, 0)


def test_new_file_takes_over_what_was_deleted_first(music, library, tmp_path):
    write(tmp_path / "usb/Alder/01 Sun.ogg", tune(1), **TAGS)
    preprocess(library, tmp_path / "usb")
    preprocess(library, music)
    (tmp_path / "usb").rename(tmp_path / "unplugged")
    (music / OLD).unlink()
    write(music / "Alder/First/01 Sun.flac", tune(1), **TAGS)
    again = preprocess(library, music)
    assert (again.replaced, again.missing) == (1, 1)
    assert tracks_of(library)[OLD].path == music / "Alder/First/01 Sun.flac"


@pytest.mark.parametrize(
    ("title", "n_replaced"), [("Sun", 1), ("Sun (Live)", 0), ("Sun - Instrumental", 0)]
)
def test_title_of_another_version_is_another_track(music, library, title, n_replaced):
    preprocess(library, music)
    (music / OLD).unlink()
    write(music / "Alder/First/01.flac", tune(1), **{**TAGS, "title": title})
    assert preprocess(library, music).replaced == n_replaced


def test_recording_of_other_names_elsewhere_is_another_track(music, library):
    preprocess(library, music)
    (music / OLD).unlink()
    write(music / "Cedar/Third/05 Sea.flac", tune(1), title="Sea", artist="Cedar")
    assert preprocess(library, music).replaced == 0


def test_file_that_was_cut_short_is_completed(music, library):
    write(music / OLD, tune(1)[: 6 * RATE], **TAGS)
    preprocess(library, music)
    write(music / OLD, tune(1), **TAGS)
    again = preprocess(library, music)
    assert (again.replaced, again.missing) == (1, 0)


@pytest.mark.parametrize(("hertz", "n_replaced"), [(110, 1), (140, 0)])
def test_sound_without_fingerprint_is_compared_itself(music, library, hertz, n_replaced):
    write(music / "Elm/1.ogg", drone(110), title="Drone", artist="Elm")
    preprocess(library, music)
    (music / "Elm/1.ogg").unlink()
    write(music / "Elm/1.flac", drone(hertz), title="Drone", artist="Elm")
    again = preprocess(library, music)
    assert (again.replaced, again.missing) == (n_replaced, 1 - n_replaced)


def test_copy_that_was_there_before_takes_over_everything(music, library):
    new = "Alder/First/01 Sun.flac"
    write(music / new, tune(1), **TAGS)
    preprocess(library, music)
    rows = dict(zip(tracks_of(library), library.catalogue().rows.tolist(), strict=True))
    kept, removed = sorted((OLD, new), key=rows.__getitem__)
    listen(library, OLD, "play", "play", "like")
    listen(library, new, "play", "dislike", start=100.0)
    library.playlists.add("anna", "Mine", "tracks", {}, [new, "Birch/Second/01.flac", OLD])
    library.annotations.put(
        "anna",
        [
            AnnotationRecord(kind="song", item=OLD, rating=4),
            AnnotationRecord(kind="song", item=new, starred=5.0),
        ],
    )
    for value in (OLD, new):
        library.rules.add("anna", "learn", "track", value)
    library.rules.add("anna", "play", "track", removed)
    (music / OLD).unlink()
    again = preprocess(library, music)
    assert (again.analyzed, again.replaced, again.missing) == (0, 1, 0)
    assert list(tracks_of(library)) == [kept, "Birch/Second/01.flac"]
    assert tracks_of(library)[kept].path == music / new
    assert plays_of(library)[kept] == 3
    ratings = library.listens()["rating"].dropna().tolist()
    assert ratings == [-1.0]  # the later opinion
    (playlist,) = library.playlists.of("anna")
    assert playlist.tracks == (kept, "Birch/Second/01.flac", kept)
    (song,) = library.annotations.all("anna", "song")
    assert (song.item, song.rating, song.starred) == (kept, 4, 5.0)
    rules = [(rule.effect, rule.value) for rule in library.rules.of("anna")]
    assert sorted(rules) == [("learn", kept), ("play", kept)]
    assert library.reader.track_row(removed) == rows[kept]
    assert len(open_store(library, AUDIO.summary).rows()) == 2


@pytest.mark.parametrize("folder", ["Alder/First", "new"])
def test_file_replaced_several_times_is_its_track(music, library, folder):
    name = f"{folder}/01 Sun.mp3"
    write(music / name, tune(1), **TAGS)
    if name != OLD:
        (music / OLD).unlink()
    preprocess(library, music)
    for volume in (0.9, 0.8, 0.7):
        listen(library, name, "play", start=volume)
        write(music / name, volume * tune(1), **TAGS)
        again = preprocess(library, music)
        assert (again.replaced, again.missing) == (1, 0)
    assert set(tracks_of(library)) == {name, "Birch/Second/01.flac"}
    assert plays_of(library) == {name: 3}
    former = library.track_ids().keys() - tracks_of(library).keys()
    assert former == {f"{name} ({number})" for number in (2, 3, 4)}
    assert {library.reader.track_id(one) for one in former} == {name}


def test_new_file_gets_no_former_id(music, library):
    preprocess(library, music)
    new = "Alder/First/01 Sun.flac"
    (music / OLD).unlink()
    write(music / new, tune(1), **TAGS)
    preprocess(library, music)
    (music / new).rename(music / "Alder/First/02.flac")
    write(music / new, tune(9), title="Other")
    preprocess(library, music)
    found = tracks_of(library)
    assert found[OLD].path == music / "Alder/First/02.flac"
    assert found[f"{new} (2)"].title == "Other"
    assert library.reader.track_id(new) == OLD


def test_listens_of_a_former_id_are_those_of_its_track(music, library):
    new = "Alder/First/01 Sun.flac"
    write(music / new, tune(1), **TAGS)
    lines = [f"anna,{track_id},{at}" for at, track_id in enumerate((OLD, new, OLD), 1)]
    (music / "listens.csv").write_text("\n".join(["user_id,track_id,timestamp", *lines]))
    preprocess(library, music)
    for name in (OLD, new):
        shutil.move(music / name, music.parent / "away")
        preprocess(library, music)
        assert library.listens()["track_id"].nunique() == 1
        assert len(library.listens()) == 3
        shutil.move(music.parent / "away", music / name)


@pytest.mark.parametrize("first", ["table", "music"])
def test_merged_track_keeps_what_its_table_states(tmp_path, library, first):
    data, music = tmp_path / "data", tmp_path / "music"
    song = write(data / "audio/song1.wav", tune(1))
    write(data / "audio/song2.wav", tune(2))
    (data / "metadata.csv").write_text(
        "track_id,path,title,genre,tags,year,extra\n"
        "song1,audio/song1.wav,Sun,jazz,calm:3,1965,more\n"
        "song2,audio/song2.wav,Moon,rock,,1970,\n"
    )
    flac = music / "Alder/song1.flac"
    if first == "music":
        write(flac, tune(1), title="Sun", artist="Alder", date="2001", genre="pop", composer="C")
        preprocess(library, music)
    preprocess(library, data)
    before = tracks_of(library)["song1"]
    song.unlink()
    write(flac, tune(1), title="Sun", artist="Alder", date="2001", genre="pop", composer="C")
    merged = "song1" if first == "table" else "Alder/song1.flac"
    for directory in (music, data, music, data):
        preprocess(library, directory)
        assert set(tracks_of(library)) == {merged, "song2"}
        found = tracks_of(library)[merged]
        assert (found.path, found.missing) == (flac, False)
        assert (found.genres, found.tags, found.year) == (before.genres, before.tags, 1965)
        assert (found.artist, found.metadata["extra"]) == ("Alder", "more")


def test_row_of_a_merged_track_is_the_track_it_became(tmp_path, library):
    music, data = tmp_path / "music", tmp_path / "data"
    write(music / "Alder/Sun.flac", tune(1), title="Sun", artist="Alder")
    preprocess(library, music)
    write(data / "audio/song1.wav", tune(1))
    write(data / "audio/song2.wav", tune(2))
    rows = "song1,audio/song1.wav,Sun,Alder\nsong2,audio/song2.wav,Moon,Birch\n"
    (data / "metadata.csv").write_text("track_id,path,title,artist\n" + rows)
    (data / "listens.csv").write_text("user_id,track_id\nanna,song1\nanna,song2\n")
    preprocess(library, data)
    (data / "audio/song1.wav").unlink()
    for directory in (data, music, data, music):
        preprocess(library, directory)
        assert len(library.listens()) == 2
    assert set(tracks_of(library)) == {"Alder/Sun.flac", "song2"}
    assert tracks_of(library)["Alder/Sun.flac"].path == music / "Alder/Sun.flac"
    # the audio of the row is there again
    write(data / "audio/song1.wav", tune(5))
    preprocess(library, data)
    assert set(tracks_of(library)) == {"Alder/Sun.flac", "song1", "song2"}
    assert library.reader.track_id("song1") == "song1"


def test_file_of_the_same_name_is_preferred(music, library):
    preprocess(library, music)
    (music / OLD).unlink()
    for name in ("00 Other", "01 Sun", "02 Other"):
        write(music / f"Alder/First/{name}.flac", tune(1))
    assert preprocess(library, music).replaced == 1
    assert tracks_of(library)[OLD].path == music / "Alder/First/01 Sun.flac"


def test_fingerprint_of_a_missing_track_outlives_its_analysis(music, library):
    preprocess(library, music)
    (music / OLD).unlink()
    preprocess(library, music)
    outdated = {**AUDIO.summary.settings, "version": -1}
    catalogue = library.catalogue()
    row = int(catalogue.rows[catalogue.position(OLD)])
    with (
        open_store(library, AUDIO.summary) as store,
        library.features(outdated, AUDIO.summary.dtypes) as old,
    ):
        old.add(row, {name: store.read(name, row) for name in store.dtypes})
        store.forget([row])
    assert preprocess(library, music).analyzed == 0
    assert not library.stores(lambda settings: settings == outdated)
    write(music / "Alder/First/01 Sun.flac", tune(1), **TAGS)
    assert preprocess(library, music).replaced == 1
    again = preprocess(library, music)
    assert (again.analyzed, again.missing) == (0, 0)


def test_copy_of_another_album_stays_missing(music, library):
    write(music / "Best/3 Sunny.flac", tune(1), **{**TAGS, "album": "Best"})
    preprocess(library, music)
    (music / OLD).unlink()
    again = preprocess(library, music)
    assert (again.replaced, again.missing) == (0, 1)


def _analyzed_again(music, library):
    preprocess(library, music)


def _vectors_are_lost(music, library):
    library.drop_features(lambda settings: settings.get("embedding of") == "fingerprint")


@pytest.mark.parametrize("change", [_analyzed_again, _vectors_are_lost])
def test_tracks_that_are_compared_again_are_not_new(music, library, change):
    write(music / OLD, tune(1, 70.0), **TAGS)
    write(music / "Best/3 Sun.flac", tune(1, 70.0), **{**TAGS, "album": "Best"})
    preprocess(library, music, fast=True)
    (music / OLD).unlink()
    assert preprocess(library, music, fast=True).missing == 1
    change(music, library)
    again = preprocess(library, music)
    assert (again.replaced, again.missing) == (0, 1)
    assert len(tracks_of(library)) == 3


def test_new_file_is_merged_after_a_killed_comparison(music, library, monkeypatch):
    preprocess(library, music)
    (music / OLD).unlink()
    write(music / "Best/3 Sun.flac", tune(1), **{**TAGS, "album": "Best"})
    from segue.pipeline import preprocess as module

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, "merge_replaced", killed)
        with pytest.raises(KeyboardInterrupt):
            preprocess(library, music)
    again = preprocess(Library(library.directory), music)
    assert (again.analyzed, again.replaced, again.missing) == (0, 1, 0)
    assert tracks_of(library)[OLD].album == "Best"


def test_killed_merge_loses_no_listens(music, library, monkeypatch):
    preprocess(library, music)
    listen(library, OLD, "play")
    (music / OLD).unlink()
    write(music / "Alder/First/01 Sun.flac", tune(1), **TAGS)
    from segue.library import library as module

    def killed(directory, rows):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, "move_in", killed)
        with pytest.raises(KeyboardInterrupt):
            preprocess(library, music)
    again = preprocess(Library(library.directory), music)
    assert (again.tracks, again.analyzed, again.missing) == (2, 1, 0)
    assert plays_of(library) == {OLD: 1}
    assert tracks_of(library)[OLD].path == music / "Alder/First/01 Sun.flac"


def test_names_in_other_unicode_are_two_tracks(tmp_path, library):
    for number, form in enumerate(("NFC", "NFD")):
        name = unicodedata.normalize(form, "Zoé.flac")
        write(tmp_path / "music" / name, tune(number, 2.0))
    for n_analysed in (2, 0):
        again = preprocess(library, tmp_path / "music")
        assert (again.tracks, again.analyzed, again.problems) == (2, n_analysed, 0)
    assert {track.path.name for track in tracks_of(library).values()} == {
        unicodedata.normalize(form, "Zoé.flac") for form in ("NFC", "NFD")
    }
    assert set(tracks_of(library)) == {"Zoé.flac", "Zoé.flac (2)"}


@pytest.mark.parametrize("device", ["the same", "another"])
def test_folder_by_another_path_is_the_same(music, library, tmp_path, device):
    preprocess(library, music)
    (music / "Alder").rename(music / "Alder (2001)")
    preprocess(library, music)
    if device == "the same":
        (tmp_path / "link").symlink_to(music)
    else:
        shutil.copytree(music, tmp_path / "link")  # by digest and place
    for folder in (tmp_path / "link", music):
        again = preprocess(library, folder)
        assert (again.tracks, again.analyzed, again.moved, again.missing) == (2, 0, 0, 0)
        assert set(tracks_of(library)) == {OLD, "Birch/Second/01.flac"}


def test_hard_link_in_a_folder_is_a_copy(music, library):
    preprocess(library, music)
    (music / "again.mp3").hardlink_to(music / OLD)
    again = preprocess(library, music)
    assert (again.tracks, again.duplicates) == (3, 2)


def test_copies_without_fingerprint_are_duplicates(music, library):
    write(music / "a/drone.wav", drone(110, 4.0))
    for folder in ("b", "c"):
        (music / folder).mkdir()
        shutil.copy(music / "a/drone.wav", music / folder / "drone.wav")
    assert preprocess(library, music).duplicates == 3
    (music / "a/drone.wav").unlink()
    # a copy is the same recording: it takes over the track
    again = preprocess(library, music)
    assert (again.duplicates, again.missing, again.replaced) == (2, 0, 1)


def test_every_table_that_refers_to_tracks_is_merged():
    """A new one must be added to `segue.library.merged_tracks`, and here."""
    from segue.library.schema import schema

    referring = {
        table.name
        for table in schema.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "tracks"
    }
    moved = {"listens", "feedback", "playlist_tracks", "former_ids", "tag_backups", "splits"}
    moved.add("connection_items")
    assert referring == {*moved, "audio_files", "duplicate_pairs", "track_artists"}


def track(path, **tags):
    from pathlib import Path

    return Track(track_id=path, path=Path("/m") / path, **tags)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (track("a/1.mp3"), track("a/2.mp3"), Agreement.FOLDER),
        (track("a/CD 1/1.mp3"), track("a/2.mp3"), Agreement.FOLDER),
        (track("a/1 x.mp3"), track("b/X.flac"), Agreement.WHOLE),
        (track("a/1.mp3"), track("b/2.mp3"), Agreement.NONE),
        (track("a/1.mp3", title="X"), track("b/2.mp3", title="x"), Agreement.WHOLE),
        (
            track("a/1.mp3", title="X", artist="A & B", album="One"),
            track("b/2.mp3", title="X", artist="A", album="Two"),
            Agreement.TITLE,
        ),
        (
            track("a/1.mp3", title="X", artist="A"),
            track("b/2.mp3", title="X", artist="B"),
            Agreement.NONE,
        ),
        (track("a/1.mp3", title="X"), track("a/1.flac", title="X (Demo)"), Agreement.NONE),
        (
            track("a/1.mp3", metadata={"isrc": "XX1"}),
            track("b/2.mp3", metadata={"isrc": "XX2|XX1"}),
            Agreement.WHOLE,
        ),
    ],
)
def test_agreement_of_tags_and_places(one, other, expected):
    assert agreement_of(one, other) == expected
    assert agreement_of(other, one) == expected
