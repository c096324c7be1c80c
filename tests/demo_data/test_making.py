"""The starter library as a whole: complete, resumable, never mixed with anything else."""

import csv
import json
import os
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from segue.demo_data import make_starter, making
from segue.demo_data.plan import JOURNAL, StarterSettings, make_plan
from segue.errors import DatasetError, MissingExtraError


class Bar:
    """A `Progress` that remembers its calls."""

    def __init__(self) -> None:
        self.total = 0
        self.steps: list[int] = []

    @contextmanager
    def __call__(self, description: str, total: int):
        self.total = total
        yield self.steps.append


@pytest.fixture(scope="module")
def library(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("starter") / "library"
    return make_starter(directory, n_tracks=3, seconds=3.0, workers=1)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_demo_dataset_is_complete_and_its_audio_valid(library: Path) -> None:
    metadata = rows(library / "metadata.csv")
    assert [row["track_id"] for row in metadata] == ["starter-001", "starter-002", "starter-003"]
    assert [row["genre"] for row in metadata] == ["Chorale", "Reel", "Irish Air"]
    for row in metadata:
        assert row["title"]
        assert row["artist"].startswith("Segue ")
        assert row["source"].startswith("music21 corpus: ")
        assert row["licence"]
        signal, rate = soundfile.read(library / row["path"])
        assert (rate, len(signal), signal.ndim) == (22_050, 66_150, 1)
        assert 10 ** (-7.1 / 20) < np.max(np.abs(signal)) < 10 ** (-2.9 / 20)
        assert np.sqrt(np.mean(signal**2)) > 0.01
    listens = rows(library / "listens.csv")
    assert {row["track_id"] for row in listens} <= {row["track_id"] for row in metadata}
    assert all(row["user_id"].startswith("simulated-") for row in listens)
    assert "simulated" in (library / "README.md").read_text(encoding="utf-8")


def test_make_starter_leaves_a_finished_dataset_alone(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.stat().st_mtime_ns for path in library.rglob("*")}
    monkeypatch.setattr(making, "make_plan", None)  # would be needed to render
    make_starter(library, n_tracks=3, seconds=3.0, workers=1)
    assert {path: path.stat().st_mtime_ns for path in library.rglob("*")} == before


@pytest.mark.slow
def test_make_starter_resumed_gives_the_same_dataset(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "library"
    render_one = making.make_track
    rendered: list[str] = []

    def stop_at_third(order):
        if len(rendered) == 2:
            raise KeyboardInterrupt
        rendered.append(order.slot.track_id)
        return render_one(order)

    monkeypatch.setattr(making, "make_track", stop_at_third)
    with pytest.raises(KeyboardInterrupt):
        make_starter(directory, n_tracks=3, seconds=3.0, workers=1)
    assert not (directory / "metadata.csv").exists()
    with (directory / JOURNAL).open("a", encoding="utf-8") as journal:
        journal.write('{"track_id": "starter-0')  # as a stop in the middle of a line leaves it
    (directory / "audio" / ".starter-003.flac.1.unfinished").write_bytes(b"half")
    rendered.clear()
    monkeypatch.setattr(making, "make_track", lambda order: rendered.append(0) or render_one(order))
    bar = Bar()
    make_starter(directory, n_tracks=3, seconds=3.0, workers=1, progress=bar)
    assert len(rendered) == 1
    assert (bar.total, sum(bar.steps), bar.steps[0]) == (3, 3, 2)
    assert not list(directory.rglob("*.unfinished"))
    for name in ("metadata.csv", "listens.csv", "audio/starter-002.flac", "audio/starter-003.flac"):
        assert (directory / name).read_bytes() == (library / name).read_bytes()


def test_make_starter_renders_a_lost_recording_again(library: Path) -> None:
    lost = library / "audio" / "starter-001.flac"
    content = lost.read_bytes()
    lost.unlink()
    make_starter(library, n_tracks=3, seconds=3.0, workers=1)
    assert lost.read_bytes() == content


@pytest.mark.slow
def test_make_starter_two_processes_render_the_same(library: Path, tmp_path: Path) -> None:
    directory = make_starter(tmp_path / "library", n_tracks=3, seconds=3.0, workers=2)
    for path in sorted(library.glob("audio/*.flac")):
        assert (directory / "audio" / path.name).read_bytes() == path.read_bytes()
    assert (directory / "metadata.csv").read_bytes() == (library / "metadata.csv").read_bytes()


def test_make_starter_refuses_other_settings_and_contents(library: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"other settings \(.*seed 0\): choose another"):
        make_starter(library, n_tracks=3, seconds=3.0, seed=1, workers=1)
    (tmp_path / "metadata.csv").write_text("track_id\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="not empty and has no starter library"):
        make_starter(tmp_path, n_tracks=3, seconds=3.0, workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["metadata.csv"]


@pytest.mark.slow
def test_make_starter_records_scores_that_fail(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from segue.demo_data import tracks

    first = make_plan(corpus, StarterSettings(n_tracks=1, seconds=3.0))[0].scores[0]
    read = tracks.read_score

    def read_but_first(corpus, score):
        return "<score-partwise/>" if score == first else read(corpus, score)

    monkeypatch.setattr(tracks, "read_score", read_but_first)
    make_starter(tmp_path / "library", n_tracks=1, seconds=3.0, workers=1)
    journal = (tmp_path / "library" / JOURNAL).read_text(encoding="utf-8").splitlines()
    (passed_over,) = json.loads(journal[1])["passed_over"]
    assert passed_over["score"] == first.path
    assert len(rows(tmp_path / "library" / "metadata.csv")) == 1


def test_make_starter_without_renderings_raises_one_error(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from segue.demo_data import tracks

    monkeypatch.setattr(tracks, "read_score", lambda corpus, score: "<score-partwise/>")
    with pytest.raises(DatasetError, match="No score could be rendered"):
        make_starter(tmp_path / "library", n_tracks=2, seconds=3.0, workers=1)


def test_make_starter_names_a_missing_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "_PACKAGES", ("a_package_that_nobody_has",))
    with pytest.raises(MissingExtraError, match=r"starter library .* pip install 'segue\[demo\]'"):
        make_starter(tmp_path / "library", n_tracks=1)


def test_make_starter_full_disk_raises_one_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a directory", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"cannot be written to .*: free some space"):
        make_starter(blocked / "library", n_tracks=1)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"n_tracks": 0}, "n_tracks is 0"),
        ({"seconds": 1.0}, r"seconds is 1\.0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_starter_settings_are_validated(setting: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StarterSettings(**setting)


@pytest.mark.slow
def test_plan_spreads_genres_and_repeats_no_score(corpus: Path) -> None:
    plan = make_plan(corpus, StarterSettings(n_tracks=200))
    assert [slot.number for slot in plan] == list(range(200))
    by_genre: dict[str, list] = {}
    for slot in plan:
        by_genre.setdefault(slot.style.genre, []).append(slot)
        assert slot.performer.genre == slot.style.genre
    assert len(by_genre) == 10
    for slots in by_genre.values():
        assert len(slots) == 20
        assert len({slot.performer.name for slot in slots}) == 8
        assert len({slot.scores[0] for slot in slots}) == 20


def test_make_starter_writes_nothing_to_home(library: Path) -> None:
    assert not (Path(os.environ.get("HOME", "/")) / ".music21rc").exists()
