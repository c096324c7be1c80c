"""Test the command line: help, JSON documents, error sentences, exit codes."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from time import sleep

import numpy as np
import pytest
import soundfile
from tests.factories import copy_of_library

VERBS = [
    "preprocess",
    "import",
    "connect",
    "sync",
    "mpd",
    "train",
    "recommend",
    "similar",
    "playlist",
    "export",
    "search",
    "missing",
    "evaluate",
    "demo",
    "library",
    "encoders",
    "models",
    "user",
]


def segue(*arguments, cwd=None, **variables):
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **variables}
    return subprocess.run(
        [sys.executable, "-c", "from segue.cli import main; main()", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment,
        check=False,
    )


@pytest.fixture(scope="module")
def listens(tmp_path_factory):
    """A library of listens alone: quick to make, enough to recommend from."""
    directory = tmp_path_factory.mktemp("listens")
    rows = [f"u{u},t{t}" for u in range(6) for t in range(12) if (u + t) % 3]
    (directory / "listens.csv").write_text("\n".join(["user_id,track_id", *rows]))
    done = segue("preprocess", directory, "--library", directory / "my.segue", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["listens"] == len(rows)
    return directory / "my.segue"


def test_help_lists_every_command():
    text = segue("--help").stdout
    assert all(verb in text for verb in VERBS)
    assert segue("-h").stdout == text
    for verb in VERBS:
        done = segue(verb, "-h")
        assert done.returncode == 0
        assert "Usage" in done.stdout


def test_every_option_has_help():
    from typer.main import get_command

    from segue.cli import app

    commands = dict(get_command(app).commands)
    groups = [name for name, command in commands.items() if hasattr(command, "commands")]
    for group in (*groups, "export playlist"):
        commands.update({f"{group} {k}": v for k, v in commands.pop(group).commands.items()})
    for name, command in commands.items():
        assert command.help, name
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name} {parameter.name}"


def test_exported_playlist_works_as_likes(listens, tmp_path):
    likes = ("like", "t1", "--artist-cap", "12")
    shown = segue("playlist", *likes, "--json", SEGUE_LIBRARY=str(listens))
    ids = [track["track_id"] for track in json.loads(shown.stdout)["tracks"]]
    for form in ("m3u8", "xspf", "jspf"):
        done = segue(
            *("export", "playlist", *likes, "-o", f"a.{form}", "--json"),
            cwd=tmp_path,
            SEGUE_LIBRARY=str(listens),
        )
        document = json.loads(done.stdout)
        assert (document["format"], document["tracks"]) == (form, len(ids))
        text = (tmp_path / f"a.{form}").read_text("utf-8")
        assert all(one in text for one in ids)
    with (tmp_path / "a.m3u8").open("a") as file:
        file.write("Nobody - Nothing.mp3\n")
    seeded = segue(
        *("playlist", "like", "--from", "a.m3u8", "--json"),
        cwd=tmp_path,
        SEGUE_LIBRARY=str(listens),
    )
    document = json.loads(seeded.stdout)
    assert document["like"] == ids
    assert document["hints"][0] == (
        f"1 of {len(ids) + 1} tracks of a.m3u8 is not in the library: Nobody - Nothing.mp3."
    )
    (tmp_path / "a.m3u8").write_text("Nobody - Nothing.mp3\n")
    done = segue("playlist", "like", "--from", "a.m3u8", cwd=tmp_path, SEGUE_LIBRARY=str(listens))
    assert (done.returncode, done.stdout) == (1, "")
    assert "No track of a.m3u8 is in the library" in done.stderr


def test_import_json_prints_one_document(tmp_path):
    listen = {"ts": "2021-01-01T00:00:00Z", "ms_played": 9000, "master_metadata_track_name": "x"}
    (tmp_path / "export.dat").write_text(json.dumps([listen]))
    for new in (1, 0):
        done = segue("import", "export.dat", "--user", "ann", "--json", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        document = json.loads(done.stdout)
        assert (document["new"], document["unmatched"]) == (new, 1)
        assert (document["files"][0]["format"], document["files"][0]["users"]) == (
            "spotify",
            ["ann"],
        )
    shown = segue("import", "export.dat", cwd=tmp_path).stdout
    assert "Spotify" in shown
    assert "2 listens without a track in the library" in shown
    assert "2 imported listens without a track" in segue("library", "show", cwd=tmp_path).stdout


def test_import_says_what_is_true_of_names_and_skips(tmp_path):
    table = tmp_path / "listens.csv"
    table.write_text("artist,title,timestamp,skipped\nFar,Away,1600000000,true\n")
    said = " ".join(segue("import", table, "--user", " my  name ", cwd=tmp_path).stdout.split())
    assert "names its own" not in said
    likes = {"artist": {"name": "Far"}, "name": "Away", "date": {"uts": "1600000000"}}
    for name in ("ann", "bob lee"):
        page = {"lovedtracks": {"track": [likes], "@attr": {"user": name}}}
        (tmp_path / name).write_text(json.dumps(page))
    done = segue("import", "ann", "bob lee", "--library", "other.segue", cwd=tmp_path)
    assert "segue user join 'bob lee' ann" in " ".join(done.stdout.split())
    listed = segue("import", "--unmatched", cwd=tmp_path).stdout
    assert "No track is missing: skips and private listens do not count." in listed


def test_import_prints_listeners_and_lists_what_is_unmatched(tmp_path):
    library = tmp_path / "my.segue"
    table = tmp_path / "listens.csv"
    table.write_text("artist,title,heard on\nFar,Away,2020-09-13 12:26\n")
    refused = segue("import", table, "--library", library)
    assert (refused.returncode, "--column when=NAME" in refused.stderr) == (1, True)
    column = ("--column", "when=heard on", "--user", "zoe")
    done = segue("import", table, *column, "--library", library)
    assert (done.returncode, "zoe" in done.stdout) == (0, True)
    listed = segue("import", "--unmatched", "--library", library)
    assert "the library has no such artist" in listed.stdout
    listed = segue("import", "--unmatched", "--user", "zoe", "--library", library, "--json")
    assert json.loads(listed.stdout)["unmatched"][0]["title"] == "Away"
    missing = segue("missing", "--user", "zoe", "--library", library, "--json")
    assert json.loads(missing.stdout)["artists"][0]["artist"] == "Far"
    for arguments in ((), (table, "--column", "when")):
        assert segue("import", *arguments, "--library", library).returncode == 2


def test_version_is_printed():
    assert re.fullmatch(r"segue \d+\.\d+\.\d+\n", segue("--version").stdout)


def test_module_run_prints_help():
    command = [sys.executable, "-m", "segue", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert re.fullmatch(r"segue \d+\.\d+\.\d+\n", done.stdout), done.stderr


def test_json_option_prints_one_document_only(listens):
    for verb in (
        ["recommend", "--user", "u0", "-k", "3"],
        [
            "recommend",
            "--user",
            "u0",
            "-k",
            "3",
            "--why",
            "--randomness",
            "0.5",
            "--exclude-tag",
            "x",
        ],
        ["playlist", "like", "t1", "t2", "--dislike", "t3"],
        ["playlist", "radio", "--user", "u0", "-k", "30"],
        ["playlist", "blend", "--user", "u0", "--user", "u1"],
        ["evaluate", "recommendations"],
        ["train", "all"],
        ["library", "show"],
        ["library", "problems"],
        ["library", "tracks"],
        ["library", "listeners"],
        ["encoders", "list"],
        ["models", "list"],
        ["models", "show", "knn"],
    ):
        done = segue(*verb, "--json", SEGUE_LIBRARY=str(listens))
        assert done.returncode == 0, done.stderr
        assert isinstance(json.loads(done.stdout), dict)
        assert done.stderr == ""


def test_new_only_and_include_known_limit_known_tracks(listens):
    known = {f"t{t}" for t in range(12) if t % 3}

    def tracks(*arguments):
        done = segue(*arguments, "-k", "12", "--json", SEGUE_LIBRARY=str(listens))
        assert (done.returncode, done.stderr) == (0, "")
        return {track["track_id"] for track in json.loads(done.stdout)["tracks"]}

    recommend = ("recommend", "--user", "u0")
    radio = ("playlist", "radio", "--user", "u0")
    like = ("playlist", "like", "t0", "--user", "u0", "--artist-cap", "12")
    assert tracks(*recommend, "--new-only") == tracks(*recommend)
    for verb in (recommend, radio, like):
        new = tracks(*verb, "--new-only")
        assert new
        assert not new & known
        assert tracks(*verb, "--include-known") & known


def test_printed_seed_repeats_random_list(listens):
    def listed(*arguments):
        done = segue(*arguments, "--json", SEGUE_LIBRARY=str(listens))
        assert (done.returncode, done.stderr) == (0, "")
        found = json.loads(done.stdout)
        return found.get("seed"), [track["track_id"] for track in found["tracks"]]

    radio = (
        "playlist",
        "radio",
        "--user",
        "u0",
        "-k",
        "12",
        "--randomness",
        "0.5",
        "--include-known",
    )
    for verb in (radio, ("recommend", "--user", "u0", "--randomness", "0.5", "--include-known")):
        runs = [listed(*verb) for _ in range(3)]
        seeds = {seed for seed, _ in runs}
        assert len(seeds) == 3
        assert len({tuple(tracks) for _, tracks in runs}) > 1
        seed, tracks = runs[0]
        assert listed(*verb, "--seed", seed) == (seed, tracks)
        shown = segue(*verb, "--seed", seed, SEGUE_LIBRARY=str(listens)).stdout
        assert f"random list: --seed {seed} makes the same list again" in shown
    assert listed("playlist", "radio", "--user", "u0", "--seed", "0")[0] == 0
    assert listed("recommend", "--user", "u0")[0] is None  # nothing is left to chance


def test_cap_without_data_prints_hint(listens):
    done = segue("recommend", "--user", "u0", "--artist-cap", "1", SEGUE_LIBRARY=str(listens))
    assert done.stderr == "segue: no track has a known artist, so the artist cap has no effect.\n"


def test_moved_library_finds_report(listens, tmp_path):
    assert segue("train", "all", SEGUE_LIBRARY=str(listens)).returncode == 0
    assert segue("evaluate", "recommendations", SEGUE_LIBRARY=str(listens)).returncode == 0
    copy_of_library(listens, tmp_path / "moved.segue")
    shown = segue("library", "show", SEGUE_LIBRARY=str(tmp_path / "moved.segue")).stdout
    assert "on None" not in shown
    page = re.search(r"Last report: (.*)", shown).group(1)
    assert Path(page).is_file()
    assert Path(page).is_relative_to(tmp_path)


def test_recommend_json_has_documented_fields(listens):
    done = segue("recommend", "--user", "u0", "-k", "2", "--json", "--library", listens)
    document = json.loads(done.stdout)
    assert set(document) == {"user", "weights", "tracks"}
    fields = {"rank", "track_id", "title", "artist", "score", "why"}
    more = {"top_signal", "influenced_by", "in_common", "reason", "reason_about", "interest"}
    assert all(set(track) == fields | more for track in document["tracks"])


def test_recommend_why_prints_reasons(tmp_path):
    rows = ["track_id,title,artist,tags", *(f"t{i},No. {i},A{i // 2},calm" for i in range(6))]
    (tmp_path / "metadata.csv").write_text("\n".join(rows))
    (tmp_path / "listens.csv").write_text("user_id,track_id\nu,t0\nu,t2\nv,t3")
    assert segue("preprocess", tmp_path, cwd=tmp_path).returncode == 0
    ask = ["recommend", "--user", "u", "-k", "1"]
    done = segue(*ask, "--why", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "score " in done.stdout
    assert "because you like A1 - No. 2" in done.stdout
    assert "in common with tracks you like: the artist A1; the tag calm" in done.stdout
    # a name that nothing has is a hint, in the document as well
    done = segue(*ask, "--exclude-artist", "A", "--to-year", "1999", cwd=tmp_path)
    assert done.returncode == 0
    assert "segue: no track has the artist 'A': did you mean 'A" in done.stderr
    assert "6 of 6 tracks have no known year" in done.stderr
    assert done.stdout == "The exclusions leave no tracks to recommend: exclude less.\n"
    done = segue(*ask, "--exclude-artist", "A", "--json", cwd=tmp_path)
    assert done.stderr == ""
    assert "did you mean" in json.loads(done.stdout)["hints"][0]
    done = segue("playlist", "path", "t0", "t5", "-k", "4", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "evenness: " in done.stdout
    document = json.loads(segue("playlist", "path", "t0", "t5", "--json", cwd=tmp_path).stdout)
    assert document["tracks"][0]["track_id"] == "t0"
    assert document["tracks"][-1]["track_id"] == "t5"
    # an option that can do nothing says so
    done = segue(*ask, "--album-cap", "1", "--artist-cap", "1", cwd=tmp_path)
    assert "no track has a known album, so the album cap has no effect" in done.stderr
    assert "artist cap" not in done.stderr
    done = segue(*ask, "--include-known", "--max-known-share", "0.2", cwd=tmp_path)
    assert done.returncode == 2
    assert "--include-known and --max-known-share contradict each other" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["preprocess", "nowhere"], "nowhere"),
        (["import", "nowhere.json"], "check the path"),
        (["import", "."], "name the files in it"),
        (["recommend", "--user", "u0", "--library", "none"], "segue preprocess DATASET"),
        (["recommend", "--user", "nobody"], "no listener 'nobody'"),
        (["recommend", "--like", "t99"], "no track 't99'"),
        (["recommend", "--user", "u0", "--weight", "x=1"], "no signal 'x': choose from"),
        (["playlist", "radio", "--user", "nobody"], "no listener 'nobody'"),
        (["playlist", "like", "t99"], "no track 't99'"),
        (["playlist", "like", "--from", "none.m3u8"], "none.m3u8 cannot be read"),
        (["export", "playlist", "like", "t1", "-o", "none/a.xspf"], "cannot be written"),
        (["playlist", "path", "t1", "t2"], "No signal can compare the two tracks"),
        (["playlist", "path", "t1", "t1"], "name two different tracks"),
        (["playlist", "blend", "--user", "u0", "--user", "nobody"], "no listener 'nobody'"),
        (["similar", "t99"], "no track 't99'"),
        (["similar", "t1", "--signal", "timbre"], "run segue train cnn"),
        (["similar", "t1", "--signal", "nonsense"], "choose --signal from"),
        (["similar", "t1", "--signal", "musicnn"], "run segue encoders add musicnn"),
        (["search", "sad", "piano"], "run segue encoders add musicnn"),
        (["train", "genre", "--on", "vgg"], "run segue encoders add musicnn"),
        (["train", "genre", "--on", "ear"], "choose --on from musicnn"),
        (["evaluate", "genre-on-vgg"], "choose from cnn"),
        (["encoders", "add", "nonsense"], "choose musicnn or basic-pitch"),
        (["encoders", "add", "--wheel", "none.whl"], "check the path"),
        (["encoders", "remove"], "not installed"),
        (["train", "cnn"], "needs audio or precomputed frames"),
        (["train", "knn", "--target", "mood"], "choose a --target"),
        (["evaluate", "cnn"], "segue train cnn"),
        (["evaluate", "similarity"], "none has audio, frames or a trained model's vector"),
        (["models", "show", "cnn"], "segue train cnn"),
        (["models", "show", "svm"], "no model 'svm'"),
    ],
)
def test_failure_prints_one_sentence_to_stderr(listens, tmp_path, arguments, sentence):
    done = segue(*arguments, cwd=tmp_path, SEGUE_LIBRARY=str(listens))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("segue: ")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ["recommend"],
        ["recommend", "--user", "u0", "-k", "0"],
        ["recommend", "--user", "u0", "--diversity", "2"],
        ["recommend", "--user", "u0", "--popularity", "-2"],
        ["recommend", "--user", "u0", "--weight", "timbre"],
        ["recommend", "--user", "u0", "--weight", "timbre=-1"],
        ["recommend", "--user", "u0", "--artist-cap", "-1"],
        ["recommend", "--user", "u0", "--from-year", "2000", "--to-year", "1990"],
        ["recommend", "--user", "u0", "--exclude-genre", ""],
        ["recommend", "--user", "u0", "--new-only", "--include-known"],
        ["recommend", "--user", "u0", "--include-known", "--max-known-share", "0.5"],
        ["playlist", "radio", "--user", "u0", "--new-only", "--max-known-share", "0.5"],
        ["playlist", "like", "t1", "--new-only", "--include-known"],
        ["playlist", "radio"],
        ["playlist", "like"],
        ["export", "playlist", "like", "t1"],
        ["export", "playlist", "like", "t1", "-o", "list.pls"],
        ["export", "playlist", "radio", "-o", "list.m3u8"],
        ["playlist", "path", "t1"],
        ["playlist", "path", "t1", "t2", "-k", "1"],
        ["playlist", "blend", "--user", "u0", "--user", "u0"],
        ["train", "svm"],
        ["evaluate", "svm"],
        ["search"],
        ["search", ""],
        ["evaluate", "--split", "all"],
        ["nonsense"],
        ["preprocess"],
        ["import"],
        ["import", "listens.csv", "--user", " "],
        ["train"],
    ],
)
def test_wrong_usage_exits_with_2(listens, arguments):
    done = segue(*arguments, SEGUE_LIBRARY=str(listens))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "verb",
    [
        ["recommend", "--like", "t1"],
        ["recommend", "--user", "u0", "--like", "t1"],
        ["playlist", "like", "t1"],
        ["playlist", "radio", "--like", "t1"],
    ],
)
def test_track_liked_and_disliked_is_wrong_usage(listens, verb):
    done = segue(*verb, "--dislike", "t2", "--dislike", "t1", SEGUE_LIBRARY=str(listens))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "segue: 't1' is both liked and disliked: choose one of the two.\n"


def test_preprocess_without_audio_creates_no_library(tmp_path):
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "a.mp3").write_text("this is not music")
    done = segue("preprocess", "music", cwd=tmp_path)
    assert done.returncode == 1
    assert "can be used: replace" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["music"]


def listen():
    """Let Ctrl-C through: what a shell runs in the background inherits that it is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_keeps_finished_work(tmp_path):
    (tmp_path / "music").mkdir()
    time = np.arange(22_050 * 60) / 22_050
    for i in range(40):
        tone = 0.1 * np.sin(2 * np.pi * (200 + 10 * i) * time)
        soundfile.write(tmp_path / "music" / f"{i:02}.wav", tone, 22_050)
    command = [sys.executable, "-c", "from segue.cli import main; main()"]
    running = subprocess.Popen(
        [*command, "preprocess", "music", "--workers", "1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listen,  # noqa: PLW1509  # no threads here
    )
    index = "my.segue/features/*/index.bin"
    while running.poll() is None and not any(p.stat().st_size > 900 for p in tmp_path.glob(index)):
        sleep(0.005)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert out == ""
    assert err == "segue: stopped. Finished work is kept: run the command again to continue.\n"
    done = segue("preprocess", "music", "--workers", "1", "--json", cwd=tmp_path)
    assert 0 < json.loads(done.stdout)["analyzed"] < 38


def test_markup_in_title_is_printed_literally(tmp_path):
    rows = "track_id,title,artist\n1,[bold]x[/bold],A\n2,[/nope],A\n3,plain,B"
    (tmp_path / "metadata.csv").write_text(rows)
    (tmp_path / "listens.csv").write_text("user_id,track_id\nu,1\nu,3")
    assert segue("preprocess", tmp_path, cwd=tmp_path).returncode == 0
    done = segue("recommend", "--user", "u", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "[/nope]" in done.stdout


@pytest.mark.sqlite
def test_seed_scripts_still_work(repository, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "metadata.csv").write_text("track_id,artist,genre\n1,A,x\n2,A,x\n3,B,y\n4,B,y")
    (data / "listens.csv").write_text("user_id,track_id\nu,1\nu,3\nv,2\nv,4")
    for script, *arguments in (
        ["preprocess.py"],
        ["train.py", "--model", "knn"],
        ["recommend.py", "--user_id", "u"],
    ):
        path = Path(repository) / script
        done = subprocess.run(
            [sys.executable, path, *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "my.segue" / "library.db").is_file()


def test_evaluate_recommendations_prints_findings_and_notes(listens):
    done = segue("evaluate", "recommendations", "--library", listens)
    assert done.returncode == 0, done.stderr
    for told in ("ndcg@20", "recall@20", "item-knn", "the best single signal ("):
        assert told in " ".join(done.stdout.split())  # lines are broken anywhere
    assert "New tracks cannot be evaluated" in done.stdout
    document = json.loads(
        segue("evaluate", "recommendations", "--library", listens, "--json").stdout
    )
    assert document["task"] == "recommendation"
    assert document["groups"] == {"popularity": [], "history": []}  # fewer than 20 listeners
    assert document["cold"] == {"tracks": None, "listeners": {}}
    assert document["next_track"] is None
