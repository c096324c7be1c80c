"""Test `segue user`."""

import json
import os
import pty
import shutil
import subprocess
import sys
import time

import pytest

from segue.library import Event, Library
from segue.pipeline.accounts.login import log_in
from segue.pipeline.accounts.player_passwords import verify_player_password
from segue.pipeline.accounts.sessions import find_key, find_session, open_session
from segue.pipeline.history.import_listens import import_listens
from segue.sources.datasets.listens import no_listens
from segue.types import Track

COMMAND = [sys.executable, "-c", "from segue.cli import main; main()", "user"]


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "my.segue")


def segue(library, *arguments, given=None):
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(
        [*COMMAND, *arguments, "--library", library.directory],
        input=given,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def document(library, *arguments, given=None):
    done = segue(library, *arguments, "--json", given=given)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def add(library, name, *options):
    return document(library, "add", name, *options, "--password-stdin", given="eight or more\n")


def test_account_is_added_listed_and_removed(library):
    shown = add(library, "anna", "--admin", "--share-taste")
    assert shown.items() >= {"name": "anna", "admin": True, "shares_taste": True}.items()
    assert not add(library, "ben b")["admin"]
    listed = document(library, "list")["accounts"]
    assert [one["name"] for one in listed] == ["anna", "ben b"]
    assert "argon2" not in json.dumps(listed)
    assert log_in(library, "anna", "eight or more").admin
    assert "anna" in segue(library, "list").stdout
    assert document(library, "remove", "anna") == {"removed": "anna", "accounts": 1}
    done = segue(library, "remove", "ben b")
    assert "No accounts left" in done.stdout
    assert "No accounts" in segue(library, "list").stdout


def test_admin_can_be_added_before_there_is_a_library(library):
    library.close()
    shutil.rmtree(library.directory)
    given = "eight or more\n"
    refused = segue(library, "add", "ben", "--password-stdin", given=given)
    assert refused.returncode == 1
    assert "no library" in refused.stderr
    done = segue(library, "add", "anna", "--admin", "--password-stdin", given=given)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Made an empty library" in done.stdout
    assert [one["name"] for one in document(library, "list")["accounts"]] == ["anna"]


def test_add_without_admin_prints_hint(library):
    done = segue(library, "add", "anna", "--password-stdin", given="eight or more")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--admin" in done.stdout


def test_invalid_account_prints_one_sentence(library, tmp_path):
    add(library, "anna")
    cases = [
        (["add", "anna", "--password-stdin"], "eight or more", "already"),
        (["add", "ben", "--password-stdin"], "short", "use 8 to 1024"),
        (["add", "ben", "--password-stdin"], "", "use 8 to 1024"),
        (["add", "ben\n", "--password-stdin"], "eight or more", "space"),
        (["add", "ben"], "", "--password-stdin"),
        (["remove", "ben"], None, "no account 'ben'"),
        (["password", "ben", "--password-stdin"], "eight or more", "no account 'ben'"),
        (["key", "ben"], None, "no account 'ben'"),
        (["key", "anna", "--revoke"], None, "it has no keys"),
        (["player-password", "ben"], None, "no account 'ben'"),
    ]
    for arguments, given, why in cases:
        done = segue(library, *arguments, given=given)
        assert (done.returncode, done.stdout) == (1, ""), arguments
        assert done.stderr.startswith("segue: ")
        assert why in done.stderr
        assert done.stderr.count("\n") == 1
    missing = segue(Library(tmp_path / "my.segue"), "list", "--library", str(tmp_path / "none"))
    assert missing.returncode in (0, 1)
    assert segue(library, "add", "ben", "--password", "eight or more").returncode == 2


def test_password_prompt_asks_twice_without_echo(library):
    for answers, code in ((("four words", "four words"), 0), (("four words", "fourwords"), 1)):
        terminal, theirs = pty.openpty()
        command = [*COMMAND, "add", f"u{code}", "--library", library.directory]
        asking = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        seen = b""
        for prompt, answer in zip((b"Password for", b"Repeat the password"), answers, strict=True):
            while prompt not in seen:
                seen += os.read(terminal, 1_000)
            time.sleep(0.2)  # until the terminal's echo is off
            os.write(terminal, answer.encode() + b"\n")
        try:
            while chunk := os.read(terminal, 1_000):
                seen += chunk
        except OSError:  # it has ended
            pass
        os.close(terminal)
        assert asking.wait() == code
        assert b"four" not in seen
    assert [account.name for account in library.accounts.all()] == ["u0"]
    assert log_in(library, "u0", "four words")


def test_new_password_ends_sessions(library):
    add(library, "anna")
    token, _ = open_session(library, account="anna")
    document(library, "password", "anna", "--password-stdin", given="another one\r\n")
    assert find_session(library, token) is None
    assert log_in(library, "anna", "another one")


def test_key_is_shown_once_and_revoked(library):
    add(library, "anna")
    key = document(library, "key", "anna", "--name", "phone")["key"]
    assert find_key(library, key).name == "anna"
    listed = document(library, "key", "anna", "--list")
    assert [one["name"] for one in listed["keys"]] == ["phone"]
    assert key not in json.dumps(listed)
    assert "phone" in segue(library, "key", "anna", "--list").stdout
    assert document(library, "key", "anna", "--name", "phone", "--revoke")["revoked"] == "phone"
    assert find_key(library, key) is None
    assert segue(library, "key", "anna").stdout.startswith("segue-")


def test_player_password_is_created_shown_revoked(library):
    add(library, "anna")
    assert document(library, "player-password", "anna", "--show")["player_password"] is None
    made = document(library, "player-password", "anna")["player_password"]
    assert verify_player_password(library, "anna", made).name == "anna"
    assert segue(library, "player-password", "anna", "--show").stdout == f"{made}\n"
    assert document(library, "player-password", "anna", "--revoke")["player_password"] is None
    assert "nothing to revoke" in segue(library, "player-password", "anna", "--revoke").stdout


def test_join_makes_two_names_one(library, tmp_path):
    table = tmp_path / "listens.csv"
    table.write_text("user_id,artist,title,timestamp\nme,A,a,1600000000\nann,A,a,1600000000\n")
    import_listens(library, [table])
    done = segue(library, "join", "me", "ann")
    assert (done.returncode, "add --yes" in done.stderr) == (2, True)
    assert document(library, "join", "me", "ann", "--yes") == {
        "joined": "me",
        "into": "ann",
        "rows": {"duplicates": 1},
    }
    assert library.listeners() == ["ann"]


def listens_of_anna(library):
    track = Track(track_id="t1", title="Lullaby", artist="Nanny", genres=("children",))
    library.add_dataset("data", tracks=[track], listens=no_listens())
    library.feedback.add([Event(user="anna", track_id="t1", kind="play", key="1", at=1.6e9)])


def test_rules_are_added_listed_and_removed(library):
    listens_of_anna(library)
    forget = ("forget", "anna", "--genre", "children", "--hours", "20-7", "--zone", "UTC")
    added = document(library, *forget, "--source", "spotify")["added"]
    assert [(one["kind"], one["value"]) for one in added] == [
        ("genre", "children"),
        ("hours", "20:00-07:00 UTC"),
        ("source", "spotify"),
    ]
    done = segue(library, "never-play", "anna", "--track", "t1", "--artist", "Nobody")
    assert "track Nanny - Lullaby: segue no longer chooses this for anna." in done.stdout
    assert "no track has the artist 'Nobody'" in done.stderr
    listed = document(library, "rules", "anna")["rules"]
    assert [one["effect"] for one in listed] == ["learn"] * 3 + ["play"] * 2
    shown = segue(library, "rules", "anna").stdout
    assert "5 rules of anna" in shown
    assert "Nanny - Lullaby" in shown
    number = str(listed[0]["number"])
    assert "Removed: genre children" in segue(library, "rules", "anna", "--remove", number).stdout
    assert len(document(library, "rules", "anna")["rules"]) == 4


def test_session_lasts_until_it_is_ended(library):
    listens_of_anna(library)
    (rule,) = document(library, "forget", "anna", "--from", "yesterday 18:00")["added"]
    assert rule["value"].endswith("/..")
    ended = document(library, "rules", "anna", "--end", str(rule["number"]))["rules"]
    assert not ended[0]["value"].endswith("/..")
    times = ("--from", "2026-01-05 18:00", "--to", "2026-01-05 21:00", "--zone", "Europe/Berlin")
    (rule,) = document(library, "forget", "anna", *times)["added"]
    assert rule["value"] == "2026-01-05T17:00:00Z/2026-01-05T20:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("forget", "anna"), "name something"),
        (("forget", "anna", "--to", "now"), "--to needs --from"),
        (("forget", "anna", "--from", "soon"), "cannot be read"),
        (("forget", "anna", "--hours", "20-20"), "at the same time"),
        (("forget", "anna", "--hours", "20-7", "--zone", "Moon"), "no time zone 'Moon'"),
        (("never-play", "ben", "--artist", "Nanny"), "no listener 'ben'"),
        (("rules", "ben"), "no listener 'ben'"),
        (("rules", "anna", "--remove", "9"), "no rule number 9"),
    ],
)
def test_bad_rules_name_the_way_out(library, arguments, reason):
    listens_of_anna(library)
    done = segue(library, *arguments)
    assert done.returncode
    assert reason in " ".join(done.stderr.split())


def test_folders_of_account_are_set_shown_and_removed(library, tmp_path):
    children = tmp_path / "Children"
    children.mkdir()
    segue(library, "add", "mia", "--password-stdin", given="four words do well\n")
    assert "mia sees all music." in segue(library, "folders", "mia").stdout
    found = document(library, "folders", "mia", "--only", str(children), "--hide", "Audiobooks")
    assert (found["only"], found["hidden"]) == ([str(children)], ["Audiobooks"])
    shown = segue(library, "folders", "mia").stdout
    assert f"mia sees only {children}." in " ".join(shown.split())
    assert "mia does not see Audiobooks." in shown
    assert library.folder_access.of("mia").only == (str(children),)
    assert "mia sees all music." in segue(library, "folders", "mia", "--all").stdout
    assert not library.folder_access.of("mia")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("folders", "nobody", "--all"), "nobody"),
        (("folders", "mia", "--all", "--only", "x"), "either --all, or"),
        (("folders", "mia", "--hide", "/"), "is no folder of music"),
    ],
)
def test_bad_folders_name_the_way_out(library, arguments, reason):
    segue(library, "add", "mia", "--password-stdin", given="four words do well\n")
    done = segue(library, *arguments)
    assert done.returncode
    assert reason in " ".join(done.stderr.split())
