"""Back up, restore, check and repair a library; export and delete the data of a listener."""

import json
import sqlite3
import zipfile
from contextlib import closing

import pytest
from tests.factories import copy_of_library

from segue import recommend
from segue.errors import DamagedDataError, LibraryError, UnknownListenerError
from segue.library import AnnotationRecord, Event, Library, back_up, restore
from segue.pipeline.accounts.login import add_account
from segue.pipeline.filters.rule_values import add_rule
from segue.pipeline.history.import_listens import import_listens
from segue.pipeline.maintenance.repair import check, repair
from segue.pipeline.maintenance.user_data import delete_user, export_user

N_TRACKS = 9
LISTENED = 1_700_000_000


@pytest.fixture
def directory(nine_library, tmp_path):
    return copy_of_library(nine_library, tmp_path / "my.segue")


def contents(directory):
    """Everything that must never be lost."""
    library = Library(directory)
    listens = library.listens().sort_values(["user_id", "track_id"]).to_csv(index=False)
    liked = [one.track_id for one in library.histories.liked("anna")]
    playlists = [(one.name, list(one.tracks)) for one in library.playlists.of("anna")]
    library.close()
    return listens, liked, playlists


def features_of(directory):
    library = Library(directory)
    found = {
        (store.directory.name, row, name): store.read(name, row).tobytes()
        for store in library.stores(lambda _: True)
        for row in store.rows().tolist()
        for name in store.dtypes
    }
    library.close()
    return found


def files_of_kinds(directory):
    """One or more files of every kind that a library consists of, besides its database."""
    return {
        "data": sorted(directory.glob("features/*/data*.bin")),
        "index": sorted(directory.glob("features/*/index.bin")),
        "settings": sorted(directory.glob("features/*/settings.json")),
        "manifest": sorted(directory.glob("models/[!.]*/manifest.json")),
        "weights": sorted(directory.glob("models/[!.]*/arrays.npz")),
        "model checksums": sorted(directory.glob("models/[!.]*/SHA256SUMS")),
        "snapshot manifest": sorted(directory.glob("models/.snapshot/manifest.json")),
        "snapshot arrays": sorted(directory.glob("models/.snapshot/*.npy"))[:3],
        "snapshot names": sorted(directory.glob("models/.snapshot/names.db")),
    }


def damage_file(path, damage):
    data = bytearray(path.read_bytes())
    if damage == "delete":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "truncate":
        path.write_bytes(data[: len(data) // 2])
    else:
        data[len(data) // 3] ^= 4
        path.write_bytes(data)


KINDS = (
    *("data", "index", "settings", "manifest", "weights", "model checksums"),
    *("snapshot manifest", "snapshot arrays", "snapshot names"),
)


def test_everything_is_readable_by_its_owner_only(nine_library):
    for path in (nine_library, *nine_library.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_older_library_becomes_private_when_it_is_opened(directory):
    for path in (directory, *directory.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    Library(directory).close()
    for path in directory.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_intact_library_passes_check(directory):
    assert check(directory).ok
    assert repair(directory).to_dict() == {"damage": [], "done": [], "left": []}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", ["flip", "truncate", "delete", "empty"])
def test_damage_is_found_survived_and_repaired(directory, kind, damage):
    before, features = contents(directory), features_of(directory)
    chosen = files_of_kinds(directory)[kind]
    assert chosen
    damage_file(chosen[len(kind) % len(chosen)], damage)
    assert not check(directory).ok
    assert len(recommend(directory, user="anna").tracks) > 0
    result = repair(directory, workers=1)
    assert result.left == []
    assert check(directory).ok
    assert contents(directory) == before
    assert features_of(directory).keys() >= {key for key in features if key[2] != "vector"}
    assert len(recommend(directory, user="anna").tracks) > 0


@pytest.mark.sqlite
@pytest.mark.parametrize("damage", ["truncate", "delete", "empty"])
def test_damaged_database_is_restored_from_backup(directory, tmp_path, damage):
    before = contents(directory)
    library = Library(directory)
    back_up(library, tmp_path / "backup")
    library.close()
    damage_file(directory / "library.db", damage)
    assert check(directory).damage[0].kind == "database"
    with pytest.raises(LibraryError, match="segue library restore COPY"):
        repair(directory)
    restore(directory, tmp_path / "backup")
    assert check(directory).ok
    assert contents(directory) == before


def test_backup_is_a_library_with_everything(directory, tmp_path):
    library = Library(directory)
    made = back_up(library, tmp_path / "backup")
    assert made.rows == {
        "tracks": N_TRACKS,
        "listens": 13,
        "feedback": 1,
        "playlists": 1,
        "accounts": 0,
    }
    assert contents(tmp_path / "backup") == contents(directory)
    assert features_of(tmp_path / "backup") == features_of(directory)
    tracks = [one.track_id for one in recommend(tmp_path / "backup", user="anna").tracks]
    assert tracks == [one.track_id for one in recommend(directory, user="anna").tracks]


@pytest.mark.sqlite
def test_backup_has_feedback_that_arrives_meanwhile_or_not_at_all(directory, tmp_path):
    """A server writes while the backup is made: each event is whole or missing, none is half."""
    library, other = Library(directory), Library(directory)
    events = iter(range(1_000))

    def progress(description, total):
        from contextlib import contextmanager

        @contextmanager
        def advance():
            def one(steps):
                key = f"during {next(events)}"
                other.feedback.add([Event(user="ben", track_id="t8", kind="play", key=key)])

            yield one

        return advance()

    back_up(library, tmp_path / "backup", progress=progress)
    assert check(tmp_path / "backup").ok
    assert next(events) > 5
    with closing(sqlite3.connect(tmp_path / "backup" / "library.db")) as copy:
        events_there = copy.execute("SELECT count(*) FROM feedback").fetchone()[0]
        listens = copy.execute("SELECT count(*) FROM listens WHERE dataset = 'live'").fetchone()[0]
    assert events_there == listens


def test_backup_refuses_a_damaged_library(directory, tmp_path):
    damage_file(sorted(directory.glob("features/*/data*.bin"))[0], "flip")
    with pytest.raises(DamagedDataError, match="segue library check"):
        back_up(Library(directory), tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_backup_refuses_an_existing_or_inner_directory(directory, tmp_path):
    library = Library(directory)
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "file").write_text("mine")
    for place in (tmp_path / "used", directory / "backups" / "now", directory):
        with pytest.raises(LibraryError, match="choose a"):
            back_up(library, place)
    assert (tmp_path / "used" / "file").read_text() == "mine"


@pytest.mark.sqlite
def test_restore_keeps_the_replaced_database(directory, tmp_path):
    library = Library(directory)
    back_up(library, tmp_path / "backup", only_database=True)
    library.feedback.add([Event(user="anna", track_id="t8", kind="like", key="2")])
    library.close()
    done = restore(directory, tmp_path / "backup")
    assert contents(directory)[1] == ["t7"]
    assert done.restored == ("library.db",)
    restore(directory, done.replaced)
    assert sorted(contents(directory)[1]) == ["t7", "t8"]


@pytest.mark.sqlite
def test_restore_refuses_a_damaged_copy(directory, tmp_path):
    library = Library(directory)
    back_up(library, tmp_path / "backup")
    library.close()
    before = contents(directory)
    damage_file(tmp_path / "backup" / "library.db", "flip")
    with pytest.raises(DamagedDataError, match="choose another copy"):
        restore(directory, tmp_path / "backup")
    assert contents(directory) == before


def test_restored_rows_are_seen_by_an_open_library(directory, tmp_path):
    library = Library(directory)
    back_up(library, tmp_path / "backup")
    server = Library(directory)
    library.feedback.add([Event(user="anna", track_id="t8", kind="like", key="2")])
    assert len(server.histories.liked("anna")) == 2
    restore(directory, tmp_path / "backup")
    assert len(server.histories.liked("anna")) == 1
    server.feedback.add([Event(user="anna", track_id="t6", kind="like", key="3")])
    assert sorted(contents(directory)[1]) == ["t6", "t7"]


# data of a listener ------------------------------------------------------------------------------


@pytest.mark.sqlite
def test_exported_listens_are_imported_into_another_library(directory, tmp_path):
    library = Library(directory)
    done = export_user(library, "anna", tmp_path / "anna.zip")
    assert (done.listens, done.feedback, done.other, done.playlists) == (6, 1, 0, 1)
    other = copy_of_library(directory, tmp_path / "other.segue")
    with closing(sqlite3.connect(other / "library.db")) as database:
        database.executescript("DELETE FROM feedback; DELETE FROM listens; DELETE FROM users;")
    found = import_listens(other, [tmp_path / "anna.zip"])
    assert found.new == 7
    again = Library(other).listens()
    plays = again[again["rating"].isna()]
    assert sorted(plays["track_id"]) == [f"t{i}" for i in range(6)]
    assert plays["timestamp"].min() == LISTENED
    assert again[again["rating"] > 0]["track_id"].tolist() == ["t7"]
    assert set(again["user_id"]) == {"anna"}


@pytest.mark.sqlite
def test_export_keeps_skips_and_undated_listens(directory, tmp_path):
    library = Library(directory)
    skip = Event(user="anna", track_id="t8", kind="skip", key="s", at=LISTENED, ms_played=3_000)
    library.feedback.add([skip])
    with closing(sqlite3.connect(directory / "library.db")) as database, database:
        database.execute("UPDATE listens SET timestamp = NULL WHERE track = 1")
    done = export_user(library, "anna", tmp_path / "anna.zip")
    assert (done.listens, done.other) == (6, 1)
    with zipfile.ZipFile(tmp_path / "anna.zip") as archive:
        listens = [json.loads(line) for line in archive.read("listens.jsonl").splitlines()]
        other = archive.read("other.csv").decode()
    (skipped,) = [one for one in listens if one["track_metadata"]["additional_info"].get("skipped")]
    assert skipped["track_metadata"]["track_name"] == "Piece 8"
    assert skipped["track_metadata"]["additional_info"]["duration_played"] == 3.0
    assert "anna,t0,Band 0,Piece 0" in other


def test_export_has_stars_and_ratings(directory, tmp_path):
    library = Library(directory)
    star = AnnotationRecord(kind="song", item="t3", starred=LISTENED, rating=4)
    library.annotations.put("anna", [star])
    export_user(library, "anna", tmp_path / "anna.zip")
    with zipfile.ZipFile(tmp_path / "anna.zip") as archive:
        (found,) = json.loads(archive.read("stars.json"))
    assert (found["item"], found["starred"], found["rating"]) == ("t3", LISTENED, 4)


def test_export_has_rules_and_private_plays(directory, tmp_path):
    library = Library(directory)
    add_rule(library, "anna", "learn", "playlist", "Evening")
    add_rule(library, "anna", "play", "artist", "Band 1")
    private = Event(user="anna", track_id="t8", kind="play", key="p", at=1e9, private=True)
    library.feedback.add([private])
    export_user(library, "anna", tmp_path / "anna.zip")
    with zipfile.ZipFile(tmp_path / "anna.zip") as archive:
        found = json.loads(archive.read("rules.json"))
    assert [(one["effect"], one["kind"], one["text"]) for one in found] == [
        ("learn", "playlist", "Evening"),
        ("play", "artist", "Band 1"),
    ]
    other = Library(copy_of_library(directory, tmp_path / "other.segue"))
    delete_user(other, "anna")
    summary = import_listens(other, [tmp_path / "anna.zip"])
    assert summary.new == 8
    assert "t8" not in set(other.listens()["track_id"])  # still private
    assert other.histories.page("anna", most=20)[-1].track_id == "t8"


def test_export_is_private_and_replaces_nothing(directory, tmp_path):
    library = Library(directory)
    export_user(library, "anna", tmp_path / "anna.zip")
    assert (tmp_path / "anna.zip").stat().st_mode & 0o777 == 0o600
    with pytest.raises(LibraryError, match="exists already"):
        export_user(library, "anna", tmp_path / "anna.zip")
    with pytest.raises(UnknownListenerError):
        export_user(library, "nobody", tmp_path / "nobody.zip")


@pytest.mark.sqlite
def test_deleted_listener_leaves_nothing(directory):
    library = Library(directory)
    add_account(library, "anna", "four words do well")
    before = library.listens()
    delete_user(library, "anna")
    library.close()
    with closing(sqlite3.connect(directory / "library.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        text = "\n".join(line for line in database.iterdump() if "INSERT" in line)
    assert "anna" not in text
    library = Library(directory)
    assert library.listeners() == ["ben"]
    after = library.listens()
    assert len(after) == (before["user_id"] == "ben").sum()
    assert check(directory).ok
