"""Passages, and how they are played."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from segue.demo_data.passages import (
    Note,
    Passage,
    UnusableScoreError,
    keep_measures,
    read_measures,
    read_tune,
)
from segue.demo_data.performance import perform, seconds_per_quarter
from segue.demo_data.scores import find_scores, read_score
from segue.demo_data.styles import STYLES, draw_performers

REEL = next(style for style in STYLES if style.genre == "Reel")
CHORALE = next(style for style in STYLES if style.genre == "Chorale")
REEL_PLAYERS = [performer for performer in draw_performers(0) if performer.genre == "Reel"]
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
TUNE = Passage(
    notes=tuple(
        Note(bar * 2 + step / 4, 0.25, SCALE[(step + bar) % 8], 0)
        for bar in range(8)
        for step in range(8)
    ),
    n_voices=1,
    measures=tuple((bar * 2.0, 2.0) for bar in range(8)),
    length=16.0,
    compound=False,
)


@pytest.mark.parametrize("performer", REEL_PLAYERS, ids=lambda performer: performer.name)
def test_perform_repeats_a_short_tune(performer) -> None:
    sounds, programs = perform(TUNE, performer, REEL, np.random.default_rng(0), seconds=20.0)
    assert min(sound.start for sound in sounds) < 0.1
    assert 19.0 < max(sound.start for sound in sounds) < 20.0
    assert {sound.channel for sound in sounds} - {9} == set(programs)


def test_perform_dance_pace_varies_by_performer_tempo() -> None:
    assert seconds_per_quarter(TUNE, REEL) * 2 == pytest.approx(REEL.seconds_per_measure)
    slow = replace(REEL_PLAYERS[0], tempo=0.8, backing="none", looseness=0.0)
    fast = replace(slow, tempo=1.2)
    counts = [
        len(perform(TUNE, player, REEL, np.random.default_rng(0), seconds=20.0)[0])
        for player in (slow, fast)
    ]
    assert counts[1] / counts[0] == pytest.approx(1.5, rel=0.02)


def test_perform_transposes_every_note_alike() -> None:
    player = replace(draw_performers(0)[0], transpose=0)
    plain, _ = perform(TUNE, player, CHORALE, np.random.default_rng(0), seconds=10.0)
    higher, _ = perform(
        TUNE, replace(player, transpose=3), CHORALE, np.random.default_rng(0), seconds=10.0
    )
    assert [sound.pitch + 3 for sound in plain] == [sound.pitch for sound in higher]


def test_vamp_plays_the_chord_of_the_measure() -> None:
    bars = [
        Note(bar * 2 + step / 4, 0.25, (60, 64, 67, 72)[step % 4], 0)
        for bar in range(8)
        for step in range(8)
    ]
    arpeggio = replace(TUNE, notes=(*bars, Note(16.0, 0.25, 60, 0)))
    player = replace(REEL_PLAYERS[0], backing="vamp", transpose=0, legato=1.0, programs=(110,))
    sounds, _ = perform(arpeggio, player, REEL, np.random.default_rng(0), seconds=8.0)
    assert {sound.pitch % 12 for sound in sounds if sound.channel == 6} == {0, 4, 7}


def test_perform_refuses_silence_and_impossible_pitches() -> None:
    gap = replace(TUNE, notes=(*TUNE.notes[:8], Note(60.0, 0.25, 60, 0)), length=60.25)
    with pytest.raises(UnusableScoreError, match="silence"):
        perform(gap, REEL_PLAYERS[0], REEL, np.random.default_rng(0), seconds=20.0)
    low = replace(TUNE, notes=tuple(replace(note, pitch=10) for note in TUNE.notes))
    with pytest.raises(UnusableScoreError, match="pitches"):
        perform(low, draw_performers(0)[0], CHORALE, np.random.default_rng(0), seconds=10.0)


def test_keep_measures_keeps_earlier_attributes() -> None:
    root = ET.fromstring(  # noqa: S314
        "<score-partwise><part id='P1'>"
        "<measure number='1'><attributes><divisions>4</divisions><clef/></attributes></measure>"
        "<measure number='2'><attributes><divisions>8</divisions></attributes></measure>"
        "<measure number='3'><note/></measure><measure number='4'/></part></score-partwise>"
    )
    keep_measures(root, 2, 1)
    (measure,) = root.iter("measure")
    assert measure.get("number") == "3"
    assert [element.tag for element in measure[0]] == ["divisions", "clef"]
    assert measure[0][0].text == "8"


def test_keep_measures_sounds_like_the_whole_score(corpus: Path) -> None:
    text = read_score(corpus, find_scores(corpus, "Chorale")[0])
    whole = read_measures(text, np.random.default_rng(0), count=100, at_start=True)
    cut = read_measures(text, np.random.default_rng(0), count=6, at_start=True)
    assert cut.n_voices == whole.n_voices == 4
    end = cut.length - 4  # a note tied over the cut is shorter
    assert [note for note in cut.notes if note.onset + note.duration < end] == [
        note for note in whole.notes if note.onset + note.duration < end
    ]


def test_read_tune_expands_repeats(corpus: Path) -> None:
    notes = "CDEF GABc | cBAG FEDC | CDEF GABc | cBAG FEDC"
    straight = read_tune(f"X:1\nT:A\nM:C\nL:1/8\nK:C\n{notes} |]\n")
    repeated = read_tune(f"X:1\nT:A\nM:C\nL:1/8\nK:C\n|: {notes} :|\n")
    assert straight.length == 16.0
    assert [note.pitch for note in straight.notes][:4] == [60, 62, 64, 65]
    assert repeated.length == 32.0
