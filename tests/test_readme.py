"""Commands of the README work as written."""

import json
import os
import re
import shlex
import subprocess
import sys
import zipfile

import pytest

PLACES = {"~/Music": "music", "TRACK": "t1", "WORD": "t", "timbre|temporal|knn|metadata": "knn"}


def commands(text: str) -> list[str]:
    """Return the command lines of all shell blocks, comments taken off."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_the_two_commands_are_there(repository):
    found = commands((repository / "README.md").read_text("utf-8"))
    makefile = (repository / "Makefile").read_text("utf-8")
    for target in ("demo", "test"):
        assert f"make {target}" in found
        assert f"\n{target}:" in makefile


@pytest.mark.slow
def test_every_verb_runs_as_written(repository, tmp_path):
    music = tmp_path / "music"
    music.mkdir()
    rows = [f"t{i},Band {i % 4},{'xy'[i % 2]},sad piano" for i in range(12)]
    (music / "metadata.csv").write_text("\n".join(["track_id,artist,genre,tags", *rows]))
    listens = [f"{user},t{i}" for user in ("anna", "ben") for i in range(0, 12, 2)]
    (music / "listens.csv").write_text("\n".join(["user_id,track_id", *listens]))
    played = {
        "ts": "2024-05-01T10:00:00Z",
        "ms_played": 200_000,
        "master_metadata_track_name": "Sea Song",
        "master_metadata_album_artist_name": "Band 1",
        "spotify_track_uri": "spotify:track:1",
    }
    with zipfile.ZipFile(tmp_path / "my_spotify_data.zip", "w") as export:
        export.writestr("Streaming_History_Audio_2024.json", json.dumps([played]))
    lines = [
        line
        for line in commands((repository / "README.md").read_text("utf-8"))
        # what needs the network, or goes on until it is stopped, has tests of its own
        if line.startswith("segue ") and not line.startswith(("segue encoders add", "segue serve"))
    ]
    assert len(lines) >= 6
    for line in lines:
        words = [PLACES.get(word, word) for word in shlex.split(line)]
        done = subprocess.run(
            [sys.executable, "-c", "from segue.cli import main; main()", *words[1:]],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "COLUMNS": "120"},
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"


def test_links_and_pictures_are_there(repository):
    for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"):
        text = (repository / name).read_text("utf-8")
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if "://" not in target:
                assert (repository / target).is_file(), f"{name}: {target}"
