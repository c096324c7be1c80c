"""The tables of docs/measured.md, made on tiny data."""

import json
import re
import subprocess
import sys
from pathlib import Path

import measured
import measured_tables
import pytest
from typer.testing import CliRunner

from segue.cli import app

ROOT = Path(__file__).parents[2]
PAGE = "# Measured\n\n<!-- measured: lastfm -->\nold\n<!-- end -->\n\nInterpretation.\n"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Listeners of two groups, each with tracks of their own tag."""
    directory = tmp_path_factory.mktemp("data")
    tracks = [f"t{n},{'rock' if n % 2 else 'jazz'}:9|{'ab'[n // 2 % 2]}:2" for n in range(30)]
    (directory / "metadata.csv").write_text("\n".join(["track_id,tags", *tracks]))
    listens = [
        f"u{u},t{n},{1 + (u * n) % 5}"
        for u in range(24)
        for n in range(30)
        if (u + n) % 2 == 0 and (u * 7 + n * 3) % 5
    ]
    (directory / "listens.csv").write_text("\n".join(["user_id,track_id,plays", *listens]))
    return directory


def run_here(arguments, library):
    """Run a command in this process: starting others takes longer than the commands."""
    done = CliRunner().invoke(app, [*arguments, "--library", str(library), "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    return {"cpu_seconds": 1.0, "seconds": 2.0, "megabytes": 3.0, "document": document}


@pytest.mark.slow
def test_measured_writes_tables_between_markers(data, tmp_path, monkeypatch):
    page = tmp_path / "measured.md"
    page.write_text(PAGE)
    monkeypatch.setattr(measured, "run", run_here)
    monkeypatch.setattr("segue.pipeline.experiments.dials._MAX_LISTENERS", 3)
    given = ["measured.py", "--table", "lastfm", "--data", str(data), "--page", str(page)]
    monkeypatch.setattr(sys, "argv", [*given, "--write", "--keep", str(tmp_path / "kept")])
    measured.main()
    text = page.read_text("utf-8")
    assert text.endswith("<!-- end -->\n\nInterpretation.\n")
    assert "Seed 0; intervals from 2,000 resamples" in text
    assert "| `evaluate recommendations` | 1 s | 2 s | 3 MB |" in text
    rows = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|", text, re.MULTILINE))
    assert {"tags", "collaborative", "random", "global weights", "calibration 0.4"} <= set(rows)
    # what was measured can be rendered again
    kept = json.loads((tmp_path / "kept" / "lastfm.json").read_text("utf-8"))
    assert measured_tables.tables(kept) in text
    value = kept["runs"][0]["evaluation"]["models"]["tags"]["ndcg@10"]
    assert rows["tags"].startswith(f"{value:.3f}".removeprefix("0"))


def test_measured_seeds_have_folders_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(measured, "commands", lambda _table, _data, _seed, music: [[str(music)]])
    monkeypatch.setattr(measured, "run", lambda given, _: {"command": given[0], "document": {}})
    found = measured.measure("lastfm", None, tmp_path / "lastfm.segue", [0, 1])
    assert len({run["steps"][0]["command"] for run in found["runs"]}) == 2


def test_measured_refuses_an_earlier_run_for_all_tables(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["measured.py", "--table", "all", "--from", "lastfm.json"])
    with pytest.raises(SystemExit):
        measured.main()
    assert "--from holds one table" in capsys.readouterr().err


def test_measured_table_of_classifiers_has_means_over_seeds():
    def evaluated(seed, accuracy):
        models = {"cnn": {"accuracy": accuracy, "f1_macro": 0.5}}
        result = {"task": "classification", "n": 9, "models": models, "model_intervals": {}}
        measured = {"seed": seed, "n_resamples": 10, "created": "2026-01-02T"}
        return result | {"other_results": [], "measured": measured}

    [table, counted] = measured_tables.classifiers([evaluated(0, 0.5), evaluated(3, 0.6)])
    assert table.splitlines()[0] == "|  | accuracy / macro-F1 | seed 0 | seed 3 |"
    assert table.splitlines()[2] == "| cnn | .550 / .500 | .500 | .600 |"
    assert counted == "On 9 tracks."


def test_measured_page_has_every_table():
    text = measured.PAGE.read_text("utf-8")
    for table in measured_tables.TABLES:
        assert measured.written(text, table, "x") != text, table
    # no table outside of the markers
    outside = re.sub(r"<!-- measured: \w+ -->.*?<!-- end -->", "", text, flags=re.DOTALL)
    assert "|---" not in outside.replace(" ", "")


@pytest.mark.nightly
def test_measured_program_prints_tables(data):
    done = subprocess.run(
        [sys.executable, "benchmarks/measured.py", "--table", "lastfm", "--data", str(data)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "| random | " in done.stdout
