"""`segue connect` and `segue sync` with a real server at the other end: segue's own."""

import json
import os
import subprocess
import sys

from tests.factories import copy_of_library
from tests.serve.conftest import PASSWORD

from segue.library import Event, Library
from segue.pipeline.accounts.login import add_account
from segue.pipeline.accounts.player_passwords import new_player_password

CODE = "from segue.cli import main; main()"


def segue(*arguments, **variables):
    """Run a command, and return its exit code, output and errors."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **variables},
    )
    return done.returncode, done.stdout, done.stderr


def test_commands_copy_plays_and_playlists(serve, directory, original, tmp_path):
    remote = Library(directory)
    secrets = {}
    for name in ("anna", "ben"):
        add_account(remote, name, PASSWORD, admin=name == "anna")
        secrets[name] = new_player_password(remote, name)
    remote.playlists.add("anna", "Evening", "tracks", {}, ["t03", "t01"])
    remote.close()
    server = serve()
    library = copy_of_library(original, tmp_path / "mine.segue")
    where = ("--library", library)
    for name, secret in secrets.items():
        code, out, err = segue(
            "connect", "subsonic", server.url, "--user", name, "--listener", f"{name}2", *where,
            "--json", SEGUE_SERVER_PASSWORD=secret,
        )  # fmt: skip
        assert code == 0, err
        assert secret not in out + err
    assert [one["user"] for one in json.loads(out)["accounts"]] == ["anna", "ben"]

    code, out, err = segue("sync", *where, "--json")
    assert code == 0, err
    first = json.loads(out)["connections"][0]["accounts"]
    assert [one["matched"] for one in first] == [12, 12]
    mine = Library(library)
    heard = {one["track_id"]: one["plays"] for one in mine.listens_of("anna2")}
    assert heard == {"t00": 1.0, "t03": 1.0, "t06": 1.0, "t09": 1.0}
    assert [one.name for one in mine.playlists.of("anna2")] == ["Evening"]

    # a play on the server, and a playlist here
    remote = Library(directory)
    event = Event(user="anna", track_id="t05", kind="play", key="k", ms_played=2_000)
    remote.feedback.add([event])
    remote.close()
    mine.playlists.add("anna2", "Mine", "tracks", {}, ["t07", "t02"])
    code, out, err = segue("sync", *where, "--full", "--json")
    assert code == 0, err
    assert json.loads(out)["connections"][0]["accounts"][0]["listens"] == 1
    names = {one.name: list(one.tracks) for one in Library(directory).playlists.of("anna")}
    assert names["Evening"] == ["t03", "t01"]
    assert names["Mine (segue)"] == ["t07", "t02"]
    code, out, err = segue("sync", *where, "--json")
    again = json.loads(out)["connections"][0]["accounts"]
    assert [(one["listens"], one["changed"], one["playlists_written"]) for one in again] == [
        (0, 0, 0),
        (0, 0, 0),
    ]

    server.stop()
    code, out, err = segue("sync", *where)
    assert code == 1
    assert err.splitlines()[-1].startswith(f"segue: The server at {server.url.rstrip('/')} cannot")
    code, out, err = segue("connect", "list", *where)
    assert code == 0
    assert f"anna: The server at {server.url.rstrip('/')} cannot be reached" in out
    code, out, err = segue("connect", "remove", "subsonic", "--yes", *where)
    assert code == 0, err
    mine.close()
