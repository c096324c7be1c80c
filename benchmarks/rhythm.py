"""Compare tempo, beats and key of segue with those of librosa and Essentia.

Run: ``python benchmarks/rhythm.py --work DIRECTORY [--clips FOLDER] [--soundtracks FOLDER]``.
``pip install 'segue[peers,demo]'`` installs the other tools and the renderer; a tool that is
missing is reported and left out. Three parts:

- *clips*: a folder with ``metadata.csv`` (columns ``path``, ``true_tempo``, ``true_key``) and
  ``beats/NAME.beats`` (seconds and place in the bar);
- *renderings* of known tempo, meter, beats and key (`rhythm_renderings.py`): bands, scores in
  several versions, drums; they share no pattern and no score with those of training;
- *halves*: the two halves of each recording of a folder; the agreement of their tempi and keys.

Columns: accuracy 1 and 2 of the tempo, F measure and AMLt of the beats, exact keys and MIREX score
(`rhythm_metrics.py`), each with a bootstrap interval of 95 %; CPU seconds a track. Then, for segue,
how often answers are right by their confidence. Renderings, halves and the results of the other
tools are cached in the work directory.
"""

import argparse
import csv
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import rhythm_metrics as metrics
import rhythm_renderings as renderings

N_BAND, N_SCORE, N_DRUMS, SEED = 320, 150, 80, 7
CONFIDENCES = (0.0, 0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
NAMES = ("acc 1", "acc 2", "beats F", "AMLt", "key", "MIREX")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Answer of one tool about one recording."""

    tempo: float | None = None
    tempo_confidence: float | None = None
    beats: Sequence[float] = ()
    key: str | None = None
    key_confidence: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """A recording and the truth about it; None where unknown."""

    path: str
    kind: str
    tempo: float | None = None
    beats: Sequence[float] = ()
    key: str | None = None


# tools -------------------------------------------------------------------------------------------


def segue(path: str) -> Answer:
    """Return segue's answer, whatever its confidence."""
    from segue.audio import analyse_file

    found = analyse_file(Path(path), added=())
    return Answer(
        tempo=found.tempo.bpm if found.tempo else None,
        tempo_confidence=found.tempo.confidence if found.tempo else 0.0,
        beats=found.beats.tolist(),
        key=found.key.name if found.key else None,
        key_confidence=found.key.confidence if found.key else 0.0,
    )


def librosa(path: str) -> Answer:
    """Return the answer of `librosa.beat.beat_track`; it finds no key."""
    import librosa as peer

    signal, rate = peer.load(path, sr=22_050)
    tempo, beats = peer.beat.beat_track(y=signal, sr=rate, units="time")
    return Answer(tempo=float(np.ravel(tempo)[0]) or None, beats=beats.tolist())


def essentia(path: str) -> Answer:
    """Return the answers of Essentia's RhythmExtractor2013 and KeyExtractor, with defaults."""
    import essentia as peer
    from essentia import standard

    peer.log.infoActive = peer.log.warningActive = False
    signal = standard.MonoLoader(filename=path, sampleRate=44_100)()
    bpm, beats, confidence, *_ = standard.RhythmExtractor2013(method="multifeature")(signal)
    tone, mode, strength = standard.KeyExtractor()(signal)
    flats = {"Db": "C#", "Eb": "D#", "Gb": "F#", "Ab": "G#", "Bb": "A#"}
    return Answer(
        tempo=float(bpm) or None,
        tempo_confidence=float(confidence) / 5.32,
        beats=beats.tolist(),
        key=f"{flats.get(tone, tone)} {mode}",
        key_confidence=float(strength),
    )


TOOLS: dict[str, Callable[[str], Answer]] = {
    "segue": segue,
    "librosa": librosa,
    "essentia": essentia,
}


def _ask(tool: str, path: str) -> dict[str, Any]:
    start = time.process_time()
    answer = TOOLS[tool](path)
    seconds = time.process_time() - start
    return {name: getattr(answer, name) for name in Answer.__slots__} | {"seconds": seconds}


def answers(tool: str, paths: Sequence[str], work: Path, workers: int) -> list[Answer]:
    """Ask a tool about all recordings; answers of other tools than segue are cached."""
    cache = work / f"{tool}.json"
    known = json.loads(cache.read_text()) if tool != "segue" and cache.exists() else {}
    missing = [path for path in paths if path not in known]
    if missing:
        with ProcessPoolExecutor(max_workers=workers) as pool:
            list(pool.map(partial(_ask, tool), missing[:1] * workers))  # imports do not count
            found = pool.map(partial(_ask, tool), missing, chunksize=4)
            known |= dict(zip(missing, found, strict=True))
        if tool != "segue":
            cache.write_text(json.dumps(known))
    return [Answer(**known[path]) for path in paths]


# recordings --------------------------------------------------------------------------------------


def read_clips(folder: Path) -> list[Truth]:
    """Return the annotated clips of a folder."""
    import soundfile

    with (folder / "metadata.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    clips = []
    for row in rows:
        annotated = folder / "beats" / f"{row['track_id']}.beats"
        lines = annotated.read_text().splitlines() if annotated.exists() else []
        beats = [float(line.split()[0]) for line in lines if line.strip()]
        seconds = soundfile.info(folder / row["path"]).duration  # the annotations may go on
        clips.append(
            Truth(
                path=str(folder / row["path"]),
                kind="clips",
                tempo=float(row["true_tempo"]) if row["true_tempo"] else None,
                beats=[beat for beat in beats if beat <= seconds],
                key=row["true_key"] or None,
            )
        )
    return clips


def read_renderings(work: Path, workers: int, share: float) -> list[Truth]:
    """Render, or find rendered, the music of the measurement."""
    directory = work / "renderings"
    made = renderings.make_renderings(
        directory,
        n_band=round(share * N_BAND),
        n_score=round(share * N_SCORE),
        n_drums=round(share * N_DRUMS),
        seed=SEED,
        variant="test",
        workers=workers,
    )
    return [
        Truth(
            path=str(renderings.audio_path(directory, one)),
            kind=one.kind,
            tempo=one.tempo,
            beats=one.beats,
            key=one.key,
        )
        for one in made
    ]


def split_halves(folder: Path, work: Path) -> list[tuple[str, str]]:
    """Write the two halves of each recording of a folder as files; return their paths."""
    import soundfile

    from segue.audio import decode
    from segue.errors import AudioError

    directory = work / "halves"
    directory.mkdir(parents=True, exist_ok=True)
    pairs = []
    for path in sorted(folder.rglob("*")):
        if path.suffix not in {".ogg", ".mp3", ".flac", ".wav"}:
            continue
        pair = [directory / f"{path.stem}.{half}.flac" for half in (1, 2)]
        if not all(half.exists() for half in pair):
            try:
                signal = decode(path)
            except AudioError:
                continue
            middle = len(signal) // 2
            if middle < 10 * renderings.SAMPLE_RATE:
                continue
            for half, part in zip(pair, (signal[:middle], signal[middle:]), strict=True):
                soundfile.write(half, part, renderings.SAMPLE_RATE)
        pairs.append((str(pair[0]), str(pair[1])))
    return pairs


# tables ------------------------------------------------------------------------------------------


def scores(truth: Truth, answer: Answer) -> dict[str, float]:
    """Return the metrics of one recording, those whose truth is known."""
    found = {}
    if truth.tempo is not None:
        found["acc 1"] = metrics.accuracy1(answer.tempo, truth.tempo)
        found["acc 2"] = metrics.accuracy2(answer.tempo, truth.tempo)
    if len(truth.beats):
        found["beats F"] = metrics.f_measure(answer.beats, truth.beats)
        found["AMLt"] = metrics.amlt(answer.beats, truth.beats)
    if truth.key is not None:
        found["MIREX"] = metrics.key_score(answer.key, truth.key)
        found["key"] = float(answer.key == truth.key)
    return found


def print_table(truths: Sequence[Truth], found: Mapping[str, Sequence[Answer]]) -> None:
    """Print the metrics of each tool by kind of recording."""
    for kind in dict.fromkeys(truth.kind for truth in truths):
        places = [place for place, truth in enumerate(truths) if truth.kind == kind]
        print(f"\n{kind}: {len(places)} recordings")
        print(f"{'':10}" + "".join(f"{name:>20}" for name in NAMES) + f"{'CPU s':>8}")
        for tool, given in found.items():
            rows = [scores(truths[place], given[place]) for place in places]
            cells = []
            for name in NAMES:
                values = [row[name] for row in rows if name in row]
                if not values or (tool == "librosa" and name in {"key", "MIREX"}):
                    cells.append(f"{'-':>20}")
                    continue
                low, high = metrics.bootstrap(values)
                cells.append(f"{np.mean(values):>8.3f} [{low:.2f}, {high:.2f}]")
            seconds = np.mean([given[place].seconds for place in places])
            print(f"{tool:10}" + "".join(f"{cell:>20}" for cell in cells) + f"{seconds:8.2f}")


def print_calibration(truths: Sequence[Truth], given: Sequence[Answer]) -> None:
    """Print how often segue's tempo and key are right, by their confidence."""
    from segue.audio import MIN_KEY_CONFIDENCE, MIN_TEMPO_CONFIDENCE

    rows = [scores(truth, answer) for truth, answer in zip(truths, given, strict=True)]
    for name, field, least in (
        ("acc 1", "tempo_confidence", MIN_TEMPO_CONFIDENCE),
        ("acc 2", "tempo_confidence", MIN_TEMPO_CONFIDENCE),
        ("key", "key_confidence", MIN_KEY_CONFIDENCE),
    ):
        for kind in dict.fromkeys(truth.kind for truth in truths):
            pairs = np.array(
                [
                    (getattr(answer, field), row[name])
                    for truth, answer, row in zip(truths, given, rows, strict=True)
                    if truth.kind == kind and name in row
                ]
            )
            if not len(pairs):
                continue
            shown = pairs[pairs[:, 0] >= least]
            right = f"{shown[:, 1].mean():.2f}" if len(shown) else "-"
            print(
                f"\n{name}, {kind}: {len(shown) / len(pairs):.0%} shown, {right} of them right;",
                end="",
            )
            place = np.digitize(pairs[:, 0], CONFIDENCES) - 1
            for number in range(len(CONFIDENCES) - 1):
                inside = pairs[place == number, 1]
                if len(inside):
                    print(
                        f"  {CONFIDENCES[number]:.2f}: {inside.mean():.2f} ({len(inside)})", end=""
                    )
    print()


def print_halves(pairs: Sequence[tuple[str, str]], found: Mapping[str, Sequence[Answer]]) -> None:
    """Print how often the two halves of a recording agree."""
    print(f"\nhalves: {len(pairs)} recordings, agreement of the two")
    print(f"{'':10}{'acc 1':>20}{'acc 2':>20}{'key':>20}")
    for tool, given in found.items():
        columns: dict[str, list[float]] = {"acc 1": [], "acc 2": [], "key": []}
        for first, second in zip(given[::2], given[1::2], strict=True):
            known = first.tempo is not None and second.tempo is not None
            columns["acc 1"].append(known and metrics.accuracy1(first.tempo, second.tempo or 1.0))
            columns["acc 2"].append(known and metrics.accuracy2(first.tempo, second.tempo or 1.0))
            columns["key"].append(float(first.key == second.key and first.key is not None))
        cells = []
        for name, values in columns.items():
            low, high = metrics.bootstrap(values)
            absent = tool == "librosa" and name == "key"
            cells.append("-" if absent else f"{np.mean(values):>8.3f} [{low:.2f}, {high:.2f}]")
        print(f"{tool:10}" + "".join(f"{cell:>20}" for cell in cells))


@lru_cache
def _installed(tool: str) -> bool:
    if find_spec(tool) is None:
        print(f"{tool} is not installed: pip install 'segue[peers]'")
        return False
    return True


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="Cache of this benchmark.")
    parser.add_argument("--clips", type=Path, help="Folder of annotated clips.")
    parser.add_argument("--soundtracks", type=Path, help="Folder of recordings to halve.")
    parser.add_argument("--renderings", type=float, default=1.0, help="Share of 550; 0: none.")
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS))
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    tools = [tool for tool in arguments.tools if _installed(tool)]

    def ask(paths: Sequence[str]) -> dict[str, list[Answer]]:
        return {tool: answers(tool, paths, arguments.work, arguments.workers) for tool in tools}

    truths = read_clips(arguments.clips) if arguments.clips else []
    if arguments.renderings:
        truths += read_renderings(arguments.work, arguments.workers, arguments.renderings)
    if truths:
        found = ask([truth.path for truth in truths])
        print_table(truths, found)
        if "segue" in found:
            print_calibration(truths, found["segue"])
    if arguments.soundtracks:
        pairs = split_halves(arguments.soundtracks, arguments.work)
        print_halves(pairs, ask([path for pair in pairs for path in pair]))


if __name__ == "__main__":
    sys.exit(main())
