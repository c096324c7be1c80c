"""Render one track of the demo data: the task of a worker, from a slot of the plan to the file."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from segue.demo_data.credits import read_credits
from segue.demo_data.midi import write_midi
from segue.demo_data.passages import (
    Passage,
    UnusableScoreError,
    read_measures,
    read_tune,
)
from segue.demo_data.performance import perform
from segue.demo_data.plan import Slot, StarterSettings
from segue.demo_data.rendering import encode_flac, finish, render, sound_font
from segue.demo_data.scores import Score, read_score

LICENCE = "composition: public domain; encoding: no rights reserved in the score (music21 corpus)"
_VOLUMES = (84, 48)  # controller 7; the second where the first clips


@dataclass(frozen=True, slots=True)
class RenderTask:
    """The task of a worker, as one value that can be pickled."""

    slot: Slot
    settings: StarterSettings
    corpus: Path
    directory: Path


def make_track(task: RenderTask) -> dict[str, Any]:
    """Render one track into the `audio/` of the dataset; return its metadata.

    Scores that fail are listed under `passed_over`; if all scores of a slot fail, the metadata have
    no `path`.
    """
    slot = task.slot
    entry: dict[str, Any] = {"track_id": slot.track_id, "passed_over": []}
    for attempt, score in enumerate(slot.scores):
        rng = np.random.default_rng([task.settings.seed, 3, slot.number, attempt])
        try:
            recording, details = _record(task, score, rng)
        except (MemoryError, OSError):
            raise  # a fault of the machine, not of the score
        except Exception as error:  # noqa: BLE001 - one score of many; recorded, another is drawn
            reason = f"{type(error).__name__}: {error}"
            entry["passed_over"].append({"score": score.path, "tune": score.tune, "why": reason})
            continue
        path = f"audio/{slot.track_id}.flac"
        _write(task.directory / path, recording)
        return {**entry, "path": path, **details}
    return entry


def _record(
    task: RenderTask, score: Score, rng: np.random.Generator
) -> tuple[bytes, dict[str, str | None]]:
    slot = task.slot
    text = read_score(task.corpus, score)
    passage = _read_passage(slot, text, rng, task.settings.seconds)
    sounds, programs = perform(
        passage, slot.performer, slot.style, rng, seconds=task.settings.seconds
    )
    recording = _render(slot, sounds, programs, task.settings.seconds)
    made_by = read_credits(task.corpus, score, slot.style, text)
    details = {
        "title": made_by.title,
        "artist": slot.performer.name,
        "album": f"{slot.style.plural} from {slot.style.collection}",
        "genre": slot.style.genre,
        "composer": made_by.composer,
        "ensemble": slot.performer.ensemble,
        "backing": slot.performer.backing,
        "source": f"music21 corpus: {score.path}" + (f" no. {score.tune}" if score.tune else ""),
        "encoder": made_by.encoder,
        "licence": LICENCE,
    }
    return encode_flac(recording), details


def _read_passage(slot: Slot, text: str, rng: np.random.Generator, seconds: float) -> Passage:
    style = slot.style
    if style.texture == "melody":
        return read_tune(text)
    at_start = bool(rng.random() < style.from_the_start)
    n_measures = max(4, round(style.measures * seconds / 20.0))
    return read_measures(text, rng, count=n_measures, at_start=at_start)


def _render(
    slot: Slot, sounds: list[Any], programs: dict[int, int], seconds: float
) -> np.typing.NDArray[np.float32]:
    font = sound_font().read_bytes()
    for volume in _VOLUMES:
        midi = write_midi(
            sounds,
            programs,
            length=seconds + 1.0,
            cents=slot.performer.cents,
            reverb=slot.performer.reverb,
            volume=volume,
        )
        try:
            signal = render(midi, font)
        except UnusableScoreError:
            if volume == _VOLUMES[-1]:
                raise
            continue
        return finish(signal, seconds=seconds, level=slot.performer.level)
    raise AssertionError("unreachable: the last volume returns or raises")


def _write(path: Path, content: bytes) -> None:
    """Write a file under a temporary name and rename it, so that an existing file is complete."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
